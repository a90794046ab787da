/* Templates of a module's state: see module_state.h. */
#include "formats/module_state.h"

#include "formats/key_blob.h"
#include "formats/signed_data.h"
#include "formats/suite.h"

#define STATE_FORMAT  "safeconduct.module-state.1"
#define SEALED_FORMAT "safeconduct.sealed-state.1"
#define MARK_FORMAT   "safeconduct.state-mark.1"
#define KM_SIZE       32

/* The state is sealed in one octet string. A larger one could be written but never opened again. */
#define PLAIN_MAX SC_OCTETS_MAX

ASN1_SEQUENCE(sc_state_world) = {
	ASN1_EMBED(struct sc_state_world, id, SC_DER_HASH),
	ASN1_EMBED(struct sc_state_world, suite, UINT32),
	ASN1_EMBED(struct sc_state_world, knso, SC_DER_OCTETS),
	ASN1_EMBED(struct sc_state_world, hkm, SC_DER_HASH),
	ASN1_EMBED(struct sc_state_world, km, SC_DER_OCTETS),
	ASN1_EMBED(struct sc_state_world, km_generation, UINT32),
	ASN1_EMBED(struct sc_state_world, set, SC_DER_HASH),
	ASN1_EMBED(struct sc_state_world, set_generation, UINT32),
	ASN1_EMBED(struct sc_state_world, k, UINT32),
	ASN1_EMBED(struct sc_state_world, n, UINT32),
	ASN1_EMBED(struct sc_state_world, sequence, UINT64),
	ASN1_EMBED(struct sc_state_world, file, SC_DER_HASH),
	ASN1_EMBED(struct sc_state_world, member, SC_DER_OCTETS),
	ASN1_IMP_OPT_EMBED(struct sc_state_world, region_certificate, SC_DER_OPT_OCTETS, 0),
	ASN1_IMP_OPT_EMBED(struct sc_state_world, region, SC_DER_OPT_TEXT, 1),
	ASN1_SEQUENCE_OF(struct sc_state_world, roots, sc_source_root),
	ASN1_SEQUENCE_OF(struct sc_state_world, revoked, sc_revoked_esn),
	ASN1_SEQUENCE_OF(struct sc_state_world, retired, sc_retired_kek),
	ASN1_IMP_OPT_EMBED(struct sc_state_world, signature, SC_DER_OPT_OCTETS, 2),
} static_ASN1_SEQUENCE_END_name(struct sc_state_world, sc_state_world)

ASN1_SEQUENCE(sc_card_delay) = {
	ASN1_EMBED(struct sc_card_delay, set, SC_DER_HASH),
	ASN1_EMBED(struct sc_card_delay, set_generation, UINT32),
	ASN1_EMBED(struct sc_card_delay, index, UINT32),
	ASN1_EMBED(struct sc_card_delay, failures, UINT32),
	ASN1_EMBED(struct sc_card_delay, next_try, SC_DER_TIME),
} static_ASN1_SEQUENCE_END_name(struct sc_card_delay, sc_card_delay)

ASN1_SEQUENCE(sc_module_state) = {
	ASN1_EMBED(struct sc_module_state, format, SC_DER_TEXT),
	ASN1_EMBED(struct sc_module_state, counter, UINT64),
	ASN1_IMP_OPT_EMBED(struct sc_module_state, previous, SC_DER_OPT_HASH, 0),
	ASN1_EMBED(struct sc_module_state, esn, SC_DER_TEXT),
	ASN1_EMBED(struct sc_module_state, statement_key, SC_DER_OCTETS),
	ASN1_IMP_OPT_EMBED(struct sc_module_state, root, SC_DER_OPT_OCTETS, 1),
	ASN1_IMP_OPT_EMBED(struct sc_module_state, warrant, SC_DER_OPT_OCTETS, 2),
	ASN1_IMP_OPT(struct sc_module_state, world, sc_state_world, 3),
	ASN1_SEQUENCE_OF(struct sc_module_state, delays, sc_card_delay),
	ASN1_EMBED(struct sc_module_state, time_floor, SC_DER_TIME),
} ASN1_SEQUENCE_END_name(struct sc_module_state, sc_module_state)

ASN1_SEQUENCE(sc_sealed_state) = {
	ASN1_EMBED(struct sc_sealed_state, format, SC_DER_TEXT),
	ASN1_EMBED(struct sc_sealed_state, counter, UINT64),
	ASN1_EMBED(struct sc_sealed_state, salt, SC_DER_HASH),
	ASN1_EMBED(struct sc_sealed_state, ciphertext, SC_DER_OCTETS),
	ASN1_EMBED(struct sc_sealed_state, tag, SC_DER_OCTETS),
} ASN1_SEQUENCE_END_name(struct sc_sealed_state, sc_sealed_state)

ASN1_SEQUENCE(sc_state_mark) = {
	ASN1_EMBED(struct sc_state_mark, format, SC_DER_TEXT),
	ASN1_EMBED(struct sc_state_mark, counter, UINT64),
	ASN1_EMBED(struct sc_state_mark, state, SC_DER_HASH),
	ASN1_EMBED(struct sc_state_mark, tag, SC_DER_HASH),
} ASN1_SEQUENCE_END_name(struct sc_state_mark, sc_state_mark)

static bool is_absent_or_certificate(const struct sc_bytes *field)
{
	return !field->data || sc_x509_fits(field);
}

static bool world_is_valid(const struct sc_state_world *world)
{
	return sc_suite_by_number(world->suite) && world->km.len == KM_SIZE && world->k >= 1 &&
	       world->k <= world->n && world->n <= SC_CARDS_MAX && sc_x509_fits(&world->member) &&
	       is_absent_or_certificate(&world->region_certificate) &&
	       !world->region_certificate.data == !world->region.s[0] &&
	       sc_source_roots_are_valid(world->roots) &&
	       sk_sc_revoked_esn_num(world->revoked) <= SC_REVOKED_MAX &&
	       sk_sc_retired_kek_num(world->retired) <= SC_RETIRED_MAX;
}

static bool state_is_valid(const void *value)
{
	const struct sc_module_state *state = value;

	return state->esn.s[0] && state->statement_key.len > 0 && is_absent_or_certificate(&state->root) &&
	       is_absent_or_certificate(&state->warrant) && !state->root.data == !state->warrant.data &&
	       (!state->world || (state->warrant.data && world_is_valid(state->world))) &&
	       sk_sc_card_delay_num(state->delays) <= SC_DELAYS_MAX;
}

static bool sealed_is_valid(const void *value)
{
	const struct sc_sealed_state *sealed = value;

	return sealed->ciphertext.len > 0 && sealed->tag.len == SC_GCM_TAG_SIZE;
}

SC_DER_IMPLEMENT(sc_module_state, STATE_FORMAT, "module state", PLAIN_MAX, SC_STATE_ELEMENTS, state_is_valid)
SC_DER_IMPLEMENT(sc_sealed_state, SEALED_FORMAT, "state file", SC_STATE_MAX, SC_DER_ELEMENTS, sealed_is_valid)
SC_DER_IMPLEMENT(sc_state_mark, MARK_FORMAT, "state mark", SC_MARK_MAX, SC_DER_ELEMENTS, NULL)

struct sc_state_world *sc_state_world_new(void)
{
	return (struct sc_state_world *)ASN1_item_new(ASN1_ITEM_rptr(sc_state_world));
}

void sc_state_world_free(struct sc_state_world *world)
{
	ASN1_item_free((ASN1_VALUE *)world, ASN1_ITEM_rptr(sc_state_world));
}

struct sc_card_delay *sc_card_delay_new(void)
{
	return (struct sc_card_delay *)ASN1_item_new(ASN1_ITEM_rptr(sc_card_delay));
}
