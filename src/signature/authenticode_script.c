/*
 * Authenticode in scripts: PowerShell's (.ps1, .psm1, .psd1), its XML files (.ps1xml,
 * .psc1, .cdxml), managed objects (.mof), and those of the Windows Script Host (.js,
 * .vbs). The PKCS #7 is a block of comments in
 * base64 at the end,
 *
 *	text  CR LF
 *	# SIG # Begin signature block  CR LF
 *	# MII...  CR LF
 *	# SIG # End signature block  CR LF
 *
 * and digested is the text before it, with its byte order mark, as UTF-16LE: so one
 * digest stands for all encodings of one text. The Windows Script Host has another
 * comment in each line ("// SIG // MII..."), and digests the text without the mark,
 * then the number of its units in four bytes. Its .wsf, where the block is an element
 * in the text, are told and not checked.
 */
#include "signature/authenticode_private.h"

#define OID_SIP_INFO "1.3.6.1.4.1.311.2.1.30"

enum {
	SCRIPT_MOST = 64 << 20, /* bytes that are looked at */
	SIP_SIZE = 16,
};

/* SpcSipInfo of PowerShell's, {603BCC1F-4B59-4E08-B724-D2C6297EF351}, of JScript's,
 * {06C9E010-38CE-11D4-A2A3-00104BD35090}, and of VBScript's,
 * {1629F04E-2799-4DB5-8FE5-ACE10F17EBAB}. */
static const uint8_t powershell_sip[SIP_SIZE] = {0x1f, 0xcc, 0x3b, 0x60, 0x59, 0x4b,
						 0x08, 0x4e, 0xb7, 0x24, 0xd2, 0xc6,
						 0x29, 0x7e, 0xf3, 0x51};
static const uint8_t jscript_sip[SIP_SIZE] = {0x10, 0xe0, 0xc9, 0x06, 0xce, 0x38,
					      0xd4, 0x11, 0xa2, 0xa3, 0x00, 0x10,
					      0x4b, 0xd3, 0x50, 0x90};
static const uint8_t vbscript_sip[SIP_SIZE] = {0x4e, 0xf0, 0x29, 0x16, 0x99, 0x27,
					       0xb5, 0x4d, 0x8f, 0xe5, 0xac, 0xe1,
					       0x0f, 0x17, 0xeb, 0xab};

/* How a kind of script says that a line is a comment. */
struct style {
	const char *begin, *end;    /* the block's first and last line */
	const char *before, *after; /* of the base64 in each line between them */
	const uint8_t *sip;
	bool host;  /* of the Windows Script Host */
	bool ascii; /* tools disagree what 8-bit text without a mark is */
};

static const struct style styles[] = {
    {"# SIG # Begin signature block", "# SIG # End signature block", "# ", "",
     powershell_sip, false, false},
    {"<!-- SIG # Begin signature block -->", "<!-- SIG # End signature block -->",
     "<!-- ", " -->", powershell_sip, false, true},
    {"/* SIG # Begin signature block */", "/* SIG # End signature block */", "/* ",
     " */", powershell_sip, false, true},
    {"// SIG // Begin signature block", "// SIG // End signature block", "// SIG // ",
     "", jscript_sip, true, true},
    {"'' SIG '' Begin signature block", "'' SIG '' End signature block", "'' SIG '' ",
     "", vbscript_sip, true, true},
};

struct script {
	struct buf text; /* UTF-16LE, from the mark on */
	bool mark;       /* is there a byte order mark? */
	bool wide;       /* or anything that is not ASCII? */
	const struct style *style;
	size_t signed_end; /* of the text that is digested, in bytes of `text` */
	size_t block;      /* where the block's first line starts */
	size_t block_end;  /* behind the last line that is one of it */
	struct buf base64, der;
};

/* ---- the text ----------------------------------------------------------- */

static void
put_unit(struct buf *text, uint32_t unit)
{
	const char bytes[2] = {(char)(unit & 0xff), (char)(unit >> 8)};
	buf_append(text, bytes, 2);
}

static void
put_character(struct buf *text, uint32_t character)
{
	if (character < 0x10000) {
		put_unit(text, character);
	} else {
		put_unit(text, 0xd800 + ((character - 0x10000) >> 10));
		put_unit(text, 0xdc00 + ((character - 0x10000) & 0x3ff));
	}
}

/* The character at `at` (RFC 3629, section 4), *at moved past it; -1 when malformed. */
static int
next_character(const struct view *file, uint64_t *at, uint32_t *character)
{
	uint8_t byte = 0;
	if (view_u8(file, (*at)++, &byte) == -1)
		return -1;
	unsigned more = byte < 0x80 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	if ((byte >= 0x80 && byte < 0xc2) || byte > 0xf4)
		return -1;
	*character = more == 0 ? byte : byte & (0x3fU >> more);
	for (unsigned i = 0; i < more; i++) {
		if (view_u8(file, (*at)++, &byte) == -1 || (byte & 0xc0) != 0x80)
			return -1;
		*character = *character << 6 | (byte & 0x3f);
	}
	return *character < least[more] || *character > 0x10ffff ||
		       (*character >= 0xd800 && *character < 0xe000)
		   ? -1
		   : 0;
}

/* The file as UTF-16LE; -1 when it is no Unicode text. */
static int
read_text(struct script *script, const struct view *file)
{
	const struct encoding *encoding = encoding_of(file);
	uint32_t character = 0;
	script->mark = encoding->mark_size > 0;
	if (encoding->width > 2)
		return -1;
	if (encoding->width == 2) {
		for (uint64_t at = 0; at < file->size; at += 2)
			put_unit(&script->text, encoding_unit(encoding, file, at));
		return 0;
	}
	for (uint64_t at = 0; at < file->size;) {
		if (next_character(file, &at, &character) == -1)
			return -1;
		script->wide = script->wide || character >= 0x80;
		put_character(&script->text, character);
	}
	return 0;
}

/* ---- the block ---------------------------------------------------------- */

/* ASCII text as UTF-16LE. */
static struct buf
widen(const char *text)
{
	struct buf wide = {0};
	for (; *text != '\0'; text++)
		put_unit(&wide, (unsigned char)*text);
	return wide;
}

/* Where a line of `file` starts with `marker`, from `from` on; false: nowhere. `unit`
 * is the size of a character. */
static bool
find_line(const struct view *file, const struct buf *marker, size_t unit, size_t *from)
{
	const char *data = (const char *)file->data;
	while (*from < file->size) {
		const char *found = memmem(data + *from, (size_t)file->size - *from,
					   marker->data, marker->size);
		if (found == NULL)
			return false;
		*from = (size_t)(found - data);
		/* The first line stands behind the byte order mark, if any. */
		if (*from < 4 || data[*from - unit] == '\n' || data[*from - 1] == '\n')
			return true;
		*from += 1;
	}
	return false;
}

/* Could a block begin anywhere? Most texts need no further look. */
static bool
may_hold_block(const struct view *file)
{
	static const char words[] = "Begin signature block";
	struct buf wide = widen(words);
	bool may =
	    file->size > 0 &&
	    (memmem(file->data, (size_t)file->size, words, sizeof(words) - 1) != NULL ||
	     memmem(file->data, (size_t)file->size, wide.data, wide.size) != NULL);
	buf_free(&wide);
	return may;
}

/* The style whose block begins in the file, in any encoding; NULL: there is none. */
static const struct style *
style_of(const struct view *file)
{
	for (size_t i = 0; i < ARRAY_COUNT(styles); i++) {
		struct buf narrow = {0}, wide = widen(styles[i].begin);
		size_t at = 0, wide_at = 0;
		buf_puts(&narrow, styles[i].begin);
		/* Of UTF-16BE, the low bytes are found one byte late: no matter here.
		 */
		bool found = find_line(file, &narrow, 1, &at) ||
			     find_line(file, &wide, 2, &wide_at);
		buf_free(&narrow);
		buf_free(&wide);
		if (found)
			return &styles[i];
	}
	return NULL;
}

/* Find the block: exactly one, with an empty line's end before it. */
static void
find_block(struct authenticode *checking, struct script *script)
{
	struct view text = view_of_buf(&script->text);
	struct buf marker = widen(script->style->begin);
	size_t at = 0, next;
	if (!find_line(&text, &marker, 2, &at)) {
		judgement_add(&checking->found, SIGNATURE_INVALID,
			      "the signature block is none in the text's encoding");
		at = script->text.size;
	}
	next = at + 2;
	if (find_line(&text, &marker, 2, &next))
		judgement_add(&checking->found, SIGNATURE_INVALID,
			      "more than one signature block");
	script->block = at;
	script->signed_end = at;
	if (at >= 4 && view_has(&text, at - 4, "\r\0\n\0", 4))
		script->signed_end = at - 4;
	else
		judgement_add(&checking->found, SIGNATURE_INVALID,
			      "no line end (CR LF) stands before the signature block");
	buf_free(&marker);
}

/* What stands between a comment's marks, which may be base64 alone. */
static bool
take_line(struct script *script, const struct view *line)
{
	const struct style *style = script->style;
	size_t before = strlen(style->before), after = strlen(style->after);
	if (line->size < before + after || line->size > before + after + 64 ||
	    !view_has(line, 0, style->before, before) ||
	    !view_has(line, line->size - after, style->after, after))
		return false;
	buf_append(&script->base64, line->data + before,
		   (size_t)line->size - before - after);
	return true;
}

/* The block's units as bytes; 0 for what is not ASCII, which no line may hold. */
static struct buf
narrow_block(const struct script *script)
{
	struct buf narrow = {0};
	for (size_t at = script->block; at + 2 <= script->text.size; at += 2) {
		const char *unit = script->text.data + at;
		const char byte = unit[1] == 0 && (unit[0] & 0x80) == 0 ? unit[0] : 0;
		buf_append(&narrow, &byte, 1);
	}
	return narrow;
}

/* Take the next line off, which CR LF must end. */
static bool
next_line(struct view *rest, struct view *line)
{
	const uint8_t *end =
	    rest->size == 0 ? NULL : memmem(rest->data, (size_t)rest->size, "\r\n", 2);
	if (end == NULL)
		return false;
	*line = view_of(rest->data, (size_t)(end - rest->data));
	*rest = view_from(rest, line->size + 2);
	return true;
}

/* Every line of the block, and that nothing follows it. */
static void
read_block(struct authenticode *checking, struct script *script)
{
	struct buf narrow = narrow_block(script);
	struct view rest = view_of_buf(&narrow), line = {NULL, 0};
	const char *end = script->style->end;
	bool fine = next_line(&rest, &line) &&
		    line.size == strlen(script->style->begin),
	     ended = false;
	while (fine && !ended && next_line(&rest, &line)) {
		ended = line.size == strlen(end) && view_has(&line, 0, end, line.size);
		fine = ended || take_line(script, &line);
		if (fine)
			script->block_end =
			    script->text.size - 2 * (size_t)rest.size;
	}
	struct view base64 = view_of_buf(&script->base64);
	if (!fine || !ended)
		judgement_add(&checking->found, SIGNATURE_INVALID,
			      "the signature block has a line that is none of it");
	else if (rest.size > 0)
		judgement_add(&checking->found, SIGNATURE_INVALID,
			      "%ju characters follow the signature block",
			      (uintmax_t)rest.size);
	if (raw_base64(&base64, false, &script->der) == -1)
		judgement_add(&checking->found, SIGNATURE_INVALID,
			      "the signature block is not base64");
	buf_free(&narrow);
}

/* ---- the check ------------------------------------------------------------ */

static void
script_digest(const struct authenticode *checking,
	      const struct digest_algorithm *algorithm, struct digest *digest)
{
	const struct script *script = checking->subject;
	struct view parts[2] = {view_of(script->text.data, script->signed_end)};
	size_t mark = script->mark ? 2 : 0;
	if (!script->style->host) {
		digest_of(algorithm, parts, 1, digest);
		return;
	}
	parts[0] = view_from(&parts[0], mark);
	uint64_t units = parts[0].size / 2;
	const uint8_t count[] = {(uint8_t)units, (uint8_t)(units >> 8),
				 (uint8_t)(units >> 16), (uint8_t)(units >> 24)};
	parts[1] = view_of(count, sizeof(count));
	digest_of(algorithm, parts, 2, digest);
}

/* Where a place of the text is in the file, which may be UTF-8. */
static uint64_t
place_of(const struct view *file, size_t text_at)
{
	uint64_t at = 0;
	uint32_t character = 0;
	if (encoding_of(file)->width == 2)
		return text_at;
	for (size_t units = 0; units < text_at / 2; units++) {
		if (next_character(file, &at, &character) == -1)
			break;
		if (character >= 0x10000)
			units++;
	}
	return at;
}

/* What the block holds besides the signature is no part of that: no byte of such a
 * block is accounted for. */
static void
script_coverage(const struct authenticode *checking, json_t *entry)
{
	const struct script *script = checking->subject;
	const struct view *file = checking->file;
	if (checking->top_count == 0)
		return;
	uint64_t text = place_of(file, script->signed_end);
	uint64_t block = place_of(file, script->block);
	uint64_t end = place_of(file, script->block_end);
	if (script->mark && script->style->host)
		coverage_add(entry, 0, encoding_of(file)->mark_size,
			     COVERAGE_STRUCTURAL, "byte order mark");
	coverage_add(entry, 0, text, COVERAGE_SIGNED, "text");
	coverage_add(entry, text, block - text, COVERAGE_STRUCTURAL, "line end");
	if (end > block && checking->tops[0].size == script->der.size)
		coverage_add(entry, block, end - block, COVERAGE_SIGNATURE,
			     "signature block");
}

static void
check_block(struct authenticode *checking, struct script *script)
{
	struct view room, der;
	struct judgement found = {0};
	find_block(checking, script);
	read_block(checking, script);
	room = view_of_buf(&script->der);
	authenticode_take(&room, "the signature block", &der, &found);
	if (der.size < room.size && found.status == SIGNATURE_VALID)
		judgement_add(&found, SIGNATURE_INVALID,
			      "zeros follow the signature inside the signature block");
	if (script->wide && !script->mark)
		strings_add(&checking->notes,
			    "the text has no byte order mark: its digest is that of "
			    "UTF-8, and a reader may take it for something else");
	checking->tops[checking->top_count++] = der;
	authenticode_signature(checking, &der, "0", "comment block at the end", &found);
	judgement_free(&found);
}

/* NULL, or why the digest of such a script is not computed. */
static const char *
trouble_of(struct script *script, const struct view *file)
{
	if (file->size > SCRIPT_MOST)
		return "the script is larger than 64 MiB";
	if (read_text(script, file) == -1)
		return "the script is neither UTF-8 nor UTF-16: what its characters "
		       "are is not known";
	if (script->wide && !script->mark && script->style->ascii)
		return "the script has characters beyond ASCII and no byte order mark: "
		       "signers disagree what they are";
	return NULL;
}

static void
script_check(struct authenticode *checking)
{
	struct script script = {.style = style_of(checking->file)};
	checking->subject = &script;
	const char *trouble = trouble_of(&script, checking->file);
	if (trouble != NULL)
		authenticode_only(checking, "0", "comment block", SIGNATURE_NOT_CHECKED,
				  trouble);
	else
		check_block(checking, &script);
	buf_free(&script.text);
	buf_free(&script.base64);
	buf_free(&script.der);
}

/* Is it a script of that kind with a signature? */
static bool
is_script(const struct view *file, const struct format *format, const uint8_t *sip)
{
	if (!(format == NULL || format_is(format, "text")) || !may_hold_block(file))
		return false;
	const struct style *style = style_of(file);
	return style != NULL && style->sip == sip;
}

static bool
script_knows(const struct view *file, const struct format *format)
{
	return is_script(file, format, powershell_sip);
}

static bool
jscript_knows(const struct view *file, const struct format *format)
{
	return is_script(file, format, jscript_sip);
}

static bool
vbscript_knows(const struct view *file, const struct format *format)
{
	return is_script(file, format, vbscript_sip);
}

#define SCRIPT(kind_knows, kind_sip)                                                   \
	{                                                                              \
		.format = "script", .title = "script", .noun = "script",               \
		.type = OID_SIP_INFO, .sip = kind_sip, .knows = kind_knows,            \
		.check = script_check, .digest = script_digest,                        \
		.coverage = script_coverage                                            \
	}

const struct authenticode_kind authenticode_script =
    SCRIPT(script_knows, powershell_sip);
const struct authenticode_kind authenticode_jscript =
    SCRIPT(jscript_knows, jscript_sip);
const struct authenticode_kind authenticode_vbscript =
    SCRIPT(vbscript_knows, vbscript_sip);

/* ---- scripts with the block in the middle -------------------------------- */

static const char element[] = "<signature>\r\n** SIG ** ";

static bool
wsf_knows(const struct view *file, const struct format *format)
{
	uint64_t at;
	struct buf wide = {0};
	if (!(format == NULL || format_is(format, "text")))
		return false;
	bool is = view_find(file, 0, element, sizeof(element) - 1, &at) == 0;
	if (!is) {
		wide = widen(element);
		is = view_find(file, 0, wide.data, wide.size, &at) == 0;
	}
	buf_free(&wide);
	return is;
}

static void
wsf_check(struct authenticode *checking)
{
	authenticode_only(checking, "0", "element 'signature'", SIGNATURE_NOT_CHECKED,
			  "signatures in .wsf files of the Windows Script Host are not "
			  "checked here");
}

const struct authenticode_kind authenticode_wsf = {.format = "script",
						   .title = "script",
						   .noun = "script",
						   .type = OID_SIP_INFO,
						   .knows = wsf_knows,
						   .check = wsf_check};
