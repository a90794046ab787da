/* A request's buffers: see core_request.h. */
#include "hsmd/core/core_request.h"

#include <assert.h>

sc_status sc_core_request_check_peer(const struct sc_core_request *request, struct sc_error *err)
{
	SC_ENSURE(!atomic_load(&request->session->is_abandoned), err, SC_ERR_CANCELLED, "the peer has left");
	return SC_OK;
}

struct sc_view sc_core_request_keep(struct sc_core_request *request, struct sc_bytes *buffer)
{
	struct sc_bytes *place = &request->kept[request->kept_count++];

	assert(request->kept_count <= SC_CORE_KEPT_MAX);
	*place = sc_steal(*buffer);
	return sc_bytes_view(place);
}

void sc_core_request_end(struct sc_core_request *request)
{
	for (size_t i = 0; i < request->kept_count; i++)
		sc_bytes_free(&request->kept[i]);
}
