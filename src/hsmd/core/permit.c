/* Permissions: see permit.h. */
#include "hsmd/core/permit.h"

/* -- owners ------------------------------------------------------------------------------------ */

static sc_status read_owner(struct sc_view der, struct sc_owner *out, struct sc_error *err)
{
	SC_CLEANUP(sc_owner) owner = NULL;

	if (der.len == 0) {
		*out = (struct sc_owner){ 0 };
		return SC_OK;
	}
	SC_TRY(sc_owner_decode(der, &owner, err));
	*out = *owner;
	return SC_OK;
}

/* A vault key's owner names its full place; the owner of a daemon's own key names the daemon alone. */
static bool owner_fits(const struct sc_owner *owner, uint32_t application)
{
	bool has_place = owner->tenant.s[0] && owner->subscription.s[0] && owner->vault.s[0] &&
			 owner->name.s[0] && owner->version.s[0];
	bool has_none = !owner->tenant.s[0] && !owner->subscription.s[0] && !owner->vault.s[0] &&
			!owner->name.s[0] && !owner->version.s[0];

	switch (application) {
	case SC_APPLICATION_VAULT:
		return owner->daemon.s[0] && has_place;
	case SC_APPLICATION_TOKEN:
	case SC_APPLICATION_TLS:
		return owner->daemon.s[0] && has_none;
	default:
		return sc_owner_is_empty(owner);
	}
}

sc_status sc_permit_owner(const struct sc_core_request *request, struct sc_view der, uint32_t application,
			  struct sc_owner *out, struct sc_error *err)
{
	const struct sc_policy *policy = &request->session->policy;
	struct sc_owner owner;

	SC_TRY(read_owner(der, &owner, err));
	SC_ENSURE(owner_fits(&owner, application), err, SC_ERR_OWNER, "a %s key cannot have that owner",
		  sc_application_name(application));
	SC_ENSURE(sc_owner_is_empty(&owner) || sc_text_equals(&owner.daemon, policy->daemon.s), err,
		  SC_ERR_OWNER, "the owner names another daemon than this socket's");
	*out = owner;
	return SC_OK;
}

/* -- loaded keys ------------------------------------------------------------------------------- */

sc_status sc_permit_load(const struct sc_core_request *request, const struct sc_core_key *key,
			 struct sc_error *err)
{
	SC_ENSURE(request->session->policy.load & key->application, err, SC_ERR_OWNER,
		  "this socket does not load %s keys", sc_application_name(key->application));
	return SC_OK;
}

/* Checks the caller: the socket's applications and the sealed owner. */
static sc_status permit_asker(const struct sc_core_request *request, const struct sc_core_key *key,
			      struct sc_view der, struct sc_error *err)
{
	struct sc_owner owner;

	SC_TRY(sc_permit_load(request, key, err));
	SC_TRY(sc_permit_owner(request, der, key->application, &owner, err));
	SC_ENSURE(sc_owner_equals(&owner, &key->owner), err, SC_ERR_OWNER, "the key has another owner");
	return SC_OK;
}

/* True if some group with this authority lists the action and, for a use, every bit of `use`. */
static bool acl_grants(const struct sc_acl *acl, enum sc_action_kind kind, uint32_t use, uint32_t authority)
{
	for (int i = 0; i < sk_sc_permission_group_num(acl->groups); i++) {
		const struct sc_permission_group *group = sk_sc_permission_group_value(acl->groups, i);

		if (group->authority != authority)
			continue;
		for (int j = 0; j < sk_sc_action_num(group->actions); j++) {
			const struct sc_action *action = sk_sc_action_value(group->actions, j);

			if (action->type == (int)kind &&
			    (kind != SC_ACTION_USE || (*action->value.use & use) == use))
				return true;
		}
	}
	return false;
}

const struct sc_transfer_action *sc_permit_transfer(const struct sc_core_key *key, const struct sc_hash *kek,
						    const struct sc_hash *world)
{
	const struct sc_acl *acl = key->header->acl;

	for (int i = 0; i < sk_sc_permission_group_num(acl->groups); i++) {
		const struct sc_permission_group *group = sk_sc_permission_group_value(acl->groups, i);

		for (int j = 0; group->authority == SC_AUTHORITY_NONE && j < sk_sc_action_num(group->actions);
		     j++) {
			const struct sc_action *action = sk_sc_action_value(group->actions, j);

			if (action->type == SC_ACTION_TRANSFER &&
			    sc_hash_equals(&action->value.transfer->kek, kek) &&
			    sc_hash_equals(&action->value.transfer->world, world))
				return action->value.transfer;
		}
	}
	return NULL;
}

static bool acl_permits(const struct sc_acl *acl, enum sc_permit_access access, uint32_t use)
{
	switch (access) {
	case SC_PERMIT_LOOK:
		return true;
	case SC_PERMIT_USE:
		return use && acl_grants(acl, SC_ACTION_USE, use, SC_AUTHORITY_NONE);
	case SC_PERMIT_TRANSFER:
		return acl_grants(acl, SC_ACTION_TRANSFER, 0, SC_AUTHORITY_NONE);
	case SC_PERMIT_REDUCE:
		return acl_grants(acl, SC_ACTION_REDUCE_ACL, 0, SC_AUTHORITY_NONE);
	case SC_PERMIT_REPLACE:
		return acl_grants(acl, SC_ACTION_REPLACE_ACL, 0, SC_AUTHORITY_QUORUM);
	default:
		return false;
	}
}

sc_status sc_permit(const struct sc_core_request *request, const struct sc_hash *digest, struct sc_view owner,
		    enum sc_permit_access access, uint32_t use, struct sc_core_key **out,
		    struct sc_error *err)
{
	SC_CLEANUP(sc_core_key) key = sc_cache_get(request->module->cache, digest);

	/* A key of another world was loaded by a request that began before the module left that world. */
	SC_ENSURE(key && sc_hash_equals(&key->header->world, &request->snapshot->world), err,
		  SC_ERR_NOT_LOADED, "the key is not loaded");
	SC_TRY(permit_asker(request, key, owner, err));
	/* A KEK can import and do nothing else (rule M3). */
	SC_ENSURE(key->application != SC_APPLICATION_KEK ||
		      (access == SC_PERMIT_USE && use == SC_USE_IMPORT_TRANSFER),
		  err, SC_ERR_ACL, "a Key Exchange Key can only import");
	SC_ENSURE(acl_permits(key->header->acl, access, use), err, SC_ERR_ACL,
		  "the key's permissions do not include that");
	SC_ENSURE(access != SC_PERMIT_REPLACE || request->token, err, SC_ERR_QUORUM, "this needs a quorum");
	sc_cache_renew(request->module->cache, key);
	*out = sc_steal(key);
	return SC_OK;
}

/* -- new keys ---------------------------------------------------------------------------------- */

/* The default uses by application (DESIGN.md); 0 for a type that the application does not have. */
static uint32_t default_uses(uint32_t application, const struct sc_key_type *type)
{
	bool is_rsa = type->algorithm == SC_ALGORITHM_RSA;
	bool is_p256 = type->algorithm == SC_ALGORITHM_EC && type->bits == 256;

	switch (application) {
	case SC_APPLICATION_SIMPLE:
	case SC_APPLICATION_VAULT:
		return sc_uses_of_type(type);
	case SC_APPLICATION_KEK:
		return is_rsa && type->bits == 4096 ? SC_USE_IMPORT_TRANSFER : 0;
	case SC_APPLICATION_TOKEN:
		return is_rsa ? SC_USE_TOKEN : 0;
	case SC_APPLICATION_TLS:
		return is_p256 ? SC_USE_TLS_SERVER : 0;
	default:
		return 0;
	}
}

sc_status sc_permit_new_acl(const struct sc_snapshot *s, uint32_t application, const struct sc_key_type *type,
			    uint32_t uses, struct sc_acl **out, struct sc_error *err)
{
	SC_CLEANUP(sc_acl) acl = sc_acl_new();
	struct sc_permission_group *group = NULL;
	uint32_t all = default_uses(application, type);

	SC_TRY(sc_check_allocated(acl, err));
	SC_ENSURE(all, err, SC_ERR_KEY_TYPE, "a %s key cannot be %s", sc_application_name(application),
		  sc_key_type_name(type));
	SC_ENSURE((uses & ~all) == 0, err, SC_ERR_ACL, "a %s key cannot have all of these uses",
		  sc_application_name(application));
	SC_TRY(sc_acl_add_group(acl, 1, SC_AUTHORITY_NONE, &group, err));
	SC_TRY(sc_acl_add_use(group, uses ? uses : all, err));
	if (application == SC_APPLICATION_SIMPLE || application == SC_APPLICATION_VAULT) {
		SC_TRY(sc_acl_add_make_blob(group, &s->world, err));
		SC_TRY(sc_acl_add_plain(group, SC_ACTION_REDUCE_ACL, err));
	}
	if (application == SC_APPLICATION_SIMPLE) {
		SC_TRY(sc_acl_add_group(acl, 2, SC_AUTHORITY_QUORUM, &group, err));
		SC_TRY(sc_acl_add_plain(group, SC_ACTION_REPLACE_ACL, err));
	}
	*out = sc_steal(acl);
	return SC_OK;
}
