/*
 * kmfile-dump (article step 4.2): prints every entry of a file of the security world, so that you can see
 * what a key may do before it leaves. Nothing is verified, and the last line says so; no module is needed.
 */
#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "base/options.h"
#include "base/print.h"
#include "formats/damage.h"
#include "formats/describe.h"

#define PROGRAM "kmfile-dump"

static sc_status dump(const char *path, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) file = { 0 };
	sc_status status;

	SC_TRY(sc_file_read_path(path, SC_DESCRIBE_MAX, &file, err));
	sc_print("%s: ", path);
	status = sc_describe(sc_bytes_view(&file), stdout, err);
	if (status != SC_OK)
		return sc_damage_refuse(sc_bytes_view(&file), path,
					"whole and unaltered file of a known kind", status, err);
	sc_print(
	    "\nThis is what the file says; none of it has been verified. A module verifies blobs, cards and "
	    "worlds;\n"
	    "verifykeypackage and verifyreceipt verify statements.\n");
	return SC_OK;
}

static sc_status run(int argc, char **argv, struct sc_error *err)
{
	const struct sc_option options[] = { { 0 } };
	const struct sc_command_line line = {
		PROGRAM, "FILE",
		"Shows every entry of a key file, world file, card, package, statement or receipt.", options,
		"It verifies nothing and needs no module."
	};
	const char *operands[1];
	size_t count = 0;
	bool done = false;

	SC_TRY(sc_options_read(&line, argc, argv, operands, 1, &count, &done, err));
	if (done)
		return SC_OK;
	SC_ENSURE(count == 1, err, SC_ERR_USAGE, "no file is given (see " PROGRAM " --help)");
	return dump(operands[0], err);
}

int main(int argc, char **argv)
{
	struct sc_error err = { 0 };
	sc_status status;

	sc_log_start(PROGRAM, SC_LOG_NOTICE);
	status = run(argc, argv, &err);
	return sc_program_end(PROGRAM, status, &err);
}
