/*
 * A daemon's TLS certificate, whose private key is in the module (DESIGN section 3): GnuTLS asks for a
 * signature over a hash, and the module makes it. The asking thread waits at most SC_WEB_TLS_KEY_TIMEOUT_MS for
 * each of the module's answers, on a connection that no other thread uses meanwhile and that is closed after a
 * timeout; more than one is waited for only where the module has just lost the connection or the key.
 */
#ifndef SC_WEB_TLS_KEY_H
#define SC_WEB_TLS_KEY_H

#include "base/bytes.h"

#define SC_WEB_TLS_KEY_TIMEOUT_MS 2000

struct sc_web_tls_key;

struct sc_web_tls_key_settings {
	const char *certificate; /* path: PEM, the server's certificate first, then its issuers' */
	const char *blob;        /* path: the tls key's blob */
	const char *module;      /* path of the module's socket */
	const char *daemon;      /* the owner that the blob is sealed to: "vaultd" */
};

/*
 * Reads certificate and blob, and has the module sign once to see that key and certificate belong together.
 * SC_ERR_KEY_INVALID where they do not, SC_ERR_KEY_TYPE for a certificate that is not for a P-256 key,
 * SC_ERR_UNAVAILABLE without the module. A module that goes away later is no event: it is connected to again.
 */
sc_status sc_web_tls_key_open(const struct sc_web_tls_key_settings *settings, struct sc_web_tls_key **out,
			  struct sc_error *err) SC_WARN_UNUSED;
void sc_web_tls_key_free(struct sc_web_tls_key *key);
SC_CLEANUP_POINTER(sc_web_tls_key, struct sc_web_tls_key, sc_web_tls_key_free)

#endif
