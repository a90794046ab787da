/* One line of the audit log: how it is written, read and hashed. */
#ifndef SC_VAULTD_AUDIT_AUDIT_LINE_H
#define SC_VAULTD_AUDIT_AUDIT_LINE_H

#include "base/digest.h"
#include "vaultd/audit/audit.h"

/* Bytes without the newline: seven texts of 512 bytes, each byte escaped to six, and the rest. */
#define SC_AUDIT_LINE_MAX 24576

/*
 * A line's place in the chain: its number, counted from 1, and the hash of the line before it (zero for the
 * first).
 */
struct sc_audit_position {
	uint64_t seq;
	struct sc_hash prev;
};

/*
 * Writes a line, without its newline. Texts longer than 512 bytes are cut. The caller frees *out.
 * SC_ERR_MEMORY, SC_ERR_TOO_LARGE.
 */
sc_status sc_audit_line_write(const struct sc_audit_entry *entry, const struct sc_audit_position *position,
			      int64_t now, struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

/* Reads a line's place. SC_ERR_INTEGRITY if it is not an audit line. */
sc_status sc_audit_line_position(struct sc_view line, struct sc_audit_position *out,
				 struct sc_error *err) SC_WARN_UNUSED;

/* The "prev" of the next line: SHA-256("safeconduct audit line 1" ‖ 0 ‖ the line without its newline). */
sc_status sc_audit_line_hash(struct sc_view line, struct sc_hash *out, struct sc_error *err) SC_WARN_UNUSED;

#endif
