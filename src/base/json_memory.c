/*
 * Memory for JSON values that live as long as the process: pieces off large blocks, and
 * nothing is given back. Findings of many thousand files are a million small values,
 * for which asking and giving back takes longer than all that is done with them.
 */
#include "base/base.h"

#include <stdatomic.h>
#include <sys/mman.h>

#define BLOCK_SIZE ((size_t)2 << 20) /* a huge page, which is faster to come by */
#define LARGE      (BLOCK_SIZE / 8)  /* gets a block of its own */

struct block {
	struct block *next;
	max_align_t bytes[];
};

/* Of all threads, so that no block is ever lost. */
static _Atomic(struct block *) blocks;
static _Thread_local char *rest;
static _Thread_local size_t left;

static void *
block_new(size_t size)
{
	struct block *block = NULL;
	if (size == BLOCK_SIZE)
		block = aligned_alloc(BLOCK_SIZE, BLOCK_SIZE);
	if (block != NULL)
		(void)madvise(block, BLOCK_SIZE, MADV_HUGEPAGE);
	else
		block = base_realloc(NULL, 1, sizeof(*block) + size);
	block->next = atomic_load(&blocks);
	while (!atomic_compare_exchange_weak(&blocks, &block->next, block))
		;
	return block->bytes;
}

static void *
take(size_t size)
{
	size_t alignment = _Alignof(max_align_t);
	if (size >= LARGE)
		return block_new(size);
	size = (size + alignment - 1) / alignment * alignment;
	if (left < size) {
		rest = block_new(BLOCK_SIZE);
		left = BLOCK_SIZE - sizeof(struct block);
	}
	void *memory = rest;
	rest += size;
	left -= size;
	return memory;
}

static void
keep(void *memory)
{
	(void)memory;
}

void
json_keep_memory(void)
{
	json_set_alloc_funcs(take, keep);
}
