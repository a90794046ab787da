/* Owners: see owner.h. */
#include "formats/owner.h"

#include <string.h>

ASN1_SEQUENCE(sc_owner) = {
	ASN1_EMBED(struct sc_owner, daemon, SC_DER_TEXT),
	ASN1_EMBED(struct sc_owner, tenant, SC_DER_TEXT),
	ASN1_EMBED(struct sc_owner, subscription, SC_DER_TEXT),
	ASN1_EMBED(struct sc_owner, vault, SC_DER_TEXT),
	ASN1_EMBED(struct sc_owner, name, SC_DER_TEXT),
	ASN1_EMBED(struct sc_owner, version, SC_DER_TEXT),
} ASN1_SEQUENCE_END_name(struct sc_owner, sc_owner)

SC_DER_IMPLEMENT(sc_owner, NULL, "owner", SC_OWNER_MAX, SC_DER_ELEMENTS, NULL)

bool sc_owner_equals(const struct sc_owner *a, const struct sc_owner *b)
{
	return sc_text_equals(&a->daemon, b->daemon.s) && sc_text_equals(&a->tenant, b->tenant.s) &&
	       sc_text_equals(&a->subscription, b->subscription.s) && sc_text_equals(&a->vault, b->vault.s) &&
	       sc_text_equals(&a->name, b->name.s) && sc_text_equals(&a->version, b->version.s);
}

bool sc_owner_is_empty(const struct sc_owner *owner)
{
	static const struct sc_owner empty;

	return sc_owner_equals(owner, &empty);
}
