/*
 * Whose key it is: sealed in the blob and compared at every use, so that database rows that are exchanged give
 * nothing. `simple`, `xferacld` and `kek` keys have the empty owner.
 *
 *   Owner ::= SEQUENCE { daemon, tenant, subscription, vault, name, version  UTF8String }
 */
#ifndef SC_FORMATS_OWNER_H
#define SC_FORMATS_OWNER_H

#include "formats/der.h"

struct sc_owner {
	struct sc_text daemon;       /* the daemon whose socket the key was made through: "vaultd", "signind" */
	struct sc_text tenant;       /* the rest for a vault's keys only */
	struct sc_text subscription;
	struct sc_text vault;
	struct sc_text name;
	struct sc_text version;
};

#define SC_OWNER_MAX 1024
SC_DER_DECLARE(sc_owner)

bool sc_owner_equals(const struct sc_owner *a, const struct sc_owner *b);
bool sc_owner_is_empty(const struct sc_owner *owner);

#endif
