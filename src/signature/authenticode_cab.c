/*
 * Authenticode in cabinets ([MS-CAB]): a reserve of 20 bytes in the header names the
 * place of a PKCS #7 behind the cabinet.
 *
 *	36  size of the reserve (20), of those in folders (0) and in blocks (0)
 *	40  00 00 10 00  offset  size  two words of zeros
 *
 * Digested are the bytes before the signature, but for the first reserved field (4 to
 * 7), the cabinet's number in its set and the sizes and all but the last word of the
 * reserve (34 to 55). So each of these may say only what signing makes them say.
 */
#include "signature/authenticode_private.h"

#define OID_CAB "1.3.6.1.4.1.311.2.1.25"

enum {
	CAB_SIZE = 8,
	CAB_FLAGS = 30,
	CAB_RESERVED = 4, /* of the flags: there is a reserve */
	CAB_NUMBER = 34,
	CAB_RESERVE = 36,
	SIGNATURE_AT = 44,
	DIGESTED_AGAIN = 56,
};

struct cabinet {
	struct view signature; /* with what pads it */
	uint32_t offset, size;
};

/* Does the header name a signature at all? */
static bool
is_signed(const struct view *file, struct cabinet *cabinet)
{
	uint16_t flags, reserve;
	return view_u16le(file, CAB_FLAGS, &flags) == 0 &&
	       (flags & CAB_RESERVED) != 0 &&
	       view_u16le(file, CAB_RESERVE, &reserve) == 0 && reserve == 20 &&
	       view_u32le(file, SIGNATURE_AT, &cabinet->offset) == 0 &&
	       view_u32le(file, SIGNATURE_AT + 4, &cabinet->size) == 0 &&
	       (cabinet->offset != 0 || cabinet->size != 0);
}

/* What is not digested must say nothing of its own. */
static void
check_header(struct authenticode *checking)
{
	const struct view *file = checking->file;
	struct view zeros;
	uint16_t number = 0;
	if (!view_has(file, 4, "\0\0\0\0", 4))
		judgement_add(&checking->found, SIGNATURE_INVALID,
			      "a reserved field of the header, which nobody signed, is "
			      "not zero");
	/* Sizes in folders and blocks move what stands behind them. */
	if (!view_has(file, CAB_RESERVE, "\x14\0\0\0\0\0\x10\0", 8))
		judgement_add(
		    &checking->found, SIGNATURE_INVALID,
		    "the sizes of the header's reserves, which nobody signed, "
		    "are not those of a signed cabinet");
	if (view_sub(file, SIGNATURE_AT + 8, 8, &zeros) == -1 || !view_is_zero(&zeros))
		judgement_add(&checking->found, SIGNATURE_INVALID,
			      "the header's reserve holds more than the place of the "
			      "signature");
	if (view_u16le(file, CAB_NUMBER, &number) == 0 && number != 0)
		strings_addf(&checking->notes,
			     "the cabinet's number in its set is %u; it is not signed",
			     number);
}

/* The signature follows the cabinet, and ends the file. */
static void
check_place(struct authenticode *checking, struct cabinet *cabinet)
{
	const struct view *file = checking->file;
	uint64_t end = (uint64_t)cabinet->offset + cabinet->size;
	uint32_t size = 0;
	view_u32le(file, CAB_SIZE, &size);
	if (view_sub(file, cabinet->offset, cabinet->size, &cabinet->signature) == -1) {
		judgement_add(&checking->found, SIGNATURE_INVALID,
			      "the signature ends past the file");
		cabinet->signature = (struct view){NULL, 0};
	} else if (end < file->size) {
		judgement_add(&checking->found, SIGNATURE_INVALID,
			      "%ju bytes follow the signature",
			      (uintmax_t)(file->size - end));
	}
	if (cabinet->offset != size || cabinet->offset < CAB_RESERVE + 24)
		judgement_add(&checking->found, SIGNATURE_INVALID,
			      "the signature stands at %u, not at the cabinet's end",
			      cabinet->offset);
}

/* The format's map must find the signature at the same place: two readings of one
 * header are a way to show one file and sign another. */
static bool
map_agrees(const struct authenticode *checking, const struct cabinet *cabinet)
{
	struct map *map = format_map(format_by_name("cab"), checking->file, NULL);
	bool agrees = false;
	for (size_t i = 0; i < map->count; i++) {
		const struct extent *extent = &map->extents[i];
		if (strcmp(extent->name, "cab signature") == 0 &&
		    extent->offset == cabinet->offset &&
		    extent->length == cabinet->size)
			agrees = true;
	}
	map_free(map);
	return agrees;
}

static void
cab_digest(const struct authenticode *checking,
	   const struct digest_algorithm *algorithm, struct digest *digest)
{
	const struct cabinet *cabinet = checking->subject;
	const struct view *file = checking->file;
	struct view parts[3];
	memset(digest, 0, sizeof(*digest));
	if (cabinet->offset < DIGESTED_AGAIN || view_sub(file, 0, 4, &parts[0]) == -1 ||
	    view_sub(file, CAB_SIZE, CAB_NUMBER - CAB_SIZE, &parts[1]) == -1 ||
	    view_sub(file, DIGESTED_AGAIN, cabinet->offset - DIGESTED_AGAIN,
		     &parts[2]) == -1)
		return; /* of size 0: equal to nothing */
	digest_of(algorithm, parts, ARRAY_COUNT(parts), digest);
}

static void
cab_coverage(const struct authenticode *checking, json_t *entry)
{
	const struct cabinet *cabinet = checking->subject;
	const struct view *signature = &cabinet->signature;
	uint64_t der = checking->tops[0].size;
	coverage_add(entry, 4, CAB_SIZE - 4, COVERAGE_STRUCTURAL, "reserved field");
	coverage_add(entry, CAB_NUMBER, DIGESTED_AGAIN - CAB_NUMBER,
		     COVERAGE_STRUCTURAL, "place of the signature");
	coverage_add(entry, 0, cabinet->offset, COVERAGE_SIGNED, "cabinet");
	if (signature->size < der)
		return;
	coverage_add(entry, cabinet->offset, der, COVERAGE_SIGNATURE, "signature");
	coverage_add_zeros(entry, checking->file, cabinet->offset + der,
			   signature->size - der, "padding");
}

static void
cab_check(struct authenticode *checking)
{
	struct cabinet cabinet = {0};
	struct view der;
	struct judgement found = {0};
	checking->subject = &cabinet;
	if (!is_signed(checking->file, &cabinet)) {
		authenticode_only(checking, "0", NULL, SIGNATURE_UNSIGNED,
				  "the cabinet's header names no signature");
		return;
	}
	checking->covers = "all";
	check_header(checking);
	check_place(checking, &cabinet);
	authenticode_take(&cabinet.signature, "the place of the signature", &der,
			  &found);
	if (checking->found.status == SIGNATURE_VALID &&
	    found.status == SIGNATURE_VALID && !map_agrees(checking, &cabinet))
		judgement_add(&checking->found, SIGNATURE_INVALID,
			      "the cabinet's header can be read in two ways");
	checking->tops[checking->top_count++] = der;
	char *where = base_format("behind the cabinet, at offset %u, %u bytes",
				  cabinet.offset, cabinet.size);
	authenticode_signature(checking, &der, "0", where, &found);
	free(where);
	judgement_free(&found);
}

static bool
cab_knows(const struct view *file, const struct format *format)
{
	(void)file;
	return format_is(format, "cab");
}

const struct authenticode_kind authenticode_cab = {.format = "cab",
						   .title = "cabinet",
						   .noun = "cabinet",
						   .type = OID_CAB,
						   .knows = cab_knows,
						   .check = cab_check,
						   .digest = cab_digest,
						   .coverage = cab_coverage};
