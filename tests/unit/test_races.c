/*
 * Everything at once, on shared connections: for the thread sanitizer, which detects unguarded data, and for
 * quorums and PIN tries that several requests compete for. In a plain build it shows that nothing is lost or
 * answered twice.
 */
#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core_module.h"

#define THREADS 4
#define ROUNDS  60

static struct core core;
static struct sc_core_session *use;
static struct sc_bytes blobs[THREADS];
static struct sc_hash keys[THREADS];
static atomic_uint wrong_answers;

static void expect(sc_status status, sc_status one, sc_status other)
{
	if (status != one && status != other)
		atomic_fetch_add(&wrong_answers, 1);
}

static void setup_keys(void)
{
	SC_CLEANUP(sc_acl) acl = NULL;

	assert_ok(sc_acl_arrival(&(struct sc_key_type){ SC_ALGORITHM_RSA, 2048 }, &core.world, &acl, NULL),
		  NULL);
	for (size_t i = 0; i < THREADS; i++) {
		core_seal(&core, core_rsa_key(), SC_APPLICATION_SIMPLE, NULL, acl, &blobs[i]);
		assert_ok(core_load(use, sc_bytes_view(&blobs[i]), &keys[i]), NULL);
	}
}

static int setup(void **state)
{
	(void)state;
	core_start(&core);
	core_make_world(&core);
	use = core_session(&core, SC_ROLE_USE);
	atomic_store(&wrong_answers, 0);
	setup_keys();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sc_core_session_free(use);
	for (size_t i = 0; i < THREADS; i++)
		sc_bytes_free(&blobs[i]);
	core_end(&core);
	return 0;
}

static void run(void *(*work)(void *))
{
	pthread_t threads[THREADS];
	size_t numbers[THREADS];

	for (size_t i = 0; i < THREADS; i++) {
		numbers[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, work, &numbers[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&wrong_answers), 0);
}

/* -- uses, loads, evictions and changes of the state ---------------------------------------------- */

static void *use_keys(void *number)
{
	static const uint8_t digest[32];
	size_t mine = *(size_t *)number;

	for (int round = 0; round < ROUNDS; round++) {
		size_t which = (mine + (size_t)round) % THREADS;
		const struct sc_sign_request sign = {
			keys[which], { 0 }, SC_MECHANISM_RS256, { digest, sizeof digest }
		};
		SC_CLEANUP(sc_core_key) other = NULL;
		struct sc_hash loaded;

		expect(core_sign(use, 0, &sign, NULL, NULL), SC_OK, SC_ERR_NOT_LOADED);
		expect(core_load(use, sc_bytes_view(&blobs[which]), &loaded), SC_OK, SC_OK);
		if (round % 8 == 0)
			expect(sc_core_state_update(core.module->state, sc_core_state_keep, NULL, NULL),
			       SC_OK, SC_OK);
		if (round % 5 == 0)
			other = sc_cache_get(core.module->cache, &keys[(which + 1) % THREADS]);
		if (other)
			sc_cache_forget(core.module->cache, other);
		expect(core_enquire(use, 0, &(struct sc_enquire_request){}, NULL, NULL), SC_OK, SC_OK);
	}
	return NULL;
}

static void keys_are_used_while_they_come_and_go(void **state)
{
	(void)state;
	run(use_keys);
}

/* -- one quorum, many requests -------------------------------------------------------------------- */

static uint64_t shared_quorum;
static atomic_uint opened;

static void *spend_quorum(void *number)
{
	struct sc_acl_replace_request in = { .key = keys[0] };

	(void)number;
	/* The key's ACL refuses the first request. The others find no quorum. */
	if (core_acl_replace(core.custody, shared_quorum, &in, NULL, NULL) == SC_ERR_ACL)
		atomic_fetch_add(&opened, 1);
	return NULL;
}

static void a_quorum_is_spent_once_however_many_ask(void **state)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
	const struct sc_acl_replace_request in = { .key = keys[0] };

	(void)state;
	sc_acl_replace_request_write(&body, &in);
	shared_quorum = core_quorum(&core, core.custody, SC_COMMAND_ACL_REPLACE, sc_writer_view(&body));
	atomic_store(&opened, 0);
	run(spend_quorum);
	assert_int_equal(atomic_load(&opened), 1);
}

static atomic_uint tries;

static void *guess_pin(void *number)
{
	const struct sc_quorum_open_request open = { .command = SC_COMMAND_ACL_REPLACE };
	struct sc_core_session *session = core_session(&core, SC_ROLE_CUSTODY);
	struct sc_quorum_open_response opened_now;
	SC_CLEANUP(core_answer) answer = { 0 };
	struct sc_quorum_card_request card = { 0, sc_bytes_view(&core.cards[0]), sc_view_text("wrong PIN") };
	sc_status status;

	(void)number;
	expect(core_quorum_open(session, 0, &open, &opened_now, &answer), SC_OK, SC_OK);
	card.authority = opened_now.authority;
	status = core_quorum_card(session, 0, &card, NULL, NULL);
	expect(status, SC_ERR_CARD_PIN, SC_ERR_CARD_WAIT);
	if (status == SC_ERR_CARD_PIN)
		atomic_fetch_add(&tries, 1);
	sc_core_session_free(session);
	return NULL;
}

static void many_connections_get_one_try_at_a_pin(void **state)
{
	(void)state;
	atomic_store(&tries, 0);
	run(guess_pin);
	assert_int_equal(atomic_load(&tries), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keys_are_used_while_they_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(a_quorum_is_spent_once_however_many_ask, setup, teardown),
		cmocka_unit_test_setup_teardown(many_connections_get_one_try_at_a_pin, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
