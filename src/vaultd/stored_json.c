/* Stored JSON: see stored_json.h. */
#include "vaultd/stored_json.h"

sc_status sc_vaultd_stored_json(const char *text, json_t **out, struct sc_error *err)
{
	if (sc_json_read(sc_view_text(text), out, err) == SC_OK)
		return SC_OK;
	return sc_fail_context(err, SC_ERR_INTEGRITY, "a database row is damaged");
}
