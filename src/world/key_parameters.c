/*
 * The parameters of generatekey: see key_parameters.h. They are checked here so that a mistake is reported at
 * once; the module decides what is allowed.
 */
#include "world/key_parameters.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include <openssl/bn.h>

#include "base/libcrypto.h"
#include "base/log.h"
#include "base/options.h"
#include "base/print.h"
#include "base/visible.h"
#include "world/kmdata.h"
#include "world/prompt.h"

enum parameter {
	PROTECT,
	VERIFY,
	TYPE,
	SIZE,
	PUBEXP,
	IDENT,
	PLAINNAME,
	NVRAM,
	PARAMETER_COUNT,
};
static_assert(PARAMETER_COUNT == SC_KEY_PARAMETER_COUNT, "every parameter has a value");

/* In the order in which they are asked for and printed. */
static const struct {
	const char *name;
	const char *description;
	const char *choices; /* for the question, or NULL */
	const char *initial; /* the default; NULL: an answer is required */
	bool is_asked;       /* at a terminal, if not given */
} rows[PARAMETER_COUNT] = {
	[PROTECT] = { "protect", "Protected by", "module", "module", true },
	[VERIFY] = { "verify", "Verify security of key", "yes", "yes", false },
	[TYPE] = { "type", "Key type", "RSA", "RSA", true },
	[SIZE] = { "size", "Key size", "2048, 3072, 4096", "2048", true },
	[PUBEXP] = { "pubexp", "Public exponent for RSA key (hex)", NULL, "", true },
	[IDENT] = { "ident", "Key identifier", NULL, NULL, true },
	[PLAINNAME] = { "plainname", "Key name", NULL, NULL, true }, /* defaults to the ident */
	[NVRAM] = { "nvram", "Blob in NVRAM (needs ACS)", "no", "no", true },
};

/* -- what is given ----------------------------------------------------------------------------- */

static sc_status set_value(struct sc_key_parameters *parameters, size_t i, const char *value,
			   struct sc_error *err)
{
	SC_ENSURE(strlen(value) < SC_KEY_PARAMETER_VALUE_SIZE, err, SC_ERR_ARGUMENT,
		  "%s: longer than %d bytes", rows[i].name, SC_KEY_PARAMETER_VALUE_SIZE - 1);
	strcpy(parameters->value[i], value);
	parameters->is_given[i] = true;
	return SC_OK;
}

/* "size=2048" */
static sc_status read_pair(struct sc_key_parameters *parameters, const char *pair, struct sc_error *err)
{
	const char *equals = strchr(pair, '=');
	size_t len = equals ? (size_t)(equals - pair) : 0;

	SC_ENSURE(equals && len > 0, err, SC_ERR_USAGE, "%s: not of the form NAME=VALUE", sc_shown(pair).s);
	for (size_t i = 0; i < PARAMETER_COUNT; i++) {
		if (strlen(rows[i].name) != len || strncmp(rows[i].name, pair, len) != 0)
			continue;
		SC_ENSURE(!parameters->is_given[i], err, SC_ERR_USAGE, "%s: given twice", rows[i].name);
		return set_value(parameters, i, equals + 1, err);
	}
	return sc_fail(err, SC_ERR_USAGE,
		       "%.*s: no such parameter; the parameters are protect, verify, type, size, pubexp, "
		       "ident, plainname and nvram",
		       (int)len, pair);
}

sc_status sc_key_parameters_read(const char *const *operands, size_t count, struct sc_key_parameters *out,
				 struct sc_error *err)
{
	struct sc_key_parameters parameters = { 0 };

	SC_ENSURE(count > 0, err, SC_ERR_USAGE,
		  "the application is missing, for example `generatekey --generate simple`");
	parameters.application = operands[0];
	SC_ENSURE(strcmp(parameters.application, "simple") == 0, err, SC_ERR_ARGUMENT,
		  "application %s: must be simple: generatekey makes only `simple` keys",
		  sc_shown(parameters.application).s);
	for (size_t i = 1; i < count; i++)
		SC_TRY(read_pair(&parameters, operands[i], err));
	*out = parameters;
	return SC_OK;
}

/* -- what the values mean ---------------------------------------------------------------------- */

static sc_status check_choices(const struct sc_key_parameters *parameters, struct sc_error *err)
{
	const char *protect = parameters->value[PROTECT];

	/* Article step 3.3, its first instruction. */
	SC_ENSURE(strcmp(protect, "module") == 0, err, SC_ERR_ARGUMENT,
		  "protect=%s: must be module, for a module-protected key: the BYOK toolset does not support "
		  "OCS-protected keys",
		  sc_shown(protect).s);
	SC_ENSURE(strcmp(parameters->value[VERIFY], "yes") == 0, err, SC_ERR_ARGUMENT,
		  "verify=%s: must be yes: the module always tests a new key",
		  sc_shown(parameters->value[VERIFY]).s);
	SC_ENSURE(strcasecmp(parameters->value[TYPE], "RSA") == 0, err, SC_ERR_KEY_TYPE,
		  "type=%s: must be RSA: generatekey makes only RSA keys",
		  sc_shown(parameters->value[TYPE]).s);
	SC_ENSURE(strcmp(parameters->value[NVRAM], "no") == 0, err, SC_ERR_ARGUMENT,
		  "nvram=%s: must be no: the module stores no key blobs; the key file holds the blob",
		  sc_shown(parameters->value[NVRAM]).s);
	return SC_OK;
}

static sc_status check_size(struct sc_key_parameters *parameters, struct sc_error *err)
{
	const char *size = parameters->value[SIZE];

	SC_ENSURE(sc_number_read(size, "size", 2048, 4096, &parameters->bits, NULL) == SC_OK &&
		      parameters->bits % 1024 == 0,
		  err, SC_ERR_KEY_TYPE, "size=%s: must be 2048, 3072 or 4096 bits", sc_shown(size).s);
	return SC_OK;
}

#define MISTAKEN "65537" /* as everybody writes the usual exponent, in decimal */

/* Hexadecimal, any number of digits; empty is 65537. Odd, 65537 ≤ e < 2^256 (rule M4). */
static sc_status check_exponent(struct sc_key_parameters *parameters, struct sc_error *err)
{
	const char *text = parameters->value[PUBEXP];
	const char *digits = strncasecmp(text, "0x", 2) == 0 ? text + 2 : text;
	char even[2 * SC_KEY_EXPONENT_MAX + 2] = ""; /* with a zero before an odd number of digits */
	size_t len;

	parameters->exponent_len = 0;
	if (!*text)
		return SC_OK;
	/* Hexadecimal, as with the field's own tool, but nobody means 0x65537. */
	SC_ENSURE(
	    strcmp(text + strspn(text, "0"), MISTAKEN) != 0, err, SC_ERR_EXPONENT,
	    "pubexp=%s: pubexp is hexadecimal, so this would be 415031: for 65537 write pubexp=10001 or "
	    "leave it empty; for 415031 write pubexp=0x" MISTAKEN,
	    text);
	SC_ENSURE(*digits && strspn(digits, "0123456789abcdefABCDEF") == strlen(digits), err, SC_ERR_EXPONENT,
		  "pubexp=%s: not a hexadecimal number", sc_shown(text).s);
	digits += strspn(digits, "0");
	len = strlen(digits);
	SC_ENSURE(len <= 2 * SC_KEY_EXPONENT_MAX, err, SC_ERR_EXPONENT, "pubexp=%s: must be below 2^256",
		  text);
	snprintf(even, sizeof even, "%s%s", len % 2 ? "0" : "", digits);
	len = strlen(even) / 2;
	SC_ENSURE(len >= 3 && sc_hex_read(even, parameters->exponent, len), err, SC_ERR_EXPONENT,
		  "pubexp=%s: must be 10001 (65537) or more: smaller exponents allow padding and "
		  "related-message attacks",
		  text);
	SC_ENSURE(parameters->exponent[len - 1] & 1, err, SC_ERR_EXPONENT,
		  "pubexp=%s: must be odd: an even exponent has no private exponent", text);
	parameters->exponent_len = len;
	return SC_OK;
}

static sc_status check_ident(const struct sc_key_parameters *parameters, struct sc_error *err)
{
	char name[SC_KEY_FILE_NAME_SIZE];

	SC_ENSURE(parameters->value[IDENT][0], err, SC_ERR_USAGE,
		  "ident is missing: give the key's identifier, for example ident=contosokey");
	return sc_kmdata_key_file_name(parameters->application, parameters->value[IDENT], name, err);
}

static sc_status check_plainname(const struct sc_key_parameters *parameters, struct sc_error *err)
{
	struct sc_text text;

	return sc_text_set(&text, parameters->value[PLAINNAME], "plainname", err);
}

static sc_status check_value(struct sc_key_parameters *parameters, size_t i, struct sc_error *err)
{
	switch (i) {
	case SIZE:
		return check_size(parameters, err);
	case PUBEXP:
		return check_exponent(parameters, err);
	case IDENT:
		return check_ident(parameters, err);
	case PLAINNAME:
		return check_plainname(parameters, err);
	default:
		return check_choices(parameters, err);
	}
}

/* -- what is missing --------------------------------------------------------------------------- */

static const char *initial_value(const struct sc_key_parameters *parameters, size_t i)
{
	return i == PLAINNAME ? parameters->value[IDENT] : rows[i].initial;
}

/* Asks until the answer is valid. An empty answer takes the default. */
static sc_status ask(struct sc_key_parameters *parameters, size_t i, struct sc_error *err)
{
	const char *initial = initial_value(parameters, i);
	const char *choices = rows[i].choices;
	char question[512];
	char answer[SC_KEY_PARAMETER_VALUE_SIZE];

	snprintf(question, sizeof question, "%s: %s?%s%s%s [%s] > ", rows[i].name, rows[i].description,
		 choices ? " (" : "", choices ? choices : "", choices ? ")" : "", initial ? initial : "");
	for (;;) {
		struct sc_error why = { 0 };
		sc_status status;

		SC_TRY(sc_prompt_read_line(question, answer, sizeof answer, err));
		strcpy(parameters->value[i], !answer[0] && initial ? initial : answer);
		status = check_value(parameters, i, &why);
		if (status == SC_OK)
			return SC_OK;
		sc_log(SC_LOG_ERROR, "%s", why.message);
	}
}

/* Sets the defaults first, so that every value is set. Checks what was given before asking for the rest. */
sc_status sc_key_parameters_complete(struct sc_key_parameters *parameters, bool may_ask, struct sc_error *err)
{
	for (size_t i = 0; i < PARAMETER_COUNT; i++)
		if (!parameters->is_given[i])
			strcpy(parameters->value[i], rows[i].initial ? rows[i].initial : "");
	for (size_t i = 0; i < PARAMETER_COUNT; i++)
		if (parameters->is_given[i])
			SC_TRY(check_value(parameters, i, err));
	for (size_t i = 0; i < PARAMETER_COUNT; i++) {
		const char *initial = initial_value(parameters, i);

		if (parameters->is_given[i])
			continue;
		if (may_ask && rows[i].is_asked) {
			SC_TRY(ask(parameters, i, err));
			continue;
		}
		if (initial)
			strcpy(parameters->value[i], initial);
		SC_TRY(check_value(parameters, i, err));
	}
	return SC_OK;
}

/* -- what others need of them ------------------------------------------------------------------ */

const char *sc_key_parameters_ident(const struct sc_key_parameters *parameters)
{
	return parameters->value[IDENT];
}

const char *sc_key_parameters_plainname(const struct sc_key_parameters *parameters)
{
	return parameters->value[PLAINNAME];
}

#define EXPONENT_TEXT_SIZE 96 /* 2^256 has 78 digits */

/* " (65537 in decimal)", so that a number that was meant in decimal is noticed; nothing for the default. */
static void exponent_text(const struct sc_key_parameters *parameters, char out[EXPONENT_TEXT_SIZE])
{
	SC_CLEANUP(sc_bn) number = BN_bin2bn(parameters->exponent, (int)parameters->exponent_len, NULL);
	char *text = number && parameters->exponent_len ? BN_bn2dec(number) : NULL;

	if (text)
		snprintf(out, EXPONENT_TEXT_SIZE, " (%s in decimal)", text);
	OPENSSL_free(text);
}

void sc_key_parameters_print(const struct sc_key_parameters *parameters, FILE *out)
{
	sc_print_to(out, "key generation parameters:\n");
	sc_print_to(out, " %-12s %-34s %s\n", "operation", "Operation to perform", "generate");
	sc_print_to(out, " %-12s %-34s %s\n", "application", "Application", parameters->application);
	for (size_t i = 0; i < PARAMETER_COUNT; i++) {
		char decimal[EXPONENT_TEXT_SIZE] = "";

		if (i == PUBEXP)
			exponent_text(parameters, decimal);
		sc_print_to(out, " %-12s %-34s %s%s\n", rows[i].name, rows[i].description,
			    parameters->value[i], decimal);
	}
}
