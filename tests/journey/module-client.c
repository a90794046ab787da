/*
 * Plays the vault's daemon on a module's service socket, for journeys that have no vault: imports a transfer
 * package and decrypts with the key. It knows no key; all that it does is send commands of the protocol.
 *
 *   module-client import SOCKET KEK-BLOB PACKAGE SUBSCRIPTION BLOB RECEIPT
 *   module-client decrypt SOCKET BLOB SUBSCRIPTION CIPHERTEXT PLAINTEXT
 *   module-client sign SOCKET KEY-FILE DIGEST SIGNATURE     with a key without an owner, RS256
 *
 * On failure, prints the name of the status and the message, and exits with that status' exit code.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "client/client.h"
#include "formats/key_file.h"
#include "formats/owner.h"

#define FILE_MAX 65536

/* The owner of the imported key: one key version in a vault. */
static sc_status owner_of(const char *subscription, struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_owner) owner = sc_owner_new();

	SC_TRY(sc_check_allocated(owner, err));
	SC_TRY(sc_text_set(&owner->daemon, "vaultd", "daemon", err));
	SC_TRY(sc_text_set(&owner->tenant, "contoso", "tenant", err));
	SC_TRY(sc_text_set(&owner->subscription, subscription, "subscription", err));
	SC_TRY(sc_text_set(&owner->vault, "ContosoKeyVaultHSM", "vault", err));
	SC_TRY(sc_text_set(&owner->name, "ContosoFirstHSMkey", "name", err));
	SC_TRY(sc_text_set(&owner->version, "1", "version", err));
	return sc_owner_encode(owner, out, err);
}

static sc_status write_out(const char *path, struct sc_view content, struct sc_error *err)
{
	return sc_file_write_path(path, content, SC_FILE_REPLACE, 0600, err);
}

static sc_status import(char **argument, struct sc_error *err)
{
	SC_CLEANUP(sc_client) client = NULL;
	SC_CLEANUP(sc_bytes) kek = { 0 };
	SC_CLEANUP(sc_bytes) package = { 0 };
	SC_CLEANUP(sc_bytes) owner = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	SC_CLEANUP(sc_client_key) key = { 0 };
	struct sc_transfer_import_response out;

	SC_TRY(sc_client_open(argument[0], &client, err));
	SC_TRY(sc_file_read_path(argument[1], FILE_MAX, &kek, err));
	SC_TRY(sc_file_read_path(argument[2], FILE_MAX, &package, err));
	SC_TRY(owner_of(argument[3], &owner, err));
	SC_TRY(sc_client_key_load(client, sc_bytes_view(&kek), (struct sc_view){ 0 }, &key, err));
	const struct sc_transfer_import_request request = { key.digest, sc_bytes_view(&owner),
							    sc_bytes_view(&package) };
	SC_TRY(sc_call_transfer_import(client, 0, &request, &reply, &out, err));
	SC_TRY(write_out(argument[4], out.blob, err));
	return write_out(argument[5], out.receipt, err);
}

static sc_status decrypt(char **argument, struct sc_error *err)
{
	SC_CLEANUP(sc_client) client = NULL;
	SC_CLEANUP(sc_bytes) blob = { 0 };
	SC_CLEANUP(sc_bytes) owner = { 0 };
	SC_CLEANUP(sc_bytes) ciphertext = { 0 };
	SC_CLEANUP(sc_bytes) plaintext = { 0 };
	SC_CLEANUP(sc_client_key) key = { 0 };

	SC_TRY(sc_client_open(argument[0], &client, err));
	SC_TRY(sc_file_read_path(argument[1], FILE_MAX, &blob, err));
	SC_TRY(owner_of(argument[2], &owner, err));
	SC_TRY(sc_file_read_path(argument[3], FILE_MAX, &ciphertext, err));
	SC_TRY(sc_client_key_load(client, sc_bytes_view(&blob), sc_bytes_view(&owner), &key, err));
	SC_TRY(sc_client_decrypt(client, &key, SC_MECHANISM_RSA_OAEP_256, sc_bytes_view(&ciphertext),
				 &plaintext, err));
	return write_out(argument[4], sc_bytes_view(&plaintext), err);
}

static sc_status sign(char **argument, struct sc_error *err)
{
	SC_CLEANUP(sc_client) client = NULL;
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_key_file) file = NULL;
	SC_CLEANUP(sc_bytes) digest = { 0 };
	SC_CLEANUP(sc_bytes) signature = { 0 };
	SC_CLEANUP(sc_client_key) key = { 0 };

	SC_TRY(sc_client_open(argument[0], &client, err));
	SC_TRY(sc_file_read_path(argument[1], FILE_MAX, &der, err));
	SC_TRY(sc_key_file_decode(sc_bytes_view(&der), &file, err));
	SC_TRY(sc_file_read_path(argument[2], FILE_MAX, &digest, err));
	SC_TRY(sc_client_key_load(client, sc_bytes_view(&file->blob), (struct sc_view){ 0 }, &key, err));
	SC_TRY(sc_client_sign(client, &key, SC_MECHANISM_RS256, sc_bytes_view(&digest), &signature, err));
	return write_out(argument[3], sc_bytes_view(&signature), err);
}

int main(int argc, char **argv)
{
	struct sc_error err = { 0 };
	sc_status status = SC_ERR_USAGE;

	if (argc == 8 && strcmp(argv[1], "import") == 0)
		status = import(argv + 2, &err);
	else if (argc == 7 && strcmp(argv[1], "decrypt") == 0)
		status = decrypt(argv + 2, &err);
	else if (argc == 6 && strcmp(argv[1], "sign") == 0)
		status = sign(argv + 2, &err);
	if (status != SC_OK)
		fprintf(stderr, "module-client: %s: %s\n", sc_status_name(status), err.message);
	return sc_status_exit(status);
}
