/* Counts wrong passwords: see throttle.h. */
#include "signind/throttle.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/digest.h"

#define SETS    1024 /* a power of two */
#define WAYS    8
#define KEY_LEN 32
#define LOOK    (SC_SECOND / 10) /* how often a waiting attempt sees whether it is awaited */

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
	pthread_cond_t decided;
	struct sc_signind_attempt *judged; /* begun and not ended */
	struct sc_secret key;              /* random for each process, so that nobody can aim at a set */
	struct entry table[KINDS][SETS][WAYS];
};

sc_status sc_signind_throttle_new(struct sc_signind_throttle **out, struct sc_error *err)
{
	SC_CLEANUP(sc_signind_throttle) throttle = calloc(1, sizeof *throttle);

	SC_TRY(sc_check_allocated(throttle, err));
	pthread_mutex_init(&throttle->lock, NULL);
	sc_condition_init(&throttle->decided);
	SC_TRY(sc_secret_random(KEY_LEN, &throttle->key, err));
	*out = sc_steal(throttle);
	return SC_OK;
}

void sc_signind_throttle_free(struct sc_signind_throttle *throttle)
{
	if (!throttle)
		return;
	pthread_cond_destroy(&throttle->decided);
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

sc_status sc_signind_throttle_name(const struct sc_signind_throttle *throttle, const char *account,
				   const char *address, struct sc_signind_attempt *out, struct sc_error *err)
{
	struct sc_signind_attempt attempt = { .next = NULL };

	SC_TRY(account_key(throttle, account, &attempt.account, err));
	SC_TRY(address_key(throttle, address, &attempt.address, err));
	*out = attempt;
	return SC_OK;
}

static const struct sc_hash *key_in(const struct sc_signind_attempt *attempt, int kind)
{
	return kind == ACCOUNT ? &attempt->account : &attempt->address;
}

/* The lock is held. */
static unsigned wait_of(struct sc_signind_throttle *throttle, const struct sc_signind_attempt *attempt)
{
	int64_t now = sc_clock_monotonic();
	int64_t until = now;

	for (int kind = 0; kind < KINDS; kind++) {
		const struct sc_hash *key = key_in(attempt, kind);
		const struct entry *entry = find(throttle, kind, key, now);

		if (is_of(entry, key) && entry->not_before > until)
			until = entry->not_before;
	}
	return (unsigned)((until - now + SC_SECOND - 1) / SC_SECOND);
}

unsigned sc_signind_throttle_wait(struct sc_signind_throttle *throttle,
				  const struct sc_signind_attempt *attempt)
{
	unsigned wait;

	pthread_mutex_lock(&throttle->lock);
	wait = wait_of(throttle, attempt);
	pthread_mutex_unlock(&throttle->lock);
	return wait;
}

/*
 * The lock is held. True if this attempt may be judged beside those that are: alone always, else if no wait
 * would follow even if all of them were wrong.
 */
static bool has_room(struct sc_signind_throttle *throttle, int kind, const struct sc_signind_attempt *attempt)
{
	const struct sc_hash *key = key_in(attempt, kind);
	const struct entry *entry = find(throttle, kind, key, sc_clock_monotonic());
	unsigned failures = is_of(entry, key) ? entry->failures : 0;
	unsigned judged = 0;

	for (const struct sc_signind_attempt *other = throttle->judged; other; other = other->next)
		judged += sc_hash_equals(key_in(other, kind), key);
	return judged == 0 || failures + judged < rules[kind].free;
}

/* The lock is held. */
static sc_status await_room(struct sc_signind_throttle *throttle, const struct sc_signind_attempt *attempt,
			    bool (*is_awaited)(void *context), void *context, unsigned *wait,
			    struct sc_error *err)
{
	while ((*wait = wait_of(throttle, attempt)) == 0 &&
	       !(has_room(throttle, ACCOUNT, attempt) && has_room(throttle, ADDRESS, attempt))) {
		SC_ENSURE(is_awaited(context), err, SC_ERR_TIMEOUT,
			  "other attempts were being judged until nobody awaited this one");
		(void)sc_condition_wait(&throttle->decided, &throttle->lock, LOOK);
	}
	return SC_OK;
}

sc_status sc_signind_throttle_begin(struct sc_signind_throttle *throttle, struct sc_signind_attempt *attempt,
				    bool (*is_awaited)(void *context), void *context, unsigned *wait,
				    struct sc_error *err)
{
	sc_status status;

	pthread_mutex_lock(&throttle->lock);
	status = await_room(throttle, attempt, is_awaited, context, wait, err);
	if (status == SC_OK && *wait == 0) {
		attempt->next = throttle->judged;
		throttle->judged = attempt;
	}
	pthread_mutex_unlock(&throttle->lock);
	return status;
}

static void forget_account(struct sc_signind_throttle *throttle, const struct sc_hash *key, int64_t now)
{
	struct entry *entry = find(throttle, ACCOUNT, key, now);

	if (is_of(entry, key))
		*entry = (struct entry){ 0 };
}

void sc_signind_throttle_end(struct sc_signind_throttle *throttle, struct sc_signind_attempt *attempt,
			     enum sc_signind_throttle_outcome outcome)
{
	struct sc_signind_attempt **link = &throttle->judged;
	int64_t now = sc_clock_monotonic();

	pthread_mutex_lock(&throttle->lock);
	while (*link != attempt)
		link = &(*link)->next;
	*link = attempt->next;
	for (int kind = 0; kind < KINDS && outcome == SC_SIGNIND_THROTTLE_WRONG; kind++)
		count(find(throttle, kind, key_in(attempt, kind), now), kind, key_in(attempt, kind), now);
	if (outcome == SC_SIGNIND_THROTTLE_RIGHT)
		forget_account(throttle, &attempt->account, now);
	pthread_cond_broadcast(&throttle->decided);
	pthread_mutex_unlock(&throttle->lock);
}
