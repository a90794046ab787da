/*
 * A daemon's TLS certificate. Its private key is in the module (invariant 1): GnuTLS asks for a signature
 * over a hash, and the module makes it. The calling thread waits at most SC_WEB_TLS_KEY_TIMEOUT_MS for each
 * of the module's answers, on a connection that no other thread uses meanwhile and that is closed after a
 * timeout. It waits for more than one answer only if the module has just lost the connection or the key.
 * After a timeout no handshake waits, and each fails at once, until the module has signed for a thread of our
 * own.
 */
#ifndef SC_WEB_TLS_KEY_H
#define SC_WEB_TLS_KEY_H

#include "base/bytes.h"

#define SC_WEB_TLS_KEY_TIMEOUT_MS 500

struct sc_web_tls_key;

struct sc_web_tls_key_settings {
	const char *certificate; /* path: PEM, the server's certificate first, then its issuers' */
	const char *blob;        /* path: the TLS key's blob */
	const char *module;      /* path of the module's socket */
	const char *daemon;      /* the owner to which the blob is sealed: "vaultd" */
};

/*
 * Reads the certificate and the blob, and has the module sign once to check that key and certificate belong
 * together. SC_ERR_KEY_INVALID if they do not, SC_ERR_KEY_TYPE if the certificate is not for a P-256 key,
 * SC_ERR_UNAVAILABLE without the module. If the module goes away later, the next signature opens a new
 * connection.
 */
sc_status sc_web_tls_key_open(const struct sc_web_tls_key_settings *settings, struct sc_web_tls_key **out,
			      struct sc_error *err) SC_WARN_UNUSED;
void sc_web_tls_key_free(struct sc_web_tls_key *key);
SC_CLEANUP_POINTER(sc_web_tls_key, struct sc_web_tls_key, sc_web_tls_key_free)

#endif
