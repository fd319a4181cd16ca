/*
 * PE images: Windows programs and UEFI applications.
 *
 * "PE/COFF" below is Microsoft's "PE Format"; "Authenticode" its "Windows
 * Authenticode Portable Executable Signature Format" of 2008.
 *
 *     DOS header | PE signature | COFF header | optional header | section headers |
 *     sections | overlay (often the COFF symbol and string tables) | padding to 8 |
 *     certificate table
 */
#include "format/pe_private.h"

enum {
	DOS_LFANEW = 0x3c,     /* PE/COFF "MS-DOS Stub": offset of the signature */
	OPTIONAL_PE32 = 0x10b, /* "Optional Header", Magic */
	OPTIONAL_PE32PLUS = 0x20b,
	OPTIONAL_HEADERS = 60, /* SizeOfHeaders, in both kinds */
	DIRECTORY_CERTIFICATE = 4,
	SECTIONS_MOST = 1024,   /* looked at for an address; loaders take 96 */
	CERTIFICATE_HEADER = 8, /* "Attribute Certificate Table" */
};

static bool
pe_find(const struct view *view, uint64_t *signature)
{
	uint32_t lfanew;
	if (!view_has(view, 0, "MZ", 2) ||
	    view_u32le(view, DOS_LFANEW, &lfanew) == -1 ||
	    !view_has(view, lfanew, "PE\0\0", PE_SIGNATURE) ||
	    (uint64_t)lfanew + PE_SIGNATURE + PE_COFF_SIZE > view->size)
		return false;
	*signature = lfanew;
	return true;
}

static enum probe_answer
pe_probe(const struct view *view)
{
	uint64_t signature;
	return pe_find(view, &signature) ? PROBE_SURE : PROBE_NO;
}

int
pe_directory(const struct view *view, const struct pe *pe, unsigned index,
	     uint32_t *where, uint32_t *size)
{
	if (index >= pe->directory_count)
		return -1;
	uint64_t entry = pe->directories + 8 * (uint64_t)index;
	return view_u32le(view, entry, where) == -1 ||
		       view_u32le(view, entry + 4, size) == -1
		   ? -1
		   : 0;
}

/* The COFF symbol table and the string table right behind it, when they are all
 * inside the file. */
static void
pe_read_symbols(const struct view *view, struct pe *pe)
{
	uint32_t at = 0, count = 0, size = 0;
	view_u32le(view, pe->coff + 8, &at);
	view_u32le(view, pe->coff + 12, &count);
	uint64_t strings = (uint64_t)at + (uint64_t)count * PE_SYMBOL_SIZE;
	if (at == 0 || strings > view->size)
		return;
	pe->symbols = at;
	pe->symbol_count = count;
	if (view_u32le(view, strings, &size) == 0 && size >= 4 &&
	    size <= view->size - strings) {
		pe->strings = strings;
		pe->strings_end = strings + size;
	}
}

bool
pe_section(const struct view *view, const struct pe *pe, unsigned index,
	   uint64_t *offset, uint64_t *end)
{
	uint64_t header = pe->sections + (uint64_t)index * PE_SECTION_SIZE;
	uint32_t size = 0, pointer = 0;
	if (view_u32le(view, header + 16, &size) == -1 ||
	    view_u32le(view, header + 20, &pointer) == -1 || size == 0 ||
	    pointer == 0 || pointer >= view->size)
		return false;
	*offset = pointer;
	*end = (uint64_t)pointer + size;
	return true;
}

int
pe_address(const struct view *view, const struct pe *pe, uint32_t address,
	   unsigned *section, uint64_t *offset)
{
	for (unsigned i = 0; i < pe->section_count && i < SECTIONS_MOST; i++) {
		uint64_t start, end;
		uint32_t virtual = 0;
		uint64_t header = pe->sections + (uint64_t)i * PE_SECTION_SIZE;
		view_u32le(view, header + 12, &virtual);
		if (pe_section(view, pe, i, &start, &end) && address >= virtual &&
		    address - virtual < end - start) {
			*section = i;
			*offset = start + (address - virtual);
			return 0;
		}
	}
	return -1;
}

/* Read the optional header: of a known kind, whole, with its directories inside. */
static int
pe_read_optional(const struct view *view, struct pe *pe, struct err *err)
{
	uint16_t magic = 0;
	view_u16le(view, pe->optional, &magic);
	if (pe->optional_size < 2 ||
	    (magic != OPTIONAL_PE32 && magic != OPTIONAL_PE32PLUS))
		return err_set(err, ERR_INPUT,
			       "optional header at offset %ju is of unknown kind 0x%x",
			       (uintmax_t)pe->optional, magic);
	uint64_t fixed = magic == OPTIONAL_PE32 ? 96 : 112;
	if (pe->optional_size < fixed || pe->optional + pe->optional_size > view->size)
		return err_set(err, ERR_INPUT,
			       "optional header at offset %ju is cut off at %u bytes",
			       (uintmax_t)pe->optional, pe->optional_size);
	pe->wide = magic == OPTIONAL_PE32PLUS;
	view_u32le(view, pe->optional + OPTIONAL_HEADERS, &pe->headers_size);
	view_u32le(view, pe->optional + fixed - 4, &pe->directory_count);
	pe->directories = pe->optional + fixed;
	/* Loaders know 16; a larger count is as good as 16 to them. */
	if (pe->directory_count > 16)
		pe->directory_count = 16;
	if (fixed + 8 * (uint64_t)pe->directory_count > pe->optional_size)
		return err_set(
		    err, ERR_INPUT,
		    "optional header at offset %ju has no room for its %u data "
		    "directories",
		    (uintmax_t)pe->optional, pe->directory_count);
	uint32_t table, size;
	if (pe_directory(view, pe, DIRECTORY_CERTIFICATE, &table, &size) == 0) {
		pe->certificate_entry = pe->directories + 8 * DIRECTORY_CERTIFICATE;
		pe->table = table;
		pe->table_size = size;
	}
	return 0;
}

int
pe_read(const struct view *view, struct pe *pe, struct err *err)
{
	uint64_t signature;
	*pe = (struct pe){0};
	if (!pe_find(view, &signature))
		return err_set(err, ERR_INPUT,
			       "no PE signature at the offset that the "
			       "DOS header names");
	pe->coff = signature + PE_SIGNATURE;
	pe->optional = pe->coff + PE_COFF_SIZE;
	view_u16le(view, pe->coff + 2, &pe->section_count);
	view_u16le(view, pe->coff + 16, &pe->optional_size);
	if (pe_read_optional(view, pe, err) == -1)
		return -1;
	pe->sections = pe->optional + pe->optional_size;
	uint64_t headers_end =
	    pe->sections + (uint64_t)pe->section_count * PE_SECTION_SIZE;
	if (headers_end > view->size)
		return err_set(err, ERR_INPUT,
			       "section headers at offset %ju are cut off",
			       (uintmax_t)pe->sections);
	pe->sections_end = headers_end;
	for (unsigned i = 0; i < pe->section_count; i++) {
		uint64_t offset, end;
		if (pe_section(view, pe, i, &offset, &end) && end > pe->sections_end)
			pe->sections_end = end;
	}
	if (pe->sections_end > view->size)
		pe->sections_end = view->size;
	pe_read_symbols(view, pe);
	return 0;
}

/* ---- the certificate table -------------------------------------------- */

static uint64_t
round_up(uint64_t value)
{
	return (value + PE_ALIGNMENT - 1) / PE_ALIGNMENT * PE_ALIGNMENT;
}

/* Do WIN_CERTIFICATE entries, each rounded up to 8 with zeros, fill the table
 * exactly? What is in them is for the signature room to judge. */
static int
table_walk(const struct view *table, uint64_t offset, struct err *err)
{
	uint64_t at = 0;
	for (unsigned entry = 0; at < table->size; entry++) {
		uint32_t length;
		if (view_u32le(table, at, &length) == -1 ||
		    length < CERTIFICATE_HEADER || length > table->size - at)
			return err_set(err, ERR_INPUT,
				       "certificate table entry %u at offset %ju is "
				       "malformed",
				       entry, (uintmax_t)(offset + at));
		uint64_t next = round_up(at + length);
		if (next > table->size)
			next = table->size;
		struct view rest;
		if (view_sub(table, at + length, next - at - length, &rest) == -1 ||
		    !view_is_zero(&rest))
			return err_set(
			    err, ERR_INPUT,
			    "bytes hide behind certificate table entry %u at "
			    "offset %ju",
			    entry, (uintmax_t)(offset + at + length));
		at = next;
	}
	return 0;
}

int
pe_table_check(const struct view *view, const struct pe *pe, struct err *err)
{
	struct view table;
	if (view_sub(view, pe->table, pe->table_size, &table) == -1)
		return err_set(
		    err, ERR_INPUT,
		    "data directory 4 names %ju bytes at offset %ju, outside of "
		    "the file",
		    (uintmax_t)pe->table_size, (uintmax_t)pe->table);
	uint64_t table_end = pe->table + pe->table_size;
	uint64_t headers_end =
	    pe->sections + (uint64_t)pe->section_count * PE_SECTION_SIZE;
	if (pe->table < headers_end || pe->table < pe->headers_size)
		return err_set(err, ERR_INPUT,
			       "certificate table at offset %ju overlaps the headers",
			       (uintmax_t)pe->table);
	for (unsigned i = 0; i < pe->section_count; i++) {
		uint64_t offset, end;
		if (pe_section(view, pe, i, &offset, &end) && offset < table_end &&
		    pe->table < end)
			return err_set(
			    err, ERR_INPUT,
			    "certificate table at offset %ju overlaps section %u",
			    (uintmax_t)pe->table, i + 1);
	}
	if (pe->table % PE_ALIGNMENT != 0)
		return err_set(err, ERR_INPUT,
			       "certificate table at offset %ju is not aligned to 8",
			       (uintmax_t)pe->table);
	return table_walk(&table, pe->table, err);
}

/* ---- moving a signature ----------------------------------------------- */

/*
 * The image's checksum as imagehlp's CheckSumMappedFile makes it: the 16-bit words
 * of the file but for CheckSum, added with the carry brought round, plus the size.
 */
static uint32_t
pe_checksum(const struct view *view, uint64_t field)
{
	/* Words of 32 bits give the same sum, as 0x10000 is 1 modulo 0xffff. Images
	 * have less than 4 GiB, so that the sum cannot overflow. */
	uint64_t sum = 0, whole = view->size / 4 * 4;
	uint32_t word;
	uint8_t byte;
	for (uint64_t i = 0; i < whole; i += 4) {
		if (view_u32le(view, i, &word) == 0)
			sum += word;
	}
	for (uint64_t i = whole; i < view->size; i++) {
		if (view_u8(view, i, &byte) == 0)
			sum += (uint64_t)byte << (i % 4 * 8);
	}
	for (uint64_t i = field; i < field + 4; i++) {
		if (view_u8(view, i, &byte) == 0)
			sum -= (uint64_t)byte << (i % 4 * 8);
	}
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)(sum + view->size);
}

static void
put_u32le(struct buf *buf, uint64_t offset, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		buf->data[offset + i] = (char)(value >> (8 * i) & 0xff);
}

/* Does a sound table stand at the very end of the file? */
static int
table_is_last(const struct view *view, const struct pe *pe, struct err *err)
{
	if (pe_table_check(view, pe, err) == -1)
		return -1;
	uint64_t end = pe->table + pe->table_size;
	if (end != view->size)
		return err_set(err, ERR_INPUT,
			       "%ju bytes follow the certificate table at offset %ju",
			       (uintmax_t)(view->size - end), (uintmax_t)end);
	return 0;
}

/* The rebuilt image without a signature of its own, as the start of the graft. */
static int
graft_start(const struct view *rebuilt, const struct pe *pe, struct graft *graft,
	    struct err *err)
{
	uint64_t keep = rebuilt->size;
	if (pe->certificate_entry == 0)
		return err_set(err, ERR_INPUT, "the header has no data directory 4");
	if (pe->table_size > 0) {
		if (table_is_last(rebuilt, pe, err) == -1)
			return -1;
		keep = pe->table;
		strings_addf(&graft->steps,
			     "certificate table: %ju bytes of the rebuilt file's own "
			     "taken off",
			     (uintmax_t)pe->table_size);
	}
	buf_append(&graft->bytes, rebuilt->data, (size_t)keep);
	return 0;
}

/*
 * CheckSum follows from the other bytes. The shipped file may have kept the one of
 * the unsigned image instead: that is the rebuilt file's own, byte for byte. A
 * shipped CheckSum that is neither stays a difference.
 */
static void
graft_checksum(const struct view *shipped, const struct pe *shipped_pe, uint64_t field,
	       struct graft *graft)
{
	uint32_t stored = 0, own = 0;
	view_u32le(shipped, shipped_pe->optional + PE_CHECKSUM, &stored);
	struct view grafted = view_of_buf(&graft->bytes);
	view_u32le(&grafted, field, &own);
	uint32_t sum = pe_checksum(&grafted, field);
	if (stored != sum && stored == own) {
		strings_addf(&graft->steps,
			     "CheckSum: 0x%08x kept from the rebuilt file", own);
		return;
	}
	put_u32le(&graft->bytes, field, sum);
	strings_addf(&graft->steps,
		     "CheckSum: 0x%08x computed, 0x%08x in the rebuilt file", sum, own);
}

static enum graft_answer
pe_graft(const struct view *shipped, const struct view *rebuilt, struct graft *graft,
	 struct err *err)
{
	struct pe signed_pe, plain;
	if (pe_read(shipped, &signed_pe, err) == -1) {
		err_at(err, "in the shipped file");
		return GRAFT_FAILED;
	}
	if (signed_pe.table_size == 0)
		return GRAFT_NONE;
	struct view table;
	if (table_is_last(shipped, &signed_pe, err) == -1 ||
	    view_sub(shipped, signed_pe.table, signed_pe.table_size, &table) == -1) {
		err_at(err, "in the shipped file");
		return GRAFT_FAILED;
	}
	if (pe_read(rebuilt, &plain, err) == -1 ||
	    graft_start(rebuilt, &plain, graft, err) == -1) {
		err_at(err, "in the rebuilt file");
		graft_free(graft);
		return GRAFT_FAILED;
	}
	uint64_t offset = round_up(graft->bytes.size);
	if (offset + table.size > UINT32_MAX) {
		err_set(err, ERR_LIMIT, "the rebuilt file is too large to be signed");
		graft_free(graft);
		return GRAFT_FAILED;
	}
	uint64_t padding = offset - graft->bytes.size;
	buf_zeros(&graft->bytes, (size_t)padding);
	if (padding > 0)
		strings_addf(&graft->steps,
			     "padding before certificate table: %ju zeros",
			     (uintmax_t)padding);
	buf_append(&graft->bytes, table.data, (size_t)table.size);
	strings_addf(&graft->steps,
		     "certificate table: %ju bytes from the shipped file",
		     (uintmax_t)table.size);
	put_u32le(&graft->bytes, plain.certificate_entry, (uint32_t)offset);
	put_u32le(&graft->bytes, plain.certificate_entry + 4, (uint32_t)table.size);
	strings_addf(&graft->steps,
		     "certificate table directory entry: offset %ju, %ju bytes",
		     (uintmax_t)offset, (uintmax_t)table.size);
	graft_checksum(shipped, &signed_pe, plain.optional + PE_CHECKSUM, graft);
	return GRAFT_DONE;
}

/* Headers that are malformed, and sections that the file ends within: the first. */
static int
pe_notes(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct pe pe;
	struct err malformed = {0};
	if (pe_read(view, &pe, &malformed) == -1)
		return format_note(sink, NOTE_SUSPECT, 0, err, "%s", malformed.message);
	for (unsigned i = 0; i < pe.section_count; i++) {
		uint32_t size = 0, pointer = 0;
		uint64_t header = pe.sections + (uint64_t)i * PE_SECTION_SIZE;
		view_u32le(view, header + 16, &size);
		view_u32le(view, header + 20, &pointer);
		if (pointer != 0 && (uint64_t)pointer + size > view->size)
			return format_note(
			    sink, NOTE_SUSPECT, header, err,
			    "the file ends before section %u does, which "
			    "has %u bytes at offset %u",
			    i + 1, size, pointer);
	}
	return 0;
}

const struct format format_pe = {
    .name = "pe",
    .title = "PE/COFF image",
    .probe = pe_probe,
    .map = pe_map,
    .code = pe_code,
    .notes = pe_notes,
    .graft = pe_graft,
};
