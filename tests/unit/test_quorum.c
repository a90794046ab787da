/* Cards and quorums: K cards for one command and body, on one connection, for ten minutes. */
#include "support/test.h"

#include "base/clock.h"
#include "core_module.h"
#include "formats/card.h"

static struct core core;
static const struct sc_view no_body;

static int setup(void **state)
{
	(void)state;
	core_start(&core);
	core_make_world(&core);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	core_end(&core);
	return 0;
}

/* -- quorums ----------------------------------------------------------------------------------- */

/* ACL_REPLACE of a key that is not loaded: the answer NOT_LOADED shows that the quorum was accepted. */
static void replace_body(struct sc_writer *body, uint8_t which)
{
	const struct sc_acl_replace_request in = { .key.b[0] = which };

	sc_acl_replace_request_write(body, &in);
	assert_false(body->failed);
}

static sc_status replace(struct sc_core_session *session, uint64_t authority, uint8_t which)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	replace_body(&body, which);
	return core_send(session, SC_COMMAND_ACL_REPLACE, authority, sc_writer_view(&body), NULL);
}

static uint64_t open_for_replace(struct sc_core_session *session, uint8_t which)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	replace_body(&body, which);
	return core_open_quorum(session, SC_COMMAND_ACL_REPLACE, sc_writer_view(&body));
}

static uint64_t quorum_for_replace(struct sc_core_session *session, uint8_t which)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	replace_body(&body, which);
	return core_quorum(&core, session, SC_COMMAND_ACL_REPLACE, sc_writer_view(&body));
}

static void a_quorum_is_k_cards(void **state)
{
	uint64_t authority = open_for_replace(core.custody, 1);

	(void)state;
	assert_status(replace(core.custody, authority, 1), SC_ERR_QUORUM, NULL);
	authority = open_for_replace(core.custody, 1);
	assert_ok(core_present(&core, core.custody, authority, 2, NULL, NULL), NULL);
	assert_status(replace(core.custody, authority, 1), SC_ERR_QUORUM, NULL);
	authority = open_for_replace(core.custody, 1);
	assert_ok(core_present(&core, core.custody, authority, 2, NULL, NULL), NULL);
	assert_ok(core_present(&core, core.custody, authority, 0, NULL, NULL), NULL);
	assert_status(core_present(&core, core.custody, authority, 1, NULL, NULL), SC_ERR_QUORUM, NULL);
	assert_status(replace(core.custody, authority, 1), SC_ERR_NOT_LOADED, NULL);
}

static void a_key_that_is_not_loaded_spends_no_quorum(void **state)
{
	uint64_t authority = quorum_for_replace(core.custody, 1);

	(void)state;
	assert_status(replace(core.custody, authority, 1), SC_ERR_NOT_LOADED, NULL);
	assert_status(replace(core.custody, authority, 1), SC_ERR_NOT_LOADED, NULL);
	/* Other arguments do spend it, and then it is gone for the right ones too. */
	assert_status(replace(core.custody, authority, 2), SC_ERR_QUORUM, NULL);
	assert_status(replace(core.custody, authority, 1), SC_ERR_QUORUM, NULL);
}

static void a_quorum_is_for_one_command(void **state)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
	uint64_t authority;

	(void)state;
	replace_body(&body, 1);
	authority = core_quorum(&core, core.custody, SC_COMMAND_REGION_INIT, sc_writer_view(&body));
	assert_status(replace(core.custody, authority, 1), SC_ERR_QUORUM, NULL);
	/* A command that needs no quorum does not take one, and none can be opened for it. */
	authority = quorum_for_replace(core.custody, 1);
	assert_status(core_send(core.custody, SC_COMMAND_ENQUIRE, authority, no_body, NULL), SC_ERR_QUORUM,
		      NULL);
	assert_ok(core_send(core.custody, SC_COMMAND_ENQUIRE, 0, no_body, NULL), NULL);
	assert_status(core_quorum_open(core.custody, 0,
				       &(struct sc_quorum_open_request){ .command = SC_COMMAND_SIGN }, NULL,
				       NULL),
		      SC_ERR_QUORUM, NULL);
}

static void a_quorum_belongs_to_its_connection(void **state)
{
	struct sc_core_session *other = core_session(&core, SC_ROLE_CUSTODY);
	uint64_t authority = open_for_replace(core.custody, 1);

	(void)state;
	assert_status(core_present(&core, other, authority, 0, NULL, NULL), SC_ERR_QUORUM, NULL);
	assert_ok(core_present(&core, core.custody, authority, 0, NULL, NULL), NULL);
	assert_ok(core_present(&core, core.custody, authority, 1, NULL, NULL), NULL);
	assert_status(replace(other, authority, 1), SC_ERR_QUORUM, NULL);
	assert_status(replace(core.custody, authority, 1), SC_ERR_NOT_LOADED, NULL);
	sc_core_session_free(other);
}

static void a_quorum_lasts_ten_minutes_and_not_a_moment_longer(void **state)
{
	uint64_t authority = quorum_for_replace(core.custody, 1);

	(void)state;
	core_monotonic += SC_QUORUM_SECONDS * SC_SECOND - 1;
	/* Calendar time does not matter. */
	core_now += 2 * SC_QUORUM_SECONDS;
	assert_status(replace(core.custody, authority, 1), SC_ERR_NOT_LOADED, NULL);
	core_monotonic++;
	assert_status(replace(core.custody, authority, 1), SC_ERR_QUORUM, NULL);
	authority = open_for_replace(core.custody, 1);
	assert_ok(core_present(&core, core.custody, authority, 0, NULL, NULL), NULL);
	core_monotonic += SC_QUORUM_SECONDS * SC_SECOND;
	assert_status(core_present(&core, core.custody, authority, 1, NULL, NULL), SC_ERR_QUORUM, NULL);
}

static void only_so_many_quorums_are_open_at_once(void **state)
{
	const struct sc_quorum_open_request in = { .command = SC_COMMAND_ACL_REPLACE };

	(void)state;
	for (int i = 0; i < SC_QUORUMS_MAX; i++)
		(void)open_for_replace(core.custody, 1);
	assert_status(core_quorum_open(core.custody, 0, &in, NULL, NULL), SC_ERR_QUORUM_LIMIT, NULL);
	core_monotonic += SC_QUORUM_SECONDS * SC_SECOND;
	assert_ok(core_quorum_open(core.custody, 0, &in, NULL, NULL), NULL);
}

static uint64_t presented; /* the quorum whose card is being checked */
static unsigned interrupted;

/* What a client pipelines behind a card arrives while the card is checked. */
static void open_another(void *context)
{
	const struct sc_quorum_open_request in = { .command = SC_COMMAND_ACL_REPLACE };

	(void)context;
	core.while_saving = NULL;
	interrupted++;
	assert_status(core_quorum_open(core.custody, 0, &in, NULL, NULL), SC_ERR_QUORUM_LIMIT, NULL);
}

static void a_quorum_keeps_its_place_while_a_card_is_checked(void **state)
{
	uint64_t authority = open_for_replace(core.custody, 1);

	(void)state;
	for (int i = 1; i < SC_QUORUMS_MAX; i++)
		(void)open_for_replace(core.custody, 1);
	interrupted = 0;
	core.while_saving = open_another;
	assert_ok(core_present(&core, core.custody, authority, 0, NULL, NULL), NULL);
	assert_int_equal(interrupted, 1);
	assert_ok(core_present(&core, core.custody, authority, 1, NULL, NULL), NULL);
	assert_status(replace(core.custody, authority, 1), SC_ERR_NOT_LOADED, NULL);
}

static void expire_and_open_another(void *context)
{
	const struct sc_quorum_open_request in = { .command = SC_COMMAND_ACL_REPLACE };

	(void)context;
	core.while_saving = NULL;
	core_monotonic += SC_QUORUM_SECONDS * SC_SECOND;
	for (int i = 1; i < SC_QUORUMS_MAX; i++)
		assert_ok(core_quorum_open(core.custody, 0, &in, NULL, NULL), NULL);
	assert_status(core_quorum_open(core.custody, 0, &in, NULL, NULL), SC_ERR_QUORUM_LIMIT, NULL);
}

static void a_quorum_that_expires_while_it_is_used_is_freed_afterwards(void **state)
{
	uint64_t authority = open_for_replace(core.custody, 1);

	(void)state;
	core.while_saving = expire_and_open_another;
	assert_ok(core_present(&core, core.custody, authority, 0, NULL, NULL), NULL);
	assert_status(core_present(&core, core.custody, authority, 1, NULL, NULL), SC_ERR_QUORUM, NULL);
	(void)open_for_replace(core.custody, 1);
}

static void present_again(void *context)
{
	(void)context;
	core.while_saving = NULL;
	assert_status(core_present(&core, core.custody, presented, 1, NULL, NULL), SC_ERR_QUORUM_IN_USE,
		      NULL);
}

static void a_quorum_that_another_request_uses_is_refused_by_name(void **state)
{
	(void)state;
	presented = open_for_replace(core.custody, 1);
	core.while_saving = present_again;
	assert_ok(core_present(&core, core.custody, presented, 0, NULL, NULL), NULL);
	assert_ok(core_present(&core, core.custody, presented, 1, NULL, NULL), NULL);
	assert_status(replace(core.custody, presented, 1), SC_ERR_NOT_LOADED, NULL);
}

/* -- cards ------------------------------------------------------------------------------------- */

static sc_status present(struct sc_view card, struct sc_wire_response_header *header)
{
	const struct sc_quorum_card_request in = { open_for_replace(core.custody, 1), card, core_pin(0) };
	SC_CLEANUP(core_answer) answer = { 0 };
	sc_status status = core_quorum_card(core.custody, 0, &in, NULL, &answer);

	*header = answer.header;
	core_monotonic += SC_QUORUM_SECONDS * SC_SECOND; /* makes room for the next quorum */
	return status;
}

static void a_card_with_any_byte_altered_is_refused_before_its_pin(void **state)
{
	struct sc_bytes *card = &core.cards[0];
	struct sc_wire_response_header header;
	unsigned saves = core.saves;

	(void)state;
	for (size_t i = 0; i < card->len; i++) {
		sc_status status;

		card->data[i] ^= 1;
		status = present(sc_bytes_view(card), &header);
		card->data[i] ^= 1;
		/* Refused by its tag, or as a card of another world or generation. No try is counted. */
		assert_true(status == SC_ERR_CARD_ALTERED || status == SC_ERR_CARD_FOREIGN ||
			    status == SC_ERR_CARD_OLD);
		assert_int_equal(core.saves, saves);
	}
	assert_ok(present(sc_bytes_view(card), &header), NULL);
}

/* A card with a valid tag of this world, as if made by a module that allows weaker stretching (rule C1). */
static void a_card_with_weaker_stretching_than_allowed_is_refused(void **state)
{
	struct sc_module_options *options = &core.module->options;
	struct sc_view card = sc_bytes_view(&core.cards[0]);
	struct sc_wire_response_header header;
	unsigned saves = core.saves;

	(void)state;
	options->argon2_passes++;
	assert_status(present(card, &header), SC_ERR_CARD_ALTERED, NULL);
	assert_int_equal(header.numbers[0], 1);
	options->argon2_passes--;
	options->argon2_memory++;
	assert_status(present(card, &header), SC_ERR_CARD_ALTERED, NULL);
	options->argon2_memory--;
	/* Refused before the PIN is checked: no try is counted. */
	assert_int_equal(core.saves, saves);
	assert_ok(present(card, &header), NULL);
}

static void a_card_counts_once(void **state)
{
	struct sc_wire_response_header header;
	uint64_t authority = open_for_replace(core.custody, 1);

	(void)state;
	assert_ok(core_present(&core, core.custody, authority, 1, NULL, NULL), NULL);
	assert_status(core_present(&core, core.custody, authority, 1, NULL, &header), SC_ERR_CARD_DUPLICATE,
		      NULL);
	assert_int_equal(header.numbers[0], 2);
	assert_ok(core_present(&core, core.custody, authority, 2, NULL, NULL), NULL);
	assert_status(replace(core.custody, authority, 1), SC_ERR_NOT_LOADED, NULL);
}

static void a_card_of_another_world_is_named(void **state)
{
	static struct core other;
	struct sc_wire_response_header header;

	(void)state;
	core_start(&other);
	core_make_world(&other);
	assert_status(present(sc_bytes_view(&other.cards[0]), &header), SC_ERR_CARD_FOREIGN, NULL);
	core_end(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(a_quorum_is_k_cards),
		TEST(a_key_that_is_not_loaded_spends_no_quorum),
		TEST(a_quorum_is_for_one_command),
		TEST(a_quorum_belongs_to_its_connection),
		TEST(a_quorum_lasts_ten_minutes_and_not_a_moment_longer),
		TEST(only_so_many_quorums_are_open_at_once),
		TEST(a_quorum_keeps_its_place_while_a_card_is_checked),
		TEST(a_quorum_that_expires_while_it_is_used_is_freed_afterwards),
		TEST(a_quorum_that_another_request_uses_is_refused_by_name),
		TEST(a_card_with_any_byte_altered_is_refused_before_its_pin),
		TEST(a_card_with_weaker_stretching_than_allowed_is_refused),
		TEST(a_card_counts_once),
		TEST(a_card_of_another_world_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
