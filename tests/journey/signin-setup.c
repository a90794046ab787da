/*
 * Makes, step by step, what an operator's set-up makes for signind, so that a journey can leave out a step or
 * do it wrong:
 *
 *   signin-setup key SOCKET token|tls BLOB SPKI
 *   signin-setup tenant DATABASE ID NAME
 *   signin-setup user DATABASE TENANT OID UPN NAME
 *   signin-setup application DATABASE TENANT APPID OID NAME
 *
 * `key` makes a key in the module and writes its blob and its public half (DER). `user` and `application`
 * read the password or secret from standard input.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/terminal.h"
#include "client/client.h"
#include "formats/key_type.h"
#include "formats/owner.h"
#include "store/signin_store.h"
#include "web/client_secret.h"
#include "web/password.h"

static sc_status owner_of_signind(struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_owner) owner = sc_owner_new();

	SC_TRY(sc_check_allocated(owner, err));
	SC_TRY(sc_text_set(&owner->daemon, "signind", "daemon", err));
	return sc_owner_encode(owner, out, err);
}

static sc_status make_key(char **argument, struct sc_error *err)
{
	bool is_tls = strcmp(argument[1], "tls") == 0;
	SC_CLEANUP(sc_client) client = NULL;
	SC_CLEANUP(sc_bytes) owner = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_key_generate_response key = { 0 };
	struct sc_key_generate_request request = {
		.application = sc_view_text(argument[1]),
		.algorithm = is_tls ? SC_ALGORITHM_EC : SC_ALGORITHM_RSA,
		.bits = is_tls ? 256 : 2048,
	};

	SC_TRY(sc_client_open(argument[0], &client, err));
	SC_TRY(owner_of_signind(&owner, err));
	request.owner = sc_bytes_view(&owner);
	SC_TRY(sc_call_key_generate(client, 0, &request, &reply, &key, err));
	SC_TRY(sc_file_write_path(argument[2], key.blob, SC_FILE_NEW, 0600, err));
	return sc_file_write_path(argument[3], key.spki, SC_FILE_NEW, 0600, err);
}

static sc_status add_tenant(struct sc_store_signin_db *store, char **argument, struct sc_error *err)
{
	const struct sc_store_signin_tenant_row row = { .id = argument[0], .name = argument[1] };

	return sc_store_signin_tenant_add(store, &row, err);
}

static sc_status add_user(struct sc_store_signin_db *store, char **argument, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) password = { 0 };
	char encoded[SC_WEB_PASSWORD_ENCODED_SIZE];
	const struct sc_store_user_row row = { .tenant = argument[0],
					       .oid = argument[1],
					       .upn = argument[2],
					       .name = argument[3],
					       .password = encoded };

	SC_TRY(sc_fd_read_secret_line(0, "password", &password, err));
	SC_TRY(sc_web_password_encode(sc_secret_view(&password), encoded, err));
	return sc_store_user_add(store, &row, err);
}

static sc_status add_application(struct sc_store_signin_db *store, char **argument, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) secret = { 0 };
	struct sc_store_application_row row = {
		.tenant = argument[0], .appid = argument[1], .oid = argument[2], .name = argument[3]
	};

	SC_TRY(sc_fd_read_secret_line(0, "secret", &secret, err));
	SC_TRY(sc_web_client_secret_hash(sc_secret_view(&secret), &row.secret, err));
	return sc_store_application_add(store, &row, err);
}

static sc_status run(int argc, char **argv, struct sc_error *err)
{
	SC_CLEANUP(sc_store_signin_db) store = NULL;

	if (argc == 6 && strcmp(argv[1], "key") == 0)
		return make_key(argv + 2, err);
	SC_ENSURE(argc > 2, err, SC_ERR_USAGE, "the command must be key, tenant, user or application");
	SC_TRY(sc_store_signin_db_open(argv[2], &store, err));
	if (argc == 5 && strcmp(argv[1], "tenant") == 0)
		return add_tenant(store, argv + 3, err);
	if (argc == 7 && strcmp(argv[1], "user") == 0)
		return add_user(store, argv + 3, err);
	if (argc == 7 && strcmp(argv[1], "application") == 0)
		return add_application(store, argv + 3, err);
	return sc_fail(err, SC_ERR_USAGE, "%s: wrong command or number of arguments", argv[1]);
}

int main(int argc, char **argv)
{
	struct sc_error err = { 0 };
	sc_status status = run(argc, argv, &err);

	if (status != SC_OK)
		fprintf(stderr, "signin-setup: %s: %s\n", sc_status_name(status), err.message);
	return sc_status_exit(status);
}
