/* verify unpack: all files of a file, through all containers, into a new folder. */
#include "cmd/unpack_private.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* Make the folder, or take an empty one. */
static int
take_folder(const char *path, bool *made, int *fd, struct err *err)
{
	*made = mkdir(path, 0777) == 0;
	if (!*made && errno != EEXIST)
		return err_errno(err, "cannot make folder '%s'", path);
	if (file_open_folder(path, fd, err) == -1)
		return -1;
	int own = dup(*fd);
	DIR *dir = own == -1 ? NULL : fdopendir(own);
	if (dir == NULL)
		return err_errno(err, "cannot read folder '%s'", path);
	unsigned entries = 0;
	while (readdir(dir) != NULL)
		entries++;
	closedir(dir);
	if (entries > 2)
		return err_set(err, ERR_USAGE,
			       "folder '%s' is not empty: give one that is new", path);
	return 0;
}

/* What was found on the way, on standard error. */
static void
print_notes(const struct found *found)
{
	const json_t *note, *line;
	json_t *member;
	size_t i, j, at = 0;
	for (; (member = found_next(found, &at)) != NULL; json_decref(member)) {
		const char *path = json_string_value(json_object_get(member, "path"));
		json_array_foreach(json_object_get(member, "notes"), j, note)
		{
			const char *text =
			    json_string_value(json_object_get(note, "text"));
			const char *kind =
			    json_string_value(json_object_get(note, "kind"));
			/* "unwritten" has these with their path */
			if (text == NULL || strncmp(text, "not written", 11) == 0)
				continue;
			say("'%s': %s: %s", path ? path : "", kind ? kind : "note",
			    text);
		}
	}
	json_array_foreach(found->unwritten, i, line)
	    say("%s", json_string_value(line));
}

static int
unpack_file(const char *path, const char *folder, const struct unpack_budget *budget)
{
	struct looking looking = {
	    .path = path, .budget = *budget, .folder = folder, .folder_fd = -1};
	struct err err = {0};
	struct found found = {0};
	bool made = false;
	int status = 0;
	if (access(path, R_OK) == -1) {
		char *shown = text_shown(path);
		err_errno(&err, "cannot open '%s'", shown);
		free(shown);
		return cmd_fail(&err);
	}
	int result = take_folder(folder, &made, &looking.folder_fd, &err);
	if (result == 0)
		result = cmd_look(&looking, &found, &err);
	if (result == 0) {
		print_notes(&found);
		if (found.undecided) {
			say("undecided: not all of '%s' could be unpacked", path);
			status = EXIT_UNDECIDED;
		}
	} else {
		status = cmd_fail(&err);
		if (made)
			rmdir(folder); /* only when nothing was written */
	}
	if (looking.folder_fd != -1)
		close(looking.folder_fd);
	found_free(&found);
	return status;
}

static int
unpack_run(int argc, char **argv)
{
	static const struct option table[] = {
	    CMD_BUDGET_OPTIONS,
	    CMD_COMMON_OPTIONS,
	    {NULL, 0, NULL, 0},
	};
	struct unpack_budget budget = unpack_default_budget;
	int option;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":qv", table, NULL)) != -1) {
		enum option_answer answer =
		    option >= OPTION_DEPTH && option <= OPTION_RATIO
			? cmd_budget_option(option, optarg, &budget)
			: cmd_option(&cmd_unpack, option, argv, NULL);
		if (answer != OPTION_TAKEN)
			return answer == OPTION_SHOWN_HELP ? 0 : EXIT_USAGE;
	}
	if (!cmd_arguments(&cmd_unpack, argc, 2, 2))
		return EXIT_USAGE;
	return unpack_file(argv[optind], argv[optind + 1], &budget);
}

const struct command cmd_unpack = {
    .name = "unpack",
    .run = unpack_run,
    .arguments = "FILE DIR",
    .summary = "all files of a file, through all containers, into the new folder DIR",
    .options = CMD_BUDGET_HELP,
};
