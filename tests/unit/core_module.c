/* The module's core in the test's own process: see core_module.h. */
#include "support/test.h"

#include "core_module.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/os.h"
#include "evidence/certificate.h"
#include "hsmd/core/blob.h"

#define ROOT_NAME "Tests Root"

/* -- the clock --------------------------------------------------------------------------------- */

int64_t core_now;
int64_t core_monotonic;
void (*core_in_between)(void);

static int clock_of_test(clockid_t clock, struct timespec *out)
{
	void (*then)(void) = core_in_between;

	if (then) {
		core_in_between = NULL;
		then();
	}
	*out = clock == CLOCK_REALTIME ? (struct timespec){ .tv_sec = core_now }
				       : (struct timespec){ .tv_sec = core_monotonic / SC_SECOND,
							    .tv_nsec = core_monotonic % SC_SECOND };
	return 0;
}

static void start_clock(void)
{
	static struct sc_os os;

	os = sc_os_system;
	os.clock_gettime = clock_of_test;
	core_now = INT64_C(1790000000);
	core_monotonic = 1000 * SC_SECOND;
	core_in_between = NULL;
	sc_os = &os;
}

/* -- the log ----------------------------------------------------------------------------------- */

void core_log_begin(struct core_log *log)
{
	sc_log_start("hsmd", SC_LOG_NOTICE);
	log->saved = dup(STDERR_FILENO);
	assert_true(log->saved >= 0 && pipe2(log->pipe, O_NONBLOCK) == 0);
	assert_true(dup2(log->pipe[1], STDERR_FILENO) >= 0);
}

size_t core_log_end(struct core_log *log, char *text, size_t max)
{
	ssize_t got = read(log->pipe[0], text, max - 1);
	size_t lines = 0;

	assert_true(dup2(log->saved, STDERR_FILENO) >= 0);
	text[got > 0 ? got : 0] = '\0';
	for (const char *line = text; (line = strchr(line, '\n')); line++)
		lines++;
	close(log->saved);
	close(log->pipe[0]);
	close(log->pipe[1]);
	return lines;
}

/* -- the host ---------------------------------------------------------------------------------- */

static sc_status save(void *context, struct sc_view state, struct sc_view mark, struct sc_error *err)
{
	struct core *core = context;

	core->saves++;
	if (core->while_saving)
		core->while_saving(core);
	if (core->save_elsewhere)
		return core->save_elsewhere(state, mark, err);
	if (core->save_status != SC_OK && core->save_status != SC_ERR_NOT_DURABLE)
		return sc_fail_plain(err, core->save_status);
	sc_bytes_free(&core->state);
	SC_TRY(sc_bytes_copy(state, &core->state, err));
	if (core->save_status != SC_OK)
		return sc_fail_plain(err, core->save_status);
	sc_bytes_free(&core->mark);
	return sc_bytes_copy(mark, &core->mark, err);
}

static bool ran_out(void *context)
{
	const struct core *core = context;

	return core->ran_out && core->ran_out();
}

static uint64_t failures(void *context)
{
	const struct core *core = context;

	return core->failures;
}

static int64_t held(void *context)
{
	struct core *core = context;

	core->held += core->held_per_look;
	return core->held;
}

static struct sc_module_memory memory(void *context)
{
	(void)context;
	return (struct sc_module_memory){ 0 };
}

static void report(void *context, struct sc_enquire_response *out)
{
	(void)context, (void)out;
}

static const struct sc_module_options cheap = { .cache_keys = 64, .argon2_passes = 1, .argon2_memory = 8 };

static struct sc_module_host host_of(struct core *core)
{
	return (struct sc_module_host){ .save = save,
					.ran_out = ran_out,
					.failures = failures,
					.held = held,
					.memory = memory,
					.report = report,
					.context = core };
}

void core_start(struct core *core)
{
	struct sc_error err = { 0 };
	struct sc_module_host host = host_of(core);

	*core = (struct core){ 0 };
	sc_log_start("test", SC_LOG_ERROR);
	start_clock();
	assert_ok(sc_secret_random(SC_UNLOCK_KEY_SIZE, &core->unlock, &err), &err);
	assert_ok(sc_module_create(&host, &core->unlock, &cheap, &core->module, &err), &err);
	core->custody = core_session(core, SC_ROLE_CUSTODY);
	core_new_root(core);
}

void core_end(struct core *core)
{
	sc_core_session_free(core->custody);
	sc_module_free(core->module);
	sc_secret_free(&core->unlock);
	sc_bytes_free(&core->state);
	sc_bytes_free(&core->mark);
	EVP_PKEY_free(core->root_key);
	X509_free(core->root);
	sc_bytes_free(&core->world_file);
	for (size_t i = 0; i < CORE_N; i++)
		sc_bytes_free(&core->cards[i]);
	sc_os = &sc_os_system;
}

sc_status core_reopen(struct core *core, struct sc_error *err)
{
	struct sc_module_host host = host_of(core);
	SC_CLEANUP(sc_bytes) state = { 0 };
	SC_CLEANUP(sc_bytes) mark = { 0 };

	sc_core_session_free(core->custody);
	sc_module_free(core->module);
	core->custody = NULL;
	core->module = NULL;
	SC_TRY(sc_bytes_copy(sc_bytes_view(&core->state), &state, err));
	SC_TRY(sc_bytes_copy(sc_bytes_view(&core->mark), &mark, err));
	SC_TRY(sc_module_open(&host, sc_bytes_view(&state), sc_bytes_view(&mark), &core->unlock, &cheap,
			      &core->module, err));
	core->custody = core_session(core, SC_ROLE_CUSTODY);
	return SC_OK;
}

/* -- the factory ------------------------------------------------------------------------------- */

static void make_certificate(const struct sc_certificate_request *request, X509 **out)
{
	struct sc_error err = { 0 };

	assert_ok(sc_certificate_make(request, out, &err), &err);
}

void core_new_root(struct core *core)
{
	EVP_PKEY_free(core->root_key);
	X509_free(core->root);
	core->root_key = EVP_EC_gen("P-384");
	assert_non_null(core->root_key);
	make_certificate(&(struct sc_certificate_request){ .kind = SC_CERTIFICATE_ROOT,
							   .subject_key = core->root_key,
							   .subject = ROOT_NAME,
							   .issuer_key = core->root_key,
							   .not_before = core_now - SC_DAY,
							   .not_after = core_now + 30 * SC_YEAR },
			 &core->root);
}

static void encode_certificate(X509 *certificate, struct sc_bytes *out)
{
	struct sc_error err = { 0 };

	assert_ok(sc_x509_encode(certificate, out, &err), &err);
	X509_free(certificate);
}

void core_make_warrant(const struct core *core, EVP_PKEY *key, const char *esn, int64_t from,
		       int64_t lifetime, struct sc_bytes *out)
{
	X509 *warrant = NULL;

	make_certificate(&(struct sc_certificate_request){ .kind = SC_CERTIFICATE_WARRANT,
							   .subject_key = key,
							   .subject = esn,
							   .issuer = ROOT_NAME,
							   .issuer_key = core->root_key,
							   .not_before = from,
							   .not_after = from + lifetime },
			 &warrant);
	encode_certificate(warrant, out);
}

sc_status core_install(struct core *core, struct sc_view warrant, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) root = { 0 };
	struct sc_hash hash;

	SC_TRY(sc_x509_encode(core->root, &root, err));
	SC_TRY(sc_certificate_key_hash(core->root, &hash, err));
	return sc_module_install_warrant(core->module, sc_bytes_view(&root), warrant, &hash, err);
}

void core_make_warranted(struct core *core)
{
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(core->module->state);
	SC_CLEANUP(sc_bytes) warrant = { 0 };
	struct sc_error err = { 0 };

	core_make_warrant(core, s->statement_key, s->esn.s, core_now - SC_DAY, SC_YEAR, &warrant);
	assert_ok(core_install(core, sc_bytes_view(&warrant), &err), &err);
}

struct sc_view core_pin(unsigned card)
{
	static const char *const pins[CORE_N] = { "first PIN", "second PIN", "third PIN" };

	return sc_view_text(pins[card]);
}

void core_make_world(struct core *core)
{
	struct sc_world_begin_request in = {
		.suite = SC_SUITE_ECP521, .k = CORE_K, .pins.count = CORE_N, .custodians.count = CORE_N
	};
	struct sc_world_begin_response out;
	SC_CLEANUP(core_answer) answer = { 0 };

	core_make_warranted(core);
	for (unsigned i = 0; i < CORE_N; i++) {
		in.pins.item[i] = core_pin(i);
		in.custodians.item[i] = sc_view_text("Alice");
	}
	assert_ok(core_world_begin(core->custody, 0, &in, &out, &answer), NULL);
	core->world = out.world;
	assert_ok(sc_bytes_copy(out.world_file, &core->world_file, NULL), NULL);
	for (unsigned i = 0; i < CORE_N; i++)
		assert_ok(sc_bytes_copy(out.cards.item[i], &core->cards[i], NULL), NULL);
	assert_ok(
	    core_world_commit(core->custody, 0, &(struct sc_world_commit_request){ core->world }, NULL, NULL),
	    NULL);
}

void core_region_certificate(const struct core *core, const char *region, struct sc_bytes *out)
{
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(core->module->state);
	SC_CLEANUP(sc_region_info) info = sc_region_info_new();
	SC_CLEANUP(sc_pkey) knso = NULL;
	char name[SC_KNSO_NAME_SIZE];
	X509 *certificate = NULL;

	assert_ok(sc_text_set(&info->region, region, "region", NULL), NULL);
	assert_ok(sc_text_set(&info->operator_name, "Tests", "operator", NULL), NULL);
	assert_ok(sc_spki_read(sc_bytes_view(&s->knso), &knso, NULL), NULL);
	sc_certificate_knso_name(&s->world, name);
	make_certificate(&(struct sc_certificate_request){ .kind = SC_CERTIFICATE_REGION,
							   .subject_key = knso,
							   .subject = name,
							   .issuer = ROOT_NAME,
							   .issuer_key = core->root_key,
							   .not_before = core_now - SC_DAY,
							   .not_after = core_now + SC_YEAR,
							   .region = info },
			 &certificate);
	encode_certificate(certificate, out);
}

struct region {
	struct sc_view certificate;
	const char *region;
};

static sc_status set_region(struct sc_module_state *state, void *context, struct sc_error *err)
{
	const struct region *region = context;

	SC_TRY(sc_octets_set(&state->world->region_certificate, region->certificate, err));
	return sc_text_set(&state->world->region, region->region, "region", err);
}

void core_make_region(struct core *core, const char *region)
{
	SC_CLEANUP(sc_bytes) certificate = { 0 };
	struct sc_error err = { 0 };
	struct region made;

	core_region_certificate(core, region, &certificate);
	made = (struct region){ sc_bytes_view(&certificate), region };
	assert_ok(sc_core_state_update(core->module->state, set_region, &made, &err), &err);
}

EVP_PKEY *core_rsa_key(void)
{
	static EVP_PKEY *key;

	if (!key)
		key = EVP_RSA_gen(2048);
	assert_non_null(key);
	return key;
}

void core_seal(struct core *core, EVP_PKEY *key, uint32_t application, const struct sc_owner *owner,
	       const struct sc_acl *acl, struct sc_bytes *out)
{
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(core->module->state);
	static const struct sc_owner nobody;
	struct sc_material material = { 0 };
	const struct sc_blob_request request = {
		&material, application, owner ? owner : &nobody, acl, SC_ORIGIN_GENERATED, NULL, core_now, 1
	};
	struct sc_error err = { 0 };

	assert_ok(sc_material_of(key, &material, &err), &err);
	assert_ok(sc_blob_seal(s, &request, out, NULL, &err), &err);
}

/* -- requests ---------------------------------------------------------------------------------- */

struct sc_core_session *core_session(struct core *core, enum sc_role role)
{
	struct sc_policy policy = { .role = role };
	struct sc_core_session *session;

	assert_ok(sc_policy_check(&policy, NULL), NULL);
	session = sc_core_session_new(core->module, &policy, true);
	assert_non_null(session);
	return session;
}

struct sc_core_session *core_service(struct core *core, const char *daemon, uint32_t make, uint32_t load)
{
	struct sc_policy policy = { .role = SC_ROLE_SERVICE, .make = make, .load = load };
	struct sc_error err = { 0 };
	struct sc_core_session *session;

	assert_ok(sc_text_set(&policy.daemon, daemon, "daemon", NULL), NULL);
	assert_ok(sc_policy_check(&policy, &err), &err);
	session = sc_core_session_new(core->module, &policy, true);
	assert_non_null(session);
	return session;
}

void core_answer_free(struct core_answer *answer)
{
	sc_writer_free(&answer->message);
}

sc_status core_send(struct sc_core_session *session, uint32_t command, uint64_t authority,
		    struct sc_view body, struct core_answer *out)
{
	const struct sc_wire_request_header header = { (uint16_t)command, 7, authority };
	SC_CLEANUP(core_answer) answer = { .message = sc_writer_new(SC_WIRE_MESSAGE_MAX) };
	sc_status status;

	sc_module_handle(session, &header, body, &answer.message);
	/* If there is no memory for any answer, hsmd/os refuses on the module's behalf. */
	if (answer.message.failed)
		return SC_ERR_MODULE_FULL;
	assert_ok(sc_wire_response_read(sc_writer_view(&answer.message), &answer.header, &answer.body, NULL),
		  NULL);
	assert_int_equal(answer.header.id, 7);
	assert_int_equal(answer.header.command, command);
	if (answer.header.status != SC_OK)
		assert_int_equal(answer.body.len, 0);
	status = answer.header.status;
	if (out) {
		*out = sc_steal(answer);
	}
	return status;
}

#define CORE_ASK(NAME, name, number, roles, modes, quorum, lane)                                             \
	sc_status core_##name(struct sc_core_session *session, uint64_t authority,                           \
			      const struct sc_##name##_request *in, struct sc_##name##_response *out,        \
			      struct core_answer *answer)                                                    \
	{                                                                                                    \
		SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);                                \
		sc_status status;                                                                            \
                                                                                                             \
		sc_##name##_request_write(&body, in);                                                        \
		assert_false(body.failed);                                                                   \
		status = core_send(session, number, authority, sc_writer_view(&body), answer);               \
		if (status == SC_OK && answer && out)                                                        \
			assert_ok(sc_##name##_response_read(answer->body, out), NULL);                       \
		return status;                                                                               \
	}
SC_COMMAND_TABLE(CORE_ASK)

sc_status core_load(struct sc_core_session *session, struct sc_view blob, struct sc_hash *key)
{
	struct sc_key_load_response out;
	SC_CLEANUP(core_answer) answer = { 0 };

	SC_TRY(core_key_load(session, 0, &(struct sc_key_load_request){ blob }, &out, &answer));
	*key = out.key;
	return SC_OK;
}

uint64_t core_open_quorum(struct sc_core_session *session, uint32_t command, struct sc_view body)
{
	struct sc_quorum_open_request in = { .command = command };
	struct sc_quorum_open_response out;
	SC_CLEANUP(core_answer) answer = { 0 };

	assert_ok(sc_wire_authority_digest(command, body, &in.digest, NULL), NULL);
	assert_ok(core_quorum_open(session, 0, &in, &out, &answer), NULL);
	return out.authority;
}

sc_status core_present(struct core *core, struct sc_core_session *session, uint64_t authority, unsigned card,
		       const char *pin, struct sc_wire_response_header *header)
{
	const struct sc_quorum_card_request in = { authority, sc_bytes_view(&core->cards[card]),
						   pin ? sc_view_text(pin) : core_pin(card) };
	SC_CLEANUP(core_answer) answer = { 0 };
	sc_status status = core_quorum_card(session, 0, &in, NULL, &answer);

	if (header)
		*header = answer.header;
	return status;
}

uint64_t core_quorum(struct core *core, struct sc_core_session *session, uint32_t command,
		     struct sc_view body)
{
	uint64_t authority = core_open_quorum(session, command, body);

	for (unsigned i = 0; i < CORE_K; i++)
		assert_ok(core_present(core, session, authority, i, NULL, NULL), NULL);
	return authority;
}
