/*
 * One line of the audit log: how it is written, read and hashed. A line is made in two steps. Its content is
 * made when something happens, with the time of that. Its place in the chain is added when it is written.
 */
#ifndef SC_VAULTD_AUDIT_AUDIT_LINE_H
#define SC_VAULTD_AUDIT_AUDIT_LINE_H

#include "base/clock.h"
#include "vaultd/audit/audit.h"

/* Bytes without the newline: seven texts of 512 bytes, each byte escaped to six, and the rest. */
#define SC_AUDIT_LINE_MAX 24576
/* Bytes of the content: a line without its number and its hash. */
#define SC_AUDIT_CONTENT_MAX (SC_AUDIT_LINE_MAX - 128)

enum sc_audit_kind {
	SC_AUDIT_DECISION,
	SC_AUDIT_REFUSALS,
	SC_AUDIT_GAP,
	SC_AUDIT_OPEN,
	SC_AUDIT_CLOSE,
	SC_AUDIT_RETENTION,
	SC_AUDIT_OTHER, /* of another version, which has no kinds or more of them */
};

/*
 * A line's place in the chain: its number, counted from 1, and the hash of the line before it (zero for the
 * first).
 */
struct sc_audit_position {
	uint64_t seq;
	struct sc_hash prev;
};

/* The content of a line that is not a decision. What does not apply is zero, and is not written. */
struct sc_audit_event {
	enum sc_audit_kind kind;
	const char *address;
	uint64_t count;
	bool is_count_unknown;
	uint64_t without_token;
	const char *since; /* as sc_clock_stamp() writes it */
	const char *until;
	uint64_t through;
	const char *request;
	const char *reason;
};

/*
 * The content of a line: its members as JSON, without braces and place. Texts longer than 512 bytes are cut.
 * The caller frees *out. SC_ERR_MEMORY, SC_ERR_TOO_LARGE.
 */
sc_status sc_audit_line_of_entry(const struct sc_audit_entry *entry, int64_t now, struct sc_bytes *out,
				 struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_audit_line_of_event(const struct sc_audit_event *event, int64_t now, struct sc_bytes *out,
				 struct sc_error *err) SC_WARN_UNUSED;

/*
 * Writes the line with this content in that place, and its newline, to `line`, which has SC_AUDIT_LINE_MAX +
 * 1 bytes. *position becomes that of the next line. SC_ERR_CRYPTO.
 */
sc_status sc_audit_line_place(struct sc_view content, struct sc_audit_position *position, char *line,
			      size_t *len, struct sc_error *err) SC_WARN_UNUSED;

/* What is read of a line. */
struct sc_audit_line {
	struct sc_audit_position position;
	enum sc_audit_kind kind;
	char time[SC_CLOCK_STAMP_SIZE];
	uint64_t through; /* of a retention */
};

/* Reads a line, without its newline. SC_ERR_INTEGRITY if it is not an audit line. */
sc_status sc_audit_line_read(struct sc_view line, struct sc_audit_line *out,
			     struct sc_error *err) SC_WARN_UNUSED;

/* The "prev" of the next line: SHA-256("safeconduct audit line 1" ‖ 0 ‖ the line without its newline). */
sc_status sc_audit_line_hash(struct sc_view line, struct sc_hash *out, struct sc_error *err) SC_WARN_UNUSED;

#endif
