/*
 * Add-AzureKeyVaultKey, article step 5: sends the transfer package to the vault, shows the properties of the
 * imported key, and saves the receipt of the vault's module (rule F7), which `verifyreceipt` compares with
 * the key at home. The same package again yields the same key, so an interrupted run can be repeated.
 */
#include <stdio.h>
#include <strings.h>

#include "azure/cmdlet.h"
#include "azure/vault_keys.h"
#include "base/file.h"
#include "base/options.h"
#include "base/print.h"
#include "base/visible.h"
#include "formats/damage.h"
#include "formats/signed_data.h"
#include "formats/transfer_package.h"

#define NAME "Add-AzureKeyVaultKey"

#define WIDTH 14

#define RECEIPT_PREFIX "Receipt-"
#define RECEIPT_SUFFIX ".p7"
#define RECEIPT_SIZE   (sizeof RECEIPT_PREFIX RECEIPT_SUFFIX + SC_KEY_NAME_SIZE)

struct arguments {
	const char *vault;
	const char *name;
	const char *package;
	const char *destination;
	const char *receipt;
	char default_receipt[RECEIPT_SIZE];
};

static sc_status check(struct arguments *a, struct sc_error *err)
{
	SC_ENSURE(a->vault, err, SC_ERR_USAGE, "-VaultName is missing");
	SC_ENSURE(a->name, err, SC_ERR_USAGE, "-Name is missing: give the key's name in the vault");
	SC_ENSURE(
	    a->package, err, SC_ERR_USAGE,
	    "-KeyFilePath is missing: give the TransferPackage-<name>.byok that KeyTransferRemote wrote");
	SC_ENSURE(!a->destination || strcasecmp(a->destination, "HSM") == 0, err, SC_ERR_ARGUMENT,
		  "-Destination %s: a transfer package opens in an HSM only: use -Destination HSM",
		  sc_shown(a->destination).s);
	SC_ENSURE(sc_key_name_is_valid(a->name), err, SC_ERR_ARGUMENT,
		  "-Name %s: a key name must be 1 to 127 letters, digits and hyphens", sc_shown(a->name).s);
	if (!a->receipt) {
		snprintf(a->default_receipt, sizeof a->default_receipt, RECEIPT_PREFIX "%s" RECEIPT_SUFFIX,
			 a->name);
		a->receipt = a->default_receipt;
	}
	return SC_OK;
}

static sc_status read_arguments(int argc, char **argv, struct arguments *a, bool *done, struct sc_error *err)
{
	const struct sc_option options[] = {
		{ .name = "VaultName", .argument = "NAME", .help = "the vault", .value = &a->vault },
		{ .name = "Name",
		  .argument = "NAME",
		  .help = "the key's name in the vault",
		  .value = &a->name },
		{ .name = "KeyFilePath",
		  .argument = "FILE",
		  .help = "the transfer package",
		  .value = &a->package },
		{ .name = "Destination",
		  .argument = "HSM",
		  .help = "where the key is used: only HSM",
		  .value = &a->destination },
		{ .name = "ReceiptPath",
		  .argument = "FILE",
		  .help = "file for the receipt (" RECEIPT_PREFIX "<name>" RECEIPT_SUFFIX ")",
		  .value = &a->receipt },
		{ 0 },
	};
	const struct sc_command_line line = { NAME,
					      "-VaultName NAME -Name NAME -KeyFilePath FILE -Destination HSM",
					      "Imports a transfer package into a vault.", options,
					      "Sign in with Add-AzureAccount first." };
	size_t operands;

	SC_TRY(sc_options_read(&line, argc, argv, NULL, 0, &operands, done, err));
	return *done ? SC_OK : check(a, err);
}

/* Reads the package and its key hash. A file that is not a transfer package is refused before it is sent. */
static sc_status read_package(const char *path, struct sc_bytes *package, struct sc_hash *key_hash,
			      struct sc_error *err)
{
	SC_CLEANUP(sc_transfer_package) decoded = NULL;
	sc_status status;

	SC_TRY(sc_file_read_path(path, SC_TRANSFER_MAX, package, err));
	status = sc_transfer_package_decode(sc_bytes_view(package), &decoded, err);
	if (status != SC_OK)
		return sc_damage_refuse(sc_bytes_view(package), path, "transfer package", status, err);
	*key_hash = decoded->header->key_hash;
	return SC_OK;
}

/* The same receipt may exist from an earlier run; a different one is never overwritten. */
static sc_status save_receipt(const char *path, struct sc_view receipt, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) existing = { 0 };
	sc_status status = sc_file_write_path(path, receipt, SC_FILE_NEW, 0600, err);

	if (status != SC_ERR_EXISTS)
		return status;
	SC_TRY(sc_file_read_path(path, SC_SIGNED_DATA_MAX, &existing, err));
	SC_ENSURE(sc_view_equals(sc_bytes_view(&existing), receipt), err, SC_ERR_EXISTS,
		  "the key is in the vault, but %s is another receipt: run again with -ReceiptPath FILE",
		  path);
	return SC_OK;
}

static void print_key(const struct sc_azure_vault *vault, const struct sc_azure_key *key)
{
	char grouped[SC_HASH_GROUPED_SIZE];
	char bits[16];

	sc_hash_grouped(&key->key_hash, grouped);
	snprintf(bits, sizeof bits, "%u", key->bits);
	sc_print("\n");
	sc_azure_cmdlet_property(WIDTH, "Vault Name", vault->name);
	sc_azure_cmdlet_property(WIDTH, "Name", key->name);
	sc_azure_cmdlet_property(WIDTH, "Version", key->version);
	sc_azure_cmdlet_property(WIDTH, "Id", key->id);
	sc_azure_cmdlet_property(WIDTH, "Enabled", key->is_enabled ? "True" : "False");
	sc_azure_cmdlet_time(WIDTH, "Expires", key->expires);
	sc_azure_cmdlet_time(WIDTH, "Not Before", key->not_before);
	sc_azure_cmdlet_time(WIDTH, "Created", key->created);
	sc_azure_cmdlet_time(WIDTH, "Updated", key->updated);
	sc_azure_cmdlet_property(WIDTH, "Key Type", key->kty);
	sc_azure_cmdlet_property(WIDTH, "Key Size", bits);
	sc_azure_cmdlet_property(WIDTH, "Key Operations", key->operations);
	sc_azure_cmdlet_property(WIDTH, "Key Hash", grouped);
}

static sc_status run(int argc, char **argv, bool *done, struct sc_error *err)
{
	SC_CLEANUP(sc_azure_account) account = NULL;
	SC_CLEANUP(sc_bytes) package = { 0 };
	SC_CLEANUP(sc_bytes) receipt = { 0 };
	struct arguments a = { 0 };
	struct sc_hash key_hash;
	struct sc_azure_vault vault = { 0 };
	struct sc_azure_key key = { 0 };

	SC_TRY(read_arguments(argc, argv, &a, done, err));
	if (*done)
		return SC_OK;
	SC_TRY(read_package(a.package, &package, &key_hash, err));
	SC_TRY(sc_azure_account_open(&account, err));
	SC_TRY(sc_azure_manager_vault(account, a.vault, &vault, err));
	SC_TRY(sc_azure_key_import(account, &vault, a.name, sc_bytes_view(&package), &key_hash, &key, err));
	print_key(&vault, &key);
	SC_TRY(sc_azure_key_receipt(account, &vault, &key, &receipt, err));
	SC_TRY(save_receipt(a.receipt, sc_bytes_view(&receipt), err));
	sc_azure_cmdlet_property(WIDTH, "Receipt", a.receipt);
	sc_print("\n");
	return SC_OK;
}

int main(int argc, char **argv)
{
	return sc_azure_cmdlet_main(NAME, run, argc, argv);
}
