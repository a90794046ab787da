/*
 * Command lines described by a table with one row per option, used for both parsing and --help. Long names
 * are case-insensitive, take one dash or two, may be shortened to any unambiguous prefix, and take their
 * value after '=' or as the next argument. So the same code reads `--acs-quorum=2/3`, `-KeyIdentifier
 * contosokey` and `-m 1`, all of which the users of the article's tools type.
 */
#ifndef SC_BASE_OPTIONS_H
#define SC_BASE_OPTIONS_H

#include "base/error.h"

#include <stdbool.h>

struct sc_option {
	const char *name;     /* long name, as help shows it; NULL ends the table */
	char letter;          /* one-letter form, or 0 */
	const char *argument; /* what help calls the value, or NULL for a switch */
	const char *help;     /* one line */
	const char **value;   /* set to the value, which points into argv */
	bool *flag;           /* set to true for a switch */
	/* For an option that may be repeated: up to list_max values, *list_count of them set. */
	const char **list;
	size_t list_max;
	size_t *list_count;
};

struct sc_command_line {
	const char *program;  /* as the user knows it */
	const char *synopsis; /* "[OPTIONS] APP NAME=VALUE…" */
	const char *purpose;  /* one sentence */
	const struct sc_option *options;
	const char *notes; /* more lines for --help, or NULL */
};

/*
 * Reads argv[1..]. Arguments that are not options go to `operands` in order; "--" ends the options.
 * SC_ERR_USAGE (no such option, a missing or superfluous value, given twice, too many arguments), with a
 * message that names the argument as it was typed and, for an ambiguous prefix, the candidates. Every program
 * has --help, -h, -? and --version: they print, set *done, and the caller exits with 0.
 */
sc_status sc_options_read(const struct sc_command_line *line, int argc, char **argv, const char **operands,
			  size_t operand_max, size_t *operand_count, bool *done,
			  struct sc_error *err) SC_WARN_UNUSED;

/* Reads a decimal integer from min to max, and nothing else. SC_ERR_ARGUMENT, naming `what`. */
sc_status sc_number_read(const char *text, const char *what, uint64_t min, uint64_t max, uint64_t *out,
			 struct sc_error *err) SC_WARN_UNUSED;

#endif
