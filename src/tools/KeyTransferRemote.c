/*
 * KeyTransferRemote, article steps 4.1 and 4.3. It shows what the custodians consent to, asks for their
 * cards, and writes what the module made. It never sees a key. What it shows of the packages is unverified:
 * only the module verifies them, in the command that uses them.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include "base/print.h"
#include "byok/transfer_steps.h"
#include "formats/region.h"

#define NAME "KeyTransferRemote"

static const char notes[] =
    "-ModifyAcls (article step 4.1) asks for administrator cards and makes key_xferacld_<KeyIdentifier>,\n"
    "a copy of the key that can only be sent to that Key Exchange Key:\n"
    "  " NAME " -ModifyAcls -KeyAppName simple -KeyIdentifier contosokey\n"
    "      -ExchangeKeyPackage BYOK-KEK-pkg-EU-1 -NewSecurityWorldPackage BYOK-SecurityWorld-pkg-EU-1\n"
    "      [-SubscriptionId ID] [-NotAfter 2027-12-31]\n"
    "-Package (article step 4.3) encrypts that copy into TransferPackage-<KeyFriendlyName>.byok:\n"
    "  " NAME " -Package -KeyIdentifier contosokey\n"
    "      -ExchangeKeyPackage BYOK-KEK-pkg-EU-1 -NewSecurityWorldPackage BYOK-SecurityWorld-pkg-EU-1\n"
    "      -SubscriptionId ID -KeyFriendlyName ContosoFirstHSMkey [-NotAfter 2027-12-31]";

static sc_status read_arguments(int argc, char **argv, struct sc_byok_transfer_request *request,
				struct sc_ceremony *ceremony, bool *done, struct sc_error *err)
{
	struct sc_byok_transfer_arguments a = { 0 };
	const struct sc_option options[] = {
		{ .name = "ModifyAcls",
		  .help = "make the copy with reduced permissions",
		  .flag = &a.modify_acls },
		{ .name = "Package", .help = "encrypt the copy to the Key Exchange Key", .flag = &a.package },
		{ .name = "KeyAppName",
		  .argument = "simple",
		  .help = "the key's application",
		  .value = &a.key_app_name },
		{ .name = "KeyIdentifier",
		  .argument = "IDENT",
		  .help = "the key's identifier",
		  .value = &a.key_identifier },
		{ .name = "ExchangeKeyPackage",
		  .argument = "FILE",
		  .help = "BYOK-KEK-pkg-…",
		  .value = &a.exchange_key_package },
		{ .name = "NewSecurityWorldPackage",
		  .argument = "FILE",
		  .help = "BYOK-SecurityWorld-pkg-…",
		  .value = &a.new_security_world_package },
		{ .name = "SubscriptionId",
		  .argument = "ID",
		  .help = "the subscription that contains the vault",
		  .value = &a.subscription_id },
		{ .name = "KeyFriendlyName",
		  .argument = "LABEL",
		  .help = "label of the output file",
		  .value = &a.key_friendly_name },
		{ .name = "NotAfter",
		  .argument = "YYYY-MM-DD",
		  .help = "last day (UTC) on which the result may be used",
		  .value = &a.not_after },
		{ .name = "Module",
		  .letter = 'm',
		  .argument = "N",
		  .help = "module number (default 1)",
		  .value = &a.module },
		SC_CEREMONY_OPTIONS(*ceremony),
		{ 0 },
	};
	const struct sc_command_line line = { NAME, "-ModifyAcls|-Package OPTIONS",
					      "Prepares a key for transfer to a key vault.", options, notes };
	size_t operands;

	SC_TRY(sc_options_read(&line, argc, argv, NULL, 0, &operands, done, err));
	if (*done)
		return SC_OK;
	a.cards = ceremony->cards;
	a.pins_from_fd = ceremony->pins_from_fd;
	SC_TRY(sc_byok_transfer_request_read(&a, sc_clock_now(), request, err));
	ceremony->module = request->module;
	return sc_ceremony_check(ceremony, err);
}

static void print_hash(const char *label, const struct sc_hash *hash)
{
	char text[SC_HASH_GROUPED_SIZE];

	sc_hash_grouped(hash, text);
	sc_print("  %-22s%s\n", label, text);
}

/*
 * Shows what the custodians consent to, before they do. The root shown is the module's own: a root hash that
 * came with the packages would prove nothing.
 */
static sc_status show_target(const struct sc_byok_transfer_request *request,
			     const struct sc_byok_package_pair *packages, struct sc_client *client,
			     struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) reply = { 0 };
	const struct sc_enquire_request enquiry = {};
	struct sc_enquire_response module = { 0 };
	struct sc_text esn;

	SC_TRY(sc_call_enquire(client, 0, &enquiry, &reply, &module, err));
	SC_TRY(sc_text_set_view(&esn, module.esn, "the module's serial number", err));
	sc_print("The packages say (not yet verified):\n");
	sc_print("  %-22s%s (%s), operated by %s\n", "region", sc_region_name(packages->region.s),
		 packages->region.s, packages->operator_name.s);
	print_hash("Key Exchange Key", &packages->kek);
	print_hash("security world", &packages->world);
	sc_print("Module %llu (%s) will verify them under its own root:\n",
		 (unsigned long long)request->module, esn.s);
	print_hash("root key hash", &module.root);
	sc_print_flush(); /* before any warning */
	return SC_OK;
}

static void print_terms(const struct sc_byok_transfer_request *request,
			const struct sc_byok_package_pair *packages)
{
	char until[SC_CLOCK_TEXT_SIZE];

	if (request->subscription[0])
		sc_print("  %-22s%s\n", "for the subscription", request->subscription);
	else
		sc_log(SC_LOG_WARNING,
		       "without -SubscriptionId, anyone who holds key_xferacld_%s can send the key to their "
		       "own subscription in %s",
		       request->ident, sc_region_name(packages->region.s));
	if (request->not_after) {
		sc_clock_text(request->not_after, until);
		sc_print("  %-22s%s\n", "usable until", until);
	}
	sc_print_flush();
}

static sc_status modify_acls(const struct sc_byok_transfer_request *request,
			     const struct sc_byok_package_pair *packages, const struct sc_ceremony *ceremony,
			     const struct sc_kmdata *kmdata, struct sc_client *client, struct sc_error *err)
{
	struct sc_byok_reduced_copy copy = { 0 };

	print_terms(request, packages);
	SC_TRY(sc_byok_transfer_modify_acls(request, packages, ceremony, kmdata, client, &copy, err));
	sc_print("Verified by module %llu. The copy with reduced permissions:\n",
		 (unsigned long long)request->module);
	sc_print("  %-22s%s\n", "file", copy.path);
	print_hash("key hash", &copy.key_hash);
	return SC_OK;
}

static sc_status package(const struct sc_byok_transfer_request *request,
			 const struct sc_byok_package_pair *packages, const struct sc_kmdata *kmdata,
			 struct sc_client *client, struct sc_error *err)
{
	struct sc_byok_packed_key packed = { 0 };
	char until[SC_CLOCK_TEXT_SIZE];
	char hex[2 * SC_HASH_SIZE + 1];

	SC_TRY(sc_byok_transfer_package(request, packages, kmdata, client, &packed, err));
	sc_clock_text(packed.not_after, until);
	sc_hex(sc_hash_view(&packed.digest), hex);
	sc_print("Verified by module %llu. The transfer package:\n", (unsigned long long)request->module);
	sc_print("  %-22s%s\n", "file", packed.file);
	sc_print("  %-22s%s\n", "SHA-256", hex);
	print_hash("key hash", &packed.key_hash);
	sc_print("  %-22s%s\n", "for the subscription", request->subscription);
	sc_print("  %-22s%s\n", "usable until", until);
	return SC_OK;
}

static sc_status run(int argc, char **argv, bool *done, struct sc_error *err)
{
	SC_CLEANUP(sc_byok_package_pair) packages = { 0 };
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;
	SC_CLEANUP(sc_client) client = NULL;
	struct sc_byok_transfer_request request = { 0 };
	struct sc_ceremony ceremony = { 0 };

	SC_TRY(read_arguments(argc, argv, &request, &ceremony, done, err));
	if (*done)
		return SC_OK;
	SC_TRY(sc_byok_package_pair_read(request.kek_path, request.world_path, &packages, err));
	SC_TRY(sc_kmdata_open(&kmdata, err));
	SC_TRY(sc_kmdata_connect(&kmdata, request.module, SC_ROLE_CUSTODY, &client, err));
	SC_TRY(show_target(&request, &packages, client, err));
	if (request.step == SC_BYOK_TRANSFER_MODIFY_ACLS)
		return modify_acls(&request, &packages, &ceremony, &kmdata, client, err);
	return package(&request, &packages, &kmdata, client, err);
}

int main(int argc, char **argv)
{
	struct sc_error err = { 0 };
	bool done = false;
	sc_status status;

	sc_log_start(NAME, SC_LOG_WARNING);
	status = run(argc, argv, &done, &err);
	if (done)
		return sc_program_end(NAME, status, &err);
	return sc_program_end_result(NAME, status, &err);
}
