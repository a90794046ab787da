/* A file that was damaged on its way is described: what became of it, not only that a parser stopped. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "formats/damage.h"
#include "support/samples.h"

static struct sc_bytes package; /* a whole transfer package */

static int make_package(void **state)
{
	size_t count = 0;
	const struct sc_sample *all = sc_sample_all(&count);

	(void)state;
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].name, "transfer_package") == 0)
			return all[i].make(&package, NULL) != SC_OK;
	return 1;
}

static int free_package(void **state)
{
	(void)state;
	sc_bytes_free(&package);
	return 0;
}

static void assert_described(struct sc_view content, const char *words)
{
	char damage[SC_DAMAGE_SIZE];

	sc_damage_describe(content, damage);
	if (!strstr(damage, words))
		fail_msg("\"%s\" is not in \"%s\"", words, damage);
}

static void a_file_that_is_cut_or_longer_is_said_to_be(void **state)
{
	char *text = NULL;
	size_t len = package.len;
	struct sc_bytes longer = { 0 };

	(void)state;
	assert_true(asprintf(&text, "cut short: %zu of %zu bytes", len - 7, len) > 0);
	assert_described(sc_view_of(package.data, len - 7), text);
	free(text);
	assert_described(sc_view_of(package.data, 8), "cut short: 8 of ");
	assert_ok(sc_bytes_new(len + 2, &longer, NULL), NULL);
	memcpy(longer.data, package.data, len);
	assert_described(sc_bytes_view(&longer), "2 more bytes after its end");
	sc_bytes_free(&longer);
	assert_described(sc_view_of("", 0), "an empty file");
}

static void a_transfer_in_text_mode_is_recognised(void **state)
{
	SC_CLEANUP(sc_bytes) file = { 0 };
	SC_CLEANUP(sc_bytes) changed = { 0 };
	size_t used = 0;

	(void)state;
	/* The sample has no line end of its own: give it some, behind its head. */
	assert_ok(sc_bytes_copy(sc_bytes_view(&package), &file, NULL), NULL);
	memset(file.data + 10, '\n', 3);
	assert_ok(sc_bytes_new(2 * file.len, &changed, NULL), NULL);
	for (size_t i = 0; i < file.len; i++) {
		if (file.data[i] == '\n')
			changed.data[used++] = '\r';
		changed.data[used++] = file.data[i];
	}
	assert_true(used > file.len);
	assert_described(sc_view_of(changed.data, used), "text mode");
	changed.data[used++] = '\r'; /* sed puts one at the end of the last line as well */
	assert_described(sc_view_of(changed.data, used), "text mode");
}

static void a_longer_file_that_has_a_line_end_of_windows_by_chance_is_longer(void **state)
{
	SC_CLEANUP(sc_bytes) longer = { 0 };

	(void)state;
	assert_ok(sc_bytes_new(package.len + 1, &longer, NULL), NULL);
	memcpy(longer.data, package.data, package.len);
	memcpy(longer.data + 10, "\n.\r\n", 4);
	longer.data[package.len] = '\n';
	assert_described(sc_bytes_view(&longer), "1 more bytes after its end");
}

static void another_format_is_named(void **state)
{
	static const char zip[] = "PK\x03\x04....";
	static const char gzip[] = "\x1f\x8b\x08...";
	SC_CLEANUP(sc_bytes) base64 = { 0 };

	(void)state;
	assert_ok(sc_bytes_new(2 * package.len, &base64, NULL), NULL);
	base64.len = (size_t)EVP_EncodeBlock(base64.data, package.data, (int)package.len);
	assert_described(sc_bytes_view(&base64), "base64 text");
	assert_described(sc_view_text("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n"),
			 "PEM text (PUBLIC KEY)");
	assert_described(sc_view_text("\xef\xbb\xbf-----BEGIN CERTIFICATE-----\r\n"),
			 "PEM text (CERTIFICATE)");
	assert_described(sc_view_text("-----BEGIN "), "PEM text ()");
	assert_described(sc_view_text("{\"schema_version\":\"1.0.0\"}"), "CKM_RSA_AES_KEY_WRAP");
	assert_described(sc_view_text("\n<!DOCTYPE html><html>"), "HTML");
	assert_described(sc_view_of(zip, sizeof zip - 1), "zip archive");
	assert_described(sc_view_of(gzip, sizeof gzip - 1), "gzip archive");
	assert_described(sc_view_of("\xff\xfe"
				    "a\0",
				    4),
			 "UTF-16");
	assert_described(sc_view_text("hello"), "something else");
}

static void another_kind_of_our_own_files_is_named_and_a_changed_byte_is_damage(void **state)
{
	SC_CLEANUP(sc_bytes) altered = { 0 };

	(void)state;
	assert_described(sc_bytes_view(&package), "another kind of file: transfer package");
	assert_ok(sc_bytes_copy(sc_bytes_view(&package), &altered, NULL), NULL);
	altered.data[10] ^= 0x40;
	assert_described(sc_bytes_view(&altered), "altered or damaged");
}

static void a_refusal_names_file_kind_damage_and_reason(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	sc_fail(&err, SC_ERR_ENCODING, "trailing bytes");
	assert_int_equal(
	    sc_damage_refuse(sc_view_text("PK\x03\x04"), "a.byok", "transfer package", SC_ERR_ENCODING, &err),
	    SC_ERR_ENCODING);
	assert_string_equal(err.message,
			    "a.byok: not a transfer package: a zip archive: unpack it first: trailing bytes");
}

/* Whatever it is given, it neither crashes nor reads past the end. */
static void any_bytes_are_described(void **state)
{
	char damage[SC_DAMAGE_SIZE];

	(void)state;
	for (size_t i = 0; i < package.len; i++) {
		SC_CLEANUP(sc_bytes) piece = { 0 };

		assert_ok(sc_bytes_copy(sc_view_of(package.data, i), &piece, NULL), NULL);
		for (unsigned bit = 0; i > 0 && bit < 8; bit++) {
			piece.data[i / 2] ^= (uint8_t)(1u << bit);
			sc_damage_describe(sc_bytes_view(&piece), damage);
			assert_true(damage[0] != '\0');
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_is_cut_or_longer_is_said_to_be),
		cmocka_unit_test(a_transfer_in_text_mode_is_recognised),
		cmocka_unit_test(a_longer_file_that_has_a_line_end_of_windows_by_chance_is_longer),
		cmocka_unit_test(another_format_is_named),
		cmocka_unit_test(another_kind_of_our_own_files_is_named_and_a_changed_byte_is_damage),
		cmocka_unit_test(a_refusal_names_file_kind_damage_and_reason),
		cmocka_unit_test(any_bytes_are_described),
	};

	return cmocka_run_group_tests(tests, make_package, free_package);
}
