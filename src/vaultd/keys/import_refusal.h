/* Explains the refusal of a transfer package in words that its sender can act on. */
#ifndef SC_VAULTD_KEYS_IMPORT_REFUSAL_H
#define SC_VAULTD_KEYS_IMPORT_REFUSAL_H

#include "formats/transfer_package.h"

/*
 * The status from the module says which check a package failed; the header, which is public, says what it was
 * made for. The package was sent to a vault of that region ("Europe", as messages name it) and subscription.
 * Writes the explanation into *err and returns the status; SC_ERR_PACKAGE_TAKEN, from the store, becomes
 * SC_ERR_CONFLICT. Any other status keeps its message.
 */
sc_status sc_keys_import_explain(const struct sc_transfer_header *header, const char *region,
				 const char *subscription, sc_status status, struct sc_error *err);

#endif
