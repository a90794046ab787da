/* Invariant 2: a key whose ACL does not allow an action cannot be made to do it by any command. */
#include "support/test.h"

#include <string.h>

#include "core_module.h"
#include "hsmd/core/permit.h"

static struct core core;
static struct sc_core_session *use;
static struct sc_core_session *vaultd; /* may import: loads vault and KEK keys */

static const struct sc_owner place = { { "vaultd" }, { "tenant" }, { "subscription" },
				       { "vault" },  { "name" },   { "1" } };

static int setup(void **state)
{
	(void)state;
	core_start(&core);
	core_make_world(&core);
	core_make_region(&core, "EU");
	use = core_session(&core, SC_ROLE_USE);
	vaultd =
	    core_service(&core, "vaultd", SC_APPLICATION_VAULT, SC_APPLICATION_VAULT | SC_APPLICATION_KEK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sc_core_session_free(use);
	sc_core_session_free(vaultd);
	core_end(&core);
	return 0;
}

/* -- actions: what an ACL can list --------------------------------------------------------------- */

struct action {
	enum sc_action_kind kind;
	uint32_t use;
	enum sc_authority authority;
};

#define USE(bit)                                                                                             \
	{ SC_ACTION_USE, SC_USE_##bit, SC_AUTHORITY_NONE },                                                  \
	{                                                                                                    \
		SC_ACTION_USE, SC_USE_##bit, SC_AUTHORITY_QUORUM                                             \
	}
#define OTHER(kind)                                                                                          \
	{ SC_ACTION_##kind, 0, SC_AUTHORITY_NONE },                                                          \
	{                                                                                                    \
		SC_ACTION_##kind, 0, SC_AUTHORITY_QUORUM                                                     \
	}
static const struct action actions[] = {
	USE(SIGN),        USE(VERIFY),          USE(ENCRYPT),        USE(DECRYPT),       USE(WRAP_KEY),
	USE(UNWRAP_KEY),  USE(IMPORT_TRANSFER), USE(IMPORT_NEUTRAL), USE(TLS_SERVER),    USE(TOKEN),
	OTHER(MAKE_BLOB), OTHER(TRANSFER),      OTHER(REDUCE_ACL),   OTHER(REPLACE_ACL),
};
#define ACTIONS (sizeof actions / sizeof actions[0])

static bool is_same(const struct action *a, const struct action *b)
{
	return a->kind == b->kind && a->use == b->use && a->authority == b->authority;
}

static struct sc_transfer_action *transfer_to(uint8_t kek)
{
	struct sc_transfer_action *transfer = sc_transfer_action_new();

	transfer->kek.b[0] = kek;
	transfer->world.b[0] = 1;
	assert_ok(sc_text_set(&transfer->region, "EU", "region", NULL), NULL);
	sc_acl_free(transfer->arrival);
	transfer->arrival = NULL;
	assert_ok(sc_acl_arrival(&(struct sc_key_type){ SC_ALGORITHM_RSA, 2048 }, &transfer->world,
				 &transfer->arrival, NULL),
		  NULL);
	return transfer;
}

static void add_action(struct sc_acl *acl, const struct action *action)
{
	struct sc_permission_group *group = NULL;
	uint32_t id = (uint32_t)sk_sc_permission_group_num(acl->groups) + 1;

	/* An ACL has at most eight groups, so use one per authority. */
	for (int i = 0; i < sk_sc_permission_group_num(acl->groups); i++)
		if (sk_sc_permission_group_value(acl->groups, i)->authority == action->authority)
			group = sk_sc_permission_group_value(acl->groups, i);
	if (!group)
		assert_ok(sc_acl_add_group(acl, id, action->authority, &group, NULL), NULL);
	if (action->kind == SC_ACTION_USE)
		assert_ok(sc_acl_add_use(group, action->use, NULL), NULL);
	else if (action->kind == SC_ACTION_MAKE_BLOB)
		assert_ok(sc_acl_add_make_blob(group, &core.world, NULL), NULL);
	else if (action->kind == SC_ACTION_TRANSFER)
		assert_ok(sc_acl_add_transfer(group, transfer_to(1), NULL), NULL);
	else
		assert_ok(sc_acl_add_plain(group, action->kind, NULL), NULL);
}

/* -- the table: every command, and what it needs from the key that it names ---------------------- */

typedef sc_status ask(const struct sc_hash *key);

static sc_status ask_info(const struct sc_hash *key)
{
	return core_key_info(core.custody, 0, &(struct sc_key_info_request){ *key, { 0 } }, NULL, NULL);
}

static sc_status ask_attest(const struct sc_hash *key)
{
	return core_key_attest(core.custody, 0, &(struct sc_key_attest_request){ *key, { 0 }, { 0 } }, NULL,
			       NULL);
}

static sc_status sign_with(const struct sc_hash *key, uint32_t mechanism)
{
	static const uint8_t digest[64];
	static const uint8_t token[] = "eyJ.e30";
	const bool is_token = mechanism == SC_MECHANISM_TOKEN_RS256;
	const size_t len = mechanism == SC_MECHANISM_RS384 || mechanism == SC_MECHANISM_PS384   ? 48
			   : mechanism == SC_MECHANISM_RS512 || mechanism == SC_MECHANISM_PS512 ? 64
												: 32;
	const struct sc_sign_request in = { *key,
					    { 0 },
					    mechanism,
					    is_token ? sc_view_of(token, sizeof token - 1)
						     : sc_view_of(digest, len) };

	return core_sign(use, 0, &in, NULL, NULL);
}

static sc_status ask_sign(const struct sc_hash *key)
{
	return sign_with(key, SC_MECHANISM_RS256);
}

static sc_status decrypt_with(const struct sc_hash *key, uint32_t mechanism)
{
	static const uint8_t block[256];
	const struct sc_decrypt_request in = { *key, { 0 }, mechanism, { block, sizeof block } };

	return core_decrypt(use, 0, &in, NULL, NULL);
}

static sc_status ask_decrypt(const struct sc_hash *key)
{
	return decrypt_with(key, SC_MECHANISM_RSA_OAEP_256);
}

static sc_status ask_replace(const struct sc_hash *key)
{
	const struct sc_acl_replace_request in = { .key = *key, .kek_package = sc_view_text("none") };
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
	uint64_t authority;
	sc_status status;

	sc_acl_replace_request_write(&body, &in);
	authority = core_quorum(&core, core.custody, SC_COMMAND_ACL_REPLACE, sc_writer_view(&body));
	status = core_send(core.custody, SC_COMMAND_ACL_REPLACE, authority, sc_writer_view(&body), NULL);
	core_monotonic += SC_QUORUM_SECONDS * INT64_C(1000000000);
	return status;
}

static sc_status ask_package(const struct sc_hash *key)
{
	const struct sc_transfer_package_request in = { .key = *key,
							.kek_package = sc_view_text("none"),
							.subscription = sc_view_text(
							    "00000000-0000-0000-0000-000000000000"),
							.friendly_name = sc_view_text("name") };

	return core_transfer_package(core.custody, 0, &in, NULL, NULL);
}

static sc_status ask_import(const struct sc_hash *key)
{
	SC_CLEANUP(sc_bytes) owner = { 0 };

	assert_ok(sc_owner_encode(&place, &owner, NULL), NULL);
	return core_transfer_import(
	    vaultd, 0, &(struct sc_transfer_import_request){ *key, sc_bytes_view(&owner), { 0 } }, NULL,
	    NULL);
}

static sc_status ask_reduce(const struct sc_hash *key)
{
	const struct sc_acl_reduce_request in = { *key, { 0 }, sc_view_text("none") };

	return core_acl_reduce(core.custody, 0, &in, NULL, NULL);
}

static sc_status ask_forget(const struct sc_hash *key)
{
	return core_key_forget(core.custody, 0, &(struct sc_key_forget_request){ *key, { 0 } }, NULL, NULL);
}

/* `allowed` is the answer if the ACL has only the needed action: SC_OK, or what is wrong next. */
static const struct row {
	enum sc_command command;
	ask *ask; /* NULL: the command names no key */
	bool needs_action;
	struct action action;
	sc_status allowed;
	uint32_t application; /* of the key in the test */
} rows[] = {
	{ .command = SC_COMMAND_ENQUIRE },
	{ .command = SC_COMMAND_EVIDENCE },
	{ .command = SC_COMMAND_CHECKPOINT },
	{ .command = SC_COMMAND_WORLD_BEGIN },
	{ .command = SC_COMMAND_WORLD_COMMIT },
	{ .command = SC_COMMAND_WORLD_PROGRAM },
	{ .command = SC_COMMAND_WORLD_ERASE },
	{ .command = SC_COMMAND_QUORUM_OPEN },
	{ .command = SC_COMMAND_QUORUM_CARD },
	{ .command = SC_COMMAND_KEY_GENERATE },
	{ .command = SC_COMMAND_KEY_LOAD },
	{ .command = SC_COMMAND_KEY_IMPORT },
	{ .command = SC_COMMAND_REGION_INIT },
	{ SC_COMMAND_KEY_INFO, ask_info, false, { 0 }, SC_OK, SC_APPLICATION_SIMPLE },
	{ SC_COMMAND_KEY_ATTEST, ask_attest, false, { 0 }, SC_OK, SC_APPLICATION_SIMPLE },
	{ SC_COMMAND_KEY_FORGET, ask_forget, false, { 0 }, SC_OK, SC_APPLICATION_SIMPLE },
	{ SC_COMMAND_ACL_REDUCE,
	  ask_reduce,
	  true,
	  { SC_ACTION_REDUCE_ACL, 0, SC_AUTHORITY_NONE },
	  SC_ERR_ENCODING,
	  SC_APPLICATION_SIMPLE },
	{ SC_COMMAND_SIGN,
	  ask_sign,
	  true,
	  { SC_ACTION_USE, SC_USE_SIGN, SC_AUTHORITY_NONE },
	  SC_OK,
	  SC_APPLICATION_SIMPLE },
	{ SC_COMMAND_DECRYPT,
	  ask_decrypt,
	  true,
	  { SC_ACTION_USE, SC_USE_DECRYPT, SC_AUTHORITY_NONE },
	  SC_ERR_DECRYPT,
	  SC_APPLICATION_SIMPLE },
	{ SC_COMMAND_ACL_REPLACE,
	  ask_replace,
	  true,
	  { SC_ACTION_REPLACE_ACL, 0, SC_AUTHORITY_QUORUM },
	  SC_ERR_ENCODING,
	  SC_APPLICATION_SIMPLE },
	{ SC_COMMAND_TRANSFER_PACKAGE,
	  ask_package,
	  true,
	  { SC_ACTION_TRANSFER, 0, SC_AUTHORITY_NONE },
	  SC_ERR_ENCODING,
	  SC_APPLICATION_XFERACLD },
	{ SC_COMMAND_TRANSFER_IMPORT,
	  ask_import,
	  true,
	  { SC_ACTION_USE, SC_USE_IMPORT_TRANSFER, SC_AUTHORITY_NONE },
	  SC_ERR_ENCODING,
	  SC_APPLICATION_KEK },
};

static void load(const struct row *row, const struct sc_acl *acl, struct sc_hash *digest)
{
	SC_CLEANUP(sc_bytes) blob = { 0 };

	core_seal(&core, core_rsa_key(), row->application, NULL, acl, &blob);
	assert_ok(core_load(row->application == SC_APPLICATION_KEK ? vaultd : core.custody,
			    sc_bytes_view(&blob), digest),
		  NULL);
}

/* Allowed with that action alone, refused with every action but that. */
static void try_row(const struct row *row)
{
	SC_CLEANUP(sc_acl) only = sc_acl_new();
	SC_CLEANUP(sc_acl) all_others = sc_acl_new();
	struct sc_hash digest;
	sc_status status;

	for (size_t i = 0; i < ACTIONS; i++) {
		bool is_needed = row->needs_action && is_same(&actions[i], &row->action);

		add_action(is_needed ? only : all_others, &actions[i]);
	}
	load(row, all_others, &digest);
	status = row->ask(&digest);
	assert_status(status, row->needs_action ? SC_ERR_ACL : row->allowed, NULL);
	if (!row->needs_action)
		return;
	load(row, only, &digest);
	assert_status(row->ask(&digest), row->allowed, NULL);
}

static void no_command_does_what_the_acl_does_not_list(void **state)
{
	size_t count;
	const struct sc_command_info *commands = sc_command_all(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct row *row = NULL;

		for (size_t j = 0; j < sizeof rows / sizeof rows[0]; j++)
			if (rows[j].command == commands[i].command)
				row = &rows[j];
		if (!row)
			fail_msg("%s has no row in this table", commands[i].name);
		else if (row->ask)
			try_row(row);
	}
}

/* -- uses and mechanisms ------------------------------------------------------------------------- */

static uint32_t use_of(uint32_t mechanism)
{
	switch (mechanism) {
	case SC_MECHANISM_RS256:
	case SC_MECHANISM_RS384:
	case SC_MECHANISM_RS512:
	case SC_MECHANISM_PS256:
	case SC_MECHANISM_PS384:
	case SC_MECHANISM_PS512:
		return SC_USE_SIGN;
	case SC_MECHANISM_TLS_ECDSA:
		return SC_USE_TLS_SERVER;
	case SC_MECHANISM_TOKEN_RS256:
		return SC_USE_TOKEN;
	case SC_MECHANISM_RSA_OAEP:
	case SC_MECHANISM_RSA_OAEP_256:
		return SC_USE_DECRYPT;
	default:
		return 0;
	}
}

#define MECHANISMS 30 /* numbers to try: all that exist, and more */

static void try_mechanisms(EVP_PKEY *key, bool is_rsa, uint32_t listed)
{
	SC_CLEANUP(sc_acl) acl = sc_acl_new();
	SC_CLEANUP(sc_bytes) blob = { 0 };
	struct sc_hash digest;

	add_action(acl, &(struct action){ SC_ACTION_USE, listed, SC_AUTHORITY_NONE });
	core_seal(&core, key, SC_APPLICATION_SIMPLE, NULL, acl, &blob);
	assert_ok(core_load(core.custody, sc_bytes_view(&blob), &digest), NULL);
	for (uint32_t m = 0; m < MECHANISMS; m++) {
		uint32_t needed = use_of(m);
		bool fits = is_rsa != (m == SC_MECHANISM_TLS_ECDSA);
		bool decrypts = needed == SC_USE_DECRYPT;
		sc_status expected = !needed            ? SC_ERR_MECHANISM
				     : needed != listed ? SC_ERR_ACL
				     : !fits            ? SC_ERR_MECHANISM
				     : decrypts         ? SC_ERR_DECRYPT
							: SC_OK;

		assert_status(decrypts ? decrypt_with(&digest, m) : sign_with(&digest, m), expected, NULL);
		/* Not through the other command either. */
		assert_status(decrypts ? sign_with(&digest, m) : decrypt_with(&digest, m), SC_ERR_MECHANISM,
			      NULL);
	}
}

static void a_mechanism_needs_its_own_use(void **state)
{
	SC_CLEANUP(sc_pkey) ec = EVP_EC_gen("P-256");

	(void)state;
	for (uint32_t bit = 1; bit < SC_USE_ALL; bit <<= 1) {
		try_mechanisms(core_rsa_key(), true, bit);
		try_mechanisms(ec, false, bit);
	}
}

/* -- no side effect before the check -------------------------------------------------------------- */

static void load_signer(const struct sc_acl *acl, struct sc_hash *digest)
{
	SC_CLEANUP(sc_bytes) blob = { 0 };

	core_seal(&core, core_rsa_key(), SC_APPLICATION_SIMPLE, NULL, acl, &blob);
	assert_ok(core_load(core.custody, sc_bytes_view(&blob), digest), NULL);
}

/* Of two keys in a cache for two, the older one stays when a third comes, if it has been used. */
static void a_refused_use_is_no_use(void **state)
{
	SC_CLEANUP(sc_acl) acl = sc_acl_new();
	struct sc_hash keys[3];

	(void)state;
	add_action(acl, &(struct action){ SC_ACTION_USE, SC_USE_SIGN, SC_AUTHORITY_NONE });
	for (int permitted = 0; permitted < 2; permitted++) {
		sc_cache_free(core.module->cache);
		core.module->cache = sc_cache_new(2);
		load_signer(acl, &keys[0]);
		load_signer(acl, &keys[1]);
		if (permitted)
			assert_ok(ask_sign(&keys[0]), NULL);
		else
			assert_status(ask_decrypt(&keys[0]), SC_ERR_ACL, NULL);
		load_signer(acl, &keys[2]);
		assert_status(ask_info(&keys[0]), permitted ? SC_OK : SC_ERR_NOT_LOADED, NULL);
		assert_status(ask_info(&keys[1]), permitted ? SC_ERR_NOT_LOADED : SC_OK, NULL);
	}
}

/* -- transfer under an authority ------------------------------------------------------------------ */

static void leave_for_one_kek_is_not_leave_for_another(void **state)
{
	SC_CLEANUP(sc_acl) acl = sc_acl_new();
	struct sc_key_blob_header header = { .acl = acl };
	const struct sc_core_key key = { .header = &header };
	struct sc_permission_group *group = NULL;
	const struct sc_hash free_kek = { { 1 } };
	const struct sc_hash quorum_kek = { { 2 } };
	const struct sc_hash world = { { 1 } };
	const struct sc_hash other_world = { { 2 } };

	(void)state;
	assert_ok(sc_acl_add_group(acl, 1, SC_AUTHORITY_NONE, &group, NULL), NULL);
	assert_ok(sc_acl_add_transfer(group, transfer_to(1), NULL), NULL);
	assert_ok(sc_acl_add_group(acl, 2, SC_AUTHORITY_QUORUM, &group, NULL), NULL);
	assert_ok(sc_acl_add_transfer(group, transfer_to(2), NULL), NULL);
	assert_non_null(sc_permit_transfer(&key, &free_kek, &world));
	assert_null(sc_permit_transfer(&key, &free_kek, &other_world));
	assert_null(sc_permit_transfer(&key, &quorum_kek, &world));
}

/* -- sockets and owners --------------------------------------------------------------------------- */

static sc_status info_as(struct sc_core_session *session, const struct sc_hash *key,
			 const struct sc_owner *owner)
{
	SC_CLEANUP(sc_bytes) der = { 0 };

	if (owner)
		assert_ok(sc_owner_encode(owner, &der, NULL), NULL);
	return core_key_info(session, 0, &(struct sc_key_info_request){ *key, sc_bytes_view(&der) }, NULL,
			     NULL);
}

static void an_owner_differs_in_any_field(void **state)
{
	SC_CLEANUP(sc_acl) acl = sc_acl_new();
	SC_CLEANUP(sc_bytes) blob = { 0 };
	struct sc_owner other = place;
	struct sc_text *fields[] = { &other.daemon, &other.tenant, &other.subscription,
				     &other.vault,  &other.name,   &other.version };
	struct sc_hash key;

	(void)state;
	add_action(acl, &actions[0]);
	core_seal(&core, core_rsa_key(), SC_APPLICATION_VAULT, &place, acl, &blob);
	assert_status(core_load(core.custody, sc_bytes_view(&blob), &key), SC_ERR_OWNER, NULL);
	assert_status(core_load(use, sc_bytes_view(&blob), &key), SC_ERR_OWNER, NULL);
	assert_ok(core_load(vaultd, sc_bytes_view(&blob), &key), NULL);
	assert_ok(info_as(vaultd, &key, &place), NULL);
	assert_status(info_as(vaultd, &key, NULL), SC_ERR_OWNER, NULL);
	for (size_t i = 0; i < 6; i++) {
		other = place;
		strcat(fields[i]->s, "x");
		assert_status(info_as(vaultd, &key, &other), SC_ERR_OWNER, NULL);
		fields[i]->s[0] = '\0';
		assert_status(info_as(vaultd, &key, &other), SC_ERR_OWNER, NULL);
	}
	/* The key is loaded now, and other callers may know its digest. */
	assert_status(info_as(core.custody, &key, &place), SC_ERR_OWNER, NULL);
	assert_status(info_as(use, &key, NULL), SC_ERR_OWNER, NULL);
	assert_status(info_as(use, &key, &place), SC_ERR_OWNER, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(no_command_does_what_the_acl_does_not_list),
		TEST(a_mechanism_needs_its_own_use),
		TEST(a_refused_use_is_no_use),
		TEST(leave_for_one_kek_is_not_leave_for_another),
		TEST(an_owner_differs_in_any_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
