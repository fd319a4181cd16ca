/*
 * Authenticode in other files than PE images: each made by its own tool and signed by
 * osslsigncode, then changed byte by byte.
 */
#include "signature_build.h"

static struct id root, leaf;
static struct trust *trust;

static void
set_up(void)
{
	struct id_recipe authority = {.subject = "/C=CH/O=Test/CN=Root",
				      .extensions = {EXTENSIONS_CA}};
	struct id_recipe signer = {.subject = "/C=CH/O=Muster AG/CN=Signer",
				   .issuer = &root,
				   .extensions = {EXTENSIONS_LEAF}};
	root = id_make(&authority);
	leaf = id_make(&signer);
	trust = trust_new();
	trust_set_now(trust, BUILD_NOW);
	trust_id(trust, &root, false);
	id_write(&leaf, "leaf");
	id_write(&root, "root");
}

/* Sign `plain` as `out` with osslsigncode and read that. */
static struct buf
sign_file(const char *plain, const char *out, const char *options)
{
	char *command = base_format("osslsigncode sign -certs leaf.pem -key leaf.key "
				    "%s -in %s -out %s",
				    options, plain, out);
	test_shell("%s", command);
	free(command);
	return test_file(out);
}

#define assert_status(call, expected)                                                  \
	do {                                                                           \
		enum signature_status is = (call);                                     \
		ck_assert_msg(is == (expected), "%s is %s, not %s", #call,             \
			      signature_status_name(is),                               \
			      signature_status_name(expected));                        \
	} while (0)

/* No byte of [from, until) may change and leave the file valid. */
static void
assert_guarded(struct buf *file, size_t from, size_t until, size_t step)
{
	for (size_t i = from; i < until; i += step) {
		file->data[i] ^= 0x21;
		ck_assert_msg(check_image(file, trust, NULL) != SIGNATURE_VALID,
			      "byte %zu", i);
		file->data[i] ^= 0x21;
	}
	assert_status(check_image(file, trust, NULL), SIGNATURE_VALID);
}

/* Cut anywhere, it is not valid, and not taken for unsigned past its header. */
static void
assert_truncated(const struct buf *file, size_t step)
{
	for (size_t size = 0; size < file->size; size += step) {
		struct buf part = {0};
		buf_append(&part, file->data, size);
		ck_assert_msg(check_image(&part, trust, NULL) != SIGNATURE_VALID,
			      "%zu bytes", size);
		buf_free(&part);
	}
}

/* ---- cabinets ----------------------------------------------------------- */

#define CAB_RECIPE                                                                     \
	"head -c 3000 /dev/zero | tr '\\0' 'x' > one.txt && echo two > two.txt && "    \
	"gcab -c plain.cab one.txt two.txt"

static struct buf
signed_cabinet(void)
{
	test_shell(CAB_RECIPE);
	return sign_file("plain.cab", "signed.cab", "-n 'Program'");
}

START_TEST(cabinet_of_osslsigncode_is_valid)
{
	json_t *entries;
	struct buf file = signed_cabinet();
	test_shell("osslsigncode verify -CAfile root.pem -in signed.cab");
	assert_status(check_image(&file, trust, &entries), SIGNATURE_VALID);
	ck_assert_uint_eq(json_array_size(entries), 1);
	ck_assert(entry_says(entries, 0, "scheme", "authenticode"));
	ck_assert(entry_says(entries, 0, "format", "cab"));
	ck_assert(entry_says(entries, 0, "covers", "all"));
	ck_assert(entry_says(entries, 0, "where", "behind the cabinet"));
	ck_assert(entry_says(entries, 0, "program_name", "Program"));
	ck_assert(entry_says(entries, 0, "signer", "CN=Signer,O=Muster AG,C=CH"));
	json_decref(entries);
	buf_free(&file);
}
END_TEST

START_TEST(cabinet_without_signature_is_unsigned)
{
	test_shell(CAB_RECIPE);
	struct buf file = test_file("plain.cab");
	assert_status(check_image(&file, trust, NULL), SIGNATURE_UNSIGNED);
}
END_TEST

START_TEST(cabinet_nested_signature_is_an_entry)
{
	json_t *entries;
	signed_cabinet();
	struct buf file = sign_file("signed.cab", "two.cab", "-nest");
	assert_status(check_image(&file, trust, &entries), SIGNATURE_VALID);
	ck_assert_uint_eq(json_array_size(entries), 2);
	ck_assert(entry_says(entries, 1, "index", "0.nested.0"));
	json_decref(entries);
}
END_TEST

/* All but the number in the set, which is no part of any digest: it is noted. */
START_TEST(cabinet_byte_changed)
{
	json_t *entries;
	struct buf file = signed_cabinet();
	assert_guarded(&file, 0, 34, 1);
	assert_guarded(&file, 36, 200, 1);
	assert_guarded(&file, 200, file.size - 8, 7);
	file.data[34] = 1;
	assert_status(check_image(&file, trust, &entries), SIGNATURE_VALID);
	ck_assert(entry_says(entries, 0, "notes", "its set is 1; it is not signed"));
	json_decref(entries);
}
END_TEST

/* Bytes 52 to 55 of the header are in no digest; osslsigncode 2.9 takes anything there.
 */
START_TEST(cabinet_header_bytes_that_nobody_signed)
{
	json_t *entries;
	struct buf file = signed_cabinet();
	file.data[52] = 'x';
	assert_status(check_image(&file, trust, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "more than the place"));
	json_decref(entries);
}
END_TEST

START_TEST(cabinet_bytes_that_nobody_signed)
{
	json_t *entries;
	struct buf file = signed_cabinet();
	buf_append(&file, "payload!", 8);
	assert_status(check_image(&file, trust, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "8 bytes follow the signature"));
	json_decref(entries);
	/* The same, with the header saying that they belong to the signature. */
	struct view view = view_of_buf(&file);
	uint32_t size;
	ck_assert_int_eq(view_u32le(&view, 48, &size), 0);
	for (unsigned i = 0; i < 4; i++)
		file.data[48 + i] = (char)((size + 8) >> (8 * i));
	assert_status(check_image(&file, trust, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "nobody signed"));
	json_decref(entries);
}
END_TEST

START_TEST(cabinet_cut_anywhere)
{
	struct buf file = signed_cabinet();
	assert_truncated(&file, 3);
}
END_TEST

/* The signature of another kind of file is none of this one. */
START_TEST(cabinet_with_the_signature_of_an_image)
{
	json_t *entries;
	struct buf image = image_make(), file = signed_cabinet();
	struct signing signing = {.signer = &leaf};
	struct buf der = sign_image(&signing, &image);
	struct view view = view_of_buf(&file);
	uint32_t offset;
	ck_assert_int_eq(view_u32le(&view, 44, &offset), 0);
	file.size = offset;
	buf_append(&file, der.data, der.size);
	for (unsigned i = 0; i < 4; i++)
		file.data[48 + i] = (char)(der.size >> (8 * i));
	assert_status(check_image(&file, trust, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "no digest of a cabinet"));
	json_decref(entries);
}
END_TEST

/* ---- installers ---------------------------------------------------------- */

#define MSI_RECIPE                                                                     \
	"seq 2000 >a.txt; echo hello >b.txt; cat >x.wxs <<'E'\n"                       \
	"<Wix xmlns='http://schemas.microsoft.com/wix/2006/wi'>\n"                     \
	"<Product Id='11111111-2222-3333-4444-555555555555' Name='Thing'\n"            \
	" UpgradeCode='11111111-2222-3333-4444-555555555556' Language='1033'\n"        \
	" Version='1.0' Manufacturer='Maker'>\n"                                       \
	"<Package InstallerVersion='200' Compressed='yes'\n"                           \
	" Id='11111111-2222-3333-4444-555555555557'/>\n"                               \
	"<Media Id='1' Cabinet='one.cab' EmbedCab='yes'/>\n"                           \
	"<Directory Id='TARGETDIR' Name='SourceDir'><Directory Id='D' Name='thing'>\n" \
	"<Component Id='C' Guid='11111111-2222-3333-4444-555555555558'>\n"             \
	"<File Id='F' Name='a.txt' Source='a.txt' KeyPath='yes'/>\n"                   \
	"<File Id='G' Name='b.txt' Source='b.txt'/></Component>\n"                     \
	"</Directory></Directory>\n"                                                   \
	"<Feature Id='M' Level='1'><ComponentRef Id='C'/></Feature>\n"                 \
	"<Binary Id='bin' SourceFile='b.txt'/></Product></Wix>\nE\n"                   \
	"wixl -o plain.msi x.wxs"

static struct buf
signed_installer(const char *options)
{
	test_shell("rm -f signed.msi; %s", MSI_RECIPE);
	return sign_file("plain.msi", "signed.msi", options);
}

START_TEST(installer_of_osslsigncode_is_valid)
{
	static const char *const options[] = {"", "-add-msi-dse",
					      "-add-msi-dse -h sha384"};
	json_t *entries;
	struct buf file = signed_installer(options[_i]);
	test_shell("osslsigncode verify -CAfile root.pem -in signed.msi");
	assert_status(check_image(&file, trust, &entries), SIGNATURE_VALID);
	ck_assert_uint_eq(json_array_size(entries), 1);
	ck_assert(entry_says(entries, 0, "format", "msi"));
	ck_assert(entry_says(entries, 0, "covers", "all"));
	ck_assert(entry_says(entries, 0, "where", "stream DigitalSignature"));
	if (_i == 0)
		ck_assert(entry_says(entries, 0, "notes", "no MsiDigitalSignatureEx"));
	json_decref(entries);
	buf_free(&file);
}
END_TEST

START_TEST(installer_without_signature_is_unsigned)
{
	test_shell("%s", MSI_RECIPE);
	struct buf file = test_file("plain.msi");
	assert_status(check_image(&file, trust, NULL), SIGNATURE_UNSIGNED);
}
END_TEST

static size_t
find_bytes(const struct buf *file, const char *bytes, size_t size)
{
	const char *found = memmem(file->data, file->size, bytes, size);
	ck_assert_ptr_nonnull(found);
	return (size_t)(found - file->data);
}

/* A stream's name, one of its bytes, and its storage's class. */
START_TEST(installer_changed)
{
	json_t *entries;
	struct buf file = signed_installer("-add-msi-dse");
	size_t name = find_bytes(&file, "\5\0S\0u\0m\0m\0", 10);
	size_t class = find_bytes(&file, "R\0o\0o\0t\0", 8) + 80;
	size_t cabinet = find_bytes(&file, "MSCF", 4);
	assert_guarded(&file, cabinet, cabinet + 512, 11);
	assert_guarded(&file, class, class + 16, 1);
	file.data[name + 2] = 'T';
	assert_status(check_image(&file, trust, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "names, sizes or times"));
	json_decref(entries);
}
END_TEST

/* Without the digest of the directory, a time may change unseen: it is told. */
START_TEST(installer_times_without_the_directory)
{
	struct buf file = signed_installer("");
	size_t name = find_bytes(&file, "\5\0S\0u\0m\0m\0", 10);
	file.data[name + 108] ^= 1;
	assert_status(check_image(&file, trust, NULL), SIGNATURE_VALID);
	buf_free(&file);
	file = signed_installer("-add-msi-dse");
	name = find_bytes(&file, "\5\0S\0u\0m\0m\0", 10);
	file.data[name + 108] ^= 1;
	assert_status(check_image(&file, trust, NULL), SIGNATURE_INVALID);
}
END_TEST

START_TEST(installer_bytes_that_nobody_signed)
{
	json_t *entries;
	struct buf file = signed_installer("-add-msi-dse");
	for (size_t i = 0; i < 300; i++) /* past what the allocation table tells of */
		buf_append(&file, "A payload of bytes in 4096 zeros", 32);
	while (file.size < 1 << 20)
		buf_append(&file, "A payload of bytes in 4096 zeros", 32);
	assert_status(check_image(&file, trust, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "nobody signed"));
	json_decref(entries);
}
END_TEST

/* CVE-2020-1464: what follows the installer is read from its end by Java. */
START_TEST(attack_17_installer_with_an_archive_behind_it)
{
	json_t *entries;
	struct buf file = signed_installer("-add-msi-dse"), archive;
	test_shell("zip -q -X x.zip b.txt");
	archive = test_file("x.zip");
	buf_zeros(&file, 512 - archive.size % 512);
	buf_append(&file, archive.data, archive.size);
	ck_assert_msg(check_image(&file, trust, &entries) != SIGNATURE_VALID,
		      "as valid as without the archive");
	json_decref(entries);
	/* No archive, but bytes in a sector that the allocation table calls free. */
	file = signed_installer("-add-msi-dse");
	buf_zeros(&file, 508);
	buf_append(&file, "evil", 4);
	assert_status(check_image(&file, trust, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "behind the last sector in use"));
	json_decref(entries);
}
END_TEST

START_TEST(installer_cut_anywhere)
{
	struct buf file = signed_installer("-add-msi-dse");
	assert_truncated(&file, 509);
}
END_TEST

/* ---- packages ------------------------------------------------------------- */

static struct buf
signed_package(void)
{
	test_shell("rm -f signed.appx; python3 $SOURCE/testdata/signature/appx.py "
		   "plain.appx integrity zip64");
	return sign_file("plain.appx", "signed.appx", "-n 'Program'");
}

START_TEST(package_of_osslsigncode_is_valid)
{
	json_t *entries;
	struct buf file = signed_package();
	assert_status(check_image(&file, trust, &entries), SIGNATURE_VALID);
	ck_assert_uint_eq(json_array_size(entries), 1);
	ck_assert(entry_says(entries, 0, "format", "msix"));
	ck_assert(entry_says(entries, 0, "covers", "all"));
	ck_assert(entry_says(entries, 0, "facts", "AXPC AXCD AXCT AXBM AXCI"));
	ck_assert(entry_says(entries, 0, "program_name", "Program"));
	json_decref(entries);
}
END_TEST

START_TEST(package_byte_changed)
{
	struct buf file = signed_package();
	size_t local = find_bytes(&file, "AppxSignature.p7x", 17) - 30;
	size_t directory = find_bytes(&file, "PK\1\2", 4);
	assert_guarded(&file, 0, local, 997);
	assert_guarded(&file, local + 47, directory, 7); /* packed, with its CRC */
	struct buf central = {file.data + directory, file.size - directory, 0};
	size_t header = directory + find_bytes(&central, "AppxSignature.p7x", 17) - 46;
	assert_guarded(&file, directory, header, 3);
	assert_guarded(&file, header + 46, file.size, 1);
}
END_TEST

START_TEST(package_cut_anywhere)
{
	struct buf file = signed_package();
	assert_truncated(&file, 499);
}
END_TEST

/* ---- scripts --------------------------------------------------------------- */

/* Encodings and comments; the text is long enough for osslsigncode to look at. */
static const struct {
	const char *name, *text;
} scripts[] = {
    {"a.ps1", "printf 'Write-Host \"hi\"\\r\\nexit\\r\\n' >a.ps1"},
    {"b.ps1",
     "printf '\\357\\273\\277Write-Host \"h\\303\\251 \\360\\237\\230\\200\"\\r\\n' "
     ">b.ps1"},
    {"c.ps1", "(printf '\\377\\376'; printf 'Write-Host \"h\\303\\251\"\\r\\n' | "
	      "iconv -f UTF-8 -t UTF-16LE) >c.ps1"},
    {"d.ps1", "printf 'Write-Host \"no line end, h\\303\\251\"' >d.ps1"},
    {"e.ps1xml", "printf '<Configuration></Configuration>\\r\\n' >e.ps1xml"},
    {"f.mof", "printf 'class X { string name; };\\r\\n' >f.mof"},
};

static struct buf
signed_script(int which)
{
	char *out = base_format("signed-%s", scripts[which].name);
	test_shell("%s", scripts[which].text);
	struct buf file = sign_file(scripts[which].name, out, "");
	free(out);
	return file;
}

static uint64_t
covered(const json_t *entries, const char *kind)
{
	const json_t *coverage =
	    json_object_get(json_array_get(entries, 0), "coverage");
	ck_assert(json_is_integer(json_object_get(coverage, kind)));
	return (uint64_t)json_integer_value(json_object_get(coverage, kind));
}

/* All bytes of the file are accounted for, but so many; signed is the text as it was
 * before. */
static void
assert_covered(const json_t *entries, const struct buf *file, uint64_t text,
	       uint64_t unexplained)
{
	ck_assert_uint_eq(covered(entries, "signed"), text);
	ck_assert_uint_eq(covered(entries, "unexplained"), unexplained);
	ck_assert_uint_eq(covered(entries, "signed") + covered(entries, "signature") +
			      covered(entries, "structural") +
			      covered(entries, "unexplained"),
			  file->size);
	ck_assert_uint_gt(covered(entries, "signature"), 500);
}

START_TEST(script_of_osslsigncode_is_valid)
{
	json_t *entries;
	struct buf file = signed_script(_i);
	test_shell("osslsigncode verify -CAfile root.pem -in signed-%s",
		   scripts[_i].name);
	assert_status(check_image(&file, trust, &entries), SIGNATURE_VALID);
	ck_assert_uint_eq(json_array_size(entries), 1);
	ck_assert(entry_says(entries, 0, "format", "script"));
	assert_covered(entries, &file, test_file(scripts[_i].name).size, 0);
	json_decref(entries);
	assert_guarded(&file, 0, file.size, 1);
}
END_TEST

START_TEST(script_cut_anywhere)
{
	struct buf file = signed_script(_i);
	assert_truncated(&file, 1);
}
END_TEST

/* PowerShell reads what follows the block as well, so osslsigncode 2.9 is wrong to take
 * such a script. */
START_TEST(script_bytes_that_nobody_signed)
{
	json_t *entries;
	struct buf file = signed_script(0), twice = {0};
	buf_append(&twice, file.data, file.size);
	buf_append(&twice, file.data, file.size);
	buf_puts(&file, "evil\r\n");
	assert_status(check_image(&file, trust, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "6 characters follow"));
	assert_covered(entries, &file, test_file("a.ps1").size, 6);
	json_decref(entries);
	assert_status(check_image(&twice, trust, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "more than one signature block"));
	json_decref(entries);
}
END_TEST

/* The line that begins the block ends with its comment. */
START_TEST(script_begin_line_goes_on)
{
	signed_script(4);
	test_shell("sed 's,Begin signature block -->,&<evil/>,' <signed-e.ps1xml "
		   ">evil.ps1xml; ! cmp -s signed-e.ps1xml evil.ps1xml");
	struct buf file = test_file("evil.ps1xml");
	assert_status(check_image(&file, trust, NULL), SIGNATURE_INVALID);
}
END_TEST

START_TEST(script_line_ends_changed)
{
	json_t *entries;
	signed_script(0);
	test_shell("tr -d '\\r' <signed-a.ps1 >lf.ps1");
	struct buf file = test_file("lf.ps1");
	assert_status(check_image(&file, trust, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "CR LF"));
	json_decref(entries);
}
END_TEST

/* The same text in another encoding has the same digest. */
START_TEST(script_in_another_encoding)
{
	signed_script(2);
	test_shell("iconv -f UTF-16LE -t UTF-8 <signed-c.ps1 >utf8.ps1; "
		   "iconv -f UTF-16LE -t UTF-16BE <signed-c.ps1 >big.ps1");
	struct buf file = test_file("utf8.ps1");
	assert_status(check_image(&file, trust, NULL), SIGNATURE_VALID);
	file = test_file("big.ps1");
	assert_status(check_image(&file, trust, NULL), SIGNATURE_VALID);
}
END_TEST

/* Of the Windows Script Host: no tool here signs them, so the block is made by the rule
 * that jsign's documentation gives: the text in UTF-16LE, then the number of units. */
static const struct {
	const char *text, *comment;
	uint8_t sip[16];
	bool wide;
} hosted[] = {
    {"var x = 1;\r\nWScript.Quit(x);\r\n",
     "// SIG // ",
     {0x10, 0xe0, 0xc9, 0x06, 0xce, 0x38, 0xd4, 0x11, 0xa2, 0xa3, 0x00, 0x10, 0x4b,
      0xd3, 0x50, 0x90},
     false},
    {"x = 1\r\nWScript.Quit x",
     "'' SIG '' ",
     {0x4e, 0xf0, 0x29, 0x16, 0x99, 0x27, 0xb5, 0x4d, 0x8f, 0xe5, 0xac, 0xe1, 0x0f,
      0x17, 0xeb, 0xab},
     false},
    {"x = 1\r\nWScript.Quit x",
     "'' SIG '' ",
     {0x4e, 0xf0, 0x29, 0x16, 0x99, 0x27, 0xb5, 0x4d, 0x8f, 0xe5, 0xac, 0xe1, 0x0f,
      0x17, 0xeb, 0xab},
     true},
};

static void
put_wide(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		buf_append(out, text, 1);
		buf_append(out, "\0", 1);
	}
}

/* What is signed: SpcIndirectDataContent with a SpcSipInfo. */
static void
put_hosted_content(struct buf *out, int which)
{
	struct buf bytes = {0};
	unsigned char digest[32];
	size_t units = strlen(hosted[which].text);
	put_wide(&bytes, hosted[which].text);
	for (unsigned i = 0; i < 4; i++) {
		char byte = (char)(units >> (8 * i));
		buf_append(&bytes, &byte, 1);
	}
	EVP_Digest(bytes.data, bytes.size, digest, NULL, EVP_sha256(), NULL);
	put_oid(out, "1.3.6.1.4.1.311.2.1.30");
	size_t info = out->size;
	put_der(out, 0x02, "\1", 1);
	put_der(out, 0x04, hosted[which].sip, 16);
	for (int i = 0; i < 5; i++)
		put_der(out, 0x02, "\0", 1);
	put_around(out, info, 0x30);
	put_around(out, 0, 0x30);
	info = out->size;
	put_algorithm(out, "2.16.840.1.101.3.4.2.1");
	put_der(out, 0x04, digest, sizeof(digest));
	put_around(out, info, 0x30);
	put_around(out, 0, 0x30);
	buf_free(&bytes);
}

static struct buf
hosted_script(int which)
{
	const char *comment = hosted[which].comment;
	struct signing signing = {.signer = &leaf};
	struct buf script = {0}, out = {0};
	put_hosted_content(&signing.content, which);
	signing_make(&signing);
	struct buf der = signing_finish(&signing);
	unsigned char *base64 = base_alloc(der.size * 2, 1);
	EVP_EncodeBlock(base64, (const unsigned char *)der.data, (int)der.size);
	buf_printf(&script, "%s\r\n%sBegin signature block\r\n", hosted[which].text,
		   comment);
	for (const char *at = (const char *)base64; *at != '\0';) {
		int size = (int)strnlen(at, 44);
		buf_printf(&script, "%s%.*s\r\n", comment, size, at);
		at += size;
	}
	buf_printf(&script, "%sEnd signature block\r\n", comment);
	free(base64);
	if (!hosted[which].wide)
		return script;
	buf_append(&out, "\xff\xfe", 2);
	put_wide(&out, script.data);
	return out;
}

START_TEST(script_of_the_host)
{
	json_t *entries;
	struct buf file = hosted_script(_i);
	assert_status(check_image(&file, trust, &entries), SIGNATURE_VALID);
	ck_assert(entry_says(entries, 0, "format", "script"));
	ck_assert(entry_says(entries, 0, "signer", "CN=Signer"));
	json_decref(entries);
	assert_guarded(&file, hosted[_i].wide ? 2 : 0, file.size, 1);
	assert_truncated(&file, 1);
}
END_TEST

START_TEST(script_that_is_not_checked)
{
	static const char *const texts[] = {
	    "<job>\r\n<signature>\r\n** SIG ** MII\r\n</signature>\r\n</job>\r\n",
	    "x = \"\xe9\"\r\n\r\n'' SIG '' Begin signature block\r\n'' SIG '' MII\r\n",
	    "x = \"\xe9\"\r\n\r\n# SIG # Begin signature block\r\n# MII\r\n",
	    "<x>\xc3\xa9</x>\r\n\r\n<!-- SIG # Begin signature block -->\r\n",
	};
	json_t *entries;
	struct buf file = {0};
	buf_puts(&file, texts[_i]);
	assert_status(check_image(&file, trust, &entries), SIGNATURE_NOT_CHECKED);
	ck_assert(entry_says(entries, 0, "scheme", "authenticode"));
	json_decref(entries);
}
END_TEST

/* ---- catalogues ------------------------------------------------------------ */

/* A list with one member, as DER. */
static void
put_list(struct buf *out, const char *digest_oid, unsigned digest_size)
{
	struct buf member = {0}, value = {0};
	char digest[64] = "a digest";
	put_oid(out, "1.3.6.1.4.1.311.12.1.1");
	put_around(out, 0, 0x30);
	put_der(out, 0x04, "0123456789abcdef", 16);
	put_der(out, 0x17, "260513100613Z", 13);
	put_algorithm(out, "1.3.6.1.4.1.311.12.1.3");
	/* SpcIndirectData: the type, then algorithm and digest. */
	put_oid(&value, "1.3.6.1.4.1.311.2.1.25");
	put_around(&value, 0, 0x30);
	size_t info = value.size;
	put_algorithm(&value, digest_oid);
	put_der(&value, 0x04, digest, digest_size);
	put_around(&value, info, 0x30);
	put_around(&value, 0, 0x30);
	put_attribute(&member, "1.3.6.1.4.1.311.2.1.4", &value);
	put_around(&member, 0, 0x31);
	struct buf row = {0};
	put_der(&row, 0x04, digest, digest_size);
	buf_append(&row, member.data, member.size);
	put_around(&row, 0, 0x30);
	put_around(&row, 0, 0x30);
	buf_append(out, row.data, row.size);
	put_around(out, 0, 0x30);
	buf_free(&member);
	buf_free(&value);
	buf_free(&row);
}

/* A payload in an unsigned attribute is what no signature is over. */
START_TEST(catalogue_bytes_that_nobody_signed)
{
	json_t *entries;
	struct signing signing = {.signer = &leaf,
				  .content_type = "1.3.6.1.4.1.311.10.1"};
	struct buf value = {0};
	put_list(&signing.content, "2.16.840.1.101.3.4.2.1", 32);
	uint64_t sequence = signing.content.size;
	uint64_t header = sequence < 0x82 ? 2 : sequence < 0x103 ? 3 : 4;
	put_der(&value, 0x04, "payload", 7);
	put_attribute(&signing.unsigned_attributes, "1.3.6.1.4.1.42921.1.2.1", &value);
	signing_make(&signing);
	struct buf file = signing_finish(&signing);
	assert_status(check_image(&file, trust, &entries), SIGNATURE_INVALID);
	assert_covered(entries, &file, sequence - header, 2 + 7);
	json_decref(entries);
}
END_TEST

static struct buf
catalogue(const char *digest_oid, unsigned digest_size)
{
	struct signing signing = {.signer = &leaf,
				  .content_type = "1.3.6.1.4.1.311.10.1"};
	put_list(&signing.content, digest_oid, digest_size);
	signing_make(&signing);
	return signing_finish(&signing);
}

START_TEST(catalogue_of_osslsigncode_is_valid)
{
	json_t *entries;
	struct buf file = catalogue("2.16.840.1.101.3.4.2.1", 32);
	test_write("plain.cat", file.data, file.size);
	file = sign_file("plain.cat", "signed.cat", "-n 'Program'");
	test_shell("osslsigncode verify -CAfile root.pem -in signed.cat");
	assert_status(check_image(&file, trust, &entries), SIGNATURE_VALID);
	ck_assert_uint_eq(json_array_size(entries), 1);
	ck_assert(entry_says(entries, 0, "format", "cat"));
	ck_assert_uint_eq(covered(entries, "unexplained"), 0);
	ck_assert_uint_gt(covered(entries, "signed"), 100);
	ck_assert_uint_eq(covered(entries, "signed") + covered(entries, "signature"),
			  file.size);
	ck_assert(entry_says(entries, 0, "facts", "members by sha256"));
	ck_assert(entry_says(entries, 0, "program_name", "Program"));
	json_decref(entries);
	assert_guarded(&file, 0, file.size, 1);
	assert_truncated(&file, 1);
	buf_append(&file, "\0", 1);
	assert_status(check_image(&file, trust, NULL), SIGNATURE_INVALID);
}
END_TEST

START_TEST(catalogue_by_a_broken_digest_is_weak)
{
	json_t *entries;
	struct buf file = catalogue("1.3.14.3.2.26", 20);
	assert_status(check_image(&file, trust, &entries), SIGNATURE_WEAK);
	ck_assert(entry_says(entries, 0, "reason", "by sha1 alone"));
	json_decref(entries);
}
END_TEST

/* Microsoft's, of 2010, countersigned by a certificate that is not marked for that
 * alone. osslsigncode says the same of it: the signature holds, up to an unknown
 * issuer. */
START_TEST(catalogue_of_microsoft)
{
	const char *corpus = getenv("VERIFY_CORPUS");
	struct buf file = {0};
	struct err err = {0};
	json_t *entries;
	if (corpus == NULL)
		TEST_SKIP("no folder of samples named by VERIFY_CORPUS");
	char *path = path_join(corpus, "relic/hyperv.cat");
	ck_assert_ok(file_read(path, 1 << 24, &file, &err), err);
	assert_status(check_image(&file, trust, &entries), SIGNATURE_UNTRUSTED);
	ck_assert(entry_says(entries, 0, "notes", "older than that rule"));
	ck_assert(entry_says(entries, 0, "signer", "CN=Microsoft Windows"));
	ck_assert(entry_says(entries, 0, "facts", "\"22\""));
	json_decref(entries);
	free(path);
}
END_TEST

Suite *signature_authenticode_files_suite(void);

Suite *
signature_authenticode_files_suite(void)
{
	Suite *suite = suite_create("signature_authenticode_files");
	TCase *cabinets = tcase_create("cabinets"),
	      *installers = tcase_create("installers"),
	      *packages = tcase_create("packages"),
	      *scripts_case = tcase_create("scripts"),
	      *catalogues = tcase_create("catalogues");
	TCase *const all[] = {cabinets, installers, packages, scripts_case, catalogues};
	for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
		tcase_add_checked_fixture(all[i], set_up, NULL);
		tcase_set_timeout(all[i], 60);
		suite_add_tcase(suite, all[i]);
	}
	tcase_add_test(cabinets, cabinet_of_osslsigncode_is_valid);
	tcase_add_test(cabinets, cabinet_without_signature_is_unsigned);
	tcase_add_test(cabinets, cabinet_nested_signature_is_an_entry);
	tcase_add_test(cabinets, cabinet_byte_changed);
	tcase_add_test(cabinets, cabinet_header_bytes_that_nobody_signed);
	tcase_add_test(cabinets, cabinet_bytes_that_nobody_signed);
	tcase_add_test(cabinets, cabinet_cut_anywhere);
	tcase_add_test(cabinets, cabinet_with_the_signature_of_an_image);
	tcase_add_loop_test(installers, installer_of_osslsigncode_is_valid, 0, 3);
	tcase_add_test(installers, installer_without_signature_is_unsigned);
	tcase_add_test(installers, installer_changed);
	tcase_add_test(installers, installer_times_without_the_directory);
	tcase_add_test(installers, installer_bytes_that_nobody_signed);
	tcase_add_test(installers, attack_17_installer_with_an_archive_behind_it);
	tcase_add_test(installers, installer_cut_anywhere);
	tcase_add_test(packages, package_of_osslsigncode_is_valid);
	tcase_add_test(packages, package_byte_changed);
	tcase_add_test(packages, package_cut_anywhere);
	tcase_add_loop_test(scripts_case, script_of_osslsigncode_is_valid, 0,
			    ARRAY_COUNT(scripts));
	tcase_add_loop_test(scripts_case, script_cut_anywhere, 0, 3);
	tcase_add_test(scripts_case, script_bytes_that_nobody_signed);
	tcase_add_test(scripts_case, script_line_ends_changed);
	tcase_add_test(scripts_case, script_begin_line_goes_on);
	tcase_add_test(scripts_case, script_in_another_encoding);
	tcase_add_loop_test(scripts_case, script_of_the_host, 0, ARRAY_COUNT(hosted));
	tcase_add_loop_test(scripts_case, script_that_is_not_checked, 0, 4);
	tcase_add_test(catalogues, catalogue_of_osslsigncode_is_valid);
	tcase_add_test(catalogues, catalogue_by_a_broken_digest_is_weak);
	tcase_add_test(catalogues, catalogue_bytes_that_nobody_signed);
	tcase_add_test(catalogues, catalogue_of_microsoft);
	return suite;
}
