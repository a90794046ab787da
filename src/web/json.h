/*
 * JSON and base64url as rule P7 wants them: what is not exactly right is refused before jansson can repair
 * it.
 */
#ifndef SC_WEB_JSON_H
#define SC_WEB_JSON_H

#include <jansson.h>

#include "base/bytes.h"

#define SC_JSON_DEPTH_MAX 32

SC_CLEANUP_POINTER(sc_json, json_t, json_decref)

/*
 * Reads one object or array. Refused with SC_ERR_JSON and the reason: a NUL byte (or \u0000) anywhere,
 * duplicate members, more than 32 levels, bytes behind the value, invalid UTF-8. The caller releases *out.
 */
sc_status sc_json_read(struct sc_view text, json_t **out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Members of an object. An absent one (or null) leaves the default: NULL, false, 0; use `is_needed` to refuse
 * that. One of another type, or longer than `max` bytes, is SC_ERR_JSON naming it. What is given is borrowed.
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

/* *is_there (which may be NULL) tells an absent member from false or 0. */
sc_status sc_json_boolean(const json_t *object, const char *name, enum sc_json_need need, bool *out,
			  bool *is_there, struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_json_integer(const json_t *object, const char *name, enum sc_json_need need, int64_t *out,
			  bool *is_there, struct sc_error *err) SC_WARN_UNUSED;

/* base64url of a member that must be there (sc_base64url_read), at most `max` bytes when decoded. */
sc_status sc_json_base64url(const json_t *object, const char *name, size_t max, struct sc_bytes *out,
			    struct sc_error *err) SC_WARN_UNUSED;

/* Compact text, terminated (out->len counts no terminator). SC_ERR_MEMORY. */
sc_status sc_json_write(const json_t *value, struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

/* RFC 7515 section 2: no padding, no other character, no stray bits. SC_ERR_ENCODING, SC_ERR_TOO_LARGE. */
sc_status sc_base64url_read(struct sc_view text, size_t max, struct sc_bytes *out,
			    struct sc_error *err) SC_WARN_UNUSED;

/* Terminated; out->len counts no terminator. SC_ERR_MEMORY. */
sc_status sc_base64url_write(struct sc_view bytes, struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

/* A new string value of the base64url of `bytes`; NULL without memory. */
json_t *sc_json_from_bytes(struct sc_view bytes);

#endif
