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
	CURVE,
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
	[TYPE] = { "type", "Key type", "RSA, EC, AES, HMAC", "RSA", true },
	[SIZE] = { "size", "Key size", NULL, NULL, true }, /* by type: families */
	[CURVE] = { "curve", "Elliptic curve", "NISTP256, NISTP384, NISTP521, SECP256k1", "NISTP256", true },
	[PUBEXP] = { "pubexp", "Public exponent for RSA key (hex)", NULL, "", true },
	[IDENT] = { "ident", "Key identifier", NULL, NULL, true },
	[PLAINNAME] = { "plainname", "Key name", NULL, NULL, true }, /* defaults to the ident */
	[NVRAM] = { "nvram", "Blob in NVRAM (needs ACS)", "no", "no", true },
};

/* The values of `type`. */
static const struct family {
	const char *name;
	enum sc_algorithm algorithm;
	const char *sizes; /* for the question; NULL: the key has a curve */
	const char *initial_size;
} families[] = {
	{ "RSA", SC_ALGORITHM_RSA, "2048, 3072, 4096", "2048" },
	{ "EC", SC_ALGORITHM_EC, NULL, NULL },
	{ "AES", SC_ALGORITHM_AES, "128, 192, 256", "256" },
	{ "HMAC", SC_ALGORITHM_HMAC, "256, 384, 512", "256" },
};
#define FAMILY_COUNT (sizeof families / sizeof families[0])

/* The values of `curve`, and what others call them. */
static const struct {
	const char *name;
	const char *also;
	struct sc_key_type type;
} curves[] = {
	{ "NISTP256", "P-256", { SC_ALGORITHM_EC, 256 } },
	{ "NISTP384", "P-384", { SC_ALGORITHM_EC, 384 } },
	{ "NISTP521", "P-521", { SC_ALGORITHM_EC, 521 } },
	{ "SECP256k1", "P-256K", { SC_ALGORITHM_EC_K, 256 } },
};
#define CURVE_COUNT (sizeof curves / sizeof curves[0])

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
		       "%.*s: no such parameter; the parameters are protect, verify, type, size, curve, "
		       "pubexp, ident, plainname and nvram",
		       (int)len, pair);
}

sc_status sc_key_parameters_read(const char *const *operands, size_t count, bool is_import,
				 struct sc_key_parameters *out, struct sc_error *err)
{
	struct sc_key_parameters parameters = { .is_import = is_import };

	SC_ENSURE(count > 0, err, SC_ERR_USAGE,
		  "the application is missing, for example `generatekey --%s simple`",
		  is_import ? "import" : "generate");
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
	SC_ENSURE(strcmp(parameters->value[NVRAM], "no") == 0, err, SC_ERR_ARGUMENT,
		  "nvram=%s: must be no: the module stores no key blobs; the key file holds the blob",
		  sc_shown(parameters->value[NVRAM]).s);
	return SC_OK;
}

/* NULL if `type` is not valid. */
static const struct family *family_of(const struct sc_key_parameters *parameters)
{
	for (size_t i = 0; i < FAMILY_COUNT; i++)
		if (strcasecmp(parameters->value[TYPE], families[i].name) == 0)
			return &families[i];
	return NULL;
}

static sc_status check_type(struct sc_key_parameters *parameters, struct sc_error *err)
{
	const struct family *family = family_of(parameters);

	SC_ENSURE(family, err, SC_ERR_KEY_TYPE, "type=%s: must be %s", sc_shown(parameters->value[TYPE]).s,
		  rows[TYPE].choices);
	parameters->type = (struct sc_key_type){ family->algorithm, 0 };
	return SC_OK;
}

/* True if a key of the given type has the parameter. */
static bool has_parameter(const struct sc_key_parameters *parameters, size_t i)
{
	const struct family *family = family_of(parameters);

	if (!family)
		return true;
	switch (i) {
	case SIZE:
		return family->sizes;
	case CURVE:
		return !family->sizes;
	case PUBEXP:
		return family->algorithm == SC_ALGORITHM_RSA;
	default:
		return true;
	}
}

static sc_status check_size(struct sc_key_parameters *parameters, struct sc_error *err)
{
	const struct family *family = family_of(parameters);
	const char *size = parameters->value[SIZE];
	struct sc_key_type type = { family->algorithm, 0 };
	uint64_t bits = 0;

	if (parameters->is_import && !*size)
		return SC_OK;
	if (sc_number_read(size, "size", 1, 65536, &bits, NULL) == SC_OK)
		type.bits = (uint32_t)bits;
	SC_ENSURE(sc_key_type_is_known(&type), err, SC_ERR_KEY_TYPE, "size=%s: must be one of %s bits",
		  sc_shown(size).s, family->sizes);
	parameters->type = type;
	return SC_OK;
}

static sc_status check_curve(struct sc_key_parameters *parameters, struct sc_error *err)
{
	const char *curve = parameters->value[CURVE];

	if (parameters->is_import && !*curve)
		return SC_OK;
	for (size_t i = 0; i < CURVE_COUNT; i++) {
		if (strcasecmp(curve, curves[i].name) != 0 && strcasecmp(curve, curves[i].also) != 0)
			continue;
		strcpy(parameters->value[CURVE], curves[i].name);
		parameters->type = curves[i].type;
		return SC_OK;
	}
	return sc_fail(err, SC_ERR_KEY_TYPE, "curve=%s: must be one of %s", sc_shown(curve).s,
		       rows[CURVE].choices);
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
	case TYPE:
		return check_type(parameters, err);
	case SIZE:
		return check_size(parameters, err);
	case CURVE:
		return check_curve(parameters, err);
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

/* A parameter that a key of the type does not have may be given, but empty, as in `pubexp=`. */
static sc_status check_given(struct sc_key_parameters *parameters, size_t i, struct sc_error *err)
{
	if (has_parameter(parameters, i))
		return check_value(parameters, i, err);
	SC_ENSURE(!parameters->value[i][0], err, SC_ERR_ARGUMENT,
		  "%s=%s: a key of type %s has no %s: leave it out", rows[i].name,
		  sc_shown(parameters->value[i]).s, family_of(parameters)->name, rows[i].name);
	return SC_OK;
}

/* -- what is missing --------------------------------------------------------------------------- */

static const char *initial_value(const struct sc_key_parameters *parameters, size_t i)
{
	if (parameters->is_import && (i == SIZE || i == CURVE))
		return "";
	if (i == SIZE)
		return family_of(parameters)->initial_size;
	return i == PLAINNAME ? parameters->value[IDENT] : rows[i].initial;
}

static bool is_asked(const struct sc_key_parameters *parameters, size_t i)
{
	/* The key to import says these itself. */
	if (parameters->is_import && (i == SIZE || i == CURVE || i == PUBEXP))
		return false;
	return rows[i].is_asked;
}

/* Asks until the answer is valid. An empty answer takes the default. */
static sc_status ask(struct sc_key_parameters *parameters, size_t i, struct sc_error *err)
{
	const char *initial = initial_value(parameters, i);
	const char *choices = i == SIZE ? family_of(parameters)->sizes : rows[i].choices;
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

/* Sets one value that was not given: to the answer, or to the default. */
static sc_status complete_one(struct sc_key_parameters *parameters, size_t i, bool may_ask,
			      struct sc_error *err)
{
	const char *initial = initial_value(parameters, i);

	if (may_ask && is_asked(parameters, i))
		return ask(parameters, i, err);
	if (initial)
		strcpy(parameters->value[i], initial);
	return check_value(parameters, i, err);
}

/*
 * Sets the defaults first, so that every value is set. Checks what was given before asking for the rest,
 * except what depends on a type that is still to be asked for. The type comes before what depends on it.
 */
sc_status sc_key_parameters_complete(struct sc_key_parameters *parameters, bool may_ask, struct sc_error *err)
{
	bool is_type_open = may_ask && !parameters->is_given[TYPE];

	for (size_t i = 0; i < PARAMETER_COUNT; i++)
		if (!parameters->is_given[i])
			strcpy(parameters->value[i], rows[i].initial ? rows[i].initial : "");
	for (size_t i = 0; i < PARAMETER_COUNT; i++)
		if (parameters->is_given[i] && !(is_type_open && (i == SIZE || i == CURVE || i == PUBEXP)))
			SC_TRY(check_given(parameters, i, err));
	for (size_t i = 0; i < PARAMETER_COUNT; i++) {
		if (parameters->is_given[i])
			SC_TRY(check_given(parameters, i, err));
		else if (has_parameter(parameters, i))
			SC_TRY(complete_one(parameters, i, may_ask, err));
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
	sc_print_to(out, " %-12s %-34s %s\n", "operation", "Operation to perform",
		    parameters->is_import ? "import" : "generate");
	sc_print_to(out, " %-12s %-34s %s\n", "application", "Application", parameters->application);
	for (size_t i = 0; i < PARAMETER_COUNT; i++) {
		char decimal[EXPONENT_TEXT_SIZE] = "";

		if (!has_parameter(parameters, i))
			continue;
		if (i == PUBEXP)
			exponent_text(parameters, decimal);
		sc_print_to(out, " %-12s %-34s %s%s\n", rows[i].name, rows[i].description,
			    parameters->value[i], decimal);
	}
}
