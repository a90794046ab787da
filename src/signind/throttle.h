/*
 * Limits guessing. Failed sign-ins are counted per account, whether it exists or not, and per address. After
 * the first few, each further failure doubles the wait before the next attempt, up to a limit. An attempt
 * counts as failed from before the password is checked until it turns out to be right, so parallel attempts
 * gain nothing.
 *
 * The tables have a fixed size and hold keyed hashes, not names. A full set drops the entry with the fewest
 * failures. To have a count forgotten, an attacker needs more failures elsewhere, and each of them counts
 * against the attacker's own address.
 */
#ifndef SC_SIGNIND_THROTTLE_H
#define SC_SIGNIND_THROTTLE_H

#include "base/bytes.h"

#define SC_SIGNIND_THROTTLE_ACCOUNT_FREE   5   /* failures without a wait; the next one starts it */
#define SC_SIGNIND_THROTTLE_ACCOUNT_CAP    60  /* seconds: the longest wait of an account */
#define SC_SIGNIND_THROTTLE_ACCOUNT_FORGET 900 /* seconds without a failure until the count is forgotten */
#define SC_SIGNIND_THROTTLE_ADDRESS_FREE   20  /* many people may share an address */
#define SC_SIGNIND_THROTTLE_ADDRESS_CAP    900
#define SC_SIGNIND_THROTTLE_ADDRESS_FORGET 3600

struct sc_signind_throttle;

/* One per process; any thread may call the functions below. SC_ERR_MEMORY, SC_ERR_CRYPTO. */
sc_status sc_signind_throttle_new(struct sc_signind_throttle **out, struct sc_error *err) SC_WARN_UNUSED;
void sc_signind_throttle_free(struct sc_signind_throttle *throttle);
SC_CLEANUP_POINTER(sc_signind_throttle, struct sc_signind_throttle, sc_signind_throttle_free)

/*
 * Begins an attempt on an account (any text that names it; case is ignored) from an address as sc_web_peer()
 * returns it; of an IPv6 address the first 64 bits count. If *wait is 0, the attempt may go on and counts as
 * failed until sc_signind_throttle_end(). Otherwise *wait is the seconds to wait, and nothing is counted.
 * `now` is sc_clock_monotonic().
 */
sc_status sc_signind_throttle_begin(struct sc_signind_throttle *throttle, const char *account,
				    const char *address, int64_t now, unsigned *wait,
				    struct sc_error *err) SC_WARN_UNUSED;

enum sc_signind_throttle_outcome {
	SC_SIGNIND_THROTTLE_RIGHT, /* forgets the account's failures; takes this one back from the address */
	SC_SIGNIND_THROTTLE_UNDECIDED, /* the password was not checked: takes this one back from both */
};

/* Ends an attempt that was not a wrong password. */
sc_status sc_signind_throttle_end(struct sc_signind_throttle *throttle, const char *account,
				  const char *address, int64_t now, enum sc_signind_throttle_outcome outcome,
				  struct sc_error *err) SC_WARN_UNUSED;

#endif
