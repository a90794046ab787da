/* Feeds responses of the module protocol: the header, and the body of the command that it names. */
#include "fuzz.h"

#include "wire/message.h"

/* Reads the command's body and writes it again. */
#define BODY(NAME, name, number, roles, modes, quorum, lane)                                                 \
	static void body_##name(struct sc_view body, struct sc_writer *again)                                \
	{                                                                                                    \
		struct sc_##name##_response value;                                                           \
		if (sc_##name##_response_read(body, &value) != SC_OK)                                        \
			return;                                                                              \
		sc_##name##_response_write(again, &value);                                                   \
		fuzz_holds(!again->failed, "what is accepted can be written");                               \
		fuzz_holds(sc_view_equals(body, sc_writer_view(again)),                                      \
			   "what is accepted has one encoding");                                             \
	}
SC_COMMAND_TABLE(BODY)

#define CASE(NAME, name, number, roles, modes, quorum, lane)                                                 \
	case number:                                                                                         \
		body_##name(body, &again);                                                                   \
		break;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	SC_CLEANUP(sc_writer) again = sc_writer_new(SC_WIRE_MESSAGE_MAX);
	SC_CLEANUP(sc_writer) message = sc_writer_new(SC_WIRE_MESSAGE_MAX);
	struct sc_wire_response_header header;
	struct sc_view body;

	if (sc_wire_response_read(sc_view_of(data, len), &header, &body, NULL) != SC_OK)
		return 0;
	sc_wire_response_header_write(&message, &header, body.len);
	sc_write_raw(&message, body);
	fuzz_holds(sc_view_equals(sc_view_of(data, len), sc_writer_view(&message)),
		   "a header has one encoding");
	switch (header.command) {
		SC_COMMAND_TABLE(CASE)
	default:
		break;
	}
	return 0;
}
