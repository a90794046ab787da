/* Connections: see core_session.h. */
#include "hsmd/core/core_session.h"

#include <stdarg.h>
#include <stdio.h>

#include <openssl/crypto.h>

#include "base/log.h"
#include "hsmd/core/module_parts.h"

#define LINE 900 /* bytes: sc_log truncates at 1,000, and the count comes last */

struct sc_core_session *sc_core_session_new(struct sc_module *module, const struct sc_policy *policy,
					    bool peer_is_other_user)
{
	struct sc_core_session *session = OPENSSL_zalloc(sizeof *session);

	if (!session)
		return NULL;
	if (policy->daemon.s[0]) {
		session->operations = sc_operations_of(module->operations, policy->daemon.s);
		if (!session->operations) {
			OPENSSL_free(session);
			return NULL;
		}
	}
	session->module = module;
	session->policy = *policy;
	session->peer_is_other_user = peer_is_other_user;
	atomic_init(&session->is_abandoned, false);
	sc_quorum_table_init(&session->quorums);
	session->lines =
	    (struct sc_log_limit){ .lines = SC_CORE_SESSION_LINES, .period = SC_CORE_SESSION_PERIOD };
	pthread_mutex_init(&session->lock, NULL);
	atomic_init(&session->dismisses_others, false);
	pthread_mutex_lock(&module->sessions_lock);
	TAILQ_INSERT_TAIL(&module->sessions, session, all);
	pthread_mutex_unlock(&module->sessions_lock);
	return session;
}

void sc_core_session_abandon(struct sc_core_session *session)
{
	atomic_store(&session->is_abandoned, true);
}

void sc_core_session_free(struct sc_core_session *session)
{
	if (!session)
		return;
	if (session->lines.left_out)
		sc_log(SC_LOG_NOTICE, "a connection has ended: %llu of its lines were left out",
		       (unsigned long long)session->lines.left_out);
	pthread_mutex_lock(&session->module->sessions_lock);
	TAILQ_REMOVE(&session->module->sessions, session, all);
	pthread_mutex_unlock(&session->module->sessions_lock);
	sc_quorum_table_end(&session->quorums);
	sc_state_world_free(session->pending);
	pthread_mutex_destroy(&session->lock);
	OPENSSL_free(session);
}

bool sc_core_session_takes_dismissal(struct sc_core_session *session)
{
	return atomic_exchange(&session->dismisses_others, false);
}

void sc_core_sessions_end_quorums(struct sc_module *module)
{
	struct sc_core_session *session;

	pthread_mutex_lock(&module->sessions_lock);
	TAILQ_FOREACH(session, &module->sessions, all)
		sc_quorum_table_clear(&session->quorums);
	pthread_mutex_unlock(&module->sessions_lock);
}

void sc_core_session_log(struct sc_core_session *session, const char *format, ...)
{
	int64_t now = sc_clock_monotonic();
	char line[LINE];
	uint64_t left_out;
	bool permits;
	va_list args;

	pthread_mutex_lock(&session->lock);
	permits = sc_log_limit_permits(&session->lines, now, &left_out);
	pthread_mutex_unlock(&session->lock);
	if (!permits)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	if (left_out)
		sc_log(SC_LOG_NOTICE, "%s (%llu before it were left out)", line,
		       (unsigned long long)left_out);
	else
		sc_log(SC_LOG_NOTICE, "%s", line);
}

void sc_core_session_set_pending(struct sc_core_session *session, struct sc_state_world *world)
{
	struct sc_state_world *before;

	pthread_mutex_lock(&session->lock);
	before = session->pending;
	session->pending = world;
	pthread_mutex_unlock(&session->lock);
	sc_state_world_free(before);
}

struct sc_state_world *sc_core_session_take_pending(struct sc_core_session *session,
						    const struct sc_hash *world)
{
	struct sc_state_world *taken = NULL;

	pthread_mutex_lock(&session->lock);
	if (session->pending && sc_hash_equals(&session->pending->id, world))
		taken = sc_steal(session->pending);
	pthread_mutex_unlock(&session->lock);
	return taken;
}
