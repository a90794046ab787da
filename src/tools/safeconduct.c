/* safeconduct: the operator's program. This file is a table of subcommands, which are in safeconduct/. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/print.h"
#include "base/version.h"
#include "base/visible.h"
#include "tools/safeconduct/subcommands.h"

#define NAME "safeconduct"

#define WORDS_WIDTH 18  /* of a subcommand's two words in the help */
#define LIST_SIZE   256 /* of all subcommands in one line */

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
	{ "tenant", "add", "make another tenant while the daemons run", sc_subcommand_tenant_add },
	{ "toolset", "build", "make the region's BYOK toolset", sc_subcommand_toolset_build },
};
#define SUBCOMMAND_COUNT (sizeof subcommands / sizeof subcommands[0])

static void print_help(void)
{
	sc_print("Usage: " NAME " COMMAND [OPTIONS]\nSets up regions, vaults and tenants.\n\n");
	for (size_t i = 0; i < SUBCOMMAND_COUNT; i++) {
		const char *verb = subcommands[i].verb ? subcommands[i].verb : "";
		int width = WORDS_WIDTH - (int)strlen(subcommands[i].noun);

		sc_print("  %s %-*s %s\n", subcommands[i].noun, width, verb, subcommands[i].purpose);
	}
	sc_print("\nSee \"" NAME " COMMAND --help\" for the options of a command.\n");
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
	return argc >= 2 && strcmp(argv[1], word) == 0;
}

static bool is_noun(const char *word)
{
	for (size_t i = 0; i < SUBCOMMAND_COUNT; i++)
		if (strcmp(word, subcommands[i].noun) == 0)
			return true;
	return false;
}

/* "init, region request or toolset build" */
static void list_subcommands(char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < SUBCOMMAND_COUNT && used < size; i++) {
		const char *verb = subcommands[i].verb;
		const char *between = i == 0 ? "" : i + 1 == SUBCOMMAND_COUNT ? " or " : ", ";

		used += (size_t)snprintf(out + used, size - used, "%s%s%s%s", between, subcommands[i].noun,
					 verb ? " " : "", verb ? verb : "");
	}
}

/* Says what is wrong with a command line that names no subcommand. */
static sc_status refuse(int argc, char **argv, struct sc_error *err)
{
	char known[LIST_SIZE];
	char typed[SC_SHOWN_SIZE];
	const char *first = argc >= 2 ? argv[1] : "";
	const char *second = argc >= 3 && is_noun(first) ? argv[2] : "";

	list_subcommands(known, sizeof known);
	SC_ENSURE(argc >= 2, err, SC_ERR_USAGE, "the subcommand is missing: give %s", known);
	snprintf(typed, sizeof typed, "%s%s%s", first, *second ? " " : "", second);
	SC_ENSURE(first[0] != '-', err, SC_ERR_USAGE, "%s: no such option (see " NAME " --help)", first);
	return sc_fail(err, SC_ERR_USAGE, "%s: no such subcommand: give %s", sc_shown(typed).s, known);
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
	struct sc_error err = { 0 };

	sc_log_start(NAME, SC_LOG_WARNING);
	for (size_t i = 0; i < SUBCOMMAND_COUNT; i++) {
		int words = match(&subcommands[i], argc, argv);

		if (words)
			return run(&subcommands[i], argc - words, argv + words);
	}
	if (asks(argc, argv, "--help") || asks(argc, argv, "-h") || asks(argc, argv, "-?") ||
	    asks(argc, argv, "help")) {
		print_help();
		return sc_program_end(NAME, SC_OK, NULL);
	}
	if (asks(argc, argv, "--version")) {
		sc_print(NAME " (Safeconduct) " SC_VERSION "\n");
		return sc_program_end(NAME, SC_OK, NULL);
	}
	return sc_program_end(NAME, refuse(argc, argv, &err), &err);
}
