/* Strict JSON and base64url (rule P7), with the public JSONTestSuite and with cases that it lacks. */
#include "support/test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "web/json.h"

/*
 * Valid JSON that is refused on purpose: duplicate members, NUL characters, and texts that are neither object
 * nor array.
 */
static const char *const refused_on_purpose[] = {
	"y_object_duplicated_key.json",
	"y_object_duplicated_key_and_value.json",
	"y_object_escaped_null_in_key.json",
	"y_string_null_escape.json",
	"y_string_space.json",
	"y_structure_lonely_false.json",
	"y_structure_lonely_int.json",
	"y_structure_lonely_negative_real.json",
	"y_structure_lonely_null.json",
	"y_structure_lonely_string.json",
	"y_structure_lonely_true.json",
	"y_structure_string_empty.json",
};

static bool is_refused_on_purpose(const char *name)
{
	for (size_t i = 0; i < sizeof refused_on_purpose / sizeof refused_on_purpose[0]; i++)
		if (strcmp(name, refused_on_purpose[i]) == 0)
			return true;
	return false;
}

static sc_status read_text(const char *text, size_t len)
{
	json_t *value = NULL;
	struct sc_error err = { 0 };
	sc_status status = sc_json_read(sc_view_of(text, len), &value, &err);

	assert_int_equal(status == SC_OK, value != NULL);
	assert_int_equal(status == SC_OK, err.message[0] == '\0');
	json_decref(value);
	return status;
}

static sc_status read_file(const struct sc_dir *dir, const char *name)
{
	SC_CLEANUP(sc_bytes) text = { 0 };

	assert_ok(sc_file_read(dir, name, 1 << 20, &text, NULL), NULL);
	return read_text((const char *)text.data, text.len);
}

static void the_public_suite_is_accepted_and_refused_as_it_says(void **state)
{
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;
	char path[1024];
	unsigned accepted = 0;
	unsigned refused = 0;
	unsigned on_purpose = 0;
	struct dirent *entry;
	DIR *list;

	(void)state;
	snprintf(path, sizeof path, "%s/json", getenv("SC_VECTORS"));
	assert_ok(sc_dir_open(path, &dir, NULL), NULL);
	list = opendir(path);
	while ((entry = readdir(list))) {
		const char *name = entry->d_name;
		bool must_read = name[0] == 'y' && !is_refused_on_purpose(name);
		sc_status status;

		if (name[0] == '.' || name[1] != '_')
			continue;
		status = read_file(&dir, name);
		if (name[0] != 'i' && (status == SC_OK) != must_read)
			fail_msg("%s: %s", name, sc_status_name(status));
		accepted += name[0] == 'y' && must_read;
		refused += name[0] == 'n';
		on_purpose += is_refused_on_purpose(name);
	}
	closedir(list);
	assert_int_equal(accepted, 83);
	assert_int_equal(refused, 188);
	assert_int_equal(on_purpose, sizeof refused_on_purpose / sizeof refused_on_purpose[0]);
}

static void a_nul_byte_anywhere_is_refused(void **state)
{
	char text[] = "{\"a\":[1,\"b\\\\\"], \"c\": null} ";
	const size_t len = sizeof text - 1;

	(void)state;
	assert_ok(read_text(text, len), NULL);
	assert_status(read_text(text, len + 1), SC_ERR_JSON, NULL);
	for (size_t i = 0; i < len; i++) {
		char was = text[i];

		text[i] = '\0';
		assert_status(read_text(text, len), SC_ERR_JSON, NULL);
		text[i] = was;
	}
	assert_status(read_text("{\"a\":1\0}", 8), SC_ERR_JSON, NULL);
}

static void a_text_cut_anywhere_is_refused(void **state)
{
	const char text[] = "{\"a\":[1,true,{\"b\":\"\\u00e4\\\"\"}],\"c\":-1.5e3}";

	(void)state;
	assert_ok(read_text(text, sizeof text - 1), NULL);
	for (size_t i = 0; i < sizeof text - 1; i++)
		assert_status(read_text(text, i), SC_ERR_JSON, NULL);
}

static void depth_has_its_limit(void **state)
{
	static const char brackets[] = "[\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]";
	char text[2 * (SC_JSON_DEPTH_MAX + 1) + 1];

	(void)state;
	for (size_t depth = SC_JSON_DEPTH_MAX; depth <= SC_JSON_DEPTH_MAX + 1; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		assert_int_equal(read_text(text, 2 * depth) == SC_OK, depth == SC_JSON_DEPTH_MAX);
	}
	/* Brackets in strings, after escaped quotes, are not levels. */
	assert_ok(read_text(brackets, sizeof brackets - 1), NULL);
}

static void members_have_types_and_limits(void **state)
{
	static const char text[] =
	    "{\"t\":\"abc\",\"e\":\"\",\"n\":null,\"i\":7,\"r\":1.5,\"b\":true,\"o\":{},\"a\":[]}";
	json_t *object = NULL;
	json_t *inner = NULL;
	const char *string = "x";
	bool flag = true;
	bool is_there = true;
	int64_t number = 1;
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_json_read(sc_view_text(text), &object, &err), &err);
	assert_ok(sc_json_text(object, "t", 3, SC_JSON_NEEDED, &string, &err), &err);
	assert_string_equal(string, "abc");
	assert_status(sc_json_text(object, "t", 2, SC_JSON_NEEDED, &string, &err), SC_ERR_JSON, &err);
	assert_non_null(strstr(err.message, "\"t\""));
	assert_status(sc_json_text(object, "i", 9, SC_JSON_OPTIONAL, &string, &err), SC_ERR_JSON, &err);
	assert_status(sc_json_text(object, "n", 9, SC_JSON_NEEDED, &string, &err), SC_ERR_JSON, &err);
	assert_ok(sc_json_text(object, "n", 9, SC_JSON_OPTIONAL, &string, &err), &err);
	assert_null(string);
	assert_ok(sc_json_boolean(object, "b", SC_JSON_NEEDED, &flag, &is_there, &err), &err);
	assert_true(flag && is_there);
	assert_ok(sc_json_boolean(object, "x", SC_JSON_OPTIONAL, &flag, &is_there, &err), &err);
	assert_false(flag || is_there);
	assert_status(sc_json_boolean(object, "i", SC_JSON_NEEDED, &flag, NULL, &err), SC_ERR_JSON, &err);
	assert_ok(sc_json_integer(object, "i", SC_JSON_NEEDED, &number, NULL, &err), &err);
	assert_int_equal(number, 7);
	assert_status(sc_json_integer(object, "r", SC_JSON_NEEDED, &number, NULL, &err), SC_ERR_JSON, &err);
	assert_ok(sc_json_object(object, "o", SC_JSON_NEEDED, &inner, &err), &err);
	assert_status(sc_json_object(object, "a", SC_JSON_NEEDED, &inner, &err), SC_ERR_JSON, &err);
	assert_ok(sc_json_array(object, "a", SC_JSON_NEEDED, &inner, &err), &err);
	assert_status(sc_json_array(object, "x", SC_JSON_NEEDED, &inner, &err), SC_ERR_JSON, &err);
	json_decref(object);
}

static void base64url_is_the_inverse_of_itself(void **state)
{
	uint8_t bytes[64];

	(void)state;
	for (size_t len = 0; len <= sizeof bytes; len++) {
		SC_CLEANUP(sc_bytes) text = { 0 };
		SC_CLEANUP(sc_bytes) again = { 0 };

		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)(i * 37 + len);
		assert_ok(sc_base64url_write(sc_view_of(bytes, len), &text, NULL), NULL);
		assert_ok(sc_base64url_read(sc_bytes_view(&text), len, &again, NULL), NULL);
		assert_view_equal(sc_bytes_view(&again), sc_view_of(bytes, len));
		if (len > 0)
			assert_status(sc_base64url_read(sc_bytes_view(&text), len - 1, &again, NULL),
				      SC_ERR_TOO_LARGE, NULL);
	}
}

static void base64url_has_one_form(void **state)
{
	/* RFC 4648 section 10, and variants with one thing wrong. */
	static const char *const good[] = { "", "Zg", "Zm8", "Zm9v", "Zm9vYg", "_-8" };
	static const char *const bad[] = { "Z",    "Zg==", "Zh",    "Zm9",   "Zm8=", "Zm9v\n", " Zm9v",
					   "Zm+v", "Zm/v", "Zm9vY", "Zm.9v", "_-9",  "Zg=",    "Zm9v=" };
	SC_CLEANUP(sc_bytes) out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_ok(sc_base64url_read(sc_view_text(good[i]), 9, &out, NULL), NULL);
		sc_bytes_free(&out);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (sc_base64url_read(sc_view_text(bad[i]), 9, &out, NULL) != SC_ERR_ENCODING)
			fail_msg("\"%s\" is accepted", bad[i]);
	assert_status(sc_base64url_read(sc_view_of("Zg\0", 3), 9, &out, NULL), SC_ERR_ENCODING, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_public_suite_is_accepted_and_refused_as_it_says),
		cmocka_unit_test(a_nul_byte_anywhere_is_refused),
		cmocka_unit_test(a_text_cut_anywhere_is_refused),
		cmocka_unit_test(depth_has_its_limit),
		cmocka_unit_test(members_have_types_and_limits),
		cmocka_unit_test(base64url_is_the_inverse_of_itself),
		cmocka_unit_test(base64url_has_one_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
