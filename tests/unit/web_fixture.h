/*
 * A web server's surroundings: a directory, a fake module that signs with a TLS key of its own, a certificate
 * for that key, and a client that sends bytes unchanged.
 */
#ifndef WEB_FIXTURE_H
#define WEB_FIXTURE_H

#include <stdatomic.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "fake_module.h"
#include "scratch.h"
#include "web/web.h"

enum web_module {
	MODULE_SIGNS,
	MODULE_IS_SILENT,
	MODULE_CLOSES,
	MODULE_FORGETS, /* answers NOT_LOADED once, then signs again */
};

struct web_fixture {
	struct scratch scratch;
	struct fake_module *module;
	EVP_PKEY *key;
	struct sc_web_tls_key *tls_key;
	char certificate[128]; /* paths */
	char blob[128];
	char socket[128];
	atomic_int behaviour; /* enum web_module */
	atomic_uint signs;
	atomic_uint loads;
	atomic_uint ignored; /* requests that a silent module has received */
};

/* Opens the TLS key as well. Aborts if anything fails. */
void web_fixture_start(struct web_fixture *fixture);
void web_fixture_stop(struct web_fixture *fixture);

/* A self-signed P-256 certificate of `key` for localhost's service names, as PEM in a file. */
void web_fixture_certificate(EVP_PKEY *key, const char *path);

extern atomic_uint web_handshakes; /* completed by the clients below */

/* A client that takes its time. */
struct web_client {
	SSL_CTX *context;
	SSL *ssl;
	int fd;
};

/*
 * Connects over TLS to 127.0.0.1 (or ::1); `from` is the client's own IPv4 address (127.0.0.2), or NULL.
 * False if there is no connection or handshake; the client is then closed.
 */
bool web_client_open(struct web_client *client, const char *from, const char *address, uint16_t port);
void web_client_send(struct web_client *client, const void *data, size_t len);

/*
 * Waits for the end of the connection (returns 0) or for `wait_ms` of silence (1), and leaves what arrived in
 * `answer`, terminated.
 */
int web_client_read(struct web_client *client, unsigned wait_ms, char *answer, size_t size);
void web_client_close(struct web_client *client);

/*
 * Sends `len` bytes over TLS to 127.0.0.1 (or ::1), waits for the end of the answers or for `wait_ms` of
 * silence, and leaves what arrived in `answer`, terminated. Returns -1 if there was no connection or
 * handshake, 0 if the server closed the connection, 1 if it is still open.
 */
int web_exchange(const char *address, uint16_t port, const void *request, size_t len, unsigned wait_ms,
		 char *answer, size_t size);

#endif
