/* See web_fixture.h. */
#include "web_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static const uint8_t blob[] = "a blob that only the fake module knows";

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* -- the module -------------------------------------------------------------------------------- */

static void reply_load(int connection, struct sc_view message, struct sc_view body)
{
	SC_CLEANUP(sc_writer) writer = sc_writer_new(SC_WIRE_BODY_MAX);
	struct sc_key_load_response response;
	struct sc_key_load_request request;

	must(sc_key_load_request_read(body, &request) == SC_OK &&
	     sc_sha256(request.blob, &response.key, NULL) == SC_OK);
	sc_key_load_response_write(&writer, &response);
	fake_reply(connection, message, SC_OK, 0, 0, sc_writer_view(&writer));
}

static void reply_sign(struct web_fixture *fixture, int connection, struct sc_view message,
		       struct sc_view body)
{
	SC_CLEANUP(sc_writer) writer = sc_writer_new(SC_WIRE_BODY_MAX);
	struct sc_sign_request request;
	uint8_t signature[128];
	size_t len = sizeof signature;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(fixture->key, NULL);

	must(context && sc_sign_request_read(body, &request) == SC_OK &&
	     request.mechanism == SC_MECHANISM_TLS_ECDSA && EVP_PKEY_sign_init(context) == 1 &&
	     EVP_PKEY_sign(context, signature, &len, request.data.data, request.data.len) == 1);
	EVP_PKEY_CTX_free(context);
	sc_sign_response_write(&writer, &(struct sc_sign_response){ sc_view_of(signature, len) });
	fake_reply(connection, message, SC_OK, 0, 0, sc_writer_view(&writer));
}

static bool serve(void *context, int connection, struct sc_view message)
{
	struct web_fixture *fixture = context;
	struct sc_view body;
	uint32_t command = fake_command(message, &body);

	if (fixture->behaviour == MODULE_CLOSES)
		return false;
	if (fixture->behaviour == MODULE_IS_SILENT) {
		fixture->ignored++;
		return true;
	}
	if (command == SC_COMMAND_KEY_LOAD) {
		fixture->loads++;
		reply_load(connection, message, body);
		return true;
	}
	must(command == SC_COMMAND_SIGN);
	if (fixture->behaviour == MODULE_FORGETS) {
		fixture->behaviour = MODULE_SIGNS;
		fake_reply(connection, message, SC_ERR_NOT_LOADED, 0, 0, (struct sc_view){ 0 });
		return true;
	}
	fixture->signs++;
	reply_sign(fixture, connection, message, body);
	return true;
}

/* -- the certificate --------------------------------------------------------------------------- */

void web_fixture_certificate(EVP_PKEY *key, const char *path)
{
	static const char names[] = "DNS:localhost,DNS:login.localhost,DNS:management.localhost,"
				    "DNS:*.vault.localhost,IP:127.0.0.1,IP:::1";
	X509 *certificate = X509_new();
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
	FILE *file = fopen(path, "w");

	must(certificate && extension && file && X509_set_version(certificate, 2) &&
	     ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) &&
	     X509_gmtime_adj(X509_getm_notBefore(certificate), -60) &&
	     X509_gmtime_adj(X509_getm_notAfter(certificate), 3600) &&
	     X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
					(const uint8_t *)"test", -1, -1, 0) &&
	     X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) &&
	     X509_set_pubkey(certificate, key) && X509_add_ext(certificate, extension, -1) &&
	     X509_sign(certificate, key, EVP_sha256()) > 0 && PEM_write_X509(file, certificate) == 1 &&
	     fclose(file) == 0);
	X509_EXTENSION_free(extension);
	X509_free(certificate);
}

/* -- its life ---------------------------------------------------------------------------------- */

void web_fixture_start(struct web_fixture *fixture)
{
	struct sc_error err = { 0 };

	memset(fixture, 0, sizeof *fixture);
	fixture->scratch = scratch_make();
	snprintf(fixture->certificate, sizeof fixture->certificate, "%s/tls.pem", fixture->scratch.path);
	snprintf(fixture->blob, sizeof fixture->blob, "%s/tls.blob", fixture->scratch.path);
	snprintf(fixture->socket, sizeof fixture->socket, "%s/socket", fixture->scratch.path);
	fixture->key = EVP_EC_gen("P-256");
	must(fixture->key != NULL);
	web_fixture_certificate(fixture->key, fixture->certificate);
	scratch_write(fixture->blob, blob, sizeof blob);
	fixture->module = fake_module_start(fixture->socket, serve, fixture);
	if (sc_web_tls_key_open(&(struct sc_web_tls_key_settings){ fixture->certificate, fixture->blob,
								   fixture->socket, "vaultd" },
				&fixture->tls_key, &err) != SC_OK) {
		fprintf(stderr, "%s\n", err.message);
		abort();
	}
}

void web_fixture_stop(struct web_fixture *fixture)
{
	sc_web_tls_key_free(fixture->tls_key);
	fake_module_stop(fixture->module);
	EVP_PKEY_free(fixture->key);
	scratch_remove(&fixture->scratch);
}

/* -- the client -------------------------------------------------------------------------------- */

/* `from` is the IPv4 address that the client uses, or NULL. */
static int connect_to(const char *from, const char *address, uint16_t port)
{
	struct sockaddr_in own = { .sin_family = AF_INET };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	bool is_v4 = inet_pton(AF_INET, address, &v4.sin_addr) == 1;
	int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0 && (is_v4 || inet_pton(AF_INET6, address, &v6.sin6_addr) == 1));
	must(!from || (inet_pton(AF_INET, from, &own.sin_addr) == 1 &&
		       bind(fd, (struct sockaddr *)&own, sizeof own) == 0));
	if (connect(fd, is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
		    is_v4 ? sizeof v4 : sizeof v6) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Reads until the end of the stream (returns 0) or a silence of `wait_ms` (1). */
static int read_all(SSL *ssl, int fd, unsigned wait_ms, char *answer, size_t size)
{
	size_t used = 0;
	int result = 1;

	while (used + 1 < size) {
		struct pollfd polled = { .fd = fd, .events = POLLIN };
		int got;

		if (!SSL_pending(ssl) && poll(&polled, 1, (int)wait_ms) <= 0)
			break;
		got = SSL_read(ssl, answer + used, (int)(size - used - 1));
		if (got <= 0) {
			result = 0;
			break;
		}
		used += (size_t)got;
	}
	answer[used] = '\0';
	return result;
}

atomic_uint web_handshakes;

bool web_client_open(struct web_client *client, const char *from, const char *address, uint16_t port)
{
	client->context = SSL_CTX_new(TLS_client_method());
	client->ssl = SSL_new(client->context);
	must(client->ssl != NULL);
	client->fd = connect_to(from, address, port);
	if (client->fd >= 0 && SSL_set_fd(client->ssl, client->fd) == 1 && SSL_connect(client->ssl) == 1) {
		web_handshakes++;
		return true;
	}
	web_client_close(client);
	return false;
}

void web_client_send(struct web_client *client, const void *data, size_t len)
{
	/* If the server has closed before all was sent, its answer may still be readable. */
	if (len > 0)
		(void)SSL_write(client->ssl, data, (int)len);
}

int web_client_read(struct web_client *client, unsigned wait_ms, char *answer, size_t size)
{
	return read_all(client->ssl, client->fd, wait_ms, answer, size);
}

void web_client_close(struct web_client *client)
{
	SSL_free(client->ssl);
	SSL_CTX_free(client->context);
	if (client->fd >= 0)
		close(client->fd);
	*client = (struct web_client){ .fd = -1 };
}

int web_exchange(const char *address, uint16_t port, const void *request, size_t len, unsigned wait_ms,
		 char *answer, size_t size)
{
	struct web_client client;
	int result;

	answer[0] = '\0';
	if (!web_client_open(&client, NULL, address, port))
		return -1;
	web_client_send(&client, request, len);
	result = web_client_read(&client, wait_ms, answer, size);
	web_client_close(&client);
	return result;
}
