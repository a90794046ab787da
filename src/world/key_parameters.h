/*
 * The parameters of generatekey, NAME=VALUE, with the names and meanings that its users know (article step
 * 3.3): protect, verify, type, size, curve, pubexp, ident, plainname and nvram. Of size, curve and pubexp, a
 * key has those that its type has.
 */
#ifndef SC_WORLD_KEY_PARAMETERS_H
#define SC_WORLD_KEY_PARAMETERS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "formats/key_type.h"

#define SC_KEY_PARAMETER_COUNT      9
#define SC_KEY_PARAMETER_VALUE_SIZE 256 /* bytes, with the terminator */
#define SC_KEY_EXPONENT_MAX         32  /* bytes */

struct sc_key_parameters {
	const char *application; /* "simple"; points into the operands */
	bool is_given[SC_KEY_PARAMETER_COUNT];
	char value[SC_KEY_PARAMETER_COUNT][SC_KEY_PARAMETER_VALUE_SIZE];
	bool is_import; /* of a key in the clear, whose size, curve and exponent need not be given */
	/* What the values of type, size, curve and pubexp mean, once they are complete: */
	struct sc_key_type type;               /* bits: 0 if not given, which an import allows */
	uint8_t exponent[SC_KEY_EXPONENT_MAX]; /* big-endian, without leading zeros */
	size_t exponent_len;                   /* 0: 65537 */
};

/*
 * Reads generatekey's operands, for an import or a generation: the application, then NAME=VALUE for each
 * parameter that is given. Values are not checked yet. SC_ERR_USAGE (no application, not of that form, an
 * unknown name, a name given twice), SC_ERR_ARGUMENT (another application than simple, a value that is too
 * long).
 */
sc_status sc_key_parameters_read(const char *const *operands, size_t count, bool is_import,
				 struct sc_key_parameters *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Checks the values that were given, then completes the rest: with the answers of somebody at the terminal,
 * who is asked until the answer is valid, or if not `may_ask`, with the defaults. Afterwards every value is
 * valid. After a failure the parameters are useless. SC_ERR_USAGE (no ident), SC_ERR_ARGUMENT,
 * SC_ERR_KEY_TYPE (type, size), SC_ERR_EXPONENT, SC_ERR_CANCELLED, SC_ERR_SYSTEM.
 */
sc_status sc_key_parameters_complete(struct sc_key_parameters *parameters, bool may_ask,
				     struct sc_error *err) SC_WARN_UNUSED;

/* The key's identifier, a part of its file's name. */
const char *sc_key_parameters_ident(const struct sc_key_parameters *parameters);

/* The key's name for people. */
const char *sc_key_parameters_plainname(const struct sc_key_parameters *parameters);

/* Prints the table of all parameters, as the article shows it. */
void sc_key_parameters_print(const struct sc_key_parameters *parameters, FILE *out);

#endif
