/*
 * The audit log, one line of JSON per entry. A change has two lines: one before it begins and one for its
 * outcome. Everything else has one. Each line carries the hash of the line before it, so that an edited,
 * removed or moved line is found (I9). Lines cut off the end are not found; checkpoints by the module will
 * show those.
 *
 * A single thread writes. Uses of keys are grouped and on disk within a second; a change waits until its line
 * is synced (rule P8). Lines that cannot be written wait in a bounded buffer. Once that is full, or a sync
 * has failed (rule P2), no more lines are accepted and the requests are refused.
 *
 *   {"seq":7,"time":"2026-11-24T10:45:20Z","request":"…","issuer":"…","oid":"…","operation":"keys/decrypt",
 *    "tenant":"…","vault":"…","key":"name/version","result":"done","reason":"","prev":"<64 hex digits>"}
 */
#ifndef SC_VAULTD_AUDIT_AUDIT_H
#define SC_VAULTD_AUDIT_AUDIT_H

#include "base/bytes.h"

struct sc_audit;

enum sc_audit_result {
	SC_AUDIT_ALLOWED, /* a change is about to be tried; a second line records its outcome */
	SC_AUDIT_DONE,    /* allowed and done */
	SC_AUDIT_REFUSED, /* not allowed; nothing was tried */
	SC_AUDIT_FAILED,  /* allowed, but not done */
};

/*
 * The contents of a line. Texts that do not apply are NULL or "". Never a secret, and never the data that a
 * key was used on.
 */
struct sc_audit_entry {
	const char *request; /* the id in the answer's x-ms-request-id */
	const char *issuer;  /* a principal is the pair (issuer, object id) */
	const char *oid;
	const char *operation; /* "keys/decrypt", "vaults/write" */
	const char *tenant;
	const char *vault; /* a vault's name, or the path of another resource */
	const char *key;   /* "name/version" */
	enum sc_audit_result result;
	const char *reason;
};

/*
 * Opens the log, continues after its last line, and starts the writing thread. Creates the file if it does
 * not exist. If a crash cut off the last line, removes that line and adds one that says so. The caller frees
 * *out. SC_ERR_LOCKED if another process has the log open, SC_ERR_INTEGRITY if the last line is not an audit
 * line.
 */
sc_status sc_audit_open(const char *path, struct sc_audit **out, struct sc_error *err) SC_WARN_UNUSED;

/* Writes the waiting lines, ends the thread and closes the log. NULL is allowed. */
void sc_audit_free(struct sc_audit *audit);
SC_CLEANUP_POINTER(sc_audit, struct sc_audit, sc_audit_free)

/*
 * Adds a line, which is on disk within a second. Never waits for the disk. SC_ERR_NOT_DURABLE if the line
 * cannot be kept.
 */
sc_status sc_audit_note(struct sc_audit *audit, const struct sc_audit_entry *entry,
			struct sc_error *err) SC_WARN_UNUSED;

/* Adds a line and waits until it is synced. Not for HTTP threads. SC_ERR_NOT_DURABLE if that fails. */
sc_status sc_audit_sync(struct sc_audit *audit, const struct sc_audit_entry *entry,
			struct sc_error *err) SC_WARN_UNUSED;

/*
 * Reads a whole log and checks every line's place in the chain. *lines (may be NULL) is set to the number of
 * lines. SC_ERR_INTEGRITY with the number of the first line that does not belong.
 */
sc_status sc_audit_verify(const char *path, uint64_t *lines, struct sc_error *err) SC_WARN_UNUSED;

#endif
