/* What token.c needs from the table of issuers. */
#ifndef SC_WEB_ISSUER_KEYS_H
#define SC_WEB_ISSUER_KEYS_H

#include "web/issuer.h"
#include "web/key_set.h"

/*
 * The issuer's keys, if the issuer is in the table and one of the keys is `kid`; the caller releases *out.
 * SC_ERR_TOKEN: no such issuer or key. SC_ERR_UNAVAILABLE: the key may be new, and the keys are being
 * fetched. Never blocks.
 */
sc_status sc_web_issuers_find_keys(struct sc_web_issuers *issuers, const char *issuer, const char *kid,
				   struct sc_web_key_set **out, struct sc_error *err) SC_WARN_UNUSED;

/* True if the issuer may speak for that tenant. */
bool sc_web_issuers_has_tenant(struct sc_web_issuers *issuers, const char *issuer, const char *tenant);

#endif
