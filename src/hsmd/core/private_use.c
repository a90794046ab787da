/* Private operations: see private_use.h. */
#include "hsmd/core/private_use.h"

sc_status sc_private_use_end(const struct sc_core_request *request, const struct sc_core_key *key,
			     sc_status status, struct sc_error *err)
{
	const struct sc_module *module = request->module;
	bool ran_out = sc_module_ran_out(module) || status == SC_ERR_MEMORY;
	bool is_doubtful = status != SC_OK && module->host.failures(module->host.context) != key->failures;

	if (ran_out || is_doubtful || status == SC_ERR_CRYPTO)
		sc_cache_forget(module->cache, key);
	SC_ENSURE(!ran_out && !is_doubtful, err, SC_ERR_MEMORY, "out of memory during a private operation");
	return status;
}
