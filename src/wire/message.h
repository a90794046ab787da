/*
 * Messages of the module protocol. Each is one SOCK_SEQPACKET record: a fixed header and the fields in
 * commands.h. docs/module-protocol.md explains them.
 */
#ifndef SC_WIRE_MESSAGE_H
#define SC_WIRE_MESSAGE_H

#include "wire/commands.h"
#include "wire/cursor.h"

#define SC_WIRE_MESSAGE_MAGIC        0x53436d31u /* "SCm1" */
#define SC_WIRE_BODY_MAX             131072
#define SC_WIRE_REQUEST_HEADER_SIZE  (4 + 2 + 2 + 8 + 8 + 4)
#define SC_WIRE_RESPONSE_HEADER_SIZE (4 + 2 + 2 + 8 + 4 + 8 * SC_ERROR_NUMBERS + 4)
#define SC_WIRE_MESSAGE_MAX                                                                                  \
	(SC_WIRE_RESPONSE_HEADER_SIZE + SC_WIRE_BODY_MAX) /* the larger of the two headers */
#define SC_WIRE_SOCKET_BUFFER 262144 /* SO_SNDBUF that both ends ask for: room for some messages */

/* Magic, version u16, command u16, id u64, authority u64, length of the body u32. */
struct sc_wire_request_header {
	uint16_t command;   /* enum sc_command, if sc_command_find knows it */
	uint64_t id;        /* chosen by the client, echoed in the answer */
	uint64_t authority; /* of a quorum; 0 for none */
};

/* Magic, version u16, command u16, id u64, status u32, three numbers u64, length of the body u32. */
struct sc_wire_response_header {
	uint16_t command;
	uint64_t id;
	sc_status status;
	uint64_t numbers[SC_ERROR_NUMBERS]; /* the command defines their meaning */
};

/* One row of the table. */
struct sc_command_info {
	enum sc_command command;
	const char *name; /* "key_generate" */
	uint32_t roles;   /* enum sc_role bits */
	uint32_t modes;   /* 1 << enum sc_mode bits */
	enum sc_needs_quorum needs_quorum;
	enum sc_lane lane;
};

/* The row of a number from the wire, or NULL if there is no such command. */
const struct sc_command_info *sc_command_find(uint32_t number);

/*
 * True of the refusals with which a module says that it could not do what it was asked. The custodians'
 * consent has had no effect then, so their quorum stays open for as long as the connection does.
 */
bool sc_wire_is_module_failure(sc_status status);

/* The table, *count rows. */
const struct sc_command_info *sc_command_all(size_t *count);

/* Writes the header. The caller then writes the body, which must have exactly that length. */
void sc_wire_request_header_write(struct sc_writer *writer, const struct sc_wire_request_header *header,
				  size_t body);
void sc_wire_response_header_write(struct sc_writer *writer, const struct sc_wire_response_header *header,
				   size_t body);

/*
 * Reads a whole message: the header, and the body as a view into the message. SC_ERR_PROTOCOL for a wrong
 * magic number, version or length, or an unknown status; *header and *body are then as they were.
 */
sc_status sc_wire_request_read(struct sc_view message, struct sc_wire_request_header *header,
			       struct sc_view *body, struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_wire_response_read(struct sc_view message, struct sc_wire_response_header *header,
				struct sc_view *body, struct sc_error *err) SC_WARN_UNUSED;

/*
 * For every command: sc_<name>_request_write(writer, request), sc_<name>_request_read(body, out), and the
 * same for responses. Reading refuses a body that is truncated, has a field over its limit or has trailing
 * bytes (SC_ERR_ENCODING), and then leaves *out as it was. The views in *out point into the body. The writer
 * fails if a field is over its limit.
 */
#define SC_COMMAND_CODECS(NAME, name, number, roles, modes, quorum, lane)                                    \
	void sc_##name##_request_write(struct sc_writer *writer, const struct sc_##name##_request *request); \
	void sc_##name##_response_write(struct sc_writer *writer,                                            \
					const struct sc_##name##_response *response);                        \
	sc_status sc_##name##_request_read(struct sc_view body, struct sc_##name##_request *out)             \
	    SC_WARN_UNUSED;                                                                                  \
	sc_status sc_##name##_response_read(struct sc_view body, struct sc_##name##_response *out)           \
	    SC_WARN_UNUSED;
SC_COMMAND_TABLE(SC_COMMAND_CODECS)
#undef SC_COMMAND_CODECS

/*
 * What a quorum consents to (rule M5): SHA-256("safeconduct quorum 1" ‖ 0 ‖ protocol version u16 ‖ command
 * u16 ‖ body). The header's id and authority are not included.
 */
sc_status sc_wire_authority_digest(uint32_t command, struct sc_view body, struct sc_hash *out,
				   struct sc_error *err) SC_WARN_UNUSED;

#endif
