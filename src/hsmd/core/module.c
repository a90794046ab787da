/* The module: creating and opening it, and its warrant. */
#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>

#include "base/clock.h"
#include "base/libcrypto.h"
#include "base/os.h"
#include "evidence/certificate.h"
#include "hsmd/core/keygen.h"
#include "hsmd/core/module_parts.h"
#include "hsmd/core/pin.h"

#define DEFAULT_CACHE_KEYS 1000

static sc_status new_module(const struct sc_module_host *host, const struct sc_secret *unlock,
			    const struct sc_module_options *options, struct sc_module **out,
			    struct sc_error *err)
{
	SC_CLEANUP(sc_module) module = OPENSSL_zalloc(sizeof *module);

	SC_TRY(sc_check_allocated(module, err));
	pthread_mutex_init(&module->sessions_lock, NULL);
	TAILQ_INIT(&module->sessions);
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
	module->cache = sc_cache_new(module->options.cache_keys);
	SC_TRY(sc_check_allocated(module->cache, err));
	SC_TRY(sc_operations_new(sc_clock_now(), &module->operations, err));
	*out = sc_steal(module);
	return SC_OK;
}

void sc_module_limit_keys(struct sc_module *module, size_t memory)
{
	sc_cache_limit(module->cache, memory);
}

void sc_module_free(struct sc_module *module)
{
	if (!module)
		return;
	sc_cache_free(module->cache);
	sc_operations_free(module->operations);
	sc_core_state_free(module->state);
	pthread_mutex_destroy(&module->sessions_lock);
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
	SC_CLEANUP(sc_module_state) first = sc_module_state_new();

	SC_TRY(new_module(host, unlock, options, &module, err));
	SC_TRY(sc_check_allocated(first, err));
	(void)sc_module_ran_out(module);
	SC_TRY(make_identity(first, err));
	SC_TRY(sc_module_check_memory(module, err));
	module->esn = first->esn;
	SC_TRY(sc_core_state_create(host, unlock, sc_steal(first), &module->state, err));
	*out = sc_steal(module);
	return SC_OK;
}

sc_status sc_module_open(const struct sc_module_host *host, struct sc_view state, struct sc_view mark,
			 const struct sc_secret *unlock, const struct sc_module_options *options,
			 struct sc_module **out, struct sc_error *err)
{
	SC_CLEANUP(sc_module) module = NULL;
	SC_CLEANUP(sc_snapshot) snapshot = NULL;

	SC_TRY(new_module(host, unlock, options, &module, err));
	SC_TRY(sc_core_state_open(host, unlock, state, mark, &module->state, err));
	snapshot = sc_core_state_snapshot(module->state);
	module->esn = snapshot->esn;
	*out = sc_steal(module);
	return SC_OK;
}

/* -- warrant ----------------------------------------------------------------------------------- */

sc_status sc_module_warrant_request(struct sc_module *module, struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(module->state);
	SC_CLEANUP(sc_x509_req) request = X509_REQ_new();
	unsigned char *der = NULL;

	(void)sc_module_ran_out(module);
	if (!request || X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
	    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_UTF8,
				       (const unsigned char *)s->esn.s, -1, -1, 0) != 1 ||
	    X509_REQ_set_pubkey(request, s->statement_key) != 1 ||
	    X509_REQ_sign(request, s->statement_key, EVP_sha256()) <= 0 ||
	    X509_REQ_verify(request, s->statement_key) != 1)
		return sc_fail_crypto(err, "warrant request");
	SC_TRY(sc_module_check_memory(module, err));
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
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(module->state);
	SC_CLEANUP(sc_x509) root_certificate = NULL;
	SC_CLEANUP(sc_x509) certificate = NULL;
	struct warrant both = { root, warrant };
	int64_t now = sc_core_state_now(module->state);

	SC_TRY(sc_x509_decode(root, &root_certificate, err));
	SC_TRY(check_root(root_certificate, root_hash, err));
	SC_TRY(sc_x509_decode(warrant, &certificate, err));
	SC_TRY(check_warrant(s, certificate, root_certificate, now, err));
	return sc_core_state_update(module->state, adopt_warrant, &both, err);
}

/* -- what others ask --------------------------------------------------------------------------- */

const char *sc_module_esn(const struct sc_module *module)
{
	return module->esn.s;
}

enum sc_mode sc_module_mode(struct sc_module *module)
{
	SC_CLEANUP(sc_snapshot) snapshot = sc_core_state_snapshot(module->state);

	return snapshot->mode;
}

bool sc_module_ran_out(const struct sc_module *module)
{
	return module->host.ran_out(module->host.context);
}

bool sc_module_lacks_memory(const struct sc_module *module, sc_status status)
{
	return status == SC_ERR_MEMORY ||
	       (status != SC_OK && status != SC_ERR_NOT_DURABLE && sc_module_ran_out(module));
}

sc_status sc_module_check_memory(const struct sc_module *module, struct sc_error *err)
{
	SC_ENSURE(!sc_module_ran_out(module), err, SC_ERR_MEMORY, "out of memory during a private operation");
	return SC_OK;
}
