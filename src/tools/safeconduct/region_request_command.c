/* safeconduct region request: makes the request that the factory certifies, from local/world. */
#include <stdio.h>

#include "base/options.h"
#include "base/print.h"
#include "byok/regions.h"
#include "tools/safeconduct/subcommands.h"

struct arguments {
	const char *region;
	const char *operator_name;
	const char *output;
	const char *module;
};

static sc_status read_arguments(int argc, char **argv, struct arguments *a, bool *done, struct sc_error *err)
{
	const struct sc_option options[] = {
		{ .name = "operator",
		  .argument = "NAME",
		  .help = "who operates the region",
		  .value = &a->operator_name },
		{ .name = "output",
		  .letter = 'o',
		  .argument = "FILE",
		  .help = "where to write the request",
		  .value = &a->output },
		{ .name = "module",
		  .letter = 'm',
		  .argument = "N",
		  .help = "check that this module is in that security world",
		  .value = &a->module },
		{ 0 },
	};
	const struct sc_command_line line = {
		"safeconduct region request", "REGION --operator=NAME -o FILE",
		"Asks the factory to certify $NFAST_KMDATA/local/world as a region.", options,
		"The factory answers with `factory certify-region`."
	};
	size_t operands;

	SC_TRY(sc_options_read(&line, argc, argv, &a->region, 1, &operands, done, err));
	if (*done)
		return SC_OK;
	SC_ENSURE(operands == 1, err, SC_ERR_USAGE, "the region is missing: give its code, like EU");
	SC_ENSURE(a->operator_name, err, SC_ERR_USAGE, "--operator is missing: say who operates the region");
	SC_ENSURE(a->output, err, SC_ERR_USAGE, "-o is missing: give the file for the request");
	return SC_OK;
}

/* Refuses the wrong world file, before the factory's holder signs a certificate that nobody can use. */
static sc_status check_module(const struct sc_kmdata *kmdata, const char *number, struct sc_view world_file,
			      struct sc_error *err)
{
	SC_CLEANUP(sc_client) client = NULL;
	SC_CLEANUP(sc_bytes) reply = { 0 };
	SC_CLEANUP(sc_world_file) world = NULL;
	struct sc_enquire_request request = {};
	struct sc_enquire_response module = { 0 };
	uint64_t n = 0;

	SC_TRY(sc_number_read(number, "--module", 1, UINT32_MAX, &n, err));
	SC_TRY(sc_kmdata_connect(kmdata, n, SC_ROLE_CUSTODY, &client, err));
	SC_TRY(sc_call_enquire(client, 0, &request, &reply, &module, err));
	SC_TRY(sc_world_file_decode(world_file, &world, err));
	SC_ENSURE(sc_hash_equals(&module.world, &world->body->id), err, SC_ERR_EVIDENCE_WORLD,
		  "module %s is not in the security world of %s/world", number, kmdata->local.path);
	return SC_OK;
}

sc_status sc_subcommand_region_request(int argc, char **argv, bool *done, struct sc_error *err)
{
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;
	SC_CLEANUP(sc_bytes) world_file = { 0 };
	SC_CLEANUP(sc_bytes) request = { 0 };
	struct arguments a = { 0 };

	SC_TRY(read_arguments(argc, argv, &a, done, err));
	if (*done)
		return SC_OK;
	SC_TRY(sc_kmdata_open(&kmdata, err));
	SC_TRY(sc_kmdata_world_read(&kmdata, &world_file, err));
	if (a.module)
		SC_TRY(check_module(&kmdata, a.module, sc_bytes_view(&world_file), err));
	SC_TRY(sc_byok_region_request(sc_bytes_view(&world_file), a.region, a.operator_name, &request, err));
	SC_TRY(sc_file_write_path(a.output, sc_bytes_view(&request), SC_FILE_NEW, 0600, err));
	sc_print("Request for region %s, operated by %s: %s\n", a.region, a.operator_name, a.output);
	return SC_OK;
}
