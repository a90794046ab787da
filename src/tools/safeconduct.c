/* safeconduct: the operator's program. This file is a table of subcommands, which are in safeconduct/. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/print.h"
#include "base/version.h"
#include "tools/safeconduct/subcommands.h"

#define NAME "safeconduct"

#define WORDS_WIDTH 18 /* of a subcommand's two words in the help */

struct subcommand {
	const char *noun;
	const char *verb; /* NULL if the noun is the whole name */
	const char *purpose;
	sc_subcommand *run;
};

static const struct subcommand subcommands[] = {
	{ "init", NULL, "make the keys, certificates, databases and configuration of signind and vaultd",
	  sc_subcommand_init },
	{ "region", "request", "ask the factory to certify this security world as a region",
	  sc_subcommand_region_request },
	{ "region", "init", "make the certified region and its Key Exchange Key, under a quorum",
	  sc_subcommand_region_init },
	{ "region", "publish", "write the region's packages for customers and its files for vaultd",
	  sc_subcommand_region_publish },
	{ "toolset", "build", "make the region's BYOK toolset", sc_subcommand_toolset_build },
};
#define SUBCOMMAND_COUNT (sizeof subcommands / sizeof subcommands[0])

static void print_help(FILE *out)
{
	sc_print_to(out, "Usage: " NAME " COMMAND [OPTIONS]\nSets up regions and vaults.\n\n");
	for (size_t i = 0; i < SUBCOMMAND_COUNT; i++) {
		const char *verb = subcommands[i].verb ? subcommands[i].verb : "";
		int width = WORDS_WIDTH - (int)strlen(subcommands[i].noun);

		sc_print_to(out, "  %s %-*s %s\n", subcommands[i].noun, width, verb, subcommands[i].purpose);
	}
	sc_print_to(out, "\nSee \"" NAME " COMMAND --help\" for the options of a command.\n");
}

/* The number of words on the command line that name this subcommand; 0 if they name another. */
static int match(const struct subcommand *subcommand, int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], subcommand->noun) != 0)
		return 0;
	if (!subcommand->verb)
		return 1;
	return argc >= 3 && strcmp(argv[2], subcommand->verb) == 0 ? 2 : 0;
}

static bool asks(int argc, char **argv, const char *word)
{
	return argc == 2 && strcmp(argv[1], word) == 0;
}

static int run(const struct subcommand *subcommand, int argc, char **argv)
{
	struct sc_error err = { 0 };
	bool done = false;
	sc_status status = subcommand->run(argc, argv, &done, &err);
	char program[64];

	snprintf(program, sizeof program, NAME " %s%s%s", subcommand->noun, subcommand->verb ? " " : "",
		 subcommand->verb ? subcommand->verb : "");
	return sc_program_end(program, status, &err);
}

int main(int argc, char **argv)
{
	sc_log_start(NAME, SC_LOG_WARNING);
	for (size_t i = 0; i < SUBCOMMAND_COUNT; i++) {
		int words = match(&subcommands[i], argc, argv);

		if (words)
			return run(&subcommands[i], argc - words, argv + words);
	}
	if (asks(argc, argv, "--help") || asks(argc, argv, "-h") || asks(argc, argv, "help")) {
		print_help(stdout);
		return sc_program_end(NAME, SC_OK, NULL);
	}
	if (asks(argc, argv, "--version")) {
		sc_print(NAME " (Safeconduct) " SC_VERSION "\n");
		return sc_program_end(NAME, SC_OK, NULL);
	}
	print_help(stderr);
	return sc_status_exit(SC_ERR_USAGE);
}
