/* JSON stored in database rows. It was checked before it was written. */
#ifndef SC_VAULTD_STORED_JSON_H
#define SC_VAULTD_STORED_JSON_H

#include "web/json.h"

/*
 * Reads a row's text. The caller releases *out. SC_ERR_INTEGRITY if it cannot be read: then the row is
 * damaged, which is not the client's fault.
 */
sc_status sc_vaultd_stored_json(const char *text, json_t **out, struct sc_error *err) SC_WARN_UNUSED;

#endif
