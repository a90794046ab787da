/*
 * generatekey: the article's command line, what is refused before the module is asked, and what is written.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/rsa.h>

#include "fake_module.h"
#include "formats/key_blob.h"
#include "formats/suite.h"
#include "scratch.h"
#include "world/kmdata.h"

#define OUTPUT_MAX 16384
#define ARGS_MAX   16

static const char *program;

struct fixture {
	struct scratch scratch;
	struct fake_module *fake;
	char output[OUTPUT_MAX];
	atomic_uint generated;
	struct sc_bytes spki;
	uint8_t exponent[32]; /* as it arrived */
	size_t exponent_len;
	uint32_t bits;
	char application[32];
	size_t owner_len;
	bool gives_another; /* blob and public key are of different keys */
};

/* -- the module: a real key, in a blob that is not sealed --------------------------------------- */

static sc_status make_blob(const struct sc_bytes *spki, bool of_another, struct sc_bytes *out)
{
	SC_CLEANUP(sc_key_blob) blob = sc_key_blob_new();
	struct sc_key_blob_header *h = blob->header;
	const uint8_t tag[SC_GCM_TAG_SIZE] = { 0 };

	SC_TRY(sc_text_set(&h->format, "safeconduct.key-blob.1", "format", NULL));
	h->suite = SC_SUITE_ECP521;
	h->km_generation = 1;
	SC_TRY(sc_text_set(&h->application, "simple", "application", NULL));
	h->type = (struct sc_key_type){ SC_ALGORITHM_RSA, 2048 };
	SC_TRY(sc_octets_set(&h->spki, sc_bytes_view(spki), NULL));
	SC_TRY(sc_key_hash(sc_bytes_view(spki), &h->key_hash, NULL));
	h->key_hash.b[0] ^= of_another;
	h->origin = SC_ORIGIN_GENERATED;
	sc_acl_free(h->acl);
	h->acl = NULL;
	SC_TRY(sc_acl_arrival(&h->type, &h->key_hash, &h->acl, NULL));
	SC_TRY(sc_octets_set(&blob->ciphertext, sc_view_text("sealed"), NULL));
	SC_TRY(sc_octets_set(&blob->tag, sc_view_of(tag, sizeof tag), NULL));
	return sc_key_blob_encode(blob, out, NULL);
}

static bool serve(void *context, int connection, struct sc_view message)
{
	struct fixture *f = context;
	SC_CLEANUP(sc_writer) writer = sc_writer_new(SC_WIRE_BODY_MAX);
	SC_CLEANUP(sc_bytes) blob = { 0 };
	struct sc_key_generate_request request = { 0 };
	struct sc_key_generate_response response = { .spki = sc_bytes_view(&f->spki) };
	struct sc_view body;

	if (fake_command(message, &body) != SC_COMMAND_KEY_GENERATE ||
	    sc_key_generate_request_read(body, &request) != SC_OK ||
	    make_blob(&f->spki, f->gives_another, &blob) != SC_OK ||
	    sc_key_hash(response.spki, &response.key_hash, NULL) != SC_OK)
		return false;
	f->generated++;
	f->bits = request.bits;
	f->owner_len = request.owner.len;
	f->exponent_len = request.exponent.len;
	memcpy(f->exponent, request.exponent.data, request.exponent.len);
	snprintf(f->application, sizeof f->application, "%.*s", (int)request.application.len,
		 (const char *)request.application.data);
	response.blob = sc_bytes_view(&blob);
	sc_key_generate_response_write(&writer, &response);
	fake_reply(connection, message, SC_OK, 0, 0, sc_writer_view(&writer));
	return true;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	SC_CLEANUP(sc_pkey) key = EVP_RSA_gen(2048);
	char map[256];

	f->scratch = scratch_make();
	assert_int_equal(sc_spki_of(key, &f->spki, NULL), SC_OK);
	assert_int_equal(mkdir(scratch_path(&f->scratch, "config"), 0700), 0);
	f->fake = fake_module_start(scratch_path(&f->scratch, "socket"), serve, f);
	snprintf(map, sizeof map, "1 custody %s\n", scratch_path(&f->scratch, "socket"));
	scratch_write(scratch_path(&f->scratch, "config/modules"), map, strlen(map));
	setenv("NFAST_KMDATA", f->scratch.path, 1);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	fake_module_stop(f->fake);
	sc_bytes_free(&f->spki);
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

/* Runs generatekey with these arguments. */
static int run(struct fixture *f, const char *line)
{
	char words[512];
	char *argv[ARGS_MAX] = { (char *)(uintptr_t)program };
	size_t argc = 1;
	char *rest = words;
	int status;

	snprintf(words, sizeof words, "%s", line);
	while (argc < ARGS_MAX - 1 && (argv[argc] = strsep(&rest, " ")) != NULL)
		argc++;
	fake_module_settle(f->fake);
	status = scratch_run(&f->scratch, argv, f->output, sizeof f->output);
	fake_module_settle(f->fake);
	return status;
}

static bool says(const struct fixture *f, const char *text)
{
	bool found = strstr(f->output, text) != NULL;

	if (!found)
		printf("not printed: %s\nbut: %s\n", text, f->output);
	return found;
}

/* -- promises ---------------------------------------------------------------------------------- */

static void the_articles_line_makes_its_key(void **state)
{
	struct fixture *f = *state;
	struct sc_kmdata kmdata = SC_KMDATA_NONE;
	SC_CLEANUP(sc_key_file) file = NULL;
	struct sc_hash hash;
	char hex[2 * SC_HASH_SIZE + 1];

	assert_int_equal(run(f, "--generate simple type=RSA size=2048 protect=module ident=contosokey "
				"plainname=contosokey nvram=no pubexp="),
			 0);
	assert_int_equal(f->bits, 2048);
	assert_int_equal(f->exponent_len, 0);
	assert_int_equal(f->owner_len, 0);
	assert_string_equal(f->application, "simple");
	assert_true(says(f, " ident        Key identifier                     contosokey\n"));
	assert_true(says(f, "Key successfully generated.\nPath to key: "));
	assert_true(says(f, scratch_path(&f->scratch, "local/key_simple_contosokey.pem")));
	assert_int_equal(sc_key_hash(sc_bytes_view(&f->spki), &hash, NULL), SC_OK);
	sc_hex(sc_hash_view(&hash), hex);
	assert_true(says(f, hex));
	assert_int_equal(sc_kmdata_open(&kmdata, NULL), SC_OK);
	assert_int_equal(sc_kmdata_key_read(&kmdata, "simple", "contosokey", &file, NULL), SC_OK);
	assert_true(sc_view_equals(sc_bytes_view(&file->spki), sc_bytes_view(&f->spki)));
	sc_kmdata_close(&kmdata);
}

static void what_is_missing_takes_its_default_but_the_ident(void **state)
{
	struct fixture *f = *state;

	assert_int_not_equal(run(f, "-g -b simple"), 0);
	assert_true(says(f, "ident is missing"));
	assert_int_equal(f->generated, 0);
	assert_int_equal(run(f, "-g -b -m 1 simple ident=k"), 0);
	assert_true(says(f, " plainname    Key name                           k\n"));
	assert_int_equal(f->bits, 2048);
}

static void an_exponent_in_decimal_is_not_mistaken_for_another(void **state)
{
	struct fixture *f = *state;

	assert_int_not_equal(run(f, "-g -b simple ident=k pubexp=065537"), 0);
	assert_true(says(f, "pubexp=065537: pubexp is hexadecimal"));
	assert_int_not_equal(run(f, "-g -b simple ident=k pubexp=65537"), 0);
	assert_true(says(f, "pubexp is hexadecimal"));
	assert_true(says(f, "pubexp=10001"));
	assert_int_equal(f->generated, 0);
	assert_int_equal(run(f, "-g -b simple ident=k pubexp=10001"), 0);
	assert_true(says(f, " 10001 (65537 in decimal)\n"));
	assert_int_equal(f->exponent_len, 3);
	assert_int_equal(run(f, "-g -b simple ident=k2 pubexp=0x65537"), 0);
	assert_true(says(f, " 0x65537 (415031 in decimal)\n"));
}

static void an_ident_in_use_is_refused_before_the_module_is_asked(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run(f, "-g simple ident=k"), 0);
	assert_int_not_equal(run(f, "-g simple ident=k"), 0);
	assert_true(says(f, "local/key_simple_k: already exists and is not overwritten"));
	assert_int_equal(f->generated, 1);
	assert_int_equal(run(f, "-g simple ident=k2"), 0);
}

static void what_cannot_be_is_refused_with_its_reason(void **state)
{
	static const struct {
		const char *line;
		const char *reason;
	} wrong[] = {
		{ "-g simple ident=k protect=token", "does not support OCS-protected keys" },
		{ "-g simple ident=k nvram=yes", "must be no" },
		{ "-g simple ident=k type=DSA", "must be RSA, EC, AES, HMAC" },
		{ "-g simple ident=k size=1024", "2048, 3072, 4096" },
		{ "-g simple ident=k size=2049", "2048, 3072, 4096" },
		{ "-g simple ident=k type=AES size=512", "128, 192, 256" },
		{ "-g simple ident=k type=HMAC size=128", "256, 384, 512" },
		{ "-g simple ident=k type=EC curve=P-224", "NISTP256, NISTP384" },
		{ "-g simple ident=k type=EC size=256", "has no size" },
		{ "-g simple ident=k type=AES pubexp=10001", "has no pubexp" },
		{ "-g simple ident=k curve=P-256", "has no curve" },
		{ "-g --import simple ident=k", "--generate or --import" },
		{ "--import simple ident=k", "--key-from-fd" },
		{ "-g --key-from-fd=0 simple ident=k", "for --import only" },
		{ "--import --key-from-fd=77 simple ident=k", "77" },
		{ "-g simple ident=k verify=no", "always tests" },
		{ "-g simple ident=Contoso", "lower case letters" },
		{ "-g simple ident=a/b", "lower case letters" },
		{ "-g simple ident=k pubexp=3", "10001 (65537) or more" },
		{ "-g simple ident=k pubexp=ffff", "10001 (65537) or more" },
		{ "-g simple ident=k pubexp=10002", "odd" },
		{ "-g simple ident=k pubexp=1g001", "hexadecimal" },
		{ "-g simple ident=k pubexp=0x", "hexadecimal" },
		{ "-g simple ident=k "
		  "pubexp=10000000000000000000000000000000000000000000000000000000000000001",
		  "below 2^256" },
		{ "-g simple ident=k colour=red", "no such parameter" },
		{ "-g simple ident=k ident=l", "twice" },
		{ "-g simple ident=k size", "NAME=VALUE" },
		{ "-g kek ident=k", "only `simple` keys" },
		{ "-g", "application is missing" },
		{ "simple ident=k", "--generate" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_int_not_equal(run(f, wrong[i].line), 0);
		assert_true(says(f, wrong[i].reason));
	}
	assert_int_equal(f->generated, 0);
	assert_int_equal(run(f, "-g simple ident=k"), 0);
}

static void a_public_exponent_arrives_as_it_was_typed(void **state)
{
	static const uint8_t expected[] = { 0x01, 0x00, 0x00, 0x00, 0x0f };
	struct fixture *f = *state;

	assert_int_equal(run(f, "-g simple ident=a pubexp=0010000000f"), 0);
	assert_int_equal(f->exponent_len, sizeof expected);
	assert_memory_equal(f->exponent, expected, sizeof expected);
	assert_int_equal(run(f, "-g simple ident=b pubexp=0x10001"), 0);
	assert_int_equal(f->exponent_len, 3);
	assert_int_equal(run(f, "-g simple ident=c "
				"pubexp=ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
			 0);
	assert_int_equal(f->exponent_len, 32);
}

static void another_key_than_was_asked_for_is_not_written(void **state)
{
	struct fixture *f = *state;

	f->gives_another = true;
	assert_int_not_equal(run(f, "-g simple ident=k"), 0);
	assert_true(says(f, "a different key from the one requested"));
	assert_int_not_equal(access(scratch_path(&f->scratch, "local/key_simple_k"), F_OK), 0);
	f->gives_another = false;
	assert_int_not_equal(run(f, "-g simple ident=k size=3072"), 0); /* the fake's key has 2048 bits */
	assert_int_equal(run(f, "-g simple ident=k"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(the_articles_line_makes_its_key),
		TEST(what_is_missing_takes_its_default_but_the_ident),
		TEST(an_exponent_in_decimal_is_not_mistaken_for_another),
		TEST(an_ident_in_use_is_refused_before_the_module_is_asked),
		TEST(what_cannot_be_is_refused_with_its_reason),
		TEST(a_public_exponent_arrives_as_it_was_typed),
		TEST(another_key_than_was_asked_for_is_not_written),
	};

	if (argc != 2)
		return 2;
	program = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
