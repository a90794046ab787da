/*
 * When memory runs out: every allocation of a command fails once, and each time the answer is that the module
 * is full. It is never that a blob is malformed or a ciphertext wrong, since a user might then throw it away.
 * And loaded keys leave room for the requests that use them.
 */
#include "support/test.h"

#include <openssl/rsa.h>

#include "core_module.h"
#include "failing_memory.h"
#include "hsmd/core/knso.h"

/* -- a module with one loaded key ---------------------------------------------------------------- */

static struct core core;
static struct sc_core_session *daemon_socket;
static struct sc_bytes blob;
static struct sc_bytes acl_der; /* its permissions */
static struct sc_hash key;
static struct sc_bytes ciphertext;
static struct sc_bytes tls_owner;
static struct sc_bytes tls_blob;
static struct sc_hash tls_key;

static void simple_acl(struct sc_acl **out)
{
	struct sc_permission_group *group = NULL;

	*out = sc_acl_new();
	assert_ok(sc_acl_add_group(*out, 1, SC_AUTHORITY_NONE, &group, NULL), NULL);
	assert_ok(sc_acl_add_use(group, SC_USE_SIGN | SC_USE_DECRYPT, NULL), NULL);
	assert_ok(sc_acl_add_plain(group, SC_ACTION_REDUCE_ACL, NULL), NULL);
}

static void encrypt_something(void)
{
	SC_CLEANUP(sc_pkey_ctx) ctx = EVP_PKEY_CTX_new(core_rsa_key(), NULL);

	assert_ok(sc_bytes_new(256, &ciphertext, NULL), NULL);
	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING), 1);
	assert_int_equal(
	    EVP_PKEY_encrypt(ctx, ciphertext.data, &ciphertext.len, (const uint8_t *)"secret", 6), 1);
}

static void make_tls_key(void)
{
	const struct sc_owner owner = { .daemon.s = "vaultd" };
	struct sc_key_generate_request in = { .application = sc_view_text("tls"),
					      .algorithm = SC_ALGORITHM_EC,
					      .bits = 256 };
	struct sc_key_generate_response out;
	SC_CLEANUP(core_answer) answer = { 0 };

	assert_ok(sc_owner_encode(&owner, &tls_owner, NULL), NULL);
	in.owner = sc_bytes_view(&tls_owner);
	assert_ok(core_key_generate(daemon_socket, 0, &in, &out, &answer), NULL);
	assert_ok(sc_bytes_copy(out.blob, &tls_blob, NULL), NULL);
	assert_ok(core_load(daemon_socket, out.blob, &tls_key), NULL);
}

static int setup(void **state)
{
	SC_CLEANUP(sc_acl) acl = NULL;

	(void)state;
	core_start(&core);
	core_make_world(&core);
	core.ran_out = failing_memory_ran_out;
	daemon_socket = core_service(&core, "vaultd", SC_APPLICATION_TLS, SC_APPLICATION_TLS);
	simple_acl(&acl);
	assert_ok(sc_acl_encode(acl, &acl_der, NULL), NULL);
	core_seal(&core, core_rsa_key(), SC_APPLICATION_SIMPLE, NULL, acl, &blob);
	assert_ok(core_load(core.custody, sc_bytes_view(&blob), &key), NULL);
	encrypt_something();
	make_tls_key();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sc_core_session_free(daemon_socket);
	sc_bytes_free(&blob);
	sc_bytes_free(&acl_der);
	sc_bytes_free(&ciphertext);
	sc_bytes_free(&tls_owner);
	sc_bytes_free(&tls_blob);
	core_end(&core);
	return 0;
}

/* -- requests ------------------------------------------------------------------------------------ */

static sc_status send(struct sc_core_session *session, uint32_t command, struct sc_writer *body)
{
	sc_status status = core_send(session, command, 0, sc_writer_view(body), NULL);

	sc_writer_free(body);
	return status;
}

#define SEND(session, NAME, name, ...)                                                                       \
	({                                                                                                   \
		struct sc_writer body = sc_writer_new(SC_WIRE_BODY_MAX);                                     \
		long fails = failing_memory_pause();                                                         \
		sc_##name##_request_write(&body, &(struct sc_##name##_request){ __VA_ARGS__ });              \
		failing_memory_at(fails);                                                                    \
		send(session, SC_COMMAND_##NAME, &body);                                                     \
	})

static sc_status ask_enquire(void)
{
	return SEND(core.custody, ENQUIRE, enquire, );
}

static sc_status ask_evidence(void)
{
	return SEND(core.custody, EVIDENCE, evidence, );
}

static sc_status ask_load(void)
{
	return SEND(core.custody, KEY_LOAD, key_load, sc_bytes_view(&blob));
}

static sc_status ask_info(void)
{
	return SEND(core.custody, KEY_INFO, key_info, key, { 0 });
}

static sc_status ask_attest(void)
{
	return SEND(core.custody, KEY_ATTEST, key_attest, key, { 0 }, { 0 });
}

static sc_status ask_checkpoint(void)
{
	return SEND(daemon_socket, CHECKPOINT, checkpoint, { { 1 } });
}

/*
 * Loads the key, which the module evicts if memory runs out while it is used. No allocation fails meanwhile.
 */
static void load_again(struct sc_core_session *session, struct sc_view der, struct sc_hash *digest)
{
	long fails = failing_memory_pause();

	if (core_key_info(session, 0, &(struct sc_key_info_request){ *digest, { 0 } }, NULL, NULL) ==
	    SC_ERR_NOT_LOADED)
		assert_ok(core_load(session, der, digest), NULL);
	failing_memory_at(fails);
}

static sc_status ask_sign(void)
{
	static const uint8_t digest[32];

	load_again(core.custody, sc_bytes_view(&blob), &key);
	return SEND(core.custody, SIGN, sign, key, { 0 }, SC_MECHANISM_RS256, { digest, sizeof digest });
}

/* With libcrypto's ECDSA, whose encoding can still fail after the signature is made. */
static sc_status ask_sign_tls(void)
{
	static const uint8_t digest[32];

	load_again(daemon_socket, sc_bytes_view(&tls_blob), &tls_key);
	return SEND(daemon_socket, SIGN, sign, tls_key, sc_bytes_view(&tls_owner), SC_MECHANISM_TLS_ECDSA,
		    { digest, sizeof digest });
}

static sc_status ask_decrypt(void)
{
	load_again(core.custody, sc_bytes_view(&blob), &key);
	return SEND(core.custody, DECRYPT, decrypt, key, { 0 }, SC_MECHANISM_RSA_OAEP,
		    sc_bytes_view(&ciphertext));
}

static sc_status ask_generate(void)
{
	return SEND(daemon_socket, KEY_GENERATE, key_generate, sc_view_text("tls"), sc_bytes_view(&tls_owner),
		    SC_ALGORITHM_EC, 256, { 0 }, 0);
}

static sc_status ask_import(void)
{
	static const uint8_t clear[32] = { 1 };

	return SEND(core.custody, KEY_IMPORT, key_import, sc_view_text("simple"), { 0 }, SC_ALGORITHM_AES,
		    256, 0, sc_view_of(clear, sizeof clear));
}

static sc_status ask_reduce(void)
{
	load_again(core.custody, sc_bytes_view(&blob), &key);
	return SEND(core.custody, ACL_REDUCE, acl_reduce, key, { 0 }, sc_bytes_view(&acl_der));
}

static sc_status ask_forget(void)
{
	load_again(core.custody, sc_bytes_view(&blob), &key);
	return SEND(core.custody, KEY_FORGET, key_forget, key, { 0 });
}

static void without_memory_the_module_is_full_and_nothing_else(void **state)
{
	(void)state;
	the_nth_allocation_fails("enquire", 1, ask_enquire);
	the_nth_allocation_fails("evidence", 1, ask_evidence);
	the_nth_allocation_fails("key_load", 1, ask_load);
	the_nth_allocation_fails("key_info", 1, ask_info);
	the_nth_allocation_fails("sign", 1, ask_sign);
	the_nth_allocation_fails("sign with a tls key", 1, ask_sign_tls);
	the_nth_allocation_fails("decrypt", 1, ask_decrypt);
	the_nth_allocation_fails("checkpoint", 1, ask_checkpoint);
	the_nth_allocation_fails("acl_reduce", 1, ask_reduce);
	the_nth_allocation_fails("key_forget", 1, ask_forget);
	load_again(core.custody, sc_bytes_view(&blob), &key);
	the_nth_allocation_fails("key_attest", 1, ask_attest);
	the_nth_allocation_fails("key_generate", 1, ask_generate);
	the_nth_allocation_fails("key_import", 1, ask_import);
}

static unsigned saves_before;

/* Memory runs out while a state is saved. */
static bool since_the_last_save(void)
{
	return core.saves > saves_before;
}

/* With any other answer, new-world would erase the cards of a world that the module is in once restarted. */
static void what_may_stand_on_the_disk_is_told_as_nothing_else(void **state)
{
	struct sc_quorum_card_request card = { 0, sc_bytes_view(&core.cards[0]), core_pin(0) };

	(void)state;
	card.authority = core_open_quorum(core.custody, SC_COMMAND_ACL_REPLACE, (struct sc_view){ 0 });
	core.ran_out = since_the_last_save;
	saves_before = core.saves;
	core.save_status = SC_ERR_SYSTEM;
	assert_status(core_quorum_card(core.custody, 0, &card, NULL, NULL), SC_ERR_MODULE_FULL, NULL);
	saves_before = core.saves;
	core.save_status = SC_ERR_NOT_DURABLE;
	assert_status(core_quorum_card(core.custody, 0, &card, NULL, NULL), SC_ERR_NOT_DURABLE, NULL);
	core.save_status = SC_OK;
	core.ran_out = NULL;
	core_now += 2; /* the try is on the disk */
	assert_ok(core_quorum_card(core.custody, 0, &card, NULL, NULL), NULL);
}

/* -- room for work ------------------------------------------------------------------------------- */

static uint32_t loaded(void)
{
	uint32_t count;
	uint32_t capacity;

	sc_cache_count(core.module->cache, &count, &capacity);
	return count;
}

static sc_status load_another(struct sc_hash *digest)
{
	SC_CLEANUP(sc_bytes) another = { 0 };
	SC_CLEANUP(sc_acl) acl = NULL;

	simple_acl(&acl);
	core_seal(&core, core_rsa_key(), SC_APPLICATION_SIMPLE, NULL, acl, &another);
	return core_load(core.custody, sc_bytes_view(&another), digest);
}

/* A cache with room for ten keys of 10000 bytes, the memory for their use included. */
static void limit_key_memory(void)
{
	core.held_per_look = 10000 - SC_CORE_KEY_USE * 256;
	sc_cache_free(core.module->cache);
	core.module->cache = sc_cache_new(64);
	assert_non_null(core.module->cache);
	sc_module_limit_keys(core.module, 100000);
}

static void a_key_makes_room_among_keys_and_is_then_of_use(void **state)
{
	struct sc_hash digest;

	(void)state;
	limit_key_memory();
	for (uint32_t i = 1; i <= 30; i++) {
		assert_ok(load_another(&digest), NULL);
		assert_int_equal(loaded(), i < 10 ? i : 10);
	}
	key = digest;
	assert_ok(ask_sign(), NULL);
}

static void what_is_not_loaded_evicts_no_key(void **state)
{
	SC_CLEANUP(sc_bytes) altered = { 0 };
	struct sc_core_session *stranger =
	    core_service(&core, "stranger", SC_APPLICATION_TLS, SC_APPLICATION_TLS);
	struct sc_hash digest;

	(void)state;
	limit_key_memory();
	for (int i = 0; i < 10; i++)
		assert_ok(load_another(&digest), NULL);
	assert_ok(sc_bytes_copy(sc_bytes_view(&blob), &altered, NULL), NULL);
	altered.data[altered.len - 1] ^= 1;
	for (int i = 0; i < 40; i++) {
		/* One byte; a blob that is altered; one that this socket may not load. */
		assert_int_not_equal(core_load(core.custody, sc_view_text("x"), &digest), SC_OK);
		assert_status(core_load(core.custody, sc_bytes_view(&altered), &digest), SC_ERR_INTEGRITY,
			      NULL);
		assert_int_not_equal(core_load(stranger, sc_bytes_view(&blob), &digest), SC_OK);
	}
	assert_int_equal(loaded(), 10);
	sc_core_session_free(stranger);
	/* The same blob, whole and on its own socket, takes the place of one key. */
	assert_ok(core_load(core.custody, sc_bytes_view(&blob), &digest), NULL);
	assert_int_equal(loaded(), 10);
}

static void a_key_larger_than_all_room_is_refused_and_evicts_none(void **state)
{
	struct sc_hash digest;

	(void)state;
	limit_key_memory();
	for (int i = 0; i < 10; i++)
		assert_ok(load_another(&digest), NULL);
	core.held_per_look = 100000;
	assert_status(load_another(&digest), SC_ERR_MODULE_FULL, NULL);
	assert_int_equal(loaded(), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_memory_the_module_is_full_and_nothing_else, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_may_stand_on_the_disk_is_told_as_nothing_else, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_key_makes_room_among_keys_and_is_then_of_use, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_not_loaded_evicts_no_key, setup, teardown),
		cmocka_unit_test_setup_teardown(a_key_larger_than_all_room_is_refused_and_evicts_none, setup,
						teardown),
	};

	if (!failing_memory_start())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
