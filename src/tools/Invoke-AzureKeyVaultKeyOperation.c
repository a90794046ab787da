/*
 * Invoke-AzureKeyVaultKeyOperation: uses a key in the vault. Data comes from a file and goes to a file, so
 * that no plaintext appears on the command line or on the screen.
 */
#include <stdio.h>
#include <strings.h>

#include "azure/cmdlet.h"
#include "azure/vault_keys.h"
#include "base/file.h"
#include "base/options.h"
#include "base/print.h"
#include "base/visible.h"

#define NAME "Invoke-AzureKeyVaultKeyOperation"

#define WIDTH 11

#define CIPHERTEXT_MAX 512 /* one RSA-4096 block */

struct arguments {
	const char *operation;
	const char *algorithm;
	const char *vault;
	const char *name;
	const char *in_file;
	const char *out_file;
};

static sc_status check(const struct arguments *a, struct sc_error *err)
{
	SC_ENSURE(a->operation, err, SC_ERR_USAGE, "-Operation is missing: give -Operation Decrypt");
	SC_ENSURE(strcasecmp(a->operation, "Decrypt") == 0, err, SC_ERR_ARGUMENT,
		  "-Operation %s: only Decrypt is supported", sc_shown(a->operation).s);
	SC_ENSURE(a->algorithm, err, SC_ERR_USAGE, "-Algorithm is missing: give one, like RSA-OAEP-256");
	SC_ENSURE(a->vault, err, SC_ERR_USAGE, "-VaultName is missing");
	SC_ENSURE(a->name, err, SC_ERR_USAGE, "-Name is missing: give the key's name");
	SC_ENSURE(a->in_file, err, SC_ERR_USAGE, "-InFile is missing: give the file to decrypt");
	SC_ENSURE(a->out_file, err, SC_ERR_USAGE, "-OutFile is missing: give a new file for the plaintext");
	return SC_OK;
}

static sc_status read_arguments(int argc, char **argv, struct arguments *a, bool *done, struct sc_error *err)
{
	const struct sc_option options[] = {
		{ .name = "Operation",
		  .argument = "NAME",
		  .help = "what to do: Decrypt",
		  .value = &a->operation },
		{ .name = "Algorithm",
		  .argument = "NAME",
		  .help = "RSA-OAEP or RSA-OAEP-256",
		  .value = &a->algorithm },
		{ .name = "VaultName", .argument = "NAME", .help = "the vault", .value = &a->vault },
		{ .name = "Name", .argument = "NAME", .help = "the key", .value = &a->name },
		{ .name = "InFile", .argument = "FILE", .help = "the ciphertext", .value = &a->in_file },
		{ .name = "OutFile",
		  .argument = "FILE",
		  .help = "a new file for the plaintext",
		  .value = &a->out_file },
		{ 0 },
	};
	const struct sc_command_line line = {
		NAME,
		"-Operation Decrypt -Algorithm NAME -VaultName NAME -Name NAME -InFile FILE -OutFile FILE",
		"Decrypts with a key in a vault.", options, "Sign in with Add-AzureAccount first."
	};
	size_t operands;

	SC_TRY(sc_options_read(&line, argc, argv, NULL, 0, &operands, done, err));
	return *done ? SC_OK : check(a, err);
}

static sc_status run(int argc, char **argv, bool *done, struct sc_error *err)
{
	SC_CLEANUP(sc_azure_account) account = NULL;
	SC_CLEANUP(sc_bytes) ciphertext = { 0 };
	SC_CLEANUP(sc_bytes) plaintext = { 0 };
	struct arguments a = { 0 };
	struct sc_azure_vault vault = { 0 };

	SC_TRY(read_arguments(argc, argv, &a, done, err));
	if (*done)
		return SC_OK;
	SC_TRY(sc_file_read_path(a.in_file, CIPHERTEXT_MAX, &ciphertext, err));
	SC_TRY(sc_azure_account_open(&account, err));
	SC_TRY(sc_azure_manager_vault(account, a.vault, &vault, err));
	SC_TRY(sc_azure_key_decrypt(account, &vault, a.name, a.algorithm, sc_bytes_view(&ciphertext),
				    &plaintext, err));
	SC_TRY(sc_file_write_path(a.out_file, sc_bytes_view(&plaintext), SC_FILE_NEW, 0600, err));
	sc_print("\n");
	sc_azure_cmdlet_property(WIDTH, "Vault Name", vault.name);
	sc_azure_cmdlet_property(WIDTH, "Key Name", a.name);
	sc_azure_cmdlet_property(WIDTH, "Algorithm", a.algorithm);
	sc_azure_cmdlet_property(WIDTH, "Result", a.out_file);
	sc_print("\n");
	return SC_OK;
}

int main(int argc, char **argv)
{
	return sc_azure_cmdlet_main(NAME, run, argc, argv);
}
