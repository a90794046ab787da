/* Whether one ACL is a part of another (rule M5): see sc_acl_is_part in acl.h. */
#include "formats/acl.h"

static bool is_same_transfer(const struct sc_transfer_action *a, const struct sc_transfer_action *b)
{
	return sc_hash_equals(&a->kek, &b->kek) && sc_hash_equals(&a->world, &b->world) &&
	       sc_text_equals(&a->region, b->region.s) &&
	       sc_text_equals(&a->subscription, b->subscription.s) && a->not_after == b->not_after &&
	       sc_acl_equals(a->arrival, b->arrival);
}

static bool is_part_of_action(const struct sc_action *part, const struct sc_action *whole)
{
	if (part->type != whole->type)
		return false;
	switch (part->type) {
	case SC_ACTION_USE:
		return (*part->value.use & ~*whole->value.use) == 0;
	case SC_ACTION_MAKE_BLOB:
		return sc_hash_equals(&part->value.make_blob->world, &whole->value.make_blob->world);
	case SC_ACTION_TRANSFER:
		return is_same_transfer(part->value.transfer, whole->value.transfer);
	case SC_ACTION_REDUCE_ACL:
	case SC_ACTION_REPLACE_ACL:
		return true;
	default:
		return false;
	}
}

static bool has_action(const struct sc_permission_group *whole, const struct sc_action *action)
{
	for (int i = 0; i < sk_sc_action_num(whole->actions); i++)
		if (is_part_of_action(action, sk_sc_action_value(whole->actions, i)))
			return true;
	return false;
}

static bool is_part_of_group(const struct sc_permission_group *part, const struct sc_permission_group *whole)
{
	if (part->id != whole->id || part->authority != whole->authority ||
	    part->use_limit != whole->use_limit || part->time_limit != whole->time_limit)
		return false;
	for (int i = 0; i < sk_sc_action_num(part->actions); i++)
		if (!has_action(whole, sk_sc_action_value(part->actions, i)))
			return false;
	return true;
}

static bool has_group(const struct sc_acl *whole, const struct sc_permission_group *group)
{
	for (int i = 0; i < sk_sc_permission_group_num(whole->groups); i++)
		if (is_part_of_group(group, sk_sc_permission_group_value(whole->groups, i)))
			return true;
	return false;
}

bool sc_acl_is_part(const struct sc_acl *part, const struct sc_acl *whole)
{
	for (int i = 0; i < sk_sc_permission_group_num(part->groups); i++)
		if (!has_group(whole, sk_sc_permission_group_value(part->groups, i)))
			return false;
	return true;
}
