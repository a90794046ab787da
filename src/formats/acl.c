/* Access control lists: templates, building, questions. See acl.h. */
#include "formats/acl.h"

#define GROUPS_MAX  8
#define ACTIONS_MAX 16

ASN1_SEQUENCE(sc_make_blob) = {
	ASN1_EMBED(struct sc_make_blob, world, SC_DER_HASH),
} static_ASN1_SEQUENCE_END_name(struct sc_make_blob, sc_make_blob)

ASN1_SEQUENCE(sc_transfer_action) = {
	ASN1_EMBED(struct sc_transfer_action, kek, SC_DER_HASH),
	ASN1_EMBED(struct sc_transfer_action, world, SC_DER_HASH),
	ASN1_EMBED(struct sc_transfer_action, region, SC_DER_TEXT),
	ASN1_IMP_OPT_EMBED(struct sc_transfer_action, subscription, SC_DER_OPT_TEXT, 0),
	ASN1_IMP_OPT_EMBED(struct sc_transfer_action, not_after, SC_DER_OPT_TIME, 1),
	ASN1_SIMPLE(struct sc_transfer_action, arrival, sc_acl),
} static_ASN1_SEQUENCE_END_name(struct sc_transfer_action, sc_transfer_action)

ASN1_CHOICE(sc_action) = {
	ASN1_IMP(struct sc_action, value.use, UINT32, SC_ACTION_USE),
	ASN1_IMP(struct sc_action, value.make_blob, sc_make_blob, SC_ACTION_MAKE_BLOB),
	ASN1_IMP(struct sc_action, value.transfer, sc_transfer_action, SC_ACTION_TRANSFER),
	ASN1_IMP(struct sc_action, value.reduce_acl, ASN1_NULL, SC_ACTION_REDUCE_ACL),
	ASN1_IMP(struct sc_action, value.replace_acl, ASN1_NULL, SC_ACTION_REPLACE_ACL),
} static_ASN1_CHOICE_END_name(struct sc_action, sc_action)

ASN1_SEQUENCE(sc_permission_group) = {
	ASN1_EMBED(struct sc_permission_group, id, UINT32),
	ASN1_EMBED(struct sc_permission_group, authority, UINT32),
	ASN1_EMBED(struct sc_permission_group, use_limit, UINT32),
	ASN1_EMBED(struct sc_permission_group, time_limit, UINT32),
	ASN1_SEQUENCE_OF(struct sc_permission_group, actions, sc_action),
} static_ASN1_SEQUENCE_END_name(struct sc_permission_group, sc_permission_group)

ASN1_SEQUENCE(sc_acl) = {
	ASN1_EMBED(struct sc_acl, format, SC_DER_TEXT),
	ASN1_SEQUENCE_OF(struct sc_acl, groups, sc_permission_group),
} ASN1_SEQUENCE_END_name(struct sc_acl, sc_acl)

/* -- validity ---------------------------------------------------------------------------------- */

static bool action_is_valid(const struct sc_action *action, bool is_arrival);

static bool group_is_valid(const struct sc_permission_group *group, bool is_arrival)
{
	int count = sk_sc_action_num(group->actions);

	/* The format has fields for limits. Until modules count them, a group with a limit is refused. */
	if (group->id == 0 || group->authority > SC_AUTHORITY_QUORUM || group->use_limit ||
	    group->time_limit || count < 1 || count > ACTIONS_MAX)
		return false;
	for (int i = 0; i < count; i++)
		if (!action_is_valid(sk_sc_action_value(group->actions, i), is_arrival))
			return false;
	return true;
}

static bool groups_are_valid(const struct sc_acl *acl, bool is_arrival)
{
	int count = sk_sc_permission_group_num(acl->groups);

	if (count < 1 || count > GROUPS_MAX)
		return false;
	for (int i = 0; i < count; i++) {
		const struct sc_permission_group *group = sk_sc_permission_group_value(acl->groups, i);

		if (!group_is_valid(group, is_arrival))
			return false;
		for (int j = 0; j < i; j++)
			if (sk_sc_permission_group_value(acl->groups, j)->id == group->id)
				return false;
	}
	return true;
}

#define ACL_FORMAT "safeconduct.acl.1"

static bool action_is_valid(const struct sc_action *action, bool is_arrival)
{
	const struct sc_transfer_action *transfer;

	switch (action->type) {
	case SC_ACTION_USE:
		return *action->value.use != 0 && (*action->value.use & ~SC_USE_ALL) == 0;
	case SC_ACTION_MAKE_BLOB:
	case SC_ACTION_REDUCE_ACL:
		return true;
	case SC_ACTION_REPLACE_ACL:
		return !is_arrival;
	case SC_ACTION_TRANSFER:
		transfer = action->value.transfer;
		/* A key that has arrived may not be transferred again. This also ends the recursion. */
		return !is_arrival && transfer->region.s[0] &&
		       sc_text_equals(&transfer->arrival->format, ACL_FORMAT) &&
		       groups_are_valid(transfer->arrival, true);
	default:
		return false;
	}
}

bool sc_acl_is_valid(const struct sc_acl *acl)
{
	return sc_text_equals(&acl->format, ACL_FORMAT) && groups_are_valid(acl, false);
}

static bool acl_is_valid(const void *value)
{
	return sc_acl_is_valid(value);
}

SC_DER_IMPLEMENT(sc_acl, ACL_FORMAT, "ACL", SC_ACL_MAX, SC_DER_ELEMENTS, acl_is_valid)

struct sc_acl *sc_acl_dup(const struct sc_acl *acl)
{
	return ASN1_item_dup(ASN1_ITEM_rptr(sc_acl), acl);
}

bool sc_acl_equals(const struct sc_acl *a, const struct sc_acl *b)
{
	SC_CLEANUP(sc_bytes) left = { 0 };
	SC_CLEANUP(sc_bytes) right = { 0 };

	return sc_acl_encode(a, &left, NULL) == SC_OK && sc_acl_encode(b, &right, NULL) == SC_OK &&
	       sc_view_equals(sc_bytes_view(&left), sc_bytes_view(&right));
}

/* -- building ---------------------------------------------------------------------------------- */

struct sc_transfer_action *sc_transfer_action_new(void)
{
	return (struct sc_transfer_action *)ASN1_item_new(ASN1_ITEM_rptr(sc_transfer_action));
}

void sc_transfer_action_free(struct sc_transfer_action *action)
{
	ASN1_item_free((ASN1_VALUE *)action, ASN1_ITEM_rptr(sc_transfer_action));
}

sc_status sc_acl_add_group(struct sc_acl *acl, uint32_t id, enum sc_authority authority,
			   struct sc_permission_group **out, struct sc_error *err)
{
	struct sc_permission_group *group =
	    (struct sc_permission_group *)ASN1_item_new(ASN1_ITEM_rptr(sc_permission_group));

	if (!group || sk_sc_permission_group_push(acl->groups, group) <= 0) {
		ASN1_item_free((ASN1_VALUE *)group, ASN1_ITEM_rptr(sc_permission_group));
		return sc_fail_plain(err, SC_ERR_MEMORY);
	}
	group->id = id;
	group->authority = authority;
	*out = group;
	return SC_OK;
}

static struct sc_action *add_action(struct sc_permission_group *group, enum sc_action_kind kind)
{
	struct sc_action *action = (struct sc_action *)ASN1_item_new(ASN1_ITEM_rptr(sc_action));

	if (!action || sk_sc_action_push(group->actions, action) <= 0) {
		ASN1_item_free((ASN1_VALUE *)action, ASN1_ITEM_rptr(sc_action));
		return NULL;
	}
	action->type = (int)kind;
	return action;
}

sc_status sc_acl_add_use(struct sc_permission_group *group, uint32_t uses, struct sc_error *err)
{
	struct sc_action *action = add_action(group, SC_ACTION_USE);
	uint32_t *value = OPENSSL_malloc(sizeof *value);

	if (!action || !value) {
		OPENSSL_free(value);
		return sc_fail_plain(err, SC_ERR_MEMORY);
	}
	*value = uses;
	action->value.use = value;
	return SC_OK;
}

sc_status sc_acl_add_make_blob(struct sc_permission_group *group, const struct sc_hash *world,
			       struct sc_error *err)
{
	struct sc_action *action = add_action(group, SC_ACTION_MAKE_BLOB);

	if (action)
		action->value.make_blob = (struct sc_make_blob *)ASN1_item_new(ASN1_ITEM_rptr(sc_make_blob));
	SC_TRY(sc_check_allocated(action && action->value.make_blob, err));
	action->value.make_blob->world = *world;
	return SC_OK;
}

sc_status sc_acl_add_transfer(struct sc_permission_group *group, struct sc_transfer_action *transfer,
			      struct sc_error *err)
{
	struct sc_action *action = add_action(group, SC_ACTION_TRANSFER);

	if (!action) {
		sc_transfer_action_free(transfer);
		return sc_fail_plain(err, SC_ERR_MEMORY);
	}
	action->value.transfer = transfer;
	return SC_OK;
}

sc_status sc_acl_add_plain(struct sc_permission_group *group, enum sc_action_kind kind, struct sc_error *err)
{
	struct sc_action *action = add_action(group, kind);

	SC_TRY(sc_check_allocated(action, err));
	/* ASN1_NULL has no content, so both members of the union are the same constant. */
	action->value.reduce_acl = ASN1_NULL_new();
	return SC_OK;
}

/* -- questions --------------------------------------------------------------------------------- */

/* Calls `visit` for each action until it returns true. Returns whether it did. */
static bool any_action(const struct sc_acl *acl, bool (*visit)(const struct sc_action *, void *),
		       void *context)
{
	for (int i = 0; i < sk_sc_permission_group_num(acl->groups); i++) {
		const STACK_OF(sc_action) *actions = sk_sc_permission_group_value(acl->groups, i)->actions;

		for (int j = 0; j < sk_sc_action_num(actions); j++)
			if (visit(sk_sc_action_value(actions, j), context))
				return true;
	}
	return false;
}

static bool collect_uses(const struct sc_action *action, void *uses)
{
	if (action->type == SC_ACTION_USE)
		*(uint32_t *)uses |= *action->value.use;
	return false;
}

uint32_t sc_acl_uses(const struct sc_acl *acl)
{
	uint32_t uses = 0;

	(void)any_action(acl, collect_uses, &uses);
	return uses;
}

static bool is_of_kind(const struct sc_action *action, void *kind)
{
	return action->type == *(const int *)kind;
}

bool sc_acl_has(const struct sc_acl *acl, enum sc_action_kind kind)
{
	int wanted = (int)kind;

	return any_action(acl, is_of_kind, &wanted);
}

bool sc_acl_is_exportable(const struct sc_acl *acl)
{
	return sc_acl_has(acl, SC_ACTION_TRANSFER) || sc_acl_has(acl, SC_ACTION_REPLACE_ACL);
}

uint32_t sc_uses_of_type(const struct sc_key_type *type)
{
	const uint32_t signs = SC_USE_SIGN | SC_USE_VERIFY;
	const uint32_t encrypts = SC_USE_ENCRYPT | SC_USE_DECRYPT | SC_USE_WRAP_KEY | SC_USE_UNWRAP_KEY;

	switch (type->algorithm) {
	case SC_ALGORITHM_RSA:
		return signs | encrypts;
	case SC_ALGORITHM_AES:
		return encrypts;
	default:
		return signs;
	}
}

sc_status sc_acl_arrival(const struct sc_key_type *type, const struct sc_hash *world, struct sc_acl **out,
			 struct sc_error *err)
{
	SC_CLEANUP(sc_acl) acl = sc_acl_new();
	struct sc_permission_group *group = NULL;

	SC_TRY(sc_check_allocated(acl, err));
	SC_TRY(sc_acl_add_group(acl, 1, SC_AUTHORITY_NONE, &group, err));
	SC_TRY(sc_acl_add_use(group, sc_uses_of_type(type), err));
	SC_TRY(sc_acl_add_make_blob(group, world, err));
	*out = sc_steal(acl);
	return SC_OK;
}
