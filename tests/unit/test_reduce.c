/* ACL_REDUCE and KEY_FORGET (rule M5): a key's permissions shrink and never grow, and all else stays. */
#include "support/test.h"

#include <string.h>

#include "core_module.h"
#include "hsmd/core/blob.h"

static struct core core;
static struct sc_core_session *vaultd;
static struct sc_core_session *use;
static struct sc_hash key;
static struct sc_bytes owner_der;

static const struct sc_owner place = { { "vaultd" }, { "tenant" }, { "subscription" },
				       { "vault" },  { "name" },   { "1" } };

/* Group 7: uses, makeBlob in that world, reduceAcl if asked. Group 9: replaceAcl under a quorum. */
struct permissions {
	uint32_t id;
	enum sc_authority authority;
	uint32_t uses;
	uint8_t world;
	bool reduce;
	bool replace;
};
#define ALL ((struct permissions){ 7, SC_AUTHORITY_NONE, SC_USE_SIGN | SC_USE_DECRYPT, 1, true, true })

static void make_acl(const struct permissions *asked, struct sc_acl **out)
{
	const struct sc_hash world = { { asked->world } };
	struct sc_permission_group *group = NULL;

	*out = sc_acl_new();
	assert_ok(sc_acl_add_group(*out, asked->id, asked->authority, &group, NULL), NULL);
	assert_ok(sc_acl_add_use(group, asked->uses, NULL), NULL);
	if (asked->world)
		assert_ok(sc_acl_add_make_blob(group, &world, NULL), NULL);
	if (asked->reduce)
		assert_ok(sc_acl_add_plain(group, SC_ACTION_REDUCE_ACL, NULL), NULL);
	if (asked->replace) {
		assert_ok(sc_acl_add_group(*out, 9, SC_AUTHORITY_QUORUM, &group, NULL), NULL);
		assert_ok(sc_acl_add_plain(group, SC_ACTION_REPLACE_ACL, NULL), NULL);
	}
}

static void seal_and_load(const struct permissions *asked, struct sc_hash *digest)
{
	SC_CLEANUP(sc_acl) acl = NULL;
	SC_CLEANUP(sc_bytes) blob = { 0 };

	make_acl(asked, &acl);
	core_seal(&core, core_rsa_key(), SC_APPLICATION_VAULT, &place, acl, &blob);
	assert_ok(core_load(vaultd, sc_bytes_view(&blob), digest), NULL);
}

static int setup(void **state)
{
	(void)state;
	core_start(&core);
	core_make_world(&core);
	vaultd = core_service(&core, "vaultd", SC_APPLICATION_VAULT, SC_APPLICATION_VAULT);
	use = core_session(&core, SC_ROLE_USE);
	assert_ok(sc_owner_encode(&place, &owner_der, NULL), NULL);
	seal_and_load(&ALL, &key);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sc_core_session_free(vaultd);
	sc_core_session_free(use);
	sc_bytes_free(&owner_der);
	core_end(&core);
	return 0;
}

/* Reduces a key of the place. The blob, unless NULL, is the caller's to free. */
static sc_status reduce(struct sc_core_session *session, const struct sc_hash *digest,
			const struct permissions *asked, struct sc_bytes *blob)
{
	SC_CLEANUP(sc_acl) acl = NULL;
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(core_answer) answer = { 0 };
	struct sc_acl_reduce_response out;
	struct sc_acl_reduce_request in = { *digest, sc_bytes_view(&owner_der), { 0 } };
	sc_status status;

	make_acl(asked, &acl);
	assert_ok(sc_acl_encode(acl, &der, NULL), NULL);
	in.acl = sc_bytes_view(&der);
	status = core_acl_reduce(session, 0, &in, &out, &answer);
	if (status == SC_OK && blob)
		assert_ok(sc_bytes_copy(out.blob, blob, NULL), NULL);
	return status;
}

static sc_status forget(struct sc_core_session *session, const struct sc_hash *digest, struct sc_view owner)
{
	return core_key_forget(session, 0, &(struct sc_key_forget_request){ *digest, owner }, NULL, NULL);
}

static sc_status sign(const struct sc_hash *digest)
{
	static const uint8_t data[32];
	const struct sc_sign_request in = {
		*digest, sc_bytes_view(&owner_der), SC_MECHANISM_RS256, { data, sizeof data }
	};

	return core_sign(vaultd, 0, &in, NULL, NULL);
}

/* -- what may be left out, and nothing may be added ---------------------------------------------- */

static void a_part_is_taken_and_what_is_more_is_refused(void **state)
{
	const struct {
		struct permissions asked;
		sc_status status;
	} rows[] = {
		{ ALL, SC_OK },
		{ { 7, SC_AUTHORITY_NONE, SC_USE_SIGN, 1, true, true }, SC_OK },
		{ { 7, SC_AUTHORITY_NONE, SC_USE_DECRYPT, 1, false, true }, SC_OK },
		{ { 7, SC_AUTHORITY_NONE, SC_USE_SIGN, 0, false, false }, SC_OK },
		{ { 7, SC_AUTHORITY_NONE, SC_USE_SIGN | SC_USE_VERIFY, 1, true, true }, SC_ERR_ACL },
		{ { 7, SC_AUTHORITY_NONE, SC_USE_SIGN, 2, true, true }, SC_ERR_ACL },
		{ { 7, SC_AUTHORITY_QUORUM, SC_USE_SIGN, 1, true, true }, SC_ERR_ACL },
		{ { 8, SC_AUTHORITY_NONE, SC_USE_SIGN, 1, true, true }, SC_ERR_ACL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_status(reduce(vaultd, &key, &rows[i].asked, NULL), rows[i].status, NULL);
}

static void what_was_given_up_does_not_come_back(void **state)
{
	const struct permissions less = { 7, SC_AUTHORITY_NONE, SC_USE_DECRYPT, 1, true, false };
	const struct permissions final = { 7, SC_AUTHORITY_NONE, SC_USE_DECRYPT, 0, false, false };
	SC_CLEANUP(sc_bytes) blob = { 0 };
	SC_CLEANUP(sc_bytes) last = { 0 };
	struct sc_hash reduced;

	(void)state;
	assert_ok(sign(&key), NULL);
	assert_ok(reduce(vaultd, &key, &less, &blob), NULL);
	assert_ok(core_load(vaultd, sc_bytes_view(&blob), &reduced), NULL);
	assert_status(sign(&reduced), SC_ERR_ACL, NULL);
	assert_status(reduce(vaultd, &reduced, &ALL, NULL), SC_ERR_ACL, NULL);
	assert_ok(reduce(vaultd, &reduced, &final, &last), NULL);
	assert_ok(core_load(vaultd, sc_bytes_view(&last), &reduced), NULL);
	/* Without reduceAcl, not even to the same. */
	assert_status(reduce(vaultd, &reduced, &final, NULL), SC_ERR_ACL, NULL);
}

static void all_but_the_permissions_stays(void **state)
{
	const struct permissions less = { 7, SC_AUTHORITY_NONE, SC_USE_SIGN, 1, false, false };
	SC_CLEANUP(sc_bytes) blob = { 0 };
	SC_CLEANUP(sc_key_blob) opened = NULL;
	SC_CLEANUP(sc_acl) acl = NULL;
	SC_CLEANUP(sc_core_key) before = sc_cache_get(core.module->cache, &key);

	(void)state;
	core_now += 1000;
	assert_ok(reduce(vaultd, &key, &less, &blob), NULL);
	assert_ok(sc_key_blob_decode(sc_bytes_view(&blob), &opened, NULL), NULL);
	make_acl(&less, &acl);
	assert_true(sc_acl_equals(opened->header->acl, acl));
	assert_true(opened->header->created == before->header->created);
	assert_int_equal(opened->header->origin, before->header->origin);
	assert_true(sc_hash_equals(&opened->header->key_hash, &before->header->key_hash));
	assert_true(sc_hash_equals(&opened->header->package, &before->header->package));
	assert_true(sc_owner_equals(&opened->header->owner, &place));
	assert_string_equal(opened->header->application.s, "vault");
}

static void another_owner_or_socket_neither_reduces_nor_forgets(void **state)
{
	struct sc_core_session *other =
	    core_service(&core, "other", SC_APPLICATION_VAULT, SC_APPLICATION_VAULT);

	(void)state;
	assert_status(reduce(other, &key, &ALL, NULL), SC_ERR_OWNER, NULL);
	assert_status(reduce(core.custody, &key, &ALL, NULL), SC_ERR_OWNER, NULL);
	assert_status(reduce(use, &key, &ALL, NULL), SC_ERR_ROLE, NULL);
	assert_status(forget(other, &key, sc_bytes_view(&owner_der)), SC_ERR_OWNER, NULL);
	assert_status(forget(vaultd, &key, (struct sc_view){ 0 }), SC_ERR_OWNER, NULL);
	assert_status(forget(use, &key, sc_bytes_view(&owner_der)), SC_ERR_ROLE, NULL);
	assert_ok(sign(&key), NULL);
	assert_ok(forget(vaultd, &key, sc_bytes_view(&owner_der)), NULL);
	sc_core_session_free(other);
}

static void a_forgotten_key_is_not_loaded(void **state)
{
	(void)state;
	assert_ok(sign(&key), NULL);
	assert_ok(forget(vaultd, &key, sc_bytes_view(&owner_der)), NULL);
	assert_status(sign(&key), SC_ERR_NOT_LOADED, NULL);
	assert_status(forget(vaultd, &key, sc_bytes_view(&owner_der)), SC_ERR_NOT_LOADED, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(a_part_is_taken_and_what_is_more_is_refused),
		TEST(what_was_given_up_does_not_come_back),
		TEST(all_but_the_permissions_stays),
		TEST(another_owner_or_socket_neither_reduces_nor_forgets),
		TEST(a_forgotten_key_is_not_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
