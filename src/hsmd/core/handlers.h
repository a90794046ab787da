/*
 * One function per command. The caller has decoded the request and checked role, mode and quorum. The handler
 * fills in the answer, whose views point into buffers held by sc_core_request_keep.
 */
#ifndef SC_HSMD_CORE_HANDLERS_H
#define SC_HSMD_CORE_HANDLERS_H

#include "hsmd/core/core_request.h"

#define SC_HANDLER(NAME, name, number, roles, modes, quorum, lane)                                           \
	sc_status sc_handle_##name(struct sc_core_request *request, const struct sc_##name##_request *in,    \
				   struct sc_##name##_response *out, struct sc_error *err) SC_WARN_UNUSED;
SC_COMMAND_TABLE(SC_HANDLER)
#undef SC_HANDLER

#endif
