/*
 * Refresh tokens: the client gets 256 random bits, the database their hash. Each use issues a new token. The
 * old one remains valid for a minute, because the answer may be lost on its way and because two processes of
 * one client (`az` run twice at once) share a token without waiting for each other. If it is used after that
 * minute, it has been stolen, either by the client that used it now or by the one that exchanged it, so every
 * token of that sign-in is revoked.
 */
#ifndef SC_SIGNIND_REFRESH_H
#define SC_SIGNIND_REFRESH_H

#include "base/digest.h"

#define SC_SIGNIND_REFRESH_LIFE  (14 * SC_DAY) /* seconds */
#define SC_SIGNIND_REFRESH_GRACE 60            /* seconds for which a token remains valid after its use */

/* Makes a token, as terminated base64url text, and its hash. SC_ERR_MEMORY, SC_ERR_CRYPTO. */
sc_status sc_signind_refresh_new(struct sc_bytes *text, struct sc_hash *hash,
				 struct sc_error *err) SC_WARN_UNUSED;

/* The hash of a token that a client presents. SC_ERR_ENCODING if it cannot be one of ours. */
sc_status sc_signind_refresh_read(const char *text, struct sc_hash *hash,
				  struct sc_error *err) SC_WARN_UNUSED;

#endif
