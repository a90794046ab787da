/* safeconduct region publish: writes the region's packages for customers and its files for vaultd. */
#include <stdio.h>

#include "base/options.h"
#include "base/print.h"
#include "byok/regions.h"
#include "tools/safeconduct/subcommands.h"

static const char notes[] =
    "In DIR:\n"
    "  BYOK-KEK-pkg-<REGION>-1, BYOK-SecurityWorld-pkg-<REGION>-1   for customers\n"
    "  regions/<REGION>/kek.blob, kek.cer, region.cer               for vaultd\n"
    "None of this is secret: only this world's modules can open the Key Exchange Key's blob.";

sc_status sc_subcommand_region_publish(int argc, char **argv, bool *done, struct sc_error *err)
{
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;
	const char *region = NULL;
	const char *directory = NULL;
	const struct sc_option options[] = {
		{ .name = "output",
		  .letter = 'o',
		  .argument = "DIR",
		  .help = "where to write them",
		  .value = &directory },
		{ 0 },
	};
	const struct sc_command_line line = { "safeconduct region publish", "REGION -o DIR",
					      "Writes the files of a region that others need.", options,
					      notes };
	size_t operands;

	SC_TRY(sc_options_read(&line, argc, argv, &region, 1, &operands, done, err));
	if (*done)
		return SC_OK;
	SC_ENSURE(operands == 1, err, SC_ERR_USAGE, "the region is missing: give its code, like EU");
	SC_ENSURE(directory, err, SC_ERR_USAGE, "-o is missing: give the directory to publish into");
	SC_TRY(sc_kmdata_open(&kmdata, err));
	SC_TRY(sc_byok_region_publish(&kmdata, region, directory, err));
	sc_print("Published %s into %s\n", region, directory);
	return SC_OK;
}
