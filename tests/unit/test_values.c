/*
 * Checks between fields: for each structure, the values that its decoder and encoder refuse although each
 * field by itself is well formed. In every case the sample is accepted first; then the same sample with one
 * thing changed is refused.
 */
#include "support/test.h"

#include <string.h>

#include "formats/card.h"
#include "formats/key_blob.h"
#include "formats/key_file.h"
#include "formats/module_state.h"
#include "formats/oid.h"
#include "formats/region_request.h"
#include "formats/signed_data.h"
#include "formats/statement.h"
#include "formats/suite.h"
#include "formats/transfer_package.h"
#include "support/samples.h"

static void sample_der(const char *name, struct sc_bytes *out)
{
	size_t count;
	const struct sc_sample *samples = sc_sample_all(&count);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(samples[i].name, name) == 0) {
			assert_ok(samples[i].make(out, NULL), NULL);
			return;
		}
	}
	fail_msg("no sample %s", name);
}

/* A full sample as `x`: accepted first, then changed. */
#define TRY(what, status, change)                                                                            \
	do {                                                                                                 \
		SC_CLEANUP(sc_bytes) der = { 0 };                                                            \
		SC_CLEANUP(sc_bytes) again = { 0 };                                                          \
		SC_CLEANUP(sc_bytes) changed = { 0 };                                                        \
		SC_CLEANUP(sc_##what) x = NULL;                                                              \
		sample_der(#what, &der);                                                                     \
		assert_ok(sc_##what##_decode(sc_bytes_view(&der), &x, NULL), NULL);                          \
		assert_ok(sc_##what##_encode(x, &again, NULL), NULL);                                        \
		change;                                                                                      \
		assert_status(sc_##what##_encode(x, &changed, NULL), status, NULL);                          \
	} while (0)
#define REFUSED(what, change) TRY(what, SC_ERR_ENCODING, change)
#define TAKEN(what, change)   TRY(what, SC_OK, change)

static void resize(struct sc_bytes *octets, size_t len)
{
	sc_bytes_free(octets);
	assert_ok(sc_bytes_new(len, octets, NULL), NULL);
}

static void another_version_is_named_as_such(void **state)
{
	(void)state;
	TRY(key_blob_header, SC_ERR_FORMAT, strcpy(x->format.s, "safeconduct.key-blob.2"));
	TRY(card_body, SC_ERR_FORMAT, strcpy(x->format.s, "safeconduct.card.0"));
	TRY(world_body, SC_ERR_FORMAT, strcpy(x->format.s, "safeconduct.card.1"));
	TRY(key_statement, SC_ERR_FORMAT, x->format.s[0] = '\0');
	TRY(transfer_header, SC_ERR_FORMAT, strcpy(x->format.s, "safeconduct.transfer.2"));
	/* An envelope's version is that of what it seals or signs. */
	TRY(key_blob, SC_ERR_FORMAT, strcpy(x->header->format.s, "safeconduct.key-blob.2"));
	TRY(card, SC_ERR_FORMAT, strcpy(x->body->format.s, "safeconduct.card.2"));
	TRY(world_file, SC_ERR_FORMAT, strcpy(x->body->format.s, "safeconduct.world.2"));
	TRY(transfer_package, SC_ERR_FORMAT, strcpy(x->header->format.s, "safeconduct.transfer.2"));
	/* Inside another structure, a wrong version means malformed. */
	REFUSED(key_statement, strcpy(x->acl->format.s, "safeconduct.acl.2"));
}

static void a_key_blob_names_what_modules_know(void **state)
{
	(void)state;
	REFUSED(key_blob_header, x->suite = 2);
	REFUSED(key_blob_header, x->km_generation = 0);
	REFUSED(key_blob_header, x->application.s[0] = '\0');
	REFUSED(key_blob_header, x->type.bits = 1024);
	REFUSED(key_blob_header, x->type.algorithm = SC_ALGORITHM_EC);
	REFUSED(key_blob_header, x->origin = 0);
	REFUSED(key_blob_header, x->origin = 6);
	REFUSED(key_blob_header, resize(&x->spki, 0));
	REFUSED(key_blob_header, resize(&x->spki, SC_SPKI_MAX + 1));
	TAKEN(key_blob_header, resize(&x->spki, SC_SPKI_MAX));
	REFUSED(key_blob_header, sk_sc_permission_group_value(x->acl->groups, 0)->id = 0);
	REFUSED(key_blob, x->header->origin = 0);
	REFUSED(key_blob, resize(&x->ciphertext, 0));
	REFUSED(key_blob, resize(&x->tag, 15));
	REFUSED(key_blob, resize(&x->tag, 17));
}

static void a_world_has_1_to_64_cards_and_a_quorum_among_them(void **state)
{
	(void)state;
	REFUSED(world_body, x->k = 0);
	REFUSED(world_body, x->k = x->n + 1);
	REFUSED(world_body, x->n = SC_CARDS_MAX + 1);
	TAKEN(world_body, x->n = SC_CARDS_MAX);
	REFUSED(world_body, x->suite = 0);
	REFUSED(world_body, x->km_generation = 0);
	REFUSED(world_body, x->set_generation = 0);
	REFUSED(world_body, resize(&x->knso, 0));
	REFUSED(world_body, resize(&x->knso, SC_SPKI_MAX + 1));
	REFUSED(world_body, resize(&x->wrapped_km.ciphertext, 0));
	REFUSED(world_body, resize(&x->wrapped_knso.tag, 12));
	REFUSED(world_body, resize(&x->region_certificate, 0));
	REFUSED(world_body, resize(&x->region_certificate, SC_CERTIFICATE_MAX + 1));
	TAKEN(world_body, resize(&x->region_certificate, SC_CERTIFICATE_MAX));
	TAKEN(world_body, sc_bytes_free(&x->region_certificate));
	REFUSED(world_body, resize(&sk_sc_source_root_value(x->roots, 0)->certificate, 0));
	REFUSED(world_body,
		resize(&sk_sc_source_root_value(x->roots, 0)->certificate, SC_CERTIFICATE_MAX + 1));
	TAKEN(world_body, resize(&sk_sc_source_root_value(x->roots, 0)->certificate, SC_CERTIFICATE_MAX));
	REFUSED(world_file, resize(&x->signature, 0));
	REFUSED(world_file, x->body->k = 0);
}

static void push_revoked(struct sc_world_body *body, int count)
{
	for (int i = 0; i < count; i++) {
		struct sc_revoked_esn *esn =
		    (struct sc_revoked_esn *)ASN1_item_new(ASN1_ITEM_rptr(sc_revoked_esn));

		assert_true(esn && sk_sc_revoked_esn_push(body->revoked, esn) > 0);
	}
}

static void a_worlds_lists_are_bounded(void **state)
{
	(void)state;
	TAKEN(world_body, push_revoked(x, 255));
	REFUSED(world_body, push_revoked(x, 256));
}

static void a_card_is_one_of_n_with_a_whole_share(void **state)
{
	(void)state;
	REFUSED(card_body, x->index = 0);
	REFUSED(card_body, x->index = x->n + 1);
	REFUSED(card_body, x->k = 0);
	REFUSED(card_body, x->k = x->n + 1);
	REFUSED(card_body, x->n = SC_CARDS_MAX + 1);
	REFUSED(card_body, x->set_generation = 0);
	REFUSED(card_body, resize(&x->masked_share, SC_SHARE_SIZE - 1));
	REFUSED(card_body, resize(&x->masked_share, SC_SHARE_SIZE + 1));
	REFUSED(card, x->body->index = 0);
}

static void push_delays(struct sc_module_state *x, int count)
{
	for (int i = 0; i < count; i++) {
		struct sc_card_delay *delay = sc_card_delay_new();

		assert_true(delay && sk_sc_card_delay_push(x->delays, delay) > 0);
		delay->set_generation = delay->index = delay->failures = UINT32_MAX;
		delay->next_try = INT64_C(253402300799);
	}
}

static void a_modules_state_holds_together(void **state)
{
	(void)state;
	REFUSED(module_state, x->esn.s[0] = '\0');
	REFUSED(module_state, resize(&x->statement_key, 0));
	REFUSED(module_state, sc_bytes_free(&x->root));
	REFUSED(module_state, sc_bytes_free(&x->warrant));
	REFUSED(module_state,
		(sc_bytes_free(&x->root), sc_bytes_free(&x->warrant))); /* a world without a warrant */
	REFUSED(module_state, resize(&x->root, 0));
	REFUSED(module_state, resize(&x->warrant, 0));
	REFUSED(module_state, resize(&x->root, SC_CERTIFICATE_MAX + 1));
	REFUSED(module_state, resize(&x->warrant, SC_CERTIFICATE_MAX + 1));
	REFUSED(module_state, resize(&x->world->km, 31));
	REFUSED(module_state, x->world->suite = 2);
	REFUSED(module_state, x->world->k = 0);
	REFUSED(module_state, x->world->k = x->world->n + 1);
	REFUSED(module_state, x->world->n = SC_CARDS_MAX + 1);
	REFUSED(module_state, resize(&x->world->member, 0));
	REFUSED(module_state, resize(&x->world->member, SC_CERTIFICATE_MAX + 1));
	REFUSED(module_state, sc_bytes_free(&x->world->region_certificate));
	REFUSED(module_state, resize(&x->world->region_certificate, 0));
	REFUSED(module_state, resize(&x->world->region_certificate, SC_CERTIFICATE_MAX + 1));
	REFUSED(module_state, resize(&sk_sc_source_root_value(x->world->roots, 0)->certificate, 0));
	REFUSED(module_state, x->world->region.s[0] = '\0');
	REFUSED(sealed_state, resize(&x->ciphertext, 0));
	REFUSED(sealed_state, resize(&x->tag, 15));
}

static void a_states_lists_and_length_are_bounded(void **state)
{
	(void)state;
	TAKEN(module_state, push_delays(x, 255));
	REFUSED(module_state, push_delays(x, 256)); /* plus the one in the sample */
	TRY(module_state, SC_ERR_TOO_LARGE, resize(&x->statement_key, SC_OCTETS_MAX - 100));
}

/* Otherwise a module would seal a state that it can never open again. */
static void the_largest_state_that_is_written_can_be_sealed(void **state)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_module_state) x = NULL;
	SC_CLEANUP(sc_sealed_state) sealed = sc_sealed_state_new();
	SC_CLEANUP(sc_bytes) file = { 0 };
	SC_CLEANUP(sc_bytes) large = { 0 };
	size_t used;

	(void)state;
	sample_der("module_state", &der);
	assert_ok(sc_module_state_decode(sc_bytes_view(&der), &x, NULL), NULL);
	resize(&x->statement_key, 1000);
	assert_ok(sc_module_state_encode(x, &large, NULL), NULL);
	used = large.len;
	sc_bytes_free(&large);
	resize(&x->statement_key, 1000 + SC_OCTETS_MAX - used - 1); /* one more for the outer length */
	assert_ok(sc_module_state_encode(x, &large, NULL), NULL);
	assert_in_range(large.len, SC_OCTETS_MAX - 1, SC_OCTETS_MAX);
	assert_ok(sc_octets_set(&sealed->ciphertext, sc_bytes_view(&large), NULL), NULL);
	resize(&sealed->tag, SC_GCM_TAG_SIZE);
	assert_ok(sc_sealed_state_encode(sealed, &file, NULL), NULL);
}

static void a_key_statement_claims_no_more_than_its_acl(void **state)
{
	(void)state;
	REFUSED(key_statement, x->exportable = false); /* its ACL has a transfer */
	REFUSED(key_statement, x->origin = 6);
	REFUSED(key_statement, x->type.bits = 1);
	REFUSED(key_statement, x->suite = 0);
	REFUSED(key_statement, strcpy(x->protection.s, "token"));
	REFUSED(key_statement, x->application.s[0] = '\0');
	REFUSED(key_statement, x->esn.s[0] = '\0');
	REFUSED(key_statement, resize(&x->spki, 0));
	REFUSED(key_statement, resize(&x->spki, SC_SPKI_MAX + 1));
	REFUSED(key_statement, resize(&x->nonce, SC_NONCE_MAX + 1));
	TAKEN(key_statement, resize(&x->nonce, 0));
	TAKEN(key_statement, x->region.s[0] = '\0');
	TAKEN(key_statement, memset(&x->package, 0, sizeof x->package));
}

static void a_world_statement_names_a_quorum(void **state)
{
	(void)state;
	REFUSED(world_statement, x->k = 0);
	REFUSED(world_statement, x->k = x->n + 1);
	REFUSED(world_statement, x->n = SC_CARDS_MAX + 1);
	REFUSED(world_statement, x->suite = 2);
	REFUSED(world_statement, x->set_generation = 0);
	REFUSED(world_statement, x->esn.s[0] = '\0');
	REFUSED(world_statement, resize(&x->knso, 0));
	REFUSED(world_statement, resize(&x->knso, SC_SPKI_MAX + 1));
}

static void a_transfer_header_says_where_for_whom_and_until_when(void **state)
{
	(void)state;
	REFUSED(transfer_header, x->suite = 2);
	REFUSED(transfer_header, x->region.s[0] = '\0');
	REFUSED(transfer_header, x->subscription.s[0] = '\0');
	REFUSED(transfer_header, x->subscription.s[0] = 'A');
	REFUSED(transfer_header, x->subscription.s[8] = '0');
	REFUSED(transfer_header, x->friendly_name.s[0] = '\0');
	REFUSED(transfer_header, strcpy(x->friendly_name.s, "../key"));
	REFUSED(transfer_header, x->type.bits = 0);
	REFUSED(transfer_header, resize(&x->package_id, 15));
	REFUSED(transfer_header, x->not_after = x->created);
	REFUSED(transfer_header, x->source_esn.s[0] = '\0');
	REFUSED(transfer_header, sk_sc_permission_group_value(x->arrival->groups, 0)->use_limit = 1);
	REFUSED(transfer_package, resize(&x->encrypted_key, 0));
	REFUSED(transfer_package, resize(&x->ciphertext, 0));
	REFUSED(transfer_package, resize(&x->tag, 12));
	REFUSED(transfer_package, x->header->suite = 0);
	REFUSED(transfer_content, x->origin = 0);
	REFUSED(transfer_content, resize(&x->key, 0));
}

static void files_and_regions_have_names_that_can_be_file_names(void **state)
{
	(void)state;
	REFUSED(key_file, x->application.s[0] = '\0');
	REFUSED(key_file, strcpy(x->ident.s, "Contoso"));
	REFUSED(key_file, strcpy(x->ident.s, "a/b"));
	REFUSED(key_file, memset(x->ident.s, 'x', 65));
	REFUSED(key_file, resize(&x->blob, 0));
	REFUSED(region_request, strcpy(x->region.s, "eu"));
	REFUSED(region_request, x->operator_name.s[0] = '\0');
	REFUSED(region_request, resize(&x->statement, 0));
	REFUSED(region_info, strcpy(x->region.s, "E/U"));
	REFUSED(region_info, x->operator_name.s[0] = '\0');
}

static void drop_certificates(struct sc_signed_data *x)
{
	while (sk_X509_num(x->certificates) > 0)
		X509_free(sk_X509_pop(x->certificates));
}

static void a_statement_is_written_as_it_would_be_read_or_not_at_all(void **state)
{
	(void)state;
	REFUSED(signed_data, strcpy(x->content_type, "no identifier"));
	REFUSED(signed_data, x->content_type[0] = '\0');
	REFUSED(signed_data, resize(&x->signature, 0));
	REFUSED(signed_data, resize(&x->signature, 257));
	REFUSED(signed_data, drop_certificates(x));
	TRY(signed_data, SC_ERR_TOO_LARGE, resize(&x->content, SC_SIGNED_DATA_MAX));
}

static void a_world_files_id_and_signature_cover_it(void **state)
{
	SC_CLEANUP(sc_world_file) file = sc_sample_world_file();
	uint32_t *const fields[] = { &file->body->k, &file->body->set_generation };

	(void)state;
	assert_ok(sc_world_file_verify(file, NULL), NULL);
	for (size_t i = 0; i < 2; i++) {
		++*fields[i];
		assert_status(sc_world_file_verify(file, NULL), SC_ERR_INTEGRITY, NULL);
		--*fields[i];
		assert_ok(sc_world_file_verify(file, NULL), NULL);
	}
	file->body->id.b[0] ^= 1;
	assert_status(sc_world_file_verify(file, NULL), SC_ERR_INTEGRITY, NULL);
	file->body->id.b[0] ^= 1;
	file->body->suite = SC_SUITE_DLF1024;
	assert_status(sc_world_file_verify(file, NULL), SC_ERR_INTEGRITY, NULL);
	file->body->suite = SC_SUITE_ECP521;
	file->signature.data[file->signature.len - 1] ^= 1;
	assert_status(sc_world_file_verify(file, NULL), SC_ERR_INTEGRITY, NULL);
}

static void suites_are_found_by_exact_name_and_number(void **state)
{
	(void)state;
	assert_int_equal(sc_suite_by_name("DLf1024s160mRijndael")->suite, SC_SUITE_DLF1024);
	assert_int_equal(sc_suite_by_name("ECp521mAES")->suite, SC_SUITE_ECP521);
	assert_null(sc_suite_by_name("ecp521maes"));
	assert_null(sc_suite_by_name("DLf3072s256mAEScSP800131Ar1"));
	assert_null(sc_suite_by_number(0));
	assert_null(sc_suite_by_number(2));
	assert_string_equal(sc_suite_name(9), "unknown");
	assert_non_null(sc_suite_by_number(SC_SUITE_DLF1024)->warning);
	assert_false(sc_suite_by_number(SC_SUITE_DLF1024)->may_be_region);
	assert_true(sc_suite_by_number(SC_SUITE_ECP521)->may_be_region);
}

static void owners_differ_in_any_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct sc_owner a = { 0 };
		struct sc_owner b = { 0 };
		struct sc_text *const fields[] = { &b.daemon, &b.tenant, &b.subscription,
						   &b.vault,  &b.name,   &b.version };

		assert_true(sc_owner_equals(&a, &b));
		assert_true(sc_owner_is_empty(&b));
		fields[i]->s[0] = 'x';
		assert_false(sc_owner_equals(&a, &b));
		assert_false(sc_owner_is_empty(&b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_version_is_named_as_such),
		cmocka_unit_test(a_key_blob_names_what_modules_know),
		cmocka_unit_test(a_world_has_1_to_64_cards_and_a_quorum_among_them),
		cmocka_unit_test(a_worlds_lists_are_bounded),
		cmocka_unit_test(a_card_is_one_of_n_with_a_whole_share),
		cmocka_unit_test(a_modules_state_holds_together),
		cmocka_unit_test(a_states_lists_and_length_are_bounded),
		cmocka_unit_test(the_largest_state_that_is_written_can_be_sealed),
		cmocka_unit_test(a_key_statement_claims_no_more_than_its_acl),
		cmocka_unit_test(a_world_statement_names_a_quorum),
		cmocka_unit_test(a_transfer_header_says_where_for_whom_and_until_when),
		cmocka_unit_test(files_and_regions_have_names_that_can_be_file_names),
		cmocka_unit_test(a_statement_is_written_as_it_would_be_read_or_not_at_all),
		cmocka_unit_test(a_world_files_id_and_signature_cover_it),
		cmocka_unit_test(suites_are_found_by_exact_name_and_number),
		cmocka_unit_test(owners_differ_in_any_field),
	};

	return cmocka_run_group_tests_name("values", tests, NULL, NULL);
}
