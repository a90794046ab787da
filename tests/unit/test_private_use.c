/*
 * A result is verified before it leaves (rule M8). Keys whose private half is damaged never yield a
 * signature, whichever of the module's keys it is. And where memory ran out during a private operation, it is
 * refused even if libcrypto calls it a success, and the key is loaded afresh.
 */
#include "support/test.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "core_module.h"
#include "failing_memory.h"
#include "hsmd/core/keygen.h"
#include "hsmd/core/knso.h"
#include "support/mismatched_key.h"
#include "support/rsa_forge.h"

static struct core core;
static struct sc_core_session *daemon_socket;
static struct sc_acl *uses;
static struct sc_acl *token_use;
static struct sc_acl *tls_use;
static struct sc_bytes owner; /* of the daemon's own keys */

static struct sc_acl *acl_of(uint32_t use)
{
	struct sc_acl *acl = sc_acl_new();
	struct sc_permission_group *group = NULL;

	assert_ok(sc_acl_add_group(acl, 1, SC_AUTHORITY_NONE, &group, NULL), NULL);
	assert_ok(sc_acl_add_use(group, use, NULL), NULL);
	return acl;
}

static const struct sc_owner daemon_owner = { .daemon.s = "vaultd" };

static int setup(void **state)
{
	(void)state;
	core_start(&core);
	core_make_world(&core);
	core.ran_out = failing_memory_ran_out;
	daemon_socket = core_service(&core, "vaultd", SC_APPLICATION_TLS | SC_APPLICATION_TOKEN,
				     SC_APPLICATION_TLS | SC_APPLICATION_TOKEN);
	uses = acl_of(SC_USE_SIGN | SC_USE_DECRYPT);
	token_use = acl_of(SC_USE_TOKEN);
	tls_use = acl_of(SC_USE_TLS_SERVER);
	assert_ok(sc_owner_encode(&daemon_owner, &owner, NULL), NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sc_core_session_free(daemon_socket);
	sc_acl_free(uses);
	sc_acl_free(token_use);
	sc_acl_free(tls_use);
	sc_bytes_free(&owner);
	core_end(&core);
	return 0;
}

/* -- keys ---------------------------------------------------------------------------------------- */

/* The test's RSA key with `more` added to its d and `more_dp` to its dP. */
static EVP_PKEY *damaged_rsa_key(unsigned more, unsigned more_dp)
{
	SC_CLEANUP(sc_bn) p = NULL;
	SC_CLEANUP(sc_bn) q = NULL;
	SC_CLEANUP(sc_bn) e = NULL;
	SC_CLEANUP(sc_bytes) der = { 0 };
	struct forged_rsa numbers;
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(core_rsa_key(), OSSL_PKEY_PARAM_RSA_FACTOR1, &p), 1);
	assert_int_equal(EVP_PKEY_get_bn_param(core_rsa_key(), OSSL_PKEY_PARAM_RSA_FACTOR2, &q), 1);
	assert_int_equal(EVP_PKEY_get_bn_param(core_rsa_key(), OSSL_PKEY_PARAM_RSA_E, &e), 1);
	forged_rsa_from(&numbers, p, q, e);
	assert_int_equal(BN_add_word(numbers.d, more), 1);
	assert_int_equal(BN_add_word(numbers.dp, more_dp), 1);
	forged_rsa_encode(&numbers, &der);
	forged_rsa_free(&numbers);
	assert_ok(sc_pkcs8_decode(sc_bytes_view(&der), &key, NULL), NULL);
	return key;
}

/* A key as the module loads it, and how it is used. */
struct use {
	struct sc_core_session *session;
	struct sc_bytes blob;
	struct sc_hash key;
	struct sc_view owner;
};

static void use_end(struct use *use)
{
	sc_bytes_free(&use->blob);
}
SC_CLEANUP_VALUE(use, use_end)

/* Seals the key, which is freed, and loads it. */
static struct use use_of(EVP_PKEY *key, uint32_t application, const struct sc_acl *acl)
{
	bool is_simple = application == SC_APPLICATION_SIMPLE;
	struct use use = { .session = is_simple ? core.custody : daemon_socket };

	if (!is_simple)
		use.owner = sc_bytes_view(&owner);
	core_seal(&core, key, application, is_simple ? NULL : &daemon_owner, acl, &use.blob);
	EVP_PKEY_free(key);
	assert_ok(core_load(use.session, sc_bytes_view(&use.blob), &use.key), NULL);
	return use;
}

static void load_again(struct use *use)
{
	assert_ok(core_load(use->session, sc_bytes_view(&use->blob), &use->key), NULL);
}

static EVP_PKEY *rsa_key(void)
{
	assert_int_equal(EVP_PKEY_up_ref(core_rsa_key()), 1);
	return core_rsa_key();
}

/* -- operations ---------------------------------------------------------------------------------- */

static const uint8_t digest[32] = { 1, 2, 3 };
static const char signing_input[] = "eyJhbGciOiJSUzI1NiJ9.e30";

static sc_status sign(const struct use *use, uint32_t mechanism, struct core_answer *answer,
		      struct sc_sign_response *out)
{
	const struct sc_sign_request in = { use->key, use->owner, mechanism,
					    mechanism == SC_MECHANISM_TOKEN_RS256
						? sc_view_text(signing_input)
						: sc_view_of(digest, 32) };

	return core_sign(use->session, 0, &in, out, answer);
}

static sc_status sign_plainly(const struct use *use, uint32_t mechanism)
{
	return sign(use, mechanism, NULL, NULL);
}

/* Signs, and verifies what came with the key's right public half. */
static void signs_rightly(const struct use *use, EVP_PKEY *key, uint32_t mechanism)
{
	SC_CLEANUP(sc_pkey_ctx) ctx = EVP_PKEY_CTX_new(key, NULL);
	SC_CLEANUP(core_answer) answer = { 0 };
	struct sc_sign_response out;

	assert_ok(sign(use, mechanism, &answer, &out), NULL);
	assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
	if (mechanism != SC_MECHANISM_TLS_ECDSA)
		assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()), 1);
	assert_int_equal(EVP_PKEY_verify(ctx, out.signature.data, out.signature.len, digest, sizeof digest),
			 1);
}

static void encrypt(EVP_PKEY *key, uint8_t cipher[256])
{
	SC_CLEANUP(sc_pkey_ctx) ctx = EVP_PKEY_CTX_new(key, NULL);
	size_t len = 256;

	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING), 1);
	assert_int_equal(EVP_PKEY_encrypt(ctx, cipher, &len, (const uint8_t *)"secret", 6), 1);
}

static sc_status decrypt(const struct use *use, const uint8_t cipher[256])
{
	const struct sc_decrypt_request in = { use->key, use->owner, SC_MECHANISM_RSA_OAEP,
					       sc_view_of(cipher, 256) };

	return core_decrypt(use->session, 0, &in, NULL, NULL);
}

static sc_status attest(const struct use *use)
{
	return core_key_attest(use->session, 0,
			       &(struct sc_key_attest_request){ use->key, use->owner, { 0 } }, NULL, NULL);
}

/* -- damaged keys -------------------------------------------------------------------------------- */

/* libcrypto falls back to d if the CRT result is wrong, so dP alone does no harm. It must not be d's turn. */
static void a_damaged_rsa_key_never_yields_a_signature(void **state)
{
	static const uint32_t mechanisms[] = { SC_MECHANISM_RS256, SC_MECHANISM_PS256 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		SC_CLEANUP(use) damaged = use_of(damaged_rsa_key(2, 2), SC_APPLICATION_SIMPLE, uses);
		SC_CLEANUP(use) sound = use_of(damaged_rsa_key(0, 0), SC_APPLICATION_SIMPLE, uses);

		assert_status(sign_plainly(&damaged, mechanisms[i]), SC_ERR_CRYPTO, NULL);
		/* It is loaded afresh, in case it was damaged in memory only. */
		assert_status(sign_plainly(&damaged, mechanisms[i]), SC_ERR_NOT_LOADED, NULL);
		assert_ok(sign_plainly(&sound, mechanisms[i]), NULL);
	}
	SC_CLEANUP(use) wrong_dp = use_of(damaged_rsa_key(0, 2), SC_APPLICATION_SIMPLE, uses);
	signs_rightly(&wrong_dp, core_rsa_key(), SC_MECHANISM_RS256);
}

static void a_damaged_token_key_never_yields_a_signature(void **state)
{
	SC_CLEANUP(use) damaged = use_of(damaged_rsa_key(2, 2), SC_APPLICATION_TOKEN, token_use);
	SC_CLEANUP(use) sound = use_of(damaged_rsa_key(0, 0), SC_APPLICATION_TOKEN, token_use);

	(void)state;
	assert_status(sign_plainly(&damaged, SC_MECHANISM_TOKEN_RS256), SC_ERR_CRYPTO, NULL);
	assert_ok(sign_plainly(&sound, SC_MECHANISM_TOKEN_RS256), NULL);
}

static void a_damaged_tls_key_never_yields_a_signature(void **state)
{
	SC_CLEANUP(sc_pkey) key = EVP_EC_gen("P-256");
	SC_CLEANUP(use) damaged = use_of(mismatched_ec_key(key), SC_APPLICATION_TLS, tls_use);

	(void)state;
	assert_status(sign_plainly(&damaged, SC_MECHANISM_TLS_ECDSA), SC_ERR_CRYPTO, NULL);
	assert_status(sign_plainly(&damaged, SC_MECHANISM_TLS_ECDSA), SC_ERR_NOT_LOADED, NULL);
	assert_int_equal(EVP_PKEY_up_ref(key), 1);
	SC_CLEANUP(use) sound = use_of(key, SC_APPLICATION_TLS, tls_use);
	signs_rightly(&sound, key, SC_MECHANISM_TLS_ECDSA);
}

static sc_status set_statement_key(struct sc_module_state *now, void *key, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) der = { 0 };

	SC_TRY(sc_pkcs8_encode(key, &der, err));
	return sc_octets_set(&now->statement_key, sc_secret_view(&der), err);
}

static void a_damaged_statement_key_never_yields_a_statement(void **state)
{
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(core.module->state);
	SC_CLEANUP(sc_pkey) damaged = mismatched_ec_key(s->statement_key);
	SC_CLEANUP(use) use = use_of(rsa_key(), SC_APPLICATION_SIMPLE, uses);

	(void)state;
	assert_ok(sc_core_state_update(core.module->state, set_statement_key, damaged, NULL), NULL);
	assert_status(attest(&use), SC_ERR_CRYPTO, NULL);
	assert_ok(sc_core_state_update(core.module->state, set_statement_key, s->statement_key, NULL), NULL);
	assert_ok(attest(&use), NULL);
}

static void a_damaged_statement_key_never_yields_a_warrant_request(void **state)
{
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(core.module->state);
	SC_CLEANUP(sc_pkey) damaged = mismatched_ec_key(s->statement_key);
	SC_CLEANUP(sc_bytes) request = { 0 };

	(void)state;
	assert_ok(sc_core_state_update(core.module->state, set_statement_key, damaged, NULL), NULL);
	assert_status(sc_module_warrant_request(core.module, &request, NULL), SC_ERR_CRYPTO, NULL);
	assert_ok(sc_core_state_update(core.module->state, set_statement_key, s->statement_key, NULL), NULL);
	assert_ok(sc_module_warrant_request(core.module, &request, NULL), NULL);
}

/* Signs the core's world file as a world of that KNSO would, with another private key. */
static sc_status sign_world_file(EVP_PKEY *knso, EVP_PKEY *signing, uint32_t suite)
{
	SC_CLEANUP(sc_world_file) file = NULL;
	struct sc_world_body *body;

	assert_ok(sc_world_file_decode(sc_bytes_view(&core.world_file), &file, NULL), NULL);
	body = file->body;
	body->suite = suite;
	sc_bytes_free(&body->knso);
	assert_ok(sc_spki_of(knso, &body->knso, NULL), NULL);
	assert_ok(sc_world_id(sc_bytes_view(&body->knso), &body->hkm, suite, &body->id, NULL), NULL);
	return sc_knso_sign_world(signing, file, NULL);
}

static void a_damaged_knso_never_yields_a_world_file(void **state)
{
	static const enum sc_suite suites[] = { SC_SUITE_ECP521, SC_SUITE_DLF1024 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		SC_CLEANUP(sc_pkey) knso = NULL;
		SC_CLEANUP(sc_pkey) damaged = NULL;

		assert_ok(sc_knso_generate(suites[i], &knso, NULL), NULL);
		damaged = suites[i] == SC_SUITE_ECP521 ? mismatched_ec_key(knso) : mismatched_dsa_key(knso);
		assert_status(sign_world_file(knso, damaged, suites[i]), SC_ERR_CRYPTO, NULL);
		assert_ok(sign_world_file(knso, knso, suites[i]), NULL);
	}
}

/* -- without memory ------------------------------------------------------------------------------ */

static bool always(void)
{
	return true;
}

/* Requests whose libcrypto calls all succeed, while the arena says that an allocation failed meanwhile. */
static void a_success_without_memory_is_refused_and_the_key_loaded_afresh(void **state)
{
	SC_CLEANUP(use) use = use_of(rsa_key(), SC_APPLICATION_SIMPLE, uses);
	uint8_t cipher[256];

	(void)state;
	encrypt(core_rsa_key(), cipher);
	core.ran_out = always;
	assert_status(sign_plainly(&use, SC_MECHANISM_RS256), SC_ERR_MODULE_FULL, NULL);
	assert_status(sign_plainly(&use, SC_MECHANISM_RS256), SC_ERR_MODULE_FULL, NULL);
	core.ran_out = failing_memory_ran_out;
	assert_status(sign_plainly(&use, SC_MECHANISM_RS256), SC_ERR_NOT_LOADED, NULL);
	load_again(&use);
	signs_rightly(&use, core_rsa_key(), SC_MECHANISM_RS256);
	core.ran_out = always;
	assert_status(decrypt(&use, cipher), SC_ERR_MODULE_FULL, NULL);
	core.ran_out = failing_memory_ran_out;
	assert_status(decrypt(&use, cipher), SC_ERR_NOT_LOADED, NULL);
	load_again(&use);
	assert_ok(decrypt(&use, cipher), NULL);
	core.ran_out = always;
	assert_status(attest(&use), SC_ERR_MODULE_FULL, NULL);
	core.ran_out = failing_memory_ran_out;
	assert_ok(attest(&use), NULL);
}

static void a_new_key_or_world_made_without_memory_is_refused(void **state)
{
	const struct sc_key_generate_request in = { .application = sc_view_text("tls"),
						    .owner = sc_bytes_view(&owner),
						    .algorithm = SC_ALGORITHM_EC,
						    .bits = 256 };
	struct sc_world_begin_request begin = {
		.suite = SC_SUITE_ECP521, .k = 1, .pins.count = 1, .custodians.count = 1
	};
	struct core other;

	(void)state;
	core.ran_out = always;
	assert_status(core_key_generate(daemon_socket, 0, &in, NULL, NULL), SC_ERR_MODULE_FULL, NULL);
	core.ran_out = NULL;
	assert_ok(core_key_generate(daemon_socket, 0, &in, NULL, NULL), NULL);
	core_start(&other);
	core_make_warranted(&other);
	begin.pins.item[0] = core_pin(0);
	other.ran_out = always;
	assert_status(core_world_begin(other.custody, 0, &begin, NULL, NULL), SC_ERR_MODULE_FULL, NULL);
	other.ran_out = NULL;
	assert_ok(core_world_begin(other.custody, 0, &begin, NULL, NULL), NULL);
	core_end(&other);
}

/* A SIGN, or a DECRYPT if there is a ciphertext, ready to be sent: writing it allocates too. */
static struct sc_writer request_of(const struct use *use, uint32_t mechanism, const uint8_t *cipher)
{
	struct sc_writer body = sc_writer_new(SC_WIRE_BODY_MAX);

	if (cipher)
		sc_decrypt_request_write(&body,
					 &(struct sc_decrypt_request){
					     use->key, use->owner, SC_MECHANISM_RSA_OAEP, { cipher, 256 } });
	else
		sc_sign_request_write(
		    &body,
		    &(struct sc_sign_request){ use->key, use->owner, mechanism, { digest, sizeof digest } });
	return body;
}

/* libcrypto makes a new blinding pair after as many uses of a key. */
#define USES_OF_A_BLINDING 32

/*
 * Every allocation of a request fails once. What is answered afterwards is right, and at once: a key that
 * stays loaded is right for all uses that a spoiled blinding would last.
 */
static void each_allocation(struct use *use, EVP_PKEY *key, uint32_t mechanism, const uint8_t *cipher)
{
	SC_CLEANUP(sc_writer) body = request_of(use, mechanism, cipher);
	const uint32_t command = cipher ? SC_COMMAND_DECRYPT : SC_COMMAND_SIGN;
	bool all_passed = false;
	unsigned afresh = 0;

	for (long n = 1; !all_passed; n++) {
		sc_status status;

		load_again(use);
		failing_memory_at(n);
		status = core_send(use->session, command, 0, sc_writer_view(&body), NULL);
		all_passed = failing_memory_pause() > 0;
		assert_int_equal(status, all_passed ? SC_OK : SC_ERR_MODULE_FULL);
		status = core_send(use->session, command, 0, sc_writer_view(&body), NULL);
		assert_true(status == SC_OK || status == SC_ERR_NOT_LOADED);
		afresh += status == SC_ERR_NOT_LOADED;
		load_again(use);
		for (int i = status == SC_OK ? 0 : USES_OF_A_BLINDING - 1; i < USES_OF_A_BLINDING; i++) {
			if (cipher)
				assert_ok(decrypt(use, cipher), NULL);
			else
				signs_rightly(use, key, mechanism);
		}
	}
	assert_int_not_equal(afresh, 0);
}

static void whichever_allocation_fails_the_next_32_uses_are_right(void **state)
{
	SC_CLEANUP(sc_pkey) tls_key = EVP_EC_gen("P-256");
	SC_CLEANUP(use) rsa = use_of(rsa_key(), SC_APPLICATION_SIMPLE, uses);
	uint8_t cipher[256];

	(void)state;
	encrypt(core_rsa_key(), cipher);
	each_allocation(&rsa, core_rsa_key(), SC_MECHANISM_RS256, NULL);
	each_allocation(&rsa, core_rsa_key(), 0, cipher);
	assert_int_equal(EVP_PKEY_up_ref(tls_key), 1);
	SC_CLEANUP(use) tls = use_of(tls_key, SC_APPLICATION_TLS, tls_use);
	each_allocation(&tls, tls_key, SC_MECHANISM_TLS_ECDSA, NULL);
}

/*
 * Another thread may have spoiled the blinding of a key that both use. A refusal is believed only from a key
 * that was loaded after the last lack of memory.
 */
static void a_refusal_by_a_key_that_another_thread_may_have_spoiled_is_not_believed(void **state)
{
	SC_CLEANUP(use) use = use_of(rsa_key(), SC_APPLICATION_SIMPLE, uses);
	uint8_t good[256];
	uint8_t bad[256] = { 1 };

	(void)state;
	encrypt(core_rsa_key(), good);
	assert_status(decrypt(&use, bad), SC_ERR_DECRYPT, NULL);
	core.failures++;
	assert_ok(decrypt(&use, good), NULL);
	assert_status(decrypt(&use, bad), SC_ERR_MODULE_FULL, NULL);
	assert_status(decrypt(&use, good), SC_ERR_NOT_LOADED, NULL);
	load_again(&use);
	assert_status(decrypt(&use, bad), SC_ERR_DECRYPT, NULL);
	assert_ok(decrypt(&use, good), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(a_damaged_rsa_key_never_yields_a_signature),
		TEST(a_damaged_token_key_never_yields_a_signature),
		TEST(a_damaged_tls_key_never_yields_a_signature),
		TEST(a_damaged_statement_key_never_yields_a_statement),
		TEST(a_damaged_statement_key_never_yields_a_warrant_request),
		TEST(a_damaged_knso_never_yields_a_world_file),
		TEST(a_success_without_memory_is_refused_and_the_key_loaded_afresh),
		TEST(a_new_key_or_world_made_without_memory_is_refused),
		TEST(whichever_allocation_fails_the_next_32_uses_are_right),
		TEST(a_refusal_by_a_key_that_another_thread_may_have_spoiled_is_not_believed),
	};

	if (!failing_memory_start())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
