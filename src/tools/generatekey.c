/*
 * generatekey (article step 3.3): generates a key in the module and writes its key file and its public key to
 * kmdata. The parameters are checked here so that a mistake is reported at once; the module decides what is
 * allowed.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/options.h"
#include "formats/key_blob.h"
#include "world/kmdata.h"
#include "world/prompt.h"

#define PROGRAM      "generatekey"
#define VALUE_MAX    256
#define EXPONENT_MAX 32 /* bytes */

/* -- the parameters ---------------------------------------------------------------------------- */

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

/* In the order in which they are asked for and printed. */
static const struct {
	const char *name;
	const char *description;
	const char *choices; /* for the question, or NULL */
	const char *initial; /* the default; NULL: an answer is required */
	bool is_asked;       /* at a terminal, if not given */
} parameters[PARAMETER_COUNT] = {
	[PROTECT] = { "protect", "Protected by", "module", "module", true },
	[VERIFY] = { "verify", "Verify security of key", "yes", "yes", false },
	[TYPE] = { "type", "Key type", "RSA", "RSA", true },
	[SIZE] = { "size", "Key size", "2048, 3072, 4096", "2048", true },
	[PUBEXP] = { "pubexp", "Public exponent for RSA key (hex)", NULL, "", true },
	[IDENT] = { "ident", "Key identifier", NULL, NULL, true },
	[PLAINNAME] = { "plainname", "Key name", NULL, NULL, true }, /* defaults to the ident */
	[NVRAM] = { "nvram", "Blob in NVRAM (needs ACS)", "no", "no", true },
};

struct request {
	uint64_t module;
	bool is_batch;
	const char *application;
	bool is_given[PARAMETER_COUNT];
	char value[PARAMETER_COUNT][VALUE_MAX];
	/* What the values mean: */
	uint64_t bits;
	uint8_t exponent[EXPONENT_MAX];
	size_t exponent_len; /* 0: 65537 */
};

static sc_status set_value(struct request *request, size_t i, const char *value, struct sc_error *err)
{
	SC_ENSURE(strlen(value) < VALUE_MAX, err, SC_ERR_ARGUMENT, "%s: longer than %d bytes",
		  parameters[i].name, VALUE_MAX - 1);
	strcpy(request->value[i], value);
	request->is_given[i] = true;
	return SC_OK;
}

/* "size=2048" */
static sc_status read_pair(struct request *request, const char *pair, struct sc_error *err)
{
	const char *equals = strchr(pair, '=');
	size_t len = equals ? (size_t)(equals - pair) : 0;

	SC_ENSURE(equals && len > 0, err, SC_ERR_USAGE, "%s: not of the form NAME=VALUE", pair);
	for (size_t i = 0; i < PARAMETER_COUNT; i++) {
		if (strlen(parameters[i].name) != len || strncmp(parameters[i].name, pair, len) != 0)
			continue;
		SC_ENSURE(!request->is_given[i], err, SC_ERR_USAGE, "%s: given twice", parameters[i].name);
		return set_value(request, i, equals + 1, err);
	}
	return sc_fail(err, SC_ERR_USAGE,
		       "%.*s: no such parameter; the parameters are protect, verify, type, size, pubexp, "
		       "ident, plainname and nvram",
		       (int)len, pair);
}

/* -- what the values mean ---------------------------------------------------------------------- */

static sc_status check_choices(const struct request *request, struct sc_error *err)
{
	const char *protect = request->value[PROTECT];

	/* Article step 3.3, its first instruction. */
	SC_ENSURE(strcmp(protect, "module") == 0, err, SC_ERR_ARGUMENT,
		  "protect=%s: must be module, for a module-protected key: the BYOK toolset does not support "
		  "OCS-protected keys",
		  protect);
	SC_ENSURE(strcmp(request->value[VERIFY], "yes") == 0, err, SC_ERR_ARGUMENT,
		  "verify=%s: must be yes: the module always tests a new key", request->value[VERIFY]);
	SC_ENSURE(strcasecmp(request->value[TYPE], "RSA") == 0, err, SC_ERR_KEY_TYPE,
		  "type=%s: must be RSA: generatekey makes only RSA keys", request->value[TYPE]);
	SC_ENSURE(strcmp(request->value[NVRAM], "no") == 0, err, SC_ERR_ARGUMENT,
		  "nvram=%s: must be no: the module stores no key blobs; the key file holds the blob",
		  request->value[NVRAM]);
	return SC_OK;
}

static sc_status check_size(struct request *request, struct sc_error *err)
{
	const char *size = request->value[SIZE];

	SC_ENSURE(sc_number_read(size, "size", 2048, 4096, &request->bits, NULL) == SC_OK &&
		      request->bits % 1024 == 0,
		  err, SC_ERR_KEY_TYPE, "size=%s: must be 2048, 3072 or 4096 bits", size);
	return SC_OK;
}

/* Hexadecimal, any number of digits; empty is 65537. Odd, 65537 ≤ e < 2^256 (rule M4). */
static sc_status check_exponent(struct request *request, struct sc_error *err)
{
	const char *text = request->value[PUBEXP];
	const char *digits = strncasecmp(text, "0x", 2) == 0 ? text + 2 : text;
	char even[2 * EXPONENT_MAX + 2] = ""; /* with a zero before an odd number of digits */
	size_t len;

	request->exponent_len = 0;
	if (!*text)
		return SC_OK;
	SC_ENSURE(*digits && strspn(digits, "0123456789abcdefABCDEF") == strlen(digits), err, SC_ERR_EXPONENT,
		  "pubexp=%s: not a hexadecimal number", text);
	digits += strspn(digits, "0");
	len = strlen(digits);
	SC_ENSURE(len <= 2 * EXPONENT_MAX, err, SC_ERR_EXPONENT, "pubexp=%s: must be below 2^256", text);
	snprintf(even, sizeof even, "%s%s", len % 2 ? "0" : "", digits);
	len = strlen(even) / 2;
	SC_ENSURE(len >= 3 && sc_hex_read(even, request->exponent, len), err, SC_ERR_EXPONENT,
		  "pubexp=%s: must be 10001 (65537) or more: smaller exponents allow padding and "
		  "related-message attacks",
		  text);
	SC_ENSURE(request->exponent[len - 1] & 1, err, SC_ERR_EXPONENT,
		  "pubexp=%s: must be odd: an even exponent has no private exponent", text);
	request->exponent_len = len;
	return SC_OK;
}

static sc_status check_ident(const struct request *request, struct sc_error *err)
{
	char name[SC_KEY_FILE_NAME_SIZE];

	SC_ENSURE(request->value[IDENT][0], err, SC_ERR_USAGE,
		  "ident is missing: give the key's identifier, for example ident=contosokey");
	return sc_kmdata_key_file_name(request->application, request->value[IDENT], name, err);
}

static sc_status check_plainname(const struct request *request, struct sc_error *err)
{
	struct sc_text text;

	return sc_text_set(&text, request->value[PLAINNAME], "plainname", err);
}

static sc_status check_value(struct request *request, size_t i, struct sc_error *err)
{
	switch (i) {
	case SIZE:
		return check_size(request, err);
	case PUBEXP:
		return check_exponent(request, err);
	case IDENT:
		return check_ident(request, err);
	case PLAINNAME:
		return check_plainname(request, err);
	default:
		return check_choices(request, err);
	}
}

/* -- what is missing --------------------------------------------------------------------------- */

static const char *initial_value(const struct request *request, size_t i)
{
	return i == PLAINNAME ? request->value[IDENT] : parameters[i].initial;
}

/* Asks until the answer is valid. An empty answer takes the default. */
static sc_status ask(struct request *request, size_t i, struct sc_error *err)
{
	const char *initial = initial_value(request, i);
	const char *choices = parameters[i].choices;
	char question[512];
	char answer[VALUE_MAX];

	snprintf(question, sizeof question, "%s: %s?%s%s%s [%s] > ", parameters[i].name,
		 parameters[i].description, choices ? " (" : "", choices ? choices : "", choices ? ")" : "",
		 initial ? initial : "");
	for (;;) {
		struct sc_error why = { 0 };
		sc_status status;

		SC_TRY(sc_prompt_read_line(question, answer, sizeof answer, err));
		strcpy(request->value[i], !answer[0] && initial ? initial : answer);
		status = check_value(request, i, &why);
		if (status == SC_OK)
			return SC_OK;
		sc_log(SC_LOG_ERROR, "%s", why.message);
	}
}

/* Sets the defaults first, so that every value is set. Checks what was given before asking for the rest. */
static sc_status complete(struct request *request, struct sc_error *err)
{
	bool may_ask = !request->is_batch && sc_prompt_has_terminal();

	for (size_t i = 0; i < PARAMETER_COUNT; i++)
		if (!request->is_given[i])
			strcpy(request->value[i], parameters[i].initial ? parameters[i].initial : "");
	for (size_t i = 0; i < PARAMETER_COUNT; i++)
		if (request->is_given[i])
			SC_TRY(check_value(request, i, err));
	for (size_t i = 0; i < PARAMETER_COUNT; i++) {
		const char *initial = initial_value(request, i);

		if (request->is_given[i])
			continue;
		if (may_ask && parameters[i].is_asked) {
			SC_TRY(ask(request, i, err));
			continue;
		}
		if (initial)
			strcpy(request->value[i], initial);
		SC_TRY(check_value(request, i, err));
	}
	return SC_OK;
}

static void print_table(const struct request *request)
{
	printf("key generation parameters:\n");
	printf(" %-12s %-34s %s\n", "operation", "Operation to perform", "generate");
	printf(" %-12s %-34s %s\n", "application", "Application", request->application);
	for (size_t i = 0; i < PARAMETER_COUNT; i++)
		printf(" %-12s %-34s %s\n", parameters[i].name, parameters[i].description, request->value[i]);
	fflush(stdout);
}

/* -- the key ----------------------------------------------------------------------------------- */

/* A key of that name is never overwritten; the module is not asked to make another. */
static sc_status check_place(const struct sc_kmdata *kmdata, const struct request *request,
			     struct sc_error *err)
{
	char name[SC_KEY_FILE_NAME_SIZE];

	SC_TRY(sc_kmdata_key_file_name(request->application, request->value[IDENT], name, err));
	SC_ENSURE(!sc_file_exists(&kmdata->local, name), err, SC_ERR_EXISTS,
		  "%s/%s: already exists and is not overwritten: choose another ident", kmdata->local.path,
		  name);
	return SC_OK;
}

/*
 * The module must have made one key of the requested kind, the same in the blob and the public half (rule
 * P1).
 */
static sc_status check_key(const struct request *request, const struct sc_key_generate_response *key,
			   struct sc_error *err)
{
	SC_CLEANUP(sc_key_blob) blob = NULL;
	SC_CLEANUP(sc_pkey) public_key = NULL;
	struct sc_key_type type = { 0 };
	struct sc_hash hash;

	SC_TRY(sc_spki_read(key->spki, &public_key, err));
	SC_TRY(sc_key_type_of(public_key, &type, err));
	SC_TRY(sc_key_hash(key->spki, &hash, err));
	SC_TRY(sc_key_blob_decode(key->blob, &blob, err));
	SC_ENSURE(type.algorithm == SC_ALGORITHM_RSA && type.bits == request->bits &&
		      sc_hash_equals(&hash, &key->key_hash) && sc_hash_equals(&hash, &blob->header->key_hash),
		  err, SC_ERR_PROTOCOL, "module #%llu: made a different key from the one requested",
		  (unsigned long long)request->module);
	return SC_OK;
}

static sc_status generate(const struct request *request, const struct sc_kmdata *kmdata,
			  struct sc_client *client, struct sc_error *err)
{
	const struct sc_key_generate_request asked = {
		.application = sc_view_text(request->application),
		.algorithm = SC_ALGORITHM_RSA,
		.bits = (uint32_t)request->bits,
		.exponent = sc_view_of(request->exponent, request->exponent_len),
	};
	struct sc_key_generate_response key = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	char path[PATH_MAX];
	char pem_path[PATH_MAX];
	char hex[2 * SC_HASH_SIZE + 1];

	SC_TRY(sc_call_key_generate(client, 0, &asked, &reply, &key, err));
	SC_TRY(check_key(request, &key, err));
	SC_TRY(sc_kmdata_key_pair_write(kmdata, request->application, request->value[IDENT],
					request->value[PLAINNAME], key.spki, key.blob, path, pem_path, err));
	sc_hex(sc_hash_view(&key.key_hash), hex);
	printf("Key successfully generated.\nPath to key: %s\n", path);
	printf("SHA-256 of its public key: %s\nPath to public key: %s\n", hex, pem_path);
	return SC_OK;
}

static sc_status run(struct request *request, struct sc_error *err)
{
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;
	SC_CLEANUP(sc_client) client = NULL;

	SC_TRY(complete(request, err));
	SC_TRY(sc_kmdata_open(&kmdata, err));
	SC_TRY(check_place(&kmdata, request, err));
	SC_TRY(sc_kmdata_connect(&kmdata, request->module, SC_ROLE_CUSTODY, &client, err));
	print_table(request);
	return generate(request, &kmdata, client, err);
}

/* -- the command line -------------------------------------------------------------------------- */

static sc_status read_operands(const char *const *operands, size_t count, struct request *request,
			       struct sc_error *err)
{
	SC_ENSURE(count > 0, err, SC_ERR_USAGE,
		  "the application is missing, for example `" PROGRAM " --generate simple`");
	request->application = operands[0];
	SC_ENSURE(strcmp(request->application, "simple") == 0, err, SC_ERR_ARGUMENT,
		  "application %s: must be simple: generatekey makes only `simple` keys",
		  request->application);
	for (size_t i = 1; i < count; i++)
		SC_TRY(read_pair(request, operands[i], err));
	return SC_OK;
}

static sc_status read_command_line(int argc, char **argv, struct request *request, bool *done,
				   struct sc_error *err)
{
	const char *operands[1 + 2 * PARAMETER_COUNT];
	const char *module = NULL;
	bool is_generate = false;
	size_t count = 0;
	const struct sc_option options[] = {
		{ .name = "generate", .letter = 'g', .help = "generate a key", .flag = &is_generate },
		{ .name = "batch",
		  .letter = 'b',
		  .help = "do not ask: a missing parameter takes its default",
		  .flag = &request->is_batch },
		{ .name = "module",
		  .letter = 'm',
		  .argument = "N",
		  .help = "in this module (default 1)",
		  .value = &module },
		{ 0 },
	};
	const struct sc_command_line line = {
		PROGRAM, "--generate [OPTIONS] simple NAME=VALUE…",
		"Generates a key in the module. Writes the key file, and the public key as PEM, to "
		"$NFAST_KMDATA/local.",
		options,
		"Parameters. At a terminal you are asked for those that are missing:\n"
		"  protect=module       the module's own protection\n"
		"  type=RSA             the kind of key\n"
		"  size=2048            or 3072 or 4096\n"
		"  pubexp=              public exponent in hexadecimal; empty means 65537\n"
		"  ident=contosokey     numbers, dashes, and lower case letters\n"
		"  plainname=contosokey any text; by default the ident\n"
		"  nvram=no             the blob is stored in the key file only"
	};

	SC_TRY(sc_options_read(&line, argc, argv, operands, sizeof operands / sizeof operands[0], &count,
			       done, err));
	if (*done)
		return SC_OK;
	SC_ENSURE(is_generate, err, SC_ERR_USAGE, "to make a key, give --generate (see " PROGRAM " --help)");
	SC_TRY(sc_number_read(module ? module : "1", "--module", 1, UINT32_MAX, &request->module, err));
	return read_operands(operands, count, request, err);
}

int main(int argc, char **argv)
{
	static struct request request;
	struct sc_error err = { 0 };
	bool done = false;
	sc_status status;

	sc_log_start(PROGRAM, SC_LOG_NOTICE);
	status = read_command_line(argc, argv, &request, &done, &err);
	if (status == SC_OK && !done)
		status = run(&request, &err);
	if (status != SC_OK)
		fprintf(stderr, PROGRAM ": %s\n", err.message);
	return sc_status_exit(status);
}
