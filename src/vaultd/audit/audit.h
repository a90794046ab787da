/*
 * The audit log: a chain of lines of JSON. A change has two lines: one before it begins and one for its
 * outcome. Every other decision has one. Each line carries the hash of the line before it, so that an edited,
 * removed or moved line is found (I9). Lines cut off the end are not found; checkpoints by the module will
 * show those.
 *
 * A single thread writes. Uses of keys are grouped and on disk within a second where the disk keeps up; a
 * change waits until its line is synced (rule P8). Lines that cannot be written wait in a bounded buffer, of
 * which a part is reserved for the outcomes of changes. Refusals stop at half of the rest. Once the oldest
 * waiting line is two seconds old, uses are refused. Once a sync has failed (rule P2), everything is.
 *
 * Refusals of callers without a valid token are not in that buffer. They are counted in a table of fixed
 * size, and become one line per address and minute (audit_refusals.h).
 *
 * The log is cut into segments (audit_segments.h), with the chain across them. A segment ends when it is
 * large enough and with the day (UTC); one whose last line is older than the retention is removed.
 *
 * Each line has a number, a time, a kind and the hash of the line before it:
 *
 *   {"seq":7,"time":"2026-11-24T10:45:20Z","kind":"decision",…,"prev":"<64 hex digits>"}
 *
 *   decision   "request", "client_request", "address", "application", "issuer", "oid", "operation", "tenant",
 *              "vault", "key", "result", "reason": see struct sc_audit_entry
 *   refusals   "address", "count", "without_token" (of the count; missing if 0), "since", "until", "request",
 *              "reason": of callers without a valid token. The last two are those of the first that had a
 *              token, or else of the first
 *   gap        "count" (null: unknown), "since", "until", "reason": decisions that have no line, and refusals
 *              that no line counts
 *   open       "reason": the log was opened
 *   close      the log was closed in good order
 *   retention  "through": the lines up to this number were old enough to be removed
 */
#ifndef SC_VAULTD_AUDIT_AUDIT_H
#define SC_VAULTD_AUDIT_AUDIT_H

#include "base/digest.h"

struct sc_audit;

enum sc_audit_result {
	SC_AUDIT_ALLOWED, /* a change is about to be tried; a second line records its outcome */
	SC_AUDIT_DONE,    /* allowed and done */
	SC_AUDIT_REFUSED, /* not allowed; nothing was tried */
	SC_AUDIT_FAILED,  /* allowed, but not done */
};

#define SC_AUDIT_PLAIN_MAX 128 /* characters of what the client says of itself */

/*
 * The contents of a decision's line. Texts that do not apply are NULL or "". Never a secret, and never the
 * data that a key was used on. The three texts of the client are personal data. They are written as printable
 * ASCII, at most SC_AUDIT_PLAIN_MAX characters each; any other byte becomes "?".
 */
struct sc_audit_entry {
	const char *request;        /* the id in the answer's x-ms-request-id */
	const char *client_request; /* the client's own id for the request */
	const char *address;        /* the client's */
	const char *application;    /* by which the caller signed in */
	const char *issuer;         /* a principal is the pair (issuer, object id) */
	const char *oid;
	const char *operation; /* "keys/decrypt", "vaults/write" */
	const char *tenant;
	const char *vault; /* a vault's name, or the path of another resource */
	const char *key;   /* "name/version" */
	enum sc_audit_result result;
	const char *reason;
};

/* All are borrowed, and copied. */
struct sc_audit_settings {
	const char *path;        /* of the segment that is being written */
	uint64_t segment_bytes;  /* a segment that has so many bytes ends; 0: only the day ends it */
	unsigned retention_days; /* 0: nothing is removed */
};

/*
 * Opens the log, continues after its last line, and starts the writing thread. Creates the file (mode 0640)
 * if it does not exist. If a crash cut off the last line, removes that line and says so in the line of the
 * opening. If the log was not closed in good order, adds a line that marks the gap. The caller frees *out.
 * SC_ERR_LOCKED if another process has the log open, SC_ERR_INTEGRITY if the last line is not an audit line.
 */
sc_status sc_audit_open(const struct sc_audit_settings *settings, struct sc_audit **out,
			struct sc_error *err) SC_WARN_UNUSED;

/*
 * Writes the waiting lines, ends the thread and closes the log. If the disk does not take the lines, tries
 * once to write a line that says how many decisions and refusals are missing. NULL is allowed.
 */
void sc_audit_free(struct sc_audit *audit);
SC_CLEANUP_POINTER(sc_audit, struct sc_audit, sc_audit_free)

/*
 * Call this before a use begins. Never waits. SC_ERR_NOT_DURABLE if the oldest waiting line is two seconds
 * old, or the log cannot be written: the use must not be made.
 */
sc_status sc_audit_check(struct sc_audit *audit, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Adds a line, which is on disk within a second. Never waits for the disk. SC_ERR_NOT_DURABLE if the line
 * cannot be kept, or by now sc_audit_check() would fail: answer with that and nothing else. What was done is
 * kept even then, if there is room; what was refused is not. SC_ERR_MEMORY. What is not kept is in the next
 * gap's count.
 */
sc_status sc_audit_note(struct sc_audit *audit, const struct sc_audit_entry *entry,
			struct sc_error *err) SC_WARN_UNUSED;

/*
 * Adds a line and waits until it is synced. Not for HTTP threads. SC_ERR_NOT_DURABLE if a write with this
 * line fails; SC_ERR_MEMORY.
 */
sc_status sc_audit_sync(struct sc_audit *audit, const struct sc_audit_entry *entry,
			struct sc_error *err) SC_WARN_UNUSED;

/*
 * Counts a refusal of a caller without a valid token, by the client's address. Never waits and never fails.
 * The request's id and the reason, which is NULL if there was no token, may become those of the line.
 */
void sc_audit_count_refusal(struct sc_audit *audit, const char *address, const char *request,
			    const char *reason);

/* What sc_audit_verify() found in a log that is whole. */
struct sc_audit_report {
	uint64_t first; /* number of the first line that is left; greater than 1 after a retention */
	uint64_t last;  /* 0: there is no line */
	uint64_t gaps;  /* lines that mark a gap */
	size_t segments;
	struct sc_hash hash; /* of the last line */
};

/*
 * Reads a whole log, all segments of it, and checks every line's place in the chain, and that no lines are
 * missing at the beginning but those that a line of kind "retention" names. `path` is that of the segment
 * that is being written; it may be missing if there are others. *report (may be NULL) is set on success.
 * SC_ERR_INTEGRITY with the segment and the number of the first line that does not belong; SC_ERR_NOT_FOUND
 * if there is no log; SC_ERR_BUSY if its files change so often that nothing can be said.
 */
sc_status sc_audit_verify(const char *path, struct sc_audit_report *report,
			  struct sc_error *err) SC_WARN_UNUSED;

#endif
