/*
 * base: what every room speaks.
 *
 * Errors by value, bounded views of untrusted bytes, growing buffers, text
 * that is safe to show, hashing, files, time, and what is said on standard
 * error. This room knows nothing of products, formats or signatures.
 *
 * Conventions of the whole program:
 *   - 0 is success and -1 is failure; on failure the caller's `err` is set.
 *     What has three answers returns an enum.
 *   - Out-parameters come last before `err` and are set only on success.
 *   - x_free(NULL) is fine.
 *   - Memory that cannot be had ends the program (base_alloc): the parsing of
 *     untrusted bytes runs in a child whose end is a finding.
 */
#ifndef VERIFY_BASE_H
#define VERIFY_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <jansson.h>

#include "base/banned.h"

#define PRINTF_LIKE(at, first) __attribute__((format(printf, at, first)))
#define ARRAY_COUNT(array)	   (sizeof(array) / sizeof((array)[0]))

/* ---- errors ---------------------------------------------------------- */

enum err_kind {
	ERR_NONE = 0,
	ERR_USAGE,	 /* a wrong option, or a description that cannot be read */
	ERR_INPUT,	 /* an input is missing, unreadable, malformed or has another hash */
	ERR_UNSUPPORTED, /* understood well enough to know that it cannot be looked into */
	ERR_LIMIT,	 /* a declared budget was reached */
	ERR_SYSTEM,	 /* the machine refused: disk full, no such call, no permission */
	ERR_INTERRUPTED, /* the user asked to stop */
};

/* Owned by the caller, by value; nothing in it needs freeing. */
struct err {
	enum err_kind kind;
	char message[1024]; /* lower case, no full stop, safe to show */
};

/* Set `err` and return -1. Untrusted text must go through text_show first. */
int err_set(struct err *err, enum err_kind kind, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* The same with ": " and strerror(errno) at the end; kind is ERR_SYSTEM. */
int err_errno(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Put a place and ": " before the message, keeping the kind; returns -1. */
int err_at(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* ---- memory and buffers ---------------------------------------------- */

/* Zeroed memory for `count` elements; never NULL: says so and exits 3 instead. */
void *base_alloc(size_t count, size_t size);

/* realloc with a checked product; never NULL. New bytes are not zeroed. */
void *base_realloc(void *old, size_t count, size_t size);

/* A copy of a string, of at most n bytes of one, of a formatted one; never NULL. */
char *base_strdup(const char *string);
char *base_strndup(const char *string, size_t n);
char *base_format(const char *format, ...) PRINTF_LIKE(1, 2);

/* A growing array of bytes; {0} is the empty buffer. data[size] is always NUL. */
struct buf {
	char *data;
	size_t size, room;
};

/* Bytes, a string, or formatted text at the end. */
void buf_append(struct buf *buf, const void *bytes, size_t count);
void buf_puts(struct buf *buf, const char *string);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *buf, const char *format, va_list args) PRINTF_LIKE(2, 0);
/* JSON text at the end, the same for the same value: keys in byte order, and lines
 * indented by `indent` blanks a level; 0: all on one line. */
void buf_json(struct buf *buf, const json_t *value, unsigned indent);
/* What may take part while JSON is written; each may be NULL. */
struct json_hooks {
	/* Write an item of an array at that depth, or several with commas between, and
	 * answer true; false: it is written as it is. */
	bool (*item)(void *context, struct buf *out, const json_t *item,
		     unsigned indent, unsigned depth);
	/* Take over and clear what has gathered so far: called between items. */
	void (*drain)(void *context, struct buf *gathered);
	void *context;
};
/* buf_json with them. */
void buf_json_hooked(struct buf *buf, const json_t *value, unsigned indent,
		     const struct json_hooks *hooks);
/* The same at the end of a line that stands at `depth`. */
void buf_json_at(struct buf *buf, const json_t *value, unsigned indent, unsigned depth);
/* A JSON string of UTF-8 text. */
void buf_json_string(struct buf *buf, const char *text);
/* A new line at that depth; nothing without an indent. */
void buf_json_line(struct buf *buf, unsigned indent, unsigned depth);
/* `count` zero bytes at the end. */
void buf_zeros(struct buf *buf, size_t count);
/* Empty it, keeping its room. */
void buf_clear(struct buf *buf);
/* Give its memory back; it is {0} afterwards. */
void buf_free(struct buf *buf);
/* Hand the string over to the caller (free() it); the buffer is {0} afterwards. */
char *buf_take(struct buf *buf);

/* A list of strings, each owned; {0} is the empty list. */
struct strings {
	char **items; /* items[count] is NULL once anything was added */
	size_t count;
};

/* A copy of a string, or a formatted one, at the end. */
void strings_add(struct strings *list, const char *string);
void strings_addf(struct strings *list, const char *format, ...) PRINTF_LIKE(2, 3);
/* Is it in the list? Sort in byte order. Free all; the list is {0} afterwards. */
bool strings_have(const struct strings *list, const char *string);
void strings_sort(struct strings *list);
void strings_free(struct strings *list);

/* ---- bounded views of bytes ------------------------------------------ */

/* Bytes that somebody else owns. Every read of file data goes through one. */
struct view {
	const uint8_t *data;
	uint64_t size;
};

/* View over memory; over the bytes of a buffer. */
struct view view_of(const void *data, size_t size);
struct view view_of_buf(const struct buf *buf);

/* The part [offset, offset + length), or -1 when it is not all inside. */
int view_sub(const struct view *view, uint64_t offset, uint64_t length,
	     struct view *part);
/* The part from `offset` to the end; empty when offset is the end or past it. */
struct view view_from(const struct view *view, uint64_t offset);

/* Read one integer at `offset`: 0, or -1 when it is not all inside. */
int view_u8(const struct view *view, uint64_t offset, uint8_t *value);
int view_u16le(const struct view *view, uint64_t offset, uint16_t *value);
int view_u32le(const struct view *view, uint64_t offset, uint32_t *value);
int view_u64le(const struct view *view, uint64_t offset, uint64_t *value);
int view_u16be(const struct view *view, uint64_t offset, uint16_t *value);
int view_u32be(const struct view *view, uint64_t offset, uint32_t *value);
int view_u64be(const struct view *view, uint64_t offset, uint64_t *value);

/* Do the bytes at `offset` equal `bytes`? False when they are not all inside. */
bool view_has(const struct view *view, uint64_t offset, const void *bytes, size_t count);
bool view_equal(const struct view *a, const struct view *b);
/* First place at or after `from` where `bytes` stand; -1 when nowhere. */
int view_find(const struct view *view, uint64_t from, const void *bytes, size_t count,
	      uint64_t *offset);
/* Are all bytes of the part zero? */
bool view_is_zero(const struct view *view);
/* The NUL-ended string at `offset`, at most `limit` bytes before its NUL: a
 * pointer into the view; -1 when no NUL stands there. */
int view_string(const struct view *view, uint64_t offset, size_t limit,
		const char **string);

/* a + b into *sum, or -1 on overflow. */
int sum_u64(uint64_t a, uint64_t b, uint64_t *sum);

/* ---- protocol buffers -------------------------------------------------- */

/* Wire types of protobuf's "Encoding" page; groups are gone and not read. */
enum protobuf_type {
	PROTOBUF_VARINT = 0,
	PROTOBUF_FIXED64 = 1,
	PROTOBUF_BYTES = 2,
	PROTOBUF_FIXED32 = 5,
};

struct protobuf_field {
	uint32_t number;
	enum protobuf_type type;
	uint64_t value;	   /* of a varint */
	struct view bytes; /* of the others: points into the message */
};

/* Take the next field off a message: 0, or -1 when it is malformed or cut off; then
 * `rest` stays. The message ends where `rest` is empty. */
int protobuf_next(struct view *rest, struct protobuf_field *field);

/* ---- mappings: views of files ---------------------------------------- */

/* A read-only view of part of an open file. The file may not shrink while it is
 * mapped: a fault ends the process, which for the confined child is a finding. */
struct mapping {
	struct view view;
	void *base;
	size_t mapped;
};

/* Map [offset, offset + length) of fd; an empty range maps to an empty view. */
int mapping_open(int fd, uint64_t offset, uint64_t length, struct mapping *mapping,
		 struct err *err);
/* Tell the kernel that the bytes before view.data + upto were used and may leave
 * memory; keeps the peak small when a large file is read once from end to end. */
void mapping_release(const struct mapping *mapping, uint64_t upto);
void mapping_close(struct mapping *mapping);

/* ---- text that is safe to show --------------------------------------- */

/*
 * Untrusted bytes become "shown text" once, where they enter the findings:
 * valid UTF-8 without control, bidirectional or zero-width characters, in which
 * '\' is "\\", newline is "\n", tab "\t", and any other such byte or invalid
 * UTF-8 is "\xNN". Shown text can go to a terminal or into JSON as it is.
 */
void text_show(struct buf *out, const void *bytes, size_t count);
/* The same as a string that the caller frees. */
char *text_shown(const char *string);
char *text_shown_n(const void *bytes, size_t count);
/* A JSON string of the shown text. */
json_t *text_json(const char *string);
json_t *text_json_n(const void *bytes, size_t count);
/* Undo text_show; -1 when `shown` is not shown text. */
int text_unshow(const char *shown, struct buf *out);

/* "1.2 MB", "17 bytes": for people, never for comparing. */
void text_size(uint64_t bytes, char out[32]);

/* ---- hexadecimal and hashes ------------------------------------------ */

#define SHA256_SIZE 32
#define SHA256_HEX  65 /* with the NUL */

struct sha256 {
	uint8_t bytes[SHA256_SIZE];
};

/* Lower-case hexadecimal of `count` bytes into out[2 * count + 1]. */
void hex_encode(const void *bytes, size_t count, char *out);
/* Parse exactly 2 * count digits of either case; ':' between pairs is allowed
 * when `colons`. -1 when it is anything else. */
int hex_decode(const char *string, bool colons, void *bytes, size_t count);

/* A running SHA-256 (FIPS 180-4). */
struct hasher;
/* A fresh one; free it with hasher_free. Bytes are hashed in the order given. */
struct hasher *hasher_new(void);
void hasher_update(struct hasher *hasher, const void *bytes, size_t count);
/* The digest; the hasher starts afresh. */
void hasher_final(struct hasher *hasher, struct sha256 *digest);
void hasher_free(struct hasher *hasher);

/* Two at once, in two lanes, in hardly more time than one where the processor has
 * instructions for it. */
struct hash_two;
/* A fresh pair; free it with hash_two_free. */
struct hash_two *hash_two_new(void);
/* The next bytes of either lane; a lane may get none. */
void hash_two_update(struct hash_two *two, const struct view *first,
		     const struct view *second);
/* The digest of lane 0 or 1, which starts afresh. */
void hash_two_final(struct hash_two *two, size_t lane, struct sha256 *digest);
void hash_two_free(struct hash_two *two);

/* One of many strings of bytes to be hashed. */
struct hash_job {
	struct view view;
	struct sha256 *digest; /* where it goes */
};
/* Called when `count` more bytes were hashed; -1 with err set stops. */
typedef int hash_progress(void *context, uint64_t count, struct err *err);
/* Hash them all, two at a time and in order; -1 only when `progress` says so. */
int sha256_of_many(const struct hash_job *jobs, size_t count, hash_progress *progress,
		   void *context, struct err *err);

/* Of bytes in memory. */
void sha256_of(const void *bytes, size_t count, struct sha256 *digest);
#define HASH_MOST 64
/* The digest of bytes in memory by its name ("MD5", "SHA1", "SHA256", "SHA384",
 * "SHA512"): its size, 0 when there is none of that name. For digests that inputs
 * carry; nothing is ever trusted for one. */
size_t hash_of(const char *algorithm, const void *bytes, size_t count,
		 uint8_t digest[HASH_MOST]);
/* Of the whole file behind fd, from its start; its size too. fd stays open. */
int sha256_of_fd(int fd, struct sha256 *digest, uint64_t *size, struct err *err);
void sha256_hex(const struct sha256 *digest, char out[SHA256_HEX]);
/* 64 hexadecimal digits; -1 otherwise. */
int sha256_parse(const char *string, struct sha256 *digest);
bool sha256_equal(const struct sha256 *a, const struct sha256 *b);
/* The digest as a JSON string. */
json_t *sha256_json(const struct sha256 *digest);

/* ---- paths and files ------------------------------------------------- */

/* Is `path` relative, without an empty, "." or ".." part, without a control
 * character and not empty? Only such names are ever joined to a folder. */
bool path_is_plain(const char *path);
/* The part after the last '/'. */
const char *path_base(const char *path);
/* "dir/name" (or name when it is absolute or dir is "."); the caller frees. */
char *path_join(const char *dir, const char *name);
/* The folder of `path`, "." when it has none; the caller frees. */
char *path_dir(const char *path);

/* Open an input for reading, following links; a folder is an error unless
 * `folder` says that one is wanted. ERR_INPUT when there is no such file. */
int file_open(const char *path, int *fd, struct err *err);
int file_open_folder(const char *path, int *fd, struct err *err);
/* The whole file, at most `limit` bytes (more is ERR_LIMIT), appended to `out`. */
int file_read(const char *path, size_t limit, struct buf *out, struct err *err);
int file_read_fd(int fd, size_t limit, struct buf *out, struct err *err);
/* Write all of it or fail; interrupted calls are taken up again. */
int file_write_fd(int fd, const void *bytes, size_t count, struct err *err);
/* Write a file under another name beside it, flush, and rename it into place:
 * readers see the old bytes or the new ones, never a part. */
int file_replace(const char *path, const void *bytes, size_t count, struct err *err);
/* A file that is being written under another name. */
struct file_draft {
	int fd;
	char *path, *name; /* where it goes, and what it is called until then */
};
/* file_replace in steps: write to `fd` after this. */
int file_draft_open(const char *path, struct file_draft *draft, struct err *err);
/* Put it in its place, or take it away when `failed` or when that fails: -1 then. */
int file_draft_end(struct file_draft *draft, bool failed, struct err *err);
/* An anonymous file for scratch data that vanishes with its last descriptor,
 * in $TMPDIR or /var/tmp. */
int file_scratch(int *fd, struct err *err);
/* Copy all bytes from one descriptor to another. */
int file_copy_fd(int from, int to, uint64_t *copied, struct err *err);
/* mkdir -p. */
int folder_make(const char *path, struct err *err);
/* A new private folder below $TMPDIR or /tmp; the caller frees the name and
 * removes the folder. */
int folder_make_temporary(char **path, struct err *err);
/* Remove `name` below dirfd and all that is in it, never following a link.
 * What is already gone is fine. */
int folder_remove(int dirfd, const char *name, struct err *err);

/* ---- time ------------------------------------------------------------ */

/* "2026-05-13T10:06:13Z". */
#define TIME_TEXT 32
/* Seconds since 1970 as RFC 3339, UTC; "@SECONDS" outside of years 0 to 9999. */
void time_text(int64_t seconds, char out[TIME_TEXT]);
/* Parse exactly that form (RFC 3339, UTC only); -1 otherwise. */
int time_parse(const char *string, int64_t *seconds);
/* Seconds of a clock that never goes back. */
double time_elapsed(void);

/* ---- interruption and what is said ----------------------------------- */

/* From now on SIGINT, SIGTERM and SIGHUP set a flag instead of ending us. */
void interrupt_catch(void);
bool interrupt_seen(void);
/* ERR_INTERRUPTED when one was seen, 0 otherwise: for loops and waits. */
int interrupt_check(struct err *err);
/* End this process by the signal that was seen, its default action restored. */
void interrupt_end(void);

/* -1 quiet (-q), 0 normal, 1 verbose (-v). */
void say_level(int level);
/* A line on standard error: always but with -q; only with -v; always. */
void say(const char *format, ...) PRINTF_LIKE(1, 2);
void say_verbose(const char *format, ...) PRINTF_LIKE(1, 2);
void say_error(const char *format, ...) PRINTF_LIKE(1, 2);
/* Replace the progress line: shown only on a terminal, and not with -q. */
void progress_show(const char *format, ...) PRINTF_LIKE(1, 2);
void progress_clear(void);

#endif
