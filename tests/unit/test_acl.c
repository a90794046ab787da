/* Access control lists: what they allow, and which lists are not valid. */
#include "support/test.h"

#include <string.h>

#include "support/samples.h"

static struct sc_permission_group *group_of(struct sc_acl *acl, uint32_t id, enum sc_authority authority)
{
	struct sc_permission_group *group = NULL;

	assert_ok(sc_acl_add_group(acl, id, authority, &group, NULL), NULL);
	return group;
}

/* A list with one group that allows sign. */
static struct sc_acl *sign_only(struct sc_permission_group **group)
{
	struct sc_acl *acl = sc_acl_new();

	assert_non_null(acl);
	*group = group_of(acl, 1, SC_AUTHORITY_NONE);
	assert_ok(sc_acl_add_use(*group, SC_USE_SIGN, NULL), NULL);
	return acl;
}

static void add_transfer(struct sc_permission_group *group, uint8_t kek, uint8_t world)
{
	const struct sc_key_type type = { SC_ALGORITHM_RSA, 2048 };
	struct sc_transfer_action *transfer = sc_transfer_action_new();

	assert_non_null(transfer);
	transfer->kek = sc_sample_hash(kek);
	transfer->world = sc_sample_hash(world);
	assert_ok(sc_text_set(&transfer->region, "EU", "region", NULL), NULL);
	sc_acl_free(transfer->arrival);
	transfer->arrival = NULL;
	assert_ok(sc_acl_arrival(&type, &transfer->world, &transfer->arrival, NULL), NULL);
	assert_ok(sc_acl_add_transfer(group, transfer, NULL), NULL);
}

/* The arrival ACL of the transfer that follows sign in this group. */
static struct sc_acl *arrival_of(const struct sc_permission_group *group)
{
	return sk_sc_action_value(group->actions, 1)->value.transfer->arrival;
}

/* -- questions --------------------------------------------------------------------------------- */

static void a_key_is_exportable_if_any_group_lets_it_leave_or_be_given_leave(void **state)
{
	struct sc_permission_group *group;
	SC_CLEANUP(sc_acl) none = sign_only(&group);
	SC_CLEANUP(sc_acl) by_transfer = NULL;
	SC_CLEANUP(sc_acl) by_quorum = NULL;
	struct sc_hash world = sc_sample_hash(1);

	(void)state;
	assert_ok(sc_acl_add_make_blob(group, &world, NULL), NULL);
	assert_ok(sc_acl_add_plain(group, SC_ACTION_REDUCE_ACL, NULL), NULL);
	assert_false(sc_acl_is_exportable(none));
	by_transfer = sign_only(&group);
	add_transfer(group_of(by_transfer, 2, SC_AUTHORITY_QUORUM), 2, 3);
	assert_true(sc_acl_is_exportable(by_transfer));
	by_quorum = sign_only(&group);
	assert_ok(sc_acl_add_plain(group_of(by_quorum, 2, SC_AUTHORITY_QUORUM), SC_ACTION_REPLACE_ACL, NULL),
		  NULL);
	assert_true(sc_acl_is_exportable(by_quorum));
}

static void uses_are_the_union_of_all_groups_but_not_of_an_arrival(void **state)
{
	struct sc_permission_group *group;
	SC_CLEANUP(sc_acl) acl = sign_only(&group);

	(void)state;
	assert_ok(sc_acl_add_use(group_of(acl, 2, SC_AUTHORITY_QUORUM), SC_USE_VERIFY, NULL), NULL);
	add_transfer(group, 2, 3); /* arrives with decrypt and more */
	assert_int_equal(sc_acl_uses(acl), SC_USE_SIGN | SC_USE_VERIFY);
	assert_true(sc_acl_has(acl, SC_ACTION_TRANSFER));
	assert_false(sc_acl_has(acl, SC_ACTION_MAKE_BLOB)); /* the arrival's, not this key's */
}

static void a_key_arrives_with_the_uses_of_its_type_and_makeblob_there_and_nothing_else(void **state)
{
	const struct sc_key_type rsa = { SC_ALGORITHM_RSA, 2048 };
	const struct sc_key_type ec = { SC_ALGORITHM_EC, 256 };
	struct sc_hash world = sc_sample_hash(6);
	SC_CLEANUP(sc_acl) acl = NULL;
	const struct sc_permission_group *group;

	(void)state;
	assert_ok(sc_acl_arrival(&rsa, &world, &acl, NULL), NULL);
	assert_true(sc_acl_is_valid(acl));
	assert_false(sc_acl_is_exportable(acl));
	assert_int_equal(sk_sc_permission_group_num(acl->groups), 1);
	group = sk_sc_permission_group_value(acl->groups, 0);
	assert_int_equal(group->authority, SC_AUTHORITY_NONE);
	assert_int_equal(sk_sc_action_num(group->actions), 2);
	assert_int_equal(sc_acl_uses(acl), SC_USE_SIGN | SC_USE_VERIFY | SC_USE_ENCRYPT | SC_USE_DECRYPT |
					       SC_USE_WRAP_KEY | SC_USE_UNWRAP_KEY);
	assert_true(sc_hash_equals(&sk_sc_action_value(group->actions, 1)->value.make_blob->world, &world));
	assert_int_equal(sc_uses_of_type(&ec), SC_USE_SIGN | SC_USE_VERIFY);
}

/* Eight groups of sixteen actions: as many elements as the counts allow. */
static void lengthen_arrival(struct sc_acl *arrival)
{
	for (uint32_t id = 1; id <= 8; id++) {
		struct sc_permission_group *group = id == 1 ? sk_sc_permission_group_value(arrival->groups, 0)
							    : group_of(arrival, id, SC_AUTHORITY_NONE);

		while (sk_sc_action_num(group->actions) < 16)
			assert_ok(sc_acl_add_plain(group, SC_ACTION_REDUCE_ACL, NULL), NULL);
	}
}

static void assert_is_the_longest(const struct sc_bytes *der)
{
	struct sc_error err = { 0 };

	assert_ok(sc_der_check_elements(sc_bytes_view(der), SC_DER_ELEMENTS, "ACL", &err), &err);
	assert_status(sc_der_check_elements(sc_bytes_view(der), SC_DER_ELEMENTS - 1, "ACL", &err),
		      SC_ERR_TOO_LARGE, &err);
}

static void a_valid_list_with_too_many_elements_is_not_written_and_the_limit_is_named(void **state)
{
	struct sc_permission_group *group;
	SC_CLEANUP(sc_acl) acl = sign_only(&group);
	SC_CLEANUP(sc_bytes) last = { 0 };
	struct sc_error err = { 0 };
	uint32_t id = 1;

	(void)state;
	for (int i = 1; i <= 2; i++) {
		add_transfer(group, 2, 3);
		lengthen_arrival(sk_sc_action_value(group->actions, i)->value.transfer->arrival);
	}
	for (;;) {
		SC_CLEANUP(sc_bytes) der = { 0 };
		SC_CLEANUP(sc_acl) again = NULL;
		sc_status status;

		if (sk_sc_action_num(group->actions) == 16)
			group = group_of(acl, ++id, SC_AUTHORITY_NONE);
		assert_ok(sc_acl_add_plain(group, SC_ACTION_REDUCE_ACL, NULL), NULL);
		assert_true(sc_acl_is_valid(acl));
		status = sc_acl_encode(acl, &der, &err);
		if (status != SC_OK) {
			assert_int_equal(status, SC_ERR_TOO_LARGE);
			break;
		}
		assert_ok(sc_acl_decode(sc_bytes_view(&der), &again, &err), &err);
		sc_bytes_free(&last);
		last = sc_steal(der);
	}
	assert_string_equal(err.message, "ACL: more than 512 elements");
	assert_true(last.len < SC_ACL_MAX / 2);
	assert_is_the_longest(&last);
}

static void lists_are_equal_byte_for_byte(void **state)
{
	SC_CLEANUP(sc_acl) a = sc_sample_acl();
	SC_CLEANUP(sc_acl) b = sc_acl_dup(a);
	SC_CLEANUP(sc_acl) invalid = sc_acl_new();

	(void)state;
	assert_non_null(b);
	assert_true(sc_acl_equals(a, b));
	sk_sc_permission_group_value(b->groups, 0)->id = 9;
	assert_false(sc_acl_equals(a, b));
	/* An invalid list equals nothing, not even itself. */
	assert_false(sc_acl_equals(invalid, invalid));
}

/* -- lists that are not valid ------------------------------------------------------------------ */

static sc_status encode(const struct sc_acl *acl)
{
	SC_CLEANUP(sc_bytes) der = { 0 };

	return sc_acl_encode(acl, &der, NULL);
}

static void a_list_without_groups_or_a_group_without_actions_is_refused(void **state)
{
	struct sc_permission_group *group;
	SC_CLEANUP(sc_acl) empty = sc_acl_new();
	SC_CLEANUP(sc_acl) acl = sign_only(&group);

	(void)state;
	assert_status(encode(empty), SC_ERR_ENCODING, NULL);
	assert_ok(encode(acl), NULL);
	(void)group_of(acl, 2, SC_AUTHORITY_NONE);
	assert_status(encode(acl), SC_ERR_ENCODING, NULL);
}

static void too_many_groups_or_actions_are_refused(void **state)
{
	struct sc_permission_group *group;
	SC_CLEANUP(sc_acl) acl = sign_only(&group);
	SC_CLEANUP(sc_acl) many = NULL;

	(void)state;
	for (int i = 1; i < 16; i++)
		assert_ok(sc_acl_add_use(group, SC_USE_SIGN, NULL), NULL);
	assert_ok(encode(acl), NULL);
	assert_ok(sc_acl_add_use(group, SC_USE_SIGN, NULL), NULL);
	assert_status(encode(acl), SC_ERR_ENCODING, NULL);
	many = sign_only(&group);
	for (uint32_t id = 2; id <= 8; id++)
		assert_ok(sc_acl_add_use(group_of(many, id, SC_AUTHORITY_NONE), SC_USE_SIGN, NULL), NULL);
	assert_ok(encode(many), NULL);
	assert_ok(sc_acl_add_use(group_of(many, 9, SC_AUTHORITY_NONE), SC_USE_SIGN, NULL), NULL);
	assert_status(encode(many), SC_ERR_ENCODING, NULL);
}

static void group_ids_are_positive_and_distinct(void **state)
{
	struct sc_permission_group *group;
	struct sc_permission_group *second;
	SC_CLEANUP(sc_acl) acl = sign_only(&group);

	(void)state;
	second = group_of(acl, 2, SC_AUTHORITY_NONE);
	assert_ok(sc_acl_add_use(second, SC_USE_VERIFY, NULL), NULL);
	assert_ok(encode(acl), NULL);
	second->id = 1;
	assert_status(encode(acl), SC_ERR_ENCODING, NULL);
	second->id = 0;
	assert_status(encode(acl), SC_ERR_ENCODING, NULL);
}

static void what_modules_do_not_yet_count_or_know_is_refused(void **state)
{
	struct sc_permission_group *group;
	SC_CLEANUP(sc_acl) acl = sign_only(&group);
	uint32_t *const fields[] = { &group->use_limit, &group->time_limit };
	uint32_t *use = sk_sc_action_value(group->actions, 0)->value.use;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		*fields[i] = 1;
		assert_status(encode(acl), SC_ERR_ENCODING, NULL);
		*fields[i] = 0;
		assert_ok(encode(acl), NULL);
	}
	group->authority = 2;
	assert_status(encode(acl), SC_ERR_ENCODING, NULL);
	group->authority = SC_AUTHORITY_QUORUM;
	assert_ok(encode(acl), NULL);
	*use = 0;
	assert_status(encode(acl), SC_ERR_ENCODING, NULL);
	*use = SC_USE_ALL + 1;
	assert_status(encode(acl), SC_ERR_ENCODING, NULL);
	*use = SC_USE_ALL;
	assert_ok(encode(acl), NULL);
}

/* Invariant 6: a key that has arrived may not be transferred again, or be given permission for it. */
static void an_arrival_that_could_travel_on_is_refused(void **state)
{
	struct sc_permission_group *group;
	SC_CLEANUP(sc_acl) acl = sign_only(&group);
	struct sc_permission_group *arrival;

	(void)state;
	add_transfer(group, 2, 3);
	assert_ok(encode(acl), NULL);
	arrival = group_of(arrival_of(group), 2, SC_AUTHORITY_NONE);
	assert_ok(sc_acl_add_plain(arrival, SC_ACTION_REDUCE_ACL, NULL), NULL);
	assert_ok(encode(acl), NULL);
	assert_ok(sc_acl_add_plain(arrival, SC_ACTION_REPLACE_ACL, NULL), NULL);
	assert_status(encode(acl), SC_ERR_ENCODING, NULL);
	sc_acl_free(acl);
	acl = sign_only(&group);
	add_transfer(group, 2, 3);
	arrival = group_of(arrival_of(group), 2, SC_AUTHORITY_NONE);
	add_transfer(arrival, 4, 5);
	assert_status(encode(acl), SC_ERR_ENCODING, NULL);
}

static void a_transfer_without_a_region_is_refused(void **state)
{
	struct sc_permission_group *group;
	SC_CLEANUP(sc_acl) acl = sign_only(&group);

	(void)state;
	add_transfer(group, 2, 3);
	assert_ok(encode(acl), NULL);
	sk_sc_action_value(group->actions, 1)->value.transfer->region.s[0] = '\0';
	assert_status(encode(acl), SC_ERR_ENCODING, NULL);
}

/* -- in words ---------------------------------------------------------------------------------- */

static void every_use_is_printed_by_its_name(void **state)
{
	struct sc_permission_group *group;
	SC_CLEANUP(sc_acl) acl = sc_acl_new();
	SC_CLEANUP(sc_bytes) text = { 0 };

	(void)state;
	group = group_of(acl, 1, SC_AUTHORITY_NONE);
	assert_ok(sc_acl_add_use(group, SC_USE_ALL, NULL), NULL);
	assert_ok(sc_acl_print(acl, "", &text, NULL), NULL);
	assert_string_equal((const char *)text.data,
			    "group 1\n  use: sign verify encrypt decrypt wrapKey unwrapKey importTransfer "
			    "importNeutral tlsServer token\n");
}

static void a_list_is_printed_with_every_action_and_condition(void **state)
{
	static const char *const expected[] = {
		"> group 1\n",
		">   use: sign decrypt\n",
		">   makeBlob, only in the security world 0b10",
		">   transfer, to the Key Exchange Key 0c1116",
		">     in region EU (Europe)\n",
		">     for subscription 8c6a1b52-6f04-4f38-9d0c-2b1f0f6f8a11\n",
		">     until 2026-11-24 11:02:00 UTC\n",
		">       group 1\n",
		">   reduceAcl\n",
		"> group 2, under a quorum of the administrator cards\n",
		">   replaceAcl\n",
	};
	SC_CLEANUP(sc_acl) acl = sc_sample_acl();
	SC_CLEANUP(sc_bytes) text = { 0 };
	const char *at;

	(void)state;
	assert_ok(sc_acl_print(acl, "> ", &text, NULL), NULL);
	at = (const char *)text.data;
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		at = strstr(at, expected[i]);
		if (!at)
			fail_msg("\"%s\" is missing, or out of order, in:\n%s", expected[i],
				 (const char *)text.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_exportable_if_any_group_lets_it_leave_or_be_given_leave),
		cmocka_unit_test(uses_are_the_union_of_all_groups_but_not_of_an_arrival),
		cmocka_unit_test(a_key_arrives_with_the_uses_of_its_type_and_makeblob_there_and_nothing_else),
		cmocka_unit_test(a_valid_list_with_too_many_elements_is_not_written_and_the_limit_is_named),
		cmocka_unit_test(lists_are_equal_byte_for_byte),
		cmocka_unit_test(a_list_without_groups_or_a_group_without_actions_is_refused),
		cmocka_unit_test(too_many_groups_or_actions_are_refused),
		cmocka_unit_test(group_ids_are_positive_and_distinct),
		cmocka_unit_test(what_modules_do_not_yet_count_or_know_is_refused),
		cmocka_unit_test(an_arrival_that_could_travel_on_is_refused),
		cmocka_unit_test(a_transfer_without_a_region_is_refused),
		cmocka_unit_test(every_use_is_printed_by_its_name),
		cmocka_unit_test(a_list_is_printed_with_every_action_and_condition),
	};

	return cmocka_run_group_tests_name("acl", tests, NULL, NULL);
}
