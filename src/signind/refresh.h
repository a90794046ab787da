/*
 * Refresh tokens: 256 random bits for the client, their hash for the database (DESIGN section 8). Each use
 * gives the client a new one; the one that it showed lives on for a minute, because the answer may be lost on
 * its way and because two processes of one client (`az` run twice at once) share a token and do not wait for
 * each other. One that is shown after that minute has been stolen, by whoever showed it or whoever exchanged
 * it: every token of that sign-in ends.
 */
#ifndef SC_SIGNIND_REFRESH_H
#define SC_SIGNIND_REFRESH_H

#include "base/digest.h"

#define SC_SIGNIND_REFRESH_LIFE  (14 * SC_DAY) /* seconds */
#define SC_SIGNIND_REFRESH_GRACE 60            /* seconds that a token outlives its use */

/* A new token as base64url text, terminated, and its hash. SC_ERR_MEMORY, SC_ERR_CRYPTO. */
sc_status sc_signind_refresh_new(struct sc_bytes *text, struct sc_hash *hash, struct sc_error *err) SC_WARN_UNUSED;

/* The hash of what a client shows. SC_ERR_ENCODING for what cannot be one of ours. */
sc_status sc_signind_refresh_read(const char *text, struct sc_hash *hash, struct sc_error *err) SC_WARN_UNUSED;

#endif
