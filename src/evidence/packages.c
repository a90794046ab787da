/*
 * What the two packages prove together (article step 3.2): a table of checks, in the order of packages.h.
 * Each check that passes is reported with what it found. The first that fails puts its name before the
 * reason, so that a person sees which one it was.
 */
#include "evidence/packages.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "formats/oid.h"
#include "formats/suite.h"

#define FOUND_SIZE 256

struct question {
	struct sc_view kek_package;
	struct sc_view world_package;
	const struct sc_evidence_trust *trust;
	struct sc_evidence_target *t;
	char found[FOUND_SIZE];
};

void sc_evidence_target_free(struct sc_evidence_target *target)
{
	if (!target)
		return;
	sc_evidence_free(target->kek);
	sc_evidence_free(target->world);
	EVP_PKEY_free(target->key);
	OPENSSL_free(target);
}

static void found(struct question *q, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void found(struct question *q, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(q->found, sizeof q->found, format, args);
	va_end(args);
}

static void found_signer(struct question *q, const struct sc_text *esn, int64_t time)
{
	char when[SC_CLOCK_TEXT_SIZE];

	sc_clock_text(time, when);
	found(q, "signed by module %s at %s", esn->s, when);
}

static sc_status check_kek_statement(struct question *q, struct sc_error *err)
{
	SC_TRY(sc_statement_verify(q->kek_package, SC_OID_KEY_STATEMENT, q->trust, SC_EVIDENCE_TIME_NOW,
				   &q->t->kek, err));
	found_signer(q, &q->t->kek->key->esn, q->t->kek->key->time);
	return SC_OK;
}

static sc_status check_world_statement(struct question *q, struct sc_error *err)
{
	SC_TRY(sc_statement_verify(q->world_package, SC_OID_WORLD_STATEMENT, q->trust,
				   SC_EVIDENCE_TIME_STATED, &q->t->world, err));
	found_signer(q, &q->t->world->world->esn, q->t->world->world->time);
	return SC_OK;
}

static sc_status check_root(struct question *q, struct sc_error *err)
{
	struct sc_hash other = { 0 };
	char grouped[SC_HASH_GROUPED_SIZE];

	SC_TRY(sc_certificate_key_hash(q->t->kek->root, &q->t->root, err));
	SC_TRY(sc_certificate_key_hash(q->t->world->root, &other, err));
	SC_ENSURE(sc_hash_equals(&q->t->root, &other), err, SC_ERR_EVIDENCE_ROOT,
		  "the two packages have different roots");
	sc_hash_grouped(&q->t->root, grouped);
	found(q, "%s", grouped);
	return SC_OK;
}

static sc_status check_region(struct question *q, struct sc_error *err)
{
	const struct sc_region_info *kek = q->t->kek->region_info;
	const struct sc_region_info *world = q->t->world->region_info;

	SC_ENSURE(kek, err, SC_ERR_EVIDENCE_MEMBER, "the key's world is not a certified region");
	SC_ENSURE(world, err, SC_ERR_EVIDENCE_WORLD, "the world package encloses no region certificate");
	SC_ENSURE(sc_text_equals(&kek->region, world->region.s), err, SC_ERR_EVIDENCE_REGION,
		  "the KEK package is for %s, the world package for %s", kek->region.s, world->region.s);
	SC_ENSURE(X509_cmp(q->t->kek->region, q->t->world->region) == 0, err, SC_ERR_EVIDENCE_WORLD,
		  "the packages enclose different region certificates");
	q->t->region = kek->region;
	q->t->operator_name = kek->operator_name;
	found(q, "%s, operated by %s", kek->region.s, kek->operator_name.s);
	return SC_OK;
}

/* sc_statement_verify has already checked that the region certificate is for this world. */
static sc_status check_world(struct question *q, struct sc_error *err)
{
	const struct sc_key_statement *key = q->t->kek->key;
	const struct sc_world_statement *world = q->t->world->world;
	char id[2 * SC_HASH_SIZE + 1];

	SC_ENSURE(sc_hash_equals(&key->world, &world->world), err, SC_ERR_EVIDENCE_WORLD,
		  "the key's world is not the world package's");
	SC_ENSURE(sc_hash_equals(&key->hkm, &world->hkm), err, SC_ERR_EVIDENCE_WORLD,
		  "the key's module key is not the world package's");
	SC_ENSURE(key->suite == world->suite, err, SC_ERR_EVIDENCE_WORLD,
		  "the key's cipher suite is not the world package's");
	q->t->world_id = world->world;
	sc_hex(sc_hash_view(&world->world), id);
	found(q, "%s", id);
	return SC_OK;
}

static sc_status check_suite(struct question *q, struct sc_error *err)
{
	const struct sc_suite_info *suite = sc_suite_by_number(q->t->world->world->suite);

	SC_ENSURE(suite && suite->may_be_region, err, SC_ERR_EVIDENCE_SUITE, "%s is too weak for a region",
		  sc_suite_name(q->t->world->world->suite));
	found(q, "%s", suite->name);
	return SC_OK;
}

static sc_status check_key(struct question *q, struct sc_error *err)
{
	const struct sc_key_statement *key = q->t->kek->key;
	char hash[2 * SC_HASH_SIZE + 1];

	SC_ENSURE(key->type.algorithm == SC_ALGORITHM_RSA && key->type.bits == 4096, err,
		  SC_ERR_EVIDENCE_KIND, "a Key Exchange Key is RSA-4096, but this is %s",
		  sc_key_type_name(&key->type));
	SC_ENSURE(sc_text_equals(&key->application, "kek"), err, SC_ERR_EVIDENCE_KIND,
		  "the key's application is \"%s\", not \"kek\"", key->application.s);
	SC_ENSURE(sc_owner_is_empty(&key->owner), err, SC_ERR_EVIDENCE_KIND,
		  "the key has an owner, but a Key Exchange Key has none");
	q->t->key_hash = key->key_hash;
	sc_hex(sc_hash_view(&key->key_hash), hash);
	found(q, "%s %s", sc_key_type_name(&key->type), hash);
	return SC_OK;
}

static sc_status check_origin(struct question *q, struct sc_error *err)
{
	const struct sc_key_statement *key = q->t->kek->key;

	SC_ENSURE(key->origin == SC_ORIGIN_GENERATED && sc_hash_is_zero(&key->package), err,
		  SC_ERR_EVIDENCE_ORIGIN, "the key was not generated in its world: its origin is %s",
		  sc_origin_name(key->origin));
	found(q, "generated in module %s", key->esn.s);
	return SC_OK;
}

/* Rule M3: exactly one action, importTransfer, without an authority. */
static bool is_import_only(const struct sc_acl *acl)
{
	const struct sc_permission_group *group = sk_sc_permission_group_value(acl->groups, 0);
	const struct sc_action *action = sk_sc_action_value(group->actions, 0);

	return sk_sc_permission_group_num(acl->groups) == 1 && sk_sc_action_num(group->actions) == 1 &&
	       group->authority == SC_AUTHORITY_NONE && action->type == SC_ACTION_USE &&
	       *action->value.use == SC_USE_IMPORT_TRANSFER;
}

static sc_status check_permissions(struct question *q, struct sc_error *err)
{
	const struct sc_key_statement *key = q->t->kek->key;

	SC_ENSURE(!key->exportable && !sc_acl_is_exportable(key->acl), err, SC_ERR_EVIDENCE_EXPORTABLE,
		  "the key can leave its world or be given permission to");
	SC_ENSURE(is_import_only(key->acl), err, SC_ERR_EVIDENCE_EXPORTABLE,
		  "the key may do more than import transfer packages");
	found(q, "importTransfer and nothing else: not exportable");
	return SC_OK;
}

static sc_status check_kek_certificate(struct question *q, struct sc_error *err)
{
	SC_ENSURE(q->t->kek->kek, err, SC_ERR_EVIDENCE_KEY,
		  "none is enclosed, so nothing shows that custodians made this key a Key Exchange Key");
	q->t->key = X509_get_pubkey(q->t->kek->kek);
	if (!q->t->key)
		return sc_fail_crypto(err, "its key");
	found(q, "issued for this key by the world's security officer key");
	return SC_OK;
}

/* The earliest end of any certificate in the KEK's chains, all of which are valid now. */
static sc_status find_end(struct question *q, struct sc_error *err)
{
	const struct sc_evidence *e = q->t->kek;
	X509 *const certificates[] = { e->root, e->warrant, e->region, e->member, e->kek };
	char when[SC_CLOCK_TEXT_SIZE];

	q->t->not_after = INT64_MAX;
	for (size_t i = 0; i < sizeof certificates / sizeof certificates[0]; i++) {
		int64_t from;
		int64_t until;

		SC_TRY(sc_certificate_validity(certificates[i], &from, &until, err));
		if (until < q->t->not_after)
			q->t->not_after = until;
	}
	sc_clock_text(q->t->not_after, when);
	found(q, "until %s", when);
	return SC_OK;
}

static const struct check {
	const char *name;
	sc_status (*run)(struct question *q, struct sc_error *err);
} checks[] = {
	{ "KEK statement", check_kek_statement },
	{ "World statement", check_world_statement },
	{ "Root key hash", check_root },
	{ "Region", check_region },
	{ "Security world", check_world },
	{ "Cipher suite", check_suite },
	{ "Key Exchange Key", check_key },
	{ "Origin", check_origin },
	{ "Permissions", check_permissions },
	{ "KEK certificate", check_kek_certificate },
	{ "Valid", find_end },
};

sc_status sc_evidence_packages_verify(struct sc_view kek_package, struct sc_view world_package,
				      const struct sc_evidence_trust *trust,
				      const struct sc_evidence_report *report,
				      struct sc_evidence_target **out, struct sc_error *err)
{
	SC_CLEANUP(sc_evidence_target) target = OPENSSL_zalloc(sizeof *target);
	struct question q = { kek_package, world_package, trust, target, "" };

	SC_TRY(sc_check_allocated(target, err));
	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
		sc_status status = checks[i].run(&q, err);

		if (status != SC_OK)
			return sc_fail_context(err, status, "%s", checks[i].name);
		if (report)
			report->held(report->context, checks[i].name, q.found);
	}
	*out = sc_steal(target);
	return SC_OK;
}
