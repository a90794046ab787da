/* What the module consists of, for the files in this folder that handle its commands. */
#ifndef SC_HSMD_CORE_MODULE_PARTS_H
#define SC_HSMD_CORE_MODULE_PARTS_H

#include <pthread.h>
#include <sys/queue.h>

#include "hsmd/core/cache.h"
#include "hsmd/core/core_state.h"
#include "hsmd/core/module.h"
#include "hsmd/core/operations.h"

TAILQ_HEAD(sc_core_sessions, sc_core_session);

struct sc_module {
	struct sc_module_host host;
	struct sc_module_options options;
	struct sc_core_state *state;
	struct sc_cache *cache;
	struct sc_operations *operations;
	struct sc_text esn; /* copied from the state; never changes */
	pthread_mutex_t sessions_lock;
	struct sc_core_sessions sessions; /* all connections */
};

/* True if an allocation in this thread has failed since the last call. */
bool sc_module_ran_out(const struct sc_module *module);

/*
 * True if a command's result may be due to a lack of memory: libcrypto seldom says so. SC_ERR_NOT_DURABLE
 * never is: it says that the new state may be on the disk, and no other answer says that. Asks
 * sc_module_ran_out.
 */
bool sc_module_lacks_memory(const struct sc_module *module, sc_status status);

/*
 * SC_ERR_MEMORY if an allocation in this thread has failed since the request began. Called before the result
 * of a private operation is used: without memory, libcrypto may return a wrong one as good (rule M8).
 */
sc_status sc_module_check_memory(const struct sc_module *module, struct sc_error *err) SC_WARN_UNUSED;

#endif
