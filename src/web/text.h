/*
 * The texts in a request: percent-encoding, and lists of names and values. Decoded texts are UTF-8 without
 * control characters. Anything else is refused, not repaired (rule P7).
 */
#ifndef SC_WEB_TEXT_H
#define SC_WEB_TEXT_H

#include "base/bytes.h"

/*
 * Decodes %XX and, if requested, '+' to a space; `out` is terminated. SC_ERR_HTTP for a bad escape, a NUL, a
 * control character or invalid UTF-8.
 */
sc_status sc_web_percent_decode(struct sc_view text, bool plus_is_space, struct sc_bytes *out,
				struct sc_error *err) SC_WARN_UNUSED;

#define SC_WEB_PAIRS_MAX 64

/*
 * In order of arrival. Zero-initialise; sc_web_pairs_free releases and wipes them, because a form holds
 * passwords.
 */
struct sc_web_pairs {
	struct {
		struct sc_bytes name; /* both terminated */
		struct sc_bytes value;
	} item[SC_WEB_PAIRS_MAX];
	size_t count;
};

void sc_web_pairs_free(struct sc_web_pairs *pairs);
SC_CLEANUP_VALUE(sc_web_pairs, sc_web_pairs_free)

/* Appends a copy of a pair. SC_ERR_HTTP if there are too many. */
sc_status sc_web_pairs_add(struct sc_web_pairs *pairs, struct sc_view name, struct sc_view value,
			   struct sc_error *err) SC_WARN_UNUSED;

/* The same, but replaces a pair of that name (ignoring case) if there is one. */
sc_status sc_web_pairs_set(struct sc_web_pairs *pairs, const char *name, const char *value) SC_WARN_UNUSED;

/* The first value of that name, or NULL. */
const char *sc_web_pairs_find(const struct sc_web_pairs *pairs, const char *name, bool any_case);

/*
 * Adds "a=b&c=d", from a query or a form, to `pairs`. A name that appears twice is refused: SC_ERR_HTTP,
 * naming it.
 */
sc_status sc_web_pairs_read(struct sc_web_pairs *pairs, struct sc_view text, bool plus_is_space,
			    struct sc_error *err) SC_WARN_UNUSED;

#endif
