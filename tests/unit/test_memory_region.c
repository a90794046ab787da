/*
 * When memory runs out on a key's way into a region: a world, a quorum, a region, a copy, a package, its
 * import. Whatever is reported as done is complete, and whatever is refused leaves nothing that could be
 * mistaken for it. "Unproven" as a key's origin is permanent, so it must never result from a momentary lack
 * of memory.
 */
#include "support/test.h"

#include <stdatomic.h>

#include <stdlib.h>

#include <openssl/x509v3.h>

#include "core_module.h"
#include "evidence/packages.h"
#include "failing_memory.h"
#include "hsmd/core/keygen.h"

#define SUBSCRIPTION "8c6a1b52-6f04-4f38-9d0c-2b1f0f6f8a11"

/* Some of these commands allocate 35,000 times. SC_EVERY_ALLOCATION fails every one in turn, for an hour. */
static long step(long usual)
{
	return getenv("SC_EVERY_ALLOCATION") ? 1 : usual;
}

/* -- an RSA-4096 key made only once (ld's --wrap) ------------------------------------------------- */

sc_status __real_sc_keygen(const struct sc_key_type *type, struct sc_view exponent, atomic_bool *is_abandoned,
			   EVP_PKEY **out, struct sc_error *err);
sc_status __wrap_sc_keygen(const struct sc_key_type *type, struct sc_view exponent, atomic_bool *is_abandoned,
			   EVP_PKEY **out, struct sc_error *err);

static EVP_PKEY *kek_key;

sc_status __wrap_sc_keygen(const struct sc_key_type *type, struct sc_view exponent, atomic_bool *is_abandoned,
			   EVP_PKEY **out, struct sc_error *err)
{
	if (type->bits != 4096)
		return __real_sc_keygen(type, exponent, is_abandoned, out, err);
	if (!kek_key)
		assert_ok(__real_sc_keygen(type, exponent, is_abandoned, &kek_key, err), err);
	assert_int_equal(EVP_PKEY_up_ref(kek_key), 1);
	*out = kek_key;
	return SC_OK;
}

/* -- a region, and a package on its way to it ----------------------------------------------------- */

static struct core core;
static struct sc_core_session *vaultd;
static struct sc_bytes certificate; /* the region's */
static struct sc_bytes kek_package;
static struct sc_bytes world_package;
static struct sc_bytes kek_blob;
static struct sc_hash kek;
static struct sc_hash key;  /* simple */
static struct sc_hash copy; /* xferacld */
static struct sc_bytes package;
static struct sc_bytes owner;

/* Gets a quorum for that body, and ends those that are open. No allocation fails meanwhile. */
static uint64_t consent(uint32_t command, const struct sc_writer *body)
{
	long fails = failing_memory_pause();
	uint64_t authority;

	sc_core_session_free(core.custody);
	core.custody = core_session(&core, SC_ROLE_CUSTODY);
	authority = core_quorum(&core, core.custody, command, sc_writer_view(body));

	failing_memory_at(fails);
	return authority;
}

#define WRITE(body, name, ...)                                                                               \
	do {                                                                                                 \
		long at = failing_memory_pause();                                                            \
		sc_##name##_request_write(body, &(struct sc_##name##_request){ __VA_ARGS__ });               \
		failing_memory_at(at);                                                                       \
	} while (0)

static sc_status init_region(struct core_answer *answer)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
	uint64_t authority;

	WRITE(&body, region_init, sc_bytes_view(&core.world_file), sc_bytes_view(&certificate));
	authority = consent(SC_COMMAND_REGION_INIT, &body);
	return core_send(core.custody, SC_COMMAND_REGION_INIT, authority, sc_writer_view(&body), answer);
}

static sc_status replace_acl(struct core_answer *answer)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
	uint64_t authority;

	WRITE(&body, acl_replace, key, sc_bytes_view(&kek_package), sc_bytes_view(&world_package), { 0 }, 0);
	authority = consent(SC_COMMAND_ACL_REPLACE, &body);
	return core_send(core.custody, SC_COMMAND_ACL_REPLACE, authority, sc_writer_view(&body), answer);
}

static sc_status pack(struct core_answer *answer)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	WRITE(&body, transfer_package, copy, sc_bytes_view(&kek_package), sc_bytes_view(&world_package),
	      sc_view_text(SUBSCRIPTION), sc_view_text("ContosoFirstHSMkey"), 0);
	return core_send(core.custody, SC_COMMAND_TRANSFER_PACKAGE, 0, sc_writer_view(&body), answer);
}

/* The module evicts the KEK if memory runs out while it is used. No allocation fails meanwhile. */
static void load_kek_again(void)
{
	long fails = failing_memory_pause();

	assert_ok(core_load(vaultd, sc_bytes_view(&kek_blob), &kek), NULL);
	failing_memory_at(fails);
}

static sc_status import(struct core_answer *answer)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	load_kek_again();
	WRITE(&body, transfer_import, kek, sc_bytes_view(&owner), sc_bytes_view(&package));
	return core_send(vaultd, SC_COMMAND_TRANSFER_IMPORT, 0, sc_writer_view(&body), answer);
}

static void keep_region(void)
{
	SC_CLEANUP(core_answer) answer = { 0 };
	SC_CLEANUP(sc_world_file) file = NULL;
	SC_CLEANUP(sc_x509) region = NULL;
	struct sc_region_init_response made;

	assert_ok(init_region(&answer), NULL);
	assert_ok(sc_region_init_response_read(answer.body, &made), NULL);
	assert_ok(sc_bytes_copy(made.kek_statement, &kek_package, NULL), NULL);
	assert_ok(sc_bytes_copy(made.kek_blob, &kek_blob, NULL), NULL);
	load_kek_again();
	assert_ok(sc_world_file_decode(made.world_file, &file, NULL), NULL);
	assert_ok(sc_x509_decode(sc_bytes_view(&certificate), &region, NULL), NULL);
	assert_ok(sc_statement_enclose(sc_bytes_view(&file->body->statement), region, &world_package, NULL),
		  NULL);
}

static void make_key(void)
{
	const struct sc_key_generate_request in = { .application = sc_view_text("simple"),
						    .algorithm = SC_ALGORITHM_RSA,
						    .bits = 2048 };
	struct sc_key_generate_response out;
	SC_CLEANUP(core_answer) answer = { 0 };

	assert_ok(core_key_generate(core.custody, 0, &in, &out, &answer), NULL);
	assert_ok(core_load(core.custody, out.blob, &key), NULL);
}

static void make_package(void)
{
	SC_CLEANUP(core_answer) replaced = { 0 };
	SC_CLEANUP(core_answer) packed = { 0 };
	struct sc_acl_replace_response reduced;
	struct sc_transfer_package_response out;

	assert_ok(replace_acl(&replaced), NULL);
	assert_ok(sc_acl_replace_response_read(replaced.body, &reduced), NULL);
	assert_ok(core_load(core.custody, reduced.blob, &copy), NULL);
	assert_ok(pack(&packed), NULL);
	assert_ok(sc_transfer_package_response_read(packed.body, &out), NULL);
	assert_ok(sc_bytes_copy(out.package, &package, NULL), NULL);
}

static int setup(void **state)
{
	const struct sc_owner place = { { "vaultd" }, { "tenant" }, { SUBSCRIPTION },
					{ "vault" },  { "name" },   { "1" } };

	(void)state;
	core_start(&core);
	core_make_world(&core);
	core.ran_out = failing_memory_ran_out;
	vaultd =
	    core_service(&core, "vaultd", SC_APPLICATION_VAULT, SC_APPLICATION_VAULT | SC_APPLICATION_KEK);
	assert_ok(sc_owner_encode(&place, &owner, NULL), NULL);
	core_region_certificate(&core, "EU", &certificate);
	keep_region();
	make_key();
	make_package();
	return 0;
}

static int teardown(void **state)
{
	struct sc_bytes *all[] = { &certificate, &kek_blob, &kek_package, &world_package, &package, &owner };

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		sc_bytes_free(all[i]);
	sc_core_session_free(vaultd);
	core_end(&core);
	return 0;
}

/* -- what is answered is whole -------------------------------------------------------------------- */

/* The answer's evidence proves the KEK to anyone who trusts the root, and its blob opens. */
static void judge_region(struct sc_view body)
{
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(core.module->state);
	SC_CLEANUP(sc_evidence_target) target = NULL;
	const struct sc_evidence_trust trust = sc_snapshot_trust(s, core_now);
	struct sc_region_init_response made;
	struct sc_hash loaded;
	struct sc_error err = { 0 };

	assert_ok(sc_region_init_response_read(body, &made), NULL);
	assert_ok(core_load(vaultd, made.kek_blob, &loaded), NULL);
	assert_ok(sc_evidence_packages_verify(made.kek_statement, sc_bytes_view(&world_package), &trust, NULL,
					      &target, &err),
		  &err);
}

/* The imported key opens for its owner, and its origin is still proven. */
static void judge_import(struct sc_view body)
{
	struct sc_transfer_import_response imported;
	struct sc_key_info_response info;
	SC_CLEANUP(core_answer) answer = { 0 };
	struct sc_hash loaded;

	assert_ok(sc_transfer_import_response_read(body, &imported), NULL);
	assert_ok(core_load(vaultd, imported.blob, &loaded), NULL);
	assert_ok(core_key_info(vaultd, 0, &(struct sc_key_info_request){ loaded, sc_bytes_view(&owner) },
				&info, &answer),
		  NULL);
	assert_int_equal(info.origin, SC_ORIGIN_BYOK);
}

static void judge_copy(struct sc_view body)
{
	struct sc_acl_replace_response reduced;
	struct sc_hash loaded;

	assert_ok(sc_acl_replace_response_read(body, &reduced), NULL);
	assert_ok(core_load(core.custody, reduced.blob, &loaded), NULL);
}

/* The package holds the source module's proof, which only an import shows. */
static void judge_package(struct sc_view body)
{
	struct sc_transfer_package_response packed;
	SC_CLEANUP(core_answer) answer = { 0 };
	struct sc_bytes before = package;

	assert_ok(sc_transfer_package_response_read(body, &packed), NULL);
	assert_ok(sc_bytes_copy(packed.package, &package, NULL), NULL);
	assert_ok(import(&answer), NULL);
	judge_import(answer.body);
	sc_bytes_free(&package);
	package = before;
}

static sc_status judged(sc_status (*ask)(struct core_answer *answer), void (*judge)(struct sc_view body))
{
	SC_CLEANUP(core_answer) answer = { 0 };
	sc_status status = ask(&answer);
	long fails = failing_memory_pause();

	if (status == SC_OK)
		judge(answer.body);
	failing_memory_at(fails);
	return status;
}

static sc_status ask_region_init(void)
{
	return judged(init_region, judge_region);
}

static sc_status ask_replace(void)
{
	return judged(replace_acl, judge_copy);
}

static sc_status ask_package(void)
{
	return judged(pack, judge_package);
}

static sc_status ask_import(void)
{
	return judged(import, judge_import);
}

/* -- the custodians' consent --------------------------------------------------------------------- */

/* ACL_REPLACE under one quorum, however often the module has no room for it. */
static void a_command_refused_for_room_spends_no_quorum(void **state)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
	uint64_t authority;
	int full = 0;

	(void)state;
	WRITE(&body, acl_replace, key, sc_bytes_view(&kek_package), sc_bytes_view(&world_package), { 0 }, 0);
	authority = consent(SC_COMMAND_ACL_REPLACE, &body);
	for (long n = 1;; n += step(23)) {
		sc_status status;

		failing_memory_at(n);
		status =
		    core_send(core.custody, SC_COMMAND_ACL_REPLACE, authority, sc_writer_view(&body), NULL);
		(void)failing_memory_pause();
		if (status == SC_OK)
			break;
		assert_status(status, SC_ERR_MODULE_FULL, NULL);
		full++;
	}
	assert_true(full > 2);
	/* The success does. */
	assert_status(core_send(core.custody, SC_COMMAND_ACL_REPLACE, authority, sc_writer_view(&body), NULL),
		      SC_ERR_QUORUM, NULL);
}

/*
 * A region that could not be saved uses no consent. One that was saved has used it, whether or not the answer
 * arrives.
 */
static void a_region_that_cannot_be_saved_spends_no_quorum(void **state)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
	uint64_t authority;

	(void)state;
	WRITE(&body, region_init, sc_bytes_view(&core.world_file), sc_bytes_view(&certificate));
	authority = consent(SC_COMMAND_REGION_INIT, &body);
	core.save_status = SC_ERR_SYSTEM;
	for (int i = 0; i < 2; i++)
		assert_status(
		    core_send(core.custody, SC_COMMAND_REGION_INIT, authority, sc_writer_view(&body), NULL),
		    SC_ERR_SYSTEM, NULL);
	core.save_status = SC_ERR_NOT_DURABLE;
	assert_status(core_send(core.custody, SC_COMMAND_REGION_INIT, authority, sc_writer_view(&body), NULL),
		      SC_ERR_NOT_DURABLE, NULL);
	core.save_status = SC_OK;
	assert_status(core_send(core.custody, SC_COMMAND_REGION_INIT, authority, sc_writer_view(&body), NULL),
		      SC_ERR_QUORUM, NULL);
}

/* -- certificates -------------------------------------------------------------------------------- */

/* libcrypto would take a certificate that it could not read for malformed, for the snapshot's lifetime. */
static bool is_read(X509 *loaded)
{
	return X509_check_purpose(loaded, -1, 0) == 1 && X509_get0_pubkey(loaded);
}

static sc_status copy_state(struct sc_module_state *now, void *context, struct sc_error *err)
{
	struct sc_module_state **out = context;

	*out = ASN1_item_dup(ASN1_ITEM_rptr(sc_module_state), now);
	return sc_check_allocated(*out, err);
}

static sc_status ask_snapshot(void)
{
	SC_CLEANUP(sc_module_state) now = NULL;
	SC_CLEANUP(sc_snapshot) s = NULL;
	long fails = failing_memory_pause();
	sc_status status;

	assert_ok(sc_core_state_update(core.module->state, copy_state, &now, NULL), NULL);
	failing_memory_at(fails);
	status = sc_snapshot_new(now, &s, NULL);
	fails = failing_memory_pause();

	if (status == SC_OK)
		assert_true(is_read(s->root) && is_read(s->warrant) && is_read(s->member) &&
			    is_read(s->region_certificate));
	failing_memory_at(fails);
	/* Whatever the status, the cause is lack of memory: the dispatcher would answer MODULE_FULL. */
	return status == SC_OK ? SC_OK : SC_ERR_MODULE_FULL;
}

static void without_memory_no_certificate_is_kept_unread(void **state)
{
	(void)state;
	the_nth_allocation_fails("a snapshot", step(7), ask_snapshot);
}

static void without_memory_no_region_is_half_made(void **state)
{
	(void)state;
	the_nth_allocation_fails("region_init", step(701), ask_region_init);
}

static void without_memory_no_copy_is_half_made(void **state)
{
	(void)state;
	the_nth_allocation_fails("acl_replace", step(701), ask_replace);
}

static void without_memory_no_package_is_half_made(void **state)
{
	(void)state;
	the_nth_allocation_fails("transfer_package", step(701), ask_package);
}

static bool always(void)
{
	return true;
}

static sc_status import_with_loaded_kek(void)
{
	const struct sc_transfer_import_request in = { kek, sc_bytes_view(&owner), sc_bytes_view(&package) };

	return core_transfer_import(vaultd, 0, &in, NULL, NULL);
}

/* Every libcrypto call succeeds, while the arena says that an allocation failed meanwhile. */
static void an_import_without_memory_is_refused_and_its_kek_loaded_afresh(void **state)
{
	(void)state;
	assert_ok(import_with_loaded_kek(), NULL);
	core.ran_out = always;
	assert_status(import_with_loaded_kek(), SC_ERR_MODULE_FULL, NULL);
	core.ran_out = failing_memory_ran_out;
	assert_status(import_with_loaded_kek(), SC_ERR_NOT_LOADED, NULL);
	load_kek_again();
	assert_ok(import_with_loaded_kek(), NULL);
}

/* Another thread may have spoiled the KEK since. Whatever is wrong with the package gets the same answer. */
static void a_refused_import_is_believed_only_from_a_kek_loaded_since(void **state)
{
	uint8_t *last = &package.data[package.len - 1];

	(void)state;
	*last ^= 1;
	assert_status(import_with_loaded_kek(), SC_ERR_TRANSFER_REFUSED, NULL);
	core.failures++;
	assert_status(import_with_loaded_kek(), SC_ERR_MODULE_FULL, NULL);
	assert_status(import_with_loaded_kek(), SC_ERR_NOT_LOADED, NULL);
	load_kek_again();
	assert_status(import_with_loaded_kek(), SC_ERR_TRANSFER_REFUSED, NULL);
	*last ^= 1;
	assert_ok(import_with_loaded_kek(), NULL);
}

static sc_status revoke_the_source(struct sc_module_state *state, void *context, struct sc_error *err)
{
	struct sc_revoked_esn *revoked =
	    (struct sc_revoked_esn *)ASN1_item_new(ASN1_ITEM_rptr(sc_revoked_esn));

	(void)context;
	SC_TRY(sc_check_allocated(revoked, err));
	assert_true(sk_sc_revoked_esn_push(state->world->revoked, revoked) > 0);
	revoked->esn = state->esn;
	return SC_OK;
}

/*
 * Imports the package on a connection of its own, more often than it may have lines. Returns how many it has.
 */
static size_t import_often(sc_status expected, char *text, size_t max)
{
	const struct sc_transfer_import_request in = { kek, sc_bytes_view(&owner), sc_bytes_view(&package) };
	struct sc_core_session *session =
	    core_service(&core, "vaultd", SC_APPLICATION_VAULT, SC_APPLICATION_VAULT | SC_APPLICATION_KEK);
	struct core_log log;

	core_log_begin(&log);
	for (unsigned i = 0; i < SC_CORE_SESSION_LINES + 10; i++)
		assert_status(core_transfer_import(session, 0, &in, NULL, NULL), expected, NULL);
	sc_core_session_free(session);
	return core_log_end(&log, text, max);
}

static void a_connection_fills_no_log_with_packages(void **state)
{
	static char text[16384];
	uint8_t *last = &package.data[package.len - 1];

	(void)state;
	assert_int_equal(import_often(SC_OK, text, sizeof text), 0);
	*last ^= 1;
	assert_int_equal(import_often(SC_ERR_TRANSFER_REFUSED, text, sizeof text), SC_CORE_SESSION_LINES + 1);
	assert_non_null(
	    strstr(text, "transfer_import: refused: SC_ERR_TRANSFER_REFUSED: the package: altered"));
	assert_non_null(strstr(text, "10 of its lines were left out\n"));
	*last ^= 1;
	assert_ok(sc_core_state_update(core.module->state, revoke_the_source, NULL, NULL), NULL);
	assert_int_equal(import_often(SC_OK, text, sizeof text), SC_CORE_SESSION_LINES + 1);
	assert_non_null(strstr(text, "transfer_import: origin not proven: "));
	assert_non_null(strstr(text, "10 of its lines were left out\n"));
}

static void without_memory_no_key_arrives_and_none_is_called_unproven(void **state)
{
	(void)state;
	the_nth_allocation_fails("transfer_import", step(701), ask_import);
}

/* -- quorums and worlds --------------------------------------------------------------------------- */

static sc_status ask_open(void)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	core_monotonic += SC_QUORUM_SECONDS * INT64_C(1000000000); /* makes room for another quorum */
	WRITE(&body, quorum_open, SC_COMMAND_ACL_REPLACE, { { 0 } }, { 0 });
	return core_send(core.custody, SC_COMMAND_QUORUM_OPEN, 0, sc_writer_view(&body), NULL);
}

/* The second card of two, which completes the token. */
static sc_status ask_card(void)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
	long fails = failing_memory_pause();
	uint64_t authority;
	sc_status status;

	core_monotonic += SC_QUORUM_SECONDS * INT64_C(1000000000);
	core_now += 3600; /* an interrupted try counts as a failed one */
	authority = core_open_quorum(core.custody, SC_COMMAND_ACL_REPLACE, (struct sc_view){ 0 });
	assert_ok(core_present(&core, core.custody, authority, 0, NULL, NULL), NULL);
	failing_memory_at(fails);
	WRITE(&body, quorum_card, authority, sc_bytes_view(&core.cards[1]), core_pin(1));
	status = core_send(core.custody, SC_COMMAND_QUORUM_CARD, 0, sc_writer_view(&body), NULL);
	fails = failing_memory_pause();
	/* Whether it counted or not, that card can complete the quorum. */
	core_now += 3600;
	(void)core_present(&core, core.custody, authority, 1, NULL, NULL);
	assert_status(core_send(core.custody, SC_COMMAND_ACL_REPLACE, authority, (struct sc_view){ 0 }, NULL),
		      SC_ERR_ENCODING, NULL);
	failing_memory_at(fails);
	return status;
}

static void without_memory_no_right_pin_is_called_wrong(void **state)
{
	(void)state;
	the_nth_allocation_fails("quorum_open", 1, ask_open);
	the_nth_allocation_fails("quorum_card", step(701), ask_card);
}

/* Each of the last allocations, where the token is put together. */
static void without_memory_the_last_card_counts_or_can_be_given_again(void **state)
{
	const long many = 1000000;
	long count;

	(void)state;
	failing_memory_at(many);
	assert_ok(ask_card(), NULL);
	count = many - failing_memory_pause();
	for (long n = count > 200 ? count - 200 : 1; n <= count; n++) {
		sc_status status;

		failing_memory_at(n);
		status = ask_card();
		(void)failing_memory_pause();
		assert_true(status == SC_OK || status == SC_ERR_MODULE_FULL);
	}
}

static struct sc_bytes warranted_state;
static struct sc_bytes warranted_mark;

static int setup_warranted(void **state)
{
	(void)state;
	core_start(&core);
	core_make_warranted(&core);
	sc_bytes_free(&warranted_state);
	sc_bytes_free(&warranted_mark);
	assert_ok(sc_bytes_copy(sc_bytes_view(&core.state), &warranted_state, NULL), NULL);
	assert_ok(sc_bytes_copy(sc_bytes_view(&core.mark), &warranted_mark, NULL), NULL);
	core.ran_out = failing_memory_ran_out;
	return 0;
}

static int teardown_warranted(void **state)
{
	(void)state;
	sc_bytes_free(&warranted_state);
	sc_bytes_free(&warranted_mark);
	core_end(&core);
	return 0;
}

static sc_status begin_world(struct core_answer *answer)
{
	struct sc_world_begin_request in = {
		.suite = SC_SUITE_ECP521, .k = 1, .pins.count = 1, .custodians.count = 1
	};
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
	long fails = failing_memory_pause();

	in.pins.item[0] = core_pin(0);
	sc_world_begin_request_write(&body, &in);
	failing_memory_at(fails);
	return core_send(core.custody, SC_COMMAND_WORLD_BEGIN, 0, sc_writer_view(&body), answer);
}

static sc_status ask_begin(void)
{
	return begin_world(NULL);
}

/* All or nothing. If there is no room for the answer, hsmd sends one on the module's behalf. */
static void without_memory_a_world_is_adopted_or_it_is_not(void **state)
{
	bool all_passed = false;
	int full = 0;

	the_nth_allocation_fails("world_begin", step(23), ask_begin);
	for (long n = 1; !all_passed; n += step(23)) {
		struct sc_world_begin_response begun;
		SC_CLEANUP(core_answer) answer = { 0 };
		SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
		sc_status status;

		assert_ok(begin_world(&answer), NULL);
		assert_ok(sc_world_begin_response_read(answer.body, &begun), NULL);
		WRITE(&body, world_commit, begun.world);
		failing_memory_at(n);
		status = core_send(core.custody, SC_COMMAND_WORLD_COMMIT, 0, sc_writer_view(&body), NULL);
		all_passed = failing_memory_pause() > 0;
		assert_true(status == SC_OK || status == SC_ERR_MODULE_FULL);
		full += status == SC_ERR_MODULE_FULL;
		if (sc_module_mode(core.module) == SC_MODE_WORLD) {
			SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(core.module->state);

			assert_true(sc_hash_equals(&s->world, &begun.world));
			assert_int_equal(s->km.len, 32);
			assert_ok(core_reopen(&core, NULL), NULL);
			assert_int_equal(sc_module_mode(core.module), SC_MODE_WORLD);
			core_end(&core);
			assert_int_equal(setup_warranted(state), 0);
		} else {
			assert_int_equal(status, SC_ERR_MODULE_FULL);
		}
	}
	assert_int_not_equal(full, 0);
}

/* The module as setup_warranted left it. Its disk is put back. */
static void put_back(void)
{
	core.save_elsewhere = NULL;
	sc_bytes_free(&core.state);
	sc_bytes_free(&core.mark);
	assert_ok(sc_bytes_copy(sc_bytes_view(&warranted_state), &core.state, NULL), NULL);
	assert_ok(sc_bytes_copy(sc_bytes_view(&warranted_mark), &core.mark, NULL), NULL);
	assert_ok(core_reopen(&core, NULL), NULL);
}

/* Takes no memory of its own. */
static sc_status save_without_mark(struct sc_view state, struct sc_view mark, struct sc_error *err)
{
	(void)state, (void)mark;
	return sc_fail_plain(err, SC_ERR_NOT_DURABLE);
}

/* A commit whose state may be on the disk, with the n-th allocation failing. Returns how many remained. */
static long commit_undurably(long n, sc_status *status)
{
	struct sc_world_begin_response begun;
	SC_CLEANUP(core_answer) answer = { 0 };
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	put_back();
	assert_ok(begin_world(&answer), NULL);
	assert_ok(sc_world_begin_response_read(answer.body, &begun), NULL);
	WRITE(&body, world_commit, begun.world);
	core.save_elsewhere = save_without_mark;
	core.saves = 0;
	failing_memory_at(n);
	*status = core_send(core.custody, SC_COMMAND_WORLD_COMMIT, 0, sc_writer_view(&body), NULL);
	return failing_memory_pause();
}

/* Not even if there is no room for that answer, which is the last thing to need memory. */
static void without_memory_a_commit_that_may_stand_is_called_nothing_else(void **state)
{
	const long many = 1000000;
	sc_status status;
	long count = many - commit_undurably(many, &status);

	(void)state;
	assert_status(status, SC_ERR_NOT_DURABLE, NULL);
	for (long n = count > 20 ? count - 20 : 1; n <= count; n++) {
		(void)commit_undurably(n, &status);
		assert_status(status, core.saves ? SC_ERR_NOT_DURABLE : SC_ERR_MODULE_FULL, NULL);
	}
	(void)commit_undurably(1, &status);
	assert_status(status, SC_ERR_MODULE_FULL, NULL);
	assert_int_equal(core.saves, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(without_memory_no_certificate_is_kept_unread),
		TEST(without_memory_no_region_is_half_made),
		TEST(a_command_refused_for_room_spends_no_quorum),
		TEST(a_region_that_cannot_be_saved_spends_no_quorum),
		TEST(without_memory_no_copy_is_half_made),
		TEST(without_memory_no_package_is_half_made),
		TEST(without_memory_no_key_arrives_and_none_is_called_unproven),
		TEST(an_import_without_memory_is_refused_and_its_kek_loaded_afresh),
		TEST(a_refused_import_is_believed_only_from_a_kek_loaded_since),
		TEST(a_connection_fills_no_log_with_packages),
		TEST(without_memory_no_right_pin_is_called_wrong),
		TEST(without_memory_the_last_card_counts_or_can_be_given_again),
		cmocka_unit_test_setup_teardown(without_memory_a_world_is_adopted_or_it_is_not,
						setup_warranted, teardown_warranted),
		cmocka_unit_test_setup_teardown(without_memory_a_commit_that_may_stand_is_called_nothing_else,
						setup_warranted, teardown_warranted),
	};

	int failed;

	if (!failing_memory_start())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	EVP_PKEY_free(kek_key);
	return failed;
}
