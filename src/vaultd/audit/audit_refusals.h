/*
 * Refusals of callers without a valid token, counted by address until they become lines of the audit log. An
 * address is an IPv4 address or an IPv6 /64, as in web/peers.h. The table has a fixed size: what does not fit
 * is counted together. So no flood of requests, from however many addresses, makes more lines than the table
 * has places in a minute. There is no lock here.
 */
#ifndef SC_VAULTD_AUDIT_AUDIT_REFUSALS_H
#define SC_VAULTD_AUDIT_AUDIT_REFUSALS_H

#include <netinet/in.h>

#include "vaultd/audit/audit_line.h"

#define SC_AUDIT_ADDRESSES_MAX 256
#define SC_AUDIT_MINUTE        (60 * SC_SECOND)

/* The refusals of one line. */
struct sc_audit_refused {
	char address[INET6_ADDRSTRLEN + 4]; /* "192.0.2.1", "2001:db8::/64" */
	char request[40];                   /* the first one's that had a token, or else the first one's */
	char reason[SC_AUDIT_PLAIN_MAX];    /* the same one's */
	uint64_t count;
	uint64_t without_token; /* of them */
	int64_t begin;          /* sc_clock_monotonic */
	char since[SC_CLOCK_STAMP_SIZE];
	char until[SC_CLOCK_STAMP_SIZE];
};

/* Zero-initialise. The last place is for all addresses that found none. */
struct sc_audit_refusals {
	struct sc_audit_refused at[SC_AUDIT_ADDRESSES_MAX + 1];
	size_t count; /* of the places before the last */
};

/*
 * Counts a refusal. `address` is numeric, without port; anything else is an address of its own, "?". `reason`
 * is NULL if there was no token.
 */
void sc_audit_refusals_add(struct sc_audit_refusals *refusals, const char *address, const char *request,
			   const char *reason);

/*
 * When the first line is due, sc_clock_monotonic: a minute after its first refusal. INT64_MAX: there is none.
 */
int64_t sc_audit_refusals_due(const struct sc_audit_refusals *refusals);

/* Moves what is due at `now`, or everything if `all`, to *out, which is overwritten. */
void sc_audit_refusals_take(struct sc_audit_refusals *refusals, int64_t now, bool all,
			    struct sc_audit_refusals *out);

/* The line's content. It borrows the texts. */
struct sc_audit_event sc_audit_refusals_event(const struct sc_audit_refused *refused);

#endif
