/*
 * The signatures of ClamAV's databases (.cvd, .cld) and of updates to them (.cdiff), as
 * libclamav/dsig.c, cvd.c and readdb.c check them:
 *
 *	header of a database     textbook RSA with 1024 bits over the MD5 of the content
 *	update                   RSA with 2048 bits, EMSA-PSS, over the SHA-256 of all
 *	                         that stands before
 *	NAME.info in a database  the same over a list of its members' SHA-256
 *
 * A signature is a number in letters, six bits each, the lowest first. It says nothing
 * of the key: those that the user gave are tried, then ClamAV's own, which are no
 * anchors and serve to tell a genuine signature from a false one.
 */
#include <openssl/core_names.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "signature/signature_private.h"

enum {
	LETTERS_MOST = 683, /* RSA of 4096 bits */
	NUMBER_MOST = 512,
	MD5_SIZE = 16,
	/* libclamav/dsig.c, cli_versig2 */
	PSS_SIZE = 256,
	PSS_HASH = 32,
	PSS_SALT = 32,
	PSS_MASKED = PSS_SIZE - PSS_HASH - 1,
};

#define OID_MD5    "1.2.840.113549.2.5"
#define OID_SHA256 "2.16.840.1.101.3.4.2.1"

/* ---- ClamAV's own keys ---------------------------------------------------- */

static const struct {
	const char *title, *modulus, *exponent;
} known_keys[] = {
    /* libclamav/dsig.c: CLI_NSTR, CLI_ESTR */
    [CLAMAV_DATABASES] =
	{"ClamAV's key for databases",
	 "11864099555164534260307000165845318975152777441202774374659940574324314260746"
	 "41447673610606406558447497607888900222834249227624889175655510024677711096695"
	 "98189410434699034532232228621591089508178591428456220796841621637175567590476"
	 "66692869877014332813738395282038319753204777178019657695769582264122426269303"
	 "7",
	 "100001027"},
    /* libclamav_rust/src/cdiff.rs: PUBLIC_KEY_MODULUS, PUBLIC_KEY_EXPONENT */
    [CLAMAV_UPDATES] =
	{"ClamAV's key for updates",
	 "14783905874077467090262228516557917570254599638376203532031989214105552847269"
	 "68748977197579212344218581728769495194980090879152754201711560050130339477861"
	 "85358648452357000415900563182301024496122174585490160893133065913885907907965"
	 "15819654102320725712300822356348724011232654837503241736177907784198700834440"
	 "68112472706054003575469965810589505009657622675300859688169882818565242490192"
	 "16687583265784620032479064709820922981067896572119054889862810783463614695244"
	 "84829559560886227198091995498440676639639830463593211386055065360288422394053"
	 "99813445862371254068329403495381841245836219811781199000602198984418072101094"
	 "7",
	 "100002053"},
    /* libclamav/readdb.c: INFO_NSTR, INFO_ESTR */
    [CLAMAV_LISTS] =
	{"ClamAV's key for lists of members",
	 "11088894983048545473659556106627194923928941791795047620591658697413581043322"
	 "71591217249680652538105588096452061840022433332053466029923398375534174067950"
	 "28668299096799557343913926683783612215242053966310901051516412708572770803107"
	 "34320951653700508941717419168723942507890702904702707587451621691050754307850"
	 "38339986534648720379846417853739221140278648135982446119723110289541509377039"
	 "42166663244845939357624084685168266331921408266679234948220458053478099328484"
	 "54845886971706424360558667862775876072059437703365380209101697738577515476935"
	 "08546945527999411314597799408461832848215101314239337331633751997724473274797"
	 "7",
	 "100002049"},
};

/* ---- numbers -------------------------------------------------------------- */

static int
letter_value(uint8_t letter)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/";
	const char *at = letter != '\0' ? strchr(letters, letter) : NULL;
	return at != NULL ? (int)(at - letters) : -1;
}

/* The number that letters stand for (libclamav/dsig.c, cli_decodesig); NULL when they
 * do not. */
static BIGNUM *
number_of(const struct view *letters)
{
	uint8_t bytes[LETTERS_MOST * 6 / 8 + 2] = {0};
	if (letters->size == 0 || letters->size > LETTERS_MOST)
		return NULL;
	for (size_t i = 0; i < letters->size; i++) {
		int value = letter_value(letters->data[i]);
		size_t bit = 6 * i;
		if (value == -1)
			return NULL;
		unsigned shifted = (unsigned)value << bit % 8;
		bytes[bit / 8] |= (uint8_t)shifted;
		bytes[bit / 8 + 1] |= (uint8_t)(shifted >> 8);
	}
	return BN_lebin2bn(bytes, sizeof(bytes), NULL);
}

/* What the key makes of the signature, as a number of `size` bytes. A number that is
 * not below the modulus would be a second signature of the same: it is none. */
static bool
open_number(const EVP_PKEY *key, const BIGNUM *signature, uint8_t *plain, int size)
{
	BIGNUM *modulus = NULL, *exponent = NULL, *opened = BN_new();
	BN_CTX *context = BN_CTX_new();
	bool fine = EVP_PKEY_get_bits(key) <= 8 * NUMBER_MOST &&
		    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus) == 1 &&
		    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
		    BN_is_odd(modulus) && BN_cmp(signature, modulus) < 0 &&
		    BN_mod_exp(opened, signature, exponent, modulus, context) == 1 &&
		    BN_bn2binpad(opened, plain, size) == size;
	BN_free(modulus);
	BN_free(exponent);
	BN_free(opened);
	BN_CTX_free(context);
	ERR_clear_error();
	return fine;
}

/* ---- the two forms -------------------------------------------------------- */

/* MGF1 with SHA-256 (RFC 8017, B.2.1), over `mask`. */
static void
unmask(const uint8_t *seed, uint8_t *mask, size_t size)
{
	for (uint32_t i = 0; i * PSS_HASH < size; i++) {
		uint8_t message[PSS_HASH + 4] = {0};
		struct sha256 block;
		memcpy(message, seed, PSS_HASH);
		message[PSS_HASH + 3] = (uint8_t)i;
		sha256_of(message, sizeof(message), &block);
		for (size_t j = 0; j < PSS_HASH && i * PSS_HASH + j < size; j++)
			mask[i * PSS_HASH + j] ^= block.bytes[j];
	}
}

/*
 * EMSA-PSS (RFC 8017, 9.1.2) as for 2048 bits. ClamAV's moduli have 2047, for which
 * OpenSSL would want one more bit to be zero than ClamAV writes.
 */
static bool
pss_holds(uint8_t encoded[PSS_SIZE], const struct view *digest)
{
	const uint8_t *hash = encoded + PSS_MASKED;
	uint8_t message[8 + PSS_HASH + PSS_SALT] = {0};
	struct sha256 expected;
	size_t salt = PSS_MASKED - PSS_SALT;
	if (encoded[PSS_SIZE - 1] != 0xbc || encoded[0] >> 7 != 0 ||
	    digest->size != PSS_HASH)
		return false;
	unmask(hash, encoded, PSS_MASKED);
	encoded[0] &= 0x7f;
	for (size_t i = 0; i + 1 < salt; i++) {
		if (encoded[i] != 0)
			return false;
	}
	if (encoded[salt - 1] != 1)
		return false;
	memcpy(message + 8, digest->data, PSS_HASH);
	memcpy(message + 8 + PSS_HASH, encoded + salt, PSS_SALT);
	sha256_of(message, sizeof(message), &expected);
	return memcmp(expected.bytes, hash, PSS_HASH) == 0;
}

/* ClamAV looks at the lowest 128 bits alone; the others are zero when its server
 * signed. */
static bool
md5_holds(const uint8_t *plain, int size, const struct view *digest)
{
	struct view number = view_of(plain, (size_t)size - MD5_SIZE);
	return digest->size == MD5_SIZE && view_is_zero(&number) &&
	       memcmp(plain + size - MD5_SIZE, digest->data, MD5_SIZE) == 0;
}

static bool
key_made(const struct raw_key *key, const struct clamav_claim *claim)
{
	uint8_t plain[NUMBER_MOST];
	int size = (EVP_PKEY_get_bits(key->key) + 7) / 8;
	BIGNUM *signature;
	bool made = false;
	if (EVP_PKEY_get_base_id(key->key) != EVP_PKEY_RSA || size > NUMBER_MOST ||
	    size <= MD5_SIZE)
		return false;
	signature = number_of(&claim->letters);
	if (signature != NULL && open_number(key->key, signature, plain, size)) {
		if (claim->form == CLAMAV_MD5)
			made = md5_holds(plain, size, &claim->digest);
		else
			made = size == PSS_SIZE && pss_holds(plain, &claim->digest);
	}
	BN_free(signature);
	return made;
}

/* ---- whose it is ---------------------------------------------------------- */

/* The key that made it; false: none that is known. */
static bool
find_key(const struct clamav_claim *claim, const struct trust *trust,
	 struct raw_key *key, bool *known)
{
	*known = false;
	for (size_t i = 0; i < trust->key_count; i++) {
		if (raw_key_of_file(&trust->keys[i], key) == -1)
			continue;
		if (key_made(key, claim))
			return true;
		raw_key_clear(key);
	}
	*known = raw_key_of_rsa(known_keys[claim->known].modulus,
				known_keys[claim->known].exponent, key) == 0 &&
		 key_made(key, claim);
	if (*known)
		raw_key_trust(key, trust);
	else
		raw_key_clear(key);
	return *known;
}

/* ClamAV's moduli of "2048 bits" begin with a zero bit: no weakness, but worth saying.
 */
static void
judge_strength(const struct raw_key *key, struct cms_entry *entry)
{
	if (EVP_PKEY_get_bits(key->key) == 8 * PSS_SIZE - 1)
		strings_add(&entry->notes, "the RSA modulus has 2047 bits, which is "
					   "taken for 2048");
	else
		raw_key_judge_strength(key, &entry->found);
}

void
clamav_claim_check(const struct clamav_claim *claim, struct cms_entry *entry)
{
	struct raw_key key = {0};
	BIGNUM *number = number_of(&claim->letters);
	bool known;
	if (number == NULL) {
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "malformed: not a number in ClamAV's letters");
	} else if (!find_key(claim, entry->trust, &key, &known)) {
		judgement_add(
		    &entry->found, SIGNATURE_INVALID,
		    "the signature does not fit: neither a key that was given "
		    "nor ClamAV's own made it over this content");
	} else {
		if (known)
			signature_fact(entry->json, "known key",
				       known_keys[claim->known].title);
		raw_key_judge(&key, &entry->found);
		judge_strength(&key, entry);
		json_object_set_new(entry->json, "key", raw_key_tell(&key, NULL));
	}
	if (claim->form == CLAMAV_MD5)
		judgement_add(&entry->found, SIGNATURE_WEAK,
			      "the number that is signed is the bare digest, without "
			      "padding");
	BN_free(number);
	raw_key_clear(&key);
}

/* ---- files ---------------------------------------------------------------- */

struct checking {
	const struct view *file;
	const char *path, *format;
	struct map *map;
	const struct trust *trust;
	json_t *signatures;
	enum signature_status *status;
	size_t count;
};

static struct cms_entry
begin(struct checking *checking, const char *where)
{
	struct cms_entry entry = {.trust = checking->trust};
	char index[24];
	snprintf(index, sizeof(index), "%zu", checking->count++);
	entry.json = signature_entry(checking->signatures, checking->path, "clamav",
				     index, SIGNATURE_NOT_CHECKED, NULL);
	json_object_set_new(entry.json, "format", json_string(checking->format));
	if (where != NULL)
		json_object_set_new(entry.json, "where", json_string(where));
	return entry;
}

/* The part of the file that its map calls so; empty when there is none. */
static struct view
part_of(const struct checking *checking, const char *name)
{
	struct view part = {NULL, 0};
	for (size_t i = 0; i < checking->map->count; i++) {
		const struct extent *extent = &checking->map->extents[i];
		if (strcmp(extent->name, name) == 0 &&
		    view_sub(checking->file, extent->offset, extent->length, &part) ==
			0)
			break;
	}
	return part;
}

static uint64_t
offset_of(const struct checking *checking, const struct view *part)
{
	return (uint64_t)(part->data - checking->file->data);
}

static void
add_unsigned(struct checking *checking, const char *why)
{
	struct cms_entry entry = begin(checking, NULL);
	judgement_add(&entry.found, SIGNATURE_UNSIGNED, "%s", why);
	cms_entry_conclude(&entry, checking->status);
}

/* The signature in the header of a database. */
static void
check_header(struct checking *checking, const struct view *letters,
	     const struct view *content)
{
	char *where = base_format("field of the header, at offset %ju",
				  (uintmax_t)offset_of(checking, letters));
	struct cms_entry entry = begin(checking, where);
	struct view digits = part_of(checking, "cvd header MD5");
	const struct digest_algorithm *md5 = digest_by_oid(OID_MD5);
	struct digest digest;
	char hex[2 * MD5_SIZE + 1];
	digest_of(md5, content, 1, &digest);
	hex_encode(digest.bytes, MD5_SIZE, hex);
	if (digits.size != 2 * MD5_SIZE || !view_has(&digits, 0, hex, 2 * MD5_SIZE))
		judgement_add(&entry.found, SIGNATURE_INVALID,
			      "the MD5 in the header is not that of the content");
	cms_entry_digest(&entry, md5, NULL, &digest);
	const struct clamav_claim claim = {.letters = *letters,
					   .form = CLAMAV_MD5,
					   .known = CLAMAV_DATABASES,
					   .digest = view_of(digest.bytes, MD5_SIZE)};
	clamav_claim_check(&claim, &entry);
	json_object_set_new(entry.json, "covers", json_string("all"));
	coverage_add(entry.json, offset_of(checking, letters), letters->size,
		     COVERAGE_SIGNATURE, "digital signature");
	coverage_add(entry.json, offset_of(checking, content), content->size,
		     COVERAGE_SIGNED, "content");
	strings_add(&entry.notes, "nobody signed the header's other fields: time, "
				  "version, counts and builder");
	cms_entry_conclude(&entry, checking->status);
	free(where);
}

static void
check_list(struct checking *checking, const struct clamav_list *list,
	   const struct view *content)
{
	struct cms_entry entry = begin(checking, "member *.info of the archive");
	struct view header;
	view_sub(checking->file, 0, offset_of(checking, content), &header);
	clamav_list_check(list, &header, &entry);
	cms_entry_conclude(&entry, checking->status);
}

static void
check_database(struct checking *checking)
{
	struct view letters = part_of(checking, "cvd header digital signature");
	struct view content = part_of(checking, "content");
	struct err trouble = {0};
	bool in_header =
	    letters.size > 0 && !(letters.size == 1 && letters.data[0] == 'X');
	struct clamav_list *list =
	    clamav_list_read(&content, view_has(&content, 0, "\x1f\x8b", 2), &trouble);
	if (in_header)
		check_header(checking, &letters, &content);
	if (list == NULL) {
		struct cms_entry entry = begin(checking, NULL);
		judgement_add(&entry.found, SIGNATURE_NOT_CHECKED,
			      "the members could not be read: %s", trouble.message);
		cms_entry_conclude(&entry, checking->status);
	} else if (clamav_list_is_signed(list)) {
		check_list(checking, list, &content);
	} else if (!in_header) {
		add_unsigned(checking, "no signature in the header, nor one over a "
				       "list of the members");
	}
	clamav_list_free(list);
}

static void
check_update(struct checking *checking)
{
	struct view tail = part_of(checking, "cdiff digital signature"), signed_part;
	struct digest digest;
	const struct digest_algorithm *sha256 = digest_by_oid(OID_SHA256);
	if (tail.size <= 1 || (tail.size == 2 && tail.data[1] == 'X')) {
		add_unsigned(checking, "the update has no signature at its end");
		return;
	}
	uint64_t at = offset_of(checking, &tail);
	char *where = base_format("at the end, from offset %ju on", (uintmax_t)at);
	struct cms_entry entry = begin(checking, where);
	view_sub(checking->file, 0, at, &signed_part);
	digest_of(sha256, &signed_part, 1, &digest);
	cms_entry_digest(&entry, sha256, NULL, &digest);
	const struct clamav_claim claim = {.letters = view_from(&tail, 1),
					   .form = CLAMAV_PSS,
					   .known = CLAMAV_UPDATES,
					   .digest = view_of(digest.bytes, PSS_HASH)};
	clamav_claim_check(&claim, &entry);
	json_object_set_new(entry.json, "covers", json_string("all"));
	coverage_add(entry.json, 0, at, COVERAGE_SIGNED, "header and script");
	coverage_add(entry.json, at, tail.size, COVERAGE_SIGNATURE,
		     "digital signature");
	cms_entry_conclude(&entry, checking->status);
	free(where);
}

static bool
clamav_knows(const struct view *file, const struct format *format)
{
	(void)file;
	return format_is(format, "cvd") || format_is(format, "cdiff");
}

static int
clamav_check(const struct view *file, const char *path, const struct trust *trust,
	     json_t *signatures, enum signature_status *status, struct err *err)
{
	bool update = view_has(file, 0, "ClamAV-Diff:", 12);
	struct checking checking = {.file = file,
				    .path = path,
				    .format = update ? "cdiff" : "cvd",
				    .trust = trust,
				    .signatures = signatures,
				    .status = status};
	struct err trouble = {0};
	(void)err;
	*status = SIGNATURE_VALID;
	checking.map = format_map(format_by_name(checking.format), file, &trouble);
	if (trouble.kind != ERR_NONE) {
		struct cms_entry entry = begin(&checking, NULL);
		judgement_add(&entry.found, SIGNATURE_INVALID, "malformed: %s",
			      trouble.message);
		cms_entry_conclude(&entry, status);
	} else if (update) {
		check_update(&checking);
	} else {
		check_database(&checking);
	}
	map_free(checking.map);
	return 0;
}

const struct scheme scheme_clamav = {"clamav", true, clamav_knows, clamav_check};
