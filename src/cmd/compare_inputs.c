/*
 * The two inputs of verify compare, opened and hashed by the parent, which reads
 * nothing but bytes: what the findings say of an input does not come from a child
 * that parsed it.
 */
#include "cmd/compare_private.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP       ((size_t)256 << 10)
#define EQUAL_MOST ((uint64_t)64 << 20) /* equal bytes before work begins anyway */

/* ---- opening --------------------------------------------------------- */

static int
open_input(struct compared *side, struct err *err)
{
	struct stat st;
	side->folder = stat(side->path, &st) == 0 && S_ISDIR(st.st_mode);
	if (side->folder)
		return file_open_folder(side->path, &side->fd, err);
	if (file_open(side->path, &side->fd, err) == -1)
		return -1;
	if (fstat(side->fd, &st) == -1)
		return err_errno(err, "cannot examine the input");
	side->size = (uint64_t)st.st_size;
	return 0;
}

void
side_open(struct compared *side, const char *role, const char *path)
{
	*side = (struct compared){.role = role, .path = path, .fd = -1, .scratch = -1};
	side->name = cmd_root_name(path);
	side->result = open_input(side, &side->err);
}

void
side_close(struct compared *side)
{
	if (side->fd != -1)
		close(side->fd);
	if (side->scratch != -1)
		close(side->scratch);
	free(side->name);
}

/* ---- hashing --------------------------------------------------------- */

/* The next bytes of a side; none at its end, and none of a folder. */
static int
read_step(struct compared *side, uint64_t at, char *block, struct view *part)
{
	*part = view_of(block, 0);
	if (side->folder || side->fd == -1)
		return 0;
	while (part->size < STEP) {
		size_t got = (size_t)part->size;
		ssize_t more =
		    pread(side->fd, block + got, STEP - got, (off_t)(at + got));
		if (more == -1 && errno == EINTR && !interrupt_seen())
			continue;
		if (more == -1) {
			char *shown = text_shown(side->path);
			err_errno(&side->err, "cannot read '%s' at offset %ju", shown,
				  (uintmax_t)(at + got));
			free(shown);
			return side->result = -1;
		}
		if (more == 0)
			break;
		part->size += (uint64_t)more;
	}
	return 0;
}

static void
settle(struct compared *side, struct hash_two *two, size_t lane, uint64_t size)
{
	hash_two_final(two, lane, &side->sha256);
	side->size = size;
	side->hashed = !side->folder && side->result == 0 && side->fd != -1;
}

/* One pass over both, step by step. */
static int
hash_lanes(struct comparing *comparing, struct hash_two *two, char *blocks,
	   sides_start *start, struct err *err)
{
	struct compared *sides[2] = {&comparing->shipped, &comparing->rebuilt};
	uint64_t at[2] = {0, 0};
	struct view parts[2];
	bool wanted = start != NULL;
	do {
		for (size_t i = 0; i < 2; i++) {
			if (read_step(sides[i], at[i], blocks + i * STEP, &parts[i]) ==
			    -1)
				return -1;
		}
		if (wanted && (!view_equal(&parts[0], &parts[1]) ||
			       sides[0]->size != sides[1]->size ||
			       at[0] >= EQUAL_MOST)) {
			wanted = false;
			if (start(comparing, err) == -1)
				return -1;
		}
		hash_two_update(two, &parts[0], &parts[1]);
		at[0] += parts[0].size;
		at[1] += parts[1].size;
		if (interrupt_check(err) == -1)
			return -1;
	} while (parts[0].size > 0 || parts[1].size > 0);
	settle(sides[0], two, 0, at[0]);
	settle(sides[1], two, 1, at[1]);
	return 0;
}

int
sides_hash(struct comparing *comparing, sides_start *start, struct err *err)
{
	struct hash_two *two = hash_two_new();
	char *blocks = base_alloc(2, STEP);
	int result = hash_lanes(comparing, two, blocks, start, err);
	free(blocks);
	hash_two_free(two);
	return result;
}

void
sides_tell(struct comparing *comparing, json_t *findings)
{
	const struct compared *sides[2] = {&comparing->shipped, &comparing->rebuilt};
	for (size_t i = 0; i < 2; i++) {
		const struct compared *side = sides[i];
		if (side->result == -1)
			findings_add_missing_input(findings, side->role, side->path,
						   side->err.message);
		else if (side->hashed)
			findings_add_input(findings, side->role, side->path, side->size,
					   &side->sha256, NULL);
		else
			findings_add_input(findings, side->role, side->path, 0, NULL,
					   NULL);
	}
}
