/*
 * A picture of where in a file its changes lie: one bar for each side on one scale,
 * cut into the regions of its format, with a tick for every difference; and in words
 * which regions have how many.
 *
 * Positions are in per cent and texts are clipped to their region, so that the picture
 * follows the width of the page and its letters keep their size.
 */
#include "report/html_private.h"

#include <stdlib.h>

enum {
	SLOTS = 500,       /* a tick stands for a 500th of the larger side */
	REGIONS_MOST = 64, /* as findings have them */
	LABEL_PART = 8,    /* per cent of the width that a name needs */
	LISTED = 12,       /* regions with changes that are named in words */
};

static const char *const side_names[] = {"shipped", "rebuilt"};
static const char *const side_heads[] = {"Shipped", "Rebuilt"};

struct region {
	const char *name, *tag;
	uint64_t offset, length;
	size_t changes;
};

struct bar {
	struct region regions[REGIONS_MOST];
	size_t count, changes;
	uint64_t size;
	bool ticks[SLOTS];
};

struct picture {
	struct bar bars[2];
	uint64_t scale; /* the larger size */
};

/* The range of a difference on one side; false when it has none there. */
static bool
read_range(const json_t *difference, const char *side, uint64_t *offset,
	   uint64_t *length)
{
	char key[32];
	snprintf(key, sizeof(key), "%s_offset", side);
	if (!json_is_integer(json_object_get(difference, key)))
		return false;
	*offset = finding_number(difference, key);
	snprintf(key, sizeof(key), "%s_length", side);
	*length = finding_number(difference, key);
	return true;
}

/* The regions of one side, each cut to what is inside the file. */
static void
read_regions(const json_t *file, const char *side, struct bar *bar)
{
	const json_t *regions = json_object_get(file, "regions");
	size_t count = finding_length(regions, side);
	for (size_t i = 0; i < count && i < REGIONS_MOST; i++) {
		const json_t *object = finding_at(regions, side, i);
		struct region region = {
		    .name = finding_string_or(object, "name", "?"),
		    .tag = finding_string_or(object, "tag", "?"),
		    .offset = finding_number(object, "offset"),
		    .length = finding_number(object, "length"),
		};
		if (region.offset >= bar->size || region.length == 0)
			continue;
		if (region.length > bar->size - region.offset)
			region.length = bar->size - region.offset;
		bar->regions[bar->count++] = region;
	}
}

/* Where on the scale of 0 to `most` an offset is. */
static double
scaled(const struct picture *picture, uint64_t offset, double most)
{
	return (double)offset / (double)picture->scale * most;
}

static void
read_changes(const json_t *file, struct picture *picture, size_t side)
{
	struct bar *bar = &picture->bars[side];
	for (size_t i = 0; i < finding_length(file, "differences"); i++) {
		const json_t *difference = finding_at(file, "differences", i);
		uint64_t offset, length;
		if (!read_range(difference, side_names[side], &offset, &length) ||
		    offset > bar->size)
			continue;
		if (length > bar->size - offset)
			length = bar->size - offset;
		size_t first = (size_t)scaled(picture, offset, SLOTS);
		size_t last =
		    (size_t)scaled(picture, offset + length - (length > 0), SLOTS);
		for (size_t slot = first; slot <= last && slot < SLOTS; slot++)
			bar->ticks[slot] = true;
		if (first >= SLOTS)
			bar->ticks[SLOTS - 1] = true;
		bar->changes++;
		for (size_t k = 0; k < bar->count; k++) {
			struct region *region = &bar->regions[k];
			region->changes += offset >= region->offset &&
					   offset - region->offset < region->length;
		}
	}
}

static const char *
tag_class(const char *tag)
{
	static const char *const tags[] = {"content", "signature", "derived",
					   "metadata", "padding", "mixed"};
	for (size_t i = 0; i < ARRAY_COUNT(tags); i++) {
		if (strcmp(tags[i], tag) == 0)
			return tags[i];
	}
	return "content";
}

static void
write_region(struct html *page, const struct picture *picture,
	     const struct region *region)
{
	double width = scaled(picture, region->length, 100);
	buf_printf(page->out,
		   "<svg x=\"%.3f%%\" y=\"8\" width=\"%.3f%%\" height=\"28\">",
		   scaled(picture, region->offset, 100), width);
	html_format(page, "title", "%s, %s, from 0x%jx, %ju bytes", region->name,
		    region->tag, (uintmax_t)region->offset, (uintmax_t)region->length);
	buf_printf(page->out, "<rect class=\"t-%s\" width=\"100%%\" height=\"100%%\"/>",
		   tag_class(region->tag));
	if (width >= LABEL_PART)
		html_element(page, "text x=\"5\" y=\"19\"", region->name);
	html_raw(page, "</svg>");
}

/* A run of slots that have changes is one tick. */
static void
write_ticks(struct html *page, const struct bar *bar)
{
	for (size_t slot = 0; slot < SLOTS; slot++) {
		size_t end = slot;
		while (end < SLOTS && bar->ticks[end])
			end++;
		if (end == slot)
			continue;
		buf_printf(page->out,
			   "<rect class=\"tick\" x=\"%.2f%%\" y=\"1\" width=\"%.2f%%\" "
			   "height=\"42\"/>",
			   (double)slot * 100 / SLOTS,
			   (double)(end - slot) * 100 / SLOTS);
		slot = end;
	}
}

static void
write_bar(struct html *page, const struct picture *picture, size_t side)
{
	const struct bar *bar = &picture->bars[side];
	char size[32];
	text_size(bar->size, size);
	html_format(page, "p", "%s, %s", side_heads[side], size);
	buf_printf(page->out,
		   "<svg class=\"map\" width=\"100%%\" height=\"44\" role=\"img\" "
		   "aria-label=\"%s side: %zu changes, told in words below\">"
		   "<rect class=\"whole\" y=\"8\" width=\"%.3f%%\" height=\"28\"/>",
		   side_heads[side], bar->changes, scaled(picture, bar->size, 100));
	for (size_t i = 0; i < bar->count && html_room(page); i++)
		write_region(page, picture, &bar->regions[i]);
	write_ticks(page, bar);
	html_raw(page, "</svg>\n");
}

/* Which regions of one side have changes, in the order of the file. */
static void
write_words(struct html *page, const struct bar *bar, const char *head)
{
	size_t touched = 0, shown = 0;
	html_raw(page, "<li>");
	html_format(page, "span", "%s: ", head);
	for (size_t i = 0; i < bar->count; i++) {
		const struct region *region = &bar->regions[i];
		if (region->changes == 0 || touched++ >= LISTED)
			continue;
		html_format(page, "span", "%s%zu in ", shown ? ", " : "",
			    region->changes);
		html_element(page, "b", region->name);
		html_format(page, "small", " (%s, 0x%jx to 0x%jx)", region->tag,
			    (uintmax_t)region->offset,
			    (uintmax_t)(region->offset + region->length));
		shown++;
	}
	if (touched == 0)
		html_format(page, "span", "%zu change%s", bar->changes,
			    bar->changes == 1 ? "" : "s");
	if (touched > shown)
		html_format(page, "span", ", and in %zu more regions", touched - shown);
	html_raw(page, "</li>\n");
}

static void
read_picture(const json_t *file, struct picture *picture)
{
	for (size_t i = 0; i < 2; i++) {
		struct bar *bar = &picture->bars[i];
		bar->size =
		    finding_number(json_object_get(file, side_names[i]), "size");
		/* rebuilt ranges are those of the grafted file, which is longer */
		if (i == 1 && json_is_object(json_object_get(file, "graft")) &&
		    bar->size < picture->scale)
			bar->size = picture->scale;
		if (bar->size > picture->scale)
			picture->scale = bar->size;
		read_regions(file, side_names[i], bar);
	}
	for (size_t i = 0; i < 2 && picture->scale > 0; i++)
		read_changes(file, picture, i);
}

void
html_map(struct html *page, const json_t *file)
{
	struct picture *picture = base_alloc(1, sizeof(*picture));
	if (html_room(page))
		read_picture(file, picture);
	if (picture->bars[0].changes + picture->bars[1].changes > 0) {
		html_raw(page, "<section class=\"where\">");
		html_element(page, "h4", "Where the changes lie");
		for (size_t i = 0; i < 2; i++)
			write_bar(page, picture, i);
		html_raw(page, "<ul>\n");
		for (size_t i = 0; i < 2; i++)
			write_words(page, &picture->bars[i], side_heads[i]);
		html_raw(page, "</ul></section>\n");
	}
	free(picture);
}

/* ---- what is signed ------------------------------------------------------ */

/* The colour of a kind of bytes: what nothing accounts for stands out. */
static const char *
kind_class(const char *kind)
{
	static const struct {
		const char *kind, *name;
	} rows[] = {{"signed", "t-derived"},
		    {"signature", "t-signature"},
		    {"structural", "t-metadata"}};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		if (strcmp(rows[i].kind, kind) == 0)
			return rows[i].name;
	}
	return "tick";
}

static void
write_range(struct html *page, const json_t *range, double size)
{
	uint64_t offset = finding_number(range, "offset");
	uint64_t length = finding_number(range, "length");
	const char *kind = finding_string_or(range, "kind", "?");
	const char *what = finding_string_or(range, "what", "?");
	double width = (double)length * 100 / size, least = 0.3;
	buf_printf(page->out,
		   "<svg x=\"%.3f%%\" y=\"4\" width=\"%.3f%%\" height=\"24\">",
		   (double)offset * 100 / size, width < least ? least : width);
	html_format(page, "title", "%s: %s, from 0x%jx, %ju bytes", kind, what,
		    (uintmax_t)offset, (uintmax_t)length);
	buf_printf(page->out, "<rect class=\"%s\" width=\"100%%\" height=\"100%%\"/>",
		   kind_class(kind));
	if (width >= LABEL_PART)
		html_element(page, "text x=\"5\" y=\"17\"", kind);
	html_raw(page, "</svg>");
}

void
html_coverage(struct html *page, const json_t *coverage)
{
	size_t count = finding_length(coverage, "ranges");
	const json_t *last = finding_at(coverage, "ranges", count - 1);
	double size = (double)finding_number(last, "offset") +
		      (double)finding_number(last, "length");
	if (count < 2 || size <= 0)
		return;
	html_raw(page, "<svg class=\"map\" width=\"100%\" height=\"32\" role=\"img\" "
		       "aria-label=\"which bytes are signed, told in numbers below\">");
	for (size_t i = 0; i < count && html_room(page); i++)
		write_range(page, finding_at(coverage, "ranges", i), size);
	html_raw(page, "</svg>\n");
}
