/* The module: creating and opening it, its warrant, its clock, its connections. */
#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>

#include "base/clock.h"
#include "base/libcrypto.h"
#include "base/os.h"
#include "evidence/certificate.h"
#include "hsmd/core/internal.h"
#include "hsmd/core/keygen.h"
#include "hsmd/core/pin.h"
#include "hsmd/core/state_change.h"

#define DEFAULT_CACHE_KEYS 1000

static sc_status new_module(const struct sc_module_host *host, const struct sc_secret *unlock,
			    const struct sc_module_options *options, struct sc_module **out,
			    struct sc_error *err)
{
	SC_CLEANUP(sc_module) module = OPENSSL_zalloc(sizeof *module);

	SC_TRY(sc_check_allocated(module, err));
	pthread_mutex_init(&module->writing, NULL);
	pthread_mutex_init(&module->lock, NULL);
	module->floor_at = sc_clock_monotonic();
	module->host = *host;
	module->options = *options;
	if (!module->options.cache_keys)
		module->options.cache_keys = DEFAULT_CACHE_KEYS;
	if (!module->options.argon2_passes)
		module->options.argon2_passes = SC_ARGON2_PASSES;
	if (!module->options.argon2_memory)
		module->options.argon2_memory = SC_ARGON2_MEMORY;
	SC_ENSURE(unlock->len == SC_UNLOCK_KEY_SIZE, err, SC_ERR_ARGUMENT,
		  "the unlock key is not %d bytes long", SC_UNLOCK_KEY_SIZE);
	SC_TRY(sc_secret_copy(sc_secret_view(unlock), &module->unlock, err));
	module->cache = sc_cache_new(module->options.cache_keys);
	SC_TRY(sc_check_allocated(module->cache, err));
	*out = sc_steal(module);
	return SC_OK;
}

void sc_module_free(struct sc_module *module)
{
	if (!module)
		return;
	sc_cache_free(module->cache);
	sc_snapshot_release(module->snapshot);
	sc_module_state_free(module->state);
	sc_secret_free(&module->unlock);
	pthread_mutex_destroy(&module->lock);
	pthread_mutex_destroy(&module->writing);
	OPENSSL_free(module);
}

/* -- identity ---------------------------------------------------------------------------------- */

/* A serial number in nShield's format: three groups of four hexadecimal digits. */
static sc_status make_esn(struct sc_text *out, struct sc_error *err)
{
	uint8_t random[6];

	SC_TRY(sc_random(random, sizeof random, err));
	snprintf(out->s, sizeof out->s, "%02X%02X-%02X%02X-%02X%02X", random[0], random[1], random[2],
		 random[3], random[4], random[5]);
	return SC_OK;
}

static sc_status make_identity(struct sc_module_state *state, struct sc_error *err)
{
	SC_CLEANUP(sc_pkey) key = NULL;
	SC_CLEANUP(sc_secret) material = { 0 };

	SC_TRY(make_esn(&state->esn, err));
	SC_TRY(sc_keygen_curve("P-256", &key, err));
	SC_TRY(sc_pkcs8_encode(key, &material, err));
	return sc_octets_set(&state->statement_key, sc_secret_view(&material), err);
}

sc_status sc_module_create(const struct sc_module_host *host, const struct sc_secret *unlock,
			   const struct sc_module_options *options, struct sc_module **out,
			   struct sc_error *err)
{
	SC_CLEANUP(sc_module) module = NULL;

	SC_TRY(new_module(host, unlock, options, &module, err));
	module->state = sc_module_state_new();
	SC_TRY(sc_check_allocated(module->state, err));
	SC_TRY(make_identity(module->state, err));
	module->esn = module->state->esn;
	SC_TRY(sc_core_state_update(module, sc_core_state_keep, NULL, err));
	*out = sc_steal(module);
	return SC_OK;
}

sc_status sc_module_open(const struct sc_module_host *host, struct sc_view state, struct sc_view mark,
			 const struct sc_secret *unlock, const struct sc_module_options *options,
			 struct sc_module **out, struct sc_error *err)
{
	SC_CLEANUP(sc_module) module = NULL;

	SC_TRY(new_module(host, unlock, options, &module, err));
	SC_TRY(sc_core_state_restore(module, state, mark, err));
	module->esn = module->state->esn;
	*out = sc_steal(module);
	return SC_OK;
}

const char *sc_module_esn(const struct sc_module *module)
{
	return module->esn.s;
}

/* -- warrant ----------------------------------------------------------------------------------- */

sc_status sc_module_warrant_request(struct sc_module *module, struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_snapshot) s = sc_module_snapshot(module);
	SC_CLEANUP(sc_x509_req) request = X509_REQ_new();
	unsigned char *der = NULL;

	if (!request || X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
	    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_UTF8,
				       (const unsigned char *)s->esn.s, -1, -1, 0) != 1 ||
	    X509_REQ_set_pubkey(request, s->statement_key) != 1 ||
	    X509_REQ_sign(request, s->statement_key, EVP_sha256()) <= 0)
		return sc_fail_crypto(err, "warrant request");
	return sc_bytes_of_der(i2d_X509_REQ(request, &der), &der, "warrant request", out, err);
}

/* The two certificates that a module's host brings from the factory. */
struct warrant {
	struct sc_view root;
	struct sc_view warrant;
};

static sc_status adopt_warrant(struct sc_module_state *state, void *context, struct sc_error *err)
{
	const struct warrant *warrant = context;

	SC_ENSURE(!state->root.data || sc_view_equals(sc_bytes_view(&state->root), warrant->root), err,
		  SC_ERR_EXISTS, "another root is already pinned");
	SC_TRY(sc_octets_set(&state->root, warrant->root, err));
	return sc_octets_set(&state->warrant, warrant->warrant, err);
}

/* Checks that the root has the expected key. Its signature and dates are checked with the warrant's chain. */
static sc_status check_root(X509 *root, const struct sc_hash *expected, struct sc_error *err)
{
	enum sc_certificate_kind kind;
	struct sc_hash hash;

	SC_TRY(sc_certificate_kind_of(root, &kind, err));
	SC_ENSURE(kind == SC_CERTIFICATE_ROOT, err, SC_ERR_EVIDENCE_USAGE, "expected a root, not a %s",
		  sc_certificate_kind_name(kind));
	SC_TRY(sc_certificate_key_hash(root, &hash, err));
	SC_ENSURE(sc_hash_equals(&hash, expected), err, SC_ERR_EVIDENCE_ROOT,
		  "the root's key does not have the hash that was given");
	return SC_OK;
}

static sc_status check_warrant(const struct sc_snapshot *s, X509 *warrant, X509 *root, int64_t now,
			       struct sc_error *err)
{
	enum sc_certificate_kind kind;
	struct sc_text esn;

	SC_TRY(sc_certificate_kind_of(warrant, &kind, err));
	SC_ENSURE(kind == SC_CERTIFICATE_WARRANT, err, SC_ERR_EVIDENCE_USAGE, "expected a warrant, not a %s",
		  sc_certificate_kind_name(kind));
	SC_TRY(sc_chain_verify(&warrant, 1, root, now, err));
	SC_TRY(sc_certificate_subject(warrant, &esn, err));
	SC_ENSURE(sc_text_equals(&esn, s->esn.s) &&
		      EVP_PKEY_eq(X509_get0_pubkey(warrant), s->statement_key) == 1,
		  err, SC_ERR_EVIDENCE_ESN, "the warrant's ESN %s and key are not those of this module, %s",
		  esn.s, s->esn.s);
	return SC_OK;
}

sc_status sc_module_install_warrant(struct sc_module *module, struct sc_view root, struct sc_view warrant,
				    const struct sc_hash *root_hash, struct sc_error *err)
{
	SC_CLEANUP(sc_snapshot) s = sc_module_snapshot(module);
	SC_CLEANUP(sc_x509) root_certificate = NULL;
	SC_CLEANUP(sc_x509) certificate = NULL;
	struct warrant both = { root, warrant };
	int64_t now = sc_module_now(module);

	SC_TRY(sc_x509_decode(root, &root_certificate, err));
	SC_TRY(check_root(root_certificate, root_hash, err));
	SC_TRY(sc_x509_decode(warrant, &certificate, err));
	SC_TRY(check_warrant(s, certificate, root_certificate, now, err));
	return sc_core_state_update(module, adopt_warrant, &both, err);
}

/* -- the current state ------------------------------------------------------------------------- */

struct sc_snapshot *sc_module_snapshot(struct sc_module *module)
{
	struct sc_snapshot *snapshot;

	pthread_mutex_lock(&module->lock);
	snapshot = module->snapshot;
	atomic_fetch_add(&snapshot->references, 1);
	pthread_mutex_unlock(&module->lock);
	return snapshot;
}

enum sc_mode sc_module_mode(struct sc_module *module)
{
	SC_CLEANUP(sc_snapshot) snapshot = sc_module_snapshot(module);

	return snapshot->mode;
}

int64_t sc_module_now(struct sc_module *module)
{
	int64_t now = sc_clock_now();
	int64_t monotonic = sc_clock_monotonic();
	int64_t least;

	pthread_mutex_lock(&module->lock);
	least = module->state->time_floor + (monotonic - module->floor_at) / SC_SECOND;
	pthread_mutex_unlock(&module->lock);
	return now < least ? least : now;
}

bool sc_module_ran_out(const struct sc_module *module)
{
	return module->host.ran_out(module->host.context);
}

uint64_t sc_module_counter(struct sc_module *module)
{
	uint64_t counter;

	pthread_mutex_lock(&module->lock);
	counter = module->state->counter;
	pthread_mutex_unlock(&module->lock);
	return counter;
}

/* -- connections ------------------------------------------------------------------------------- */

struct sc_core_session *sc_core_session_new(struct sc_module *module, const struct sc_policy *policy,
					    bool peer_is_other_user)
{
	struct sc_core_session *session = OPENSSL_zalloc(sizeof *session);

	if (!session)
		return NULL;
	session->module = module;
	session->policy = *policy;
	session->peer_is_other_user = peer_is_other_user;
	pthread_mutex_init(&session->lock, NULL);
	return session;
}

void sc_core_session_free(struct sc_core_session *session)
{
	if (!session)
		return;
	for (size_t i = 0; i < SC_QUORUMS_MAX; i++)
		sc_quorum_free(session->quorums[i]);
	sc_state_world_free(session->pending);
	pthread_mutex_destroy(&session->lock);
	OPENSSL_free(session);
}
