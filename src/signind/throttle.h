/*
 * Limits guessing. Wrong passwords are counted per account, whether it exists or not, and per address. After
 * the first few, each further one doubles the wait before the next attempt, up to a limit. Only passwords
 * that were judged wrong count. So that parallel attempts gain nothing, no more of them are judged at once
 * than could all be wrong without a wait; further ones wait until those are decided.
 *
 * The tables have a fixed size and hold keyed hashes, not names. A full set drops the entry with the fewest
 * failures. To have a count forgotten, an attacker needs more failures elsewhere, and each of them counts
 * against the attacker's own address.
 */
#ifndef SC_SIGNIND_THROTTLE_H
#define SC_SIGNIND_THROTTLE_H

#include "base/digest.h"

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

/* One attempt, in its owner's memory from sc_signind_throttle_name() to its end. */
struct sc_signind_attempt {
	struct sc_hash account;
	struct sc_hash address;
	struct sc_signind_attempt *next; /* of those that are being judged */
};

/*
 * Names an attempt: an account (any text that names it; case is ignored), and an address as sc_web_peer()
 * returns it; of an IPv6 address the first 64 bits count. SC_ERR_MEMORY, SC_ERR_CRYPTO.
 */
sc_status sc_signind_throttle_name(const struct sc_signind_throttle *throttle, const char *account,
				   const char *address, struct sc_signind_attempt *out,
				   struct sc_error *err) SC_WARN_UNUSED;

/* The seconds until such an attempt may be judged; 0: now. Never waits. */
unsigned sc_signind_throttle_wait(struct sc_signind_throttle *throttle,
				  const struct sc_signind_attempt *attempt);

/*
 * Call this on a worker before the password is judged. Waits while too many attempts on the account, or from
 * the address, are being judged. Then *wait is 0, and the attempt must be ended; or *wait is the seconds
 * until it may be judged, and it has ended. SC_ERR_TIMEOUT, and the attempt has ended, once
 * is_awaited(context) is false.
 */
sc_status sc_signind_throttle_begin(struct sc_signind_throttle *throttle, struct sc_signind_attempt *attempt,
				    bool (*is_awaited)(void *context), void *context, unsigned *wait,
				    struct sc_error *err) SC_WARN_UNUSED;

enum sc_signind_throttle_outcome {
	SC_SIGNIND_THROTTLE_RIGHT, /* forgets the account's failures */
	SC_SIGNIND_THROTTLE_WRONG, /* counts for the account and the address */
	SC_SIGNIND_THROTTLE_UNDECIDED,
};

void sc_signind_throttle_end(struct sc_signind_throttle *throttle, struct sc_signind_attempt *attempt,
			     enum sc_signind_throttle_outcome outcome);

#endif
