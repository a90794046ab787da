/*
 * The TLS key in the module: see tls_key.h. GnuTLS calls from any HTTP thread that makes a handshake. Each
 * call takes a connection to the module from a small pool, or opens one, and returns it if it still works.
 * Once the module has not answered one handshake in time, all others are refused without asking it, until it
 * has answered a thread of its own (silence.h). Otherwise each of them would block its HTTP thread, and all
 * connections on that thread, until the timeout.
 */
#include "web/tls_credentials.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/line_ends.h"
#include "base/log.h"
#include "client/client.h"
#include "formats/owner.h"
#include "web/silence.h"

#define CERTIFICATE_MAX 65536
#define BLOB_MAX        16384
#define CHAIN_MAX       8
#define KEY_BITS        256
#define IDLE_MAX        16 /* connections kept open */

struct sc_web_tls_key {
	char *module;
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned chain_len;
	gnutls_privkey_t private_key;
	struct sc_client_key key;       /* read-only once it has been loaded */
	struct sc_web_silence *silence; /* of the module */
	pthread_mutex_t lock;           /* guards what follows */
	struct sc_client *idle[IDLE_MAX];
	size_t idle_count;
};

/* -- connections to the module ----------------------------------------------------------------- */

static sc_status take_client(struct sc_web_tls_key *key, struct sc_client **out, struct sc_error *err)
{
	struct sc_client *client = NULL;

	pthread_mutex_lock(&key->lock);
	if (key->idle_count > 0)
		client = key->idle[--key->idle_count];
	pthread_mutex_unlock(&key->lock);
	if (!client)
		return sc_client_open_within(key->module, SC_WEB_TLS_KEY_TIMEOUT_MS, out, err);
	*out = client;
	return SC_OK;
}

/* A connection on which something failed is not kept. */
static void give_back(struct sc_web_tls_key *key, struct sc_client *client, sc_status status)
{
	pthread_mutex_lock(&key->lock);
	if (status == SC_OK && key->idle_count < IDLE_MAX) {
		key->idle[key->idle_count++] = client;
		client = NULL;
	}
	pthread_mutex_unlock(&key->lock);
	sc_client_free(client);
}

static sc_status sign(struct sc_web_tls_key *key, struct sc_view hash, struct sc_bytes *signature,
		      struct sc_error *err)
{
	struct sc_client *client = NULL;
	sc_status status;

	SC_TRY(take_client(key, &client, err));
	status = sc_client_sign(client, &key->key, SC_MECHANISM_TLS_ECDSA, hash, signature, err);
	give_back(key, client, status);
	return status;
}

/* A failure that took long means that the module hangs. */
static sc_status sign_in_time(struct sc_web_tls_key *key, struct sc_view hash, struct sc_bytes *signature,
			      struct sc_error *err)
{
	int64_t begun = sc_clock_monotonic();
	sc_status status = sign(key, hash, signature, err);

	if (status != SC_OK && sc_clock_monotonic() - begun >= SC_WEB_TLS_KEY_TIMEOUT_MS * SC_MILLISECOND)
		sc_web_silence_begin(key->silence);
	return status;
}

static sc_status sign_a_check(struct sc_web_tls_key *key, struct sc_hash *hash, struct sc_bytes *signature,
			      struct sc_error *err)
{
	SC_TRY(sc_hash_parts("safeconduct tls key check 1", NULL, 0, hash, err));
	return sign(key, sc_hash_view(hash), signature, err);
}

static bool module_answers(void *context)
{
	SC_CLEANUP(sc_bytes) signature = { 0 };
	struct sc_web_tls_key *key = context;
	struct sc_error err = { 0 };
	struct sc_hash hash = { 0 };

	if (sign_a_check(key, &hash, &signature, &err) != SC_OK)
		return false;
	sc_log(SC_LOG_NOTICE, "%s: the module answers again", key->module);
	return true;
}

/* -- GnuTLS's side ----------------------------------------------------------------------------- */

static int describe(gnutls_privkey_t private_key, unsigned flags, void *context)
{
	(void)private_key, (void)context;
	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO)
		return GNUTLS_PK_EC;
	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS)
		return KEY_BITS;
	if (!(flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO))
		return -1;
	switch (GNUTLS_FLAGS_TO_SIGN_ALGO(flags)) {
	case GNUTLS_SIGN_ECDSA_SHA256: /* TLS 1.2 */
	case GNUTLS_SIGN_ECDSA_SHA384:
	case GNUTLS_SIGN_ECDSA_SHA512:
	case GNUTLS_SIGN_ECDSA_SECP256R1_SHA256: /* TLS 1.3 */
		return 1;
	default:
		return 0;
	}
}

static int sign_hash(gnutls_privkey_t private_key, gnutls_sign_algorithm_t algorithm, void *context,
		     unsigned flags, const gnutls_datum_t *hash, gnutls_datum_t *signature)
{
	SC_CLEANUP(sc_bytes) made = { 0 };
	struct sc_web_tls_key *key = context;
	struct sc_error err = { 0 };

	(void)private_key, (void)algorithm, (void)flags;
	/* That was said when it began. */
	if (sc_web_silence_holds(key->silence))
		return GNUTLS_E_PK_SIGN_FAILED;
	if (sign_in_time(key, sc_view_of(hash->data, hash->size), &made, &err) != SC_OK) {
		sc_log(SC_LOG_ERROR, "TLS handshake failed: the module made no signature: %s", err.message);
		return GNUTLS_E_PK_SIGN_FAILED;
	}
	signature->data = gnutls_malloc(made.len);
	if (!signature->data)
		return GNUTLS_E_MEMORY_ERROR;
	memcpy(signature->data, made.data, made.len);
	signature->size = (unsigned)made.len;
	return 0;
}

void sc_web_tls_key_credentials(struct sc_web_tls_key *key, gnutls_pcert_st **chain, unsigned *chain_len,
				gnutls_privkey_t *private_key)
{
	*chain = key->chain;
	*chain_len = key->chain_len;
	*private_key = key->private_key;
}

/* -- opening ----------------------------------------------------------------------------------- */

static sc_status read_chain(struct sc_web_tls_key *key, const char *path, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) pem = { 0 };
	gnutls_datum_t datum;
	unsigned bits = 0;
	int result;

	SC_TRY(sc_line_ends_read_path(path, CERTIFICATE_MAX, &pem, err));
	datum = (gnutls_datum_t){ pem.data, (unsigned)pem.len };
	key->chain_len = CHAIN_MAX;
	result =
	    gnutls_pcert_list_import_x509_raw(key->chain, &key->chain_len, &datum, GNUTLS_X509_FMT_PEM, 0);
	if (result < 0)
		key->chain_len = 0;
	SC_ENSURE(result >= 0 && key->chain_len > 0, err, SC_ERR_ENCODING,
		  "%s: not a chain of 1 to %d certificates in PEM: %s", path, CHAIN_MAX,
		  gnutls_strerror(result));
	SC_ENSURE(gnutls_pubkey_get_pk_algorithm(key->chain[0].pubkey, &bits) == GNUTLS_PK_EC &&
		      bits == KEY_BITS,
		  err, SC_ERR_KEY_TYPE, "%s: the first certificate is not for a P-256 key", path);
	return SC_OK;
}

static sc_status encode_owner(const char *daemon, struct sc_bytes *out, struct sc_error *err)
{
	struct sc_owner owner = { 0 };

	SC_TRY(sc_text_set(&owner.daemon, daemon, "the daemon's name", err));
	return sc_owner_encode(&owner, out, err);
}

static sc_status load(struct sc_web_tls_key *key, const struct sc_web_tls_key_settings *settings,
		      struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) blob = { 0 };
	SC_CLEANUP(sc_bytes) owner = { 0 };
	struct sc_client *client = NULL;
	sc_status status;

	SC_TRY(sc_file_read_path(settings->blob, BLOB_MAX, &blob, err));
	SC_TRY(encode_owner(settings->daemon, &owner, err));
	SC_TRY(take_client(key, &client, err));
	status = sc_client_key_load(client, sc_bytes_view(&blob), sc_bytes_view(&owner), &key->key, err);
	give_back(key, client, status);
	return status == SC_OK ? SC_OK : sc_fail_context(err, status, "%s", settings->blob);
}

/* Checks one signature with the certificate. Otherwise the first to find a mismatch would be clients. */
static sc_status check_pair(struct sc_web_tls_key *key, const struct sc_web_tls_key_settings *settings,
			    struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) made = { 0 };
	struct sc_hash hash = { 0 };
	gnutls_datum_t digest = { hash.b, sizeof hash.b };
	gnutls_datum_t signature;

	SC_TRY(sign_a_check(key, &hash, &made, err));
	signature = (gnutls_datum_t){ made.data, (unsigned)made.len };
	SC_ENSURE(gnutls_pubkey_verify_hash2(key->chain[0].pubkey, GNUTLS_SIGN_ECDSA_SHA256, 0, &digest,
					     &signature) >= 0,
		  err, SC_ERR_KEY_INVALID, "%s is not the key of %s", settings->blob, settings->certificate);
	return SC_OK;
}

static sc_status make_private_key(struct sc_web_tls_key *key, struct sc_error *err)
{
	int result = gnutls_privkey_init(&key->private_key);

	if (result >= 0)
		result = gnutls_privkey_import_ext4(key->private_key, key, NULL, sign_hash, NULL, NULL,
						    describe, 0);
	SC_ENSURE(result >= 0, err, SC_ERR_CRYPTO, "cannot set up the TLS key: %s", gnutls_strerror(result));
	return SC_OK;
}

sc_status sc_web_tls_key_open(const struct sc_web_tls_key_settings *settings, struct sc_web_tls_key **out,
			      struct sc_error *err)
{
	SC_CLEANUP(sc_web_tls_key) key = calloc(1, sizeof *key);

	SC_ENSURE(key, err, SC_ERR_MEMORY, "out of memory for a TLS key");
	pthread_mutex_init(&key->lock, NULL);
	key->module = strdup(settings->module);
	SC_ENSURE(key->module, err, SC_ERR_MEMORY, "out of memory for a TLS key");
	SC_TRY(read_chain(key, settings->certificate, err));
	SC_TRY(load(key, settings, err));
	SC_TRY(check_pair(key, settings, err));
	SC_TRY(make_private_key(key, err));
	SC_TRY(sc_web_silence_watch(module_answers, key, &key->silence, err));
	*out = sc_steal(key);
	return SC_OK;
}

void sc_web_tls_key_free(struct sc_web_tls_key *key)
{
	if (!key)
		return;
	sc_web_silence_free(key->silence);
	if (key->private_key)
		gnutls_privkey_deinit(key->private_key);
	for (unsigned i = 0; i < key->chain_len; i++)
		gnutls_pcert_deinit(&key->chain[i]);
	for (size_t i = 0; i < key->idle_count; i++)
		sc_client_free(key->idle[i]);
	sc_client_key_free(&key->key);
	pthread_mutex_destroy(&key->lock);
	free(key->module);
	free(key);
}
