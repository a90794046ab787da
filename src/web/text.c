/* Percent-encoding, queries and forms: see text.h. */
#include "web/text.h"

#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

static sc_status decode_into(struct sc_view text, bool plus_is_space, struct sc_bytes *out,
			     struct sc_error *err)
{
	size_t used = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (c == '+' && plus_is_space)
			c = ' ';
		if (c == '%') {
			int high = i + 2 < text.len ? OPENSSL_hexchar2int(text.data[i + 1]) : -1;
			int low = i + 2 < text.len ? OPENSSL_hexchar2int(text.data[i + 2]) : -1;

			SC_ENSURE(high >= 0 && low >= 0, err, SC_ERR_HTTP, "a malformed percent-escape");
			c = (uint8_t)(high << 4 | low);
			i += 2;
		}
		out->data[used++] = c;
	}
	out->data[used] = 0;
	out->len = used;
	SC_ENSURE(sc_view_is_text(sc_bytes_view(out)), err, SC_ERR_HTTP,
		  "an escape for a control character or for invalid UTF-8");
	return SC_OK;
}

sc_status sc_web_percent_decode(struct sc_view text, bool plus_is_space, struct sc_bytes *out,
				struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) decoded = { 0 };

	SC_TRY(sc_bytes_new(text.len, &decoded, err));
	SC_TRY(decode_into(text, plus_is_space, &decoded, err));
	*out = sc_steal(decoded);
	return SC_OK;
}

void sc_web_pairs_free(struct sc_web_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		sc_bytes_free(&pairs->item[i].name);
		sc_bytes_free(&pairs->item[i].value);
	}
	pairs->count = 0;
}

/* Takes ownership of both. */
static sc_status append(struct sc_web_pairs *pairs, struct sc_bytes *name, struct sc_bytes *value,
			struct sc_error *err)
{
	SC_ENSURE(pairs->count < SC_WEB_PAIRS_MAX, err, SC_ERR_HTTP, "more than %d headers or parameters",
		  SC_WEB_PAIRS_MAX);
	pairs->item[pairs->count].name = sc_steal(*name);
	pairs->item[pairs->count].value = sc_steal(*value);
	pairs->count++;
	return SC_OK;
}

sc_status sc_web_pairs_add(struct sc_web_pairs *pairs, struct sc_view name, struct sc_view value,
			   struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) name_copy = { 0 };
	SC_CLEANUP(sc_bytes) value_copy = { 0 };

	SC_TRY(sc_bytes_copy(name, &name_copy, err));
	SC_TRY(sc_bytes_copy(value, &value_copy, err));
	return append(pairs, &name_copy, &value_copy, err);
}

sc_status sc_web_pairs_set(struct sc_web_pairs *pairs, const char *name, const char *value)
{
	SC_CLEANUP(sc_bytes) copy = { 0 };

	for (size_t i = 0; i < pairs->count; i++) {
		if (strcasecmp((const char *)pairs->item[i].name.data, name) != 0)
			continue;
		SC_TRY(sc_bytes_copy(sc_view_text(value), &copy, NULL));
		sc_bytes_free(&pairs->item[i].value);
		pairs->item[i].value = sc_steal(copy);
		return SC_OK;
	}
	return sc_web_pairs_add(pairs, sc_view_text(name), sc_view_text(value), NULL);
}

const char *sc_web_pairs_find(const struct sc_web_pairs *pairs, const char *name, bool any_case)
{
	for (size_t i = 0; i < pairs->count; i++) {
		const char *at = (const char *)pairs->item[i].name.data;

		if (any_case ? !strcasecmp(at, name) : !strcmp(at, name))
			return (const char *)pairs->item[i].value.data;
	}
	return NULL;
}

static sc_status read_pair(struct sc_web_pairs *pairs, struct sc_view text, bool plus_is_space,
			   struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) name = { 0 };
	SC_CLEANUP(sc_bytes) value = { 0 };
	const uint8_t *equals = memchr(text.data, '=', text.len);
	size_t name_len = equals ? (size_t)(equals - text.data) : text.len;
	struct sc_view rest =
	    equals ? sc_view_of(equals + 1, text.len - name_len - 1) : (struct sc_view){ 0 };
	sc_status status;

	SC_TRY(sc_web_percent_decode(sc_view_of(text.data, name_len), plus_is_space, &name, err));
	SC_ENSURE(name.len > 0, err, SC_ERR_HTTP, "a parameter without a name");
	status = sc_web_percent_decode(rest, plus_is_space, &value, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "the parameter %s", (const char *)name.data);
	SC_ENSURE(!sc_web_pairs_find(pairs, (const char *)name.data, false), err, SC_ERR_HTTP,
		  "the parameter %s appears twice", (const char *)name.data);
	return append(pairs, &name, &value, err);
}

sc_status sc_web_pairs_read(struct sc_web_pairs *pairs, struct sc_view text, bool plus_is_space,
			    struct sc_error *err)
{
	while (text.len > 0) {
		const uint8_t *end = memchr(text.data, '&', text.len);
		size_t len = end ? (size_t)(end - text.data) : text.len;

		/* Some clients send "a=b&" and "a=b&&c=d"; an empty pair cannot be misread. */
		if (len > 0)
			SC_TRY(read_pair(pairs, sc_view_of(text.data, len), plus_is_space, err));
		text = sc_view_of(text.data + len + (end != NULL), text.len - len - (end != NULL));
	}
	return SC_OK;
}
