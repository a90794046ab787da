/* The stand-in: see fake_core.h. */
#include "fake_core.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ORDER_MAX 1024

struct sc_module {
	struct sc_module_host host;
	enum sc_mode mode;
	struct sc_bytes state;
};

struct sc_core_session {
	struct sc_module *module;
	struct sc_policy policy;
	bool is_other_user;
	unsigned held; /* requests; under the lock */
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool holds;
	unsigned held;
	uint64_t order[ORDER_MAX];
	size_t ordered;
	unsigned sessions;
	unsigned evidence;
	unsigned abandoned;
} fake = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

void fake_hold(void)
{
	pthread_mutex_lock(&fake.lock);
	fake.holds = true;
	fake.ordered = 0;
	fake.abandoned = 0;
	pthread_mutex_unlock(&fake.lock);
}

void fake_let_go(void)
{
	pthread_mutex_lock(&fake.lock);
	fake.holds = false;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
}

void fake_wait_held(unsigned count)
{
	pthread_mutex_lock(&fake.lock);
	while (fake.held < count)
		pthread_cond_wait(&fake.changed, &fake.lock);
	pthread_mutex_unlock(&fake.lock);
}

size_t fake_order(uint64_t *ids, size_t max)
{
	size_t count;

	pthread_mutex_lock(&fake.lock);
	count = fake.ordered < max ? fake.ordered : max;
	memcpy(ids, fake.order, count * sizeof ids[0]);
	pthread_mutex_unlock(&fake.lock);
	return count;
}

unsigned fake_sessions(void)
{
	unsigned sessions;

	pthread_mutex_lock(&fake.lock);
	sessions = fake.sessions;
	pthread_mutex_unlock(&fake.lock);
	return sessions;
}

unsigned fake_evidence(void)
{
	unsigned evidence;

	pthread_mutex_lock(&fake.lock);
	evidence = fake.evidence;
	pthread_mutex_unlock(&fake.lock);
	return evidence;
}

void fake_wait_evidence(unsigned count)
{
	pthread_mutex_lock(&fake.lock);
	while (fake.evidence < count)
		pthread_cond_wait(&fake.changed, &fake.lock);
	pthread_mutex_unlock(&fake.lock);
}

void fake_wait_sessions(unsigned most)
{
	pthread_mutex_lock(&fake.lock);
	while (fake.sessions > most)
		pthread_cond_wait(&fake.changed, &fake.lock);
	pthread_mutex_unlock(&fake.lock);
}

void fake_wait_abandoned(unsigned count)
{
	pthread_mutex_lock(&fake.lock);
	while (fake.abandoned < count)
		pthread_cond_wait(&fake.changed, &fake.lock);
	pthread_mutex_unlock(&fake.lock);
}

static void wait_while_held(struct sc_core_session *session, const struct sc_wire_request_header *header)
{
	pthread_mutex_lock(&fake.lock);
	session->held++;
	fake.held++;
	pthread_cond_broadcast(&fake.changed);
	while (fake.holds)
		pthread_cond_wait(&fake.changed, &fake.lock);
	fake.held--;
	session->held--;
	if (header->command == SC_COMMAND_SIGN && fake.ordered < ORDER_MAX)
		fake.order[fake.ordered++] = header->id;
	pthread_mutex_unlock(&fake.lock);
}

/* -- core/module.h ----------------------------------------------------------------------------- */

uint32_t sc_application_by_name(const char *name)
{
	return !strcmp(name, "simple")  ? SC_APPLICATION_SIMPLE
	       : !strcmp(name, "vault") ? SC_APPLICATION_VAULT
					: 0;
}

sc_status sc_policy_check(struct sc_policy *policy, struct sc_error *err)
{
	SC_ENSURE(policy->role != SC_ROLE_SERVICE || policy->daemon.s[0], err, SC_ERR_ARGUMENT,
		  "a service socket names its daemon");
	return SC_OK;
}

static struct sc_module *new_module(const struct sc_module_host *host)
{
	struct sc_module *module = calloc(1, sizeof *module);

	if (module && host)
		module->host = *host;
	return module;
}

struct sc_module *fake_module(void)
{
	return new_module(NULL);
}

/* The "state" is the unlock key's hash. */
sc_status sc_module_create(const struct sc_module_host *host, const struct sc_secret *unlock,
			   const struct sc_module_options *options, struct sc_module **out,
			   struct sc_error *err)
{
	SC_CLEANUP(sc_module) module = new_module(host);
	struct sc_hash hash;

	(void)options;
	SC_TRY(sc_check_allocated(module, err));
	SC_TRY(sc_sha256(sc_secret_view(unlock), &hash, err));
	SC_TRY(host->save(host->context, sc_hash_view(&hash), sc_view_text("mark"), err));
	*out = sc_steal(module);
	return SC_OK;
}

sc_status sc_module_open(const struct sc_module_host *host, struct sc_view state, struct sc_view mark,
			 const struct sc_secret *unlock, const struct sc_module_options *options,
			 struct sc_module **out, struct sc_error *err)
{
	SC_CLEANUP(sc_module) module = new_module(host);
	struct sc_hash hash;

	(void)options;
	SC_TRY(sc_check_allocated(module, err));
	SC_TRY(sc_sha256(sc_secret_view(unlock), &hash, err));
	SC_ENSURE(sc_view_equals(state, sc_hash_view(&hash)) && sc_view_equals(mark, sc_view_text("mark")),
		  err, SC_ERR_INTEGRITY, "another unlock key");
	SC_TRY(sc_bytes_copy(state, &module->state, err));
	*out = sc_steal(module);
	return SC_OK;
}

void sc_module_free(struct sc_module *module)
{
	if (!module)
		return;
	sc_bytes_free(&module->state);
	free(module);
}

const char *sc_module_esn(const struct sc_module *module)
{
	(void)module;
	return FAKE_ESN;
}

enum sc_mode sc_module_mode(struct sc_module *module)
{
	return module->mode;
}

sc_status sc_module_warrant_request(struct sc_module *module, struct sc_bytes *out, struct sc_error *err)
{
	(void)module;
	return sc_bytes_copy(sc_view_text("request"), out, err);
}

sc_status sc_module_install_warrant(struct sc_module *module, struct sc_view root, struct sc_view warrant,
				    const struct sc_hash *root_hash, struct sc_error *err)
{
	(void)module, (void)root, (void)warrant, (void)root_hash;
	return sc_fail(err, SC_ERR_EVIDENCE_ROOT, "the stand-in trusts nobody");
}

void sc_module_limit_keys(struct sc_module *opened, size_t memory)
{
	(void)opened;
	(void)memory;
}

struct sc_core_session *sc_core_session_new(struct sc_module *module, const struct sc_policy *policy,
					    bool peer_is_other_user)
{
	struct sc_core_session *session = calloc(1, sizeof *session);

	if (!session)
		return NULL;
	*session = (struct sc_core_session){ module, *policy, peer_is_other_user, 0 };
	pthread_mutex_lock(&fake.lock);
	fake.sessions++;
	pthread_mutex_unlock(&fake.lock);
	return session;
}

void sc_core_session_abandon(struct sc_core_session *session)
{
	pthread_mutex_lock(&fake.lock);
	fake.abandoned += session->held > 0;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
}

bool sc_core_session_takes_dismissal(struct sc_core_session *session)
{
	(void)session;
	return false;
}

void sc_core_session_free(struct sc_core_session *session)
{
	free(session);
	pthread_mutex_lock(&fake.lock);
	fake.sessions--;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
}

static void answer(const struct sc_wire_request_header *header, sc_status status,
		   const struct sc_writer *body, struct sc_writer *out)
{
	const struct sc_wire_response_header response = { header->command, header->id, status, { 0 } };

	sc_wire_response_header_write(out, &response, body ? body->used : 0);
	if (body)
		sc_write_raw(out, sc_writer_view(body));
}

static void answer_enquire(const struct sc_core_session *session, const struct sc_wire_request_header *header,
			   struct sc_writer *out)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
	struct sc_enquire_response response = { .esn = sc_view_text(FAKE_ESN), .role = session->policy.role };
	const struct sc_module_host *host = &session->module->host;

	if (session->is_other_user)
		response.protection |= SC_PROTECTION_USERS_APART;
	if (host->report) {
		struct sc_module_memory memory = host->memory(host->context);

		host->report(host->context, &response);
		response.arena_size = memory.size;
		response.arena_used = memory.used;
	}
	sc_enquire_response_write(&body, &response);
	answer(header, SC_OK, &body, out);
}

/* Answers with 32 KiB, to fill sockets. */
static void answer_evidence(const struct sc_wire_request_header *header, struct sc_writer *out)
{
	static const uint8_t certificate[8192];
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
	struct sc_view view = sc_view_of(certificate, sizeof certificate);
	const struct sc_evidence_response response = { view, view, view, view, { 0 }, { 0 } };

	sc_evidence_response_write(&body, &response);
	pthread_mutex_lock(&fake.lock);
	fake.evidence++;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
	answer(header, SC_OK, &body, out);
}

static void make_call(const struct sc_wire_request_header *header, struct sc_view body, struct sc_writer *out)
{
	SC_CLEANUP(sc_writer) response = sc_writer_new(SC_WIRE_BODY_MAX);
	struct fake_call call;
	long *a = call.arguments;
	long result;

	if (body.len != sizeof call) {
		answer(header, SC_ERR_ENCODING, NULL, out);
		return;
	}
	memcpy(&call, body.data, sizeof call);
	for (size_t i = 0; i < sizeof call.arguments / sizeof a[0]; i++)
		if (a[i] == FAKE_CALL_TEXT)
			a[i] = (long)(uintptr_t)call.text;
	result = syscall(call.number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (result == -1)
		result = -errno;
	sc_write_raw(&response, sc_view_of(&result, sizeof result));
	answer(header, SC_OK, &response, out);
}

void sc_module_handle(struct sc_core_session *session, const struct sc_wire_request_header *header,
		      struct sc_view body, struct sc_writer *out)
{
	const struct sc_module *module = session->module;

	switch (header->command) {
	case SC_COMMAND_ENQUIRE:
		answer_enquire(session, header, out);
		break;
	case SC_COMMAND_EVIDENCE:
		answer_evidence(header, out);
		break;
	case SC_COMMAND_WORLD_COMMIT:
		answer(header,
		       module->host.save(module->host.context, sc_bytes_view(&module->state),
					 sc_view_text("mark"), NULL),
		       NULL, out);
		break;
	case SC_COMMAND_SIGN:
	case SC_COMMAND_KEY_GENERATE:
		wait_while_held(session, header);
		answer(header, SC_OK, NULL, out);
		break;
	case SC_COMMAND_KEY_LOAD:
	case SC_COMMAND_WORLD_BEGIN:
		make_call(header, body, out);
		break;
	default:
		answer(header, SC_ERR_STATE, NULL, out);
	}
}
