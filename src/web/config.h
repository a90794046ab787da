/*
 * A daemon's configuration: one file of lines "name = value" and "# comment", and every name also on the
 * command line as --name=VALUE, from the same table of options (base/options.h). The command line wins; a
 * list given there replaces the file's. A switch is "yes" or "no" in the file. Unknown and doubled names are
 * refused with file and line, so that a typing error is never a default; so are values that are not what they
 * should be.
 */
#ifndef SC_WEB_CONFIG_H
#define SC_WEB_CONFIG_H

#include "base/bytes.h"
#include "base/options.h"

struct sc_web_config;

/*
 * Reads the command line and then the file that its option "config" names, which must be a row of the table
 * and is needed. *done as in sc_options_read(): the caller ends with 0, and *out is not set. Values point
 * into argv or into *out and live as long as both. SC_ERR_USAGE, SC_ERR_NOT_FOUND, SC_ERR_ENCODING.
 */
sc_status sc_web_config_read(const struct sc_command_line *line, int argc, char **argv, struct sc_web_config **out,
			 bool *done, struct sc_error *err) SC_WARN_UNUSED;
void sc_web_config_free(struct sc_web_config *config);
SC_CLEANUP_POINTER(sc_web_config, struct sc_web_config, sc_web_config_free)

/* Refuses a value that was not given: "FILE: needs a line `name = …` (or --name=…)". SC_ERR_USAGE. */
sc_status sc_web_config_need(const struct sc_web_config *config, const char *name, const char *value,
			 struct sc_error *err) SC_WARN_UNUSED;

/*
 * Reads a decimal number from `min` to `max`. SC_ERR_ARGUMENT naming `name`, and file and line where the value
 * stands in the file.
 */
sc_status sc_web_config_number(const struct sc_web_config *config, const char *name, const char *value, uint64_t min,
			   uint64_t max, uint64_t *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * A path as it is to be opened: a relative one is beneath the configuration file's directory, wherever it was
 * given. Lives as long as the configuration. SC_ERR_MEMORY.
 */
sc_status sc_web_config_path(struct sc_web_config *config, const char *value, const char **out,
			 struct sc_error *err) SC_WARN_UNUSED;

/*
 * The words of a value that has exactly `count` of them, separated by spaces or tabs ("EU /run/eu.socket
 * /srv/EU"). They live as long as the configuration. SC_ERR_USAGE naming `name`, what it should be (`form`),
 * and file and line where the value stands in the file.
 */
sc_status sc_web_config_words(struct sc_web_config *config, const char *name, const char *value, const char *form,
			  const char **words, size_t count, struct sc_error *err) SC_WARN_UNUSED;

#endif
