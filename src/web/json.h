/* Strict JSON and base64url (rule P7): anything not exactly right is refused before jansson can repair it. */
#ifndef SC_WEB_JSON_H
#define SC_WEB_JSON_H

#include <jansson.h>

#include "base/bytes.h"

#define SC_JSON_DEPTH_MAX 32

SC_CLEANUP_POINTER(sc_json, json_t, json_decref)

/*
 * Reads one object or array. Refused with SC_ERR_JSON and the reason: a NUL byte (or \u0000) anywhere,
 * duplicate members, more than 32 levels, bytes after the value, invalid UTF-8. The caller releases *out.
 */
sc_status sc_json_read(struct sc_view text, json_t **out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Members of an object. If the member is absent or null, *out is set to the default (NULL, false, 0); pass
 * SC_JSON_NEEDED to refuse that. A member of another type, or longer than `max` bytes, is SC_ERR_JSON naming
 * it. The results are borrowed from the object.
 */
enum sc_json_need {
	SC_JSON_OPTIONAL,
	SC_JSON_NEEDED,
};
sc_status sc_json_text(const json_t *object, const char *name, size_t max, enum sc_json_need need,
		       const char **out, struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_json_object(const json_t *object, const char *name, enum sc_json_need need, json_t **out,
			 struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_json_array(const json_t *object, const char *name, enum sc_json_need need, json_t **out,
			struct sc_error *err) SC_WARN_UNUSED;

/* *is_there (may be NULL) distinguishes an absent member from false or 0. */
sc_status sc_json_boolean(const json_t *object, const char *name, enum sc_json_need need, bool *out,
			  bool *is_there, struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_json_integer(const json_t *object, const char *name, enum sc_json_need need, int64_t *out,
			  bool *is_there, struct sc_error *err) SC_WARN_UNUSED;

/* A required member in base64url (sc_base64url_read), at most `max` bytes when decoded. */
sc_status sc_json_base64url(const json_t *object, const char *name, size_t max, struct sc_bytes *out,
			    struct sc_error *err) SC_WARN_UNUSED;

/* Compact text, terminated (out->len does not count the terminator). SC_ERR_MEMORY. */
sc_status sc_json_write(const json_t *value, struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

/* RFC 7515 section 2: no padding, no other character, no stray bits. SC_ERR_ENCODING, SC_ERR_TOO_LARGE. */
sc_status sc_base64url_read(struct sc_view text, size_t max, struct sc_bytes *out,
			    struct sc_error *err) SC_WARN_UNUSED;

/* Terminated; out->len does not count the terminator. SC_ERR_MEMORY. */
sc_status sc_base64url_write(struct sc_view bytes, struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

/* A new string value holding `bytes` in base64url; NULL if out of memory. */
json_t *sc_json_from_bytes(struct sc_view bytes);

#endif
