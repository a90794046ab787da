/* Headers, and the codecs generated from the command table: see message.h. */
#include "wire/message.h"

#include "base/big_endian.h"

#define COMMAND_ROW(NAME, name, number, roles, modes, quorum, lane)                                          \
	{ SC_COMMAND_##NAME, #name, (roles), (modes), (quorum), (lane) },
static const struct sc_command_info table[] = { SC_COMMAND_TABLE(COMMAND_ROW) };
#define TABLE_SIZE (sizeof table / sizeof table[0])

const struct sc_command_info *sc_command_find(uint32_t number)
{
	for (size_t i = 0; i < TABLE_SIZE; i++)
		if ((uint32_t)table[i].command == number)
			return &table[i];
	return NULL;
}

bool sc_wire_is_module_failure(sc_status status)
{
	return status == SC_ERR_NOT_LOADED || status == SC_ERR_MODULE_FULL || status == SC_ERR_SYSTEM ||
	       status == SC_ERR_CRYPTO;
}

const struct sc_command_info *sc_command_all(size_t *count)
{
	*count = TABLE_SIZE;
	return table;
}

/* -- headers ----------------------------------------------------------------------------------- */

static void write_start(struct sc_writer *writer, uint16_t command, uint64_t id)
{
	sc_write_u32(writer, SC_WIRE_MESSAGE_MAGIC);
	sc_write_u16(writer, SC_PROTOCOL_VERSION);
	sc_write_u16(writer, command);
	sc_write_u64(writer, id);
}

void sc_wire_request_header_write(struct sc_writer *writer, const struct sc_wire_request_header *header,
				  size_t body)
{
	write_start(writer, header->command, header->id);
	sc_write_u64(writer, header->authority);
	sc_write_u32(writer, (uint32_t)body);
}

void sc_wire_response_header_write(struct sc_writer *writer, const struct sc_wire_response_header *header,
				   size_t body)
{
	write_start(writer, header->command, header->id);
	sc_write_u32(writer, (uint32_t)header->status);
	for (size_t i = 0; i < SC_ERROR_NUMBERS; i++)
		sc_write_u64(writer, header->numbers[i]);
	sc_write_u32(writer, (uint32_t)body);
}

/* Magic number and version; false if the peer speaks another protocol or version. */
static bool read_start(struct sc_reader *reader, uint16_t *command, uint64_t *id)
{
	uint32_t magic = sc_read_u32(reader);
	uint16_t version = sc_read_u16(reader);

	*command = sc_read_u16(reader);
	*id = sc_read_u64(reader);
	return magic == SC_WIRE_MESSAGE_MAGIC && version == SC_PROTOCOL_VERSION;
}

/* The length, and exactly that many bytes up to the end of the message. */
static bool read_body(struct sc_reader *reader, struct sc_view *body)
{
	*body = sc_read_bytes(reader, SC_WIRE_BODY_MAX);
	return sc_reader_is_done(reader);
}

sc_status sc_wire_request_read(struct sc_view message, struct sc_wire_request_header *header,
			       struct sc_view *body, struct sc_error *err)
{
	struct sc_reader reader = sc_reader_of(message);
	struct sc_wire_request_header fields = { 0 };
	struct sc_view rest;
	bool ok = read_start(&reader, &fields.command, &fields.id);

	fields.authority = sc_read_u64(&reader);
	SC_ENSURE(read_body(&reader, &rest) && ok, err, SC_ERR_PROTOCOL,
		  "not a request of module protocol version %d", SC_PROTOCOL_VERSION);
	*header = fields;
	*body = rest;
	return SC_OK;
}

sc_status sc_wire_response_read(struct sc_view message, struct sc_wire_response_header *header,
				struct sc_view *body, struct sc_error *err)
{
	struct sc_reader reader = sc_reader_of(message);
	struct sc_wire_response_header fields = { 0 };
	struct sc_view rest;
	bool ok = read_start(&reader, &fields.command, &fields.id);
	uint32_t status = sc_read_u32(&reader);

	for (size_t i = 0; i < SC_ERROR_NUMBERS; i++)
		fields.numbers[i] = sc_read_u64(&reader);
	SC_ENSURE(read_body(&reader, &rest) && ok && sc_status_is_known(status), err, SC_ERR_PROTOCOL,
		  "not an answer of module protocol version %d", SC_PROTOCOL_VERSION);
	fields.status = (sc_status)status;
	*header = fields;
	*body = rest;
	return SC_OK;
}

/* -- fields ------------------------------------------------------------------------------------ */

static struct sc_views read_list(struct sc_reader *reader, size_t max)
{
	struct sc_views list = { 0 };
	uint32_t count = sc_read_u32(reader);

	if (count > SC_WIRE_LIST_MAX)
		reader->failed = true;
	for (uint32_t i = 0; !reader->failed && i < count; i++)
		list.item[list.count++] = sc_read_bytes(reader, max);
	return list;
}

static void write_list(struct sc_writer *writer, const struct sc_views *list, size_t max)
{
	if (list->count > SC_WIRE_LIST_MAX) {
		writer->failed = true;
		return;
	}
	sc_write_u32(writer, list->count);
	for (uint32_t i = 0; i < list->count; i++)
		sc_write_bytes(writer, list->item[i], max);
}

#define WRITE_u32(field, max)         sc_write_u32(writer, value->field)
#define WRITE_u64(field, max)         sc_write_u64(writer, value->field)
#define WRITE_hash(field, max)        sc_write_hash(writer, &value->field)
#define WRITE_bytes(field, max)       sc_write_bytes(writer, value->field, max)
#define WRITE_list(field, max)        write_list(writer, &value->field, max)
#define WRITE_FIELD(kind, field, max) WRITE_##kind(field, max);

#define READ_u32(max)                sc_read_u32(&reader)
#define READ_u64(max)                sc_read_u64(&reader)
#define READ_hash(max)               sc_read_hash(&reader)
#define READ_bytes(max)              sc_read_bytes(&reader, max)
#define READ_list(max)               read_list(&reader, max)
#define READ_FIELD(kind, field, max) fields.field = READ_##kind(max);

#define CODEC(type, FIELDS)                                                                                  \
	void type##_write(struct sc_writer *writer, const struct type *value)                                \
	{                                                                                                    \
		(void)writer, (void)value;                                                                   \
		FIELDS(WRITE_FIELD)                                                                          \
	}                                                                                                    \
	sc_status type##_read(struct sc_view body, struct type *out)                                         \
	{                                                                                                    \
		struct sc_reader reader = sc_reader_of(body);                                                \
		struct type fields = {};                                                                     \
                                                                                                             \
		FIELDS(READ_FIELD)                                                                           \
		if (!sc_reader_is_done(&reader))                                                             \
			return SC_ERR_ENCODING;                                                              \
		*out = fields;                                                                               \
		return SC_OK;                                                                                \
	}

#define CODECS(NAME, name, number, roles, modes, quorum, lane)                                               \
	CODEC(sc_##name##_request, SC_##NAME##_REQUEST)                                                      \
	CODEC(sc_##name##_response, SC_##NAME##_RESPONSE)
SC_COMMAND_TABLE(CODECS)

sc_status sc_wire_authority_digest(uint32_t command, struct sc_view body, struct sc_hash *out,
				   struct sc_error *err)
{
	/* Two numbers of 16 bits: the protocol's version and the command. */
	struct sc_big_endian32 fixed =
	    sc_big_endian32_of((uint32_t)SC_PROTOCOL_VERSION << 16 | (command & 0xffff));
	struct sc_view parts[] = { sc_big_endian32_view(&fixed), body };

	return sc_hash_parts("safeconduct quorum 1", parts, 2, out, err);
}
