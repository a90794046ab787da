/*
 * The signing keys of one or more issuers: a JWKS at a URL, which is fetched on a worker thread, or keys that
 * the caller sets. Keys that were fetched are also kept in a file, so that after a restart tokens are
 * accepted before the issuer can be reached. issuer.h has the times.
 */
#ifndef SC_WEB_KEY_SOURCE_H
#define SC_WEB_KEY_SOURCE_H

#include "web/issuer.h"
#include "web/key_set.h"

struct sc_web_key_source;

/*
 * `url`, `ca` and `saved` are as in sc_web_issuer_settings. A saved file of another URL, or one that is too
 * old, is ignored, and so is one that cannot be read, which is reported in the log. SC_ERR_MEMORY.
 */
sc_status sc_web_key_source_new(const char *url, const char *ca, const char *saved,
				struct sc_web_key_source **out, struct sc_error *err) SC_WARN_UNUSED;

/* Call only after the server passed to sc_web_key_source_start() has been stopped. NULL is allowed. */
void sc_web_key_source_free(struct sc_web_key_source *source);
SC_CLEANUP_POINTER(sc_web_key_source, struct sc_web_key_source, sc_web_key_source_free)

/* True if this is the source of that URL, with the same authority. */
bool sc_web_key_source_is(const struct sc_web_key_source *source, const char *url, const char *ca);

/* Replaces the keys with those of a JWKS. SC_ERR_JSON. */
sc_status sc_web_key_source_set(struct sc_web_key_source *source, struct sc_view jwks,
				struct sc_error *err) SC_WARN_UNUSED;

/* From now on fetches keys on the server's slow lane, behind the gate, the first time at once. */
void sc_web_key_source_start(struct sc_web_key_source *source, struct sc_web_server *server,
			     struct sc_web_gate *gate);

/*
 * The keys, if `kid` is one of them; the caller releases *out. SC_ERR_TOKEN: there is no such key.
 * SC_ERR_UNAVAILABLE: it may be new, and the keys are being fetched. Never blocks.
 */
sc_status sc_web_key_source_find(struct sc_web_key_source *source, const char *kid,
				 struct sc_web_key_set **out, struct sc_error *err) SC_WARN_UNUSED;

#endif
