/*
 * The contents of a cabinet, decoded by libmspack: it knows all three compressors
 * (MSZIP, LZX, Quantum), checks the sums of data blocks, and reads and writes only
 * through the calls given to it, which are on memory here.
 */
#include "format/cab_private.h"

#include <mspack.h>

/* Files that go back and forth between folders are decoded again for each: a cabinet
 * may be read so many times over, plus a little for its lists. */
#define READS_MOST 16
#define READS_FREE ((uint64_t)1 << 20)

/* libmspack's file: the cabinet to read, or the member to write. */
struct handle {
	struct cab_unpacker *unpacker;
	uint64_t at;
	bool output;
};

struct cab_unpacker {
	struct mspack_system calls; /* first: libmspack hands it back */
	struct mscab_decompressor *decompressor;
	struct mscabd_cabinet *cabinet;
	struct mscabd_file *next;
	struct view view;
	uint64_t reads; /* bytes read so far */
	bool exhausted;
	const struct member_sink *sink;
	bool refused; /* by the sink, which has set *err */
	struct err *err;
};

static struct mspack_file *
mem_open(struct mspack_system *calls, const char *name, int mode)
{
	(void)name;
	if (mode != MSPACK_SYS_OPEN_READ && mode != MSPACK_SYS_OPEN_WRITE)
		return NULL;
	struct handle *handle = base_alloc(1, sizeof(*handle));
	handle->unpacker = (struct cab_unpacker *)(void *)calls;
	handle->output = mode == MSPACK_SYS_OPEN_WRITE;
	return (struct mspack_file *)(void *)handle;
}

static struct handle *
handle_of(struct mspack_file *file)
{
	return (struct handle *)(void *)file;
}

static void
mem_close(struct mspack_file *file)
{
	free(handle_of(file));
}

/* After a block that goes on in another cabinet libmspack reads from no file at all, and
 * counts on hearing that this fails. */
static int
mem_read(struct mspack_file *file, void *buffer, int bytes)
{
	if (file == NULL)
		return -1;
	struct handle *handle = handle_of(file);
	struct cab_unpacker *unpacker = handle->unpacker;
	struct view rest = view_from(&unpacker->view, handle->at);
	if (bytes < 0 || handle->output)
		return -1;
	if (unpacker->reads / READS_MOST > unpacker->view.size + READS_FREE) {
		unpacker->exhausted = true;
		return -1;
	}
	size_t count = rest.size < (uint64_t)bytes ? (size_t)rest.size : (size_t)bytes;
	if (count > 0)
		memcpy(buffer, rest.data, count);
	handle->at += count;
	unpacker->reads += count;
	return (int)count;
}

static int
mem_write(struct mspack_file *file, void *buffer, int bytes)
{
	struct handle *handle = handle_of(file);
	struct cab_unpacker *unpacker = handle->unpacker;
	if (bytes < 0 || !handle->output)
		return -1;
	if (unpacker->sink->data(unpacker->sink->context, buffer, (size_t)bytes,
				 unpacker->err) == -1) {
		unpacker->refused = true;
		return -1;
	}
	return bytes;
}

static int
mem_seek(struct mspack_file *file, off_t offset, int mode)
{
	if (file == NULL)
		return -1;
	struct handle *handle = handle_of(file);
	int64_t size = (int64_t)handle->unpacker->view.size, base = 0;
	if (mode == MSPACK_SYS_SEEK_CUR)
		base = (int64_t)handle->at;
	else if (mode == MSPACK_SYS_SEEK_END)
		base = size;
	if (offset < -base || offset > size - base)
		return -1;
	handle->at = (uint64_t)(base + offset);
	return 0;
}

static off_t
mem_tell(struct mspack_file *file)
{
	return (off_t)handle_of(file)->at;
}

static void
mem_message(struct mspack_file *file, const char *format, ...)
{
	(void)file;
	(void)format;
}

static void *
mem_alloc(struct mspack_system *calls, size_t bytes)
{
	(void)calls;
	return base_alloc(bytes, 1);
}

static void
mem_free(void *memory)
{
	free(memory);
}

static void
mem_copy(void *from, void *to, size_t bytes)
{
	if (bytes > 0)
		memmove(to, from, bytes);
}

static const char *
reason(int error)
{
	switch (error) {
	case MSPACK_ERR_READ:
	case MSPACK_ERR_SEEK:
		return "it ends within the file";
	case MSPACK_ERR_SIGNATURE:
		return "it has no cabinet's signature";
	case MSPACK_ERR_DATAFORMAT:
		return "its lists or blocks are malformed";
	case MSPACK_ERR_CHECKSUM:
		return "the checksum of a data block is wrong";
	case MSPACK_ERR_DECRUNCH:
		return "its data cannot be decompressed";
	default:
		return "libmspack cannot read it";
	}
}

struct cab_unpacker *
cab_unpacker_new(const struct view *view, struct err *err)
{
	struct cab_unpacker *unpacker = base_alloc(1, sizeof(*unpacker));
	unpacker->calls = (struct mspack_system){
	    .open = mem_open,
	    .close = mem_close,
	    .read = mem_read,
	    .write = mem_write,
	    .seek = mem_seek,
	    .tell = mem_tell,
	    .message = mem_message,
	    .alloc = mem_alloc,
	    .free = mem_free,
	    .copy = mem_copy,
	};
	unpacker->view = *view;
	unpacker->decompressor = mspack_create_cab_decompressor(&unpacker->calls);
	if (unpacker->decompressor != NULL)
		unpacker->cabinet =
		    unpacker->decompressor->open(unpacker->decompressor, "");
	if (unpacker->cabinet == NULL) {
		int error =
		    unpacker->decompressor != NULL
			? unpacker->decompressor->last_error(unpacker->decompressor)
			: MSPACK_ERR_NOMEMORY;
		err_set(err, ERR_INPUT, "the cabinet cannot be read: %s",
			reason(error));
		cab_unpacker_free(unpacker);
		return NULL;
	}
	unpacker->next = unpacker->cabinet->files;
	return unpacker;
}

void
cab_unpacker_free(struct cab_unpacker *unpacker)
{
	if (unpacker == NULL)
		return;
	if (unpacker->cabinet != NULL)
		unpacker->decompressor->close(unpacker->decompressor,
					      unpacker->cabinet);
	if (unpacker->decompressor != NULL)
		mspack_destroy_cab_decompressor(unpacker->decompressor);
	free(unpacker);
}

int
cab_unpacker_next(struct cab_unpacker *unpacker, uint32_t size,
		  const struct member_sink *sink, const char **trouble, struct err *err)
{
	struct mscabd_file *file = unpacker->next;
	*trouble = NULL;
	if (file == NULL || file->length != size) {
		*trouble = "libmspack lists other files";
		return 0;
	}
	unpacker->next = file->next;
	unpacker->sink = sink;
	unpacker->err = err;
	int error =
	    unpacker->decompressor->extract(unpacker->decompressor, file, "member");
	if (unpacker->refused)
		return -1;
	if (unpacker->exhausted)
		*trouble = "the cabinet would have to be decoded too often: its files "
			   "are out of order";
	else if (error != MSPACK_ERR_OK)
		*trouble = reason(error);
	return 0;
}
