/*
 * Writes the seeds of every fuzz target into a directory, with a subdirectory for each target: the samples of
 * every stored structure, a certificate of each kind, a request and a response with empty fields for each
 * command, and examples of what clients send to the services.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "forge.h"
#include "support/samples.h"
#include "wire/message.h"

static sc_status write_seed(const char *top, const char *target, const char *name, struct sc_view content,
			    struct sc_error *err)
{
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;
	char path[1000];

	snprintf(path, sizeof path, "%s/%s", top, target);
	SC_TRY(sc_dir_make(path, &dir, err));
	return sc_file_write(&dir, name, content, SC_FILE_REPLACE, 0600, err);
}

/* fuzz_der expects the structure's number before its DER. */
static sc_status write_sample(const char *top, size_t number, const struct sc_sample *sample,
			      struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_writer) seed = sc_writer_new(sample->max + 1);
	uint8_t first = (uint8_t)number;

	SC_TRY(sample->make(&der, err));
	sc_write_raw(&seed, sc_view_of(&first, 1));
	sc_write_raw(&seed, sc_bytes_view(&der));
	SC_TRY(write_seed(top, "fuzz_der", sample->name, sc_writer_view(&seed), err));
	if (!sample->asn1)
		SC_TRY(write_seed(top, "fuzz_signed_data", sample->name, sc_bytes_view(&der), err));
	return SC_OK;
}

static sc_status write_certificates(const char *top, struct sc_error *err)
{
	SC_CLEANUP(sc_forge) forge = sc_forge_new(sc_clock_now(), "EU");
	const struct {
		const char *name;
		X509 *certificate;
	} seeds[] = { { "root", forge->root },
		      { "warrant", forge->warrant },
		      { "region", forge->region_certificate },
		      { "member", forge->member },
		      { "kek", forge->kek_certificate } };

	for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
		SC_CLEANUP(sc_bytes) der = { 0 };

		SC_TRY(sc_x509_encode(seeds[i].certificate, &der, err));
		SC_TRY(write_seed(top, "fuzz_certificate", seeds[i].name, sc_bytes_view(&der), err));
	}
	return SC_OK;
}

#define MESSAGES(NAME, name, number, roles, modes, quorum, lane)                                             \
	static sc_status write_##name(const char *top, struct sc_error *err)                                 \
	{                                                                                                    \
		SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);                                \
		SC_CLEANUP(sc_writer) request = sc_writer_new(SC_WIRE_MESSAGE_MAX);                          \
		SC_CLEANUP(sc_writer) response = sc_writer_new(SC_WIRE_MESSAGE_MAX);                         \
		static const struct sc_##name##_request no_request;                                          \
		static const struct sc_##name##_response no_response;                                        \
		const struct sc_wire_request_header asked = { number, 1, 0 };                                \
		const struct sc_wire_response_header answered = { number, 1, SC_OK, { 0 } };                 \
		sc_##name##_request_write(&body, &no_request);                                               \
		sc_wire_request_header_write(&request, &asked, body.used);                                   \
		sc_write_raw(&request, sc_writer_view(&body));                                               \
		sc_writer_free(&body);                                                                       \
		body = sc_writer_new(SC_WIRE_BODY_MAX);                                                      \
		sc_##name##_response_write(&body, &no_response);                                             \
		sc_wire_response_header_write(&response, &answered, body.used);                              \
		sc_write_raw(&response, sc_writer_view(&body));                                              \
		SC_TRY(write_seed(top, "fuzz_request", #name, sc_writer_view(&request), err));               \
		return write_seed(top, "fuzz_response", #name, sc_writer_view(&response), err);              \
	}
SC_COMMAND_TABLE(MESSAGES)

#define WRITE(NAME, name, number, roles, modes, quorum, lane) SC_TRY(write_##name(top, err));

/* Input for the services. The times in the claims are far in the future, so that the seeds do not expire. */
static const struct {
	const char *target;
	const char *name;
	const char *text;
} requests[] = {
	{ "fuzz_http", "token",
	  "/adfs/oauth2/token?api-version=1.0\nHost: login.localhost:8444\nContent-Length: 24\n"
	  "Content-Type: application/x-www-form-urlencoded\n\na=1&password=x+%2B%C3%A4" },
	{ "fuzz_http", "key",
	  "/keys/a%2Db/?api%2Dversion=7.4\nHost: contoso.vault.localhost:8443\nTransfer-Encoding: chunked\n"
	  "Authorization: Bearer a.b.c\nExpect: 100-continue\n\n" },
	{ "fuzz_http", "group", "//Subscriptions//s/resourcegroups/g/\nHost: management.localhost:8443\n\n" },
	{ "fuzz_json", "import",
	  "{\"Hsm\": false, \"key\": {\"kty\": \"RSA-HSM\", \"key_hsm\": \"AQAB\"}, \"attributes\": "
	  "{\"enabled\": "
	  "true, \"exp\": 1.5e9, \"nbf\": null}, \"tags\": {\"\\u00e4\\\"\": \"\"}, \"key_ops\": []}" },
	{ "fuzz_json", "base64url", "AQAB-_8" },
	{ "fuzz_token", "raw", "reyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsxIn0.eyJpc3MiOiJ4In0.AQAB" },
	{ "fuzz_token", "signed",
	  "s{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}\n"
	  "{\"iss\":\"https://login.localhost:8444/6f1d0b7e-0000-4000-8000-000000000001/\","
	  "\"aud\":\"https://vault.localhost:8443\",\"exp\":99999999999,\"nbf\":1,\"iat\":1.5,"
	  "\"tid\":\"6f1d0b7e-0000-4000-8000-000000000001\",\"oid\":\"o-1\",\"appid\":\"a-1\",\"upn\":"
	  "\"u\"}" },
	{ "fuzz_token", "keys",
	  "k{\"keys\":[{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"k1\",\"n\":\"AQAB\","
	  "\"e\":\"AQAB\"},{\"kty\":\"EC\"}]}" },
};

static sc_status write_all(const char *top, struct sc_error *err)
{
	size_t count;
	const struct sc_sample *samples = sc_sample_all(&count);

	for (size_t i = 0; i < count; i++)
		SC_TRY(write_sample(top, i, &samples[i], err));
	SC_TRY(write_certificates(top, err));
	SC_COMMAND_TABLE(WRITE)
	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
		SC_TRY(write_seed(top, requests[i].target, requests[i].name, sc_view_text(requests[i].text),
				  err));
	return SC_OK;
}

int main(int argc, char **argv)
{
	struct sc_error err = { 0 };

	if (argc != 2) {
		fprintf(stderr, "Usage: make_corpus DIRECTORY\n");
		return 2;
	}
	if (write_all(argv[1], &err) != SC_OK) {
		fprintf(stderr, "make_corpus: %s\n", err.message);
		return sc_status_exit(err.status);
	}
	return 0;
}
