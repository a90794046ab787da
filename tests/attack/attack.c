/* What the attacks share: see attack.h. */
#include "attack.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include <openssl/pem.h>

#include "base/file.h"

#define PATHS    8
#define PATH_LEN 512
#define FILE_MAX 65536

static const char *site;
static unsigned failures;
static pthread_mutex_t printing = PTHREAD_MUTEX_INITIALIZER;

void attack_begin(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s SITE\n", argv[0]);
		exit(2);
	}
	site = argv[1];
	/* Do not outlive the site under attack. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

int attack_end(void)
{
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* -- results ----------------------------------------------------------------------------------- */

void attack_result(const char *name, const char *why)
{
	pthread_mutex_lock(&printing);
	if (why) {
		printf("FAIL %s: %s\n", name, why);
		failures++;
	} else {
		printf("ok %s\n", name);
	}
	pthread_mutex_unlock(&printing);
}

void attack_expect(const char *name, sc_status expected, sc_status got, struct sc_error *err)
{
	char why[SC_ERROR_MESSAGE_MAX + 128];

	snprintf(why, sizeof why, "%s (%s), expected %s", sc_status_name(got), err->message,
		 sc_status_name(expected));
	attack_result(name, got == expected ? NULL : why);
	*err = (struct sc_error){ 0 };
}

void attack_must(const char *what, sc_status status, const struct sc_error *err)
{
	char why[SC_ERROR_MESSAGE_MAX + 64];

	if (status == SC_OK)
		return;
	snprintf(why, sizeof why, "%s (%s)", sc_status_name(status), err ? err->message : "");
	attack_result(what, why);
	exit(attack_end());
}

/* -- the site ---------------------------------------------------------------------------------- */

const char *attack_path(const char *format, ...)
{
	static _Thread_local char paths[PATHS][PATH_LEN];
	static _Thread_local unsigned next;
	char *path = paths[next++ % PATHS];
	va_list args;
	int len = snprintf(path, PATH_LEN, "%s/", site);

	va_start(args, format);
	vsnprintf(path + len, PATH_LEN - (size_t)len, format, args);
	va_end(args);
	return path;
}

struct sc_bytes attack_read(const char *path)
{
	struct sc_bytes content = { 0 };
	struct sc_error err = { 0 };

	attack_must(path, sc_file_read_path(path, FILE_MAX, &content, &err), &err);
	return content;
}

void attack_write(const char *path, struct sc_view content)
{
	struct sc_error err = { 0 };

	attack_must(path, sc_file_write_path(path, content, SC_FILE_REPLACE, 0600, &err), &err);
}

struct sc_client *attack_connect(const char *module, const char *socket)
{
	const char *path = attack_path("%s/%s", module, socket);
	struct sc_client *client = NULL;
	struct sc_error err = { 0 };

	attack_must(path, sc_client_open(path, &client, &err), &err);
	return client;
}

static sc_status read_root(EVP_PKEY **key, X509 **root, struct sc_error *err)
{
	char *passphrase = getenv("FACTORY_PASSPHRASE");
	FILE *key_file = fopen(attack_path("factory/root.key"), "re");
	FILE *root_file = fopen(attack_path("factory/root.pem"), "re");

	if (key_file && root_file && passphrase) {
		*key = PEM_read_PrivateKey(key_file, NULL, NULL, passphrase);
		*root = PEM_read_X509(root_file, NULL, NULL, NULL);
	}
	if (key_file)
		fclose(key_file);
	if (root_file)
		fclose(root_file);
	SC_ENSURE(*key && *root, err, SC_ERR_NOT_FOUND,
		  "cannot read the root with FACTORY_PASSPHRASE from the site's factory");
	return SC_OK;
}

void attack_root(EVP_PKEY **key, X509 **root)
{
	struct sc_error err = { 0 };

	*key = NULL;
	*root = NULL;
	attack_must("the test factory's root", read_root(key, root, &err), &err);
}

struct sc_owner attack_owner(const char *daemon)
{
	struct sc_owner owner = { .tenant = { "contoso" },
				  .subscription = { ATTACK_SUBSCRIPTION },
				  .vault = { "ContosoKeyVaultHSM" },
				  .name = { "ContosoFirstHSMkey" },
				  .version = { "1" } };
	struct sc_error err = { 0 };

	attack_must("owner", sc_text_set(&owner.daemon, daemon, "daemon", &err), &err);
	return owner;
}

struct sc_bytes attack_owner_der(const struct sc_owner *owner)
{
	struct sc_bytes der = { 0 };
	struct sc_error err = { 0 };

	attack_must("owner", sc_owner_encode(owner, &der, &err), &err);
	return der;
}

struct sc_hash attack_load(struct sc_client *client, const char *path)
{
	SC_CLEANUP(sc_bytes) blob = attack_read(path);
	SC_CLEANUP(sc_bytes) reply = { 0 };
	const struct sc_key_load_request request = { sc_bytes_view(&blob) };
	struct sc_key_load_response response = { 0 };
	struct sc_error err = { 0 };

	attack_must(path, sc_call_key_load(client, 0, &request, &reply, &response, &err), &err);
	return response.key;
}

bool attack_is_alive(struct sc_client *client)
{
	SC_CLEANUP(sc_bytes) reply = { 0 };

	return sc_client_call(client, SC_COMMAND_ENQUIRE, 0, (struct sc_view){ 0 }, &reply, NULL) == SC_OK;
}

/* -- requests and quorums ---------------------------------------------------------------------- */

#define BODY(NAME, name, number, roles, modes, quorum, lane)                                                 \
	struct sc_bytes attack_##name##_body(const struct sc_##name##_request *request)                      \
	{                                                                                                    \
		SC_CLEANUP(sc_writer) writer = sc_writer_new(SC_WIRE_BODY_MAX);                              \
		struct sc_bytes body = { 0 };                                                                \
		struct sc_error err = { 0 };                                                                 \
                                                                                                             \
		sc_##name##_request_write(&writer, request);                                                 \
		attack_must("a request of " #name, writer.failed ? SC_ERR_TOO_LARGE : SC_OK, &err);          \
		attack_must("memory", sc_bytes_copy(sc_writer_view(&writer), &body, &err), &err);            \
		return body;                                                                                 \
	}
SC_COMMAND_TABLE(BODY)

struct sc_bytes attack_message(uint16_t command, struct sc_view body)
{
	SC_CLEANUP(sc_writer) writer = sc_writer_new(SC_WIRE_REQUEST_HEADER_SIZE + SC_WIRE_BODY_MAX);
	const struct sc_wire_request_header header = { .command = command, .id = 7 };
	struct sc_bytes message = { 0 };

	sc_wire_request_header_write(&writer, &header, body.len);
	sc_write_raw(&writer, body);
	attack_must("a message", writer.failed ? SC_ERR_TOO_LARGE : SC_OK, NULL);
	attack_must("memory", sc_bytes_copy(sc_writer_view(&writer), &message, NULL), NULL);
	return message;
}

struct sc_bytes attack_card(const char *module, unsigned index)
{
	return attack_read(attack_path("%s/cards/%u/safeconduct-card", module, index));
}

const char *attack_pin(unsigned index)
{
	static _Thread_local char pin[64];

	snprintf(pin, sizeof pin, "custodian %u's passphrase", index);
	return pin;
}

uint64_t attack_quorum_open(struct sc_client *client, enum sc_command command, struct sc_view body)
{
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_quorum_open_request request = { .command = command };
	struct sc_quorum_open_response response = { 0 };
	struct sc_error err = { 0 };

	attack_must("digest", sc_wire_authority_digest(command, body, &request.digest, &err), &err);
	attack_must("QUORUM_OPEN", sc_call_quorum_open(client, 0, &request, &reply, &response, &err), &err);
	return response.authority;
}

sc_status attack_quorum_card(struct sc_client *client, uint64_t authority, struct sc_view card,
			     const char *pin, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) reply = { 0 };
	const struct sc_quorum_card_request request = { authority, card, sc_view_text(pin) };
	struct sc_quorum_card_response response;

	return sc_call_quorum_card(client, 0, &request, &reply, &response, err);
}

uint64_t attack_quorum(struct sc_client *client, const char *module, unsigned k, enum sc_command command,
		       struct sc_view body)
{
	uint64_t authority = attack_quorum_open(client, command, body);
	struct sc_error err = { 0 };

	for (unsigned i = 1; i <= k; i++) {
		SC_CLEANUP(sc_bytes) card = attack_card(module, i);

		attack_must("QUORUM_CARD",
			    attack_quorum_card(client, authority, sc_bytes_view(&card), attack_pin(i), &err),
			    &err);
	}
	return authority;
}

sc_status attack_call_with_quorum(struct sc_client *client, const char *module, unsigned k,
				  enum sc_command command, struct sc_view body, struct sc_bytes *reply,
				  struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) answer = { 0 };
	uint64_t authority = attack_quorum(client, module, k, command, body);

	SC_TRY(sc_client_call(client, command, authority, body, &answer, err));
	if (reply)
		*reply = sc_steal(answer);
	return SC_OK;
}
