/* Explains refused transfer packages: see import_refusal.h. */
#include "vaultd/keys/import_refusal.h"

#include "base/clock.h"
#include "formats/region.h"

sc_status sc_keys_import_explain(const struct sc_transfer_header *header, const char *region,
				 const char *subscription, sc_status status, struct sc_error *err)
{
	char date[SC_CLOCK_TEXT_SIZE];

	switch (status) {
	case SC_ERR_TRANSFER_REGION:
		return sc_fail(err, status, "The transfer package was made for %s, but this vault is in %s.",
			       sc_region_name(header->region.s), region);
	case SC_ERR_TRANSFER_WORLD:
		return sc_fail(
		    err, status,
		    "The transfer package was made for another security world of %s: make it again with "
		    "the current toolset.",
		    region);
	case SC_ERR_TRANSFER_KEK:
		return sc_fail(
		    err, status,
		    "The transfer package was made for another Key Exchange Key of %s: make it again with "
		    "the current toolset.",
		    region);
	case SC_ERR_TRANSFER_EXPIRED:
		sc_clock_text(header->not_after, date);
		return sc_fail(err, status, "The transfer package expired on %s.", date);
	case SC_ERR_TRANSFER_SUBSCRIPTION:
		return sc_fail(err, status,
			       "The transfer package was made for subscription %s, but this vault belongs to "
			       "subscription %s.",
			       header->subscription.s, subscription);
	case SC_ERR_TRANSFER_REFUSED:
		return sc_fail(err, status,
			       "The transfer package cannot be opened: it is altered or damaged.");
	case SC_ERR_TRANSFER_ACL:
		return sc_fail(err, status,
			       "The transfer package asks for permissions that no imported key may have.");
	case SC_ERR_ENCODING:
		return sc_fail(err, status, "This is not a complete transfer package.");
	case SC_ERR_PACKAGE_TAKEN:
		return sc_fail(
		    err, SC_ERR_CONFLICT,
		    "The transfer package has been imported before, to another place or from a different "
		    "file: a package makes only one key. Make a new package of the same key.");
	default:
		return status;
	}
}
