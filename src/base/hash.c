/* Hexadecimal and SHA-256, through OpenSSL. */
#include "base/base.h"

#include <errno.h>
#include <openssl/evp.h>
#include <unistd.h>

struct hasher {
	EVP_MD_CTX *context;
};

void
hex_encode(const void *bytes, size_t count, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *byte = bytes;
	for (size_t i = 0; i < count; i++) {
		out[2 * i] = digits[byte[i] >> 4];
		out[2 * i + 1] = digits[byte[i] & 15];
	}
	out[2 * count] = '\0';
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
hex_decode(const char *string, bool colons, void *bytes, size_t count)
{
	uint8_t *out = bytes;
	for (size_t i = 0; i < count; i++) {
		if (colons && i > 0 && *string == ':')
			string++;
		int high = hex_digit(string[0]);
		int low = high == -1 ? -1 : hex_digit(string[1]);
		if (low == -1)
			return -1;
		out[i] = (uint8_t)(high << 4 | low);
		string += 2;
	}
	return *string == '\0' ? 0 : -1;
}

struct hasher *
hasher_new(void)
{
	struct hasher *hasher = base_alloc(1, sizeof(*hasher));
	hasher->context = EVP_MD_CTX_new();
	if (hasher->context == NULL ||
	    EVP_DigestInit_ex(hasher->context, EVP_sha256(), NULL) != 1)
		abort(); /* OpenSSL without SHA-256: nothing could be trusted */
	return hasher;
}

void
hasher_update(struct hasher *hasher, const void *bytes, size_t count)
{
	if (EVP_DigestUpdate(hasher->context, bytes, count) != 1)
		abort();
}

void
hasher_final(struct hasher *hasher, struct sha256 *digest)
{
	/* without a name the same digest starts again: looking one up costs more than
	 * hashing a small file */
	if (EVP_DigestFinal_ex(hasher->context, digest->bytes, NULL) != 1 ||
	    EVP_DigestInit_ex(hasher->context, NULL, NULL) != 1)
		abort();
}

void
hasher_free(struct hasher *hasher)
{
	if (hasher == NULL)
		return;
	EVP_MD_CTX_free(hasher->context);
	free(hasher);
}

void
sha256_of(const void *bytes, size_t count, struct sha256 *digest)
{
	if (EVP_Digest(bytes, count, digest->bytes, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

size_t
hash_of(const char *algorithm, const void *bytes, size_t count,
	  uint8_t digest[HASH_MOST])
{
	static const struct {
		const char *name;
		const EVP_MD *(*method)(void);
	} known[] = {{"MD5", EVP_md5},
		     {"SHA1", EVP_sha1},
		     {"SHA256", EVP_sha256},
		     {"SHA384", EVP_sha384},
		     {"SHA512", EVP_sha512}};
	unsigned size = 0;
	for (size_t i = 0; i < ARRAY_COUNT(known); i++) {
		if (strcmp(known[i].name, algorithm) == 0 &&
		    EVP_Digest(bytes, count, digest, &size, known[i].method(), NULL) !=
			1)
			size = 0;
	}
	return size;
}

int
sha256_of_fd(int fd, struct sha256 *digest, uint64_t *size, struct err *err)
{
	static const size_t chunk = 256 * 1024;
	struct hasher *hasher = hasher_new();
	char *block = base_alloc(chunk, 1);
	uint64_t offset = 0;
	int result = -1;
	for (;;) {
		ssize_t got = pread(fd, block, chunk, (off_t)offset);
		if (got == -1 && errno == EINTR) {
			if (interrupt_check(err) == -1)
				goto out;
			continue;
		}
		if (got == -1) {
			err_errno(err, "cannot read at offset %ju", (uintmax_t)offset);
			goto out;
		}
		if (got == 0)
			break;
		hasher_update(hasher, block, (size_t)got);
		offset += (uint64_t)got;
	}
	hasher_final(hasher, digest);
	*size = offset;
	result = 0;
out:
	free(block);
	hasher_free(hasher);
	return result;
}

void
sha256_hex(const struct sha256 *digest, char out[SHA256_HEX])
{
	hex_encode(digest->bytes, SHA256_SIZE, out);
}

int
sha256_parse(const char *string, struct sha256 *digest)
{
	return hex_decode(string, false, digest->bytes, SHA256_SIZE);
}

bool
sha256_equal(const struct sha256 *a, const struct sha256 *b)
{
	return memcmp(a->bytes, b->bytes, SHA256_SIZE) == 0;
}

json_t *
sha256_json(const struct sha256 *digest)
{
	char hex[SHA256_HEX];
	sha256_hex(digest, hex);
	return json_string(hex);
}
