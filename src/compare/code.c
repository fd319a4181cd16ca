/*
 * The instructions around a difference, decoded by Capstone. Where a function's start
 * is known (a symbol, an unwind table), decoding goes forward from it. Elsewhere
 * several starts before the place must come to agree, and the answer is only likely.
 */
#include "compare/compare_private.h"

#include <capstone/capstone.h>
#include <stdlib.h>
#include <string.h>

enum {
	FUNCTION_MOST = 16384, /* bytes decoded from a function's start */
	RESYNC_FROM = 64,      /* bytes before the place where guessing begins */
	RESYNC_STARTS = 16,
	RESYNC_AGREE = 12,
	BEFORE = 2, /* instructions shown around those that differ */
	AFTER = 2,
	WITHIN = 8, /* of those that differ */
	QUOTED = 2, /* of them in the place's text */
};

/* How each machine is named and decoded. */
static const struct architecture {
	enum code_machine machine;
	const char *name;
	cs_arch arch;
	int mode;
	unsigned step; /* 0: instructions of any length */
} architectures[] = {
    {MACHINE_X86, "x86", CS_ARCH_X86, CS_MODE_32, 0},
    {MACHINE_X86_64, "x86-64", CS_ARCH_X86, CS_MODE_64, 0},
    {MACHINE_ARM, "ARM", CS_ARCH_ARM, CS_MODE_ARM, 4},
    {MACHINE_AARCH64, "AArch64", CS_ARCH_ARM64, CS_MODE_ARM, 4},
    {MACHINE_MIPS32, "MIPS", CS_ARCH_MIPS, CS_MODE_MIPS32, 4},
    {MACHINE_MIPS64, "MIPS64", CS_ARCH_MIPS, CS_MODE_MIPS64, 4},
    {MACHINE_PPC32, "PowerPC", CS_ARCH_PPC, CS_MODE_32, 4},
    {MACHINE_PPC64, "PowerPC 64", CS_ARCH_PPC, CS_MODE_64, 4},
    {MACHINE_S390X, "z/Architecture", CS_ARCH_SYSZ, 0, 0},
    {MACHINE_SPARC, "SPARC", CS_ARCH_SPARC, 0, 4},
#if CS_API_MAJOR >= 5
    {MACHINE_RISCV32, "RISC-V 32", CS_ARCH_RISCV, CS_MODE_RISCV32 | CS_MODE_RISCVC, 0},
    {MACHINE_RISCV64, "RISC-V 64", CS_ARCH_RISCV, CS_MODE_RISCV64 | CS_MODE_RISCVC, 0},
#endif
};

static const struct architecture thumb = {MACHINE_ARM, "ARM Thumb", CS_ARCH_ARM,
					  CS_MODE_THUMB, 0};

/* One side's decoder for one place. */
struct decoder {
	const struct scene_side *side;
	const struct code_range *range;
	const struct architecture *architecture;
	csh handle;
	cs_insn *instruction;
	uint64_t *budget;
};

/* Where decoding comes to the place: up to BEFORE boundaries and the start of the
 * instruction that holds it. */
struct approach {
	uint64_t starts[BEFORE + 1]; /* the last one holds the place */
	size_t count;
	bool sure;
};

static const struct architecture *
find_architecture(enum code_machine machine)
{
	for (size_t i = 0; i < ARRAY_COUNT(architectures); i++) {
		if (architectures[i].machine == machine)
			return &architectures[i];
	}
	return NULL;
}

static bool
decoder_open(struct decoder *decoder, bool is_thumb)
{
	const struct code *code = &decoder->side->code;
	decoder->architecture =
	    is_thumb ? &thumb : find_architecture(decoder->side->code.machine);
	if (decoder->architecture == NULL)
		return false;
	int mode = decoder->architecture->mode;
	if (code->big)
		mode |= (int)CS_MODE_BIG_ENDIAN;
	if (cs_open(decoder->architecture->arch, (cs_mode)mode, &decoder->handle) !=
	    CS_ERR_OK)
		return false;
	decoder->instruction = cs_malloc(decoder->handle);
	if (decoder->instruction != NULL)
		return true;
	cs_close(&decoder->handle);
	return false;
}

static void
decoder_close(struct decoder *decoder)
{
	cs_free(decoder->instruction, 1);
	cs_close(&decoder->handle);
}

/* Decode the instruction at a file offset into decoder->instruction; false when there
 * is none, or when enough was decoded for this document. */
static bool
decode(struct decoder *decoder, uint64_t offset)
{
	const struct code_range *range = decoder->range;
	const struct view *view = &decoder->side->view;
	if (offset < range->offset || offset >= range->end || *decoder->budget == 0)
		return false;
	--*decoder->budget;
	const uint8_t *bytes = view->data + offset;
	size_t size = range->end - offset < 16 ? (size_t)(range->end - offset) : 16;
	uint64_t address = range->address + (offset - range->offset);
	return cs_disasm_iter(decoder->handle, &bytes, &size, &address,
			      decoder->instruction);
}

static void
approach_push(struct approach *approach, uint64_t start)
{
	if (approach->count == ARRAY_COUNT(approach->starts)) {
		memmove(approach->starts, approach->starts + 1,
			sizeof(approach->starts) - sizeof(approach->starts[0]));
		approach->count--;
	}
	approach->starts[approach->count++] = start;
}

/* Decode forward until an instruction holds `offset`. */
static bool
approach_from(struct decoder *decoder, uint64_t from, uint64_t offset,
	      struct approach *approach)
{
	approach->count = 0;
	while (decode(decoder, from)) {
		approach_push(approach, from);
		if (decoder->instruction->size > offset - from)
			return true;
		from += decoder->instruction->size;
	}
	return false;
}

/* Several starts before the place, which has as many bytes of code before it: most of
 * them must come to the same instruction. */
static bool
approach_guess(struct decoder *decoder, uint64_t offset, struct approach *approach)
{
	uint64_t ends[RESYNC_STARTS];
	size_t count = 0, best = 0;
	uint64_t first = offset - RESYNC_FROM;
	for (uint64_t i = 0; i < RESYNC_STARTS; i++) {
		struct approach one;
		if (approach_from(decoder, first + i, offset, &one))
			ends[count++] = one.starts[one.count - 1];
	}
	for (size_t i = 0; i < count; i++) {
		size_t agree = 0;
		for (size_t k = 0; k < count; k++)
			agree += ends[k] == ends[i];
		if (agree <= best)
			continue;
		best = agree;
		approach->starts[0] = ends[i];
	}
	approach->count = 1;
	return best >= RESYNC_AGREE;
}

static bool
approach_place(struct decoder *decoder, uint64_t from, uint64_t offset,
	       struct approach *approach)
{
	const struct architecture *architecture = decoder->architecture;
	approach->sure = true;
	if (architecture->step > 0) {
		uint64_t into = offset - decoder->range->offset, back = 0;
		back =
		    into % architecture->step + (uint64_t)architecture->step * BEFORE;
		if (back > into)
			back = into;
		return approach_from(decoder, offset - back, offset, approach);
	}
	if (from <= offset && offset - from <= FUNCTION_MOST &&
	    approach_from(decoder, from, offset, approach))
		return true;
	approach->sure = false;
	if (offset - decoder->range->offset <= RESYNC_FROM)
		return approach_from(decoder, decoder->range->offset, offset, approach);
	return approach_guess(decoder, offset, approach);
}

/* Does an instruction have a byte of the range? */
static bool
is_within(uint64_t start, uint64_t size, uint64_t offset, uint64_t length)
{
	return start < offset + length && offset < start + size;
}

static json_t *
instruction_json(const cs_insn *instruction, uint64_t offset, const char *text,
		 bool differs)
{
	char hex[2 * sizeof(instruction->bytes) + 1];
	json_t *object = json_object();
	hex_encode(instruction->bytes, instruction->size, hex);
	json_object_set_new(object, "offset", json_integer((json_int_t)offset));
	json_object_set_new(object, "bytes", json_string(hex));
	json_object_set_new(object, "text", text_json(text));
	json_object_set_new(object, "differs", json_boolean(differs));
	return object;
}

/* The instructions from the first boundary on; quotes those that differ. */
static json_t *
decode_around(struct decoder *decoder, const struct approach *approach, uint64_t offset,
	      uint64_t length, struct instructions *told)
{
	json_t *list = json_array();
	uint64_t at = approach->starts[0];
	size_t within = 0, after = 0;
	struct buf quoted = {0};
	while (after < AFTER && within <= WITHIN && decode(decoder, at)) {
		const cs_insn *instruction = decoder->instruction;
		bool differs = is_within(at, instruction->size, offset, length);
		char *text =
		    base_format("%s%s%s", instruction->mnemonic,
				instruction->op_str[0] ? " " : "", instruction->op_str);
		if (differs && within++ < QUOTED)
			buf_printf(&quoted, "%s%s", quoted.size ? "; " : "", text);
		after += !differs && at >= offset + length;
		json_array_append_new(list,
				      instruction_json(instruction, at, text, differs));
		free(text);
		at += instruction->size;
	}
	if (within > QUOTED)
		buf_puts(&quoted, "; …");
	told->text = quoted.size > 0 ? buf_take(&quoted) : base_strdup("nothing");
	told->count = within;
	told->sure = approach->sure;
	buf_free(&quoted);
	return list;
}

/* Where the function that holds `offset` starts, as symbols or unwind tables say;
 * UINT64_MAX when nobody knows. */
static uint64_t
function_start(const struct scene_side *side, const struct code_range *range,
	       uint64_t offset, bool *is_thumb)
{
	const struct code_start *start = code_start_before(&side->code, range, offset);
	const struct extent *extent = map_find(side->map, offset);
	uint64_t from = UINT64_MAX;
	*is_thumb = side->code.machine == MACHINE_ARM && side->code.thumb;
	if (start != NULL) {
		from = start->offset;
		*is_thumb = start->thumb;
	}
	if (extent != NULL && extent->detail != NULL &&
	    extent->offset >= range->offset && (start == NULL || extent->offset > from))
		from = extent->offset;
	return from;
}

json_t *
code_around(const struct scene_side *side, uint64_t offset, uint64_t length,
	    uint64_t *budget, struct instructions *told, const char **architecture)
{
	struct decoder decoder = {.side = side, .budget = budget};
	struct approach approach = {0};
	bool is_thumb;
	json_t *list = NULL;
	decoder.range = code_find(&side->code, offset);
	if (decoder.range == NULL)
		return NULL;
	uint64_t from = function_start(side, decoder.range, offset, &is_thumb);
	if (!decoder_open(&decoder, is_thumb))
		return NULL;
	if (approach_place(&decoder, from, offset, &approach))
		list = decode_around(&decoder, &approach, offset, length, told);
	*architecture = decoder.architecture->name;
	decoder_close(&decoder);
	return list;
}
