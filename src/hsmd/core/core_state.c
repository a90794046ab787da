/* The module's state: see core_state.h. */
#include "hsmd/core/core_state.h"

#include <pthread.h>

#include "base/big_endian.h"
#include "base/clock.h"
#include "hsmd/core/seal.h"

#define KEY_CONTEXT  "safeconduct state 1"
#define MARK_CONTEXT "safeconduct state mark 1"

struct sc_core_state {
	struct sc_module_host host;
	struct sc_secret unlock;

	pthread_mutex_t writing; /* held while the state is changed and written, so one change at a time */
	/* What the mark on disk acknowledges; guarded by `writing`. */
	uint64_t marked_counter;
	struct sc_hash marked_hash; /* of the sealed state file */

	pthread_mutex_t lock;            /* guards the fields below; held briefly: every request takes it */
	struct sc_module_state *current; /* as it is on disk; changed under both locks */
	int64_t floor_at;                /* sc_clock_monotonic() when current->time_floor was the time */
	struct sc_snapshot *snapshot;    /* made from `current` */
};

/* -- the two files ----------------------------------------------------------------------------- */

static sc_status seal_state(const struct sc_module_state *state, const struct sc_secret *unlock,
			    struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_sealed_state) sealed = sc_sealed_state_new();
	SC_CLEANUP(sc_secret) key = { 0 };
	SC_CLEANUP(sc_secret) salt = { 0 };
	SC_CLEANUP(sc_bytes) der = { 0 };
	struct sc_big_endian64 counter = sc_big_endian64_of(state->counter);

	SC_TRY(sc_check_allocated(sealed, err));
	SC_TRY(sc_secret_random(sizeof sealed->salt.b, &salt, err));
	memcpy(sealed->salt.b, salt.data, salt.len);
	sealed->counter = state->counter;
	SC_TRY(sc_derive(unlock, sc_hash_view(&sealed->salt), KEY_CONTEXT, NULL, 0, SC_SEAL_KEY_SIZE, &key,
			 err));
	SC_TRY(sc_module_state_encode(state, &der, err));
	/* The counter is also stored in the clear, next to the sealed part. */
	SC_TRY(sc_seal(&key, sc_big_endian64_view(&counter), sc_bytes_view(&der), &sealed->ciphertext,
		       &sealed->tag, err));
	return sc_sealed_state_encode(sealed, out, err);
}

static sc_status mark_tag(const struct sc_state_mark *mark, const struct sc_secret *unlock,
			  struct sc_hash *out, struct sc_error *err)
{
	struct sc_big_endian64 counter = sc_big_endian64_of(mark->counter);
	struct sc_view parts[] = { sc_big_endian64_view(&counter), sc_hash_view(&mark->state) };

	return sc_hmac_parts(unlock, MARK_CONTEXT, parts, 2, out, err);
}

static sc_status make_mark(uint64_t counter, const struct sc_hash *state, const struct sc_secret *unlock,
			   struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_state_mark) mark = sc_state_mark_new();

	SC_TRY(sc_check_allocated(mark, err));
	mark->counter = counter;
	mark->state = *state;
	SC_TRY(mark_tag(mark, unlock, &mark->tag, err));
	return sc_state_mark_encode(mark, out, err);
}

/*
 * Accepts the last acknowledged state, or the one written right after it (a crash came between the two
 * files). Anything else is an older state that was put back, or another state with the same counter.
 */
static sc_status check_mark(const struct sc_module_state *state, const struct sc_hash *hash,
			    struct sc_view der, const struct sc_secret *unlock, bool *is_late,
			    struct sc_error *err)
{
	SC_CLEANUP(sc_state_mark) mark = NULL;
	struct sc_hash tag;

	SC_TRY(sc_state_mark_decode(der, &mark, err));
	SC_TRY(mark_tag(mark, unlock, &tag, err));
	SC_ENSURE(sc_hash_equals(&tag, &mark->tag), err, SC_ERR_INTEGRITY,
		  "state mark: altered, or from another module");
	*is_late = state->counter == mark->counter + 1 && sc_hash_equals(&state->previous, &mark->state);
	if (*is_late || (state->counter == mark->counter && sc_hash_equals(hash, &mark->state)))
		return SC_OK;
	return sc_fail(err, SC_ERR_ROLLED_BACK,
		       "state file: number %llu is not the state that the mark acknowledges, number %llu: an "
		       "older copy was put back",
		       (unsigned long long)state->counter, (unsigned long long)mark->counter);
}

static sc_status unseal_state(struct sc_view der, const struct sc_secret *unlock,
			      struct sc_module_state **out, struct sc_hash *hash, struct sc_error *err)
{
	SC_CLEANUP(sc_sealed_state) sealed = NULL;
	SC_CLEANUP(sc_module_state) state = NULL;
	SC_CLEANUP(sc_secret) key = { 0 };
	SC_CLEANUP(sc_secret) plain = { 0 };
	struct sc_big_endian64 counter;
	sc_status status;

	SC_TRY(sc_sealed_state_decode(der, &sealed, err));
	counter = sc_big_endian64_of(sealed->counter);
	SC_TRY(sc_derive(unlock, sc_hash_view(&sealed->salt), KEY_CONTEXT, NULL, 0, SC_SEAL_KEY_SIZE, &key,
			 err));
	status = sc_unseal(&key, sc_big_endian64_view(&counter), sc_bytes_view(&sealed->ciphertext),
			   sc_bytes_view(&sealed->tag), &plain, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "state file");
	SC_TRY(sc_module_state_decode(sc_secret_view(&plain), &state, err));
	SC_ENSURE(state->counter == sealed->counter, err, SC_ERR_INTEGRITY,
		  "state file: its two counters differ");
	SC_TRY(sc_sha256(der, hash, err));
	*out = sc_steal(state);
	return SC_OK;
}

/* -- creating and opening ---------------------------------------------------------------------- */

static sc_status new_state(const struct sc_module_host *host, const struct sc_secret *unlock,
			   struct sc_core_state **out, struct sc_error *err)
{
	SC_CLEANUP(sc_core_state) state = OPENSSL_zalloc(sizeof *state);

	SC_TRY(sc_check_allocated(state, err));
	pthread_mutex_init(&state->writing, NULL);
	pthread_mutex_init(&state->lock, NULL);
	state->floor_at = sc_clock_monotonic();
	state->host = *host;
	SC_TRY(sc_secret_copy(sc_secret_view(unlock), &state->unlock, err));
	*out = sc_steal(state);
	return SC_OK;
}

void sc_core_state_free(struct sc_core_state *state)
{
	if (!state)
		return;
	sc_snapshot_release(state->snapshot);
	sc_module_state_free(state->current);
	sc_secret_free(&state->unlock);
	pthread_mutex_destroy(&state->lock);
	pthread_mutex_destroy(&state->writing);
	OPENSSL_free(state);
}

sc_status sc_core_state_create(const struct sc_module_host *host, const struct sc_secret *unlock,
			       struct sc_module_state *first, struct sc_core_state **out,
			       struct sc_error *err)
{
	SC_CLEANUP(sc_module_state) owned = first;
	SC_CLEANUP(sc_core_state) state = NULL;

	SC_TRY(new_state(host, unlock, &state, err));
	state->current = sc_steal(owned);
	SC_TRY(sc_core_state_update(state, sc_core_state_keep, NULL, err));
	*out = sc_steal(state);
	return SC_OK;
}

/*
 * Saves the state again with the mark that a crash prevented, so that a second crash cannot leave the state
 * two steps ahead of its mark.
 */
static sc_status save_mark(const struct sc_core_state *state, struct sc_view sealed, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) mark = { 0 };

	SC_TRY(make_mark(state->marked_counter, &state->marked_hash, &state->unlock, &mark, err));
	return state->host.save(state->host.context, sealed, sc_bytes_view(&mark), err);
}

sc_status sc_core_state_open(const struct sc_module_host *host, const struct sc_secret *unlock,
			     struct sc_view sealed, struct sc_view mark, struct sc_core_state **out,
			     struct sc_error *err)
{
	SC_CLEANUP(sc_core_state) state = NULL;
	bool is_late = false;

	SC_TRY(new_state(host, unlock, &state, err));
	SC_TRY(unseal_state(sealed, unlock, &state->current, &state->marked_hash, err));
	SC_TRY(check_mark(state->current, &state->marked_hash, mark, unlock, &is_late, err));
	state->marked_counter = state->current->counter;
	if (is_late)
		SC_TRY(save_mark(state, sealed, err));
	SC_TRY(sc_snapshot_new(state->current, &state->snapshot, err));
	*out = sc_steal(state);
	return SC_OK;
}

/* -- time -------------------------------------------------------------------------------------- */

/* A time by the module's clock, and the sc_clock_monotonic() at which it became that time. */
struct moment {
	int64_t time;
	int64_t at;
};

/*
 * While the host's clock is behind, `at` moves by whole seconds, like `time`. If it were the present, each
 * change of the state would lose a part of a second, and with frequent changes the clock would stand still.
 */
static struct moment moment_now(struct sc_core_state *state)
{
	const struct moment host = { sc_clock_now(), sc_clock_monotonic() };
	struct moment least;
	int64_t passed;

	pthread_mutex_lock(&state->lock);
	passed = (host.at - state->floor_at) / SC_SECOND;
	least = (struct moment){ state->current->time_floor + passed, state->floor_at + passed * SC_SECOND };
	pthread_mutex_unlock(&state->lock);
	return host.time > least.time ? host : least;
}

int64_t sc_core_state_now(struct sc_core_state *state)
{
	return moment_now(state).time;
}

/* -- changing ---------------------------------------------------------------------------------- */

static struct sc_module_state *copy_of(const struct sc_module_state *state)
{
	return ASN1_item_dup(ASN1_ITEM_rptr(sc_module_state), state);
}

/*
 * Seals and saves the copy. It follows the state that the mark on disk acknowledges, so a state whose mark
 * could not be written is replaced by one of the same number: two steps ahead of the mark, it could not be
 * opened again.
 */
static sc_status save(struct sc_core_state *state, struct sc_module_state *copy, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) sealed = { 0 };
	SC_CLEANUP(sc_bytes) mark = { 0 };
	struct sc_hash made;

	copy->counter = state->marked_counter + 1;
	copy->previous = state->marked_hash;
	SC_TRY(seal_state(copy, &state->unlock, &sealed, err));
	SC_TRY(sc_sha256(sc_bytes_view(&sealed), &made, err));
	SC_TRY(make_mark(copy->counter, &made, &state->unlock, &mark, err));
	SC_TRY(state->host.save(state->host.context, sc_bytes_view(&sealed), sc_bytes_view(&mark), err));
	state->marked_counter = copy->counter;
	state->marked_hash = made;
	return SC_OK;
}

/* Switches to a saved copy. The old state and snapshot are passed back to the caller, who frees them. */
static void adopt(struct sc_core_state *state, struct sc_module_state **copy, struct sc_snapshot **snapshot,
		  int64_t floor_at)
{
	struct sc_module_state *old_state = state->current;
	struct sc_snapshot *old_snapshot = state->snapshot;

	pthread_mutex_lock(&state->lock);
	state->current = *copy;
	state->snapshot = *snapshot;
	state->floor_at = floor_at;
	pthread_mutex_unlock(&state->lock);
	*copy = old_state;
	*snapshot = old_snapshot;
}

/*
 * Called with `writing` held: no other thread changes the state, though all may read it. The state in memory
 * is the one that a restart would continue with, even if that is not certain to last.
 */
static sc_status update(struct sc_core_state *state, sc_core_state_change *change, void *context,
			struct sc_error *err)
{
	sc_status status;
	SC_CLEANUP(sc_module_state) copy = copy_of(state->current);
	SC_CLEANUP(sc_snapshot) snapshot = NULL;
	struct moment now = moment_now(state);

	SC_TRY(sc_check_allocated(copy, err));
	copy->time_floor = now.time;
	SC_TRY(change(copy, context, err));
	SC_TRY(sc_snapshot_new(copy, &snapshot, err));
	status = save(state, copy, err);
	if (status == SC_OK || status == SC_ERR_NOT_DURABLE)
		adopt(state, &copy, &snapshot, now.at);
	return status;
}

sc_status sc_core_state_keep(struct sc_module_state *copy, void *context, struct sc_error *err)
{
	(void)copy, (void)context, (void)err;
	return SC_OK;
}

sc_status sc_core_state_update(struct sc_core_state *state, sc_core_state_change *change, void *context,
			       struct sc_error *err)
{
	sc_status status;

	pthread_mutex_lock(&state->writing);
	status = update(state, change, context, err);
	pthread_mutex_unlock(&state->writing);
	return status;
}

/* -- reading ----------------------------------------------------------------------------------- */

struct sc_snapshot *sc_core_state_snapshot(struct sc_core_state *state)
{
	struct sc_snapshot *snapshot;

	pthread_mutex_lock(&state->lock);
	snapshot = state->snapshot;
	atomic_fetch_add(&snapshot->references, 1);
	pthread_mutex_unlock(&state->lock);
	return snapshot;
}

void sc_core_state_read(struct sc_core_state *state, sc_core_state_reading *reading, void *context)
{
	int64_t now = sc_core_state_now(state);

	pthread_mutex_lock(&state->lock);
	reading(state->current, now, context);
	pthread_mutex_unlock(&state->lock);
}

uint64_t sc_core_state_counter(struct sc_core_state *state)
{
	uint64_t counter;

	pthread_mutex_lock(&state->lock);
	counter = state->current->counter;
	pthread_mutex_unlock(&state->lock);
	return counter;
}
