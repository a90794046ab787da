/*
 * generatekey (article step 3.3): generates a key in the module and writes its key file and its public key to
 * kmdata. world/key_parameters.h and world/new_key.h do the work.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/options.h"
#include "base/print.h"
#include "world/new_key.h"
#include "world/prompt.h"

#define PROGRAM "generatekey"

struct arguments {
	uint64_t module;
	bool is_batch;
	struct sc_key_parameters parameters;
};

static sc_status read_command_line(int argc, char **argv, struct arguments *a, bool *done,
				   struct sc_error *err)
{
	const char *operands[1 + 2 * SC_KEY_PARAMETER_COUNT];
	const char *module = NULL;
	bool is_generate = false;
	size_t count = 0;
	const struct sc_option options[] = {
		{ .name = "generate", .letter = 'g', .help = "generate a key", .flag = &is_generate },
		{ .name = "batch",
		  .letter = 'b',
		  .help = "do not ask: a missing parameter takes its default",
		  .flag = &a->is_batch },
		{ .name = "module",
		  .letter = 'm',
		  .argument = "N",
		  .help = "in this module (default 1)",
		  .value = &module },
		{ 0 },
	};
	const struct sc_command_line line = {
		PROGRAM, "--generate [OPTIONS] simple NAME=VALUE…",
		"Generates a key in the module. Writes the key file, and the public key as PEM, to "
		"$NFAST_KMDATA/local.",
		options,
		"Parameters. At a terminal you are asked for those that are missing:\n"
		"  protect=module       the module's own protection\n"
		"  type=RSA             the kind of key\n"
		"  size=2048            or 3072 or 4096\n"
		"  pubexp=              public exponent in hexadecimal; empty means 65537\n"
		"  ident=contosokey     numbers, dashes, and lower case letters\n"
		"  plainname=contosokey any text; by default the ident\n"
		"  nvram=no             the blob is stored in the key file only"
	};

	SC_TRY(sc_options_read(&line, argc, argv, operands, sizeof operands / sizeof operands[0], &count,
			       done, err));
	if (*done)
		return SC_OK;
	SC_ENSURE(is_generate, err, SC_ERR_USAGE, "to make a key, give --generate (see " PROGRAM " --help)");
	SC_TRY(sc_number_read(module ? module : "1", "--module", 1, UINT32_MAX, &a->module, err));
	return sc_key_parameters_read(operands, count, &a->parameters, err);
}

static sc_status run(struct arguments *a, struct sc_error *err)
{
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;
	SC_CLEANUP(sc_client) client = NULL;
	struct sc_new_key key;
	char hex[2 * SC_HASH_SIZE + 1];

	SC_TRY(sc_key_parameters_complete(&a->parameters, !a->is_batch && sc_prompt_has_terminal(), err));
	SC_TRY(sc_kmdata_make(&kmdata, err));
	SC_TRY(sc_new_key_check_unused(&kmdata, &a->parameters, err));
	SC_TRY(sc_kmdata_connect(&kmdata, a->module, SC_ROLE_CUSTODY, &client, err));
	sc_key_parameters_print(&a->parameters, stdout);
	sc_print_flush(); /* generating the key takes a while */
	SC_TRY(sc_new_key_make(&kmdata, client, a->module, &a->parameters, &key, err));
	sc_hex(sc_hash_view(&key.key_hash), hex);
	sc_print("Key successfully generated.\nPath to key: %s\n", key.path);
	sc_print("SHA-256 of its public key: %s\nPath to public key: %s\n", hex, key.pem_path);
	return SC_OK;
}

int main(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct sc_error err = { 0 };
	bool done = false;
	sc_status status;

	sc_log_start(PROGRAM, SC_LOG_NOTICE);
	status = read_command_line(argc, argv, &a, &done, &err);
	if (status == SC_OK && !done)
		status = run(&a, &err);
	return sc_program_end(PROGRAM, status, &err);
}
