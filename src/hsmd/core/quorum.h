/*
 * A quorum: K administrator cards for exactly one command with exactly one body, on one connection, within
 * ten minutes (rule M5). It ends when it is used, when it expires, when its connection ends, or when
 * the module's world changes.
 */
#ifndef SC_HSMD_CORE_QUORUM_H
#define SC_HSMD_CORE_QUORUM_H

#include <pthread.h>

#include "base/secret.h"
#include "formats/world_file.h"
#include "hsmd/core/acs.h"
#include "wire/message.h"

#define SC_QUORUMS_MAX    4 /* open at once on one connection */
#define SC_QUORUM_SECONDS 600

struct sc_quorum {
	uint64_t authority; /* random, never 0: the client refers to the quorum by it */
	uint32_t command;
	struct sc_hash digest; /* sc_wire_authority_digest of the command and body consented to */
	int64_t expires;       /* sc_clock_monotonic */
	struct sc_acs acs;     /* the card set */
	uint32_t accepted;
	struct sc_shamir_share shares[SC_CARDS_MAX];
	struct sc_secret token; /* set once there are K shares */
	bool is_in_use;         /* by one request; guarded by the table's lock, like is_over */
	bool is_over;           /* the world has changed while it was in use: it ends with that use */
};

void sc_quorum_free(struct sc_quorum *quorum);
SC_CLEANUP_POINTER(sc_quorum, struct sc_quorum, sc_quorum_free)

/* The open quorums of one connection. One that is in use keeps its place. */
struct sc_quorum_table {
	pthread_mutex_t lock; /* guards the place of each quorum, not what the request that uses it changes */
	struct sc_quorum *place[SC_QUORUMS_MAX];
};

void sc_quorum_table_init(struct sc_quorum_table *table);

/* Wipes and frees the quorums, none of which may be in use. */
void sc_quorum_table_end(struct sc_quorum_table *table);

/* Wipes and frees the quorums. One that is in use is freed when that use ends. */
void sc_quorum_table_clear(struct sc_quorum_table *table);

/*
 * A quorum of that card set for that command and body digest, with a random authority. The caller frees *out.
 */
sc_status sc_quorum_new(uint32_t command, const struct sc_hash *digest, const struct sc_acs *acs,
			struct sc_quorum **out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Opens a quorum: moves it into a free place or that of an expired one. SC_ERR_QUORUM_LIMIT if there is none.
 */
sc_status sc_quorum_add(struct sc_quorum_table *table, struct sc_quorum **quorum,
			struct sc_error *err) SC_WARN_UNUSED;

/*
 * From now on the quorum is in use by one request, until sc_quorum_release or sc_quorum_spend. SC_ERR_QUORUM
 * if it is absent or expired; SC_ERR_QUORUM_IN_USE if another request uses it.
 */
sc_status sc_quorum_use(struct sc_quorum_table *table, uint64_t authority, struct sc_quorum **out,
			struct sc_error *err) SC_WARN_UNUSED;

/* Ends a use: the quorum can be used again, unless the world has changed. */
void sc_quorum_release(struct sc_quorum_table *table, struct sc_quorum *quorum);

/* Ends a use and the quorum, which it frees. */
void sc_quorum_spend(struct sc_quorum_table *table, struct sc_quorum *quorum);

/*
 * Uses the quorum that was given for this command and body, as sc_quorum_use. SC_ERR_QUORUM unless it is
 * complete and in time. A quorum that fails one of these checks is spent; one that could not be checked, for
 * lack of memory, is not.
 */
sc_status sc_quorum_use_for(struct sc_quorum_table *table, uint64_t authority, uint32_t command,
			    struct sc_view body, struct sc_quorum **out, struct sc_error *err) SC_WARN_UNUSED;

#endif
