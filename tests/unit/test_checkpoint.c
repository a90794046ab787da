/* CHECKPOINT (rule F6): what the module has done for one daemon, over a hash that the daemon gives. */
#include "support/test.h"

#include <string.h>

#include "core_module.h"
#include "formats/describe.h"
#include "formats/oid.h"

static struct core core;
static struct sc_core_session *vaultd;

static int setup(void **state)
{
	(void)state;
	core_start(&core);
	core_make_world(&core);
	vaultd = core_service(&core, "vaultd", SC_APPLICATION_VAULT, SC_APPLICATION_VAULT);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sc_core_session_free(vaultd);
	core_end(&core);
	return 0;
}

/* Asks for a checkpoint over that hash, and verifies it as anyone would. */
static struct sc_evidence *checkpoint(struct sc_core_session *session, const struct sc_hash *digest)
{
	const struct sc_evidence_trust trust = { .roots = &core.root, .root_count = 1, .now = core_now };
	const struct sc_checkpoint_request in = { *digest };
	struct sc_checkpoint_response out;
	SC_CLEANUP(core_answer) answer = { 0 };
	struct sc_evidence *evidence = NULL;
	struct sc_error err = { 0 };

	assert_ok(core_checkpoint(session, 0, &in, &out, &answer), NULL);
	assert_ok(sc_statement_verify(out.statement, SC_OID_CHECKPOINT, &trust, SC_EVIDENCE_TIME_STATED,
				      &evidence, &err),
		  &err);
	assert_non_null(evidence->checkpoint);
	return evidence;
}

static uint64_t done(const struct sc_evidence *evidence, enum sc_command command)
{
	const STACK_OF(sc_command_count) *counts = evidence->checkpoint->done;

	for (int i = 0; i < sk_sc_command_count_num(counts); i++)
		if (sk_sc_command_count_value(counts, i)->command == (uint32_t)command)
			return sk_sc_command_count_value(counts, i)->done;
	return 0;
}

static void enquire(struct sc_core_session *session)
{
	assert_ok(core_enquire(session, 0, &(struct sc_enquire_request){}, NULL, NULL), NULL);
}

static void it_names_the_hash_the_daemon_the_module_and_the_time(void **state)
{
	const struct sc_hash digest = (struct sc_hash){ { 3, 4 } };
	SC_CLEANUP(sc_evidence) e = checkpoint(vaultd, &digest);

	(void)state;
	assert_true(sc_hash_equals(&e->checkpoint->digest, &digest));
	assert_string_equal(e->checkpoint->daemon.s, "vaultd");
	assert_string_equal(e->checkpoint->esn.s, sc_module_esn(core.module));
	assert_true(sc_hash_equals(&e->checkpoint->world, &core.world));
	assert_string_equal(e->checkpoint->region.s, "");
	assert_true(e->checkpoint->time == core_now);
	assert_true(e->checkpoint->sequence == 1);
}

static void each_daemon_has_its_own_sequence_and_counts(void **state)
{
	const struct sc_hash digest = (struct sc_hash){ { 3, 4 } };
	struct sc_core_session *other = core_service(&core, "other", SC_APPLICATION_TLS, SC_APPLICATION_TLS);
	struct sc_core_session *again =
	    core_service(&core, "vaultd", SC_APPLICATION_VAULT, SC_APPLICATION_VAULT);
	struct sc_hash key;

	(void)state;
	enquire(vaultd);
	enquire(again);
	enquire(other);
	enquire(core.custody);
	/* What was refused was not done. */
	assert_status(core_load(vaultd, sc_view_text("no blob"), &key), SC_ERR_ENCODING, NULL);
	sc_core_session_free(again);
	for (uint64_t i = 1; i <= 3; i++) {
		SC_CLEANUP(sc_evidence) e = checkpoint(vaultd, &digest);

		assert_true(e->checkpoint->sequence == i);
		assert_true(done(e, SC_COMMAND_ENQUIRE) == 2);
		assert_true(done(e, SC_COMMAND_CHECKPOINT) == i - 1);
		assert_true(done(e, SC_COMMAND_KEY_LOAD) == 0);
	}
	SC_CLEANUP(sc_evidence) e = checkpoint(other, &digest);
	assert_true(e->checkpoint->sequence == 1);
	assert_true(done(e, SC_COMMAND_ENQUIRE) == 1);
	sc_core_session_free(other);
}

static void a_restart_is_seen(void **state)
{
	const struct sc_hash digest = (struct sc_hash){ { 3, 4 } };
	SC_CLEANUP(sc_evidence) before = checkpoint(vaultd, &digest);
	struct sc_error err = { 0 };

	(void)state;
	sc_core_session_free(vaultd);
	assert_ok(core_reopen(&core, &err), &err);
	vaultd = core_service(&core, "vaultd", SC_APPLICATION_VAULT, SC_APPLICATION_VAULT);
	SC_CLEANUP(sc_evidence) after = checkpoint(vaultd, &digest);
	assert_true(after->checkpoint->sequence == 1);
	assert_false(sc_hash_equals(&before->checkpoint->start, &after->checkpoint->start));
}

static void a_region_s_module_signs_as_its_member(void **state)
{
	const struct sc_hash digest = (struct sc_hash){ { 3, 4 } };

	(void)state;
	core_make_region(&core, "EU");
	SC_CLEANUP(sc_evidence) e = checkpoint(vaultd, &digest);
	assert_string_equal(e->checkpoint->region.s, "EU");
	assert_non_null(e->member);
	assert_non_null(e->region);
}

static void only_a_service_socket_has_one(void **state)
{
	const struct sc_checkpoint_request in = { { { 1 } } };
	struct sc_core_session *use = core_session(&core, SC_ROLE_USE);

	(void)state;
	assert_status(core_checkpoint(core.custody, 0, &in, NULL, NULL), SC_ERR_ROLE, NULL);
	assert_status(core_checkpoint(use, 0, &in, NULL, NULL), SC_ERR_ROLE, NULL);
	sc_core_session_free(use);
}

static void a_change_to_it_is_refused_and_it_is_no_other_statement(void **state)
{
	const struct sc_evidence_trust trust = { .roots = &core.root, .root_count = 1, .now = core_now };
	const struct sc_checkpoint_request in = { { { 1 } } };
	struct sc_checkpoint_response out;
	SC_CLEANUP(core_answer) answer = { 0 };
	SC_CLEANUP(sc_bytes) changed = { 0 };
	SC_CLEANUP(sc_evidence) e = NULL;

	(void)state;
	assert_ok(core_checkpoint(vaultd, 0, &in, &out, &answer), NULL);
	assert_status(
	    sc_statement_verify(out.statement, SC_OID_KEY_STATEMENT, &trust, SC_EVIDENCE_TIME_NOW, &e, NULL),
	    SC_ERR_FORMAT, NULL);
	assert_ok(sc_bytes_copy(out.statement, &changed, NULL), NULL);
	for (size_t i = 0; i < changed.len; i++) {
		changed.data[i] ^= 0x04;
		if (sc_statement_verify(sc_bytes_view(&changed), SC_OID_CHECKPOINT, &trust,
					SC_EVIDENCE_TIME_NOW, &e, NULL) == SC_OK)
			fail_msg("byte %zu may be changed", i);
		changed.data[i] ^= 0x04;
	}
}

static void it_is_described(void **state)
{
	const struct sc_checkpoint_request in = { { { 0xab } } };
	struct sc_checkpoint_response out;
	SC_CLEANUP(core_answer) answer = { 0 };
	char text[8192] = "";
	FILE *stream = fmemopen(text, sizeof text - 1, "w");

	(void)state;
	enquire(vaultd);
	assert_ok(core_checkpoint(vaultd, 0, &in, &out, &answer), NULL);
	assert_ok(sc_describe(out.statement, stream, NULL), NULL);
	fclose(stream);
	assert_memory_equal(text, "checkpoint\n", 11);
	assert_non_null(strstr(text, "vaultd"));
	assert_non_null(strstr(text, "command 0x01: 1\n"));
	assert_non_null(strstr(text, "ab00"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(it_names_the_hash_the_daemon_the_module_and_the_time),
		TEST(each_daemon_has_its_own_sequence_and_counts),
		TEST(a_restart_is_seen),
		TEST(a_region_s_module_signs_as_its_member),
		TEST(only_a_service_socket_has_one),
		TEST(a_change_to_it_is_refused_and_it_is_no_other_statement),
		TEST(it_is_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
