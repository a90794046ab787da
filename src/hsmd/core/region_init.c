/*
 * REGION_INIT: under the quorum, a world becomes the region that its certificate names and gets its Key
 * Exchange Key. The KEK is generated here, with importTransfer as its only permission, and certified by KNSO,
 * which is in the clear during this command only.
 */
#include "base/clock.h"
#include "evidence/certificate.h"
#include "hsmd/core/attest_key.h"
#include "hsmd/core/blob.h"
#include "hsmd/core/handlers.h"
#include "hsmd/core/keygen.h"
#include "hsmd/core/knso.h"
#include "hsmd/core/permit.h"
#include "hsmd/core/adopt.h"
#include "hsmd/core/wrap.h"

/* Checks the world file as far as the module can: intact, of this world, its card set not replaced. */
static sc_status check_world_file(const struct sc_snapshot *s, const struct sc_world_file *file,
				  struct sc_error *err)
{
	SC_TRY(sc_world_file_verify(file, err));
	SC_ENSURE(sc_hash_equals(&file->body->id, &s->world), err, SC_ERR_CARD_FOREIGN,
		  "the world file belongs to another security world");
	SC_ENSURE(file->body->set_generation >= s->set_generation, err, SC_ERR_CARD_OLD,
		  "the world file has card set generation %u, which generation %u has replaced",
		  file->body->set_generation, s->set_generation);
	return SC_OK;
}

/* A region may be renewed, but not exchanged for another. */
static sc_status check_region(const struct sc_text *present, const struct sc_region_info *info,
			      struct sc_error *err)
{
	SC_ENSURE(!present->s[0] || sc_text_equals(present, info->region.s), err, SC_ERR_EVIDENCE_REGION,
		  "this world is already region %s", present->s);
	return SC_OK;
}

/*
 * Checks that the certificate is for this world's KNSO, chains to the pinned root, is valid now, and does not
 * change the world's region.
 */
static sc_status check_certificate(const struct sc_core_request *request, X509 *certificate,
				   struct sc_region_info **info, struct sc_error *err)
{
	const struct sc_snapshot *s = request->snapshot;
	enum sc_certificate_kind kind;
	struct sc_text subject;
	struct sc_hash key;
	struct sc_hash knso;
	char name[SC_KNSO_NAME_SIZE];
	SC_CLEANUP(sc_region_info) named = NULL;

	SC_ENSURE(sc_suite_by_number(s->suite)->may_be_region, err, SC_ERR_EVIDENCE_SUITE,
		  "a world of suite %s is too weak for a region", sc_suite_name(s->suite));
	SC_TRY(sc_certificate_kind_of(certificate, &kind, err));
	SC_ENSURE(kind == SC_CERTIFICATE_REGION, err, SC_ERR_EVIDENCE_USAGE,
		  "this is a %s, not a region certificate", sc_certificate_kind_name(kind));
	SC_TRY(sc_chain_verify(&certificate, 1, s->root, request->now, err));
	SC_TRY(sc_certificate_subject(certificate, &subject, err));
	SC_TRY(sc_certificate_key_hash(certificate, &key, err));
	SC_TRY(sc_key_hash(sc_bytes_view(&s->knso), &knso, err));
	sc_certificate_knso_name(&s->world, name);
	SC_ENSURE(sc_text_equals(&subject, name) && sc_hash_equals(&key, &knso), err, SC_ERR_EVIDENCE_WORLD,
		  "the region certificate is for another security world");
	SC_TRY(sc_certificate_region(certificate, &named, err));
	SC_TRY(check_region(&s->region, named, err));
	*info = sc_steal(named);
	return SC_OK;
}

static sc_status open_knso(const struct sc_core_request *request, const struct sc_world_file *file,
			   EVP_PKEY **out, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) material = { 0 };

	SC_TRY(sc_unwrap(request->token, SC_WRAP_KNSO, &file->body->id, &file->body->wrapped_knso, &material,
			 err));
	return sc_pkcs8_decode(sc_secret_view(&material), out, err);
}

/* Signs the file again, with the region certificate in it. */
static sc_status sign_world(EVP_PKEY *knso, struct sc_view certificate, struct sc_world_file *file,
			    struct sc_bytes *out, struct sc_error *err)
{
	SC_TRY(sc_octets_set(&file->body->region_certificate, certificate, err));
	file->body->sequence++;
	SC_TRY(sc_knso_sign_world(knso, file, err));
	return sc_world_file_encode(file, out, err);
}

struct adoption {
	struct sc_view certificate;
	const struct sc_region_info *info;
	const struct sc_hash *world;
};

static sc_status adopt(struct sc_module_state *state, void *context, struct sc_error *err)
{
	const struct adoption *adoption = context;

	/* Checked again: another REGION_INIT, or the end of this world, may have been faster. */
	SC_ENSURE(state->world && sc_hash_equals(&state->world->id, adoption->world), err, SC_ERR_STATE,
		  "the module has left its world");
	SC_TRY(check_region(&state->world->region, adoption->info, err));
	SC_TRY(sc_octets_set(&state->world->region_certificate, adoption->certificate, err));
	state->world->region = adoption->info->region;
	return SC_OK;
}

/* -- the Key Exchange Key ---------------------------------------------------------------------- */

static sc_status make_kek(const struct sc_core_request *request, struct sc_bytes *blob,
			  struct sc_core_key **out, struct sc_error *err)
{
	static const struct sc_owner nobody;
	const struct sc_key_type type = { SC_ALGORITHM_RSA, 4096 };
	SC_CLEANUP(sc_material) key = { 0 };
	SC_CLEANUP(sc_acl) acl = NULL;

	SC_TRY(sc_permit_new_acl(request->snapshot, SC_APPLICATION_KEK, &type, 0, &acl, err));
	SC_TRY(
	    sc_material_generate(&type, (struct sc_view){ 0 }, &request->session->is_abandoned, &key, err));
	const struct sc_blob_request seal = { &key,
					      SC_APPLICATION_KEK,
					      &nobody,
					      acl,
					      SC_ORIGIN_GENERATED,
					      NULL,
					      request->now,
					      sc_core_state_counter(request->module->state) };
	return sc_blob_seal(request->snapshot, &seal, blob, out, err);
}

static sc_status certify_kek(const struct sc_core_request *request, EVP_PKEY *knso,
			     const struct sc_core_key *kek, X509 **out, struct sc_error *err)
{
	char issuer[SC_KNSO_NAME_SIZE];
	char subject[SC_KEK_NAME_SIZE];
	const struct sc_certificate_request certificate = {
		.kind = SC_CERTIFICATE_KEK,
		.subject_key = kek->material.private_key,
		.subject = subject,
		.issuer = issuer,
		.issuer_key = knso,
		.not_before = request->now - SC_DAY, /* a verifier's clock may be slow */
		.not_after = request->now + sc_certificate_lifetime(SC_CERTIFICATE_KEK),
	};

	sc_certificate_knso_name(&request->snapshot->world, issuer);
	sc_certificate_kek_name(&kek->header->key_hash, subject);
	return sc_certificate_make(&certificate, out, err);
}

/* What REGION_INIT makes, before it goes into the answer. */
struct region {
	struct sc_bytes world_file;
	struct sc_bytes kek_blob;
	struct sc_bytes kek_certificate;
	struct sc_bytes kek_statement;
};

static void region_free(struct region *region)
{
	sc_bytes_free(&region->world_file);
	sc_bytes_free(&region->kek_blob);
	sc_bytes_free(&region->kek_certificate);
	sc_bytes_free(&region->kek_statement);
}
SC_CLEANUP_VALUE(region, region_free)

/* The statement is made last, when the module is a member of the new region and signs as one. */
static sc_status make_region(struct sc_core_request *request, struct sc_world_file *file, EVP_PKEY *knso,
			     const struct adoption *adoption, struct region *out, struct sc_error *err)
{
	SC_CLEANUP(sc_core_key) kek = NULL;
	SC_CLEANUP(sc_x509) certificate = NULL;
	SC_CLEANUP(sc_snapshot) region = NULL;
	struct adoption copy = *adoption;

	SC_TRY(sign_world(knso, adoption->certificate, file, &out->world_file, err));
	SC_TRY(make_kek(request, &out->kek_blob, &kek, err));
	SC_TRY(certify_kek(request, knso, kek, &certificate, err));
	SC_TRY(sc_x509_encode(certificate, &out->kek_certificate, err));
	SC_TRY(sc_module_check_memory(request->module, err));
	/* Nobody would get the world file and the KEK. */
	SC_TRY(sc_core_request_check_peer(request, err));
	SC_TRY(sc_adopt_change(request, adopt, &copy, err));
	region = sc_core_state_snapshot(request->module->state);
	return sc_attest_key(request, region, kek->header, (struct sc_view){ 0 }, certificate,
			     &out->kek_statement, err);
}

sc_status sc_handle_region_init(struct sc_core_request *request, const struct sc_region_init_request *in,
				struct sc_region_init_response *out, struct sc_error *err)
{
	SC_CLEANUP(sc_world_file) file = NULL;
	SC_CLEANUP(sc_x509) certificate = NULL;
	SC_CLEANUP(sc_region_info) info = NULL;
	SC_CLEANUP(sc_pkey) knso = NULL;
	SC_CLEANUP(region) region = { 0 };
	struct adoption adoption;

	SC_TRY(sc_world_file_decode(in->world_file, &file, err));
	SC_TRY(check_world_file(request->snapshot, file, err));
	SC_TRY(sc_x509_decode(in->certificate, &certificate, err));
	SC_TRY(check_certificate(request, certificate, &info, err));
	SC_TRY(open_knso(request, file, &knso, err));
	adoption = (struct adoption){ in->certificate, info, &request->snapshot->world };
	SC_TRY(make_region(request, file, knso, &adoption, &region, err));
	out->world_file = sc_core_request_keep(request, &region.world_file);
	out->kek_blob = sc_core_request_keep(request, &region.kek_blob);
	out->kek_certificate = sc_core_request_keep(request, &region.kek_certificate);
	out->kek_statement = sc_core_request_keep(request, &region.kek_statement);
	return SC_OK;
}
