/*
 * The element types of formats/der.h, one by one: which values each accepts. Every other form of the same
 * value, and every value outside its range, is refused both when read and when written (rule F1).
 */
#include "support/test.h"

#include <string.h>

#include "formats/der.h"

/* One element of each kind, in a plain SEQUENCE without a format field, with small context tags. */
struct probe {
	struct sc_text text;
	struct sc_hash hash;
	int64_t time;
	bool flag;
	struct sc_bytes octets;
	uint32_t number;
	struct sc_text opt_text;
	struct sc_hash opt_hash;
	int64_t opt_time;
	struct sc_bytes opt_octets;
};

ASN1_SEQUENCE(probe) = {
	ASN1_EMBED(struct probe, text, SC_DER_TEXT),
	ASN1_EMBED(struct probe, hash, SC_DER_HASH),
	ASN1_EMBED(struct probe, time, SC_DER_TIME),
	ASN1_EMBED(struct probe, flag, SC_DER_FLAG),
	ASN1_EMBED(struct probe, octets, SC_DER_OCTETS),
	ASN1_EMBED(struct probe, number, UINT32),
	ASN1_IMP_OPT_EMBED(struct probe, opt_text, SC_DER_OPT_TEXT, 0),
	ASN1_IMP_OPT_EMBED(struct probe, opt_hash, SC_DER_OPT_HASH, 1),
	ASN1_IMP_OPT_EMBED(struct probe, opt_time, SC_DER_OPT_TIME, 2),
	ASN1_IMP_OPT_EMBED(struct probe, opt_octets, SC_DER_OPT_OCTETS, 3),
} static_ASN1_SEQUENCE_END_name(struct probe, probe)

static const struct sc_der_type probe_type = { ASN1_ITEM_ref(probe), NULL, false, "probe", 200000, 64, NULL };

static void free_probe(struct probe *probe)
{
	sc_der_free(&probe_type, probe);
}
SC_CLEANUP_POINTER(probe, struct probe, free_probe)

/* -- writing elements by hand ------------------------------------------------------------------ */

struct element {
	uint8_t tag;
	struct sc_view content;
};

/* 2026-11-24T10:45:20Z */
#define NOW      INT64_C(1795517120)
#define NOW_TEXT "20261124104520Z"

static const uint8_t thirty_two[33] = "0123456789abcdef0123456789abcdef";

#define TEXT(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }
enum { AT_TEXT, AT_HASH, AT_TIME, AT_FLAG, AT_OCTETS, AT_NUMBER, ELEMENTS };

/* The six mandatory elements, in order. */
static void good_elements(struct element elements[ELEMENTS + 4])
{
	static const struct element good[ELEMENTS] = {
		{ 0x0c, TEXT("text") }, { 0x04, { thirty_two, 32 } }, { 0x18, TEXT(NOW_TEXT) },
		{ 0x01, TEXT("\xff") }, { 0x04, TEXT("octets") },     { 0x02, TEXT("\x05") },
	};

	memcpy(elements, good, sizeof good);
}

/* A SEQUENCE of the elements, each with the shortest length; an element's content is below 2^16 bytes. */
static void assemble(const struct element *elements, size_t count, struct sc_bytes *out)
{
	SC_CLEANUP(sc_bytes) body = { 0 };
	size_t used = 0;

	assert_ok(sc_bytes_new(190000, &body, NULL), NULL);
	for (size_t i = 0; i < count; i++) {
		size_t len = elements[i].content.len;

		body.data[used++] = elements[i].tag;
		if (len >= 0x100) {
			body.data[used++] = len >= 0x10000 ? 0x83 : 0x82;
			if (len >= 0x10000)
				body.data[used++] = (uint8_t)(len >> 16);
			body.data[used++] = (uint8_t)(len >> 8);
		} else if (len >= 0x80) {
			body.data[used++] = 0x81;
		}
		body.data[used++] = (uint8_t)len;
		if (len)
			memcpy(body.data + used, elements[i].content.data, len);
		used += len;
	}
	assert_ok(sc_bytes_new(used + 5, out, NULL), NULL);
	out->len = used + (used >= 0x10000 ? 5 : used >= 0x100 ? 4 : used >= 0x80 ? 3 : 2);
	out->data[0] = 0x30;
	out->data[1] = (uint8_t)(out->len - used == 2 ? used : 0x80 | (out->len - used - 2));
	for (size_t i = 2, left = out->len - used - 2; left > 0; i++, left--)
		out->data[i] = (uint8_t)(used >> 8 * (left - 1));
	memcpy(out->data + out->len - used, body.data, used);
}

static sc_status read_elements(const struct element *elements, size_t count, struct probe **out)
{
	SC_CLEANUP(sc_bytes) der = { 0 };

	assemble(elements, count, &der);
	return sc_der_decode(&probe_type, sc_bytes_view(&der), (void **)out, NULL);
}

/* Reads the probe with one element changed. */
static sc_status read_with(int at, uint8_t tag, const void *content, size_t len)
{
	SC_CLEANUP(probe) value = NULL;
	struct element elements[ELEMENTS + 4];

	good_elements(elements);
	elements[at] = (struct element){ tag, sc_view_of(content, len) };
	return read_elements(elements, ELEMENTS, &value);
}

/* Reads the probe with one OPTIONAL element after it. */
static sc_status read_optional(uint8_t tag, const void *content, size_t len)
{
	SC_CLEANUP(probe) value = NULL;
	struct element elements[ELEMENTS + 4];

	good_elements(elements);
	elements[ELEMENTS] = (struct element){ tag, sc_view_of(content, len) };
	return read_elements(elements, ELEMENTS + 1, &value);
}

#define ACCEPTED(call) assert_status(call, SC_OK, NULL)
#define REFUSED(call)  assert_status(call, SC_ERR_ENCODING, NULL)

/* -- what is read ------------------------------------------------------------------------------ */

static void a_good_probe_is_read_as_it_was_written(void **state)
{
	SC_CLEANUP(probe) value = NULL;
	struct element elements[ELEMENTS + 4];

	(void)state;
	good_elements(elements);
	ACCEPTED(read_elements(elements, ELEMENTS, &value));
	assert_string_equal(value->text.s, "text");
	assert_memory_equal(value->hash.b, thirty_two, 32);
	assert_int_equal(value->time, NOW);
	assert_true(value->flag);
	assert_view_equal(sc_bytes_view(&value->octets), sc_view_text("octets"));
	assert_int_equal(value->number, 5);
	assert_string_equal(value->opt_text.s, "");
	assert_true(sc_hash_is_zero(&value->opt_hash));
	assert_int_equal(value->opt_time, 0);
	assert_null(value->opt_octets.data);
}

static void only_00_and_ff_are_booleans(void **state)
{
	(void)state;
	for (int i = 0; i < 256; i++) {
		uint8_t byte = (uint8_t)i;

		assert_status(read_with(AT_FLAG, 0x01, &byte, 1),
			      i == 0 || i == 255 ? SC_OK : SC_ERR_ENCODING, NULL);
	}
	REFUSED(read_with(AT_FLAG, 0x01, "", 0));
	REFUSED(read_with(AT_FLAG, 0x01, "\xff\xff", 2));
}

static void text_is_utf8_without_control_characters_of_at_most_127_bytes(void **state)
{
	/* clang-format off */
	static const char *const good[] = { "", "a", "Z\xc3\xbcrich", "\xc2\xa0", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
					    "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf" };
	/* clang-format on */
	/* clang-format off */
	static const char *const bad[] = {
		"\x01",         "\x1f",         "a\nb",         "\x7f",             "\x80",             "\xbf",
		"\xc2",         "\xc0\x80",     "\xc1\xbf",     "\xc2\x80",         "\xc2\x9f",         "\xc3\x28",
		"\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",     "\xe2\x82",         "\xf0\x8f\xbf\xbf",
		"\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff",
	};
	/* clang-format on */
	char longest[129];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		ACCEPTED(read_with(AT_TEXT, 0x0c, good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		REFUSED(read_with(AT_TEXT, 0x0c, bad[i], strlen(bad[i])));
	REFUSED(read_with(AT_TEXT, 0x0c, "a\0b", 3));
	REFUSED(read_with(AT_TEXT, 0x0c, "\0", 1));
	memset(longest, 'x', sizeof longest);
	ACCEPTED(read_with(AT_TEXT, 0x0c, longest, 127));
	REFUSED(read_with(AT_TEXT, 0x0c, longest, 128));
}

static void times_are_real_moments_in_one_form(void **state)
{
	static const char *const good[] = { "19700101000000Z", NOW_TEXT, "20240229235959Z", "20000229000000Z",
					    "99991231235959Z" };
	/* clang-format off */
	static const char *const bad[] = {
		"19691231235959Z",  "20230229000000Z",   "21000229000000Z",    "20261301000000Z", "20260001000000Z",
		"20260132000000Z",  "20260100000000Z",   "20260631000000Z",    "20261124240000Z", "20261124106000Z",
		"20261124104560Z",  "20261124104520",    "20261124104520.5Z",  "20261124104520+0000",
		"20261124104520+00","2026112410452Z",    "202611241045Z",      "261124104520Z",   "20261124104520z",
		"20261124 04520Z",  "-0261124104520Z",   "+2026124104520Z",    "20261124104520.Z", "2026112410452 Z",
		"",
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		ACCEPTED(read_with(AT_TIME, 0x18, good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		REFUSED(read_with(AT_TIME, 0x18, bad[i], strlen(bad[i])));
	REFUSED(read_with(AT_TIME, 0x17, "261124104520Z", 13)); /* UTCTime */
}

static void a_hash_has_exactly_32_bytes(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 33; len++)
		assert_status(read_with(AT_HASH, 0x04, thirty_two, len), len == 32 ? SC_OK : SC_ERR_ENCODING,
			      NULL);
}

static void numbers_are_shortest_not_negative_and_fit(void **state)
{
	(void)state;
	ACCEPTED(read_with(AT_NUMBER, 0x02, "\x00", 1));
	ACCEPTED(read_with(AT_NUMBER, 0x02, "\x00\xff\xff\xff\xff", 5));
	REFUSED(read_with(AT_NUMBER, 0x02, "", 0));
	REFUSED(read_with(AT_NUMBER, 0x02, "\xff", 1));
	REFUSED(read_with(AT_NUMBER, 0x02, "\x80\x00\x00\x00", 4));
	REFUSED(read_with(AT_NUMBER, 0x02, "\x00\x05", 2));
	REFUSED(read_with(AT_NUMBER, 0x02, "\x01\x00\x00\x00\x00", 5));
	REFUSED(read_with(AT_NUMBER, 0x02, "\x01\x00\x00\x00\x00\x00\x00\x00\x00", 9));
}

static void octets_have_at_most_65536_bytes(void **state)
{
	SC_CLEANUP(sc_bytes) large = { 0 };

	(void)state;
	assert_ok(sc_bytes_new(SC_OCTETS_MAX + 1, &large, NULL), NULL);
	ACCEPTED(read_with(AT_OCTETS, 0x04, large.data, SC_OCTETS_MAX));
	REFUSED(read_with(AT_OCTETS, 0x04, large.data, SC_OCTETS_MAX + 1));
}

/* X.690 section 10.2: string types are primitive in DER. */
static void constructed_strings_are_refused(void **state)
{
	static const uint8_t parts[] = { 0x04, 0x03, 'o', 'c', 't', 0x04, 0x03, 'e', 't', 's' };
	static const uint8_t text[] = { 0x0c, 0x04, 't', 'e', 'x', 't' };
	static const uint8_t hash[] = { 0x04, 0x20, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4,
					5,    6,    7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1 };
	uint8_t time[] = "\x18\x0f" NOW_TEXT;

	(void)state;
	REFUSED(read_with(AT_OCTETS, 0x24, parts, sizeof parts));
	REFUSED(read_with(AT_TEXT, 0x2c, text, sizeof text));
	REFUSED(read_with(AT_HASH, 0x24, hash, sizeof hash));
	REFUSED(read_with(AT_TIME, 0x38, time, sizeof time - 1));
	REFUSED(read_with(AT_FLAG, 0x21, "\x01\x01\xff", 3));
}

static void another_type_in_an_elements_place_is_refused(void **state)
{
	(void)state;
	REFUSED(read_with(AT_TEXT, 0x13, "text", 4)); /* PrintableString */
	REFUSED(read_with(AT_TEXT, 0x04, "text", 4));
	REFUSED(read_with(AT_OCTETS, 0x03, "\0octets", 7)); /* BIT STRING */
	REFUSED(read_with(AT_NUMBER, 0x0a, "\x05", 1));     /* ENUMERATED */
	REFUSED(read_with(AT_FLAG, 0x02, "\x01", 1));
}

static void an_element_left_out_or_twice_is_refused(void **state)
{
	(void)state;
	for (int at = 0; at < ELEMENTS; at++) {
		SC_CLEANUP(probe) value = NULL;
		struct element elements[ELEMENTS + 4];

		good_elements(elements);
		memmove(elements + at, elements + at + 1, sizeof elements[0] * (size_t)(ELEMENTS - at - 1));
		REFUSED(read_elements(elements, ELEMENTS - 1, &value));
		good_elements(elements);
		memmove(elements + at + 1, elements + at, sizeof elements[0] * (size_t)(ELEMENTS - at));
		REFUSED(read_elements(elements, ELEMENTS + 1, &value));
	}
}

/* An absent and an empty element would decode to the same value, and only one can be the canonical form. */
static void optional_elements_are_absent_rather_than_empty(void **state)
{
	uint8_t zero[32] = { 0 };

	(void)state;
	ACCEPTED(read_optional(0x80, "text", 4));
	REFUSED(read_optional(0x80, "", 0));
	REFUSED(read_optional(0x80, "\xff", 1));
	ACCEPTED(read_optional(0x81, thirty_two, 32));
	REFUSED(read_optional(0x81, zero, 32));
	REFUSED(read_optional(0x81, thirty_two, 31));
	ACCEPTED(read_optional(0x82, NOW_TEXT, 15));
	REFUSED(read_optional(0x82, "19700101000000Z", 15));
	ACCEPTED(read_optional(0x83, "octets", 6));
	ACCEPTED(read_optional(0x83, "", 0));
	REFUSED(read_optional(0xa0, "\x0c\x01x", 3));
	REFUSED(read_optional(0x84, "unknown", 7));
}

static void optional_elements_have_one_order(void **state)
{
	SC_CLEANUP(probe) value = NULL;
	struct element elements[ELEMENTS + 4];

	(void)state;
	good_elements(elements);
	elements[ELEMENTS] = (struct element){ 0x80, TEXT("text") };
	elements[ELEMENTS + 1] = (struct element){ 0x83, TEXT("octets") };
	ACCEPTED(read_elements(elements, ELEMENTS + 2, &value));
	assert_string_equal(value->opt_text.s, "text");
	free_probe(sc_steal(value));
	elements[ELEMENTS] = (struct element){ 0x83, TEXT("octets") };
	elements[ELEMENTS + 1] = (struct element){ 0x80, TEXT("text") };
	REFUSED(read_elements(elements, ELEMENTS + 2, &value));
	elements[ELEMENTS] = (struct element){ 0x83, TEXT("octets") };
	elements[ELEMENTS + 1] = (struct element){ 0x83, TEXT("octets") };
	REFUSED(read_elements(elements, ELEMENTS + 2, &value));
}

static void lengths_longer_than_they_need_are_refused(void **state)
{
	/* { UTF8String "t" … } with the text's length in two bytes. */
	static const uint8_t long_form[] = { 0x30, 0x04, 0x0c, 0x81, 0x01, 't' };
	SC_CLEANUP(sc_bytes) der = { 0 };
	struct element elements[ELEMENTS + 4];
	void *value = NULL;
	SC_CLEANUP(sc_bytes) longer = { 0 };

	(void)state;
	good_elements(elements);
	assemble(elements, ELEMENTS, &der);
	/* The text is the first element: put 81 before its length, and add one to the sequence's length. */
	assert_ok(sc_bytes_new(der.len + 1, &longer, NULL), NULL);
	memcpy(longer.data, der.data, 3);
	longer.data[1]++;
	longer.data[3] = long_form[3];
	memcpy(longer.data + 4, der.data + 3, der.len - 3);
	REFUSED(sc_der_decode(&probe_type, sc_bytes_view(&longer), &value, NULL));
	assert_null(value);
	REFUSED(sc_der_decode(&probe_type, (struct sc_view){ 0 }, &value, NULL));
	assert_null(value);
}

/* -- what is written --------------------------------------------------------------------------- */

/* A probe that can be encoded. */
static struct probe *new_probe(void)
{
	struct probe *value = sc_der_new(&probe_type);

	assert_non_null(value);
	assert_ok(sc_text_set(&value->text, "text", "text", NULL), NULL);
	value->time = NOW;
	assert_ok(sc_octets_set(&value->octets, sc_view_text("octets"), NULL), NULL);
	return value;
}

static sc_status write_probe(const struct probe *value)
{
	SC_CLEANUP(sc_bytes) der = { 0 };

	return sc_der_encode(&probe_type, value, &der, NULL);
}

/* der.h: "Refuses what the decoder would refuse, so nothing is written that cannot be read." */
static void what_could_not_be_read_is_not_written(void **state)
{
	SC_CLEANUP(probe) value = new_probe();
	struct sc_text good = value->text;
	static const int64_t times[] = { -1, INT64_MIN, INT64_C(253402300800), INT64_MAX };

	(void)state;
	ACCEPTED(write_probe(value));
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		value->time = times[i];
		REFUSED(write_probe(value));
		value->time = NOW;
		value->opt_time = times[i];
		REFUSED(write_probe(value));
		value->opt_time = 0;
	}
	strcpy(value->text.s, "line\nbreak");
	REFUSED(write_probe(value));
	memset(value->text.s, 'x', sizeof value->text.s); /* no terminator */
	REFUSED(write_probe(value));
	value->text = good;
	memset(value->opt_text.s, 0xff, sizeof value->opt_text.s);
	REFUSED(write_probe(value));
	value->opt_text.s[0] = '\0';
	sc_bytes_free(&value->octets);
	assert_ok(sc_bytes_new(SC_OCTETS_MAX + 1, &value->octets, NULL), NULL);
	REFUSED(write_probe(value));
	sc_bytes_free(&value->octets);
	ACCEPTED(write_probe(value));
}

static void setting_a_text_refuses_what_reading_it_would(void **state)
{
	struct sc_error err = { 0 };
	struct sc_text text = { "before" };
	char longest[129] = { 0 };

	(void)state;
	assert_status(sc_text_set(&text, "a\tb", "the region", &err), SC_ERR_ARGUMENT, &err);
	assert_non_null(strstr(err.message, "the region"));
	assert_string_equal(text.s, "before");
	memset(longest, 'x', 128);
	assert_status(sc_text_set(&text, longest, "", NULL), SC_ERR_ARGUMENT, NULL);
	longest[127] = '\0';
	assert_ok(sc_text_set(&text, longest, "", NULL), NULL);
	assert_true(sc_text_equals(&text, longest));
	assert_status(sc_text_set_view(&text, sc_view_of("a\0b", 3), "", NULL), SC_ERR_ARGUMENT, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_probe_is_read_as_it_was_written),
		cmocka_unit_test(only_00_and_ff_are_booleans),
		cmocka_unit_test(text_is_utf8_without_control_characters_of_at_most_127_bytes),
		cmocka_unit_test(times_are_real_moments_in_one_form),
		cmocka_unit_test(a_hash_has_exactly_32_bytes),
		cmocka_unit_test(numbers_are_shortest_not_negative_and_fit),
		cmocka_unit_test(octets_have_at_most_65536_bytes),
		cmocka_unit_test(constructed_strings_are_refused),
		cmocka_unit_test(another_type_in_an_elements_place_is_refused),
		cmocka_unit_test(an_element_left_out_or_twice_is_refused),
		cmocka_unit_test(optional_elements_are_absent_rather_than_empty),
		cmocka_unit_test(optional_elements_have_one_order),
		cmocka_unit_test(lengths_longer_than_they_need_are_refused),
		cmocka_unit_test(what_could_not_be_read_is_not_written),
		cmocka_unit_test(setting_a_text_refuses_what_reading_it_would),
	};

	return cmocka_run_group_tests_name("der", tests, NULL, NULL);
}
