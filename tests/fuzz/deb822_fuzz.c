/* Every reader of descriptions on arbitrary bytes; what is read must write and read. */
#include <sys/mman.h>
#include <unistd.h>

#include "describe/describe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_all(const char *path)
{
	struct err err = {0};
	struct release *release = NULL;
	struct toolchain *toolchain = NULL;
	struct dsc *dsc = NULL;
	struct buildinfo *buildinfo = NULL;
	struct buf out = {0};
	if (release_read(path, &release, &err) == 0)
		release_free(release);
	if (dsc_read(path, &dsc, &err) == 0)
		dsc_free(dsc);
	if (buildinfo_read(path, &buildinfo, &err) == 0)
		buildinfo_free(buildinfo);
	if (toolchain_read(path, &toolchain, &err) == 0) {
		toolchain_write(toolchain, &out);
		toolchain_free(toolchain);
	}
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view view = view_of(data, size);
	struct deb822 *parsed = NULL;
	struct err err = {0};
	if (deb822_parse("fuzz", &view, &parsed, &err) == -1)
		return 0;
	deb822_free(parsed);
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	char *path = base_format("/proc/self/fd/%d", fd);
	if (fd != -1 && file_write_fd(fd, data, size, &err) == 0)
		read_all(path);
	free(path);
	close(fd);
	return 0;
}
