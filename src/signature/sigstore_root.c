/*
 * The trusted root of a sigstore instance (protobuf-specs, trusted_root.proto, in its
 * JSON form): the keys of its logs, its certificate and timestamp authorities, each
 * with the time in which it was in use. The user gives it; it is read before
 * confinement.
 */
#include <openssl/err.h>

#include "signature/sigstore_private.h"

#define PARTS_MOST 256

/* ---- values of the JSON form -------------------------------------------- */

int
sigstore_bytes(const json_t *object, const char *name, struct buf *bytes)
{
	const char *text = json_string_value(json_object_get(object, name));
	struct buf plain = {0};
	if (text == NULL)
		return -1;
	for (; *text != '\0'; text++) {
		if (*text != '\n' &&
		    *text != '\r') /* lines, as base64(1) breaks them */
			buf_append(&plain, text, 1);
	}
	struct view view = view_of_buf(&plain);
	int answer = raw_base64(&view, false, bytes);
	buf_free(&plain);
	return answer;
}

int
sigstore_number(const json_t *object, const char *name, int64_t *number)
{
	const json_t *value = json_object_get(object, name);
	if (json_is_integer(value)) {
		*number = json_integer_value(value);
		return *number >= 0 ? 0 : -1;
	}
	const char *text = json_string_value(value);
	if (text == NULL || *text == '\0' || strlen(text) > 18 ||
	    strspn(text, "0123456789") != strlen(text))
		return -1;
	*number = (int64_t)strtoll(text, NULL, 10);
	return 0;
}

X509 *
sigstore_certificate(const json_t *object)
{
	struct buf der = {0};
	X509 *certificate = NULL;
	if (sigstore_bytes(object, "rawBytes", &der) == 0 && der.size > 0) {
		const unsigned char *at = (const unsigned char *)der.data;
		certificate = d2i_X509(NULL, &at, (long)der.size);
		if (certificate != NULL &&
		    at != (const unsigned char *)der.data + der.size) {
			X509_free(certificate);
			certificate = NULL;
		}
	}
	ERR_clear_error();
	buf_free(&der);
	return certificate;
}

/* RFC 3339 in UTC; a fraction of a second is cut. */
static int
take_time(const json_t *object, const char *name, int64_t *time)
{
	const char *text = json_string_value(json_object_get(object, name));
	if (text == NULL)
		return -1;
	size_t whole = strcspn(text, ".Z");
	char *cut = base_format("%.*sZ", (int)(whole < 64 ? whole : 64), text);
	int answer = time_parse(cut, time);
	free(cut);
	return answer;
}

/* No beginning: always; a time that cannot be read: never. */
static void
take_window(const json_t *range, struct sigstore_window *window)
{
	*window = (struct sigstore_window){INT64_MIN, INT64_MAX};
	if (json_object_get(range, "start") != NULL &&
	    take_time(range, "start", &window->start) == -1)
		window->start = INT64_MAX;
	if (json_object_get(range, "end") != NULL &&
	    take_time(range, "end", &window->end) == -1)
		window->end = INT64_MIN;
}

bool
sigstore_in_window(const struct sigstore_window *window, int64_t time)
{
	return time >= window->start && time <= window->end;
}

/* ---- the parts ------------------------------------------------------------ */

static char *
shown_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text_shown(text != NULL ? text : "?");
}

/* A log of a kind of key that is not known here is left out: what it signed is then of
 * no log that is known. */
static void
take_logs(const json_t *array, struct sigstore_log **logs, size_t *count)
{
	const json_t *item;
	size_t index;
	*logs = base_alloc(json_array_size(array) + 1, sizeof(**logs));
	json_array_foreach(array, index, item)
	{
		struct sigstore_log log = {0};
		struct buf id = {0}, spki = {0};
		const json_t *key = json_object_get(item, "publicKey");
		bool fine =
		    sigstore_bytes(json_object_get(item, "logId"), "keyId", &id) == 0 &&
		    id.size == SHA256_SIZE &&
		    sigstore_bytes(key, "rawBytes", &spki) == 0;
		struct view view = view_of_buf(&spki);
		if (fine && raw_key_of_spki(&view, &log.key) == 0) {
			memcpy(log.id.bytes, id.data, SHA256_SIZE);
			take_window(json_object_get(key, "validFor"), &log.window);
			log.name = shown_of(item, "baseUrl");
			(*logs)[(*count)++] = log;
		}
		buf_free(&id);
		buf_free(&spki);
	}
}

static int
take_authorities(const json_t *array, struct sigstore_authority **authorities,
		 size_t *count)
{
	const json_t *item, *each;
	size_t index, which;
	*authorities = base_alloc(json_array_size(array) + 1, sizeof(**authorities));
	json_array_foreach(array, index, item)
	{
		struct sigstore_authority *authority = &(*authorities)[(*count)++];
		const json_t *chain =
		    json_object_get(json_object_get(item, "certChain"), "certificates");
		authority->name = shown_of(item, "uri");
		take_window(json_object_get(item, "validFor"), &authority->window);
		if (json_array_size(chain) == 0 ||
		    json_array_size(chain) > CHAIN_LENGTH_MOST)
			return -1;
		json_array_foreach(chain, which, each)
		{
			X509 *certificate = sigstore_certificate(each);
			if (certificate == NULL)
				return -1;
			authority->certificates[authority->count++] = certificate;
		}
	}
	return 0;
}

bool
sigstore_root_is(const struct buf *bytes)
{
	static const char word[] = "\"certificateAuthorities\"";
	struct view view = view_of_buf(bytes);
	uint64_t at;
	return view_has(&view, 0, "{", 1) &&
	       view_find(&view, 0, word, sizeof(word) - 1, &at) == 0;
}

int
sigstore_root_read(const struct buf *bytes, const char *label,
		   struct sigstore_root **root)
{
	json_t *json =
	    json_loadb(bytes->data, bytes->size, JSON_REJECT_DUPLICATES, NULL);
	const json_t *logs = json_object_get(json, "tlogs");
	const json_t *certifiers = json_object_get(json, "certificateAuthorities");
	const json_t *ct_logs = json_object_get(json, "ctlogs");
	const json_t *stampers = json_object_get(json, "timestampAuthorities");
	struct sigstore_root *made = base_alloc(1, sizeof(*made));
	int answer = -1;
	made->label = text_shown(label);
	if (json_is_object(json) && json_array_size(logs) <= PARTS_MOST &&
	    json_array_size(certifiers) <= PARTS_MOST &&
	    json_array_size(ct_logs) <= PARTS_MOST &&
	    json_array_size(stampers) <= PARTS_MOST) {
		take_logs(logs, &made->logs, &made->log_count);
		take_logs(ct_logs, &made->ct_logs, &made->ct_log_count);
		answer = take_authorities(certifiers, &made->certifiers,
					  &made->certifier_count);
		if (answer == 0)
			answer = take_authorities(stampers, &made->stampers,
						  &made->stamper_count);
	}
	json_decref(json);
	if (answer == 0)
		*root = made;
	else
		sigstore_root_free(made);
	return answer;
}

static void
logs_free(struct sigstore_log *logs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		raw_key_clear(&logs[i].key);
		free(logs[i].name);
	}
	free(logs);
}

static void
authorities_free(struct sigstore_authority *authorities, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < authorities[i].count; j++)
			X509_free(authorities[i].certificates[j]);
		free(authorities[i].name);
	}
	free(authorities);
}

void
sigstore_root_free(struct sigstore_root *root)
{
	if (root == NULL)
		return;
	logs_free(root->logs, root->log_count);
	logs_free(root->ct_logs, root->ct_log_count);
	authorities_free(root->certifiers, root->certifier_count);
	authorities_free(root->stampers, root->stamper_count);
	free(root->label);
	free(root);
}
