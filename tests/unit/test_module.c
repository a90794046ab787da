/* The module's state, clock, warrant and world: what is adopted, and what leaves the old state intact. */
#include "support/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "core_module.h"

static int setup(void **state)
{
	static struct core core;

	core_start(&core);
	*state = &core;
	return 0;
}

static int teardown(void **state)
{
	core_end(*state);
	return 0;
}

static uint64_t counter(struct core *core)
{
	struct sc_enquire_response out;
	SC_CLEANUP(core_answer) answer = { 0 };

	assert_ok(core_enquire(core->custody, 0, &(struct sc_enquire_request){}, &out, &answer), NULL);
	return out.counter;
}

static int64_t module_time(struct core *core)
{
	struct sc_enquire_response out;
	SC_CLEANUP(core_answer) answer = { 0 };

	assert_ok(core_enquire(core->custody, 0, &(struct sc_enquire_request){}, &out, &answer), NULL);
	return (int64_t)out.time;
}

static void write_state(struct core *core)
{
	assert_ok(sc_core_state_update(core->module->state, sc_core_state_keep, NULL, NULL), NULL);
}

/* -- the state --------------------------------------------------------------------------------- */

static void a_module_is_the_same_after_a_restart(void **state)
{
	struct core *core = *state;
	char esn[16];
	uint64_t before;

	core_make_world(core);
	core_make_region(core, "EU");
	strcpy(esn, sc_module_esn(core->module));
	before = counter(core);
	assert_ok(core_reopen(core, NULL), NULL);
	assert_string_equal(sc_module_esn(core->module), esn);
	assert_int_equal(sc_module_mode(core->module), SC_MODE_REGION);
	assert_int_equal(counter(core), before);
}

static void an_older_state_is_refused_by_name(void **state)
{
	struct core *core = *state;
	struct sc_error err = { 0 };
	SC_CLEANUP(sc_bytes) old_state = { 0 };
	SC_CLEANUP(sc_bytes) old_mark = { 0 };

	write_state(core);
	assert_ok(sc_bytes_copy(sc_bytes_view(&core->state), &old_state, NULL), NULL);
	assert_ok(sc_bytes_copy(sc_bytes_view(&core->mark), &old_mark, NULL), NULL);
	write_state(core);
	assert_ok(core_reopen(core, &err), &err);
	sc_bytes_free(&core->state);
	core->state = sc_steal(old_state);
	assert_status(core_reopen(core, &err), SC_ERR_ROLLED_BACK, &err);
	/* With its own mark it is accepted, as THREATS.md says. */
	sc_bytes_free(&core->mark);
	core->mark = sc_steal(old_mark);
	assert_ok(core_reopen(core, &err), &err);
}

static void an_older_mark_is_refused_unless_a_crash_explains_it(void **state)
{
	struct core *core = *state;
	SC_CLEANUP(sc_bytes) mark = { 0 };
	SC_CLEANUP(sc_bytes) older_mark = { 0 };

	assert_ok(sc_bytes_copy(sc_bytes_view(&core->mark), &older_mark, NULL), NULL);
	write_state(core);
	assert_ok(sc_bytes_copy(sc_bytes_view(&core->mark), &mark, NULL), NULL);
	write_state(core);
	sc_bytes_free(&core->mark);
	core->mark = sc_steal(older_mark);
	assert_status(core_reopen(core, NULL), SC_ERR_ROLLED_BACK, NULL);
	sc_bytes_free(&core->mark);
	core->mark = sc_steal(mark);
	assert_ok(core_reopen(core, NULL), NULL);
}

/* Killed between writing state and mark, restarted, and killed there again: nothing has been rolled back. */
static void two_crashes_between_state_and_mark_lose_nothing(void **state)
{
	struct core *core = *state;

	for (int crash = 0; crash < 3; crash++) {
		SC_CLEANUP(sc_bytes) mark = { 0 };
		struct sc_error err = { 0 };

		assert_ok(sc_bytes_copy(sc_bytes_view(&core->mark), &mark, NULL), NULL);
		write_state(core);
		sc_bytes_free(&core->mark);
		core->mark = sc_steal(mark);
		assert_ok(core_reopen(core, &err), &err);
	}
}

static void another_unlock_key_opens_nothing(void **state)
{
	struct core *core = *state;

	assert_ok(core_reopen(core, NULL), NULL);
	core->unlock.data[7] ^= 1;
	assert_status(core_reopen(core, NULL), SC_ERR_INTEGRITY, NULL);
	core->unlock.data[7] ^= 1;
	assert_ok(core_reopen(core, NULL), NULL);
}

static bool is_refused(const struct core *core, struct sc_view sealed, struct sc_view mark)
{
	struct sc_module *opened = NULL;
	const struct sc_module_options options = { 0 };
	sc_status status =
	    sc_module_open(&core->module->host, sealed, mark, &core->unlock, &options, &opened, NULL);

	sc_module_free(opened);
	return status == SC_ERR_INTEGRITY || status == SC_ERR_ENCODING || status == SC_ERR_FORMAT ||
	       status == SC_ERR_ROLLED_BACK || status == SC_ERR_TOO_LARGE;
}

static void an_altered_or_cut_state_or_mark_is_refused(void **state)
{
	struct core *core = *state;
	struct sc_view sealed = sc_bytes_view(&core->state);
	struct sc_view mark = sc_bytes_view(&core->mark);

	for (size_t i = 0; i < sealed.len; i++) {
		core->state.data[i] ^= 0x20;
		assert_true(is_refused(core, sealed, mark));
		core->state.data[i] ^= 0x20;
		assert_true(is_refused(core, sc_view_of(sealed.data, i), mark));
	}
	for (size_t i = 0; i < mark.len; i++) {
		core->mark.data[i] ^= 0x20;
		assert_true(is_refused(core, sealed, mark));
		core->mark.data[i] ^= 0x20;
		assert_true(is_refused(core, sealed, sc_view_of(mark.data, i)));
	}
	assert_false(is_refused(core, sealed, mark));
}

/* However often the mark cannot be written, the state on disk is one step ahead of it at most (M11). */
static void the_module_is_what_a_restart_would_find_even_without_a_mark(void **state)
{
	struct core *core = *state;
	SC_CLEANUP(sc_bytes) warrant = { 0 };
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(core->module->state);
	uint64_t before = counter(core);

	core_make_warrant(core, s->statement_key, s->esn.s, core_now, SC_YEAR, &warrant);
	core->save_status = SC_ERR_NOT_DURABLE;
	assert_status(core_install(core, sc_bytes_view(&warrant), NULL), SC_ERR_NOT_DURABLE, NULL);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sc_module_mode(core->module), SC_MODE_WARRANTED);
		assert_int_equal(counter(core), before + 1);
		assert_status(sc_core_state_update(core->module->state, sc_core_state_keep, NULL, NULL),
			      SC_ERR_NOT_DURABLE, NULL);
	}
	core->save_status = SC_OK;
	assert_ok(core_reopen(core, NULL), NULL);
	assert_int_equal(sc_module_mode(core->module), SC_MODE_WARRANTED);
	assert_ok(sc_core_state_update(core->module->state, sc_core_state_keep, NULL, NULL), NULL);
	assert_ok(core_reopen(core, NULL), NULL);
	assert_int_equal(counter(core), before + 2);
}

static void what_cannot_be_saved_is_not_adopted(void **state)
{
	struct core *core = *state;
	struct sc_world_begin_request in = {
		.suite = SC_SUITE_ECP521, .k = 1, .pins.count = 1, .custodians.count = 1
	};
	struct sc_world_begin_response out;
	SC_CLEANUP(core_answer) answer = { 0 };
	SC_CLEANUP(sc_bytes) warrant = { 0 };
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(core->module->state);
	uint64_t before = counter(core);

	core_make_warrant(core, s->statement_key, s->esn.s, core_now, SC_YEAR, &warrant);
	core->save_status = SC_ERR_SYSTEM;
	assert_status(core_install(core, sc_bytes_view(&warrant), NULL), SC_ERR_SYSTEM, NULL);
	assert_int_equal(sc_module_mode(core->module), SC_MODE_UNWARRANTED);
	core->save_status = SC_OK;
	assert_ok(core_install(core, sc_bytes_view(&warrant), NULL), NULL);
	in.pins.item[0] = core_pin(0);
	assert_ok(core_world_begin(core->custody, 0, &in, &out, &answer), NULL);
	core->save_status = SC_ERR_SYSTEM;
	assert_status(
	    core_world_commit(core->custody, 0, &(struct sc_world_commit_request){ out.world }, NULL, NULL),
	    SC_ERR_SYSTEM, NULL);
	assert_int_equal(sc_module_mode(core->module), SC_MODE_WARRANTED);
	assert_int_equal(counter(core), before + 1);
	core->save_status = SC_OK;
	assert_ok(core_reopen(core, NULL), NULL);
	assert_int_equal(sc_module_mode(core->module), SC_MODE_WARRANTED);
}

/* -- no request waits for a state that is being written ------------------------------------------ */

static void *enquire(void *core)
{
	(void)counter(core);
	return NULL;
}

static int joined;

static void enquire_meanwhile(void *context)
{
	struct core *core = context;
	struct timespec end;
	pthread_t thread;

	core->while_saving = NULL;
	assert_int_equal(pthread_create(&thread, NULL, enquire, core), 0);
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 60; /* only a failure takes this long */
	joined = pthread_timedjoin_np(thread, NULL, &end) == 0;
	if (!joined)
		pthread_detach(thread);
}

static void requests_go_on_while_a_state_is_written(void **state)
{
	struct core *core = *state;

	joined = 0;
	core->while_saving = enquire_meanwhile;
	write_state(core);
	assert_true(joined);
}

/* -- time -------------------------------------------------------------------------------------- */

static void a_clock_set_back_does_not_set_the_module_back(void **state)
{
	struct core *core = *state;
	int64_t seen = core_now;

	write_state(core);
	core_now -= 30 * SC_DAY;
	assert_int_equal(module_time(core), seen);
	assert_ok(core_reopen(core, NULL), NULL);
	assert_int_equal(module_time(core), seen);
	core_now = seen + 5;
	assert_int_equal(module_time(core), seen + 5);
}

static void time_goes_on_under_a_clock_that_was_set_back(void **state)
{
	struct core *core = *state;
	int64_t seen = core_now;

	write_state(core);
	core_now -= 30 * SC_DAY;
	core_monotonic += 90 * SC_SECOND;
	assert_int_equal(module_time(core), seen + 90);
	write_state(core);
	assert_ok(core_reopen(core, NULL), NULL);
	assert_int_equal(module_time(core), seen + 90);
}

/* -- the warrant ------------------------------------------------------------------------------- */

static void install(struct core *core, EVP_PKEY *key, const char *esn, int64_t from, int64_t lifetime,
		    sc_status expected)
{
	SC_CLEANUP(sc_bytes) warrant = { 0 };
	struct sc_error err = { 0 };

	core_make_warrant(core, key, esn, from, lifetime, &warrant);
	assert_status(core_install(core, sc_bytes_view(&warrant), &err), expected, &err);
	assert_int_equal(sc_module_mode(core->module),
			 expected == SC_OK ? SC_MODE_WARRANTED : SC_MODE_UNWARRANTED);
}

static void a_warrant_is_for_this_module_under_this_root_now(void **state)
{
	struct core *core = *state;
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(core->module->state);
	SC_CLEANUP(sc_pkey) other = EVP_EC_gen("P-256");

	install(core, s->statement_key, "0000-0000-0000", core_now, SC_YEAR, SC_ERR_EVIDENCE_ESN);
	install(core, other, s->esn.s, core_now, SC_YEAR, SC_ERR_EVIDENCE_ESN);
	install(core, s->statement_key, s->esn.s, core_now - 2 * SC_YEAR, SC_YEAR, SC_ERR_EVIDENCE_TIME);
	install(core, s->statement_key, s->esn.s, core_now + 60, SC_YEAR, SC_ERR_EVIDENCE_TIME);
	install(core, s->statement_key, s->esn.s, core_now, SC_YEAR, SC_OK);
}

static void the_root_is_the_one_whose_hash_was_typed_and_stays(void **state)
{
	struct core *core = *state;
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(core->module->state);
	SC_CLEANUP(sc_bytes) warrant = { 0 };
	SC_CLEANUP(sc_bytes) root = { 0 };
	struct sc_hash hash;

	core_make_warrant(core, s->statement_key, s->esn.s, core_now, SC_YEAR, &warrant);
	assert_ok(sc_x509_encode(core->root, &root, NULL), NULL);
	assert_ok(sc_certificate_key_hash(core->root, &hash, NULL), NULL);
	hash.b[31] ^= 1;
	assert_status(sc_module_install_warrant(core->module, sc_bytes_view(&root), sc_bytes_view(&warrant),
						&hash, NULL),
		      SC_ERR_EVIDENCE_ROOT, NULL);
	hash.b[31] ^= 1;
	/* The warrant in the root's place is refused whatever its hash. */
	assert_status(sc_module_install_warrant(core->module, sc_bytes_view(&warrant),
						sc_bytes_view(&warrant), &hash, NULL),
		      SC_ERR_EVIDENCE_USAGE, NULL);
	assert_ok(sc_module_install_warrant(core->module, sc_bytes_view(&root), sc_bytes_view(&warrant),
					    &hash, NULL),
		  NULL);
	core_new_root(core);
	sc_bytes_free(&warrant);
	core_make_warrant(core, s->statement_key, s->esn.s, core_now, SC_YEAR, &warrant);
	assert_status(core_install(core, sc_bytes_view(&warrant), NULL), SC_ERR_EXISTS, NULL);
}

/* -- the world --------------------------------------------------------------------------------- */

static sc_status begin(struct sc_core_session *session, struct sc_hash *world)
{
	struct sc_world_begin_request in = {
		.suite = SC_SUITE_ECP521, .k = 1, .pins.count = 1, .custodians.count = 1
	};
	struct sc_world_begin_response out;
	SC_CLEANUP(core_answer) answer = { 0 };

	in.pins.item[0] = core_pin(0);
	SC_TRY(core_world_begin(session, 0, &in, &out, &answer));
	*world = out.world;
	return SC_OK;
}

static sc_status commit(struct sc_core_session *session, struct sc_hash world)
{
	return core_world_commit(session, 0, &(struct sc_world_commit_request){ world }, NULL, NULL);
}

static void a_world_is_committed_where_it_was_begun_and_once(void **state)
{
	struct core *core = *state;
	struct sc_core_session *other = core_session(core, SC_ROLE_CUSTODY);
	struct sc_hash first;
	struct sc_hash second;
	struct sc_hash third;

	assert_status(begin(core->custody, &first), SC_ERR_NO_WARRANT, NULL);
	core_make_warranted(core);
	assert_ok(begin(core->custody, &first), NULL);
	assert_ok(begin(other, &second), NULL);
	assert_status(commit(other, first), SC_ERR_STATE, NULL);
	assert_status(commit(core->custody, second), SC_ERR_STATE, NULL);
	/* Only the last world begun on a connection is pending there. */
	assert_ok(begin(core->custody, &third), NULL);
	assert_status(commit(core->custody, first), SC_ERR_STATE, NULL);
	assert_int_equal(sc_module_mode(core->module), SC_MODE_WARRANTED);
	assert_ok(commit(core->custody, third), NULL);
	assert_status(commit(other, second), SC_ERR_HAS_WORLD, NULL);
	assert_status(begin(other, &second), SC_ERR_HAS_WORLD, NULL);
	sc_core_session_free(other);
}

static void a_card_set_has_no_more_cards_than_a_world_can(void **state)
{
	struct core *core = *state;
	struct sc_world_begin_request in = { .suite = SC_SUITE_ECP521, .k = 1 };

	core_make_warranted(core);
	for (uint32_t i = 0; i < SC_CARDS_MAX + 1; i++)
		in.pins.item[i] = core_pin(0);
	in.pins.count = in.custodians.count = SC_CARDS_MAX + 1;
	assert_status(core_world_begin(core->custody, 0, &in, NULL, NULL), SC_ERR_ARGUMENT, NULL);
	in.pins.count = in.custodians.count = SC_CARDS_MAX;
	assert_ok(core_world_begin(core->custody, 0, &in, NULL, NULL), NULL);
}

/* Three characters of two bytes each are a PIN of three, whatever sent it: the tools are not trusted. */
static void a_pin_is_measured_in_characters(void **state)
{
	struct core *core = *state;
	struct sc_world_begin_request in = {
		.suite = SC_SUITE_ECP521, .k = 1, .pins.count = 2, .custodians.count = 2
	};
	SC_CLEANUP(core_answer) answer = { 0 };

	core_make_warranted(core);
	in.pins.item[0] = sc_view_text("éàüöäñ");
	in.pins.item[1] = sc_view_text("éàü");
	assert_status(core_world_begin(core->custody, 0, &in, NULL, &answer), SC_ERR_PIN_SHORT, NULL);
	assert_int_equal(answer.header.numbers[0], 2);
	in.pins.item[1] = sc_view_text("éàüöä");
	assert_status(core_world_begin(core->custody, 0, &in, NULL, NULL), SC_ERR_PIN_SHORT, NULL);
	in.pins.item[1] = sc_view_text("éàüöäñ");
	assert_ok(core_world_begin(core->custody, 0, &in, NULL, NULL), NULL);
}

/* Another connection's commit, after this one's mode check and before its own change. */
static struct sc_core_session *racer;
static struct sc_hash racer_world;

static void commit_in_between(void)
{
	assert_ok(commit(racer, racer_world), NULL);
}

static void of_two_commits_at_once_one_is_refused(void **state)
{
	struct core *core = *state;
	struct sc_hash world;

	core_make_warranted(core);
	racer = core_session(core, SC_ROLE_CUSTODY);
	assert_ok(begin(core->custody, &world), NULL);
	assert_ok(begin(racer, &racer_world), NULL);
	core_in_between = commit_in_between;
	assert_status(commit(core->custody, world), SC_ERR_HAS_WORLD, NULL);
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(core->module->state);
	assert_true(sc_hash_equals(&s->world, &racer_world));
	sc_core_session_free(racer);
}

static struct core *raced;

static void become_another_region(void)
{
	core_make_region(raced, "NA");
}

static sc_status region_init(struct core *core, const struct sc_region_init_request *in)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
	uint64_t authority;

	sc_region_init_request_write(&body, in);
	authority = core_quorum(core, core->custody, SC_COMMAND_REGION_INIT, sc_writer_view(&body));
	core_in_between = raced ? become_another_region : NULL;
	return core_region_init(core->custody, authority, in, NULL, NULL);
}

static void a_region_is_not_exchanged_even_by_one_that_is_quicker(void **state)
{
	struct core *core = *state;
	SC_CLEANUP(sc_bytes) certificate = { 0 };
	struct sc_region_init_request in;

	core_make_world(core);
	core_region_certificate(core, "EU", &certificate);
	in = (struct sc_region_init_request){ sc_bytes_view(&core->world_file), sc_bytes_view(&certificate) };
	raced = core;
	assert_status(region_init(core, &in), SC_ERR_EVIDENCE_REGION, NULL);
	raced = NULL;
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(core->module->state);
	assert_true(sc_text_equals(&s->region, "NA"));
	/* And now it is known from the start. */
	assert_status(region_init(core, &in), SC_ERR_EVIDENCE_REGION, NULL);
}

/* -- whom it trusts ---------------------------------------------------------------------------- */

/* Adds as many further roots and revoked modules as a world can have. */
static sc_status believe_others(struct sc_module_state *state, void *root, struct sc_error *err)
{
	for (unsigned i = 0; i < SC_ROOTS_MAX; i++) {
		struct sc_source_root *further =
		    (struct sc_source_root *)ASN1_item_new(ASN1_ITEM_rptr(sc_source_root));

		assert_true(further && sk_sc_source_root_push(state->world->roots, further) > 0);
		SC_TRY(sc_octets_set(&further->certificate, sc_bytes_view(root), err));
	}
	for (unsigned i = 0; i < SC_REVOKED_MAX; i++) {
		struct sc_revoked_esn *revoked =
		    (struct sc_revoked_esn *)ASN1_item_new(ASN1_ITEM_rptr(sc_revoked_esn));

		SC_TRY(sc_check_allocated(revoked, err));
		assert_true(sk_sc_revoked_esn_push(state->world->revoked, revoked) > 0);
		snprintf(revoked->esn.s, sizeof revoked->esn.s, "0000-0000-%04X", i);
	}
	return SC_OK;
}

/* EVIDENCE returns all that the module itself judges by, so that a verifier reaches the same verdict. */
static void whom_it_believes_is_told_whole(void **state)
{
	struct core *core = *state;
	SC_CLEANUP(sc_bytes) root = { 0 };
	struct sc_evidence_response out;
	SC_CLEANUP(core_answer) answer = { 0 };
	struct sc_evidence_trust trust;

	core_make_world(core);
	assert_ok(core_evidence(core->custody, 0, &(struct sc_evidence_request){}, &out, &answer), NULL);
	assert_int_equal(out.source_roots.count + out.revoked.count, 0);
	core_answer_free(&answer);
	assert_ok(sc_x509_encode(core->root, &root, NULL), NULL);
	assert_ok(sc_core_state_update(core->module->state, believe_others, &root, NULL), NULL);
	assert_ok(core_reopen(core, NULL), NULL);
	assert_ok(core_evidence(core->custody, 0, &(struct sc_evidence_request){}, &out, &answer), NULL);
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(core->module->state);
	trust = sc_snapshot_trust(s, core_now);
	assert_view_equal(out.root, sc_bytes_view(&root));
	assert_int_equal(out.source_roots.count, SC_ROOTS_MAX);
	assert_int_equal(out.source_roots.count, trust.root_count - 1);
	assert_view_equal(out.source_roots.item[SC_ROOTS_MAX - 1], sc_bytes_view(&root));
	assert_int_equal(out.revoked.count, SC_REVOKED_MAX);
	assert_int_equal(out.revoked.count, trust.revoked_count);
	for (uint32_t i = 0; i < out.revoked.count; i++)
		assert_view_equal(out.revoked.item[i], sc_view_text(trust.revoked[i]));
}

/* Reads what is written to standard error while the request is sent so many times on a connection. */
static size_t refuse_often(struct core *core, unsigned times, bool ends, char *text, size_t max)
{
	struct sc_core_session *session = core_session(core, SC_ROLE_USE);
	struct core_log log;

	core_log_begin(&log);
	for (unsigned i = 0; i < times; i++)
		assert_int_equal(core_send(session, SC_COMMAND_WORLD_COMMIT, 0, (struct sc_view){ 0 }, NULL),
				 SC_ERR_ROLE);
	if (!ends) {
		core_monotonic += SC_CORE_SESSION_PERIOD;
		assert_int_equal(core_send(session, SC_COMMAND_WORLD_COMMIT, 0, (struct sc_view){ 0 }, NULL),
				 SC_ERR_ROLE);
		/* Logged with the next refusal, and not again at the end. */
	}
	sc_core_session_free(session);
	return core_log_end(&log, text, max);
}

static void a_connection_fills_no_log_with_refusals(void **state)
{
	static char text[8192];

	assert_int_equal(refuse_often(*state, SC_CORE_SESSION_LINES, true, text, sizeof text),
			 SC_CORE_SESSION_LINES);
	assert_int_equal(refuse_often(*state, SC_CORE_SESSION_LINES + 300, true, text, sizeof text),
			 SC_CORE_SESSION_LINES + 1);
	assert_non_null(strstr(text, "300 of its lines were left out\n"));
	assert_int_equal(refuse_often(*state, SC_CORE_SESSION_LINES + 40, false, text, sizeof text),
			 SC_CORE_SESSION_LINES + 1);
	assert_non_null(strstr(text, "(40 before it were left out)\n"));
	/* Another connection has lines of its own. */
	assert_int_equal(refuse_often(*state, 1, true, text, sizeof text), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(a_module_is_the_same_after_a_restart),
		TEST(an_older_state_is_refused_by_name),
		TEST(an_older_mark_is_refused_unless_a_crash_explains_it),
		TEST(two_crashes_between_state_and_mark_lose_nothing),
		TEST(another_unlock_key_opens_nothing),
		TEST(an_altered_or_cut_state_or_mark_is_refused),
		TEST(the_module_is_what_a_restart_would_find_even_without_a_mark),
		TEST(what_cannot_be_saved_is_not_adopted),
		TEST(requests_go_on_while_a_state_is_written),
		TEST(a_clock_set_back_does_not_set_the_module_back),
		TEST(time_goes_on_under_a_clock_that_was_set_back),
		TEST(a_warrant_is_for_this_module_under_this_root_now),
		TEST(the_root_is_the_one_whose_hash_was_typed_and_stays),
		TEST(a_world_is_committed_where_it_was_begun_and_once),
		TEST(of_two_commits_at_once_one_is_refused),
		TEST(a_region_is_not_exchanged_even_by_one_that_is_quicker),
		TEST(a_card_set_has_no_more_cards_than_a_world_can),
		TEST(a_pin_is_measured_in_characters),
		TEST(whom_it_believes_is_told_whole),
		TEST(a_connection_fills_no_log_with_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
