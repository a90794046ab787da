/*
 * Messages of the module protocol. Reader and writer are inverses, and failures are sticky. For the request
 * and the response of every command in the table: what was written is read back; what is truncated, one byte
 * longer, or has a field or list over its limit is refused. The tests are generated from the table, so no
 * command can be left out.
 */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "formats/world_file.h"
#include "wire/message.h"
#include "wire/role.h"

/* -- cursor ------------------------------------------------------------------------------------ */

static void what_was_written_is_read_in_order(void **state)
{
	SC_CLEANUP(sc_writer) writer = sc_writer_new(1000);
	struct sc_hash hash = { { 1, 2, 3 } };
	struct sc_hash again;
	struct sc_reader reader;

	(void)state;
	sc_write_u16(&writer, 0xfffe);
	sc_write_u32(&writer, 0xfffefdfc);
	sc_write_u64(&writer, UINT64_C(0xfffefdfcfbfaf9f8));
	sc_write_hash(&writer, &hash);
	sc_write_bytes(&writer, sc_view_text("abc"), 3);
	sc_write_bytes(&writer, (struct sc_view){ 0 }, 0);
	sc_write_raw(&writer, (struct sc_view){ 0 });
	assert_false(writer.failed);
	assert_int_equal(sc_writer_view(&writer).len, 2 + 4 + 8 + 32 + 7 + 4);
	assert_memory_equal(sc_writer_view(&writer).data, "\xff\xfe\xff\xfe\xfd\xfc\xff\xfe", 8);
	reader = sc_reader_of(sc_writer_view(&writer));
	assert_int_equal(sc_read_u16(&reader), 0xfffe);
	assert_int_equal(sc_read_u32(&reader), 0xfffefdfc);
	assert_true(sc_read_u64(&reader) == UINT64_C(0xfffefdfcfbfaf9f8));
	again = sc_read_hash(&reader);
	assert_true(sc_hash_equals(&again, &hash));
	assert_view_equal(sc_read_bytes(&reader, 3), sc_view_text("abc"));
	assert_false(sc_reader_is_done(&reader));
	assert_int_equal(sc_read_bytes(&reader, 0).len, 0);
	assert_true(sc_reader_is_done(&reader));
}

static void a_failed_reader_gives_nothing_more(void **state)
{
	static const uint8_t data[] = { 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct sc_reader reader = sc_reader_of(sc_view_of(data, sizeof data));
	struct sc_hash hash;

	(void)state;
	assert_null(sc_read_bytes(&reader, 100).data); /* 9 bytes, but only 8 are left */
	assert_true(reader.failed);
	assert_int_equal(sc_read_u16(&reader), 0);
	assert_int_equal(sc_read_u32(&reader), 0);
	assert_int_equal(sc_read_u64(&reader), 0);
	hash = sc_read_hash(&reader);
	assert_true(sc_hash_is_zero(&hash));
	assert_null(sc_read_bytes(&reader, 100).data);
	assert_false(sc_reader_is_done(&reader));
	reader = sc_reader_of(sc_view_of(data, sizeof data));
	reader.failed = true;
	assert_int_equal(sc_read_u32(&reader), 0);
}

static void a_length_over_its_limit_fails_even_if_the_bytes_are_there(void **state)
{
	static const uint8_t data[] = { 0, 0, 0, 2, 1, 2 };
	struct sc_reader reader = sc_reader_of(sc_view_of(data, sizeof data));

	(void)state;
	assert_int_equal(sc_read_bytes(&reader, 2).len, 2);
	assert_true(sc_reader_is_done(&reader));
	reader = sc_reader_of(sc_view_of(data, sizeof data));
	assert_null(sc_read_bytes(&reader, 1).data);
	assert_true(reader.failed);
	reader = sc_reader_of((struct sc_view){ 0 });
	assert_true(sc_reader_is_done(&reader));
	assert_int_equal(sc_read_u16(&reader), 0);
	assert_false(sc_reader_is_done(&reader));
}

static void a_huge_length_is_refused_whatever_its_limit(void **state)
{
	static const uint8_t data[] = { 0xff, 0xff, 0xff, 0xff, 1 };
	struct sc_reader reader = sc_reader_of(sc_view_of(data, sizeof data));

	(void)state;
	assert_null(sc_read_bytes(&reader, SIZE_MAX).data);
	assert_true(reader.failed);
}

static void a_writer_grows_to_its_limit_and_no_further(void **state)
{
	SC_CLEANUP(sc_writer) writer = sc_writer_new(1000);
	size_t used;

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		sc_write_raw(&writer, sc_view_of("x", 1));
	assert_false(writer.failed);
	sc_write_raw(&writer, sc_view_of("x", 1));
	assert_true(writer.failed);
	used = sc_writer_view(&writer).len;
	assert_int_equal(used, 1000);
	sc_writer_free(&writer);
	assert_null(writer.buffer.data);
	writer = sc_writer_new(8);
	sc_write_u64(&writer, 1);
	assert_false(writer.failed);
	sc_write_raw(&writer, (struct sc_view){ 0 });
	assert_false(writer.failed);
	sc_write_u16(&writer, 1);
	assert_true(writer.failed);
	sc_writer_free(&writer);
	/* Sticky: after something that did not fit, what would have fitted is not written. */
	writer = sc_writer_new(8);
	sc_write_bytes(&writer, sc_view_text("abc"), 2);
	assert_true(writer.failed);
	sc_write_u16(&writer, 1);
	assert_int_equal(sc_writer_view(&writer).len, 0);
}

/* -- headers ----------------------------------------------------------------------------------- */

static void headers_have_the_sizes_that_are_documented(void **state)
{
	SC_CLEANUP(sc_writer) request = sc_writer_new(SC_WIRE_MESSAGE_MAX);
	SC_CLEANUP(sc_writer) response = sc_writer_new(SC_WIRE_MESSAGE_MAX);

	(void)state;
	sc_wire_request_header_write(&request, &(struct sc_wire_request_header){ 0x30, 5, 6 }, 0);
	assert_int_equal(sc_writer_view(&request).len, SC_WIRE_REQUEST_HEADER_SIZE);
	assert_memory_equal(sc_writer_view(&request).data,
			    "SCm1\0\1\0\x30\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\6\0\0\0\0", 28);
	sc_wire_response_header_write(
	    &response, &(struct sc_wire_response_header){ 0x30, 5, SC_ERR_CARD_PIN, { 1, 2, 3 } }, 0);
	assert_int_equal(sc_writer_view(&response).len, SC_WIRE_RESPONSE_HEADER_SIZE);
	assert_memory_equal(sc_writer_view(&response).data,
			    "SCm1\0\1\0\x30\0\0\0\0\0\0\0\5\0\0\0\x46\0\0\0\0\0\0\0\1", 28);
}

/* A message of each kind with a body of three bytes. */
static void make_request(struct sc_writer *writer)
{
	sc_wire_request_header_write(writer, &(struct sc_wire_request_header){ 0x31, 77, 88 }, 3);
	sc_write_raw(writer, sc_view_text("abc"));
}

static void make_response(struct sc_writer *writer)
{
	sc_wire_response_header_write(
	    writer, &(struct sc_wire_response_header){ 0x31, 77, SC_ERR_LIMIT, { 4, 5, UINT64_MAX } }, 3);
	sc_write_raw(writer, sc_view_text("abc"));
}

static void a_message_is_read_as_it_was_written(void **state)
{
	SC_CLEANUP(sc_writer) request = sc_writer_new(SC_WIRE_MESSAGE_MAX);
	SC_CLEANUP(sc_writer) response = sc_writer_new(SC_WIRE_MESSAGE_MAX);
	struct sc_wire_request_header asked;
	struct sc_wire_response_header answered;
	struct sc_view body;

	(void)state;
	make_request(&request);
	assert_ok(sc_wire_request_read(sc_writer_view(&request), &asked, &body, NULL), NULL);
	assert_int_equal(asked.command, 0x31);
	assert_int_equal(asked.id, 77);
	assert_int_equal(asked.authority, 88);
	assert_view_equal(body, sc_view_text("abc"));
	make_response(&response);
	assert_ok(sc_wire_response_read(sc_writer_view(&response), &answered, &body, NULL), NULL);
	assert_int_equal(answered.command, 0x31);
	assert_int_equal(answered.id, 77);
	assert_int_equal(answered.status, SC_ERR_LIMIT);
	assert_int_equal(answered.numbers[1], 5);
	assert_true(answered.numbers[2] == UINT64_MAX);
	assert_view_equal(body, sc_view_text("abc"));
}

/* For out-parameters of readers: filled beforehand, and still so if the reader has not written to them. */
#define FILLING 0xa5

static void fill(void *value, size_t size)
{
	memset(value, FILLING, size);
}

static bool is_filled(const void *value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (((const uint8_t *)value)[i] != FILLING)
			return false;
	return true;
}

/* Counts the readers that refused what they read and wrote to an out-parameter all the same. */
static unsigned written_on_failure;

static sc_status read_request(struct sc_view message)
{
	struct sc_wire_request_header header;
	struct sc_view body;
	sc_status status;

	fill(&header, sizeof header);
	fill(&body, sizeof body);
	status = sc_wire_request_read(message, &header, &body, NULL);
	if (status != SC_OK)
		written_on_failure += !is_filled(&header, sizeof header) || !is_filled(&body, sizeof body);
	return status;
}

static sc_status read_response(struct sc_view message)
{
	struct sc_wire_response_header header;
	struct sc_view body;
	sc_status status;

	fill(&header, sizeof header);
	fill(&body, sizeof body);
	status = sc_wire_response_read(message, &header, &body, NULL);
	if (status != SC_OK)
		written_on_failure += !is_filled(&header, sizeof header) || !is_filled(&body, sizeof body);
	return status;
}

/* Truncated, longer, or with a wrong byte in magic, version, length or status, it is not a message. */
static void assert_only_whole(void (*make)(struct sc_writer *), sc_status (*read)(struct sc_view),
			      size_t length_at)
{
	SC_CLEANUP(sc_writer) writer = sc_writer_new(SC_WIRE_MESSAGE_MAX);
	SC_CLEANUP(sc_bytes) message = { 0 };
	size_t whole;

	make(&writer);
	whole = sc_writer_view(&writer).len;
	for (size_t len = 0; len < whole; len++) {
		SC_CLEANUP(sc_bytes) cut = { 0 };

		assert_ok(sc_bytes_copy(sc_view_of(sc_writer_view(&writer).data, len), &cut, NULL), NULL);
		assert_status(read(sc_bytes_view(&cut)), SC_ERR_PROTOCOL, NULL);
	}
	assert_ok(read(sc_writer_view(&writer)), NULL);
	sc_write_raw(&writer, sc_view_of("", 1));
	assert_status(read(sc_writer_view(&writer)), SC_ERR_PROTOCOL, NULL);
	assert_ok(sc_bytes_copy(sc_view_of(sc_writer_view(&writer).data, whole), &message, NULL), NULL);
	for (size_t i = 0; i < whole; i++) {
		bool is_fixed = i < 6 || (i >= length_at && i < length_at + 4);

		message.data[i] ^= 0x80;
		if (is_fixed)
			assert_status(read(sc_bytes_view(&message)), SC_ERR_PROTOCOL, NULL);
		message.data[i] ^= 0x80;
	}
}

static void anything_but_a_whole_message_of_this_version_is_refused(void **state)
{
	(void)state;
	assert_only_whole(make_request, read_request, SC_WIRE_REQUEST_HEADER_SIZE - 4);
	assert_only_whole(make_response, read_response, SC_WIRE_RESPONSE_HEADER_SIZE - 4);
}

static void a_refused_message_leaves_header_and_body_as_they_were(void **state)
{
	(void)state;
	written_on_failure = 0;
	assert_only_whole(make_request, read_request, SC_WIRE_REQUEST_HEADER_SIZE - 4);
	assert_only_whole(make_response, read_response, SC_WIRE_RESPONSE_HEADER_SIZE - 4);
	assert_int_equal(written_on_failure, 0);
}

static void a_status_that_is_none_of_ours_is_refused(void **state)
{
	(void)state;
	for (unsigned status = 0; status < 300; status++) {
		SC_CLEANUP(sc_writer) writer = sc_writer_new(SC_WIRE_MESSAGE_MAX);

		sc_wire_response_header_write(
		    &writer, &(struct sc_wire_response_header){ 1, 1, (sc_status)status, { 0 } }, 0);
		assert_status(read_response(sc_writer_view(&writer)),
			      sc_status_is_known(status) ? SC_OK : SC_ERR_PROTOCOL, NULL);
	}
}

static void a_body_over_its_limit_is_refused(void **state)
{
	SC_CLEANUP(sc_writer) writer = sc_writer_new(2 * SC_WIRE_BODY_MAX);
	SC_CLEANUP(sc_bytes) body = { 0 };

	(void)state;
	assert_ok(sc_bytes_new(SC_WIRE_BODY_MAX + 1, &body, NULL), NULL);
	sc_wire_request_header_write(&writer, &(struct sc_wire_request_header){ 1, 1, 0 }, SC_WIRE_BODY_MAX);
	sc_write_raw(&writer, sc_view_of(body.data, SC_WIRE_BODY_MAX));
	assert_ok(read_request(sc_writer_view(&writer)), NULL);
	assert_true(sc_writer_view(&writer).len <= SC_WIRE_MESSAGE_MAX);
	sc_writer_free(&writer);
	writer = sc_writer_new(2 * SC_WIRE_BODY_MAX);
	sc_wire_request_header_write(&writer, &(struct sc_wire_request_header){ 1, 1, 0 },
				     SC_WIRE_BODY_MAX + 1);
	sc_write_raw(&writer, sc_bytes_view(&body));
	assert_status(read_request(sc_writer_view(&writer)), SC_ERR_PROTOCOL, NULL);
}

/* -- the table --------------------------------------------------------------------------------- */

static void commands_are_found_by_their_number_and_no_other(void **state)
{
	size_t count;
	const struct sc_command_info *all = sc_command_all(&count);
	size_t found = 0;

	(void)state;
	for (uint32_t number = 0; number <= 0x10000; number++)
		if (sc_command_find(number)) {
			assert_int_equal(sc_command_find(number)->command, number);
			found++;
		}
	assert_int_equal(found, count); /* so no number is used twice */
	assert_true(count <= 30);       /* rule M1 */
	for (size_t i = 0; i < count; i++) {
		assert_true(all[i].roles != 0 && (all[i].roles & ~(uint32_t)SC_ROLE_ANY) == 0);
		assert_true(all[i].modes != 0 && (all[i].modes & ~(uint32_t)SC_IN_ANY) == 0);
		assert_true(strlen(all[i].name) > 0);
	}
	assert_null(sc_command_find(0x10000 + SC_COMMAND_SIGN));
}

/* Changes of world, cards or ACLs come only through custody sockets, imports only through service sockets. */
static void roles_and_authorities_are_those_of_the_design(void **state)
{
	(void)state;
	assert_int_equal(sc_command_find(SC_COMMAND_ACL_REPLACE)->roles, SC_ROLE_CUSTODY);
	assert_true(sc_command_find(SC_COMMAND_ACL_REPLACE)->needs_quorum);
	assert_int_equal(sc_command_find(SC_COMMAND_REGION_INIT)->roles, SC_ROLE_CUSTODY);
	assert_true(sc_command_find(SC_COMMAND_REGION_INIT)->needs_quorum);
	assert_int_equal(sc_command_find(SC_COMMAND_WORLD_BEGIN)->roles, SC_ROLE_CUSTODY);
	assert_int_equal(sc_command_find(SC_COMMAND_WORLD_BEGIN)->modes, SC_IN_WARRANTED);
	assert_int_equal(sc_command_find(SC_COMMAND_TRANSFER_PACKAGE)->roles, SC_ROLE_CUSTODY);
	assert_int_equal(sc_command_find(SC_COMMAND_TRANSFER_IMPORT)->roles, SC_ROLE_SERVICE);
	assert_int_equal(sc_command_find(SC_COMMAND_TRANSFER_IMPORT)->modes, SC_IN_REGION);
	assert_int_equal(sc_command_find(SC_COMMAND_SIGN)->roles, SC_ROLE_ANY);
}

static void a_role_is_found_by_its_name_and_no_other(void **state)
{
	static const char *const names[] = { "custody", "service", "use" };
	enum sc_role role = SC_ROLE_USE;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_string_equal(sc_role_name(1u << i), names[i]);
		assert_true(sc_role_by_name(names[i], &role));
		assert_int_equal(role, 1 << i);
	}
	assert_string_equal(sc_role_name(0), "unknown");
	assert_string_equal(sc_role_name(SC_ROLE_CUSTODY | SC_ROLE_USE), "unknown");
	assert_false(sc_role_by_name("Custody", &role));
	assert_false(sc_role_by_name("", &role));
	assert_false(sc_role_by_name("unknown", &role));
	assert_int_equal(role, SC_ROLE_USE);
}

/* Rule M5: a quorum is for one command and one body. */
static void an_authority_is_for_one_command_and_body(void **state)
{
	struct sc_hash digest;
	struct sc_hash other;
	struct sc_hash by_hand;

	(void)state;
	assert_ok(sc_wire_authority_digest(0x34, sc_view_text("abc"), &digest, NULL), NULL);
	assert_ok(sc_sha256(sc_view_of("safeconduct quorum 1\0\0\1\0\x34"
				       "abc",
				       28),
			    &by_hand, NULL),
		  NULL);
	assert_true(sc_hash_equals(&digest, &by_hand));
	assert_ok(sc_wire_authority_digest(0x50, sc_view_text("abc"), &other, NULL), NULL);
	assert_false(sc_hash_equals(&digest, &other));
	assert_ok(sc_wire_authority_digest(0x34, sc_view_text("abd"), &other, NULL), NULL);
	assert_false(sc_hash_equals(&digest, &other));
}

/* -- every command's fields -------------------------------------------------------------------- */

static uint8_t pattern[SC_WIRE_BODY_MAX];

/* A few bytes, never more than the limit, different for each field. */
static struct sc_view some_bytes(size_t max, uint32_t *counter)
{
	size_t len = 3 + *counter % 9;

	++*counter;
	return sc_view_of(pattern + *counter, len < max ? len : max);
}

static struct sc_views some_list(size_t max, uint32_t count, uint32_t *counter)
{
	struct sc_views list = { .count = count };

	for (uint32_t i = 0; i < count && i < SC_WIRE_LIST_MAX; i++)
		list.item[i] = some_bytes(max, counter);
	return list;
}

static bool same_lists(const struct sc_views *a, const struct sc_views *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (!sc_view_equals(a->item[i], b->item[i]))
			return false;
	return true;
}

#define FILL_u32(field, max)   value->field = UINT32_C(0x01020304) * ++counter;
#define FILL_u64(field, max)   value->field = UINT64_C(0x0102030405060708) * ++counter;
#define FILL_hash(field, max)  memset(value->field.b, (int)++counter, sizeof value->field.b);
#define FILL_bytes(field, max) value->field = some_bytes(max, &counter);
#define FILL_list(field, max)  value->field = some_list(max, 3, &counter);
#define FILL(kind, field, max) FILL_##kind(field, max)

#define SAME_u32(field)        ok = ok && a->field == b->field;
#define SAME_u64(field)        SAME_u32(field)
#define SAME_hash(field)       ok = ok && sc_hash_equals(&a->field, &b->field);
#define SAME_bytes(field)      ok = ok && sc_view_equals(a->field, b->field);
#define SAME_list(field)       ok = ok && same_lists(&a->field, &b->field);
#define SAME(kind, field, max) SAME_##kind(field)

/* Writes the fields by hand, with the chosen one over its limit. Counts the fields that have a limit. */
#define OVER_u32(field, max)   sc_write_u32(writer, 0);
#define OVER_u64(field, max)   sc_write_u64(writer, 0);
#define OVER_hash(field, max)  sc_write_hash(writer, &(struct sc_hash){ 0 });
#define OVER_bytes(field, max) write_bytes_over(writer, max, index++ == chosen);
#define OVER_list(field, max)                                                                                \
	write_list_over(writer, index++ == chosen);                                                          \
	write_bytes_over(writer, max, index++ == chosen);
#define OVER(kind, field, max) OVER_##kind(field, max)

static void write_bytes_over(struct sc_writer *writer, size_t max, bool over)
{
	sc_write_bytes(writer, sc_view_of(pattern, over ? max + 1 : 0), SIZE_MAX);
}

/* The count and all items but the last, for the most items that a list may have, or one more. */
static void write_list_over(struct sc_writer *writer, bool over)
{
	uint32_t count = over ? SC_WIRE_LIST_MAX + 1 : SC_WIRE_LIST_MAX;

	sc_write_u32(writer, count);
	for (uint32_t i = 1; i < count; i++)
		sc_write_u32(writer, 0);
}

/* The codec of one direction of one command. */
struct codec {
	const char *name;
	void (*write_sample)(struct sc_writer *writer);
	sc_status (*read)(struct sc_view body);
	bool (*is_same)(struct sc_view body);
	size_t (*write_over)(struct sc_writer *writer, size_t chosen);
	bool (*writer_refuses)(size_t chosen);
};

/* For the writer's own refusal: puts the chosen field of a struct over its limit. */
#define LONG_u32(field, max)
#define LONG_u64(field, max)
#define LONG_hash(field, max)
#define LONG_bytes(field, max)                                                                               \
	if (index++ == chosen)                                                                               \
		value->field = sc_view_of(pattern, max + 1);
#define LONG_list(field, max)                                                                                \
	if (index++ == chosen)                                                                               \
		value->field.count = SC_WIRE_LIST_MAX + 1;                                                   \
	if (index++ == chosen)                                                                               \
		value->field.item[0] = sc_view_of(pattern, max + 1);
#define LONG(kind, field, max) LONG_##kind(field, max)

#define DIRECTION(type, FIELDS)                                                                              \
	static void fill_##type(struct type *value)                                                          \
	{                                                                                                    \
		uint32_t counter = 0;                                                                        \
		(void)value, (void)counter;                                                                  \
		FIELDS(FILL)                                                                                 \
	}                                                                                                    \
	static void write_##type(struct sc_writer *writer)                                                   \
	{                                                                                                    \
		struct type value;                                                                           \
		fill_##type(&value);                                                                         \
		type##_write(writer, &value);                                                                \
	}                                                                                                    \
	static sc_status read_##type(struct sc_view body)                                                    \
	{                                                                                                    \
		struct type value;                                                                           \
		sc_status status;                                                                            \
		fill(&value, sizeof value);                                                                  \
		status = type##_read(body, &value);                                                          \
		if (status != SC_OK)                                                                         \
			written_on_failure += !is_filled(&value, sizeof value);                              \
		return status;                                                                               \
	}                                                                                                    \
	static bool same_##type(struct sc_view body)                                                         \
	{                                                                                                    \
		struct type left;                                                                            \
		struct type right;                                                                           \
		const struct type *a = &left;                                                                \
		const struct type *b = &right;                                                               \
		bool ok = type##_read(body, &right) == SC_OK;                                                \
		(void)a, (void)b;                                                                            \
		fill_##type(&left);                                                                          \
		FIELDS(SAME)                                                                                 \
		return ok;                                                                                   \
	}                                                                                                    \
	static size_t over_##type(struct sc_writer *writer, size_t chosen)                                   \
	{                                                                                                    \
		size_t index = 0;                                                                            \
		(void)writer, (void)chosen;                                                                  \
		FIELDS(OVER)                                                                                 \
		return index;                                                                                \
	}                                                                                                    \
	static bool refuses_##type(size_t chosen)                                                            \
	{                                                                                                    \
		SC_CLEANUP(sc_writer) writer = sc_writer_new(2 * SC_WIRE_BODY_MAX);                          \
		struct type filled;                                                                          \
		struct type *value = &filled;                                                                \
		size_t index = 0;                                                                            \
		(void)value, (void)chosen, (void)index;                                                      \
		fill_##type(value);                                                                          \
		FIELDS(LONG)                                                                                 \
		type##_write(&writer, value);                                                                \
		return writer.failed;                                                                        \
	}
#define DIRECTIONS(NAME, name, number, roles, modes, quorum, lane)                                           \
	DIRECTION(sc_##name##_request, SC_##NAME##_REQUEST)                                                  \
	DIRECTION(sc_##name##_response, SC_##NAME##_RESPONSE)
SC_COMMAND_TABLE(DIRECTIONS)

#define CODEC(type) { #type, write_##type, read_##type, same_##type, over_##type, refuses_##type },
#define CODECS(NAME, name, number, roles, modes, quorum, lane)                                               \
	CODEC(sc_##name##_request) CODEC(sc_##name##_response)
static const struct codec codecs[] = { SC_COMMAND_TABLE(CODECS) };
#define CODEC_COUNT (sizeof codecs / sizeof codecs[0])

static void every_body_is_read_as_it_was_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < CODEC_COUNT; i++) {
		SC_CLEANUP(sc_writer) writer = sc_writer_new(SC_WIRE_BODY_MAX);

		codecs[i].write_sample(&writer);
		assert_false(writer.failed);
		if (!codecs[i].is_same(sc_writer_view(&writer)))
			fail_msg("%s differs when it is read back", codecs[i].name);
	}
}

static void every_body_is_refused_when_cut_or_longer(void **state)
{
	(void)state;
	for (size_t i = 0; i < CODEC_COUNT; i++) {
		SC_CLEANUP(sc_writer) writer = sc_writer_new(SC_WIRE_BODY_MAX);
		size_t whole;

		codecs[i].write_sample(&writer);
		whole = sc_writer_view(&writer).len;
		for (size_t len = 0; len < whole; len++) {
			SC_CLEANUP(sc_bytes) cut = { 0 };

			assert_ok(sc_bytes_copy(sc_view_of(sc_writer_view(&writer).data, len), &cut, NULL),
				  NULL);
			if (codecs[i].read(sc_bytes_view(&cut)) != SC_ERR_ENCODING)
				fail_msg("%s is read although truncated to %zu bytes", codecs[i].name, len);
		}
		sc_write_raw(&writer, sc_view_of("", 1));
		if (codecs[i].read(sc_writer_view(&writer)) != SC_ERR_ENCODING)
			fail_msg("%s is read with a trailing byte", codecs[i].name);
	}
}

static void a_refused_body_leaves_the_fields_as_they_were(void **state)
{
	size_t refused = 0;

	(void)state;
	written_on_failure = 0;
	for (size_t i = 0; i < CODEC_COUNT; i++) {
		SC_CLEANUP(sc_writer) writer = sc_writer_new(SC_WIRE_BODY_MAX);
		size_t whole;

		codecs[i].write_sample(&writer);
		whole = sc_writer_view(&writer).len;
		for (size_t len = 0; len < whole; len++)
			refused += codecs[i].read(sc_view_of(sc_writer_view(&writer).data, len)) != SC_OK;
		sc_write_raw(&writer, sc_view_of("", 1));
		refused += codecs[i].read(sc_writer_view(&writer)) != SC_OK;
	}
	assert_true(refused > CODEC_COUNT);
	assert_int_equal(written_on_failure, 0);
}

static void every_field_and_list_is_refused_over_its_limit(void **state)
{
	size_t limits = 0;

	(void)state;
	for (size_t i = 0; i < CODEC_COUNT; i++) {
		SC_CLEANUP(sc_writer) good = sc_writer_new(2 * SC_WIRE_BODY_MAX);
		size_t count = codecs[i].write_over(&good, SIZE_MAX);

		assert_ok(codecs[i].read(sc_writer_view(&good)), NULL);
		assert_false(codecs[i].writer_refuses(SIZE_MAX));
		for (size_t field = 0; field < count; field++, limits++) {
			SC_CLEANUP(sc_writer) over = sc_writer_new(2 * SC_WIRE_BODY_MAX);

			(void)codecs[i].write_over(&over, field);
			assert_false(over.failed);
			if (codecs[i].read(sc_writer_view(&over)) != SC_ERR_ENCODING)
				fail_msg("%s is read with field %zu over its limit", codecs[i].name, field);
			if (!codecs[i].writer_refuses(field))
				fail_msg("%s is written with field %zu over its limit", codecs[i].name,
					 field);
		}
	}
	assert_true(limits > CODEC_COUNT);
}

/* The largest answers of a module must fit: those with a statement, and a world of 64 cards. */
static void the_largest_bodies_fit_into_a_message(void **state)
{
	struct sc_region_init_response region = { sc_view_of(pattern, 32768), sc_view_of(pattern, 16384),
						  sc_view_of(pattern, 8192), sc_view_of(pattern, 65536) };
	struct sc_world_begin_response world = { .world_file = sc_view_of(pattern, 32768),
						 .cards.count = SC_CARDS_MAX };
	SC_CLEANUP(sc_writer) writer = sc_writer_new(SC_WIRE_BODY_MAX);

	(void)state;
	sc_region_init_response_write(&writer, &region);
	assert_false(writer.failed);
	sc_writer_free(&writer);
	writer = sc_writer_new(SC_WIRE_BODY_MAX);
	for (uint32_t i = 0; i < SC_CARDS_MAX; i++)
		world.cards.item[i] = sc_view_of(pattern, 1024);
	sc_world_begin_response_write(&writer, &world);
	assert_false(writer.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read_in_order),
		cmocka_unit_test(a_failed_reader_gives_nothing_more),
		cmocka_unit_test(a_length_over_its_limit_fails_even_if_the_bytes_are_there),
		cmocka_unit_test(a_huge_length_is_refused_whatever_its_limit),
		cmocka_unit_test(a_writer_grows_to_its_limit_and_no_further),
		cmocka_unit_test(headers_have_the_sizes_that_are_documented),
		cmocka_unit_test(a_message_is_read_as_it_was_written),
		cmocka_unit_test(anything_but_a_whole_message_of_this_version_is_refused),
		cmocka_unit_test(a_refused_message_leaves_header_and_body_as_they_were),
		cmocka_unit_test(a_status_that_is_none_of_ours_is_refused),
		cmocka_unit_test(a_body_over_its_limit_is_refused),
		cmocka_unit_test(commands_are_found_by_their_number_and_no_other),
		cmocka_unit_test(roles_and_authorities_are_those_of_the_design),
		cmocka_unit_test(a_role_is_found_by_its_name_and_no_other),
		cmocka_unit_test(an_authority_is_for_one_command_and_body),
		cmocka_unit_test(every_body_is_read_as_it_was_written),
		cmocka_unit_test(every_body_is_refused_when_cut_or_longer),
		cmocka_unit_test(a_refused_body_leaves_the_fields_as_they_were),
		cmocka_unit_test(every_field_and_list_is_refused_over_its_limit),
		cmocka_unit_test(the_largest_bodies_fit_into_a_message),
	};

	for (size_t i = 0; i < sizeof pattern; i++)
		pattern[i] = (uint8_t)(i * 7 + 1);
	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
