/*
 * What the files of the PE row share: pe.c (headers, certificate table, graft),
 * pe_map.c (headers, sections, symbols, overlay), pe_table.c (layouts, data
 * directories), pe_resource.c and pe_net.c (what two of those directories name),
 * pe_code.c (what runs).
 */
#ifndef VERIFY_FORMAT_PE_PRIVATE_H
#define VERIFY_FORMAT_PE_PRIVATE_H

#include "format/format_private.h"

enum {
	PE_SIGNATURE = 4,     /* "PE\0\0" */
	PE_COFF_SIZE = 20,    /* "COFF File Header" */
	PE_CHECKSUM = 64,     /* offset of CheckSum in both kinds of optional header */
	PE_SECTION_SIZE = 40, /* "Section Table" */
	PE_SYMBOL_SIZE = 18,  /* "COFF Symbol Table" */
	PE_ALIGNMENT = 8,     /* of the "Attribute Certificate Table" */
};

/* Where things stand in one image. Offsets are file offsets. */
struct pe {
	uint64_t coff;     /* COFF header */
	uint64_t optional; /* optional header */
	uint64_t sections; /* section headers */
	uint16_t optional_size, section_count;
	bool wide;            /* PE32+ */
	uint64_t directories; /* data directories */
	uint32_t directory_count;
	uint32_t headers_size;     /* SizeOfHeaders */
	uint64_t symbols, strings; /* COFF symbol table, string table; 0: none */
	uint64_t strings_end;      /* 0: none */
	uint32_t symbol_count;
	uint64_t sections_end;      /* end of the last section's bytes, in the file */
	uint64_t certificate_entry; /* data directory 4; 0: the header has none */
	uint64_t table, table_size; /* what it says; both 0: unsigned */
};

/* Read the headers. What is known before a failure is in *pe then too. */
int pe_read(const struct view *view, struct pe *pe, struct err *err);
/* Offset and size of a data directory, as stored; -1 when the header has none. */
int pe_directory(const struct view *view, const struct pe *pe, unsigned index,
		 uint32_t *where, uint32_t *size);
/* A section's bytes in the file; false when it has none there. */
bool pe_section(const struct view *view, const struct pe *pe, unsigned index,
		uint64_t *offset, uint64_t *end);
/* The section that holds a virtual address, and the file offset; -1 when none does. */
int pe_address(const struct view *view, const struct pe *pe, uint32_t address,
	       unsigned *section, uint64_t *offset);
/* Is what directory 4 names a certificate table that lies behind everything that
 * is loaded, and is made of entries? */
int pe_table_check(const struct view *view, const struct pe *pe, struct err *err);
/* The row's `map` and `code`. */
int pe_map(const struct view *view, struct map *map, struct err *err);
void pe_code(const struct view *view, struct code *code);

/* ---- places by virtual address ----------------------------------------- */

/* The sections by name, one for each header, while an image is mapped. */
struct pe_image {
	const struct view *view;
	const struct pe *pe;
	const struct symbol_owner *owners;
	struct map *map;
};

/* The file offset of a virtual address, and the section it is in. */
int pe_offset(const struct pe_image *image, uint32_t address, uint64_t *offset,
	      const struct symbol_owner **owner);
/* Name `size` bytes at a virtual address as `detail` of their section, laid out as
 * `layout` unless it is NULL; cut at the section's end. Their file offset; -1 when
 * the address is in no section. */
int pe_name(const struct pe_image *image, uint32_t address, uint64_t size,
	    enum extent_tag tag, const char *detail, const struct layout *layout,
	    uint64_t *offset);

/* Layouts of headers; of the optional header for its kind. */
extern const struct layout pe_coff_layout, pe_section_layout;
const struct layout *pe_optional_layout(const struct pe *pe);

/* Name what the data directories name. */
void pe_map_directories(const struct pe_image *image);
void pe_map_resources(const struct pe_image *image, uint32_t address, uint32_t size);
void pe_map_net(const struct pe_image *image, uint32_t address, uint32_t size);

#endif
