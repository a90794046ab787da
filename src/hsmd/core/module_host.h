/* What the module needs from its process, and from hsmd/os alone: durable storage, and facts about memory. */
#ifndef SC_HSMD_CORE_MODULE_HOST_H
#define SC_HSMD_CORE_MODULE_HOST_H

#include "base/bytes.h"
#include "wire/commands.h"

/* In bytes; 0 and 0 if it is not limited. */
struct sc_module_memory {
	uint64_t size;
	uint64_t used;
};

struct sc_module_host {
	/*
	 * Replaces `state`, then `mark`. SC_OK means that both are synced (P2); SC_ERR_NOT_DURABLE, that a
	 * restart continues with the new state unless the power fails first, though it may lack its mark;
	 * anything else, that nothing has changed. Called one at a time.
	 */
	sc_status (*save)(void *context, struct sc_view state, struct sc_view mark, struct sc_error *err);
	/*
	 * True if an allocation in this thread has failed since the last call. libcrypto seldom reports this:
	 * data that it cannot read or decrypt for lack of memory looks malformed or wrong.
	 */
	bool (*ran_out)(void *context);
	/* How many allocations have failed so far, in all threads. */
	uint64_t (*failures)(void *context);
	/*
	 * Bytes that this thread has allocated, less those that it has released. Only differences mean
	 * anything.
	 */
	int64_t (*held)(void *context);
	/* All of libcrypto's memory. */
	struct sc_module_memory (*memory)(void *context);
	/* Fills in what protects the process: ENQUIRE's protection bits and Landlock version. */
	void (*report)(void *context, struct sc_enquire_response *out);
	void *context;
};

#endif
