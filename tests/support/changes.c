/* Changes to a forged region: see changes.h. */
#include "changes.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static void forget(X509 **certificate)
{
	sc_forge_put(certificate, NULL);
}

static void use_key(EVP_PKEY **place, EVP_PKEY *key)
{
	EVP_PKEY_up_ref(key);
	EVP_PKEY_free(*place);
	*place = key;
}

static void set(struct sc_text *text, const char *value)
{
	if (sc_text_set(text, value, "text", NULL) != SC_OK)
		abort();
}

static void must(sc_status status)
{
	if (status != SC_OK)
		abort();
}

/* -- certificates ------------------------------------------------------------------------------ */

static void no_member(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	forget(&f->member);
}

static void no_region_certificate(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	forget(&f->region_certificate);
}

static void warrant_only(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	forget(&f->member);
	forget(&f->region_certificate);
	forget(&f->kek_certificate);
}

static void no_kek_certificate(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	forget(&f->kek_certificate);
}

static void no_region_named_nor_certified(struct sc_forge *f, const struct sc_forge *other)
{
	warrant_only(f, other);
	set(&f->key->region, "");
}

static void warrant_of_another_root(struct sc_forge *f, const struct sc_forge *other)
{
	use_key(&f->root_key, other->root_key);
	sc_forge_warrant_again(f);
}

static void region_of_another_root(struct sc_forge *f, const struct sc_forge *other)
{
	use_key(&f->root_key, other->root_key);
	sc_forge_region_again(f);
}

/* Calls `again` with another KNSO in place. */
static void under_other_knso(struct sc_forge *f, const struct sc_forge *other,
			     void (*again)(struct sc_forge *))
{
	EVP_PKEY *knso = f->knso;

	f->knso = other->knso;
	again(f);
	f->knso = knso;
}

static void member_of_another_world(struct sc_forge *f, const struct sc_forge *other)
{
	under_other_knso(f, other, sc_forge_member_again);
}

static void kek_certificate_of_another_world(struct sc_forge *f, const struct sc_forge *other)
{
	under_other_knso(f, other, sc_forge_kek_certificate_again);
}

static void region_certificate_for_another_key(struct sc_forge *f, const struct sc_forge *other)
{
	under_other_knso(f, other, sc_forge_region_again);
}

static void region_certificate_for_another_world(struct sc_forge *f, const struct sc_forge *other)
{
	struct sc_hash id = f->world->world;

	f->world->world = other->world->world;
	sc_forge_region_again(f);
	sc_forge_member_again(f);
	sc_forge_kek_certificate_again(f);
	f->world->world = id;
}

/* Calls `again` with another serial number in place. */
static void with_other_esn(struct sc_forge *f, void (*again)(struct sc_forge *))
{
	struct sc_text esn = f->esn;

	set(&f->esn, "7E57-0000-0002");
	again(f);
	f->esn = esn;
}

static void member_with_another_esn(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	with_other_esn(f, sc_forge_member_again);
}

static void warrant_with_another_esn(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	with_other_esn(f, sc_forge_warrant_again);
}

static void warrant_for_another_key(struct sc_forge *f, const struct sc_forge *other)
{
	EVP_PKEY *key = f->module_key;

	f->module_key = other->module_key;
	sc_forge_warrant_again(f);
	f->module_key = key;
}

static void another_modules_warrant(struct sc_forge *f, const struct sc_forge *other)
{
	use_key(&f->module_key, other->module_key);
	sc_forge_warrant_again(f);
}

/* A warranted module whose member certificate comes from a KNSO that the root never certified as a region. */
static void a_module_outside_the_world(struct sc_forge *f, const struct sc_forge *other)
{
	another_modules_warrant(f, other);
	member_of_another_world(f, other);
}

static void signed_by_another_key(struct sc_forge *f, const struct sc_forge *other)
{
	use_key(&f->module_key, other->module_key);
}

static void a_root_enclosed(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	X509_up_ref(f->root);
	sc_forge_put(&f->warrant, f->root);
}

/* Calls `again` in the past, so that what it makes expired a minute ago. */
static void expired(struct sc_forge *f, enum sc_certificate_kind kind, void (*again)(struct sc_forge *))
{
	int64_t now = f->now;

	f->now = now - sc_certificate_lifetime(kind) - 60;
	again(f);
	f->now = now;
}

static void warrant_expired(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	expired(f, SC_CERTIFICATE_WARRANT, sc_forge_warrant_again);
}

static void region_certificate_expired(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	expired(f, SC_CERTIFICATE_REGION, sc_forge_region_again);
}

static void member_expired(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	expired(f, SC_CERTIFICATE_MEMBER, sc_forge_member_again);
}

static void kek_certificate_expired(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	expired(f, SC_CERTIFICATE_KEK, sc_forge_kek_certificate_again);
}

static void kek_certificate_not_valid_yet(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	f->now += 2 * SC_DAY;
	sc_forge_kek_certificate_again(f);
	f->now -= 2 * SC_DAY;
}

/* -- what is stated ---------------------------------------------------------------------------- */

static void another_esn_stated(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	set(&f->key->esn, "7E57-0000-0002");
	set(&f->world->esn, "7E57-0000-0002");
}

static void a_time_to_come(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	f->key->time = f->world->time = f->now + SC_DAY + SC_DAY / 2;
}

static void a_time_before_the_warrant(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	f->key->time = f->world->time = f->now - 2 * SC_DAY;
}

static void another_region_named(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	set(&f->key->region, "NA");
}

static void no_region_named(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	set(&f->key->region, "");
}

static void another_world_named(struct sc_forge *f, const struct sc_forge *other)
{
	f->key->world = other->key->world;
}

static void another_key_hash(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	f->key->key_hash.b[0] ^= 1;
}

static void another_type(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	f->key->type.bits = 3072;
}

static void another_key_than_certified(struct sc_forge *f, const struct sc_forge *other)
{
	SC_CLEANUP(sc_pkey) key = sc_forge_rsa_key(1);

	(void)other;
	sc_forge_state_key(f, key);
}

static void a_smaller_key(struct sc_forge *f, const struct sc_forge *other)
{
	SC_CLEANUP(sc_pkey) key = EVP_RSA_gen(2048);

	(void)other;
	forget(&f->kek_certificate);
	sc_forge_state_key(f, key);
}

static void another_world_id(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	f->world->world.b[31] ^= 1;
}

/*
 * The same world id in every certificate and statement, but not the one that follows from KNSO, HKM and
 * suite.
 */
static void a_made_up_world_id(struct sc_forge *f, const struct sc_forge *other)
{
	f->world->world = f->key->world = other->key->key_hash;
	sc_forge_region_again(f);
	sc_forge_member_again(f);
	sc_forge_kek_certificate_again(f);
}

static void another_suite_of_the_world(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	f->world->suite = SC_SUITE_DLF1024;
}

static void another_hkm_of_the_world(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	f->world->hkm.b[0] ^= 1;
}

static void another_knso_of_the_world(struct sc_forge *f, const struct sc_forge *other)
{
	must(sc_octets_set(&f->world->knso, sc_bytes_view(&other->world->knso), NULL));
}

static void another_hkm_of_the_key(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	f->key->hkm.b[0] ^= 1;
}

static void another_suite_of_the_key(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	f->key->suite = SC_SUITE_DLF1024;
}

static void a_weak_suite(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	f->world->suite = SC_SUITE_DLF1024;
	sc_forge_world_id_again(f);
	sc_forge_region_again(f);
	sc_forge_member_again(f);
	sc_forge_kek_certificate_again(f);
}

static void imported_in_clear(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	f->key->origin = SC_ORIGIN_IMPORTED_IN_CLEAR;
}

static void came_by_transfer(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	f->key->origin = SC_ORIGIN_BYOK;
}

static void came_in_a_package(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	f->key->package.b[0] = 1;
}

static void has_an_owner(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	set(&f->key->owner.vault, "contoso");
}

static void another_application(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	set(&f->key->application, "vault");
}

/* -- permissions ------------------------------------------------------------------------------- */

static struct sc_permission_group *only_group(struct sc_forge *f)
{
	return sk_sc_permission_group_value(f->key->acl->groups, 0);
}

static void may_decrypt_too(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	sc_forge_state_uses(f, SC_USE_IMPORT_TRANSFER | SC_USE_DECRYPT);
}

static void may_import_neutral_instead(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	sc_forge_state_uses(f, SC_USE_IMPORT_NEUTRAL);
}

static void a_second_action(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	must(sc_acl_add_use(only_group(f), SC_USE_UNWRAP_KEY, NULL));
}

static void may_make_blobs(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	must(sc_acl_add_make_blob(only_group(f), &f->world->world, NULL));
}

static void may_be_reduced(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	must(sc_acl_add_plain(only_group(f), SC_ACTION_REDUCE_ACL, NULL));
}

static void may_be_given_more(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	must(sc_acl_add_plain(only_group(f), SC_ACTION_REPLACE_ACL, NULL));
	f->key->exportable = true;
}

static void may_be_transferred(struct sc_forge *f, const struct sc_forge *other)
{
	struct sc_transfer_action *transfer = sc_transfer_action_new();
	struct sc_acl *arrival = NULL;

	transfer->kek = other->key->key_hash;
	transfer->world = other->world->world;
	transfer->region = f->region->region;
	must(sc_acl_arrival(&f->key->type, &f->world->world, &arrival, NULL));
	sc_acl_free(transfer->arrival);
	transfer->arrival = arrival;
	must(sc_acl_add_transfer(only_group(f), transfer, NULL));
	f->key->exportable = true;
}

static void a_second_group(struct sc_forge *f, const struct sc_forge *other)
{
	struct sc_permission_group *group = NULL;

	(void)other;
	must(sc_acl_add_group(f->key->acl, 2, SC_AUTHORITY_QUORUM, &group, NULL));
	must(sc_acl_add_use(group, SC_USE_SIGN, NULL));
}

static void under_a_quorum(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	only_group(f)->authority = SC_AUTHORITY_QUORUM;
}

/* -- differences that do not matter ------------------------------------------------------------ */

static void nothing(struct sc_forge *f, const struct sc_forge *other)
{
	(void)f, (void)other;
}

static void a_nonce(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	must(sc_octets_set(&f->key->nonce, sc_view_text("a question"), NULL));
}

static void another_group_id(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	only_group(f)->id = 300;
}

static void an_earlier_time(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	f->key->time = f->world->time = f->now - SC_DAY / 2;
}

static void another_quorum(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	f->world->k = 5;
	f->world->n = 64;
	f->world->set_generation = 200;
}

static void another_code_version(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	set(&f->key->code_version, "10.2.3");
	set(&f->world->code_version, "10.2.3");
}

/* With an operator whose name is not ASCII. */
static void another_region(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	set(&f->region->region, "LAB42");
	set(&f->region->operator_name, "Hütte & Söhne");
	set(&f->key->region, "LAB42");
	sc_forge_region_again(f);
}

static void another_modules_world_statement(struct sc_forge *f, const struct sc_forge *other)
{
	(void)other;
	set(&f->esn, "7E57-0000-00AA");
	sc_forge_warrant_again(f);
	sc_forge_member_again(f);
	f->key->esn = f->esn;
	f->world->esn = f->esn;
}

#define CHANGE(name, key, world, packages) { #name, name, key, world, packages }
#define KEY_ONLY(name, status)             { #name, name, status, SC_OK, status }
#define WORLD_ONLY(name, status)           { #name, name, SC_OK, status, status }
#define EITHER(name, status)               { #name, name, status, status, status }
#define TOGETHER(name, status)             { #name, name, SC_OK, SC_OK, status }

static const struct sc_forge_change changes[] = {
	EITHER(nothing, SC_OK),
	EITHER(a_nonce, SC_OK),
	EITHER(another_group_id, SC_OK),
	EITHER(an_earlier_time, SC_OK),
	EITHER(another_quorum, SC_OK),
	EITHER(another_code_version, SC_OK),
	EITHER(another_region, SC_OK),
	EITHER(another_modules_world_statement, SC_OK),
	KEY_ONLY(no_member, SC_ERR_EVIDENCE_MEMBER),
	KEY_ONLY(no_region_certificate, SC_ERR_EVIDENCE_CHAIN),
	KEY_ONLY(warrant_only, SC_ERR_EVIDENCE_MEMBER),
	TOGETHER(no_kek_certificate, SC_ERR_EVIDENCE_KEY),
	TOGETHER(no_region_named_nor_certified, SC_ERR_EVIDENCE_MEMBER),
	EITHER(warrant_of_another_root, SC_ERR_EVIDENCE_ROOT),
	EITHER(region_of_another_root, SC_ERR_EVIDENCE_CHAIN),
	KEY_ONLY(member_of_another_world, SC_ERR_EVIDENCE_CHAIN),
	KEY_ONLY(kek_certificate_of_another_world, SC_ERR_EVIDENCE_CHAIN),
	CHANGE(region_certificate_for_another_key, SC_ERR_EVIDENCE_CHAIN, SC_ERR_EVIDENCE_WORLD,
	       SC_ERR_EVIDENCE_CHAIN),
	EITHER(region_certificate_for_another_world, SC_ERR_EVIDENCE_WORLD),
	KEY_ONLY(member_with_another_esn, SC_ERR_EVIDENCE_MEMBER),
	EITHER(warrant_with_another_esn, SC_ERR_EVIDENCE_ESN),
	CHANGE(warrant_for_another_key, SC_ERR_EVIDENCE_MEMBER, SC_ERR_EVIDENCE_SIGNATURE,
	       SC_ERR_EVIDENCE_MEMBER),
	KEY_ONLY(another_modules_warrant, SC_ERR_EVIDENCE_SIGNATURE),
	KEY_ONLY(a_module_outside_the_world, SC_ERR_EVIDENCE_CHAIN),
	EITHER(signed_by_another_key, SC_ERR_EVIDENCE_SIGNATURE),
	EITHER(a_root_enclosed, SC_ERR_EVIDENCE_USAGE),
	EITHER(warrant_expired, SC_ERR_EVIDENCE_TIME),
	EITHER(region_certificate_expired, SC_ERR_EVIDENCE_TIME),
	KEY_ONLY(member_expired, SC_ERR_EVIDENCE_TIME),
	KEY_ONLY(kek_certificate_expired, SC_ERR_EVIDENCE_TIME),
	KEY_ONLY(kek_certificate_not_valid_yet, SC_ERR_EVIDENCE_TIME),
	EITHER(another_esn_stated, SC_ERR_EVIDENCE_ESN),
	EITHER(a_time_to_come, SC_ERR_EVIDENCE_TIME),
	WORLD_ONLY(a_time_before_the_warrant, SC_ERR_EVIDENCE_TIME),
	KEY_ONLY(another_region_named, SC_ERR_EVIDENCE_REGION),
	KEY_ONLY(no_region_named, SC_ERR_EVIDENCE_REGION),
	KEY_ONLY(another_world_named, SC_ERR_EVIDENCE_WORLD),
	KEY_ONLY(another_key_hash, SC_ERR_EVIDENCE_KEY),
	KEY_ONLY(another_type, SC_ERR_EVIDENCE_KEY),
	KEY_ONLY(another_key_than_certified, SC_ERR_EVIDENCE_KEY),
	TOGETHER(a_smaller_key, SC_ERR_EVIDENCE_KIND),
	WORLD_ONLY(another_world_id, SC_ERR_EVIDENCE_WORLD),
	WORLD_ONLY(a_made_up_world_id, SC_ERR_EVIDENCE_WORLD),
	WORLD_ONLY(another_suite_of_the_world, SC_ERR_EVIDENCE_WORLD),
	WORLD_ONLY(another_hkm_of_the_world, SC_ERR_EVIDENCE_WORLD),
	WORLD_ONLY(another_knso_of_the_world, SC_ERR_EVIDENCE_WORLD),
	TOGETHER(another_hkm_of_the_key, SC_ERR_EVIDENCE_WORLD),
	TOGETHER(another_suite_of_the_key, SC_ERR_EVIDENCE_WORLD),
	TOGETHER(a_weak_suite, SC_ERR_EVIDENCE_SUITE),
	TOGETHER(imported_in_clear, SC_ERR_EVIDENCE_ORIGIN),
	TOGETHER(came_by_transfer, SC_ERR_EVIDENCE_ORIGIN),
	TOGETHER(came_in_a_package, SC_ERR_EVIDENCE_ORIGIN),
	TOGETHER(has_an_owner, SC_ERR_EVIDENCE_KIND),
	TOGETHER(another_application, SC_ERR_EVIDENCE_KIND),
	TOGETHER(may_decrypt_too, SC_ERR_EVIDENCE_EXPORTABLE),
	TOGETHER(may_import_neutral_instead, SC_ERR_EVIDENCE_EXPORTABLE),
	TOGETHER(a_second_action, SC_ERR_EVIDENCE_EXPORTABLE),
	TOGETHER(may_make_blobs, SC_ERR_EVIDENCE_EXPORTABLE),
	TOGETHER(may_be_reduced, SC_ERR_EVIDENCE_EXPORTABLE),
	TOGETHER(may_be_given_more, SC_ERR_EVIDENCE_EXPORTABLE),
	TOGETHER(may_be_transferred, SC_ERR_EVIDENCE_EXPORTABLE),
	TOGETHER(a_second_group, SC_ERR_EVIDENCE_EXPORTABLE),
	TOGETHER(under_a_quorum, SC_ERR_EVIDENCE_EXPORTABLE),
};

const struct sc_forge_change *sc_forge_changes(size_t *count)
{
	*count = sizeof changes / sizeof changes[0];
	return changes;
}
