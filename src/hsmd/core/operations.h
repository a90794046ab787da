/*
 * What the module has done for each daemon since it started, for checkpoints. All functions may be called
 * from any thread.
 */
#ifndef SC_HSMD_CORE_OPERATIONS_H
#define SC_HSMD_CORE_OPERATIONS_H

#include "formats/checkpoint.h"

struct sc_operations;
struct sc_daemon_operations; /* those of one daemon */

/* `now` is the time of the start. The caller frees *out. */
sc_status sc_operations_new(int64_t now, struct sc_operations **out, struct sc_error *err) SC_WARN_UNUSED;
void sc_operations_free(struct sc_operations *operations);

/*
 * The counts of a daemon, shared by all of its connections, which last as long as `operations`. There are as
 * many as the module's service sockets name. NULL when out of memory.
 */
struct sc_daemon_operations *sc_operations_of(struct sc_operations *operations, const char *daemon);

/* Counts a command that was done. NULL: for no daemon, and nothing is counted. */
void sc_operations_count(struct sc_daemon_operations *operations, uint32_t command);

/* Fills in start, time of the start, daemon, the next sequence number and the counts. */
sc_status sc_operations_checkpoint(struct sc_daemon_operations *operations, struct sc_checkpoint *out,
				   struct sc_error *err) SC_WARN_UNUSED;

#endif
