/*
 * A key's owner: sealed in the blob and compared at every use, so that swapping database rows gains an
 * attacker nothing. `simple`, `xferacld` and `kek` keys have the empty owner.
 *
 *   Owner ::= SEQUENCE { daemon, tenant, subscription, vault, name, version  UTF8String }
 */
#ifndef SC_FORMATS_OWNER_H
#define SC_FORMATS_OWNER_H

#include "formats/der.h"

struct sc_owner {
	struct sc_text daemon; /* the daemon on whose socket the key was made: "vaultd", "signind" */
	struct sc_text tenant; /* this and the rest: only for keys in a vault */
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
