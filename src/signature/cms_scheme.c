/*
 * Signed data (RFC 5652) beside the file that it signs, in DER or PEM; and the same
 * behind a kernel module (include/linux/module_signature.h).
 */
#include "signature/signature_private.h"

#define OID_DATA "1.2.840.113549.1.7.1"

/* The DER contents of an OBJECT IDENTIFIER of signed data: 1.2.840.113549.1.7.2. */
static const uint8_t signed_data[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
				      0xf7, 0x0d, 0x01, 0x07, 0x02};

static void
check_signer(const struct cms_message *message, const struct cms *cms, size_t index)
{
	const struct cms_signer *signer = cms_signer_at(cms, index);
	const struct digest_algorithm *algorithm = digest_by_oid(signer->digest);
	struct cms_expected expected = {
	    .content_type = OID_DATA, .content = *message->content, .bare = true};
	struct cms_entry entry = {.trust = message->trust, .purpose = CHAIN_ANY};
	struct digest digest;
	char number[24];
	snprintf(number, sizeof(number), "%zu", index);
	entry.json =
	    signature_entry(message->signatures, message->path, message->scheme, number,
			    SIGNATURE_NOT_CHECKED, NULL);
	if (message->format != NULL)
		json_object_set_new(entry.json, "format", json_string(message->format));
	if (message->where != NULL)
		json_object_set_new(entry.json, "where", json_string(message->where));
	if (strcmp(cms->content_type, OID_DATA) != 0)
		judgement_add(&entry.found, SIGNATURE_INVALID,
			      "what was signed is of type %s, not a file",
			      cms->content_type);
	if (cms->content.whole.size != 0 &&
	    !view_equal(&cms->content.value, message->content))
		judgement_add(&entry.found, SIGNATURE_INVALID,
			      "the signature holds another content than this file");
	if (algorithm != NULL) {
		digest_of(algorithm, message->content, 1, &digest);
		cms_entry_digest(&entry, algorithm, NULL, &digest);
	}
	if (signer->unsigned_attributes.count > 0 &&
	    !timestamps_are(&signer->unsigned_attributes.items[0]))
		strings_addf(
		    &entry.notes,
		    "%ju bytes of unsigned attributes: nobody vouches for them",
		    (uintmax_t)signer->unsigned_attributes.whole.size);
	cms_entry_signer(&entry, cms, signer, &expected);
	cms_entry_conclude(&entry, message->status);
}

void
cms_message_check(const struct cms_message *message, const struct view *der)
{
	struct cms *cms = NULL;
	struct err err = {0};
	*message->status = SIGNATURE_VALID;
	if (cms_parse_loose(der, &cms, &err) == -1) {
		struct judgement found = {0};
		judgement_add(&found, SIGNATURE_INVALID, "malformed signature: %s",
			      err.message);
		judgement_entry(&found, message->signatures, message->path,
				message->scheme, "0", message->status);
		judgement_free(&found);
		return;
	}
	for (size_t i = 0; cms_signer_at(cms, i) != NULL; i++)
		check_signer(message, cms, i);
	cms_free(cms);
}

/* ---- beside the file --------------------------------------------------- */

static const char *const labels[] = {"CMS", "PKCS7", "PKCS #7 SIGNED DATA"};

/* The label of a PEM text's first line (RFC 7468, 2); NULL when it is none of ours. */
static const char *
pem_label(const struct view *text)
{
	for (size_t i = 0; i < ARRAY_COUNT(labels); i++) {
		char line[64];
		int size =
		    snprintf(line, sizeof(line), "-----BEGIN %s-----", labels[i]);
		if (view_has(text, 0, line, (size_t)size))
			return labels[i];
	}
	return NULL;
}

/* The bytes of the one message; -1 when something else is there too. */
static int
pem_decode(const struct view *text, const char *label, struct buf *der)
{
	struct view rest = *text, line;
	struct buf digits = {0};
	char end[64];
	int result = -1, size = snprintf(end, sizeof(end), "-----END %s-----", label);
	raw_line(&rest, &line);
	while (raw_line(&rest, &line) == 0) {
		if (line.size == (uint64_t)size &&
		    view_has(&line, 0, end, (size_t)size)) {
			struct view whole = view_of_buf(&digits);
			result = rest.size == 0 ? raw_base64(&whole, false, der) : -1;
			break;
		}
		buf_append(&digits, line.data, (size_t)line.size);
	}
	buf_free(&digits);
	return result;
}

static bool
detached_knows(const struct view *signature)
{
	struct view rest = *signature;
	struct der info;
	if (pem_label(signature) != NULL)
		return true;
	return der_take(&rest, DER_SEQUENCE, &info) == 0 &&
	       view_has(&info.value, 0, signed_data, sizeof(signed_data));
}

static int
detached_check(const struct view *file, const char *path, const struct view *signature,
	       const struct trust *trust, json_t *signatures,
	       enum signature_status *status, struct err *err)
{
	struct cms_message message = {.content = file,
				      .path = path,
				      .scheme = "cms",
				      .trust = trust,
				      .signatures = signatures,
				      .status = status};
	const char *label = pem_label(signature);
	struct buf bytes = {0};
	struct view der = *signature;
	(void)err;
	if (label != NULL) {
		/* what cannot be decoded is an empty message, and told as malformed */
		if (pem_decode(signature, label, &bytes) == -1)
			buf_clear(&bytes);
		der = view_of_buf(&bytes);
	}
	cms_message_check(&message, &der);
	buf_free(&bytes);
	return 0;
}

static const char *const suffixes[] = {".p7s", ".p7", ".cms", NULL};

const struct detached_scheme detached_cms = {"cms", suffixes, detached_knows,
					     detached_check};

/* ---- behind a kernel module -------------------------------------------- */

static bool
module_knows(const struct view *file, const struct format *format)
{
	(void)file;
	return format != NULL && strcmp(format->name, "kernel-module") == 0;
}

/* The message's bytes, as the format's map knows them. */
static bool
module_message(const struct view *file, struct view *program, struct view *message)
{
	struct map *map = format_map(format_by_name("kernel-module"), file, NULL);
	bool found = false;
	for (size_t i = 0; i < map->count && !found; i++) {
		const struct extent *extent = &map->extents[i];
		found = extent->tag == EXTENT_SIGNATURE && extent->detail != NULL &&
			strcmp(extent->detail, "PKCS #7 message") == 0 &&
			view_sub(file, extent->offset, extent->length, message) == 0 &&
			view_sub(file, 0, extent->offset, program) == 0;
	}
	map_free(map);
	return found;
}

static void
module_coverage(json_t *entry, const struct view *file, const struct view *program,
		const struct view *message)
{
	uint64_t end = program->size + message->size;
	coverage_add(entry, 0, program->size, COVERAGE_SIGNED, "module");
	coverage_add(entry, program->size, message->size, COVERAGE_SIGNATURE,
		     "PKCS #7 message");
	coverage_add(entry, end, file->size - end, COVERAGE_STRUCTURAL,
		     "size of the message, marker");
}

static int
module_check(const struct view *file, const char *path, const struct trust *trust,
	     json_t *signatures, enum signature_status *status, struct err *err)
{
	struct view program, der;
	(void)err;
	if (!module_message(file, &program, &der)) {
		struct judgement found = {0};
		judgement_add(&found, SIGNATURE_INVALID,
			      "the signature behind the module is malformed");
		judgement_entry(&found, signatures, path, "kernel-module", "0", status);
		judgement_free(&found);
		return 0;
	}
	char *where = base_format("behind the module, at offset %ju, %ju bytes",
				  (uintmax_t)program.size, (uintmax_t)der.size);
	struct cms_message message = {.content = &program,
				      .path = path,
				      .scheme = "kernel-module",
				      .format = "kernel-module",
				      .where = where,
				      .trust = trust,
				      .signatures = signatures,
				      .status = status};
	size_t before = json_array_size(signatures);
	cms_message_check(&message, &der);
	for (size_t i = before; i < json_array_size(signatures); i++)
		module_coverage(json_array_get(signatures, i), file, &program, &der);
	free(where);
	return 0;
}

const struct scheme scheme_module = {"kernel-module", true, module_knows, module_check};
