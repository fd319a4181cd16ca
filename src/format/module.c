/*
 * Signed kernel modules: an ELF file with a signature behind it, as Linux's
 * include/linux/module_signature.h and kernel/module_signature.c ("module_signature")
 * lay it out and scripts/sign-file.c writes it.
 *
 *     ELF file | PKCS #7 message | struct module_signature (12) | marker (28)
 *
 * The kernel takes away what is behind the ELF file before it loads it.
 */
#include "format/format_private.h"

static const char marker[] = "~Module signature appended~\n";

enum {
	MARKER_SIZE = sizeof(marker) - 1,
	INFO_SIZE = 12,    /* struct module_signature */
	INFO_ID_TYPE = 2,  /* behind algo and hash */
	INFO_LENGTH = 8,   /* sig_len, big-endian */
	ID_TYPE_PKCS7 = 2, /* MODULE_SIGNATURE_TYPE_PKCS7 */
};

/* Where the parts of a signed module begin; each ends where the next one begins. */
struct module {
	uint64_t message, info, marker;
};

static bool
module_is_marked(const struct view *view)
{
	return view->size >= MARKER_SIZE &&
	       view_has(view, view->size - MARKER_SIZE, marker, MARKER_SIZE);
}

static enum probe_answer
module_probe(const struct view *view)
{
	return module_is_marked(view) ? format_elf.probe(view) : PROBE_NO;
}

/* Find the signature's parts, and that they are as mod_check_sig() wants them. */
static int
module_read(const struct view *view, struct module *module, struct err *err)
{
	static const uint8_t fixed[INFO_LENGTH] = {[INFO_ID_TYPE] = ID_TYPE_PKCS7};
	uint32_t length = 0;
	if (!module_is_marked(view) || view->size < MARKER_SIZE + INFO_SIZE)
		return err_set(err, ERR_INPUT, "module signature is cut off");
	module->marker = view->size - MARKER_SIZE;
	module->info = module->marker - INFO_SIZE;
	view_u32be(view, module->info + INFO_LENGTH, &length);
	if (!view_has(view, module->info, fixed, sizeof(fixed)))
		return err_set(err, ERR_UNSUPPORTED,
			       "module signature at offset %ju is not a PKCS #7 one",
			       (uintmax_t)module->info);
	if (length > module->info)
		return err_set(err, ERR_INPUT,
			       "module signature at offset %ju is to be %ju bytes "
			       "long, more than there are",
			       (uintmax_t)module->info, (uintmax_t)length);
	module->message = module->info - length;
	struct view message;
	if (view_sub(view, module->message, length, &message) == -1 ||
	    !format_der_is_whole(&message))
		return err_set(err, ERR_INPUT,
			       "module signature at offset %ju is not one PKCS #7 "
			       "message of %ju bytes",
			       (uintmax_t)module->message, (uintmax_t)length);
	return 0;
}

static int
module_map(const struct view *view, struct map *map, struct err *err)
{
	static const char name[] = "module signature";
	struct module module;
	struct err malformed = {0};
	struct view program = *view;
	bool sound = module_read(view, &module, &malformed) == 0;
	if (sound) {
		view_sub(view, 0, module.message, &program);
		map_add_part(map, module.message, module.message,
			     module.info - module.message, EXTENT_SIGNATURE,
			     EXTENT_NO_MEMBER, name, "PKCS #7 message");
		map_add_part(map, module.message, module.info, INFO_SIZE,
			     EXTENT_SIGNATURE, EXTENT_NO_MEMBER, name,
			     "struct module_signature");
		map_add_part(map, module.message, module.marker, MARKER_SIZE,
			     EXTENT_SIGNATURE, EXTENT_NO_MEMBER, name, "marker");
	}
	int answer = format_elf.map(&program, map, err);
	if (answer == 0 && !sound) {
		*err = malformed;
		answer = -1;
	}
	return answer;
}

/* The rebuilt module, a signature of its own cut away, with the shipped signature. */
static enum graft_answer
module_graft(const struct view *shipped, const struct view *rebuilt,
	     struct graft *graft, struct err *err)
{
	struct module signed_module, own;
	struct view signature, program = *rebuilt;
	if (!module_is_marked(shipped))
		return GRAFT_NONE;
	if (module_read(shipped, &signed_module, err) == -1) {
		err_at(err, "in the shipped file");
		return GRAFT_FAILED;
	}
	signature = view_from(shipped, signed_module.message);
	if (module_is_marked(rebuilt)) {
		if (module_read(rebuilt, &own, err) == -1) {
			err_at(err, "in the rebuilt file");
			return GRAFT_FAILED;
		}
		view_sub(rebuilt, 0, own.message, &program);
		strings_addf(&graft->steps,
			     "module signature: %ju bytes cut from the rebuilt file",
			     (uintmax_t)(rebuilt->size - program.size));
	}
	buf_append(&graft->bytes, program.data, (size_t)program.size);
	buf_append(&graft->bytes, signature.data, (size_t)signature.size);
	strings_addf(&graft->steps, "module signature: %ju bytes from the shipped file",
		     (uintmax_t)signature.size);
	return GRAFT_DONE;
}

static void
module_code(const struct view *view, struct code *code)
{
	struct module module;
	struct err ignored = {0};
	struct view program = *view;
	if (module_read(view, &module, &ignored) == 0)
		view_sub(view, 0, module.message, &program);
	format_elf.code(&program, code);
}

const struct format format_module = {
    .name = "kernel-module",
    .title = "Linux kernel module, signed",
    .refines = "elf",
    .probe = module_probe,
    .map = module_map,
    .code = module_code,
    .graft = module_graft,
};
