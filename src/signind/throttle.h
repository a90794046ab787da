/*
 * How often somebody may try: failed sign-ins are counted for each account and for each address, known or
 * not, and beyond a few each further one has to wait, twice as long as the one before, up to a limit. An
 * attempt is counted before the password is looked at and taken back when it was right, so that many at once
 * gain nothing.
 *
 * The tables have a fixed size and hold keyed hashes, no names. A full set drops whoever failed least: to
 * have a count forgotten, an attacker needs more failures elsewhere, each of which his own address pays for.
 */
#ifndef SC_SIGNIND_THROTTLE_H
#define SC_SIGNIND_THROTTLE_H

#include "base/bytes.h"

#define SC_SIGNIND_THROTTLE_ACCOUNT_FREE   5   /* failures of an account before it has to wait */
#define SC_SIGNIND_THROTTLE_ACCOUNT_CAP    60  /* seconds: whoever knows a name can make its owner wait no longer */
#define SC_SIGNIND_THROTTLE_ACCOUNT_FORGET 900 /* seconds without a failure until all is forgotten */
#define SC_SIGNIND_THROTTLE_ADDRESS_FREE   20  /* an address may stand for many people */
#define SC_SIGNIND_THROTTLE_ADDRESS_CAP    900
#define SC_SIGNIND_THROTTLE_ADDRESS_FORGET 3600

struct sc_signind_throttle;

/* One for a process; every function below may be called from any thread. SC_ERR_MEMORY, SC_ERR_CRYPTO. */
sc_status sc_signind_throttle_new(struct sc_signind_throttle **out, struct sc_error *err) SC_WARN_UNUSED;
void sc_signind_throttle_free(struct sc_signind_throttle *throttle);
SC_CLEANUP_POINTER(sc_signind_throttle, struct sc_signind_throttle, sc_signind_throttle_free)

/*
 * An attempt on an account (any text that names it, compared without case) from an address as sc_web_peer()
 * gives it; of IPv6 the first 64 bits count. *wait is 0 where it may go on, and counts as failed until
 * sc_signind_throttle_end(); else the seconds to wait, and nothing is counted. `now` is sc_clock_monotonic().
 */
sc_status sc_signind_throttle_begin(struct sc_signind_throttle *throttle, const char *account, const char *address,
			    int64_t now, unsigned *wait, struct sc_error *err) SC_WARN_UNUSED;

enum sc_signind_throttle_outcome {
	SC_SIGNIND_THROTTLE_RIGHT,     /* the account's failures are forgotten, the address is given this one back */
	SC_SIGNIND_THROTTLE_UNDECIDED, /* the password was never looked at: both are given it back */
};

/* Ends an attempt that was not a wrong password. */
sc_status sc_signind_throttle_end(struct sc_signind_throttle *throttle, const char *account, const char *address, int64_t now,
			  enum sc_signind_throttle_outcome outcome, struct sc_error *err) SC_WARN_UNUSED;

#endif
