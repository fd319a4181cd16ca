/* describe: release and toolchain descriptions, good and bad. */
#include "test.h"

#include <dirent.h>

#include "describe/describe.h"

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static char *
example(const char *name)
{
	const char *source = getenv("SOURCE");
	return base_format("%s/testdata/describe/%s", source ? source : ".", name);
}

static struct release *
release_example(const char *name)
{
	struct err err = {0};
	struct release *release = NULL;
	char *path = example(name);
	ck_assert_ok(release_read(path, &release, &err), err);
	free(path);
	return release;
}

static struct toolchain *
toolchain_example(const char *name)
{
	struct err err = {0};
	struct toolchain *toolchain = NULL;
	char *path = example(name);
	ck_assert_ok(toolchain_read(path, &toolchain, &err), err);
	free(path);
	return toolchain;
}

static void
assert_hex(const struct sha256 *digest, const char *hex)
{
	char found[SHA256_HEX];
	sha256_hex(digest, found);
	ck_assert_str_eq(found, hex);
}

START_TEST(release_sources_and_steps)
{
	struct release *release = release_example("shim.release");
	char *folder = example("");
	ck_assert_str_eq(release->name, "shim");
	ck_assert_str_eq(release->version, "16.1-2~deb12u1");
	ck_assert(release->has_toolchain_sha256);
	assert_hex(&release->toolchain_sha256, ABC);
	ck_assert_int_eq(release->policy.at.at, AT_TIME);
	/* date -u -d 2026-06-01T00:00:00Z +%s */
	ck_assert_int_eq(release->policy.at.time, 1780272000);
	ck_assert_uint_eq(release->product_count, 1);
	ck_assert_str_eq(release->products[0].name, "shim-signed_1.51_amd64.deb");
	ck_assert_uint_eq(release->source_count, 2);
	const struct release_source *source = release->sources;
	char *path = base_format("%spool/shim_16.1.orig.tar.bz2", folder);
	ck_assert_str_eq(source[0].file.path, path);
	ck_assert_str_eq(source[0].file.name, "pool/shim_16.1.orig.tar.bz2");
	ck_assert_ptr_null(source[0].unpack);
	ck_assert_str_eq(source[0].signer,
			 "pgp:8107B101A432AAC9FE8E547CA348D61BC2713E9F");
	ck_assert_str_eq(source[1].file.path, "/srv/shim_16.1-2.dsc");
	ck_assert_str_eq(source[1].signature, source[1].file.path);
	ck_assert_str_eq(source[1].unpack, "src/shim");
	ck_assert_uint_eq(strlen(source[1].signer), 68);
	ck_assert_uint_eq(release->step_count, 2);
	ck_assert_str_eq(release->steps[1], "cd src");
	free(path);
	free(folder);
	release_free(release);
}
END_TEST

START_TEST(release_files_and_trust)
{
	struct release *release = release_example("shim.release");
	ck_assert_uint_eq(release->output_count, 1);
	ck_assert_str_eq(release->outputs[0].shipped,
			 "usr/lib/shim/shimx64.efi.signed");
	ck_assert_str_eq(release->outputs[0].product, "shim-signed_1.51_amd64.deb");
	ck_assert_uint_eq(release->unbuilt_count, 2);
	ck_assert_str_eq(release->unbuilt[1].path, "usr/share/doc/a file with blanks");
	ck_assert_str_eq(release->unbuilt[1].reason, "packaging of shim-signed");
	ck_assert_uint_eq(release->unbuilt[1].line, release->unbuilt[0].line + 1);
	ck_assert_uint_eq(release->exception_count, 1);
	ck_assert_uint_eq(release->exceptions[0].most, 12);
	ck_assert_str_eq(release->exceptions[0].extent, ".sbat");
	ck_assert(release->policy.has_signers);
	ck_assert_int_eq(release->policy.signers_rule, SIGNERS_ANY);
	ck_assert_uint_eq(release->policy.signers.count, 2);
	ck_assert_uint_eq(release->policy.trust_count, 3);
	const struct policy_trust *trust = release->policy.trust;
	ck_assert_str_eq(trust[0].country, "US");
	ck_assert_str_eq(trust[0].subject, "CN=Microsoft,C=US");
	ck_assert(trust[0].has_signer && !trust[0].has_fingerprint);
	assert_hex(&trust[0].signer, ABC);
	ck_assert(trust[1].has_fingerprint && !trust[1].timestamps);
	ck_assert(trust[2].timestamps);
	assert_hex(&trust[2].fingerprint,
		   "ebec1edd9e140d9c105cc62b15a915c5443ddc514a35e5773c09afb0274c7ba5");
	release_free(release);
}
END_TEST

START_TEST(release_defaults)
{
	struct release *release = release_example("least.release");
	ck_assert_int_eq(release->policy.at.at, AT_SIGNING_TIME);
	ck_assert(!release->policy.has_signers);
	ck_assert_ptr_null(release->toolchain);
	ck_assert_str_eq(release->outputs[0].shipped, ".");
	release_free(release);
}
END_TEST

START_TEST(toolchain_values)
{
	struct toolchain *toolchain = toolchain_example("debian.toolchain");
	ck_assert_int_eq(toolchain->kind, ROOT_DEBIAN);
	ck_assert_uint_eq(toolchain->package_count, 3);
	ck_assert_str_eq(toolchain->packages[1].version, "1:12.2.0-14+deb12u1");
	ck_assert_uint_eq(toolchain->packages[0].size, 96920);
	ck_assert_str_eq(toolchain->mirror_note, "Debian 12, main");
	ck_assert_uint_eq(toolchain->umask, 027);
	ck_assert_uint_eq(toolchain->cpus, 2);
	ck_assert_uint_eq(toolchain->limits.wall_seconds, 5400);
	ck_assert_uint_eq(toolchain->limits.memory, 536870912);
	ck_assert_uint_eq(toolchain->limits.disk, 3298534883328);
	ck_assert_uint_eq(toolchain->limits.log, 1000);
	ck_assert_uint_eq(toolchain->environment.count, 2);
	ck_assert_str_eq(toolchain->environment.items[0],
			 "DEB_BUILD_OPTIONS=parallel=2 nocheck");
	ck_assert_int_eq(toolchain->source_date_epoch, 1671840000);
	toolchain_free(toolchain);
	toolchain = toolchain_example("host.toolchain");
	ck_assert_uint_eq(toolchain->file_count, 3);
	ck_assert_str_eq(toolchain->files[1].target, "dash");
	ck_assert_str_eq(toolchain->files[2].path, "/opt/a b\xff -> c");
	ck_assert_uint_eq(toolchain->files[2].mode, 04755);
	ck_assert_uint_eq(toolchain->limits.processes, 4096);
	toolchain_free(toolchain);
}
END_TEST

/* What toolchain_write gives reads back as itself, byte for byte. */
START_TEST(toolchain_round_trip)
{
	static const char *const names[] = {"debian.toolchain", "tar.toolchain",
					    "directory.toolchain", "host.toolchain"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		struct err err = {0};
		struct buf once = {0}, twice = {0};
		struct toolchain *toolchain = toolchain_example(names[i]),
				 *again = NULL;
		toolchain_write(toolchain, &once);
		test_write("again.toolchain", once.data, once.size);
		char *path = path_join(test_folder(), "again.toolchain");
		ck_assert_ok(toolchain_read(path, &again, &err), err);
		toolchain_write(again, &twice);
		ck_assert_str_eq(once.data, twice.data);
		ck_assert_int_eq(again->kind, toolchain->kind);
		ck_assert_uint_eq(again->package_count, toolchain->package_count);
		ck_assert_uint_eq(again->file_count, toolchain->file_count);
		ck_assert_uint_eq(again->limits.log, toolchain->limits.log);
		ck_assert_uint_eq(again->environment.count,
				  toolchain->environment.count);
		ck_assert(again->has_root_sha256 == toolchain->has_root_sha256);
		toolchain_free(toolchain);
		toolchain_free(again);
		buf_free(&once);
		buf_free(&twice);
		free(path);
	}
}
END_TEST

/* debian.toolchain says everything, in the order in which it is written. */
START_TEST(toolchain_write_keeps_every_field)
{
	struct toolchain *toolchain = toolchain_example("debian.toolchain");
	struct buf written = {0}, read = {0};
	struct err err = {0};
	char *path = example("debian.toolchain");
	ck_assert_ok(file_read(path, 1 << 20, &read, &err), err);
	toolchain_write(toolchain, &written);
	char *mask = strstr(read.data, "Umask: 0027");
	ck_assert_ptr_nonnull(mask);
	memmove(mask + 7, mask + 8, strlen(mask + 8) + 1);
	ck_assert_str_eq(written.data, read.data);
	toolchain_free(toolchain);
	buf_free(&written);
	buf_free(&read);
	free(path);
}
END_TEST

/* A hostile text in a field that a program fills in cannot add another field. */
START_TEST(toolchain_write_keeps_lines_apart)
{
	struct toolchain *toolchain = toolchain_new();
	struct buf out = {0};
	toolchain->kind = ROOT_FOLDER;
	toolchain->name = base_strdup("a\nNetwork: host\r");
	toolchain->architecture = base_strdup("amd64");
	toolchain->root_path = base_strdup("/r");
	toolchain_write(toolchain, &out);
	ck_assert_ptr_nonnull(strstr(out.data, "Name: a Network: host\n"));
	ck_assert_ptr_null(strstr(out.data, "\nNetwork: host"));
	toolchain_free(toolchain);
	buf_free(&out);
}
END_TEST

START_TEST(sizes_and_durations)
{
	static const struct {
		const char *text;
		int result;
		uint64_t value;
	} sizes[] = {{"512", 0, 512},
		     {"8G", 0, 8589934592},
		     {"64M", 0, 67108864},
		     {"1K", 0, 1024},
		     {"0", -1, 0},
		     {"", -1, 0},
		     {"G", -1, 0},
		     {"8g", -1, 0},
		     {"8GB", -1, 0},
		     {"-1", -1, 0},
		     {"18446744073709551616", -1, 0},
		     {"99999999T", -1, 0}},
	  times[] = {{"1h", 0, 3600},   {"90s", 0, 90},  {"90", 0, 90},
		     {"2d", 0, 172800}, {"15m", 0, 900}, {"1h30m", -1, 0}};
	uint64_t value;
	for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
		ck_assert_int_eq(describe_parse_size(sizes[i].text, &value),
				 sizes[i].result);
		if (sizes[i].result == 0)
			ck_assert_uint_eq(value, sizes[i].value);
	}
	for (size_t i = 0; i < ARRAY_COUNT(times); i++) {
		ck_assert_int_eq(describe_parse_duration(times[i].text, &value),
				 times[i].result);
		if (times[i].result == 0)
			ck_assert_uint_eq(value, times[i].value);
	}
}
END_TEST

/* Read a description of either kind; -1 when it is refused. */
static int
read_either(const char *path, struct err *err)
{
	struct release *release = NULL;
	struct toolchain *toolchain = NULL;
	const char *dot = strrchr(path, '.');
	int result = strcmp(dot, ".toolchain") == 0
			 ? toolchain_read(path, &toolchain, err)
			 : release_read(path, &release, err);
	release_free(release);
	toolchain_free(toolchain);
	return result;
}

/* Each file of testdata/describe/bad says in its first line how it is refused. */
START_TEST(bad_examples)
{
	static const char mark[] = "# expect: ";
	char *folder = example("bad");
	DIR *dir = opendir(folder);
	ck_assert_ptr_nonnull(dir);
	unsigned count = 0;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		struct err err = {0};
		struct buf text = {0};
		if (entry->d_name[0] == '.')
			continue;
		char *path = path_join(folder, entry->d_name);
		ck_assert_ok(file_read(path, 1 << 20, &text, &err), err);
		ck_assert(strncmp(text.data, mark, strlen(mark)) == 0);
		text.data[strcspn(text.data, "\n")] = '\0';
		char *wanted = base_format("%s:%s", path, text.data + strlen(mark));
		ck_assert_msg(read_either(path, &err) == -1, "%s was taken", path);
		ck_assert_str_eq(err.message, wanted);
		ck_assert_int_eq(err.kind, ERR_USAGE);
		free(wanted);
		free(path);
		buf_free(&text);
		count++;
	}
	closedir(dir);
	free(folder);
	ck_assert_uint_ge(count, 50);
}
END_TEST

/* Cut off at every byte, a description is read or refused, never more. */
START_TEST(truncated_descriptions)
{
	static const char *const names[] = {"shim.release", "debian.toolchain",
					    "host.toolchain"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		struct buf text = {0};
		struct err err = {0};
		char *path = example(names[i]),
		     *cut = path_join(test_folder(), names[i]);
		ck_assert_ok(file_read(path, 1 << 20, &text, &err), err);
		for (size_t size = 0; size < text.size; size += 1 + size / 200) {
			FILE *file = fopen(cut, "w");
			ck_assert_ptr_nonnull(file);
			ck_assert_uint_eq(fwrite(text.data, 1, size, file), size);
			fclose(file);
			read_either(cut, &err);
		}
		free(path);
		free(cut);
		buf_free(&text);
	}
}
END_TEST

Suite *describe_release_suite(void);

Suite *
describe_release_suite(void)
{
	Suite *suite = suite_create("describe_release");
	TCase *tests = tcase_create("descriptions");
	tcase_add_test(tests, release_sources_and_steps);
	tcase_add_test(tests, release_files_and_trust);
	tcase_add_test(tests, release_defaults);
	tcase_add_test(tests, toolchain_values);
	tcase_add_test(tests, toolchain_round_trip);
	tcase_add_test(tests, toolchain_write_keeps_every_field);
	tcase_add_test(tests, toolchain_write_keeps_lines_apart);
	tcase_add_test(tests, sizes_and_durations);
	tcase_add_test(tests, bad_examples);
	tcase_add_test(tests, truncated_descriptions);
	suite_add_tcase(suite, tests);
	return suite;
}
