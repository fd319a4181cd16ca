/* The instructions around a difference side by side, those that differ marked. */
#include "report/html_private.h"

enum { INSTRUCTIONS_MOST = 64, BYTES_MOST = 32 };

static const char *const side_names[] = {"shipped", "rebuilt"};

static bool
differs_at(const json_t *code, size_t side, size_t i)
{
	return json_is_true(
	    json_object_get(finding_at(code, side_names[side], i), "differs"));
}

/* Instruction bytes in pairs of digits; what is none goes as it stands. */
static void
write_bytes(struct html *page, const char *hex)
{
	uint8_t bytes[BYTES_MOST];
	size_t length = strlen(hex);
	if (length % 2 != 0 || length / 2 > BYTES_MOST ||
	    hex_decode(hex, false, bytes, length / 2) == -1) {
		html_text(page, hex);
		return;
	}
	for (size_t i = 0; i < length / 2; i++)
		buf_printf(page->out, "%s%02x", i ? " " : "", bytes[i]);
}

/* Three cells for one instruction; empty ones when this side has none here. */
static void
write_instruction(struct html *page, const json_t *instruction, size_t side)
{
	bool differs = json_is_true(json_object_get(instruction, "differs"));
	const char *class = side == 0 ? "s" : "r";
	buf_printf(page->out, "<th scope=\"row\" class=\"%s\">", class);
	if (instruction == NULL) {
		html_raw(page,
			 "</th><td class=\"bytes\"></td><td class=\"text\"></td>");
		return;
	}
	buf_printf(page->out, "%06jx</th><td class=\"bytes\">%s",
		   (uintmax_t)finding_number(instruction, "offset"),
		   differs ? "<mark>" : "");
	write_bytes(page, finding_string_or(instruction, "bytes", ""));
	buf_printf(page->out, "%s</td><td class=\"text\">", differs ? "</mark>" : "");
	html_element(page, differs ? "mark" : "span",
		     finding_string_or(instruction, "text", ""));
	html_raw(page, "</td>");
}

static void
write_row(struct html *page, const json_t *code, const size_t at[2], const bool has[2])
{
	html_raw(page, "<tr>");
	for (size_t side = 0; side < 2; side++)
		write_instruction(
		    page,
		    has[side] ? finding_at(code, side_names[side], at[side]) : NULL,
		    side);
	html_raw(page, "</tr>\n");
}

/* Both lists in step: what is equal in pairs, and a run that differs on either side
 * as long as the longer one. */
static void
write_rows(struct html *page, const json_t *code, const size_t counts[2])
{
	size_t at[2] = {0, 0};
	while ((at[0] < counts[0] || at[1] < counts[1]) && html_room(page)) {
		bool has[2], changed[2];
		for (size_t side = 0; side < 2; side++) {
			has[side] = at[side] < counts[side];
			changed[side] = has[side] && differs_at(code, side, at[side]);
		}
		/* the side that is through with its run waits for the other one */
		for (size_t side = 0; side < 2; side++)
			has[side] = has[side] && (changed[side] || !changed[1 - side]);
		write_row(page, code, at, has);
		at[0] += has[0];
		at[1] += has[1];
	}
}

bool
html_code(struct html *page, const json_t *difference)
{
	const json_t *code = json_object_get(difference, "code");
	size_t counts[2], cut = 0;
	for (size_t side = 0; side < 2; side++) {
		counts[side] = finding_length(code, side_names[side]);
		if (counts[side] > INSTRUCTIONS_MOST) {
			cut += counts[side] - INSTRUCTIONS_MOST;
			counts[side] = INSTRUCTIONS_MOST;
		}
	}
	if (counts[0] == 0 && counts[1] == 0)
		return false;
	html_raw(page, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		       "aria-label=\"Instructions\"><table class=\"pair code\">\n");
	html_format(page, "caption",
		    "Instructions (%s%s), shipped on the left, rebuilt on the right; "
		    "those that differ are underlined",
		    finding_string_or(code, "architecture", "machine not known"),
		    finding_is(code, "alignment", "likely")
			? ", where they start is likely, not known"
			: "");
	html_raw(page,
		 "<thead><tr><th scope=\"col\">Shipped at</th><th scope=\"col\">Bytes"
		 "</th><th scope=\"col\">Instruction</th><th scope=\"col\">Rebuilt at"
		 "</th><th scope=\"col\">Bytes</th><th scope=\"col\">Instruction</th>"
		 "</tr></thead>\n<tbody>\n");
	write_rows(page, code, counts);
	html_raw(page, "</tbody></table></div>\n");
	html_cut(page, "p class=\"cut\"", cut, 0, "instructions");
	return true;
}
