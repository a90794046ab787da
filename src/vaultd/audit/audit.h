/*
 * The audit log: one JSON line a decision and one for what came of it, each carrying the hash of the line
 * before it, so that an edited, removed or exchanged line shows (DESIGN section 8; checkpoints by the module,
 * which also show a lost tail, come on top of this).
 *
 * One thread writes. Uses of keys are grouped and on disk within a second; whoever changes something waits
 * until its line is synced (rule P8). Lines that cannot be written wait in a bounded buffer, and when that is
 * full, or a sync has failed (rule P2), there is nothing left to do but to refuse.
 *
 *   {"seq":7,"time":"2026-11-24T10:45:20Z","request":"…","issuer":"…","oid":"…","operation":"keys/decrypt",
 *    "tenant":"…","vault":"…","key":"name/version","result":"done","reason":"","prev":"<64 hex digits>"}
 */
#ifndef SC_VAULTD_AUDIT_AUDIT_H
#define SC_VAULTD_AUDIT_AUDIT_H

#include "base/bytes.h"

struct sc_audit;

enum sc_audit_result {
	SC_AUDIT_ALLOWED, /* a change is about to be tried; how it ended is a line of its own */
	SC_AUDIT_DONE,    /* allowed, and done */
	SC_AUDIT_REFUSED, /* not allowed: nothing was tried */
	SC_AUDIT_FAILED,  /* allowed, and not done */
};

/* What a line says; texts that do not apply are NULL or "". Never a secret, never what a key worked on. */
struct sc_audit_entry {
	const char *request; /* the id that the answer's x-ms-request-id has */
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
 * Opens the log, made where missing, and goes on from its last line; a line cut off by a crash is removed,
 * and a line of our own says so. SC_ERR_LOCKED where another process writes it, SC_ERR_INTEGRITY where its
 * last line is none of ours. Starts the writing thread; the caller frees *out.
 */
sc_status sc_audit_open(const char *path, struct sc_audit **out, struct sc_error *err) SC_WARN_UNUSED;

/* Writes what is waiting, and ends. NULL is allowed. */
void sc_audit_free(struct sc_audit *audit);
SC_CLEANUP_POINTER(sc_audit, struct sc_audit, sc_audit_free)

/* Adds a line, on disk within a second; never waits for the disk. SC_ERR_NOT_DURABLE where it cannot be kept.
 */
sc_status sc_audit_note(struct sc_audit *audit, const struct sc_audit_entry *entry,
			struct sc_error *err) SC_WARN_UNUSED;

/* Adds a line and waits until it is synced. SC_ERR_NOT_DURABLE otherwise. Not for an HTTP thread. */
sc_status sc_audit_sync(struct sc_audit *audit, const struct sc_audit_entry *entry,
			struct sc_error *err) SC_WARN_UNUSED;

/*
 * Reads a whole log and checks every line's place in the chain. SC_ERR_INTEGRITY naming the first line that
 * does not belong; *lines (may be NULL) is how many do.
 */
sc_status sc_audit_verify(const char *path, uint64_t *lines, struct sc_error *err) SC_WARN_UNUSED;

#endif
