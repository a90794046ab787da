/*
 * Client secrets: the secrets of applications. They are made here, of 260 random bits, and not chosen by
 * people. So one SHA-256 is enough to keep them, and guesses need no limit.
 */
#ifndef SC_WEB_CLIENT_SECRET_H
#define SC_WEB_CLIENT_SECRET_H

#include "base/digest.h"

/* By which a secret is stored and recognised. SC_ERR_CRYPTO. */
sc_status sc_web_client_secret_hash(struct sc_view secret, struct sc_hash *out,
				    struct sc_error *err) SC_WARN_UNUSED;

#endif
