/* What two containers say of one member, field by field. */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

struct told {
	const char *path; /* shown text */
	const char *what; /* the container's format */
	struct differences *list;
};

/* Takes the values over; NULL stands for "none". */
static void
tell(const struct told *told, const char *field, char *shipped, char *rebuilt)
{
	struct difference one = {.kind = DIFFERENCE_METADATA};
	one.place = base_format("%s %s of %s", told->what, field, told->path);
	one.field = base_strdup(field);
	one.shipped = shipped ? shipped : base_strdup("none");
	one.rebuilt = rebuilt ? rebuilt : base_strdup("none");
	differences_add(told->list, &one);
}

static char *
mode_text(const struct member *member)
{
	if (!member->has_mode)
		return NULL;
	return base_format("%04o", (unsigned)member->mode);
}

static char *
number_text(bool known, uint64_t number)
{
	return known ? base_format("%ju", (uintmax_t)number) : NULL;
}

static char *
string_text(const char *string)
{
	return string ? text_shown(string) : NULL;
}

static char *
mtime_text(const struct member *member)
{
	char text[TIME_TEXT];
	if (!member->has_mtime)
		return NULL;
	time_text(member->mtime, text);
	if (member->mtime_ns == 0)
		return base_strdup(text);
	return base_format("%s and %09u ns", text, (unsigned)member->mtime_ns);
}

static bool
strings_differ(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a != b : strcmp(a, b) != 0;
}

/* The first line of *at without its end; moves *at behind it. */
static struct view
next_line(const char **at)
{
	size_t length = strcspn(*at, "\n");
	struct view line = view_of(*at, length);
	*at += length + ((*at)[length] == '\n');
	return line;
}

static int
order_lines(const struct view *a, const struct view *b)
{
	uint64_t shorter = a->size < b->size ? a->size : b->size;
	int order = shorter ? memcmp(a->data, b->data, shorter) : 0;
	return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

/* Lines of `text` that `other` does not have, joined with ", "; NULL for none. Both
 * are sorted. */
static char *
lines_only_in(const char *text, const char *other)
{
	struct buf out = {0};
	const char *at = text ? text : "", *rest = other ? other : "";
	while (*at != '\0') {
		struct view line = next_line(&at), against = {NULL, 0};
		int order = -1;
		while (*rest != '\0') {
			const char *behind = rest;
			against = next_line(&behind);
			order = order_lines(&line, &against);
			if (order < 0)
				break;
			rest = behind;
			if (order == 0)
				break;
			order = -1;
		}
		if (order == 0)
			continue;
		if (out.size > 0)
			buf_puts(&out, ", ");
		text_show(&out, line.data, (size_t)line.size);
	}
	return out.size > 0 ? buf_take(&out) : NULL;
}

static void
compare_owners(const struct member *a, const struct member *b, const struct told *told)
{
	if (a->has_owner != b->has_owner || a->uid != b->uid)
		tell(told, "uid", number_text(a->has_owner, a->uid),
		     number_text(b->has_owner, b->uid));
	if (a->has_owner != b->has_owner || a->gid != b->gid)
		tell(told, "gid", number_text(a->has_owner, a->gid),
		     number_text(b->has_owner, b->gid));
	if (strings_differ(a->uname, b->uname))
		tell(told, "user", string_text(a->uname), string_text(b->uname));
	if (strings_differ(a->gname, b->gname))
		tell(told, "group", string_text(a->gname), string_text(b->gname));
}

static void
compare_devices(const struct member *a, const struct member *b, const struct told *told)
{
	if (a->device_major != b->device_major)
		tell(told, "device major", number_text(true, a->device_major),
		     number_text(true, b->device_major));
	if (a->device_minor != b->device_minor)
		tell(told, "device minor", number_text(true, a->device_minor),
		     number_text(true, b->device_minor));
}

void
metadata_compare(const struct node *shipped, const struct node *rebuilt,
		 const char *what, bool times, bool owners, struct differences *list)
{
	const struct member *a = &shipped->member, *b = &rebuilt->member;
	char *path = text_shown(a->path);
	struct told told = {path, what, list};
	if (strcmp(a->path, b->path) != 0 && times)
		tell(&told, "name", text_shown(a->path), text_shown(b->path));
	if (a->type != b->type)
		tell(&told, "type", base_strdup(member_type_name(a->type)),
		     base_strdup(member_type_name(b->type)));
	if (a->has_mode != b->has_mode || a->mode != b->mode)
		tell(&told, "mode", mode_text(a), mode_text(b));
	if (owners)
		compare_owners(a, b, &told);
	if (times && (a->has_mtime != b->has_mtime || a->mtime != b->mtime ||
		      a->mtime_ns != b->mtime_ns))
		tell(&told, "mtime", mtime_text(a), mtime_text(b));
	if (strings_differ(a->target, b->target))
		tell(&told, "link target", string_text(a->target),
		     string_text(b->target));
	compare_devices(a, b, &told);
	if (strings_differ(a->attributes, b->attributes))
		tell(&told, "attributes", lines_only_in(a->attributes, b->attributes),
		     lines_only_in(b->attributes, a->attributes));
	free(path);
}
