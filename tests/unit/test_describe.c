/* A file in words: every kind by its name, every entry, and no kind for anything that is not whole. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forge.h"
#include "formats/describe.h"
#include "formats/key_file.h"
#include "support/samples.h"

#define NOW INT64_C(1780000000)

/* What sc_describe printed and returned. */
struct description {
	sc_status status;
	char *text;
	struct sc_error err;
};

static void description_free(struct description *description)
{
	free(description->text);
}
SC_CLEANUP_VALUE(description, description_free)

static struct description describe(struct sc_view der)
{
	struct description description = { .text = NULL };
	size_t len = 0;
	FILE *out = open_memstream(&description.text, &len);

	assert_non_null(out);
	description.status = sc_describe(der, out, &description.err);
	assert_int_equal(fclose(out), 0);
	return description;
}

static void has(const struct description *description, const char *text)
{
	if (!strstr(description->text, text))
		fail_msg("not printed: %s\nbut: %s", text, description->text);
}

static void begins(const struct description *description, const char *text)
{
	if (strncmp(description->text, text, strlen(text)) != 0)
		fail_msg("does not begin with %s: %s", text, description->text);
}

/* The samples that are files by themselves; all others are parts of files, or secret. */
static const struct {
	const char *sample;
	const char *kind;
} files[] = {
	{ "key_file", "key file\n" },
	{ "key_blob", "key blob\n" },
	{ "world_file", "world file\n" },
	{ "card", "administrator card\n" },
	{ "transfer_package", "transfer package\n" },
	{ "region_request", "region request\n" },
	{ "signed_data", NULL }, /* its content is not a statement */
};

static const char *kind_of(const char *sample)
{
	size_t len = strcspn(sample, "-");

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (strlen(files[i].sample) == len && strncmp(files[i].sample, sample, len) == 0)
			return files[i].kind;
	return "unknown\n";
}

static void each_kind_is_found_and_a_part_of_a_file_is_none(void **state)
{
	size_t count;
	size_t known = 0;
	const struct sc_sample *samples = sc_sample_all(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		SC_CLEANUP(sc_bytes) der = { 0 };
		const char *kind = kind_of(samples[i].name);

		if (!kind)
			continue;
		assert_ok(samples[i].make(&der, NULL), NULL);
		SC_CLEANUP(description) description = describe(sc_bytes_view(&der));

		begins(&description, kind);
		if (strcmp(kind, "unknown\n") == 0)
			assert_int_equal(description.status, SC_ERR_FORMAT);
		else
			known++;
	}
	assert_int_equal(known, 2 * (sizeof files / sizeof files[0] - 1));
}

static void a_file_of_another_length_is_of_no_known_kind(void **state)
{
	SC_CLEANUP(sc_world_file) file = sc_sample_world_file();
	SC_CLEANUP(sc_bytes) der = { 0 };

	(void)state;
	assert_ok(sc_world_file_encode(file, &der, NULL), NULL);
	for (size_t len = 0; len < der.len; len++) {
		SC_CLEANUP(description) cut = describe(sc_view_of(der.data, len));

		assert_int_equal(cut.status, SC_ERR_FORMAT);
		assert_string_equal(cut.text, "unknown\n");
		assert_non_null(strstr(cut.err.message, "key file, key blob, world file"));
	}
	SC_CLEANUP(description) whole = describe(sc_bytes_view(&der));

	assert_int_equal(whole.status, SC_OK);
	has(&whole, "\n k-out-of-n             ");
	has(&whole, "\n km, wrapped            ");
	has(&whole, "\n signature              ");
}

static void the_entries_before_a_broken_part_are_printed(void **state)
{
	SC_CLEANUP(sc_key_file) file = sc_key_file_new();
	SC_CLEANUP(sc_bytes) der = { 0 };

	(void)state;
	assert_ok(sc_text_set(&file->format, "safeconduct.key-file.1", "format", NULL), NULL);
	assert_ok(sc_text_set(&file->application, "simple", "application", NULL), NULL);
	assert_ok(sc_text_set(&file->ident, "contosokey", "ident", NULL), NULL);
	assert_ok(sc_octets_set(&file->spki, sc_view_text("public"), NULL), NULL);
	assert_ok(sc_octets_set(&file->blob, sc_view_text("broken"), NULL), NULL);
	assert_ok(sc_key_file_encode(file, &der, NULL), NULL);
	SC_CLEANUP(description) description = describe(sc_bytes_view(&der));

	assert_int_not_equal(description.status, SC_OK);
	assert_non_null(strstr(description.err.message, "its blob: "));
	has(&description, "\n ident                  contosokey\n name                   (none)\n");
	has(&description, "\n blob                   6 bytes, SHA-256 ");
}

static void a_statement_is_shown_with_its_signer_and_its_certificates(void **state)
{
	SC_CLEANUP(sc_forge) forge = sc_forge_new(NOW, "EU");
	SC_CLEANUP(sc_bytes) kek = sc_forge_kek_package(forge);
	SC_CLEANUP(sc_bytes) world = sc_forge_world_package(forge);
	SC_CLEANUP(description) of_kek = describe(sc_bytes_view(&kek));
	SC_CLEANUP(description) of_world = describe(sc_bytes_view(&world));

	(void)state;
	assert_ok(of_kek.status, &of_kek.err);
	begins(&of_kek, "key statement\n format                 safeconduct.");
	has(&of_kek, "\n exportable             no\n");
	has(&of_kek, "\n region                 EU (Europe)\n");
	has(&of_kek, "\n acl\n   group 1\n     use: importTransfer\n");
	has(&of_kek, "\nenclosed (signer): member certificate\n subject ");
	has(&of_kek, "\nenclosed: KEK certificate\n");
	assert_ok(of_world.status, &of_world.err);
	begins(&of_world, "world statement\n");
	has(&of_world, "\nenclosed (signer): warrant\n");
	has(&of_world, "\nenclosed: region certificate\n");
}

static void a_name_in_a_certificate_cannot_control_the_terminal(void **state)
{
	static const unsigned char name[] = "red \033[31m";
	SC_CLEANUP(sc_x509) certificate = X509_new();
	SC_CLEANUP(sc_pkey) key = sc_forge_ec_key("P-256");
	SC_CLEANUP(sc_bytes) der = { 0 };

	(void)state;
	assert_int_equal(X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName,
						    MBSTRING_UTF8, name, -1, -1, 0),
			 1);
	assert_int_equal(X509_set_pubkey(certificate, key), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 60));
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	assert_ok(sc_x509_encode(certificate, &der, NULL), NULL);
	SC_CLEANUP(description) description = describe(sc_bytes_view(&der));

	assert_ok(description.status, &description.err);
	begins(&description, "certificate\n");
	has(&description, "\n subject                CN=red \\1B[31m\n");
	assert_null(strchr(description.text, '\033'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_is_found_and_a_part_of_a_file_is_none),
		cmocka_unit_test(a_file_of_another_length_is_of_no_known_kind),
		cmocka_unit_test(the_entries_before_a_broken_part_are_printed),
		cmocka_unit_test(a_statement_is_shown_with_its_signer_and_its_certificates),
		cmocka_unit_test(a_name_in_a_certificate_cannot_control_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
