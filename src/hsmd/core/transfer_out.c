/*
 * ACL_REPLACE and TRANSFER_PACKAGE: the customer's module (article steps 4.1 and 4.3). Both commands trust
 * only the evidence in the two packages, and each verifies it itself.
 */

#include "base/clock.h"
#include "base/os.h"
#include "evidence/packages.h"
#include "formats/guid.h"
#include "formats/transfer_package.h"
#include "hsmd/core/attest_key.h"
#include "hsmd/core/blob.h"
#include "hsmd/core/handlers.h"
#include "hsmd/core/knso.h"
#include "hsmd/core/oaep.h"
#include "hsmd/core/permit.h"
#include "hsmd/core/seal.h"

static sc_status verify_target(const struct sc_core_request *request, struct sc_view kek_package,
			       struct sc_view world_package, struct sc_evidence_target **out,
			       struct sc_error *err)
{
	const struct sc_evidence_trust trust = sc_snapshot_trust(request->snapshot, request->now);

	return sc_evidence_packages_verify(kek_package, world_package, &trust, NULL, out, err);
}

/* A subscription field: a GUID, or empty if that is allowed. */
static sc_status read_subscription(struct sc_view view, bool may_be_empty, struct sc_text *out,
				   struct sc_error *err)
{
	struct sc_text text;

	SC_TRY(sc_text_set_view(&text, view, "subscription", err));
	SC_ENSURE((may_be_empty && !text.s[0]) || sc_guid_is_lower(text.s), err, SC_ERR_ARGUMENT,
		  "the subscription is not a lower-case GUID");
	*out = text;
	return SC_OK;
}

/* A date field: 0, or a time in the future. */
static sc_status read_date(uint64_t seconds, int64_t now, int64_t *out, struct sc_error *err)
{
	SC_ENSURE(seconds == 0 || (seconds <= INT64_MAX && (int64_t)seconds > now), err, SC_ERR_ARGUMENT,
		  "the date is in the past");
	*out = (int64_t)seconds;
	return SC_OK;
}

/* -- ACL_REPLACE ------------------------------------------------------------------------------- */

/* One group, one action: transfer to that KEK and world, to arrive with the uses of its type and makeBlob. */
static sc_status reduced_acl(const struct sc_evidence_target *target, const struct sc_key_type *type,
			     const struct sc_text *subscription, int64_t not_after, struct sc_acl **out,
			     struct sc_error *err)
{
	SC_CLEANUP(sc_acl) acl = sc_acl_new();
	SC_CLEANUP(sc_transfer_action) transfer = sc_transfer_action_new();
	struct sc_permission_group *group = NULL;

	SC_TRY(sc_check_allocated(acl && transfer, err));
	transfer->kek = target->key_hash;
	transfer->world = target->world_id;
	transfer->region = target->region;
	transfer->subscription = *subscription;
	transfer->not_after = not_after;
	sc_acl_free(sc_steal(transfer->arrival));
	SC_TRY(sc_acl_arrival(type, &target->world_id, &transfer->arrival, err));
	SC_TRY(sc_acl_add_group(acl, 1, SC_AUTHORITY_NONE, &group, err));
	SC_TRY(sc_acl_add_transfer(group, sc_steal(transfer), err));
	*out = sc_steal(acl);
	return SC_OK;
}

sc_status sc_handle_acl_replace(struct sc_core_request *request, const struct sc_acl_replace_request *in,
				struct sc_acl_replace_response *out, struct sc_error *err)
{
	SC_CLEANUP(sc_core_key) key = NULL;
	SC_CLEANUP(sc_evidence_target) target = NULL;
	SC_CLEANUP(sc_acl) acl = NULL;
	SC_CLEANUP(sc_bytes) blob = { 0 };
	struct sc_text subscription;
	int64_t not_after = 0;

	SC_TRY(sc_permit(request, &in->key, (struct sc_view){ 0 }, SC_PERMIT_REPLACE, 0, &key, err));
	SC_ENSURE(key->application == SC_APPLICATION_SIMPLE, err, SC_ERR_ACL,
		  "only a simple key's permissions can be replaced");
	SC_TRY(read_subscription(in->subscription, true, &subscription, err));
	SC_TRY(read_date(in->not_after, request->now, &not_after, err));
	SC_TRY(verify_target(request, in->kek_package, in->world_package, &target, err));
	SC_TRY(reduced_acl(target, &key->header->type, &subscription, not_after, &acl, err));
	const struct sc_blob_request seal = {
		&key->material,      SC_APPLICATION_XFERACLD,
		&key->owner,         acl,
		key->header->origin, NULL,
		request->now,        sc_core_state_counter(request->module->state)
	};
	SC_TRY(sc_blob_seal(request->snapshot, &seal, &blob, NULL, err));
	out->blob = sc_core_request_keep(request, &blob);
	return SC_OK;
}

/* -- TRANSFER_PACKAGE -------------------------------------------------------------------------- */

/* The copy's transfer action for this target. SC_ERR_ACL if it has expired or is for another subscription. */
static sc_status check_copy(const struct sc_core_key *key, const struct sc_evidence_target *target,
			    const struct sc_text *subscription, int64_t now,
			    const struct sc_transfer_action **out, struct sc_error *err)
{
	const struct sc_transfer_action *action =
	    sc_permit_transfer(key, &target->key_hash, &target->world_id);

	SC_ENSURE(action && sc_text_equals(&action->region, target->region.s), err, SC_ERR_ACL,
		  "the copy was not made for this Key Exchange Key and world");
	SC_ENSURE(!action->subscription.s[0] || sc_text_equals(subscription, action->subscription.s), err,
		  SC_ERR_ACL, "the copy was made for subscription %s only", action->subscription.s);
	SC_ENSURE(!action->not_after || now <= action->not_after, err, SC_ERR_ACL, "the copy has expired");
	*out = action;
	return SC_OK;
}

/* A year unless a date was given, and never later than the copy allows. */
static sc_status choose_not_after(const struct sc_transfer_action *action, int64_t asked, int64_t now,
				  int64_t *out, struct sc_error *err)
{
	SC_ENSURE(!asked || !action->not_after || asked <= action->not_after, err, SC_ERR_ACL,
		  "the date is later than the copy allows");
	*out = asked ? asked : now + SC_YEAR;
	if (action->not_after && *out > action->not_after)
		*out = action->not_after;
	return SC_OK;
}

static sc_status fill_header(const struct sc_core_request *request, const struct sc_core_key *key,
			     const struct sc_transfer_action *action, struct sc_transfer_header *header,
			     struct sc_error *err)
{
	uint8_t id[SC_PACKAGE_ID_SIZE];

	header->suite = SC_TRANSFER_SUITE;
	header->region = action->region;
	header->world = action->world;
	header->kek = action->kek;
	header->type = key->header->type;
	header->key_hash = key->header->key_hash;
	sc_acl_free(header->arrival);
	header->arrival = sc_acl_dup(action->arrival);
	SC_TRY(sc_check_allocated(header->arrival, err));
	SC_TRY(sc_random(id, sizeof id, err));
	SC_TRY(sc_octets_set(&header->package_id, sc_view_of(id, sizeof id), err));
	header->created = request->now;
	header->source_world = request->snapshot->world;
	header->source_esn = request->snapshot->esn;
	return SC_OK;
}

/*
 * What is encrypted: the header's digest, the key, its origin, and this module's statement on it (rule F4).
 */
static sc_status make_content(const struct sc_core_request *request, const struct sc_core_key *key,
			      const struct sc_hash *header, struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_transfer_content) content = sc_transfer_content_new();
	SC_CLEANUP(sc_secret) material = { 0 };

	SC_TRY(sc_check_allocated(content, err));
	content->header = *header;
	content->origin = key->header->origin;
	SC_TRY(sc_material_encode(&key->material, &material, err));
	SC_TRY(sc_octets_set(&content->key, sc_secret_view(&material), err));
	sc_bytes_free(&content->statement);
	SC_TRY(sc_attest_key(request, request->snapshot, key->header, sc_hash_view(header), NULL,
			     &content->statement, err));
	return sc_transfer_content_encode(content, out, err);
}

static sc_status encrypt_key(EVP_PKEY *kek, const struct sc_secret *key, const struct sc_hash *label,
			     struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_pkey_ctx) ctx = EVP_PKEY_CTX_new(kek, NULL);
	SC_CLEANUP(sc_bytes) encrypted = { 0 };

	SC_TRY(sc_bytes_new((size_t)EVP_PKEY_get_size(kek), &encrypted, err));
	if (!ctx || EVP_PKEY_encrypt_init(ctx) != 1 || !sc_oaep_with_label(ctx, label) ||
	    EVP_PKEY_encrypt(ctx, encrypted.data, &encrypted.len, key->data, key->len) != 1)
		return sc_fail_crypto(err, "RSA-OAEP");
	sc_bytes_free(out);
	*out = sc_steal(encrypted);
	return SC_OK;
}

static sc_status encrypt(const struct sc_core_request *request, const struct sc_core_key *key,
			 const struct sc_evidence_target *target, struct sc_transfer_package *package,
			 struct sc_error *err)
{
	SC_CLEANUP(sc_secret) content_key = { 0 };
	SC_CLEANUP(sc_bytes) content = { 0 };
	struct sc_hash digest;

	SC_TRY(sc_transfer_header_digest(package->header, &digest, err));
	SC_TRY(make_content(request, key, &digest, &content, err));
	SC_TRY(sc_secret_random(SC_SEAL_KEY_SIZE, &content_key, err));
	SC_TRY(encrypt_key(target->key, &content_key, &digest, &package->encrypted_key, err));
	return sc_seal(&content_key, sc_hash_view(&digest), sc_bytes_view(&content), &package->ciphertext,
		       &package->tag, err);
}

sc_status sc_handle_transfer_package(struct sc_core_request *request,
				     const struct sc_transfer_package_request *in,
				     struct sc_transfer_package_response *out, struct sc_error *err)
{
	SC_CLEANUP(sc_core_key) key = NULL;
	SC_CLEANUP(sc_evidence_target) target = NULL;
	SC_CLEANUP(sc_transfer_package) package = sc_transfer_package_new();
	SC_CLEANUP(sc_bytes) der = { 0 };
	const struct sc_transfer_action *action = NULL;
	struct sc_transfer_header *header;
	int64_t asked = 0;

	SC_TRY(sc_check_allocated(package, err));
	header = package->header;
	SC_TRY(sc_permit(request, &in->key, (struct sc_view){ 0 }, SC_PERMIT_TRANSFER, 0, &key, err));
	SC_TRY(read_subscription(in->subscription, false, &header->subscription, err));
	SC_TRY(sc_text_set_view(&header->friendly_name, in->friendly_name, "friendly name", err));
	SC_ENSURE(sc_friendly_name_is_valid(header->friendly_name.s), err, SC_ERR_ARGUMENT,
		  "the friendly name must be 1 to 64 letters, digits and hyphens");
	SC_TRY(read_date(in->not_after, request->now, &asked, err));
	SC_TRY(verify_target(request, in->kek_package, in->world_package, &target, err));
	SC_TRY(check_copy(key, target, &header->subscription, request->now, &action, err));
	SC_TRY(choose_not_after(action, asked, request->now, &header->not_after, err));
	SC_TRY(fill_header(request, key, action, header, err));
	SC_TRY(encrypt(request, key, target, package, err));
	SC_TRY(sc_transfer_package_encode(package, &der, err));
	out->package = sc_core_request_keep(request, &der);
	return SC_OK;
}
