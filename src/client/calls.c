/*
 * One function per command, generated from the command table: to a caller, a request to the module is an
 * ordinary function call.
 */
#include "client/client.h"

/* Requests may hold PINs, answers plaintext. Both are in buffers that are wiped when released. */
#define CALL(NAME, name, number, roles, modes, quorum, lane)                                                 \
	sc_status sc_call_##name(struct sc_client *client, uint64_t authority,                               \
				 const struct sc_##name##_request *request, struct sc_bytes *reply,          \
				 struct sc_##name##_response *out, struct sc_error *err)                     \
	{                                                                                                    \
		SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);                                \
		SC_CLEANUP(sc_bytes) answer = { 0 };                                                         \
                                                                                                             \
		sc_##name##_request_write(&body, request);                                                   \
		SC_ENSURE(!body.failed, err, SC_ERR_TOO_LARGE,                                               \
			  "%s: a field is longer than the module accepts", #name);                           \
		SC_TRY(sc_client_call(client, SC_COMMAND_##NAME, authority, sc_writer_view(&body), &answer,  \
				      err));                                                                 \
		SC_ENSURE(sc_##name##_response_read(sc_bytes_view(&answer), out) == SC_OK, err,              \
			  SC_ERR_PROTOCOL, "%s: the answer to %s is malformed", sc_client_path(client),      \
			  #name);                                                                            \
		*reply = sc_steal(answer);                                                                   \
		return SC_OK;                                                                                \
	}
SC_COMMAND_TABLE(CALL)
