/*
 * A quorum: K administrator cards for exactly one command with exactly one body, on one connection, within ten
 * minutes (rule M5). It dies with its use, its time, or its connection.
 */
#ifndef SC_HSMD_CORE_QUORUM_H
#define SC_HSMD_CORE_QUORUM_H

#include "base/secret.h"
#include "formats/world_file.h"
#include "hsmd/core/shamir.h"
#include "wire/message.h"

#define SC_QUORUMS_MAX     4 /* open at once on one connection */
#define SC_QUORUM_SECONDS  600

struct sc_quorum {
	uint64_t authority; /* random, never 0: how the client names it */
	uint32_t command;
	struct sc_hash digest;  /* sc_wire_authority_digest of what it consents to */
	int64_t expires;        /* sc_clock_monotonic */
	uint32_t k;
	uint32_t accepted;
	struct sc_shamir_share shares[SC_CARDS_MAX];
	struct sc_secret token; /* once K shares are there */
};

void sc_quorum_free(struct sc_quorum *quorum);
SC_CLEANUP_POINTER(sc_quorum, struct sc_quorum, sc_quorum_free)

struct sc_core_session;

/*
 * Takes the quorum that this command and body were consented to out of the session, complete and in time, or
 * SC_ERR_QUORUM. One that was given for something else is spent as well. The caller frees *out.
 */
sc_status sc_quorum_take(struct sc_core_session *session, uint64_t authority, uint32_t command, struct sc_view body,
			 struct sc_quorum **out, struct sc_error *err) SC_WARN_UNUSED;

/* Puts it back: NOT_LOADED is no use. Frees it where there is no room. */
void sc_quorum_return(struct sc_core_session *session, struct sc_quorum *quorum);

#endif
