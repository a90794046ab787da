/* safeconduct region init: K custodians make the certified region and its Key Exchange Key in one command. */
#include <stdio.h>

#include "base/clock.h"
#include "base/options.h"
#include "base/print.h"
#include "byok/regions.h"
#include "formats/region.h"
#include "tools/safeconduct/subcommands.h"

struct arguments {
	const char *region;
	const char *certificate;
	const char *module;
	struct sc_ceremony ceremony;
};

static sc_status read_arguments(int argc, char **argv, struct arguments *a, bool *done, struct sc_error *err)
{
	const struct sc_option options[] = {
		{ .name = "certificate",
		  .argument = "FILE",
		  .help = "the certificate from the factory, PEM or DER",
		  .value = &a->certificate },
		{ .name = "module",
		  .letter = 'm',
		  .argument = "N",
		  .help = "module number (1)",
		  .value = &a->module },
		SC_CEREMONY_OPTIONS(a->ceremony),
		{ 0 },
	};
	const struct sc_command_line line = {
		"safeconduct region init", "REGION --certificate=FILE [OPTIONS]",
		"Makes this security world the region that the certificate names.", options,
		"Asks for administrator cards. If the command is interrupted, run it again."
	};
	size_t operands;

	SC_TRY(sc_options_read(&line, argc, argv, &a->region, 1, &operands, done, err));
	if (*done)
		return SC_OK;
	SC_ENSURE(operands == 1, err, SC_ERR_USAGE, "the region is missing: give its code, like EU");
	SC_ENSURE(a->certificate, err, SC_ERR_USAGE,
		  "--certificate is missing: give the answer of `factory certify-region`");
	SC_TRY(sc_ceremony_check(&a->ceremony, err));
	a->ceremony.module = 1;
	if (a->module)
		SC_TRY(sc_number_read(a->module, "--module", 1, UINT32_MAX, &a->ceremony.module, err));
	return SC_OK;
}

/* Shows what the custodians consent to. */
static void show(const struct sc_byok_region_certificate *certificate)
{
	char until[SC_CLOCK_TEXT_SIZE];

	sc_clock_text(certificate->not_after, until);
	sc_print("The certificate says (not yet verified):\n");
	sc_print("  %-12s%s (%s)\n", "region", sc_region_name(certificate->region.s), certificate->region.s);
	sc_print("  %-12s%s\n", "operator", certificate->operator_name.s);
	sc_print("  %-12s%s\n", "until", until);
	sc_print_flush();
}

sc_status sc_subcommand_region_init(int argc, char **argv, bool *done, struct sc_error *err)
{
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;
	SC_CLEANUP(sc_client) client = NULL;
	SC_CLEANUP(sc_byok_region_certificate) certificate = { 0 };
	struct arguments a = { 0 };
	struct sc_hash kek;
	char grouped[SC_HASH_GROUPED_SIZE];

	SC_TRY(read_arguments(argc, argv, &a, done, err));
	if (*done)
		return SC_OK;
	SC_TRY(sc_byok_region_certificate_read(a.certificate, &certificate, err));
	SC_TRY(sc_kmdata_open(&kmdata, err));
	SC_TRY(sc_kmdata_connect(&kmdata, a.ceremony.module, SC_ROLE_CUSTODY, &client, err));
	show(&certificate);
	SC_TRY(sc_byok_region_init(&kmdata, client, &a.ceremony, a.region, &certificate, &kek, err));
	sc_hash_grouped(&kek, grouped);
	sc_print("This security world is now the region %s. Its Key Exchange Key:\n  %-12s%s\n", a.region,
		 "key hash", grouped);
	return SC_OK;
}
