/* Lines of the audit log: see audit_line.h. */
#include "vaultd/audit/audit_line.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define FIELD_MAX 512 /* bytes of one text */

static const char *const results[] = { "allowed", "done", "refused", "failed" };
static const char *const kinds[] = { "decision", "refusals", "gap", "open", "close", "retention" };

#define KINDS (sizeof kinds / sizeof kinds[0])

/* -- texts ------------------------------------------------------------------------------------- */

/*
 * Text from clients may have any length and any bytes. Text that is not UTF-8 is replaced by a note, so that
 * a line can always be written.
 */
static json_t *text(const char *value)
{
	size_t len = value ? strnlen(value, FIELD_MAX) : 0;
	json_t *json;

	/* Do not cut a character in two: step back over its continuation bytes. */
	if (len == FIELD_MAX)
		while (len > 0 && ((unsigned char)value[len] & 0xc0) == 0x80)
			len--;
	json = json_stringn(len ? value : "", len);
	return json ? json : json_string("(not UTF-8)");
}

/* What a client says of itself: printable ASCII, and not much of it. */
static json_t *plain(const char *value)
{
	char shown[SC_AUDIT_PLAIN_MAX];
	size_t len = value ? strnlen(value, sizeof shown) : 0;

	for (size_t i = 0; i < len; i++)
		shown[i] = value[i];
	for (size_t i = 0; i < len; i++)
		if (shown[i] < ' ' || shown[i] > '~')
			shown[i] = '?';
	return json_stringn(shown, len);
}

/* -- contents ---------------------------------------------------------------------------------- */

/* Members keep the order in which they are set: JSON_PRESERVE_ORDER is jansson's default since 2.8. */
static json_t *entry_json(const struct sc_audit_entry *entry, const char *when)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o}", "time",
			 when, "kind", kinds[SC_AUDIT_DECISION], "request", text(entry->request),
			 "client_request", plain(entry->client_request), "address", plain(entry->address),
			 "application", plain(entry->application), "issuer", text(entry->issuer), "oid",
			 text(entry->oid), "operation", text(entry->operation), "tenant", text(entry->tenant),
			 "vault", text(entry->vault), "key", text(entry->key), "result",
			 results[entry->result], "reason", text(entry->reason));
}

static json_t *event_json(const struct sc_audit_event *event, const char *when)
{
	json_t *json = json_pack("{s:s, s:s}", "time", when, "kind", kinds[event->kind]);
	const struct {
		const char *name;
		const char *text;
	} texts[] = {
		{ "since", event->since },
		{ "until", event->until },
		{ "request", event->request },
		{ "reason", event->reason },
	};
	int failed = 0;

	if (event->address)
		failed |= json_object_set_new(json, "address", plain(event->address));
	if (event->is_count_unknown)
		failed |= json_object_set_new(json, "count", json_null());
	else if (event->count)
		failed |= json_object_set_new(json, "count", json_integer((json_int_t)event->count));
	if (event->without_token)
		failed |= json_object_set_new(json, "without_token",
					      json_integer((json_int_t)event->without_token));
	if (event->through)
		failed |= json_object_set_new(json, "through", json_integer((json_int_t)event->through));
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (texts[i].text)
			failed |= json_object_set_new(json, texts[i].name, text(texts[i].text));
	if (!failed)
		return json;
	json_decref(json);
	return NULL;
}

/* Releases the object. */
static sc_status write_content(json_t *json, struct sc_bytes *out, struct sc_error *err)
{
	char object[SC_AUDIT_CONTENT_MAX + 2]; /* with its braces */
	size_t len;

	SC_TRY(sc_check_allocated(json, err));
	len = json_dumpb(json, object, sizeof object, JSON_COMPACT);
	json_decref(json);
	SC_ENSURE(len > 2 && len <= sizeof object, err, SC_ERR_TOO_LARGE,
		  "audit: cannot write a line of %zu bytes", len);
	return sc_bytes_copy(sc_view_of(object + 1, len - 2), out, err);
}

sc_status sc_audit_line_of_entry(const struct sc_audit_entry *entry, int64_t now, struct sc_bytes *out,
				 struct sc_error *err)
{
	char when[SC_CLOCK_STAMP_SIZE];

	sc_clock_stamp(now, when);
	return write_content(entry_json(entry, when), out, err);
}

sc_status sc_audit_line_of_event(const struct sc_audit_event *event, int64_t now, struct sc_bytes *out,
				 struct sc_error *err)
{
	char when[SC_CLOCK_STAMP_SIZE];

	sc_clock_stamp(now, when);
	return write_content(event_json(event, when), out, err);
}

/* -- lines ------------------------------------------------------------------------------------- */

sc_status sc_audit_line_place(struct sc_view content, struct sc_audit_position *position, char *line,
			      size_t *len, struct sc_error *err)
{
	char prev[SC_HASH_SIZE * 2 + 1];
	struct sc_hash hash;
	int begin;
	int end;

	SC_ENSURE(content.len <= SC_AUDIT_CONTENT_MAX, err, SC_ERR_TOO_LARGE,
		  "audit: cannot write a line of %zu bytes", content.len);
	sc_hex(sc_hash_view(&position->prev), prev);
	begin = snprintf(line, SC_AUDIT_LINE_MAX, "{\"seq\":%" PRIu64 ",", position->seq);
	memcpy(line + begin, content.data, content.len);
	begin += (int)content.len;
	end = snprintf(line + begin, (size_t)(SC_AUDIT_LINE_MAX + 1 - begin), ",\"prev\":\"%s\"}", prev);
	SC_TRY(sc_audit_line_hash(sc_view_of(line, (size_t)(begin + end)), &hash, err));
	line[begin + end] = '\n';
	*len = (size_t)(begin + end) + 1;
	*position = (struct sc_audit_position){ position->seq + 1, hash };
	return SC_OK;
}

static enum sc_audit_kind kind_of(const char *name)
{
	for (size_t i = 0; name && i < KINDS; i++)
		if (strcmp(name, kinds[i]) == 0)
			return (enum sc_audit_kind)i;
	return SC_AUDIT_OTHER;
}

/* False if the JSON is not that of a line. */
static bool read_members(const json_t *json, struct sc_audit_line *out)
{
	const json_t *seq = json_object_get(json, "seq");
	const char *prev = json_string_value(json_object_get(json, "prev"));
	const char *time = json_string_value(json_object_get(json, "time"));
	json_int_t through = json_integer_value(json_object_get(json, "through"));

	if (!json_is_integer(seq) || json_integer_value(seq) <= 0 || !prev || !time ||
	    strlen(time) != sizeof out->time - 1 ||
	    !sc_hex_read(prev, out->position.prev.b, sizeof out->position.prev.b))
		return false;
	out->position.seq = (uint64_t)json_integer_value(seq);
	out->kind = kind_of(json_string_value(json_object_get(json, "kind")));
	out->through = through > 0 ? (uint64_t)through : 0;
	strcpy(out->time, time);
	return true;
}

sc_status sc_audit_line_read(struct sc_view line, struct sc_audit_line *out, struct sc_error *err)
{
	json_t *json = json_loadb((const char *)line.data, line.len, JSON_REJECT_DUPLICATES, NULL);
	struct sc_audit_line read = { 0 };
	bool ok = read_members(json, &read);

	json_decref(json);
	SC_ENSURE(ok, err, SC_ERR_INTEGRITY, "not an audit line");
	*out = read;
	return SC_OK;
}

sc_status sc_audit_line_hash(struct sc_view line, struct sc_hash *out, struct sc_error *err)
{
	return sc_hash_parts("safeconduct audit line 1", &line, 1, out, err);
}
