/*
 * generatekey (article step 3.3): generates a key in the module, or imports one, and writes its key file and
 * its public key to kmdata. world/key_parameters.h and world/new_key.h do the work.
 */
#include <stdio.h>
#include <sys/prctl.h>

#include "base/descriptors.h"
#include "base/log.h"
#include "base/options.h"
#include "base/print.h"
#include "world/new_key.h"
#include "world/prompt.h"

#define PROGRAM "generatekey"

struct arguments {
	uint64_t module;
	bool is_batch;
	bool is_import;
	int key_fd; /* for an import */
	struct sc_key_parameters parameters;
};

static sc_status read_command_line(int argc, char **argv, struct arguments *a, bool *done,
				   struct sc_error *err)
{
	const char *operands[1 + 2 * SC_KEY_PARAMETER_COUNT];
	const char *module = NULL;
	const char *key_fd = NULL;
	bool is_generate = false;
	size_t count = 0;
	const struct sc_option options[] = {
		{ .name = "generate", .letter = 'g', .help = "generate a key", .flag = &is_generate },
		{ .name = "import", .help = "import a key that exists in the clear", .flag = &a->is_import },
		{ .name = "key-from-fd",
		  .argument = "N",
		  .help = "read the key to import from this descriptor: PKCS#8, or the bytes of an AES or "
			  "HMAC key",
		  .value = &key_fd },
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
		PROGRAM, "--generate|--import [OPTIONS] simple NAME=VALUE…",
		"Generates a key in the module, or imports one. Writes the key file, and the public key as "
		"PEM, to "
		"$NFAST_KMDATA/local. An imported key is marked as such permanently.",
		options,
		"Parameters. At a terminal you are asked for those that are missing:\n"
		"  protect=module       the module's own protection\n"
		"  type=RSA             the kind of key: RSA, EC, AES or HMAC\n"
		"  size=2048            or 3072 or 4096; AES: 128, 192, 256; HMAC: 256, 384, 512\n"
		"  curve=NISTP256       EC only: or NISTP384, NISTP521, SECP256k1\n"
		"  pubexp=              RSA only: public exponent in hexadecimal; empty means 65537\n"
		"  ident=contosokey     numbers, dashes, and lower case letters\n"
		"  plainname=contosokey any text; by default the ident\n"
		"  nvram=no             the blob is stored in the key file only"
	};

	SC_TRY(sc_options_read(&line, argc, argv, operands, sizeof operands / sizeof operands[0], &count,
			       done, err));
	if (*done)
		return SC_OK;
	SC_ENSURE(is_generate != a->is_import, err, SC_ERR_USAGE,
		  "to make a key, give --generate or --import (see " PROGRAM " --help)");
	SC_ENSURE(!a->is_import == !key_fd, err, SC_ERR_USAGE,
		  a->is_import
		      ? "--import: give the key on a descriptor, for example --key-from-fd=3 3<key.pem"
		      : "--key-from-fd: is for --import only");
	if (key_fd)
		SC_TRY(sc_fd_given_read(key_fd, "--key-from-fd", &a->key_fd, err));
	SC_TRY(sc_number_read(module ? module : "1", "--module", 1, UINT32_MAX, &a->module, err));
	return sc_key_parameters_read(operands, count, a->is_import, &a->parameters, err);
}

/* The key is in this process' memory for a moment: no core dump, no debugger. */
static sc_status import(const struct arguments *a, const struct sc_kmdata *kmdata, struct sc_client *client,
			struct sc_new_key *out, struct sc_error *err)
{
	SC_CLEANUP(sc_clear_key) clear = { 0 };

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot keep debuggers out");
	SC_TRY(sc_clear_key_read(a->key_fd, &a->parameters.type, &clear, err));
	return sc_new_key_import(kmdata, client, a->module, &a->parameters, &clear, out, err);
}

static void report(const struct arguments *a, const struct sc_new_key *key)
{
	char hex[2 * SC_HASH_SIZE + 1];

	sc_hex(sc_hash_view(&key->key_hash), hex);
	sc_print("Key successfully %s.\nPath to key: %s\n", a->is_import ? "imported" : "generated",
		 key->path);
	if (key->pem_path[0])
		sc_print("SHA-256 of its public key: %s\nPath to public key: %s\n", hex, key->pem_path);
	else
		sc_print("Key hash: %s\n", hex);
}

static sc_status run(struct arguments *a, struct sc_error *err)
{
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;
	SC_CLEANUP(sc_client) client = NULL;
	struct sc_new_key key;

	SC_TRY(sc_key_parameters_complete(&a->parameters, !a->is_batch && sc_prompt_has_terminal(), err));
	SC_TRY(sc_kmdata_make(&kmdata, err));
	SC_TRY(sc_new_key_check_unused(&kmdata, &a->parameters, err));
	SC_TRY(sc_kmdata_connect(&kmdata, a->module, SC_ROLE_CUSTODY, &client, err));
	sc_key_parameters_print(&a->parameters, stdout);
	sc_print_flush(); /* generating the key takes a while */
	if (a->is_import)
		SC_TRY(import(a, &kmdata, client, &key, err));
	else
		SC_TRY(sc_new_key_make(&kmdata, client, a->module, &a->parameters, &key, err));
	report(a, &key);
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
