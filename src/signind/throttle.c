/* Counts failed sign-ins: see throttle.h. */
#include "signind/throttle.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"

#define SETS    1024 /* a power of two */
#define WAYS    8
#define KEY_LEN 32

struct entry {
	struct sc_hash key;
	unsigned failures; /* 0: free */
	int64_t last;      /* time of the last failure */
	int64_t not_before;
};

/* What differs between accounts and addresses. */
struct rule {
	const char *context; /* domain of the keyed hash (rule F2) */
	unsigned free;
	unsigned cap;    /* seconds */
	unsigned forget; /* seconds */
};

enum { ACCOUNT, ADDRESS, KINDS };

static const struct rule rules[KINDS] = {
	[ACCOUNT] = { "safeconduct throttle account 1", SC_SIGNIND_THROTTLE_ACCOUNT_FREE,
		      SC_SIGNIND_THROTTLE_ACCOUNT_CAP, SC_SIGNIND_THROTTLE_ACCOUNT_FORGET },
	[ADDRESS] = { "safeconduct throttle address 1", SC_SIGNIND_THROTTLE_ADDRESS_FREE,
		      SC_SIGNIND_THROTTLE_ADDRESS_CAP, SC_SIGNIND_THROTTLE_ADDRESS_FORGET },
};

struct sc_signind_throttle {
	pthread_mutex_t lock;
	struct sc_secret key; /* random for each process, so that nobody can aim at a set */
	struct entry table[KINDS][SETS][WAYS];
};

sc_status sc_signind_throttle_new(struct sc_signind_throttle **out, struct sc_error *err)
{
	SC_CLEANUP(sc_signind_throttle) throttle = calloc(1, sizeof *throttle);

	SC_TRY(sc_check_allocated(throttle, err));
	pthread_mutex_init(&throttle->lock, NULL);
	SC_TRY(sc_secret_random(KEY_LEN, &throttle->key, err));
	*out = sc_steal(throttle);
	return SC_OK;
}

void sc_signind_throttle_free(struct sc_signind_throttle *throttle)
{
	if (!throttle)
		return;
	pthread_mutex_destroy(&throttle->lock);
	sc_secret_free(&throttle->key);
	free(throttle);
}

static sc_status key_of(const struct sc_signind_throttle *throttle, int kind, struct sc_view name,
			struct sc_hash *out, struct sc_error *err)
{
	return sc_hmac_parts(&throttle->key, rules[kind].context, &name, 1, out, err);
}

static sc_status account_key(const struct sc_signind_throttle *throttle, const char *account,
			     struct sc_hash *out, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) lower = { 0 };

	SC_TRY(sc_bytes_copy(sc_view_text(account), &lower, err));
	for (size_t i = 0; i < lower.len; i++)
		lower.data[i] = (uint8_t)tolower(lower.data[i]);
	return key_of(throttle, ACCOUNT, sc_bytes_view(&lower), out, err);
}

/* A client with one IPv6 address usually has all 2^64 of its prefix. */
static sc_status address_key(const struct sc_signind_throttle *throttle, const char *address,
			     struct sc_hash *out, struct sc_error *err)
{
	struct in6_addr v6;

	if (inet_pton(AF_INET6, address, &v6) == 1)
		return key_of(throttle, ADDRESS, sc_view_of(&v6, 8), out, err);
	return key_of(throttle, ADDRESS, sc_view_text(address), out, err);
}

static unsigned delay_of(const struct rule *rule, unsigned failures)
{
	unsigned over = failures > rule->free ? failures - rule->free : 0;

	if (over == 0)
		return 0;
	return over > 16 || (1u << (over - 1)) > rule->cap ? rule->cap : 1u << (over - 1);
}

/*
 * The entry of that key, or the one that may be reused for it: a free one, else the one with the fewest
 * failures and, among those, the oldest.
 */
static struct entry *find(struct sc_signind_throttle *throttle, int kind, const struct sc_hash *key,
			  int64_t now)
{
	struct entry *set = throttle->table[kind][(key->b[0] | (unsigned)key->b[1] << 8) & (SETS - 1)];
	struct entry *weakest = &set[0];

	for (size_t i = 0; i < WAYS; i++) {
		if (now - set[i].last > rules[kind].forget * SC_SECOND)
			set[i] = (struct entry){ 0 };
		if (set[i].failures > 0 && sc_hash_equals(&set[i].key, key))
			return &set[i];
		if (set[i].failures < weakest->failures ||
		    (set[i].failures == weakest->failures && set[i].last < weakest->last))
			weakest = &set[i];
	}
	return weakest;
}

static bool is_of(const struct entry *entry, const struct sc_hash *key)
{
	return entry->failures > 0 && sc_hash_equals(&entry->key, key);
}

static void count(struct entry *entry, int kind, const struct sc_hash *key, int64_t now)
{
	if (!is_of(entry, key))
		*entry = (struct entry){ .key = *key };
	entry->failures++;
	entry->last = now;
	entry->not_before = now + delay_of(&rules[kind], entry->failures) * SC_SECOND;
}

sc_status sc_signind_throttle_begin(struct sc_signind_throttle *throttle, const char *account,
				    const char *address, int64_t now, unsigned *wait, struct sc_error *err)
{
	struct sc_hash key[KINDS];
	struct entry *entry[KINDS];
	int64_t until = now;

	SC_TRY(account_key(throttle, account, &key[ACCOUNT], err));
	SC_TRY(address_key(throttle, address, &key[ADDRESS], err));
	pthread_mutex_lock(&throttle->lock);
	for (int kind = 0; kind < KINDS; kind++) {
		entry[kind] = find(throttle, kind, &key[kind], now);
		if (is_of(entry[kind], &key[kind]) && entry[kind]->not_before > until)
			until = entry[kind]->not_before;
	}
	if (until == now)
		for (int kind = 0; kind < KINDS; kind++)
			count(entry[kind], kind, &key[kind], now);
	pthread_mutex_unlock(&throttle->lock);
	*wait = (unsigned)((until - now + SC_SECOND - 1) / SC_SECOND);
	return SC_OK;
}

static void give_back(struct sc_signind_throttle *throttle, int kind, const struct sc_hash *key, int64_t now,
		      bool forgets)
{
	struct entry *entry = find(throttle, kind, key, now);

	if (!is_of(entry, key))
		return;
	if (forgets) {
		*entry = (struct entry){ 0 };
	} else {
		entry->failures--;
		entry->not_before = now;
	}
}

sc_status sc_signind_throttle_end(struct sc_signind_throttle *throttle, const char *account,
				  const char *address, int64_t now, enum sc_signind_throttle_outcome outcome,
				  struct sc_error *err)
{
	struct sc_hash key[KINDS];

	SC_TRY(account_key(throttle, account, &key[ACCOUNT], err));
	SC_TRY(address_key(throttle, address, &key[ADDRESS], err));
	pthread_mutex_lock(&throttle->lock);
	give_back(throttle, ACCOUNT, &key[ACCOUNT], now, outcome == SC_SIGNIND_THROTTLE_RIGHT);
	give_back(throttle, ADDRESS, &key[ADDRESS], now, false);
	pthread_mutex_unlock(&throttle->lock);
	return SC_OK;
}
