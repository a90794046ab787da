/* The ceremonies, scripted: cards, PINs, and the messages for what goes wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_module.h"
#include "sample_world.h"
#include "scratch.h"
#include "world/ceremony.h"

#define GOOD_PINS "correct horse battery\nstaple of a custodian\nthird of three PINs\n"

struct fixture {
	struct scratch scratch;
	char cards[512]; /* --cards: three slots */
	char descriptor[16];
	int pins;
	struct sc_ceremony ceremony;
	/* The fake module that collects a quorum: */
	struct fake_module *fake;
	struct sc_client *client;
	struct sc_hash digest; /* what it was asked to consent to */
	uint32_t command;
	uint32_t accepted;
	char records[3][32]; /* in order of arrival */
	char pin[3][64];
	sc_status second_card; /* its answer to the second card */
};

/* The PINs are in a pipe, as a script would give them. */
static void give_pins(struct fixture *f, const char *pins)
{
	int ends[2];

	if (f->pins >= 0)
		close(f->pins);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], pins, strlen(pins)), strlen(pins));
	close(ends[1]);
	f->pins = ends[0];
	snprintf(f->descriptor, sizeof f->descriptor, "%d", f->pins);
	f->ceremony.pins_from_fd = f->descriptor;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	f->scratch = scratch_make();
	f->pins = -1;
	for (int i = 0; i < 3; i++) {
		char name[] = "a";

		name[0] = (char)('a' + i);
		assert_int_equal(mkdir(scratch_path(&f->scratch, name), 0700), 0);
		snprintf(f->cards + strlen(f->cards), 128, "%s%s", i ? "," : "",
			 scratch_path(&f->scratch, name));
	}
	f->ceremony = (struct sc_ceremony){ .cards = f->cards, .module = 1 };
	give_pins(f, GOOD_PINS);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	sc_client_free(f->client);
	if (f->fake)
		fake_module_stop(f->fake);
	close(f->pins);
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

/* -- new cards --------------------------------------------------------------------------------- */

static sc_status collect(struct fixture *f, struct sc_error *err)
{
	SC_CLEANUP(sc_ceremony_cards) cards = { 0 };

	return sc_ceremony_new_cards(&f->ceremony, 3, &cards, err);
}

static void three_cards_and_pins_are_collected_in_order(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_ceremony_cards) cards = { 0 };

	f->ceremony.custodians = "Alice,,Carol";
	assert_int_equal(sc_ceremony_new_cards(&f->ceremony, 3, &cards, NULL), SC_OK);
	assert_int_equal(cards.count, 3);
	assert_string_equal(cards.slots[1].name, scratch_path(&f->scratch, "b"));
	assert_true(sc_view_equals(sc_secret_view(&cards.pins[2]), sc_view_text("third of three PINs")));
	assert_string_equal(cards.custodians[0], "Alice");
	assert_string_equal(cards.custodians[1], "");
	/* Nothing has been written yet. */
	assert_true(sc_slot_is_blank(&cards.slots[0]));
}

static void a_pin_of_five_characters_is_refused_and_of_six_taken(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };

	give_pins(f, "correct horse battery\n12345\nthird of three PINs\n");
	assert_int_equal(collect(f, &err), SC_ERR_PIN_SHORT);
	assert_string_equal(err.message, "card 2 of 3: the PIN is shorter than 6 characters");
	/* Ten bytes, five characters. */
	give_pins(f,
		  "correct horse battery\n\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\nthird of three PINs\n");
	assert_int_equal(collect(f, &err), SC_ERR_PIN_SHORT);
	give_pins(f, "correct horse battery\n123456\nthird of three PINs\n");
	assert_int_equal(collect(f, &err), SC_OK);
}

static void a_pin_that_nobody_could_type_is_refused(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };

	give_pins(f, "correct horse battery\r\nstaple of a custodian\r\nthird of three PINs\r\n");
	assert_int_equal(collect(f, &err), SC_ERR_ENCODING);
	assert_non_null(strstr(err.message, "card 1 of 3"));
	assert_non_null(strstr(err.message, "the PIN ends in a carriage return"));
}

static void a_missing_pin_is_named(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };

	give_pins(f, "correct horse battery\nstaple of a custodian\n");
	assert_int_equal(collect(f, &err), SC_ERR_NOT_FOUND);
	assert_non_null(strstr(err.message, "card 3 of 3"));
}

static void a_card_that_is_in_use_is_named(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };
	SC_CLEANUP(sc_bytes) der = { 0 };
	struct sc_hash world;

	memset(world.b, 0xab, sizeof world.b);
	der = sample_card(&world, 2, 2, 3);
	scratch_write(scratch_path(&f->scratch, "c/safeconduct-card"), der.data, der.len);
	assert_int_equal(collect(f, &err), SC_ERR_CARD_USED);
	assert_non_null(strstr(err.message, "card 3 of 3"));
	assert_non_null(strstr(err.message, "administrator card 2 of 3 of the security world abab"));
	assert_non_null(strstr(err.message, "erase"));
	unlink(scratch_path(&f->scratch, "c/safeconduct-card"));
	give_pins(f, GOOD_PINS);
	assert_int_equal(collect(f, &err), SC_OK);
}

static void a_slot_that_is_empty_or_given_twice_is_named(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };
	char cards[512];

	snprintf(cards, sizeof cards, "%s,%s,%s", scratch_path(&f->scratch, "a"),
		 scratch_path(&f->scratch, "b"), scratch_path(&f->scratch, "a"));
	f->ceremony.cards = cards;
	assert_int_equal(collect(f, &err), SC_ERR_CARD_DUPLICATE);
	assert_non_null(strstr(err.message, "card 3 of 3"));
	snprintf(cards, sizeof cards, "%s,%s,%s", scratch_path(&f->scratch, "a"),
		 scratch_path(&f->scratch, "no"), scratch_path(&f->scratch, "c"));
	give_pins(f, GOOD_PINS);
	assert_int_equal(collect(f, &err), SC_ERR_NOT_FOUND);
	assert_non_null(strstr(err.message, "card 2 of 3"));
	assert_non_null(strstr(err.message, scratch_path(&f->scratch, "no")));
}

static void a_card_under_two_names_is_noticed_when_it_is_put_in(void **state)
{
	static const char *const names[] = { "a/", "./a", "link" };
	struct fixture *f = *state;
	char cards[512];

	assert_int_equal(symlink("a", scratch_path(&f->scratch, "link")), 0);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct sc_error err = { 0 };

		snprintf(cards, sizeof cards, "%s,%s,%s", scratch_path(&f->scratch, "a"),
			 scratch_path(&f->scratch, names[i]), scratch_path(&f->scratch, "c"));
		f->ceremony.cards = cards;
		give_pins(f, "correct horse battery\n"); /* the second PIN is not asked for */
		assert_int_equal(collect(f, &err), SC_ERR_CARD_DUPLICATE);
		assert_non_null(strstr(err.message, "already holds card 1"));
	}
}

static void a_script_must_be_whole(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };
	const struct sc_ceremony whole = f->ceremony;

	f->ceremony.pins_from_fd = NULL;
	assert_int_equal(collect(f, &err), SC_ERR_USAGE);
	f->ceremony = whole;
	f->ceremony.cards = NULL;
	assert_int_equal(collect(f, &err), SC_ERR_USAGE);
	f->ceremony = whole;
	f->ceremony.pins_from_fd = "987";
	assert_int_equal(collect(f, &err), SC_ERR_USAGE);
	assert_non_null(strstr(err.message, "987"));
	f->ceremony = whole;
	f->ceremony.cards = "/tmp/a,/tmp/b";
	assert_int_equal(collect(f, &err), SC_ERR_USAGE);
	assert_non_null(strstr(err.message, "names 2 slots"));
	f->ceremony.cards = "/tmp/a,,/tmp/b";
	assert_int_equal(collect(f, &err), SC_ERR_USAGE);
	f->ceremony = whole;
	f->ceremony.custodians = "Alice,Bob";
	assert_int_equal(collect(f, &err), SC_ERR_USAGE);
	f->ceremony = whole;
	assert_int_equal(collect(f, &err), SC_OK);
}

/* -- a quorum ---------------------------------------------------------------------------------- */

static void keep(char *to, size_t size, struct sc_view view)
{
	snprintf(to, size, "%.*s", (int)view.len, (const char *)view.data);
}

static bool serve_card(struct fixture *f, int connection, struct sc_view message, struct sc_view body)
{
	SC_CLEANUP(sc_writer) writer = sc_writer_new(SC_WIRE_BODY_MAX);
	struct sc_quorum_card_request card = { 0 };
	struct sc_quorum_card_response answer = { .custodian = sc_view_text("Bob") };

	if (sc_quorum_card_request_read(body, &card) != SC_OK || card.authority != 77 || f->accepted >= 3)
		return false;
	keep(f->records[f->accepted], sizeof f->records[0], card.card);
	keep(f->pin[f->accepted], sizeof f->pin[0], card.pin);
	if (f->accepted == 1 && f->second_card != SC_OK) {
		fake_reply(connection, message, f->second_card, 2, 4, (struct sc_view){ 0 });
		return true;
	}
	answer.index = answer.accepted = ++f->accepted;
	sc_quorum_card_response_write(&writer, &answer);
	fake_reply(connection, message, SC_OK, 0, 0, sc_writer_view(&writer));
	return true;
}

static bool serve(void *context, int connection, struct sc_view message)
{
	struct fixture *f = context;
	SC_CLEANUP(sc_writer) writer = sc_writer_new(SC_WIRE_BODY_MAX);
	const struct sc_quorum_open_response answer = { .authority = 77, .k = 2, .seconds = 300 };
	struct sc_quorum_open_request open = { 0 };
	struct sc_view body;

	if (fake_command(message, &body) == SC_COMMAND_QUORUM_CARD)
		return serve_card(f, connection, message, body);
	if (sc_quorum_open_request_read(body, &open) != SC_OK)
		return false;
	f->command = open.command;
	f->digest = open.digest;
	sc_quorum_open_response_write(&writer, &answer);
	fake_reply(connection, message, SC_OK, 0, 0, sc_writer_view(&writer));
	return true;
}

static int set_up_quorum(void **state)
{
	struct fixture *f;

	set_up(state);
	f = *state;
	scratch_write(scratch_path(&f->scratch, "a/safeconduct-card"), "card A", 6);
	scratch_write(scratch_path(&f->scratch, "b/safeconduct-card"), "card B", 6);
	f->fake = fake_module_start(scratch_path(&f->scratch, "socket"), serve, f);
	assert_int_equal(sc_client_open(scratch_path(&f->scratch, "socket"), &f->client, NULL), SC_OK);
	return 0;
}

static sc_status gather(struct fixture *f, uint64_t *authority, struct sc_error *err)
{
	return sc_ceremony_quorum(&f->ceremony, f->client, SC_COMMAND_ACL_REPLACE, sc_view_text("the body"),
				  authority, err);
}

static void k_cards_give_an_authority_for_that_body(void **state)
{
	struct fixture *f = *state;
	struct sc_hash digest;
	uint64_t authority = 0;

	assert_int_equal(gather(f, &authority, NULL), SC_OK);
	assert_int_equal(authority, 77);
	assert_int_equal(f->accepted, 2);
	assert_int_equal(f->command, SC_COMMAND_ACL_REPLACE);
	assert_int_equal(
	    sc_wire_authority_digest(SC_COMMAND_ACL_REPLACE, sc_view_text("the body"), &digest, NULL), SC_OK);
	assert_true(sc_hash_equals(&digest, &f->digest));
	assert_string_equal(f->records[1], "card B");
	assert_string_equal(f->pin[1], "staple of a custodian");
}

static void a_wrong_pin_ends_a_script_with_the_card_and_the_time(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };
	uint64_t authority = 0;

	f->second_card = SC_ERR_CARD_PIN;
	assert_int_equal(gather(f, &authority, &err), SC_ERR_CARD_PIN);
	assert_string_equal(err.message, "card 2 of 2: wrong PIN (next try in 4 s)");
	assert_int_equal(err.numbers[0], 2);
	assert_int_equal(authority, 0);
}

static void a_blank_card_is_named_before_its_pin_is_read(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };
	uint64_t authority = 0;

	unlink(scratch_path(&f->scratch, "b/safeconduct-card"));
	assert_int_equal(gather(f, &authority, &err), SC_ERR_CARD_BLANK);
	assert_non_null(strstr(err.message, "card 2 of 2"));
	assert_int_equal(f->accepted, 1);
}

static void a_pin_that_no_card_can_have_costs_no_try(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };
	uint64_t authority = 0;

	give_pins(f, "correct horse battery\r\nstaple of a custodian\r\n");
	assert_int_equal(gather(f, &authority, &err), SC_ERR_ENCODING);
	assert_non_null(strstr(err.message, "card 1 of 2"));
	assert_non_null(strstr(err.message, "carriage return"));
	assert_int_equal(f->accepted, 0);
	assert_string_equal(f->pin[0], ""); /* the module has not seen it */
}

/* A second custodian may use the first one's reader, but not the first one's card, or a copy of it. */
static void the_same_card_again_is_named_before_its_pin_is_read(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };
	uint64_t authority = 0;
	char cards[256];

	unlink(scratch_path(&f->scratch, "b/safeconduct-card"));
	assert_int_equal(link(scratch_path(&f->scratch, "a/safeconduct-card"),
			      scratch_path(&f->scratch, "b/safeconduct-card")),
			 0);
	snprintf(cards, sizeof cards, "%s,%s", scratch_path(&f->scratch, "a"),
		 scratch_path(&f->scratch, "b"));
	f->ceremony.cards = cards;
	assert_int_equal(gather(f, &authority, &err), SC_ERR_CARD_DUPLICATE);
	assert_non_null(strstr(err.message, "card 2 of 2: the same card as card 1"));
	assert_int_equal(f->accepted, 1);
}

static void fewer_slots_than_the_quorum_are_named(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };
	uint64_t authority = 0;
	char one[128];

	snprintf(one, sizeof one, "%s", scratch_path(&f->scratch, "a"));
	f->ceremony.cards = one;
	assert_int_equal(gather(f, &authority, &err), SC_ERR_USAGE);
	assert_non_null(strstr(err.message, "the quorum is 2 cards"));
	assert_int_equal(f->accepted, 0);
}

#define TEST(name)        cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define QUORUM_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_quorum, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(three_cards_and_pins_are_collected_in_order),
		TEST(a_pin_of_five_characters_is_refused_and_of_six_taken),
		TEST(a_pin_that_nobody_could_type_is_refused),
		TEST(a_missing_pin_is_named),
		TEST(a_card_that_is_in_use_is_named),
		TEST(a_slot_that_is_empty_or_given_twice_is_named),
		TEST(a_card_under_two_names_is_noticed_when_it_is_put_in),
		TEST(a_script_must_be_whole),
		QUORUM_TEST(k_cards_give_an_authority_for_that_body),
		QUORUM_TEST(a_wrong_pin_ends_a_script_with_the_card_and_the_time),
		QUORUM_TEST(a_blank_card_is_named_before_its_pin_is_read),
		QUORUM_TEST(a_pin_that_no_card_can_have_costs_no_try),
		QUORUM_TEST(the_same_card_again_is_named_before_its_pin_is_read),
		QUORUM_TEST(fewer_slots_than_the_quorum_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
