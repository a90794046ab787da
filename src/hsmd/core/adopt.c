/* Adopting a world file: see adopt.h. */
#include "hsmd/core/adopt.h"

#include "base/clock.h"
#include "evidence/certificate.h"

sc_status sc_adopt_hash_km(const struct sc_secret *km, struct sc_hash *out, struct sc_error *err)
{
	struct sc_view part = sc_secret_view(km);

	return sc_hash_parts("safeconduct KM 1", &part, 1, out, err);
}

sc_status sc_adopt_member(const struct sc_core_request *request, EVP_PKEY *knso, const struct sc_hash *world,
			  struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_x509) member = NULL;
	char name[SC_KNSO_NAME_SIZE];
	struct sc_certificate_request certificate = {
		.kind = SC_CERTIFICATE_MEMBER,
		.subject_key = request->snapshot->statement_key,
		.subject = request->snapshot->esn.s,
		.issuer = name,
		.issuer_key = knso,
		.not_before = request->now - SC_DAY, /* a verifier's clock may be slow */
		.not_after = request->now + sc_certificate_lifetime(SC_CERTIFICATE_MEMBER),
	};

	sc_certificate_knso_name(world, name);
	SC_TRY(sc_certificate_make(&certificate, &member, err));
	return sc_x509_encode(member, out, err);
}

/* -- lists ------------------------------------------------------------------------------------- */

static sc_source_root *copy_root(const sc_source_root *entry)
{
	return ASN1_item_dup(ASN1_ITEM_rptr(sc_source_root), entry);
}

static void free_root(sc_source_root *entry)
{
	ASN1_item_free((ASN1_VALUE *)entry, ASN1_ITEM_rptr(sc_source_root));
}

static sc_revoked_esn *copy_revoked(const sc_revoked_esn *entry)
{
	return ASN1_item_dup(ASN1_ITEM_rptr(sc_revoked_esn), entry);
}

static void free_revoked(sc_revoked_esn *entry)
{
	ASN1_item_free((ASN1_VALUE *)entry, ASN1_ITEM_rptr(sc_revoked_esn));
}

static sc_retired_kek *copy_retired(const sc_retired_kek *entry)
{
	return ASN1_item_dup(ASN1_ITEM_rptr(sc_retired_kek), entry);
}

static void free_retired(sc_retired_kek *entry)
{
	ASN1_item_free((ASN1_VALUE *)entry, ASN1_ITEM_rptr(sc_retired_kek));
}

static sc_status adopt_lists(struct sc_state_world *world, const struct sc_world_body *body,
			     struct sc_error *err)
{
	sk_sc_source_root_pop_free(world->roots, free_root);
	sk_sc_revoked_esn_pop_free(world->revoked, free_revoked);
	sk_sc_retired_kek_pop_free(world->retired, free_retired);
	world->roots = sk_sc_source_root_deep_copy(body->roots, copy_root, free_root);
	world->revoked = sk_sc_revoked_esn_deep_copy(body->revoked, copy_revoked, free_revoked);
	world->retired = sk_sc_retired_kek_deep_copy(body->retired, copy_retired, free_retired);
	return sc_check_allocated(world->roots && world->revoked && world->retired, err);
}

/* -- the region -------------------------------------------------------------------------------- */

sc_status sc_adopt_region(const struct sc_world_body *body, struct sc_text *out, struct sc_error *err)
{
	SC_CLEANUP(sc_x509) certificate = NULL;
	SC_CLEANUP(sc_region_info) info = NULL;

	*out = (struct sc_text){ "" };
	if (!body->region_certificate.data)
		return SC_OK;
	SC_TRY(sc_x509_decode(sc_bytes_view(&body->region_certificate), &certificate, err));
	SC_TRY(sc_certificate_region(certificate, &info, err));
	*out = info->region;
	return SC_OK;
}

static sc_status check_subject(X509 *certificate, const struct sc_world_body *body, struct sc_error *err)
{
	struct sc_text subject;
	struct sc_hash key;
	struct sc_hash knso;
	char name[SC_KNSO_NAME_SIZE];

	SC_TRY(sc_certificate_subject(certificate, &subject, err));
	SC_TRY(sc_certificate_key_hash(certificate, &key, err));
	SC_TRY(sc_key_hash(sc_bytes_view(&body->knso), &knso, err));
	sc_certificate_knso_name(&body->id, name);
	SC_ENSURE(sc_text_equals(&subject, name) && sc_hash_equals(&key, &knso), err, SC_ERR_EVIDENCE_WORLD,
		  "the world file's region certificate is for another security world");
	return SC_OK;
}

sc_status sc_adopt_check_region(const struct sc_snapshot *s, const struct sc_world_body *body, int64_t now,
				struct sc_error *err)
{
	SC_CLEANUP(sc_x509) certificate = NULL;
	enum sc_certificate_kind kind;
	int64_t from = 0;
	int64_t until = 0;

	if (!body->region_certificate.data)
		return SC_OK;
	SC_TRY(sc_x509_decode(sc_bytes_view(&body->region_certificate), &certificate, err));
	SC_TRY(sc_certificate_kind_of(certificate, &kind, err));
	SC_ENSURE(kind == SC_CERTIFICATE_REGION, err, SC_ERR_EVIDENCE_USAGE,
		  "the world file has a %s in place of its region certificate",
		  sc_certificate_kind_name(kind));
	SC_TRY(sc_certificate_validity(certificate, &from, &until, err));
	SC_TRY(sc_chain_verify(&certificate, 1, s->root, now < from ? from : now > until ? until : now, err));
	return check_subject(certificate, body, err);
}

/* -- adopting ---------------------------------------------------------------------------------- */

sc_status sc_adopt_newer(struct sc_state_world *world, const struct sc_world_body *body, struct sc_error *err)
{
	world->set = body->set;
	world->set_generation = body->set_generation;
	world->k = body->k;
	world->n = body->n;
	world->sequence = body->sequence;
	SC_TRY(sc_world_digest(body, &world->file, err));
	if (body->region_certificate.data) {
		SC_TRY(
		    sc_octets_set(&world->region_certificate, sc_bytes_view(&body->region_certificate), err));
		SC_TRY(sc_adopt_region(body, &world->region, err));
	}
	sc_bytes_free(&world->signature);
	return adopt_lists(world, body, err);
}

sc_status sc_adopt_new(const struct sc_world_body *body, const struct sc_secret *km, struct sc_bytes *member,
		       struct sc_state_world **out, struct sc_error *err)
{
	SC_CLEANUP(sc_state_world) world = sc_state_world_new();

	SC_TRY(sc_check_allocated(world, err));
	world->id = body->id;
	world->suite = body->suite;
	SC_TRY(sc_octets_set(&world->knso, sc_bytes_view(&body->knso), err));
	world->hkm = body->hkm;
	SC_TRY(sc_octets_set(&world->km, sc_secret_view(km), err));
	world->km_generation = body->km_generation;
	sc_bytes_free(&world->member);
	world->member = sc_steal(*member);
	SC_TRY(sc_adopt_newer(world, body, err));
	*out = sc_steal(world);
	return SC_OK;
}

sc_status sc_adopt_change(struct sc_core_request *request, sc_core_state_change *change, void *context,
			  struct sc_error *err)
{
	sc_status status = sc_core_state_update(request->module->state, change, context, err);

	if (status != SC_OK && status != SC_ERR_NOT_DURABLE)
		return status;
	request->has_changed = true;
	sc_core_sessions_end_quorums(request->module);
	sc_cache_clear(request->module->cache);
	return status;
}
