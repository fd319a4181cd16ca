/*
 * Why bytes differ, where a program can show it: the table of causes, and what is
 * done with it. First every difference is asked of every row; then typed fields are
 * proved where nothing else differs; then consequences get the place they follow from.
 */
#include "compare/cause_private.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Up to so many differences of a file a number that may be a time is one perhaps. */
#define FEW 8

#define LEAF      1U
#define CONTAINER 2U

static const struct cause_rule {
	const char *what; /* for readers of this table */
	unsigned where;
	bool (*explains)(struct scene *scene, struct difference *one);
} rules[] = {
    {"values recomputed on both sides", LEAF | CONTAINER, cause_derived},
    {"what compressors write", CONTAINER, cause_content},
    {"checksums of debug files", LEAF, cause_debug_link},
    {"digests that a linker makes", LEAF, cause_identity},
    {"fields that the format names", LEAF | CONTAINER, cause_field},
    {"owners and modes of members", CONTAINER, cause_owner},
    {"times in extra fields of a zip", CONTAINER, cause_extra_times},
    {"lines of digest lists", LEAF, cause_list},
    {"a year as an operand", LEAF, cause_operand},
    {"dates in text", LEAF, cause_date},
    {"paths below two roots", LEAF, cause_path},
    {"names of the build's environment", LEAF, cause_environment},
    {"numbers that are times", LEAF, cause_epoch},
};

/* ---- helpers of the rows --------------------------------------------- */

bool
cause_say(struct difference *one, enum cause_kind kind, const char *name,
	  const char *evidence, ...)
{
	struct buf text = {0};
	va_list args;
	if (one->cause.name != NULL)
		return false;
	va_start(args, evidence);
	buf_vprintf(&text, evidence, args);
	va_end(args);
	one->cause.kind = kind;
	one->cause.name = name;
	one->cause.evidence = buf_take(&text);
	return true;
}

void
cause_equal(struct cause *cause, const char *name, const char *proof,
	    const char *evidence, ...)
{
	struct buf text = {0};
	va_list args;
	va_start(args, evidence);
	buf_vprintf(&text, evidence, args);
	va_end(args);
	*cause = (struct cause){.name = name,
				.kind = CAUSE_EQUAL,
				.proved = true,
				.evidence = buf_take(&text),
				.proof = base_strdup(proof)};
}

uint64_t
difference_offset(const struct difference *one, size_t side)
{
	return side == 0 ? one->range.shipped : one->range.rebuilt;
}

uint64_t
difference_length(const struct difference *one, size_t side)
{
	return side == 0 ? one->range.shipped_length : one->range.rebuilt_length;
}

const struct extent *
scene_extent(const struct scene *scene, size_t side, const struct difference *one)
{
	const struct map *map = scene->sides[side].map;
	uint64_t offset = difference_offset(one, side), end;
	if (!one->placed || map == NULL || difference_length(one, side) == 0 ||
	    sum_u64(offset, difference_length(one, side), &end) == -1)
		return NULL;
	const struct extent *extent = map_find(map, offset);
	if (extent == NULL || end > extent->offset + extent->length)
		return NULL;
	return extent;
}

bool
scene_named(const struct scene *scene, const struct difference *one, const char *name)
{
	for (size_t side = 0; side < 2; side++) {
		const struct extent *extent = scene_extent(scene, side, one);
		if (extent == NULL || strcmp(extent->name, name) != 0)
			return false;
	}
	return true;
}

int64_t
cause_latest(void)
{
	return (int64_t)time(NULL) + 86400;
}

void
scene_close(struct scene *scene)
{
	for (size_t side = 0; side < 2; side++) {
		code_free(&scene->sides[side].code);
		free(scene->sides[side].members);
		free(scene->roots[side]);
	}
}

/* ---- proofs ---------------------------------------------------------- */

static bool
is_consequence(const struct cause *cause)
{
	return cause->name != NULL &&
	       (cause->kind == CAUSE_DERIVED || cause->kind == CAUSE_FOLLOWS);
}

/* The one typed field in which the whole object differs, but for what was recomputed;
 * NULL when there is more to it. *fields and *derived count. */
static const char *
only_field(const struct scene *scene, const struct differences *list, size_t *fields,
	   size_t *derived)
{
	const char *name = NULL;
	*fields = *derived = 0;
	for (size_t i = 0; i < list->count; i++) {
		const struct difference *one = &list->items[i];
		const struct cause *cause = &one->cause;
		bool placed = one->placed || one->kind == DIFFERENCE_ORDER ||
			      scene->sides[0].map == NULL;
		if (cause->name == NULL || !placed || one->aggregated > 0)
			return NULL;
		if (cause->kind == CAUSE_DERIVED) {
			++*derived;
			continue;
		}
		if (cause->kind != CAUSE_TYPED ||
		    (name != NULL && strcmp(name, cause->name) != 0))
			return NULL;
		name = cause->name;
		++*fields;
	}
	return name;
}

/*
 * Every byte that differs is in the list. When all of it is one typed field, the same
 * value put there on both sides makes them equal, and what was recomputed follows.
 */
static void
prove_field(const struct scene *scene, struct differences *list)
{
	size_t fields, derived;
	if (scene->container && !scene->contents_equal)
		return;
	const char *name = only_field(scene, list, &fields, &derived);
	if (name == NULL)
		return;
	for (size_t i = 0; i < list->count; i++) {
		struct cause *cause = &list->items[i].cause;
		if (cause->kind != CAUSE_TYPED)
			continue;
		struct buf proof = {0};
		buf_printf(&proof,
			   "with this field (%zu place%s) given one value, all other "
			   "bytes of both sides are equal",
			   fields, fields == 1 ? "" : "s");
		if (derived > 0)
			buf_printf(&proof,
				   " or %zu value%s that %s recomputed on each side",
				   derived, derived == 1 ? "" : "s",
				   derived == 1 ? "was" : "were");
		cause->proved = true;
		cause->proof = buf_take(&proof);
	}
}

/* ---- what follows from what ------------------------------------------ */

const char *
place_member(const char *place)
{
	const char *at = place ? strstr(place, " of ") : NULL;
	return at != NULL ? at : "";
}

/* The difference that this one most likely follows from: of the same member, else the
 * first that is no consequence itself. */
static const struct difference *
find_source(const struct differences *list, const struct difference *one)
{
	const struct difference *first = NULL;
	const char *member = place_member(one->place);
	size_t looked = 0;
	for (size_t i = 0; i < list->count && looked < 1000; i++) {
		const struct difference *other = &list->items[i];
		if (is_consequence(&other->cause) || other->place == NULL)
			continue;
		looked++;
		if (first == NULL)
			first = other;
		if (*member != '\0' && strcmp(member, place_member(other->place)) == 0)
			return other;
	}
	return *member != '\0' && first != NULL && *place_member(first->place) != '\0'
		   ? NULL
		   : first;
}

static void
tell_sources(struct differences *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct difference *one = &list->items[i];
		if (!is_consequence(&one->cause) || one->cause.follows_from != NULL)
			continue;
		const struct difference *source = find_source(list, one);
		if (source != NULL) {
			one->cause.follows_from = base_strdup(source->place);
			continue;
		}
		if (one->cause.kind != CAUSE_FOLLOWS)
			continue;
		char *evidence = one->cause.evidence;
		one->cause.evidence = base_format(
		    "%s: what moved it is in nothing that is listed here", evidence);
		free(evidence);
	}
}

void
causes_find(struct scene *scene, struct differences *list)
{
	unsigned where = scene->container ? CONTAINER : LEAF;
	scene->few = list->count <= FEW;
	/* all differences of a file together show more than each of them */
	if (!scene->container)
		survey_order(scene, list);
	for (size_t i = 0; i < list->count; i++) {
		struct difference *one = &list->items[i];
		for (size_t k = 0; k < ARRAY_COUNT(rules) && one->cause.name == NULL;
		     k++) {
			if ((rules[k].where & where) != 0)
				rules[k].explains(scene, one);
		}
	}
	if (!scene->container)
		survey_token(scene, list);
	prove_field(scene, list);
	tell_sources(list);
}
