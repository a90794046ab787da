/*
 * verifyaudit: checks the chain of a vault's audit log, across all its segments, and prints what to keep
 * elsewhere. It needs nothing but copies of the log's files.
 */
#include <inttypes.h>

#include "base/options.h"
#include "base/print.h"
#include "vaultd/audit/audit.h"

#define NAME "verifyaudit"

static void print_report(const struct sc_audit_report *report)
{
	char hash[SC_HASH_SIZE * 2 + 1];

	sc_hex(sc_hash_view(&report->hash), hash);
	sc_print("lines %" PRIu64 " to %" PRIu64 ", segments %zu, gaps %" PRIu64 "\n", report->first,
		 report->last, report->segments, report->gaps);
	sc_print("hash of line %" PRIu64 ": %s\n", report->last, hash);
}

static sc_status run(int argc, char **argv, bool *done, struct sc_error *err)
{
	const struct sc_option options[] = { { 0 } };
	const struct sc_command_line line = {
		.program = NAME,
		.synopsis = "LOG",
		.purpose = "Checks that a vault's audit log is whole, from its first line to its last.",
		.options = options,
		.notes =
		    "LOG is the file that vaultd's setting audit-log names, or a copy. Segments that have\n"
		    "ended (LOG.00000000000000000001, …) are beside it. Lines that were cut off the end are\n"
		    "not found: compare the number and the hash of the last line with those that you kept.",
	};
	struct sc_audit_report report = { 0 };
	const char *log = NULL;
	size_t count = 0;

	SC_TRY(sc_options_read(&line, argc, argv, &log, 1, &count, done, err));
	if (*done)
		return SC_OK;
	SC_ENSURE(count == 1, err, SC_ERR_USAGE, "no log is given (see " NAME " --help)");
	SC_TRY(sc_audit_verify(log, &report, err));
	print_report(&report);
	return SC_OK;
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
