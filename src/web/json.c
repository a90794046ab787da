/*
 * Strict JSON: see json.h. What jansson would accept (a NUL byte after the value, deep nesting) is searched
 * for in the text before jansson sees it. jansson refuses the rest when it is told to.
 */
#include "web/json.h"

#include <string.h>

/* -- reading ----------------------------------------------------------------------------------- */

/* Needs no parser: brackets count outside strings only, and a string ends at an unescaped quote. */
static sc_status check_shape(struct sc_view text, struct sc_error *err)
{
	bool in_string = false;
	unsigned depth = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		SC_ENSURE(c != 0, err, SC_ERR_JSON, "a NUL byte at offset %zu", i);
		if (in_string && c == '\\' && i + 1 < text.len && text.data[i + 1] != 0) {
			i++;
		} else if (c == '"') {
			in_string = !in_string;
		} else if (!in_string && (c == '{' || c == '[')) {
			depth++;
			SC_ENSURE(depth <= SC_JSON_DEPTH_MAX, err, SC_ERR_JSON, "more than %d levels deep",
				  SC_JSON_DEPTH_MAX);
		} else if (!in_string && (c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return SC_OK;
}

sc_status sc_json_read(struct sc_view text, json_t **out, struct sc_error *err)
{
	json_error_t error = { 0 };
	json_t *value;

	SC_ENSURE(text.len > 0, err, SC_ERR_JSON, "not JSON: the text is empty");
	SC_TRY(check_shape(text, err));
	value = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);
	/* jansson's message may quote the input. Code and position are enough and repeat nothing. */
	SC_ENSURE(value, err, SC_ERR_JSON, "malformed JSON at line %d, column %d%s", error.line, error.column,
		  json_error_code(&error) == json_error_duplicate_key ? ": a member appears twice" : "");
	*out = value;
	return SC_OK;
}

/* -- members ----------------------------------------------------------------------------------- */

/* The member if it is present; NULL and SC_OK if it is absent and optional. */
static sc_status find(const json_t *object, const char *name, enum sc_json_need need, json_t **out,
		      struct sc_error *err)
{
	json_t *value = json_object_get(object, name);

	if (json_is_null(value))
		value = NULL;
	SC_ENSURE(value || need == SC_JSON_OPTIONAL, err, SC_ERR_JSON, "\"%s\" is missing", name);
	*out = value;
	return SC_OK;
}

sc_status sc_json_text(const json_t *object, const char *name, size_t max, enum sc_json_need need,
		       const char **out, struct sc_error *err)
{
	json_t *value = NULL;

	SC_TRY(find(object, name, need, &value, err));
	SC_ENSURE(!value || json_is_string(value), err, SC_ERR_JSON, "\"%s\" must be a string", name);
	SC_ENSURE(!value || json_string_length(value) <= max, err, SC_ERR_JSON,
		  "\"%s\" is longer than %zu bytes", name, max);
	*out = value ? json_string_value(value) : NULL;
	return SC_OK;
}

sc_status sc_json_object(const json_t *object, const char *name, enum sc_json_need need, json_t **out,
			 struct sc_error *err)
{
	json_t *value = NULL;

	SC_TRY(find(object, name, need, &value, err));
	SC_ENSURE(!value || json_is_object(value), err, SC_ERR_JSON, "\"%s\" must be an object", name);
	*out = value;
	return SC_OK;
}

sc_status sc_json_array(const json_t *object, const char *name, enum sc_json_need need, json_t **out,
			struct sc_error *err)
{
	json_t *value = NULL;

	SC_TRY(find(object, name, need, &value, err));
	SC_ENSURE(!value || json_is_array(value), err, SC_ERR_JSON, "\"%s\" must be an array", name);
	*out = value;
	return SC_OK;
}

sc_status sc_json_boolean(const json_t *object, const char *name, enum sc_json_need need, bool *out,
			  bool *is_there, struct sc_error *err)
{
	json_t *value = NULL;

	SC_TRY(find(object, name, need, &value, err));
	SC_ENSURE(!value || json_is_boolean(value), err, SC_ERR_JSON, "\"%s\" must be true or false", name);
	*out = json_is_true(value);
	if (is_there)
		*is_there = value != NULL;
	return SC_OK;
}

sc_status sc_json_integer(const json_t *object, const char *name, enum sc_json_need need, int64_t *out,
			  bool *is_there, struct sc_error *err)
{
	json_t *value = NULL;

	SC_TRY(find(object, name, need, &value, err));
	SC_ENSURE(!value || json_is_integer(value), err, SC_ERR_JSON, "\"%s\" must be a whole number", name);
	*out = json_integer_value(value);
	if (is_there)
		*is_there = value != NULL;
	return SC_OK;
}

sc_status sc_json_base64url(const json_t *object, const char *name, size_t max, struct sc_bytes *out,
			    struct sc_error *err)
{
	const char *text = NULL;
	sc_status status;

	SC_TRY(sc_json_text(object, name, SIZE_MAX, SC_JSON_NEEDED, &text, err));
	status = sc_base64url_read(sc_view_text(text), max, out, err);
	return status == SC_OK ? SC_OK : sc_fail_context(err, status, "\"%s\"", name);
}

/* -- writing ----------------------------------------------------------------------------------- */

sc_status sc_json_write(const json_t *value, struct sc_bytes *out, struct sc_error *err)
{
	size_t len = json_dumpb(value, NULL, 0, JSON_COMPACT);

	SC_ENSURE(len > 0, err, SC_ERR_MEMORY, "out of memory for JSON");
	SC_TRY(sc_bytes_new(len, out, err));
	if (json_dumpb(value, (char *)out->data, len, JSON_COMPACT) == len)
		return SC_OK;
	sc_bytes_free(out);
	return sc_fail(err, SC_ERR_MEMORY, "out of memory for JSON");
}

json_t *sc_json_from_bytes(struct sc_view bytes)
{
	SC_CLEANUP(sc_bytes) text = { 0 };

	if (sc_base64url_write(bytes, &text, NULL) != SC_OK)
		return NULL;
	return json_stringn((const char *)text.data, text.len);
}
