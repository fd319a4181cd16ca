/*
 * Code requirements as text, in the language that csreq(1) reads: what the signer says
 * that later versions of the program are known by. Expressions are stored with the
 * operator first (Security framework, requirement.h); all numbers are big-endian.
 */
#include "signature/codesign_private.h"

#define MAGIC_SET         UINT32_C(0xfade0c01)
#define MAGIC_REQUIREMENT UINT32_C(0xfade0c00)
#define OPERATOR_FLAGS    UINT32_C(0xff000000)

enum {
	DEPTH_MOST = 64,
	TEXT_MOST = 4096,
	SET_MOST = 8,
	DESIGNATED = 3, /* kSecDesignatedRequirementType */
};

enum operator_code {
	OP_IDENT = 2,
	OP_ANCHOR_HASH = 4,
	OP_INFO_VALUE = 5,
	OP_AND = 6,
	OP_OR = 7,
	OP_CDHASH = 8,
	OP_NOT = 9,
	OP_INFO_FIELD = 10,
	OP_CERT_FIELD = 11,
	OP_TRUSTED_CERT = 12,
	OP_CERT_GENERIC = 14,
	OP_ENTITLEMENT = 16,
	OP_CERT_POLICY = 17,
};

/* Operators that are words alone. */
static const char *const words[] = {
    [0] = "never",
    [1] = "always",
    [3] = "anchor apple",
    [13] = "anchor trusted",
    [15] = "anchor apple generic",
    [21] = "notarized",
    [23] = "legacy",
};

struct reading {
	struct view rest;
	struct buf text;
	unsigned depth;
};

static int
take_u32(struct reading *reading, uint32_t *value)
{
	if (view_u32be(&reading->rest, 0, value) == -1)
		return -1;
	reading->rest = view_from(&reading->rest, 4);
	return 0;
}

/* A length and bytes, filled up to four. */
static int
take_data(struct reading *reading, struct view *data)
{
	uint32_t size = 0;
	if (take_u32(reading, &size) == -1 ||
	    view_sub(&reading->rest, 0, size, data) == -1)
		return -1;
	reading->rest = view_from(&reading->rest, (uint64_t)size + (-size & 3));
	return 0;
}

static int
put_quoted(struct reading *reading)
{
	struct view data;
	if (take_data(reading, &data) == -1)
		return -1;
	uint64_t size = data.size < TEXT_MOST ? data.size : TEXT_MOST, at = 0, quote;
	buf_puts(&reading->text, "\"");
	/* a quote would end the text, and what follows be taken for the language */
	while (view_find(&data, at, "\"", 1, &quote) == 0 && quote < size) {
		text_show(&reading->text, data.data + at, (size_t)(quote - at));
		buf_puts(&reading->text, "\\x22");
		at = quote + 1;
	}
	text_show(&reading->text, data.data + at, (size_t)(size - at));
	buf_puts(&reading->text, "\"");
	return 0;
}

static int
put_digest(struct reading *reading)
{
	struct view data;
	char hex[2 * 64 + 1];
	if (take_data(reading, &data) == -1 || data.size > 64)
		return -1;
	hex_encode(data.data, (size_t)data.size, hex);
	buf_printf(&reading->text, "H\"%s\"", hex);
	return 0;
}

/* Which certificate of the chain: 0 is the leaf, -1 the anchor. */
static int
put_certificate(struct reading *reading)
{
	uint32_t slot = 0;
	if (take_u32(reading, &slot) == -1)
		return -1;
	if (slot == 0)
		buf_puts(&reading->text, "certificate leaf");
	else if (slot == UINT32_MAX)
		buf_puts(&reading->text, "certificate root");
	else
		buf_printf(&reading->text, "certificate %d", (int)slot);
	return 0;
}

/* "[field.1.2.840…]" or "[subject.OU]" */
static int
put_field(struct reading *reading, const char *kind)
{
	struct view data;
	struct der oid = {.tag = DER_OID};
	char dotted[OID_TEXT];
	if (take_data(reading, &data) == -1)
		return -1;
	buf_printf(&reading->text, "[%s", kind);
	if (kind[0] == '\0') {
		text_show(&reading->text, data.data,
			  data.size < OID_TEXT ? (size_t)data.size : OID_TEXT);
	} else {
		oid.value = data;
		if (der_oid(&oid, dotted) == -1)
			return -1;
		buf_puts(&reading->text, dotted);
	}
	buf_puts(&reading->text, "]");
	return 0;
}

/* What the field is compared with. */
static int
put_match(struct reading *reading)
{
	static const struct {
		const char *before, *after;
	} relations[] = {{" exists", ""}, {" = ", ""},  {" = *", "*"},
			 {" = ", "*"},    {" = *", ""}, {" < ", ""},
			 {" > ", ""},     {" <= ", ""}, {" >= ", ""}};
	uint32_t match = 0;
	if (take_u32(reading, &match) == -1 || match >= ARRAY_COUNT(relations))
		return -1;
	buf_puts(&reading->text, relations[match].before);
	if (match != 0 && put_quoted(reading) == -1)
		return -1;
	buf_puts(&reading->text, relations[match].after);
	return 0;
}

/* An expression in one of that operator: "or" in "and" needs brackets. */
static int put_expression(struct reading *reading, uint32_t outer);

static int
put_binary(struct reading *reading, uint32_t code, uint32_t outer)
{
	bool brackets = outer != 0 && outer != code;
	buf_puts(&reading->text, brackets ? "(" : "");
	if (put_expression(reading, code) == -1)
		return -1;
	buf_puts(&reading->text, code == OP_AND ? " and " : " or ");
	if (put_expression(reading, code) == -1)
		return -1;
	buf_puts(&reading->text, brackets ? ")" : "");
	return 0;
}

static int
put_info(struct reading *reading)
{
	buf_puts(&reading->text, "info");
	return put_field(reading, "") == -1 ? -1 : put_match(reading);
}

static int
put_certificate_field(struct reading *reading, const char *kind)
{
	return put_certificate(reading) == -1 || put_field(reading, kind) == -1
		   ? -1
		   : put_match(reading);
}

static int
put_operator(struct reading *reading, uint32_t code, uint32_t outer)
{
	struct buf *text = &reading->text;
	switch (code) {
	case OP_IDENT:
		buf_puts(text, "identifier ");
		return put_quoted(reading);
	case OP_ANCHOR_HASH:
		if (put_certificate(reading) == -1)
			return -1;
		buf_puts(text, " = ");
		return put_digest(reading);
	case OP_INFO_VALUE:
		buf_puts(text, "info");
		if (put_field(reading, "") == -1)
			return -1;
		buf_puts(text, " = ");
		return put_quoted(reading);
	case OP_AND:
	case OP_OR:
		return put_binary(reading, code, outer);
	case OP_CDHASH:
		buf_puts(text, "cdhash ");
		return put_digest(reading);
	case OP_NOT:
		buf_puts(text, "! ");
		return put_expression(reading, OP_NOT);
	case OP_INFO_FIELD:
		return put_info(reading);
	case OP_CERT_FIELD:
		return put_certificate_field(reading, "");
	case OP_TRUSTED_CERT:
		if (put_certificate(reading) == -1)
			return -1;
		buf_puts(text, " trusted");
		return 0;
	case OP_CERT_GENERIC:
		return put_certificate_field(reading, "field.");
	case OP_CERT_POLICY:
		return put_certificate_field(reading, "policy.");
	case OP_ENTITLEMENT:
		buf_puts(text, "entitlement");
		return put_field(reading, "") == -1 ? -1 : put_match(reading);
	default:
		return -1;
	}
}

static int
put_expression(struct reading *reading, uint32_t outer)
{
	uint32_t code = 0;
	int answer = 0;
	if (take_u32(reading, &code) == -1 || reading->depth++ == DEPTH_MOST ||
	    reading->text.size > TEXT_MOST)
		return -1;
	code &= ~OPERATOR_FLAGS;
	if (code < ARRAY_COUNT(words) && words[code] != NULL)
		buf_puts(&reading->text, words[code]);
	else
		answer = put_operator(reading, code, outer);
	reading->depth--;
	return answer;
}

char *
code_requirement_text(const struct view *set)
{
	uint32_t magic = 0, count = 0, type = 0, offset = 0, kind = 0;
	struct reading reading = {.depth = 0};
	view_u32be(set, 0, &magic);
	view_u32be(set, 8, &count);
	for (uint32_t i = 0; magic == MAGIC_SET && i < count && i < SET_MOST; i++) {
		view_u32be(set, 12 + 8 * (uint64_t)i, &type);
		if (type == DESIGNATED)
			view_u32be(set, 16 + 8 * (uint64_t)i, &offset);
	}
	reading.rest = view_from(set, offset);
	/* magic, length, kind 1: an expression */
	if (offset == 0 || take_u32(&reading, &magic) == -1 ||
	    magic != MAGIC_REQUIREMENT || take_u32(&reading, &count) == -1 ||
	    take_u32(&reading, &kind) == -1 || kind != 1 ||
	    put_expression(&reading, 0) == -1) {
		buf_free(&reading.text);
		return NULL;
	}
	return buf_take(&reading.text);
}
