/*
 * What the schemes share: the user's trust as read before confinement, and the
 * row that each scheme puts into the table of signature.c.
 */
#ifndef VERIFY_SIGNATURE_PRIVATE_H
#define VERIFY_SIGNATURE_PRIVATE_H

#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include "signature/signature.h"

/* ---- trust: trust.c -------------------------------------------------- */

/* A certificate that the user trusts: its bytes, or only its fingerprint, to be
 * found in a signature. */
struct trust_anchor {
	struct sha256 fingerprint; /* of the certificate's DER */
	X509 *certificate;         /* NULL: named by fingerprint alone */
	bool timestamps;           /* for timestamps only, else for signers only */
	char *label;               /* shown text, never NULL */
};

/* An OpenPGP keyring or certificate, as bytes: armoured or binary. */
struct trust_keyring {
	char *path; /* as given, for messages: not shown text yet */
	struct buf bytes;
};

/* A bare public key, as bytes in the form of its scheme. */
struct trust_key {
	char *label; /* the name of its file: shown text */
	struct buf bytes;
};

struct trust {
	struct trust_anchor *anchors;
	size_t anchor_count;
	struct trust_keyring *keyrings;
	size_t keyring_count;
	struct trust_key *keys;
	size_t key_count;
	X509 **intermediates;
	size_t intermediate_count;
	X509_CRL **crls;
	size_t crl_count;
	OCSP_RESPONSE **responses;
	size_t response_count;
	/* Pinned OpenPGP signers: full fingerprints, upper-case hexadecimal without
	 * "pgp:". Empty: any key of the keyrings may sign. */
	struct strings openpgp_pins;
	struct trust_key *tuf_roots; /* metadata of TUF repositories' roots */
	size_t tuf_root_count;
	struct sigstore_root **sigstore;
	size_t sigstore_count;
	/* Whose sigstore certificates count, and by whose word; shown text. */
	struct strings identities, identity_issuers;
	struct judged_at at; /* AT_SIGNING_TIME unless set */
	int64_t now;         /* the one "now" of this run */
};

/* ---- entries of the findings: signature.c ---------------------------- */

/* Append an entry with "path" (shown text), "scheme", "index", "status" and, when
 * not NULL, "reason" (shown text). Borrowed; the caller adds the rest. */
json_t *signature_entry(json_t *signatures, const char *path, const char *scheme,
			const char *index, enum signature_status status,
			const char *reason);

/* Append to the entry's "notes", which is made when it is not there; shown text. */
void signature_note(json_t *entry, const char *format, ...) PRINTF_LIKE(2, 3);
/* Append to its "facts"; shown text. */
void signature_fact(json_t *entry, const char *name, const char *value);

/* *status becomes the worse of the two. */
void signature_worsen(enum signature_status *status, enum signature_status other);

/* ---- coverage: coverage.c --------------------------------------------- */

/* What a byte of a signed file is to one signature. Whether that holds, its status says. */
enum coverage_kind {
	COVERAGE_SIGNED,      /* the signature is over it, or over a digest of it */
	COVERAGE_SIGNATURE,   /* it is the signature, or another one of the file */
	COVERAGE_STRUCTURAL,  /* unsigned, but the format says what stands there: the
			       * header of a member, an offset, zeros */
	COVERAGE_UNEXPLAINED, /* unsigned, and nothing accounts for it */
};

/* Add a range of the file to the entry's "coverage", in any order; where two overlap
 * the one added first keeps the bytes. `what` names it in a few words; shown text. What
 * nobody added is unexplained: so add all that is known once anything is. */
void coverage_add(json_t *entry, uint64_t offset, uint64_t length,
		  enum coverage_kind kind, const char *what);
/* Add a range as structural when it is all zeros; nothing otherwise. */
void coverage_add_zeros(json_t *entry, const struct view *file, uint64_t offset,
			uint64_t length, const char *what);
/* Bring the ranges into order over the whole file, with their sums. Done for every
 * scheme's entries by signature_check_as and signature_check_detached; nothing where no
 * range was added. */
void coverage_conclude(json_t *entry, uint64_t size);

/* ---- judgements: judgement.c ------------------------------------------ */

/* A status with what was found against it: the reasons of the worst status only, so
 * that a report's one sentence names what decided. {0} is "valid". */
struct judgement {
	enum signature_status status;
	struct strings reasons; /* shown text */
};

/* Record a finding; shown text. A milder one than the present status is dropped. */
void judgement_add(struct judgement *judgement, enum signature_status status,
		   const char *format, ...) PRINTF_LIKE(3, 4);
/* Record all that `other` found. */
void judgement_merge(struct judgement *judgement, const struct judgement *other);
/* The reasons in one sentence, NULL when there is none; the caller frees. */
char *judgement_reason(const struct judgement *judgement);
void judgement_free(struct judgement *judgement);

/* The entry of a signature with that judgement, with an empty "notes". *status
 * becomes the judgement's. Borrowed, as of signature_entry. */
json_t *judgement_entry(const struct judgement *judgement, json_t *signatures,
			const char *path, const char *scheme, const char *index,
			enum signature_status *status);

/* What the place of a signature adds to the word of another scheme about it: the entry's
 * status and reason become the worse ones, and *status with them. */
void judgement_settle(const struct judgement *more, json_t *entry,
		      enum signature_status *status);

/* ---- DER: der.c ------------------------------------------------------ */

/* One element (X.690, 8.1): identifier, length, contents. */
struct der {
	uint8_t tag;
	struct view whole, value;
};

enum der_tag {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_UTF8_STRING = 0x0c,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT = 0x80,             /* + n: [n] IMPLICIT, primitive */
	DER_CONTEXT_CONSTRUCTED = 0xa0, /* + n: [n] constructed */
};

#define OID_TEXT 128

/* Take the first element off `rest`: 0, or -1 when it is no definite-length,
 * shortest-form element (X.690, 10.1) that lies all inside; then rest stays. */
int der_next(struct view *rest, struct der *element);
/* The same, and its identifier must be `tag`. */
int der_take(struct view *rest, unsigned tag, struct der *element);
/* Does an element with that identifier come next? */
bool der_comes(const struct view *rest, unsigned tag);
/* The dotted text of an object identifier; -1 when malformed or absurdly long. */
int der_oid(const struct der *element, char text[OID_TEXT]);
/* Take an object identifier off `rest`. */
int der_take_oid(struct view *rest, char text[OID_TEXT]);
/* Take an AlgorithmIdentifier off `rest`: its parameters are empty when absent. */
int der_take_algorithm(struct view *rest, char oid[OID_TEXT], struct view *parameters);
/* The one BER value that `bytes` are, with definite lengths where it has indefinite ones
 * (X.690, 8.1.3.6); nothing else is changed. -1 when it is malformed. */
int der_from_ber(const struct view *bytes, struct buf *der);
/* UTCTime or GeneralizedTime in the forms of RFC 5280, 4.1.2.5; a fraction of a
 * second (RFC 3161, 2.4.2) is cut. */
int der_time(const struct der *element, int64_t *seconds);

/* ---- digests and signed data: cms.c ---------------------------------- */

struct digest_algorithm {
	const char *oid;
	const char *name; /* findings' and OpenSSL's */
	bool weak;        /* collisions are known or near */
};

/* The algorithm, or NULL when it is not known here. */
const struct digest_algorithm *digest_by_oid(const char *oid);

/* Of the parts of `view` named by [offset, length) pairs, in order. */
struct digest {
	uint8_t bytes[64];
	unsigned size;
};
void digest_of(const struct digest_algorithm *algorithm, const struct view *parts,
	       size_t count, struct digest *digest);
bool digest_is(const struct digest *digest, const struct view *bytes);

/* An attribute of a signer (RFC 5652, 5.3). */
struct cms_attribute {
	char oid[OID_TEXT];
	struct view values; /* contents of the SET */
	size_t count;       /* of values in it */
	uint64_t size;      /* of the whole attribute */
};

struct cms_attributes {
	struct cms_attribute *items;
	size_t count;
	struct view whole; /* with the [0] or [1] identifier; empty when absent */
};

/* One SignerInfo (RFC 5652, 5.3). */
struct cms_signer {
	X509_NAME *issuer; /* NULL when named by key identifier */
	ASN1_INTEGER *serial;
	struct view key_identifier;
	char digest[OID_TEXT];
	char algorithm[OID_TEXT];
	struct view parameters; /* of the signature algorithm */
	struct view signature;
	struct cms_attributes signed_attributes, unsigned_attributes;
};

/* A ContentInfo with SignedData (RFC 5652, 3 and 5; RFC 2315, 9). */
struct cms {
	char digest[OID_TEXT]; /* of digestAlgorithms, which holds just one */
	char content_type[OID_TEXT];
	struct der content; /* the element inside [0] */
	X509 **certificates;
	size_t certificate_count;
	size_t other_certificates; /* attribute certificates and the like: skipped */
	X509_CRL **crls;
	size_t crl_count;
	struct cms_signer signer;  /* the first one: cms_parse allows just one */
	struct cms_signer *others; /* of cms_parse_loose */
	size_t other_count;
};

#define CMS_SIGNERS_MOST 16

/* Parse strictly: DER, one digest algorithm, one signer, nothing left over. The
 * views point into `bytes`. ERR_INPUT with what is wrong. */
int cms_parse(const struct view *bytes, struct cms **cms, struct err *err);
/* The same, but the content may be absent (content.whole is empty then), and there may be
 * several signers and digest algorithms. */
int cms_parse_loose(const struct view *bytes, struct cms **cms, struct err *err);
/* The same for SignedData without a ContentInfo around it. */
int cms_parse_signed_data(const struct view *bytes, struct cms **cms, struct err *err);
/* The signer of that number; NULL past the last one. */
const struct cms_signer *cms_signer_at(const struct cms *cms, size_t index);
void cms_free(struct cms *cms);
/* Take a SignerInfo off `rest`; clear with cms_signer_clear, also on failure. */
int cms_signer_parse(struct view *rest, struct cms_signer *signer, struct err *err);
void cms_signer_clear(struct cms_signer *signer);

/* Does a value begin with an indefinite length (X.690, 8.1.3.6)? Some timestamp
 * authorities write BER, which is well-formed and which is not read here. */
bool cms_is_indefinite(const struct view *value);

/* The attribute of that type when it is there just once, with just one value. */
const struct cms_attribute *cms_attribute_find(const struct cms_attributes *attributes,
					       const char *oid);

/* What a signer must have signed. */
struct cms_expected {
	const char *content_type; /* NULL: a countersignature, which has none */
	struct view content;      /* the octets that messageDigest digests */
	bool signing_certificate; /* RFC 3161, 2.4.1: the attribute must be there */
	bool bare; /* there may be no signed attributes: the content itself is signed */
	/* Its countersignatures (RFC 2985, 5.3.6) are signatures that the scheme looks at
	 * itself, and no timestamps. */
	bool countersigned;
};

/* What nobody signs around the one signer of cms_parse_loose says the same as what is
 * signed: content type, digest algorithm, a content that came along. */
void cms_check_frame(const struct cms *cms, const struct cms_expected *expected,
		     struct judgement *judgement);

/*
 * Check one signer (RFC 5652, 5.4 and 5.6): digest, signed attributes, certificate,
 * signature. Returns the signer's certificate (out of `certificates`), or NULL when
 * there is none; what is wrong goes to `judgement`.
 */
X509 *cms_signer_check(const struct cms_signer *signer, X509 *const *certificates,
		       size_t count, const struct cms_expected *expected,
		       struct judgement *judgement);

/* ---- certificates: certificate.c ------------------------------------- */

/* The certificate as CERT of verify-findings(5). */
json_t *certificate_json(X509 *certificate);
/* RFC 4514 text of a name as shown text; the caller frees. */
char *certificate_name(const X509_NAME *name);
void certificate_fingerprint(X509 *certificate, struct sha256 *fingerprint);
bool certificate_same(X509 *a, X509 *b);
/* Seconds since 1970; -1 when it cannot be read. */
int certificate_time(const ASN1_TIME *time, int64_t *seconds);
/* Judge the key, and unless `anchor` the signature on it, by strength. */
void certificate_judge_strength(X509 *certificate, bool anchor,
				struct judgement *judgement);
/* The same for a bare key that is called `name`; NULL cannot be read. */
void certificate_judge_key(EVP_PKEY *key, const char *name,
			   struct judgement *judgement);
/* "RSA 2048", "EC P-256"; the caller frees. */
char *certificate_key_text(EVP_PKEY *key);

/* ---- chains: chain.c ------------------------------------------------- */

enum chain_purpose {
	CHAIN_CODE_SIGNING,
	CHAIN_TIMESTAMPS,
	/* Countersignatures are older than RFC 3161 and what it asks of a certificate:
	 * for time stamping, but neither that alone nor marked critical. */
	CHAIN_COUNTERSIGNATURES,
	/* Apple's: its critical extensions that only name a kind of certificate are
	 * known; what packages are signed with is for no common purpose. */
	CHAIN_APPLE_CODE,
	CHAIN_APPLE_PACKAGES,
	CHAIN_ANY, /* schemes whose certificates name no purpose, or any */
};

#define CHAIN_LENGTH_MOST 10
#define CHAIN_PATHS_MOST  32

/* A path from a leaf: each signed the one before. Certificates are borrowed. */
struct chain {
	X509 *certificates[CHAIN_LENGTH_MOST];
	size_t count;
	bool anchored; /* the last one is trusted */
};

/* All paths that were found; when none is anchored, the longest one. */
struct chains {
	const struct trust *trust;
	enum chain_purpose purpose;
	X509_CRL *const *crls;
	size_t crl_count;
	struct chain paths[CHAIN_PATHS_MOST];
	size_t count;            /* at least one */
	struct judgement broken; /* names that match, keys that do not */
};

/* Find the paths from `leaf` through `pool` to the anchors for that purpose. */
void chains_find(X509 *leaf, X509 *const *pool, size_t count, const struct trust *trust,
		 enum chain_purpose purpose, struct chains *chains);
void chains_clear(struct chains *chains);
/* Judge every path at that time and return the best; merge what was found against it
 * into `judgement`. `signed_at` is when the signature is proved to have existed, NULL
 * when that is unknown; it matters for revocation only. */
const struct chain *chains_judge(const struct chains *chains, int64_t time,
				 const int64_t *signed_at, struct judgement *judgement);
/* What revocation lists and OCSP responses, embedded and given ones, say of the path:
 * shown text, the caller frees. A revoked certificate goes to `judgement` unless NULL:
 * revocation.c. */
char *chain_revocation(const struct chains *chains, const struct chain *chain,
		       const int64_t *signed_at, struct judgement *judgement);
/* Is the certificate for time stamping and nothing else, marked critical (RFC 3161, 2.3)? */
bool chain_is_timestamps_alone(X509 *leaf);
/* The array "chain"; the anchor has "anchor". */
json_t *chain_json(const struct chains *chains, const struct chain *chain);
/* The labels of the anchors that name this certificate, joined with ", "; NULL when it
 * is none; the caller frees. */
char *chain_anchor_label(const struct trust *trust, enum chain_purpose purpose,
			 X509 *certificate);

/* ---- timestamps: timestamp.c ----------------------------------------- */

/* What the timestamps of one signature prove. */
struct timestamps {
	json_t *json; /* the array "timestamps" */
	bool proved;
	int64_t time; /* the earliest that is proved */
	size_t which; /* its place in the array */
	/* Of those that are false or could not be read. */
	struct judgement judgement;
	struct strings notes; /* shown text */
};

/* Is this unsigned attribute one that holds timestamps? */
bool timestamps_are(const struct cms_attribute *attribute);

/* Check the RFC 3161 tokens and, unless `tokens_only`, the legacy countersignatures among
 * the signer's unsigned attributes. The caller frees json, judgement and notes. */
void timestamps_check(const struct cms *cms, const struct cms_signer *signer,
		      bool tokens_only, const struct trust *trust,
		      struct timestamps *timestamps);

/* ---- one signer's entry: cms_entry.c ----------------------------------- */

/* One signer of signed data on its way to an entry: who, through which chain, when. */
struct cms_entry {
	json_t *json; /* borrowed */
	const struct trust *trust;
	enum chain_purpose purpose;
	struct judgement found; /* whatever the time */
	bool shared; /* the signature brings along certificates of others than its signer */
	struct strings notes;
};

/* Check the signer against what is expected, its timestamps and its chain, and write
 * all of it into the entry. Certificates come from the signature and the user. */
void cms_entry_signer(struct cms_entry *entry, const struct cms *cms,
		      const struct cms_signer *signer,
		      const struct cms_expected *expected);
/* The certificates that may be the signer's: those of the signature, then the user's, for
 * signatures that bring none along. How many; the caller frees the array alone. */
size_t cms_entry_pool(const struct cms_entry *entry, const struct cms *cms,
		      X509 ***pool);
/* The part of that for a signer who is known and checked already, without timestamps:
 * the chain from `leaf` through the certificates of `cms`, of which nothing else is
 * read but its revocation lists. */
void cms_entry_certificate(struct cms_entry *entry, const struct cms *cms, X509 *leaf);
/* Write down the digest of the file that was signed and the one that was computed; a
 * broken algorithm is weak. NULL value: none was computed. */
void cms_entry_digest(struct cms_entry *entry, const struct digest_algorithm *algorithm,
		      const struct view *has, const struct digest *value);
/* Status, reason and notes into the entry; *status becomes the worse one; clears. */
void cms_entry_conclude(struct cms_entry *entry, enum signature_status *status);

/* ---- Authenticode: authenticode.c ------------------------------------ */

extern const struct scheme scheme_authenticode;
/* Files that are not signed as a rule: cabinets, scripts. */
extern const struct scheme scheme_authenticode_other;

/* ---- signed data beside a file: cms_scheme.c ------------------------------ */

/* What is common to the signers of one message that signs a content as it stands. */
struct cms_message {
	const struct view *content;
	const char *path, *scheme, *format, *where; /* format and where may be NULL */
	const struct trust *trust;
	json_t *signatures;
	enum signature_status *status; /* becomes the worst of the signers */
};

/* Check every signer of the message (RFC 5652, 5) in DER: an entry for each, or one that
 * says why it cannot be read. */
void cms_message_check(const struct cms_message *message, const struct view *der);

/* ---- signed data behind a kernel module: cms_scheme.c ------------------ */

extern const struct scheme scheme_module;

/* ---- RPM packages: rpm.c ----------------------------------------------- */

extern const struct scheme scheme_rpm;

/* ---- Debian packages: debsigs.c ---------------------------------------- */

extern const struct scheme scheme_debsigs;

/* ---- Java archives, Mozilla extensions: jar.c --------------------------- */

extern const struct scheme scheme_jar;
extern const struct scheme scheme_xpi;

/* ---- Android packages: apk.c -------------------------------------------- */

extern const struct scheme scheme_apk;

/* ---- updates of UEFI variables: uefi.c --------------------------------- */

extern const struct scheme scheme_uefi;

/* ---- strict XML: xml.c ----------------------------------------------------- */

#define XML_NONE SIZE_MAX

struct xml_node {
	struct view tag, name;         /* the inside of the start tag; the name alone */
	uint64_t start, inner;         /* offsets: of the start tag, behind it, */
	uint64_t inner_end, end;       /* of the end tag, behind it */
	size_t parent;                 /* XML_NONE: the root, which is node 0 */
};

/* Elements in the order of their start tags. */
struct xml {
	struct view text;
	struct xml_node *nodes;
	size_t count, room;
};

/* Read it; -1 for whatever is more than elements, attributes in double quotes and text.
 * xml_free in every case. */
int xml_parse(const struct view *text, struct xml *xml);
void xml_free(struct xml *xml);
/* Has the node that name? */
bool xml_is(const struct xml *xml, size_t node, const char *name);
/* The first child of that name (NULL: of any) from node `from` on, or XML_NONE. */
size_t xml_child(const struct xml *xml, size_t parent, const char *name, size_t from);
/* All between the tags; of an element without children, its text. */
struct view xml_text(const struct xml *xml, size_t node);
bool xml_attribute(const struct xml *xml, size_t node, const char *name,
		   struct view *value);
/* Take an attribute off the rest of a tag; false at its end. */
bool xml_next_attribute(struct view *rest, struct view *name, struct view *value);
/* The node's canonical form (Canonical XML 1.0): empty elements closed, namespaces set,
 * attributes in order; -1 when two have one name, or there are too many. */
int xml_canonical(const struct xml *xml, size_t node, struct buf *out);

/* ---- Open Packaging files: opc.c ------------------------------------------- */

extern const struct scheme scheme_opc;

/* ---- packages signed by an entry: zip_signature.c ------------------------ */

/* Where the entry lies, and the directory without it. */
struct zip_signature {
	struct view file;
	bool sound;        /* the entry is there, and as signers write it */
	const char *fault; /* or it is there, and this; NULL: it is not there */
	struct view content; /* as it is packed */
	uint64_t entry, directory; /* the entry's bytes, up to the directory */
	uint64_t header, end;      /* its header in it, the last one */
	struct map *map;
};

/* Find the entry of that title in the format's map; zip_signature_close in any case. */
void zip_signature_open(struct zip_signature *signature, const struct view *file,
			const char *format, const char *title);
void zip_signature_close(struct zip_signature *signature);
/* The package as it was before it was signed: its entries, its directory, and the records
 * at its end, which go to the buffer. Of a sound one. */
void zip_signature_without(const struct zip_signature *signature, struct view parts[3],
			   struct buf *records);
/* Add to an entry which bytes are what (coverage_add). Of a sound one. */
void zip_signature_cover(const struct zip_signature *signature, json_t *entry);

/* ---- NuGet packages: nuget.c --------------------------------------------- */

extern const struct scheme scheme_nuget;
/* ---- ClamAV's databases and updates: clamav.c ---------------------------- */

extern const struct scheme scheme_clamav;

/* How a number that ClamAV signs stands for a digest. */
enum clamav_form {
	CLAMAV_MD5, /* the number is the MD5, without any padding */
	CLAMAV_PSS, /* SHA-256 with EMSA-PSS */
};

/* Whose key is asked when the user gave none that fits. */
enum clamav_known { CLAMAV_DATABASES, CLAMAV_UPDATES, CLAMAV_LISTS };

/* A signature in ClamAV's letters, and what it is to be over. */
struct clamav_claim {
	struct view letters;
	enum clamav_form form;
	enum clamav_known known;
	struct view digest; /* computed from the content */
};

/* Find the key that made it among the user's and ClamAV's own, judge it, and tell it in
 * the entry. */
void clamav_claim_check(const struct clamav_claim *claim, struct cms_entry *entry);

/* ---- the signed list inside of a ClamAV database: clamav_list.c ---------- */

struct clamav_list;
/* Read the archive of a database, packed with gzip or not: the size and SHA-256 of each
 * member, and the list (NAME.info). NULL with what is wrong. */
struct clamav_list *clamav_list_read(const struct view *content, bool packed,
				     struct err *err);
/* Is there a list with a signature? */
bool clamav_list_is_signed(const struct clamav_list *list);
/* Check its signature and each member against it, and that it says what `header`, the
 * database's, says. */
void clamav_list_check(const struct clamav_list *list, const struct view *header,
		       struct cms_entry *entry);
void clamav_list_free(struct clamav_list *list);

/* ---- Chromium's extensions: crx.c ----------------------------------------- */

extern const struct scheme scheme_crx;

/* ---- Apple's code signatures: macho.c, dmg.c ------------------------------ */

extern const struct scheme scheme_macho;
extern const struct scheme scheme_dmg;

/* ---- bundles: codesign_bundle.c ------------------------------------------- */

/* Facts of an entry "apple-code": digests of files that are signed with the program and
 * lie beside it, as "sha256 HEX". */
#define CODE_FACT_INFO      "digest of Info.plist"
#define CODE_FACT_RESOURCES "digest of CodeResources"

struct sums_walk;
/* Hold the files beside the program `id` against what its entries, those of `signatures`
 * from `from` on, name: one that differs makes its entry invalid. */
int code_bundle_check(struct sums_walk *walk, struct tree *tree, node_id id,
		      json_t *signatures, size_t from, struct err *err);

/* ---- Mozilla's update archives: mar.c -------------------------------------- */

extern const struct scheme scheme_mar;

/* ---- xar archives: xar.c -------------------------------------------------- */

extern const struct scheme scheme_xar;

/* ---- Android's update payloads: payload.c ----------------------------------- */

extern const struct scheme scheme_payload;

/* ---- Android's updates as zip archives: ota.c -------------------------------- */

extern const struct scheme scheme_ota;

/* ---- the walk: signature.c ------------------------------------------- */

/* As signature_check, for a file that was probed already. A file that no scheme knows
 * gives no entry but those of its other formats: *known is false then. */
int signature_check_as(const struct view *file, const struct format_match *match,
		       const char *path, const struct trust *trust, json_t *signatures,
		       enum signature_status *status, bool *known, struct err *err);
/* Is a file of that kind signed as a rule? */
bool signature_usual(const struct view *file, const struct format *format);

/* ---- a scheme's row -------------------------------------------------- */

struct scheme {
	const char *name; /* "authenticode": what findings call it */
	/* Files that it knows are signed as a rule: an unsigned one in a product is
	 * told. */
	bool usual;
	/* Is this a file that the scheme signs? `format` may be NULL. Pure. */
	bool (*knows)(const struct view *file, const struct format *format);
	/* As signature_check: at least one entry, *status the worst of them. Where the
	 * file is a container, an entry has "covers": "all" when every byte of every
	 * member is signed by it. */
	int (*check)(const struct view *file, const char *path,
		     const struct trust *trust, json_t *signatures,
		     enum signature_status *status, struct err *err);
};

/* ---- bare keys: raw.c ------------------------------------------------- */

/* Take the next line off `rest`, without its end (LF or CRLF); -1 at the end, and for
 * one that is longer than a line of a signature can be. */
int raw_line(struct view *rest, struct view *line);
/* What follows `prefix`; false when the line does not start with it. */
bool raw_after(const struct view *line, const char *prefix, struct view *after);
/* Append the bytes of strict base64 (RFC 4648, 4; with `url` section 5, where padding
 * may be absent); -1 when it is anything else. */
int raw_base64(const struct view *text, bool url, struct buf *bytes);
/* Does the key's signature over the message hold? `digest` NULL: the algorithm has its
 * own (Ed25519). `key` NULL: no. */
bool raw_verify(EVP_PKEY *key, const char *digest, const struct view *message,
		const struct view *signature);
/* The same with a digest that was computed already, by an RSA (PKCS #1 v1.5) or EC key: a
 * file with many signatures is hashed once. */
bool raw_verify_digest(EVP_PKEY *key, const char *algorithm,
		       const struct digest *digest, const struct view *signature);
/* The same with the 32 bytes of an Ed25519 key (RFC 8032, 5.1). */
bool raw_verify_ed25519(const struct view *key, const struct view *message,
			const struct view *signature);
/* Size of the digest, -1 when OpenSSL has no such algorithm. */
int raw_digest(const char *algorithm, const struct view *bytes, uint8_t out[64]);
/* Does the signature hold with one of the digests and paddings in use with such keys,
 * none of which is broken? For schemes that do not say which it is. */
bool raw_verify_any(EVP_PKEY *key, const struct view *message,
		    const struct view *signature);
/* "key" of an entry; `label`, `id` and `key` (its bytes, for a hash) may be NULL. */
json_t *raw_key_json(const char *label, const char *algorithm, const char *id,
		     const struct view *key);

/* ---- public keys in files: raw_key.c ----------------------------------- */

/* A public key as the user gave it, a signature brings it along, or the program knows
 * it. {0} is none; free with raw_key_clear. */
struct raw_key {
	EVP_PKEY *key;
	struct buf spki;   /* its SubjectPublicKeyInfo (RFC 5280, 4.1), DER */
	const char *label; /* what the user calls it: borrowed; NULL: not trusted */
};

/* The key of a SubjectPublicKeyInfo that is all of `spki`; -1 when it is not one. */
int raw_key_of_spki(const struct view *spki, struct raw_key *key);
/* The key of a file of the user's, which is trusted by that: a SubjectPublicKeyInfo or
 * a certificate of which nothing but the key counts, PEM or DER; -1: it is neither. */
int raw_key_of_file(const struct trust_key *file, struct raw_key *key);
/* An RSA key by its numbers, in decimal digits. */
int raw_key_of_rsa(const char *modulus, const char *exponent, struct raw_key *key);
/* Trust the key when the user gave it as a file, or its SubjectPublicKeyInfo's
 * fingerprint as an anchor. */
void raw_key_trust(struct raw_key *key, const struct trust *trust);
/* Judge it: is it trusted, is it strong enough? */
void raw_key_judge(const struct raw_key *key, struct judgement *judgement);
void raw_key_judge_strength(const struct raw_key *key, struct judgement *judgement);
/* "key" of an entry. */
json_t *raw_key_tell(const struct raw_key *key, const char *id);
void raw_key_clear(struct raw_key *key);

/* ---- the lines of signify and minisign: ed_lines.c -------------------- */

#define ED_ID_SIZE 8

/* A comment line and a base64 line; the views point into `bytes` and the file. */
struct ed_lines {
	struct buf bytes;
	struct view comment;   /* nobody signed it */
	struct view algorithm; /* two letters */
	struct view id;        /* tells keys apart; proves nothing */
	struct view value;     /* the key or the signature */
};

/* What the keys that the user gave say. */
struct ed_answer {
	bool known; /* one has the id */
	bool holds;
	const char *label; /* of the one that holds: borrowed */
	uint8_t key[32];
};

/* Does the file begin like one of these? */
bool ed_lines_are(const struct view *bytes);
/* Take the two lines off `rest`; the value has `size` bytes. Clear in every case. */
int ed_lines_take(struct view *rest, size_t size, struct ed_lines *lines);
void ed_lines_clear(struct ed_lines *lines);
/* The id as minisign prints it; the caller frees. */
char *ed_lines_id(const struct ed_lines *lines);
/* Try every key that has the signature's id over the message; */
void ed_lines_check(const struct trust *trust, const struct ed_lines *signature,
		    const struct view *message, struct ed_answer *answer);
/* judge the answer; and tell it as "key". */
void ed_lines_judge(const struct ed_lines *signature, const struct ed_answer *answer,
		    struct judgement *judgement);
json_t *ed_lines_json(const struct ed_lines *signature, const struct ed_answer *answer);

/* ---- detached signatures: detached.c --------------------------------- */

/* A scheme whose signatures are files of their own. */
struct detached_scheme {
	const char *name;
	/* What its files' names end in, beside the name of the file that is signed:
	 * ".minisig"; NULL at the end. */
	const char *const *suffixes;
	/* Is this file such a signature, by its bytes? Pure. */
	bool (*knows)(const struct view *signature);
	/* As signature_check_detached. */
	int (*check)(const struct view *file, const char *path,
		     const struct view *signature, const struct trust *trust,
		     json_t *signatures, enum signature_status *status,
		     struct err *err);
};

extern const struct detached_scheme detached_clamav;
/* "main-62.cvd", as a signature of main.cvd is called but for its suffix: "main.cvd". NULL
 * for any other name; the caller frees. */
char *clamav_sign_database(const char *name);
extern const struct detached_scheme detached_apk;
extern const struct detached_scheme detached_cms;
extern const struct detached_scheme detached_minisign;
extern const struct detached_scheme detached_signify;
/* A signify signature with the text that it signs behind it (signify(1), -e): where the
 * text is; -1 when it is none. And its check, as signature_check. */
int signify_embedded(const struct view *file, struct view *text);
int signify_check_embedded(const struct view *file, const char *path,
			   const struct trust *trust, json_t *signatures,
			   enum signature_status *status, struct err *err);
extern const struct detached_scheme detached_sshsig;
/* The rows; the last one is OpenPGP, which takes whatever no other knows. */
extern const struct detached_scheme *const detached_schemes[];
/* Is this the name of a signature that lies beside the file `base` (its length is
 * *base_length)? By name alone; the bytes decide which scheme's. */
bool detached_names(const char *path, size_t *base_length);

/* ---- lists of digests: sums.c ------------------------------------------ */

struct sums_algorithm {
	const char *written; /* in a list's line */
	const char *name;    /* OpenSSL's */
	size_t size;
	bool weak; /* collisions are known */
};

struct sums_line {
	char *name; /* as bytes, never NULL */
	const struct sums_algorithm *algorithm;
	uint8_t digest[HASH_MOST];
};

struct sums {
	struct sums_line *lines;
	size_t count;
	size_t unread; /* lines that are neither digest nor comment */
};

/* Is this the name of a list of digests: SHA256SUMS, x.iso.sha512.asc? */
bool sums_named(const char *path);
/* A name without the "./" before it. */
const char *sums_plain(const char *name);
/* Read the lines of a list, GNU's and BSD's form mixed; its path says what a digest
 * without a name is of. Free in every case. */
void sums_parse(const struct view *text, const char *path, struct sums *sums);
void sums_free(struct sums *sums);

/* ---- lists of digests held against files: sums_check.c ----------------- */

/* Files that a list may name. */
struct sums_file {
	char *name; /* relative to the list's folder, without "./": as bytes */
	uint32_t id;
	bool listed; /* a line names it */
};

struct sums_files {
	struct sums_file *items; /* in order of their names */
	size_t count;
	const char *what;  /* names them: "list" */
	bool loose;	   /* a name may be anything, and is then of no file */
	const char *asked; /* the one file that was asked about, shown: what else the
			    * list names is not told. NULL: all of it is */
	/* The digest of a file: its size, 0 when it cannot be computed; -1 with err set
	 * stops. */
	int (*digest)(void *context, uint32_t id, const char *algorithm,
		      uint8_t digest[HASH_MOST], struct err *err);
	void *context;
};

/* What a list says of one file. */
enum sums_word {
	SUMS_COVERED,
	SUMS_WEAKLY, /* only by digests for which collisions are known */
	SUMS_DIFFERS,
	SUMS_ABSENT,
	SUMS_REFUSED, /* a name that leads out of the list's folder */
	SUMS_UNDECIDED,
	SUMS_WORDS,
};

/* Digests held against files. */
struct sums_answer {
	struct sums_files *files; /* those that are named are `listed` now */
	json_t *listed;		  /* the array "files" */
	size_t counts[SUMS_WORDS];
	struct judgement found;
};

/* Hold the lines, which are sorted, against the files; free in every case. */
int sums_hold(struct sums *sums, struct sums_files *files, struct sums_answer *answer,
	      struct err *err);
/* "files" and "coverage" of an entry. */
void sums_answer_tell(const struct sums_answer *answer, json_t *entry);
void sums_answer_free(struct sums_answer *answer);

/* The text of a list, out of its clearsigned or signify's embedded form; views into
 * `file` or `room`. False when it is no list. Clear with sums_text_clear. */
struct sums_text {
	struct view text;
	struct buf room;
	bool clearsigned, embedded;
};
bool sums_text_take(const struct view *file, struct sums_text *text);
void sums_text_clear(struct sums_text *text);

/* The entry of a list, scheme "checksums": each listed file as covered, different or
 * absent, what nobody lists, and the best of `over`, the entries of signatures over the
 * list, as who signed it. Nothing is said of an unsigned text without a line of a list:
 * *entry is NULL then. */
int sums_check(const struct sums_text *text, const char *list_path,
	       struct sums_files *files, const json_t *over, const char *shown,
	       json_t *signatures, json_t **entry, struct err *err);

/* ---- lists of digests in a tree: sums_tree.c --------------------------- */

/* What a walk over a tree keeps for its lists; {0} at the start. */
struct sums_walk {
	uint32_t parent; /* whose children `siblings` are */
	struct sums_file *siblings;
	size_t sibling_count;
	size_t lists;
	json_t *covered; /* member path: path of the signed list that names it */
};

/* The files among the children of `parent`, in order of their names, which the tree owns. */
void sums_siblings_take(struct sums_walk *walk, const struct tree *tree,
			uint32_t parent);
/* If the file holds attestations, their entries. */
int attestation_check_member(struct sums_walk *walk, struct tree *tree, uint32_t id,
			     const struct view *content, const struct trust *trust,
			     json_t *signatures, struct err *err);
/* If the file is a list of digests, its entry. `own` are the entries of the file's own
 * signatures. */
int sums_check_member(struct sums_walk *walk, struct tree *tree, uint32_t id,
		      const struct view *content, bool only_signed, const json_t *own,
		      const struct trust *trust, json_t *signatures, struct err *err);
/* Entries of unsigned members from `before` on that a signed list names get its path as
 * "covered_by"; frees what the walk kept. */
void sums_conclude(struct sums_walk *walk, json_t *signatures, size_t before);

/* ---- DSSE envelopes: dsse.c -------------------------------------------- */

#define DSSE_SIGNATURES_MOST 64

struct dsse_signature {
	const char *keyid; /* proves nothing */
	struct buf value;
};

struct dsse {
	const char *type; /* of the payload: borrowed from the JSON */
	struct buf payload;
	struct buf message; /* what is signed */
	struct dsse_signature signatures[DSSE_SIGNATURES_MOST];
	size_t count;
};

/* What the keys that the user gave say. */
struct dsse_answer {
	struct raw_key signer; /* one that signed; {0} when none did */
	bool named; /* a signature that fits none says that one of them made it */
};

/* Does the object look like an envelope? */
bool dsse_is(const json_t *object);
/* Take it apart; -1 when malformed. The JSON must stay. */
int dsse_parse(const json_t *object, struct dsse *envelope);
void dsse_free(struct dsse *envelope);
/* What is signed of a payload of that type (protocol.md, PAE). */
void dsse_message(const char *type, const struct view *payload, struct buf *message);
/* Try every key given on every signature: one that holds is enough. */
void dsse_check(const struct dsse *envelope, const struct trust *trust,
		struct dsse_answer *answer, struct judgement *found);
void dsse_answer_clear(struct dsse_answer *answer);

/* ---- canonical JSON: canonical.c --------------------------------------- */

/* Append the value as TUF and in-toto sign it; -1 when it has no such form. */
int canonical_json(const json_t *value, struct buf *out);

/* ---- TUF: tuf.c --------------------------------------------------------- */

/* Is the file metadata of a TUF root? */
bool tuf_root_is(const struct buf *bytes);

/* ---- in-toto statements: intoto.c -------------------------------------- */

/* Is it the payload type of statements? */
bool statement_type_is(const char *type);
/* The subjects as lines of names and digests, and the whole as JSON (json_decref); -1
 * when it is no statement. Free the lines in every case. */
int statement_parse(const struct view *payload, struct sums *subjects,
		    json_t **statement);
/* A line for each digest of a file's bytes in a DigestSet; one that has none counts as
 * unread. */
void statement_add_subject(struct sums *sums, const char *name, const json_t *digests);
/* Call each subject as the file is called whose name, from the top or from `folder` ("" or
 * with a '/' at its end), it has, or else whose SHA-256. */
int statement_find_files(struct sums *subjects, const struct sums_files *files,
			 const char *folder, struct err *err);

/* ---- Merkle trees: merkle.c -------------------------------------------- */

/* The hash of a leaf (RFC 6962, 2.1). */
void merkle_leaf(const struct view *entry, struct sha256 *hash);
/* The root that the path from leaf number `index` of a tree of `size` leads to (RFC 9162,
 * 2.1.3.2); -1 when the path is none of such a tree. */
int merkle_root(uint64_t index, uint64_t size, const struct sha256 *leaf,
		const struct sha256 *path, size_t count, struct sha256 *root);

/* ---- checkpoints: note.c ----------------------------------------------- */

/* What a log says of itself, signed; views into the note. */
struct checkpoint {
	struct view origin;
	uint64_t size;
	struct sha256 root;
	struct view text;  /* what is signed */
	struct view lines; /* the signatures */
};

enum note_answer {
	NOTE_HOLDS,
	NOTE_FALSE,    /* signatures that name the key, of which none holds */
	NOTE_UNSIGNED, /* no signature names the key */
};

/* -1 when it is none. */
int checkpoint_parse(const struct view *note, struct checkpoint *checkpoint);
/* Did the key sign it, whose id begins with the four bytes that signatures name it by?
 * Other keys' signatures are passed over. */
enum note_answer checkpoint_check(const struct checkpoint *checkpoint, EVP_PKEY *key,
				  const struct view *id);

/* ---- sigstore bundles: sigstore_root.c, sigstore.c --------------------- */

struct sigstore_root;
struct sigstore_message;

/* Is the file the trusted root of a sigstore instance? */
bool sigstore_root_is(const struct buf *bytes);
/* Read it; -1 when it is malformed. Free with sigstore_root_free; NULL is fine. */
int sigstore_root_read(const struct buf *bytes, const char *label,
		       struct sigstore_root **root);
void sigstore_root_free(struct sigstore_root *root);

/* 1 to 3 for a bundle of version 0.1 to 0.3, 0 for another one, -1: it is no bundle. */
int sigstore_version(const json_t *object);
/* Check the signature of a bundle over the message, which is that of `envelope` unless
 * NULL: signer, log, times. What is told goes to the entry, what is against it is
 * judged. */
void sigstore_check(const json_t *object, const struct sigstore_message *message,
		    const struct dsse *envelope, const struct view *signature,
		    const struct trust *trust, json_t *entry, struct judgement *found);

/* ---- attestations: attestation.c --------------------------------------- */

extern const struct detached_scheme detached_attestation;

/* Is the file an attestation: an envelope or a bundle, or one a line? */
bool attestation_is(const struct view *file);
/* Check each attestation in the file, and hold what it names against the files. `folder`
 * is as of statement_find_files. */
int attestation_check(const struct view *file, struct sums_files *files,
		      const char *folder, const char *path,
		      const struct trust *trust, json_t *signatures,
		      enum signature_status *status, struct err *err);

/* ---- OpenPGP: openpgp.c ---------------------------------------------- */

/* Does the file begin with the armour of a clearsigned text (RFC 9580, 7)? */
bool openpgp_is_cleartext(const struct view *file);

/* Check every signature of a clearsigned text; as signature_check. */
int openpgp_check_cleartext(const struct view *file, const char *path,
			    const struct trust *trust, json_t *signatures,
			    enum signature_status *status, struct err *err);

/* Check every signature in `signature` (armoured or binary) over the file; as
 * signature_check_detached. */
int openpgp_check_detached(const struct view *file, const char *path,
			   const struct view *signature, const struct trust *trust,
			   json_t *signatures, enum signature_status *status,
			   struct err *err);

/* The same over several parts, one after the other. */
int openpgp_check_parts(const struct view *parts, size_t count, const char *path,
			const struct view *signature, const struct trust *trust,
			json_t *signatures, enum signature_status *status,
			struct err *err);

/* ---- OpenPGP framing: openpgp_frame.c --------------------------------- */

/* More signatures in one block than this are refused. */
#define OPENPGP_SIGNATURES_MOST 64

/* The packets of a detached signature, binary or in one armour (RFC 9580, 6.2), which
 * must be signatures alone (RFC 9580, 10.4); how many. ERR_INPUT with what is wrong. */
int openpgp_frame_detached(const struct view *signature, struct buf *packets,
			   size_t *count, struct err *err);

/* The highest version (RFC 9580, 5.2) among framed packets; 0 when there are none. */
uint8_t openpgp_frame_version(const struct buf *packets);

/* The parts of a clear-signed text (RFC 9580, 7): the text that is signed, in its
 * canonical form, and the packets of its signatures. Anything outside of them but
 * empty lines, and any header but Hash, is ERR_INPUT. */
int openpgp_frame_cleartext(const struct view *file, struct buf *text,
			    struct buf *packets, size_t *count, struct err *err);
/* Add to an entry of such a text what of the file is signed. */
void openpgp_frame_cover(const struct view *file, json_t *entry);
/* Make the line ends of such a text, CR LF, newlines alone, in place. */
void openpgp_plain_lines(struct buf *text);

#endif
