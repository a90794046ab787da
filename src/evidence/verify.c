/*
 * Verifying a statement: signed_statement.h lists what is checked. This code trusts the roots that it is
 * given and nothing else. The statement, its certificates and what it says about itself are untrusted until
 * the check that covers them has passed. Each check has its own status, so that a test sees which one failed.
 */
#include "evidence/signed_statement.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/libcrypto.h"
#include "formats/key_type.h"
#include "formats/oid.h"
#include "formats/world_file.h"

/* One verification: the evidence collected so far, and what it is judged by. */
struct verification {
	struct sc_evidence *e;
	const struct sc_evidence_trust *trust;
	enum sc_evidence_time judged;
};

void sc_evidence_free(struct sc_evidence *evidence)
{
	if (!evidence)
		return;
	sc_signed_data_free(evidence->wrapper);
	sc_region_info_free(evidence->region_info);
	sc_key_statement_free(evidence->key);
	sc_world_statement_free(evidence->world);
	OPENSSL_free(evidence);
}

static const struct sc_text *esn_of(const struct sc_evidence *e)
{
	return e->key ? &e->key->esn : &e->world->esn;
}

static int64_t time_of(const struct sc_evidence *e)
{
	return e->key ? e->key->time : e->world->time;
}

static const struct sc_hash *world_of(const struct sc_evidence *e)
{
	return e->key ? &e->key->world : &e->world->world;
}

/* -- what is enclosed -------------------------------------------------------------------------- */

static X509 **place_for(struct sc_evidence *e, enum sc_certificate_kind kind)
{
	switch (kind) {
	case SC_CERTIFICATE_WARRANT:
		return &e->warrant;
	case SC_CERTIFICATE_REGION:
		return &e->region;
	case SC_CERTIFICATE_MEMBER:
		return e->key ? &e->member : NULL;
	case SC_CERTIFICATE_KEK:
		return e->key ? &e->kek : NULL;
	case SC_CERTIFICATE_ROOT: /* trusted because it is already known, never because it is sent */
	default:
		return NULL;
	}
}

static sc_status sort_certificates(struct sc_evidence *e, struct sc_error *err)
{
	for (int i = 0; i < sk_X509_num(e->wrapper->certificates); i++) {
		X509 *certificate = sk_X509_value(e->wrapper->certificates, i);
		enum sc_certificate_kind kind;
		X509 **place;

		SC_TRY(sc_certificate_kind_of(certificate, &kind, err));
		place = place_for(e, kind);
		SC_ENSURE(place, err, SC_ERR_EVIDENCE_USAGE, "a %s is enclosed, which is not allowed here",
			  sc_certificate_kind_name(kind));
		SC_ENSURE(!*place, err, SC_ERR_EVIDENCE_USAGE, "more than one %s is enclosed",
			  sc_certificate_kind_name(kind));
		*place = certificate;
	}
	SC_ENSURE(e->warrant, err, SC_ERR_EVIDENCE_CHAIN, "no warrant is enclosed");
	return SC_OK;
}

/* A region's key statement needs both member and region certificate, and so does a KEK certificate. */
static sc_status check_completeness(const struct sc_evidence *e, struct sc_error *err)
{
	if (!e->key)
		return SC_OK;
	SC_ENSURE(!e->member || e->region, err, SC_ERR_EVIDENCE_CHAIN,
		  "a member certificate is enclosed without its region's certificate");
	SC_ENSURE(!e->region || e->member, err, SC_ERR_EVIDENCE_MEMBER,
		  "a region certificate is enclosed without a member certificate of the signer");
	SC_ENSURE(e->member || !e->key->region.s[0], err, SC_ERR_EVIDENCE_MEMBER,
		  "the statement names region %s, but no member certificate is enclosed", e->key->region.s);
	SC_ENSURE(!e->kek || e->region, err, SC_ERR_EVIDENCE_CHAIN,
		  "a KEK certificate is enclosed without its region's certificate");
	return SC_OK;
}

static sc_status decode(struct sc_evidence *e, struct sc_view der, const char *content_type,
			struct sc_error *err)
{
	struct sc_view content;

	SC_TRY(sc_signed_data_decode(der, &e->wrapper, err));
	SC_ENSURE(strcmp(e->wrapper->content_type, content_type) == 0, err, SC_ERR_FORMAT,
		  "not the expected type of statement");
	content = sc_bytes_view(&e->wrapper->content);
	if (strcmp(content_type, SC_OID_KEY_STATEMENT) == 0)
		return sc_key_statement_decode(content, &e->key, err);
	SC_ENSURE(strcmp(content_type, SC_OID_WORLD_STATEMENT) == 0, err, SC_ERR_ARGUMENT,
		  "%s: not the content type of a statement", content_type);
	return sc_world_statement_decode(content, &e->world, err);
}

/* -- chains ------------------------------------------------------------------------------------ */

/* Clocks are assumed to be less than a day fast: a statement cannot name a time later than that. */
static sc_status check_stated_time(const struct verification *v, struct sc_error *err)
{
	char when[SC_CLOCK_TEXT_SIZE];

	sc_clock_text(time_of(v->e), when);
	SC_ENSURE(time_of(v->e) <= v->trust->now + SC_DAY, err, SC_ERR_EVIDENCE_TIME,
		  "it names a time in the future, %s", when);
	return SC_OK;
}

static int64_t judged_at(const struct verification *v)
{
	return v->judged == SC_EVIDENCE_TIME_NOW ? v->trust->now : time_of(v->e);
}

/* The trusted root that signed the warrant: by name and key identifier, then by its signature. */
static sc_status find_root(const struct verification *v, struct sc_error *err)
{
	struct sc_text issuer = { 0 };
	sc_status status = SC_OK;

	SC_TRY(sc_certificate_issuer(v->e->warrant, &issuer, err));
	for (size_t i = 0; i < v->trust->root_count; i++) {
		X509 *root = v->trust->roots[i];
		enum sc_certificate_kind kind;

		if (sc_certificate_kind_of(root, &kind, NULL) != SC_OK || kind != SC_CERTIFICATE_ROOT ||
		    X509_check_issued(root, v->e->warrant) != X509_V_OK)
			continue;
		status = sc_chain_verify(&v->e->warrant, 1, root, judged_at(v), err);
		if (status == SC_OK) {
			v->e->root = root;
			return SC_OK;
		}
	}
	ERR_clear_error();
	if (status != SC_OK)
		return status;
	return sc_fail(err, SC_ERR_EVIDENCE_ROOT, "root \"%s\", which issued its warrant, is not trusted",
		       issuer.s);
}

/*
 * A region certificate is made after the world statement, so it is judged as of now even if the statement is
 * not. A verifier that relies on it must know what the world is now.
 */
static sc_status verify_region_of_world(const struct verification *v, struct sc_error *err)
{
	return sc_chain_verify(&v->e->region, 1, v->e->root, v->trust->now, err);
}

/*
 * Checks that the region certificate, whose chain has been verified, is for the statement's world and region.
 */
static sc_status check_region(struct sc_evidence *e, struct sc_error *err)
{
	char knso[SC_KNSO_NAME_SIZE];
	struct sc_text subject = { 0 };

	SC_TRY(sc_certificate_region(e->region, &e->region_info, err));
	SC_TRY(sc_certificate_subject(e->region, &subject, err));
	sc_certificate_knso_name(world_of(e), knso);
	SC_ENSURE(sc_text_equals(&subject, knso), err, SC_ERR_EVIDENCE_WORLD,
		  "its region certificate is for another world, \"%s\"", subject.s);
	SC_ENSURE(!e->key || sc_text_equals(&e->key->region, e->region_info->region.s), err,
		  SC_ERR_EVIDENCE_REGION, "it names region \"%s\", but its region certificate is for %s",
		  e->key->region.s, e->region_info->region.s);
	return SC_OK;
}

static sc_status verify_below_region(const struct verification *v, X509 *certificate, struct sc_error *err)
{
	X509 *const chain[] = { certificate, v->e->region };

	return sc_chain_verify(chain, 2, v->e->root, judged_at(v), err);
}

/* A key statement's region certificate is part of its member certificate's chain. */
static sc_status verify_chains(const struct verification *v, struct sc_error *err)
{
	SC_TRY(find_root(v, err));
	if (v->e->member)
		SC_TRY(verify_below_region(v, v->e->member, err));
	else if (v->e->region)
		SC_TRY(verify_region_of_world(v, err));
	if (v->e->kek)
		SC_TRY(verify_below_region(v, v->e->kek, err));
	return v->e->region ? check_region(v->e, err) : SC_OK;
}

/* -- the signer -------------------------------------------------------------------------------- */

/* Compares the name byte for byte: libcrypto ignores case, and no signature covers the name of the signer. */
static bool is_named_signer(const struct sc_signed_data *s, X509 *certificate)
{
	const unsigned char *given;
	const unsigned char *name;
	size_t given_len;
	size_t name_len;

	return sc_signed_data_signer(s) == certificate &&
	       X509_NAME_get0_der(s->issuer, &given, &given_len) == 1 &&
	       X509_NAME_get0_der(X509_get_issuer_name(certificate), &name, &name_len) == 1 &&
	       sc_view_equals(sc_view_of(given, given_len), sc_view_of(name, name_len));
}

static sc_status verify_signature(const struct sc_evidence *e, struct sc_error *err)
{
	X509 *signer = e->member ? e->member : e->warrant;

	SC_ENSURE(is_named_signer(e->wrapper, signer), err, SC_ERR_EVIDENCE_SIGNATURE,
		  "the enclosed %s does not name its signer", e->member ? "member certificate" : "warrant");
	return sc_statement_check_signature(e->wrapper, X509_get0_pubkey(signer), err);
}

static sc_status check_signer(const struct verification *v, struct sc_error *err)
{
	const struct sc_evidence *e = v->e;
	const struct sc_text *esn = esn_of(e);
	struct sc_text warranted = { 0 };
	struct sc_text member = { 0 };

	SC_TRY(sc_certificate_subject(e->warrant, &warranted, err));
	SC_ENSURE(sc_text_equals(&warranted, esn->s), err, SC_ERR_EVIDENCE_ESN,
		  "it names module %s, but its warrant is for %s", esn->s, warranted.s);
	if (e->member) {
		SC_TRY(sc_certificate_subject(e->member, &member, err));
		SC_ENSURE(sc_text_equals(&member, warranted.s), err, SC_ERR_EVIDENCE_MEMBER,
			  "its warrant is for module %s, but its member certificate for %s", warranted.s,
			  member.s);
		SC_ENSURE(EVP_PKEY_eq(X509_get0_pubkey(e->member), X509_get0_pubkey(e->warrant)) == 1, err,
			  SC_ERR_EVIDENCE_MEMBER,
			  "the warrant and the member certificate of %s are for different keys", esn->s);
	}
	for (size_t i = 0; i < v->trust->revoked_count; i++)
		SC_ENSURE(strcmp(v->trust->revoked[i], esn->s) != 0, err, SC_ERR_EVIDENCE_REVOKED,
			  "module %s is revoked", esn->s);
	return SC_OK;
}

/* -- what is said ------------------------------------------------------------------------------ */

static sc_status same_key(struct sc_view spki, X509 *certificate, bool *same, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) certified = { 0 };

	SC_TRY(sc_certificate_spki(certificate, &certified, err));
	*same = sc_view_equals(spki, sc_bytes_view(&certified));
	return SC_OK;
}

/*
 * Checks that the stated hash and type are the key's, and that a KEK certificate is for this key. The hash of
 * a secret key is a commitment: only a module that has the key can check it.
 */
static sc_status check_key(const struct sc_evidence *e, struct sc_error *err)
{
	struct sc_view spki = sc_bytes_view(&e->key->spki);
	SC_CLEANUP(sc_pkey) key = NULL;
	struct sc_key_type type = { 0 };
	struct sc_hash hash = { 0 };
	bool same = true;

	if (sc_key_type_is_secret(&e->key->type)) {
		SC_ENSURE(!e->kek, err, SC_ERR_EVIDENCE_KEY, "a secret key cannot be a Key Exchange Key");
		return SC_OK;
	}
	SC_TRY(sc_spki_read(spki, &key, err));
	SC_TRY(sc_key_hash(spki, &hash, err));
	SC_ENSURE(sc_hash_equals(&hash, &e->key->key_hash), err, SC_ERR_EVIDENCE_KEY,
		  "the stated key hash is not its key's");
	SC_ENSURE(sc_key_type_of(key, &type, NULL) == SC_OK && type.algorithm == e->key->type.algorithm &&
		      type.bits == e->key->type.bits,
		  err, SC_ERR_EVIDENCE_KEY, "the key is not of the stated type, %s",
		  sc_key_type_name(&e->key->type));
	if (e->kek)
		SC_TRY(same_key(spki, e->kek, &same, err));
	SC_ENSURE(same, err, SC_ERR_EVIDENCE_KEY, "its KEK certificate is for another key");
	return SC_OK;
}

/* Checks that the world's id follows from its parts, and that a region certificate is for its KNSO. */
static sc_status check_world(const struct sc_evidence *e, struct sc_error *err)
{
	struct sc_view knso = sc_bytes_view(&e->world->knso);
	SC_CLEANUP(sc_pkey) key = NULL;
	struct sc_hash id = { 0 };
	bool same = true;

	SC_TRY(sc_spki_read(knso, &key, err));
	SC_TRY(sc_world_id(knso, &e->world->hkm, e->world->suite, &id, err));
	SC_ENSURE(sc_hash_equals(&id, &e->world->world), err, SC_ERR_EVIDENCE_WORLD,
		  "the world's id does not match its KNSO, HKM and suite");
	if (e->region)
		SC_TRY(same_key(knso, e->region, &same, err));
	SC_ENSURE(same, err, SC_ERR_EVIDENCE_WORLD, "its region certificate is for another KNSO");
	return SC_OK;
}

sc_status sc_statement_verify(struct sc_view der, const char *content_type,
			      const struct sc_evidence_trust *trust, enum sc_evidence_time judged,
			      struct sc_evidence **out, struct sc_error *err)
{
	SC_CLEANUP(sc_evidence) e = OPENSSL_zalloc(sizeof *e);
	const struct verification v = { e, trust, judged };

	SC_TRY(sc_check_allocated(e, err));
	SC_TRY(decode(e, der, content_type, err));
	SC_TRY(sort_certificates(e, err));
	SC_TRY(check_completeness(e, err));
	SC_TRY(check_stated_time(&v, err));
	SC_TRY(verify_chains(&v, err));
	SC_TRY(verify_signature(e, err));
	SC_TRY(check_signer(&v, err));
	SC_TRY(e->key ? check_key(e, err) : check_world(e, err));
	*out = sc_steal(e);
	return SC_OK;
}
