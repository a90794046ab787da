/*
 * A daemon's configuration: a file with lines "name = value" and "# comment". The command line accepts every
 * name too, as --name=VALUE, from the same table of options (base/options.h). The command line wins; a list
 * given there replaces the file's. In the file a switch is "yes" or "no". Unknown and duplicate names are
 * refused with file and line, so that a typing error never becomes a default. So are invalid values.
 */
#ifndef SC_WEB_CONFIG_H
#define SC_WEB_CONFIG_H

#include "base/bytes.h"
#include "base/options.h"

struct sc_web_config;

/*
 * Reads the command line, then the file named by its option "config", which must be in the table and is
 * required. *done is as in sc_options_read(): if it is set, the caller exits with 0, and *out is not set.
 * Values point into argv or into *out and live as long as both. SC_ERR_USAGE, SC_ERR_NOT_FOUND,
 * SC_ERR_ENCODING.
 */
sc_status sc_web_config_read(const struct sc_command_line *line, int argc, char **argv,
			     struct sc_web_config **out, bool *done, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Reads the settings in the table from a daemon's file, for a program that needs some of them. The others are
 * not checked: that is the daemon's. *out as above.
 */
sc_status sc_web_config_read_some(const char *path, const struct sc_option *options,
				  struct sc_web_config **out, struct sc_error *err) SC_WARN_UNUSED;
void sc_web_config_free(struct sc_web_config *config);
SC_CLEANUP_POINTER(sc_web_config, struct sc_web_config, sc_web_config_free)

/* Refuses a missing value: "FILE: needs a line `name = …` (or --name=…)". SC_ERR_USAGE. */
sc_status sc_web_config_need(const struct sc_web_config *config, const char *name, const char *value,
			     struct sc_error *err) SC_WARN_UNUSED;

/*
 * Reads a decimal number from `min` to `max`. SC_ERR_ARGUMENT naming `name`, with file and line if the value
 * is from the file.
 */
sc_status sc_web_config_number(const struct sc_web_config *config, const char *name, const char *value,
			       uint64_t min, uint64_t max, uint64_t *out,
			       struct sc_error *err) SC_WARN_UNUSED;

/*
 * The path to open. A relative path is relative to the configuration file's directory, even if it was given
 * on the command line. Lives as long as the configuration. SC_ERR_MEMORY.
 */
sc_status sc_web_config_path(struct sc_web_config *config, const char *value, const char **out,
			     struct sc_error *err) SC_WARN_UNUSED;

/*
 * The words of a value that has exactly `count` of them, separated by spaces or tabs ("EU /run/eu.socket
 * /srv/EU"). A word with spaces in it is in double quotes. They live as long as the configuration.
 * SC_ERR_USAGE naming `name` and the expected form (`form`), with file and line if the value is from the
 * file.
 */
sc_status sc_web_config_words(struct sc_web_config *config, const char *name, const char *value,
			      const char *form, const char **words, size_t count,
			      struct sc_error *err) SC_WARN_UNUSED;

#endif
