/* Certificates, signed data and PE images to order, good and bad, for the tests of
 * src/signature: made with OpenSSL and the encoder here, never with the reader under
 * test. */
#ifndef VERIFY_SIGNATURE_BUILD_H
#define VERIFY_SIGNATURE_BUILD_H

#include <openssl/x509.h>

#include "signature/signature.h"
#include "test.h"

#define BUILD_NOW 1795478400 /* 2026-11-24T00:00:00Z: the tests' present */

/* ---- certificates ---------------------------------------------------- */

struct id {
	X509 *certificate;
	EVP_PKEY *key;
};

struct id_recipe {
	const char *subject;     /* "/C=CH/CN=x" */
	const struct id *issuer; /* NULL: self-signed */
	const char *key; /* "p256" (NULL), "rsa2048", "rsa1024", "rsa3", "p192", ... */
	const char *from, *until;  /* NULL: 2020 to 2040 */
	const char *digest;        /* NULL: sha256 */
	const char *extensions[6]; /* "name=value" as in openssl.cnf */
	bool no_key_ids;
	const EVP_PKEY *same_key; /* use this key instead of a new one */
};

#define EXTENSIONS_CA                                                                  \
	"basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"
#define EXTENSIONS_LEAF                                                                \
	"keyUsage=critical,digitalSignature", "extendedKeyUsage=codeSigning"
#define EXTENSIONS_TSA                                                                 \
	"keyUsage=critical,digitalSignature", "extendedKeyUsage=critical,timeStamping"

struct id id_make(const struct id_recipe *recipe);
/* A signed list of `issuer` that revokes `gone` at that time. */
X509_CRL *crl_make(const struct id *issuer, const struct id *gone, const char *when);
/* Write PREFIX.pem and PREFIX.key into the test folder. */
void id_write(const struct id *id, const char *prefix);
/* Add it as an anchor by a file. */
void trust_id(struct trust *trust, const struct id *id, bool timestamps);
/* Add only its fingerprint. */
void trust_id_fingerprint(struct trust *trust, const struct id *id, bool timestamps);

/* ---- DER ------------------------------------------------------------- */

void put_der(struct buf *out, unsigned tag, const void *bytes, size_t count);
/* Put a header before what was appended since `start`. */
void put_around(struct buf *out, size_t start, unsigned tag);
void put_oid(struct buf *out, const char *oid);
void put_algorithm(struct buf *out, const char *oid);
/* An attribute with the encoded values. */
void put_attribute(struct buf *out, const char *oid, const struct buf *values);

/* ---- signed data ------------------------------------------------------ */

struct signing {
	const struct id *signer;
	const struct id *others[8]; /* certificates that come along */
	const char *digest;         /* NULL: sha256 */
	const char *content_type;   /* NULL: SPC_INDIRECT_DATA */
	struct buf content;         /* encoded, tag and all */
	const char
	    *attribute_type;    /* contentType attribute; NULL: the same; "": none */
	const char *set_digest; /* digestAlgorithms; NULL: the same */
	struct buf more_attributes;     /* encoded, signed */
	struct buf unsigned_attributes; /* encoded */
	struct buf tail;                /* stuffed after signerInfos */
	X509_CRL *crl;
	bool no_attributes, two_digests, two_signers, wrong_digest, bad_value;
	struct buf signature; /* made by signing_make */
	struct buf signed_attributes;
};

/* Make the signature; unsigned attributes may be added afterwards. */
void signing_make(struct signing *signing);
/* The whole ContentInfo. */
struct buf signing_finish(struct signing *signing);
/* Content for Authenticode over that image. */
void signing_content(struct signing *signing, const struct buf *image,
		     const char *digest);
/* Both at once: a signature over `image`. */
struct buf sign_image(struct signing *signing, const struct buf *image);

/* An RFC 3161 token about `signature`, as an encoded unsigned attribute. */
struct token {
	const struct id *authority;
	const struct id *others[4];
	const char *time;           /* "20260513100613Z" */
	const char *imprint_digest; /* NULL: sha256 */
	const struct buf *about;    /* the signature value */
};
void put_token(struct buf *attributes, const struct token *token);
/* A legacy countersignature. */
void put_countersignature(struct buf *attributes, const struct token *token);
/* A nested signature. */
void put_nested(struct buf *attributes, const struct buf *der);

/* ---- images ---------------------------------------------------------- */

/* A PE32+ image of 1024 bytes, unsigned, a multiple of 8 long. */
struct buf image_make(void);
/* The image with a certificate table of these signatures. */
struct buf image_attach(const struct buf *image, const struct buf *const *signatures,
			size_t count);
struct buf image_attach_one(const struct buf *image, const struct buf *signature);
/* The offset of directory 4's entry in image_make's images. */
#define IMAGE_DIRECTORY 0x128
#define IMAGE_CHECKSUM  0xd8

/* ---- checking --------------------------------------------------------- */

/* The status of an image; entries are in *entries unless NULL (json_decref). */
enum signature_status check_image(const struct buf *image, const struct trust *trust,
				  json_t **entries);
/* Is `text` somewhere in that string of entry `i`? */
bool entry_says(const json_t *entries, size_t i, const char *key, const char *text);

#endif
