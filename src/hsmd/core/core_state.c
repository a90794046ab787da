/* Sealing, opening and changing the module's state: see state_change.h. */
#include "hsmd/core/state_change.h"

#include "base/clock.h"
#include "hsmd/core/seal.h"

#define KEY_CONTEXT  "safeconduct state 1"
#define MARK_CONTEXT "safeconduct state mark 1"

/* The associated data: the counter, which is also stored in the clear next to the sealed part. */
static struct sc_view counter_view(uint64_t counter, uint8_t bytes[8])
{
	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(counter >> (56 - 8 * i));
	return sc_view_of(bytes, 8);
}

static sc_status seal_state(const struct sc_module_state *state, const struct sc_secret *unlock,
			    struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_sealed_state) sealed = sc_sealed_state_new();
	SC_CLEANUP(sc_secret) key = { 0 };
	SC_CLEANUP(sc_secret) salt = { 0 };
	SC_CLEANUP(sc_bytes) der = { 0 };
	uint8_t counter[8];

	SC_TRY(sc_check_allocated(sealed, err));
	SC_TRY(sc_secret_random(sizeof sealed->salt.b, &salt, err));
	memcpy(sealed->salt.b, salt.data, salt.len);
	sealed->counter = state->counter;
	SC_TRY(sc_derive(unlock, sc_hash_view(&sealed->salt), KEY_CONTEXT, NULL, 0, SC_SEAL_KEY_SIZE, &key,
			 err));
	SC_TRY(sc_module_state_encode(state, &der, err));
	SC_TRY(sc_seal(&key, counter_view(state->counter, counter), sc_bytes_view(&der), &sealed->ciphertext,
		       &sealed->tag, err));
	return sc_sealed_state_encode(sealed, out, err);
}

static sc_status mark_tag(const struct sc_state_mark *mark, const struct sc_secret *unlock,
			  struct sc_hash *out, struct sc_error *err)
{
	uint8_t counter[8];
	struct sc_view parts[] = { counter_view(mark->counter, counter), sc_hash_view(&mark->state) };

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
	uint8_t counter[8];
	sc_status status;

	SC_TRY(sc_sealed_state_decode(der, &sealed, err));
	SC_TRY(sc_derive(unlock, sc_hash_view(&sealed->salt), KEY_CONTEXT, NULL, 0, SC_SEAL_KEY_SIZE, &key,
			 err));
	status = sc_unseal(&key, counter_view(sealed->counter, counter), sc_bytes_view(&sealed->ciphertext),
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

/*
 * Saves the state again with the mark that a crash prevented, so that a second crash cannot leave the state
 * two steps ahead of its mark.
 */
static sc_status save_mark(const struct sc_module *module, struct sc_view sealed, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) mark = { 0 };

	SC_TRY(make_mark(module->state->counter, &module->state_hash, &module->unlock, &mark, err));
	return module->host.save(module->host.context, sealed, sc_bytes_view(&mark), err);
}

sc_status sc_core_state_restore(struct sc_module *module, struct sc_view sealed, struct sc_view mark,
				struct sc_error *err)
{
	bool is_late = false;

	SC_TRY(unseal_state(sealed, &module->unlock, &module->state, &module->state_hash, err));
	SC_TRY(check_mark(module->state, &module->state_hash, mark, &module->unlock, &is_late, err));
	if (is_late)
		SC_TRY(save_mark(module, sealed, err));
	return sc_snapshot_new(module->state, &module->snapshot, err);
}

static struct sc_module_state *copy_state(const struct sc_module_state *state)
{
	return ASN1_item_dup(ASN1_ITEM_rptr(sc_module_state), state);
}

static sc_status save(struct sc_module *module, struct sc_module_state *copy, struct sc_hash *hash,
		      struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) sealed = { 0 };
	SC_CLEANUP(sc_bytes) mark = { 0 };

	copy->counter++;
	copy->previous = module->state_hash;
	SC_TRY(seal_state(copy, &module->unlock, &sealed, err));
	SC_TRY(sc_sha256(sc_bytes_view(&sealed), hash, err));
	SC_TRY(make_mark(copy->counter, hash, &module->unlock, &mark, err));
	return module->host.save(module->host.context, sc_bytes_view(&sealed), sc_bytes_view(&mark), err);
}

/* Switches to a saved state. The old state and snapshot are passed back to the caller, who frees them. */
static void adopt(struct sc_module *module, struct sc_module_state **state, struct sc_snapshot **snapshot,
		  int64_t floor_at)
{
	struct sc_module_state *old_state = module->state;
	struct sc_snapshot *old_snapshot = module->snapshot;

	pthread_mutex_lock(&module->lock);
	module->state = *state;
	module->snapshot = *snapshot;
	module->floor_at = floor_at;
	pthread_mutex_unlock(&module->lock);
	*state = old_state;
	*snapshot = old_snapshot;
}

/* Called with `writing` held: no other thread changes the state, though all may read it. */
static sc_status update(struct sc_module *module, sc_core_state_change *change, void *context,
			struct sc_error *err)
{
	SC_CLEANUP(sc_module_state) copy = copy_state(module->state);
	SC_CLEANUP(sc_snapshot) snapshot = NULL;
	struct sc_hash hash;
	int64_t floor_at = sc_clock_monotonic();

	SC_TRY(sc_check_allocated(copy, err));
	copy->time_floor = sc_module_now(module);
	SC_TRY(change(copy, context, err));
	SC_TRY(sc_snapshot_new(copy, &snapshot, err));
	SC_TRY(save(module, copy, &hash, err));
	module->state_hash = hash;
	adopt(module, &copy, &snapshot, floor_at);
	return SC_OK;
}

sc_status sc_core_state_keep(struct sc_module_state *copy, void *context, struct sc_error *err)
{
	(void)copy, (void)context, (void)err;
	return SC_OK;
}

sc_status sc_core_state_update(struct sc_module *module, sc_core_state_change *change, void *context,
			       struct sc_error *err)
{
	sc_status status;

	pthread_mutex_lock(&module->writing);
	status = update(module, change, context, err);
	pthread_mutex_unlock(&module->writing);
	return status;
}
