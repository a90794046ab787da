/* What the client library guarantees, whatever is at the other end of the socket (rule P1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "client/client.h"
#include "fake_clock.h"
#include "fake_module.h"

enum behaviour {
	GOOD,
	OTHER_ID,
	OTHER_COMMAND,
	CUT,      /* the answer's first `length` bytes */
	FLIPPED,  /* the answer with bit 0 of byte `length` flipped */
	CUT_BODY, /* a correct header for a body that is `length` bytes too short */
	TOO_LONG,
	PASSES_A_DESCRIPTOR,
	CLOSES,
	REFUSES,
	SILENT,
	EVICTS,        /* answers NOT_LOADED until the blob has been sent again */
	ALWAYS_EVICTS, /* even after that */
	CLOSES_ONCE,   /* at the first SIGN */
	LOADS_ANOTHER,
};

struct fake {
	char directory[64];
	char path[96];
	struct fake_module *module;
	struct sc_client *client;
	enum behaviour behaviour;
	size_t length;
	atomic_uint loads;
	atomic_uint signs;
	uint32_t body_len;
};

static const uint8_t signature[] = "a signature";
static const uint8_t blob[] = "a blob";

/* A good module's answer to each of the commands used here. */
static struct sc_writer good_body(struct fake *fake, uint32_t command, struct sc_view body)
{
	struct sc_writer writer = sc_writer_new(SC_WIRE_BODY_MAX);
	struct sc_quorum_open_response quorum = { .authority = 7, .k = 2, .seconds = 60 };
	struct sc_sign_response sign = { sc_view_of(signature, sizeof signature) };
	struct sc_key_load_request request;
	struct sc_key_load_response load = { 0 };

	if (command == SC_COMMAND_QUORUM_OPEN)
		sc_quorum_open_response_write(&writer, &quorum);
	if (command == SC_COMMAND_SIGN)
		sc_sign_response_write(&writer, &sign);
	if (command == SC_COMMAND_KEY_LOAD && sc_key_load_request_read(body, &request) == SC_OK &&
	    sc_sha256(request.blob, &load.key, NULL) == SC_OK) {
		load.key.b[0] ^= fake->behaviour == LOADS_ANOTHER;
		sc_key_load_response_write(&writer, &load);
	}
	return writer;
}

static bool serve_key(struct fake *fake, int connection, struct sc_view message, uint32_t command)
{
	bool evicted = fake->behaviour == ALWAYS_EVICTS || (fake->behaviour == EVICTS && fake->loads < 2);

	if (command == SC_COMMAND_KEY_LOAD) {
		fake->loads++;
		return false;
	}
	if (command != SC_COMMAND_SIGN)
		return false;
	fake->signs++;
	if (evicted)
		fake_reply(connection, message, SC_ERR_NOT_LOADED, 0, 0, (struct sc_view){ 0 });
	return evicted;
}

/* Sends an answer together with a descriptor: the connection's own. */
static void send_with_descriptor(int connection, struct sc_view answer)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec part = { (void *)(uintptr_t)answer.data, answer.len };
	struct msghdr header = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control
	};
	struct cmsghdr *passed = CMSG_FIRSTHDR(&header);

	passed->cmsg_level = SOL_SOCKET;
	passed->cmsg_type = SCM_RIGHTS;
	passed->cmsg_len = CMSG_LEN(sizeof connection);
	memcpy(CMSG_DATA(passed), &connection, sizeof connection);
	if (sendmsg(connection, &header, MSG_NOSIGNAL) != (ssize_t)answer.len)
		abort();
}

static bool serve(void *context, int connection, struct sc_view message)
{
	struct fake *fake = context;
	struct sc_view body;
	uint32_t command = fake_command(message, &body);
	SC_CLEANUP(sc_writer) good = good_body(fake, command, body);
	struct sc_view good_view = sc_writer_view(&good);
	SC_CLEANUP(sc_writer) answer = fake_answer(message, SC_OK, 0, 0, good_view);

	fake->body_len = (uint32_t)body.len;
	if (serve_key(fake, connection, message, command))
		return true;
	switch (fake->behaviour) {
	case OTHER_ID:
		answer.buffer.data[15] ^= 1;
		break;
	case OTHER_COMMAND:
		answer.buffer.data[7] ^= 1;
		break;
	case CUT:
		answer.used = fake->length;
		break;
	case FLIPPED:
		answer.buffer.data[fake->length] ^= 1;
		break;
	case CUT_BODY:
		good_view.len -= fake->length;
		fake_reply(connection, message, SC_OK, 0, 0, good_view);
		return true;
	case TOO_LONG: {
		static const uint8_t zeros[SC_WIRE_MESSAGE_MAX + 1];

		fake_send(connection, sc_view_of(zeros, sizeof zeros));
		return true;
	}
	case PASSES_A_DESCRIPTOR:
		send_with_descriptor(connection, sc_writer_view(&answer));
		return true;
	case CLOSES_ONCE:
		if (command == SC_COMMAND_SIGN && fake->signs == 1)
			return false;
		break;
	case CLOSES:
		return false;
	case REFUSES:
		fake_reply(connection, message, SC_ERR_CARD_PIN, 3, 4, (struct sc_view){ 0 });
		return true;
	case SILENT:
		return true;
	default:
		break;
	}
	fake_send(connection, sc_writer_view(&answer));
	return true;
}

static int set_up(void **state)
{
	struct fake *fake = calloc(1, sizeof *fake);

	strcpy(fake->directory, "/tmp/sc-client-XXXXXX");
	assert_non_null(mkdtemp(fake->directory));
	snprintf(fake->path, sizeof fake->path, "%s/socket", fake->directory);
	fake->module = fake_module_start(fake->path, serve, fake);
	assert_int_equal(sc_client_open(fake->path, &fake->client, NULL), SC_OK);
	*state = fake;
	return 0;
}

static int tear_down(void **state)
{
	struct fake *fake = *state;

	sc_client_free(fake->client);
	fake_module_stop(fake->module);
	unlink(fake->path);
	rmdir(fake->directory);
	free(fake);
	return 0;
}

/* Makes one typed call. On success, checks the answer. */
static sc_status call(struct fake *fake, struct sc_error *err)
{
	const struct sc_quorum_open_request request = { .command = SC_COMMAND_ACL_REPLACE };
	struct sc_quorum_open_response response = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	sc_status status = sc_call_quorum_open(fake->client, 0, &request, &reply, &response, err);

	if (status == SC_OK) {
		assert_int_equal(response.authority, 7);
		assert_int_equal(response.k, 2);
	} else {
		assert_null(reply.data);
		assert_int_equal(response.authority, 0);
	}
	return status;
}

static sc_status call_anew(struct fake *fake, struct sc_error *err)
{
	assert_int_equal(sc_client_reconnect(fake->client, err), SC_OK);
	return call(fake, err);
}

static void a_good_answer_reaches_the_caller(void **state)
{
	struct fake *fake = *state;

	for (int i = 0; i < 3; i++)
		assert_int_equal(call(fake, NULL), SC_OK);
	assert_true(sc_client_is_open(fake->client));
}

static void the_largest_request_goes_in_one_piece(void **state)
{
	struct fake *fake = *state;
	SC_CLEANUP(sc_bytes) body = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_error err = { 0 };

	assert_int_equal(sc_bytes_new(SC_WIRE_BODY_MAX, &body, NULL), SC_OK);
	assert_int_equal(
	    sc_client_call(fake->client, SC_COMMAND_ENQUIRE, 0, sc_bytes_view(&body), &reply, &err), SC_OK);
	assert_int_equal(fake->body_len, SC_WIRE_BODY_MAX);
	sc_bytes_free(&body);
	assert_int_equal(sc_bytes_new(SC_WIRE_BODY_MAX + 1, &body, NULL), SC_OK);
	assert_int_equal(
	    sc_client_call(fake->client, SC_COMMAND_ENQUIRE, 0, sc_bytes_view(&body), &reply, &err),
	    SC_ERR_TOO_LARGE);
	assert_int_equal(call(fake, NULL), SC_OK);
}

static void a_field_beyond_its_limit_is_not_sent(void **state)
{
	struct fake *fake = *state;
	static const uint8_t pin[SC_PIN_MAX + 1];
	struct sc_quorum_card_request request = { .pin = sc_view_of(pin, sizeof pin) };
	struct sc_quorum_card_response response;
	SC_CLEANUP(sc_bytes) reply = { 0 };

	assert_int_equal(sc_call_quorum_card(fake->client, 0, &request, &reply, &response, NULL),
			 SC_ERR_TOO_LARGE);
	assert_int_equal(fake->body_len, 0);
}

static void an_answer_to_another_request_is_refused(void **state)
{
	struct fake *fake = *state;
	struct sc_error err = { 0 };

	for (enum behaviour b = OTHER_ID; b <= OTHER_COMMAND; b++) {
		fake->behaviour = b;
		assert_int_equal(call(fake, &err), SC_ERR_PROTOCOL);
		assert_non_null(strstr(err.message, fake->path));
		assert_false(sc_client_is_open(fake->client));
		/* That connection is no longer trusted. */
		fake->behaviour = GOOD;
		assert_int_equal(call(fake, &err), SC_ERR_UNAVAILABLE);
		assert_int_equal(call_anew(fake, &err), SC_OK);
	}
}

static void an_answer_cut_anywhere_is_refused(void **state)
{
	struct fake *fake = *state;
	const size_t whole = SC_WIRE_RESPONSE_HEADER_SIZE + 8 + 4 + 4;

	fake->behaviour = CUT;
	for (fake->length = 1; fake->length < whole; fake->length++)
		assert_int_equal(call_anew(fake, NULL), SC_ERR_PROTOCOL);
	assert_int_equal(call_anew(fake, NULL), SC_OK); /* the same, not cut */
}

static void a_body_cut_anywhere_is_refused(void **state)
{
	struct fake *fake = *state;

	fake->behaviour = CUT_BODY;
	for (fake->length = 1; fake->length <= 16; fake->length++)
		assert_int_equal(call_anew(fake, NULL), SC_ERR_PROTOCOL);
	fake->length = 0;
	assert_int_equal(call_anew(fake, NULL), SC_OK);
}

static void a_header_with_any_byte_flipped_is_refused(void **state)
{
	struct fake *fake = *state;

	fake->behaviour = FLIPPED;
	for (fake->length = 0; fake->length < SC_WIRE_RESPONSE_HEADER_SIZE; fake->length++) {
		/* The numbers of a refusal are not read here. */
		bool is_number = fake->length >= 20 && fake->length < 44;

		assert_int_equal(call_anew(fake, NULL) == SC_OK, is_number);
	}
}

static void an_answer_longer_than_any_is_refused(void **state)
{
	struct fake *fake = *state;
	struct sc_error err = { 0 };

	fake->behaviour = TOO_LONG;
	assert_int_equal(call(fake, &err), SC_ERR_PROTOCOL);
	assert_non_null(strstr(err.message, "longer"));
	assert_false(sc_client_is_open(fake->client));
}

static void an_answer_with_a_descriptor_is_refused(void **state)
{
	struct fake *fake = *state;

	fake->behaviour = PASSES_A_DESCRIPTOR;
	assert_int_equal(call(fake, NULL), SC_ERR_PROTOCOL);
	assert_false(sc_client_is_open(fake->client));
	fake->behaviour = GOOD;
	assert_int_equal(call_anew(fake, NULL), SC_OK);
}

static void a_closed_connection_is_named(void **state)
{
	struct fake *fake = *state;
	struct sc_error err = { 0 };

	fake->behaviour = CLOSES;
	assert_int_equal(call(fake, &err), SC_ERR_UNAVAILABLE);
	assert_non_null(strstr(err.message, fake->path));
	assert_non_null(strstr(err.message, "closed"));
}

static void a_missing_socket_is_named(void **state)
{
	struct fake *fake = *state;
	struct sc_client *client = NULL;
	struct sc_error err = { 0 };
	char path[128];

	snprintf(path, sizeof path, "%s-not", fake->path);
	assert_int_equal(sc_client_open(path, &client, &err), SC_ERR_UNAVAILABLE);
	assert_non_null(strstr(err.message, path));
	assert_non_null(strstr(err.message, "hsmd"));
	memset(path, 'x', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	assert_int_equal(sc_client_open(path, &client, &err), SC_ERR_ARGUMENT);
	assert_null(client);
}

static void a_refusal_keeps_its_code_and_numbers(void **state)
{
	struct fake *fake = *state;
	struct sc_error err = { 0 };

	fake->behaviour = REFUSES;
	assert_int_equal(call(fake, &err), SC_ERR_CARD_PIN);
	assert_int_equal(err.numbers[0], 3);
	assert_int_equal(err.numbers[1], 4);
	assert_string_equal(err.message, "wrong PIN (next try in 4 s)");
	assert_true(sc_client_is_open(fake->client));
}

static void a_silent_module_is_given_up(void **state)
{
	struct fake *fake = *state;
	struct sc_error err = { 0 };
	int64_t start;

	fake->behaviour = SILENT;
	fake_clock_start();
	fake_clock_skip((SC_CLIENT_TIMEOUT + 1) * SC_SECOND);
	start = sc_clock_monotonic();
	assert_int_equal(call(fake, &err), SC_ERR_TIMEOUT);
	assert_true(sc_clock_monotonic() - start >= SC_CLIENT_TIMEOUT * SC_SECOND);
	fake_clock_stop();
	/* A late answer must not be taken for the answer to the next request. */
	assert_false(sc_client_is_open(fake->client));
}

/* -- keys -------------------------------------------------------------------------------------- */

static sc_status load(struct fake *fake, struct sc_client_key *key, struct sc_error *err)
{
	return sc_client_key_load(fake->client, sc_view_of(blob, sizeof blob), (struct sc_view){ 0 }, key,
				  err);
}

static sc_status sign(struct fake *fake, const struct sc_client_key *key, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) out = { 0 };
	uint8_t digest[32] = { 0 };
	sc_status status = sc_client_sign(fake->client, key, SC_MECHANISM_RS256,
					  sc_view_of(digest, sizeof digest), &out, err);

	if (status == SC_OK)
		assert_true(sc_view_equals(sc_bytes_view(&out), sc_view_of(signature, sizeof signature)));
	return status;
}

static void a_loaded_key_is_used_without_loading_it_again(void **state)
{
	struct fake *fake = *state;
	SC_CLEANUP(sc_client_key) key = { 0 };

	assert_int_equal(load(fake, &key, NULL), SC_OK);
	assert_int_equal(sign(fake, &key, NULL), SC_OK);
	assert_int_equal(fake->loads, 1);
}

static void an_evicted_key_is_loaded_again(void **state)
{
	struct fake *fake = *state;
	SC_CLEANUP(sc_client_key) key = { 0 };

	fake->behaviour = EVICTS;
	assert_int_equal(load(fake, &key, NULL), SC_OK);
	assert_int_equal(sign(fake, &key, NULL), SC_OK);
	assert_int_equal(fake->loads, 2);
	assert_int_equal(fake->signs, 2);
}

static void a_key_that_never_stays_is_given_up(void **state)
{
	struct fake *fake = *state;
	SC_CLEANUP(sc_client_key) key = { 0 };
	struct sc_error err = { 0 };

	fake->behaviour = ALWAYS_EVICTS;
	assert_int_equal(load(fake, &key, NULL), SC_OK);
	assert_int_equal(sign(fake, &key, &err), SC_ERR_NOT_LOADED);
	assert_int_equal(fake->signs, 2);
	assert_non_null(strstr(err.message, "cache"));
}

/* A SIGN request with the key, sent by sc_client_key_call. */
static sc_status key_call(struct fake *fake, const struct sc_client_key *key, uint64_t authority,
			  unsigned loads)
{
	const struct sc_sign_request sign = { .key = key->digest };
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_client_key_request request = { SC_COMMAND_SIGN, authority, .loads = loads };
	sc_status status;

	sc_sign_request_write(&body, &sign);
	request.body = sc_writer_view(&body);
	status = sc_client_key_call(fake->client, key, &request, &reply, NULL);
	if (status != SC_OK)
		assert_null(reply.data);
	return status;
}

static void a_key_is_loaded_again_as_often_as_the_request_says(void **state)
{
	struct fake *fake = *state;
	SC_CLEANUP(sc_client_key) key = { 0 };

	fake->behaviour = ALWAYS_EVICTS;
	assert_int_equal(load(fake, &key, NULL), SC_OK);
	for (unsigned loads = 0; loads < 5; loads++) {
		fake->loads = fake->signs = 0;
		assert_int_equal(key_call(fake, &key, 0, loads), SC_ERR_NOT_LOADED);
		assert_int_equal(fake->loads, loads);
		assert_int_equal(fake->signs, loads + 1);
	}
	fake->behaviour = GOOD;
	assert_int_equal(key_call(fake, &key, 0, 0), SC_OK);
}

/* The quorum has ended with the connection, and the module may have done what was asked. */
static void a_request_under_a_quorum_is_not_repeated_on_another_connection(void **state)
{
	struct fake *fake = *state;
	SC_CLEANUP(sc_client_key) key = { 0 };

	fake->behaviour = CLOSES_ONCE;
	assert_int_equal(load(fake, &key, NULL), SC_OK);
	assert_int_equal(key_call(fake, &key, 7, 3), SC_ERR_UNAVAILABLE);
	assert_int_equal(fake->signs, 1);
	assert_int_equal(fake->loads, 1);
	assert_int_equal(sc_client_reconnect(fake->client, NULL), SC_OK);
	fake->signs = 0;
	assert_int_equal(key_call(fake, &key, 0, 3), SC_OK);
	assert_int_equal(fake->signs, 2);
	assert_int_equal(fake->loads, 2);
}

static void a_restarted_module_is_no_event(void **state)
{
	struct fake *fake = *state;
	SC_CLEANUP(sc_client_key) key = { 0 };

	fake->behaviour = CLOSES_ONCE;
	assert_int_equal(load(fake, &key, NULL), SC_OK);
	assert_int_equal(sign(fake, &key, NULL), SC_OK);
	assert_int_equal(fake->loads, 2);
}

static void another_key_than_the_one_given_is_refused(void **state)
{
	struct fake *fake = *state;
	SC_CLEANUP(sc_client_key) key = { 0 };

	fake->behaviour = LOADS_ANOTHER;
	assert_int_equal(load(fake, &key, NULL), SC_ERR_PROTOCOL);
	assert_null(key.blob.data);
	fake->behaviour = GOOD;
	assert_int_equal(load(fake, &key, NULL), SC_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_good_answer_reaches_the_caller),
		TEST(the_largest_request_goes_in_one_piece),
		TEST(a_field_beyond_its_limit_is_not_sent),
		TEST(an_answer_to_another_request_is_refused),
		TEST(an_answer_cut_anywhere_is_refused),
		TEST(a_body_cut_anywhere_is_refused),
		TEST(a_header_with_any_byte_flipped_is_refused),
		TEST(an_answer_longer_than_any_is_refused),
		TEST(an_answer_with_a_descriptor_is_refused),
		TEST(a_closed_connection_is_named),
		TEST(a_missing_socket_is_named),
		TEST(a_refusal_keeps_its_code_and_numbers),
		TEST(a_silent_module_is_given_up),
		TEST(a_loaded_key_is_used_without_loading_it_again),
		TEST(an_evicted_key_is_loaded_again),
		TEST(a_key_that_never_stays_is_given_up),
		TEST(a_key_is_loaded_again_as_often_as_the_request_says),
		TEST(a_request_under_a_quorum_is_not_repeated_on_another_connection),
		TEST(a_restarted_module_is_no_event),
		TEST(another_key_than_the_one_given_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
