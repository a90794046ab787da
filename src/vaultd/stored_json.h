/* JSON in rows of the database, which was checked when it was written. */
#ifndef SC_VAULTD_STORED_JSON_H
#define SC_VAULTD_STORED_JSON_H

#include "web/json.h"

/*
 * Reads a row's text. SC_ERR_INTEGRITY where that is not possible: the row is damaged, which is no fault of
 * whoever asks for it. The caller releases *out.
 */
sc_status sc_vaultd_stored_json(const char *text, json_t **out, struct sc_error *err) SC_WARN_UNUSED;

#endif
