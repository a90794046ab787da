/* Templates of the content of statements: see statement.h. */
#include "formats/statement.h"

#include "formats/suite.h"
#include "formats/world_file.h"

#define KEY_FORMAT   "safeconduct.key-statement.1"
#define WORLD_FORMAT "safeconduct.world-statement.1"

ASN1_SEQUENCE(sc_key_statement) = {
	ASN1_EMBED(struct sc_key_statement, format, SC_DER_TEXT),
	ASN1_EMBED(struct sc_key_statement, spki, SC_DER_OCTETS),
	ASN1_EMBED(struct sc_key_statement, key_hash, SC_DER_HASH),
	ASN1_EMBED(struct sc_key_statement, type, sc_key_type),
	ASN1_EMBED(struct sc_key_statement, application, SC_DER_TEXT),
	ASN1_EMBED(struct sc_key_statement, origin, UINT32),
	ASN1_EMBED(struct sc_key_statement, exportable, SC_DER_FLAG),
	ASN1_EMBED(struct sc_key_statement, owner, sc_owner),
	ASN1_SIMPLE(struct sc_key_statement, acl, sc_acl),
	ASN1_EMBED(struct sc_key_statement, protection, SC_DER_TEXT),
	ASN1_EMBED(struct sc_key_statement, suite, UINT32),
	ASN1_EMBED(struct sc_key_statement, world, SC_DER_HASH),
	ASN1_IMP_OPT_EMBED(struct sc_key_statement, region, SC_DER_OPT_TEXT, 0),
	ASN1_EMBED(struct sc_key_statement, hkm, SC_DER_HASH),
	ASN1_EMBED(struct sc_key_statement, esn, SC_DER_TEXT),
	ASN1_EMBED(struct sc_key_statement, code_version, SC_DER_TEXT),
	ASN1_EMBED(struct sc_key_statement, time, SC_DER_TIME),
	ASN1_EMBED(struct sc_key_statement, nonce, SC_DER_OCTETS),
	ASN1_IMP_OPT_EMBED(struct sc_key_statement, package, SC_DER_OPT_HASH, 1),
} ASN1_SEQUENCE_END_name(struct sc_key_statement, sc_key_statement)

ASN1_SEQUENCE(sc_world_statement) = {
	ASN1_EMBED(struct sc_world_statement, format, SC_DER_TEXT),
	ASN1_EMBED(struct sc_world_statement, knso, SC_DER_OCTETS),
	ASN1_EMBED(struct sc_world_statement, world, SC_DER_HASH),
	ASN1_EMBED(struct sc_world_statement, hkm, SC_DER_HASH),
	ASN1_EMBED(struct sc_world_statement, suite, UINT32),
	ASN1_EMBED(struct sc_world_statement, k, UINT32),
	ASN1_EMBED(struct sc_world_statement, n, UINT32),
	ASN1_EMBED(struct sc_world_statement, set_generation, UINT32),
	ASN1_EMBED(struct sc_world_statement, esn, SC_DER_TEXT),
	ASN1_EMBED(struct sc_world_statement, code_version, SC_DER_TEXT),
	ASN1_EMBED(struct sc_world_statement, time, SC_DER_TIME),
} ASN1_SEQUENCE_END_name(struct sc_world_statement, sc_world_statement)

static bool key_is_valid(const void *value)
{
	const struct sc_key_statement *s = value;

	return sc_key_type_is_known(&s->type) && sc_spki_fits(&s->spki, &s->type) &&
	       sc_origin_is_known(s->origin) && sc_acl_is_valid(s->acl) &&
	       s->exportable == sc_acl_is_exportable(s->acl) && sc_text_equals(&s->protection, "module") &&
	       sc_suite_by_number(s->suite) && s->application.s[0] && s->esn.s[0] &&
	       s->nonce.len <= SC_NONCE_MAX;
}

static bool world_is_valid(const void *value)
{
	const struct sc_world_statement *s = value;

	return s->knso.len > 0 && s->knso.len <= SC_SPKI_MAX && sc_suite_by_number(s->suite) && s->k >= 1 &&
	       s->k <= s->n && s->n <= SC_CARDS_MAX && s->set_generation >= 1 && s->esn.s[0];
}

SC_DER_IMPLEMENT(sc_key_statement, KEY_FORMAT, "key statement", SC_STATEMENT_CONTENT_MAX, SC_DER_ELEMENTS,
		 key_is_valid)
SC_DER_IMPLEMENT(sc_world_statement, WORLD_FORMAT, "world statement", SC_STATEMENT_CONTENT_MAX,
		 SC_DER_ELEMENTS, world_is_valid)
