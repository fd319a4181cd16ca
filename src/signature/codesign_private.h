/*
 * Apple's code signatures (<kern/cs_blobs.h>), as they end Mach-O files and disk
 * images:
 *
 *     superblob: index | code directory | requirements | entitlements … | CMS | zeros
 *
 * A code directory holds a digest of each page of the code, and in special slots those
 * of the blobs beside it and of files that belong to the code. The CMS signs the first
 * directory, and by an attribute the others. All numbers are big-endian.
 */
#ifndef VERIFY_CODESIGN_PRIVATE_H
#define VERIFY_CODESIGN_PRIVATE_H

#include "signature/signature_private.h"

/* CSSLOT_…: what a blob of the superblob is, and which special slot has its digest. */
enum code_slot {
	SLOT_DIRECTORY = 0,
	SLOT_INFO = 1,
	SLOT_REQUIREMENTS = 2,
	SLOT_RESOURCES = 3,
	SLOT_APPLICATION = 4,
	SLOT_ENTITLEMENTS = 5,
	SLOT_REPRESENTATION = 6,
	SLOT_ENTITLEMENTS_DER = 7,
	SLOT_ALTERNATES = 0x1000,
	SLOT_ALTERNATES_END = 0x1005,
	SLOT_SIGNATURE = 0x10000,
};

enum {
	CODE_BLOBS_MOST = 64,
	CODE_DIRECTORIES_MOST = 6,
	CODE_FLAG_ADHOC = 0x2,
};

struct code_blob {
	uint32_t slot, magic;
	struct view whole; /* with its magic and length */
};

/* What a row found in its file, and where the results go. */
struct code_object {
	const struct view *file;
	const char *path, *format;
	const struct trust *trust;
	json_t *signatures;
	enum signature_status *status;
	/* The place that the file gives its signature: the code ends there. */
	uint64_t offset, size;
	/* What is signed beside pages, where it is in this file: an Info.plist in a
	 * section, the trailer of a disk image. */
	struct view info, representation;
	struct judgement found; /* by the row; moved into the entry */
};

struct code_superblob {
	uint64_t end; /* of the last blob */
	struct code_blob blobs[CODE_BLOBS_MOST];
	size_t count;
};

/* A code directory (struct __CodeDirectory). */
struct code_directory {
	const struct code_blob *blob;
	const struct digest_algorithm *algorithm;
	const char *identifier, *team; /* into the blob, at most 1024 bytes; or NULL */
	uint32_t version, flags, special_count, page_count, hash_offset, runtime;
	uint64_t limit; /* end of the code */
	uint8_t hash_size, page_shift;
	struct digest digest; /* of the directory itself: "cdhash" */
};

/* ---- the superblob and its check: codesign.c ---------------------------- */

/* Check the one signature of that object: one entry. */
void codesign_check(struct code_object *object);
/* The blob of that slot, or NULL. */
const struct code_blob *code_blob_find(const struct code_superblob *superblob,
				       uint32_t slot);

/* ---- code directories: codesign_directory.c ------------------------------ */

/* Read the directory of that blob; -1, and why in `found`, when it cannot be checked.
 */
int code_directory_read(const struct code_blob *blob, struct code_directory *directory,
			struct judgement *found);
/* Compare each page of the code, */
void code_directory_pages(const struct code_directory *directory,
			  const struct code_object *object, struct judgement *found);
/* each special slot with the blob or part it is about, and each blob with its slot.
 * Slots of files that are not here become `notes`. */
void code_directory_slots(const struct code_directory *directory,
			  const struct code_object *object,
			  const struct code_superblob *superblob,
			  struct judgement *found, struct strings *notes);

/* Does the directory name, in that slot, a file that is not in this one? Then its
 * digest as the fact "sha256 HEX"; the caller frees. NULL: no. */
char *code_directory_outside(const struct code_directory *directory,
			     const struct code_object *object, uint32_t slot);

/* ---- attributes of the signer: codesign_attributes.c --------------------- */

/* Do the signed attributes name these directories and no other? */
void code_attributes_check(const struct cms_signer *signer,
			   const struct code_directory *directories, size_t count,
			   struct judgement *found);

/* ---- requirements: codesign_requirement.c ---------------------------------- */

/* The designated requirement of that set (a blob) as shown text; the caller frees. NULL
 * when there is none, or none that is known here. */
char *code_requirement_text(const struct view *set);

/* ---- property lists: codesign_plist.c ------------------------------------- */

/* One tag of a property list in XML, without "<" and ">", and the text in front of it.
 */
struct plist_tag {
	struct view name, text;
};

/* Take the next tag off `rest`; comments and instructions have names that are none. */
bool plist_next(struct view *rest, struct plist_tag *tag);
bool plist_is(const struct plist_tag *tag, const char *name);
/* Append a text, its five entities resolved; -1 when it has others. */
int plist_text(const struct view *text, struct buf *out);
/* Append the bytes of the text of <data>. */
int plist_data(const struct view *text, struct buf *bytes);

/* One file of the list CodeResources. */
struct code_resource {
	struct buf path, sha256, sha1;
	bool optional, elsewhere; /* a link, or code with a signature of its own */
};

/* Go to the list's "files2", which has SHA-256: 1; 0 when it is empty, -1 when there is
 * none, or the list is in another form. */
int code_resources_find(struct view *rest);
/* Take the next file off it: 1, 0 at its end, -1 when it is malformed. Clear in every
 * case. */
int code_resources_next(struct view *rest, struct code_resource *resource);
void code_resource_clear(struct code_resource *resource);

/* ---- what is said in the blobs: codesign_facts.c -------------------------- */

/* Identifier, flags and the like of a directory, with the files that it names outside,
 */
void code_facts_directory(json_t *entry, const struct code_directory *directory,
			  const struct code_object *object);
/* entitlements and requirements. */
void code_facts_blobs(json_t *entry, const struct code_superblob *superblob);

#endif
