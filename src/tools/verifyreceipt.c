/*
 * verifyreceipt: checks that the key in the vault is your own key (rule F7). The article's system has no such
 * tool. The custodians' own module says which roots to trust and which modules are revoked.
 */
#include <stdio.h>

#include "base/options.h"
#include "base/print.h"
#include "byok/source_key.h"
#include "byok/module_trust.h"
#include "byok/receipt.h"
#include "byok/transfer_request.h"
#include "formats/damage.h"

#define NAME "verifyreceipt"

struct arguments {
	const char *receipt;
	const char *key;
	const char *public_key;
	const char *package;
	const char *subscription;
	const char *vault;
	const char *name;
	const char *module;
};

static sc_status read_arguments(int argc, char **argv, struct arguments *a, bool *done, struct sc_error *err)
{
	const struct sc_option options[] = {
		{ .name = "key",
		  .argument = "FILE",
		  .help = "your key, for example key_simple_contosokey",
		  .value = &a->key },
		{ .name = "public-key",
		  .argument = "PEM",
		  .help = "or its public key in PEM",
		  .value = &a->public_key },
		{ .name = "package",
		  .argument = "FILE",
		  .help = "the .byok file that was sent",
		  .value = &a->package },
		{ .name = "subscription",
		  .argument = "ID",
		  .help = "the subscription it was sent to",
		  .value = &a->subscription },
		{ .name = "vault", .argument = "NAME", .help = "the vault's name", .value = &a->vault },
		{ .name = "name",
		  .argument = "NAME",
		  .help = "the key's name in the vault",
		  .value = &a->name },
		{ .name = "module",
		  .letter = 'm',
		  .argument = "N",
		  .help = "module number (default 1)",
		  .value = &a->module },
		{ 0 },
	};
	const struct sc_command_line line = { NAME, "RECEIPT --key=FILE|--public-key=PEM [OPTIONS]",
					      "Compares a vault's receipt with your own key.", options,
					      "What you do not give is shown but not compared." };
	size_t operands;

	SC_TRY(sc_options_read(&line, argc, argv, &a->receipt, 1, &operands, done, err));
	if (*done)
		return SC_OK;
	SC_ENSURE(operands == 1, err, SC_ERR_USAGE,
		  "the receipt is missing: give the file Receipt-<name>.p7");
	SC_ENSURE(!a->key != !a->public_key, err, SC_ERR_USAGE,
		  "name your key: give either --key=key_simple_… or --public-key=PEM");
	return SC_OK;
}

static void print_check(void *context, const char *check, const char *found)
{
	(void)context;
	sc_print("  %-14s%s\n", check, found);
}

static sc_status verify(const struct arguments *a, const struct sc_evidence_trust *trust,
			const struct sc_byok_receipt_expected *expected, struct sc_error *err)
{
	const struct sc_evidence_report report = { print_check, NULL };
	SC_CLEANUP(sc_bytes) receipt = { 0 };
	SC_CLEANUP(sc_signed_data) wrapper = NULL;
	sc_status status;

	SC_TRY(sc_file_read_path(a->receipt, SC_SIGNED_DATA_MAX, &receipt, err));
	status = sc_signed_data_decode(sc_bytes_view(&receipt), &wrapper, err);
	if (status != SC_OK)
		return sc_damage_refuse(sc_bytes_view(&receipt), a->receipt, "receipt", status, err);
	sc_print("%s:\n", a->receipt);
	status = sc_byok_receipt_verify(sc_bytes_view(&receipt), trust, expected, &report, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "%s", a->receipt);
	return SC_OK;
}

static sc_status read_source_key(const struct arguments *a, const struct sc_kmdata *kmdata,
				 struct sc_client *client, struct sc_byok_receipt_expected *expected,
				 struct sc_error *err)
{
	expected->key_name = a->key ? a->key : a->public_key;
	if (a->key)
		return sc_byok_source_key_of_file(kmdata, client, a->key, &expected->key_hash, err);
	return sc_byok_source_key_of_pem(a->public_key, &expected->key_hash, err);
}

static sc_status run(int argc, char **argv, bool *done, struct sc_error *err)
{
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;
	SC_CLEANUP(sc_client) client = NULL;
	SC_CLEANUP(sc_byok_trust) trust = NULL;
	struct sc_byok_sent_package package;
	struct sc_byok_receipt_expected expected = { 0 };
	struct arguments a = { 0 };
	char subscription[SC_GUID_SIZE];
	uint64_t module = 1;

	SC_TRY(read_arguments(argc, argv, &a, done, err));
	if (*done)
		return SC_OK;
	if (a.module)
		SC_TRY(sc_number_read(a.module, "--module", 1, UINT32_MAX, &module, err));
	if (a.subscription) {
		SC_TRY(sc_byok_subscription_read(a.subscription, "--subscription", subscription, err));
		expected.subscription = subscription;
	}
	if (a.package) {
		SC_TRY(sc_byok_sent_package_read(a.package, &package, err));
		expected.package = &package;
	}
	expected.vault = a.vault;
	expected.name = a.name;
	/* An auditor who has the public key needs no right to the custodians' files. */
	if (a.key && sc_byok_source_key_is_in_kmdata(a.key))
		SC_TRY(sc_kmdata_open(&kmdata, err));
	else
		SC_TRY(sc_kmdata_open_config(&kmdata, err));
	SC_TRY(sc_kmdata_connect(&kmdata, module, SC_ROLE_USE, &client, err));
	SC_TRY(sc_byok_trust_read(client, &trust, err));
	SC_TRY(read_source_key(&a, &kmdata, client, &expected, err));
	return verify(&a, &trust->trust, &expected, err);
}

int main(int argc, char **argv)
{
	struct sc_error err = { 0 };
	bool done = false;
	sc_status status = run(argc, argv, &done, &err);

	if (done)
		return sc_program_end(NAME, status, &err);
	return sc_program_end_result(NAME, status, &err);
}
