/* Lines of the audit log: see audit_line.h. */
#include "vaultd/audit/audit_line.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define FIELD_MAX 512 /* bytes of one text */

static const char *const results[] = { "allowed", "done", "refused", "failed" };

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

/* Members keep the order in which they are set: JSON_PRESERVE_ORDER is jansson's default since 2.8. */
static json_t *line_json(const struct sc_audit_entry *entry, const struct sc_audit_position *position,
			 int64_t now)
{
	char when[SC_CLOCK_STAMP_SIZE];
	char prev[SC_HASH_SIZE * 2 + 1];

	sc_clock_stamp(now, when);
	sc_hex(sc_hash_view(&position->prev), prev);
	return json_pack("{s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:s}", "seq",
			 (json_int_t)position->seq, "time", when, "request", text(entry->request), "issuer",
			 text(entry->issuer), "oid", text(entry->oid), "operation", text(entry->operation),
			 "tenant", text(entry->tenant), "vault", text(entry->vault), "key", text(entry->key),
			 "result", results[entry->result], "reason", text(entry->reason), "prev", prev);
}

sc_status sc_audit_line_write(const struct sc_audit_entry *entry, const struct sc_audit_position *position,
			      int64_t now, struct sc_bytes *out, struct sc_error *err)
{
	json_t *json = line_json(entry, position, now);
	SC_CLEANUP(sc_bytes) line = { 0 };
	size_t len;
	sc_status status;

	SC_TRY(sc_check_allocated(json, err));
	status = sc_bytes_new(SC_AUDIT_LINE_MAX, &line, err);
	len = status == SC_OK ? json_dumpb(json, (char *)line.data, line.len, JSON_COMPACT) : 0;
	json_decref(json);
	SC_TRY(status);
	SC_ENSURE(len > 0 && len <= SC_AUDIT_LINE_MAX, err, SC_ERR_TOO_LARGE,
		  "audit: cannot write a line of %zu bytes", len);
	line.len = len;
	*out = sc_steal(line);
	return SC_OK;
}

sc_status sc_audit_line_position(struct sc_view line, struct sc_audit_position *out, struct sc_error *err)
{
	json_t *json = json_loadb((const char *)line.data, line.len, JSON_REJECT_DUPLICATES, NULL);
	json_t *seq = json_object_get(json, "seq");
	const char *prev = json_string_value(json_object_get(json, "prev"));
	struct sc_audit_position position = { 0 };
	bool ok = json_is_integer(seq) && json_integer_value(seq) > 0 && prev &&
		  sc_hex_read(prev, position.prev.b, sizeof position.prev.b);

	if (ok)
		position.seq = (uint64_t)json_integer_value(seq);
	json_decref(json);
	SC_ENSURE(ok, err, SC_ERR_INTEGRITY, "not an audit line");
	*out = position;
	return SC_OK;
}

sc_status sc_audit_line_hash(struct sc_view line, struct sc_hash *out, struct sc_error *err)
{
	return sc_hash_parts("safeconduct audit line 1", &line, 1, out, err);
}
