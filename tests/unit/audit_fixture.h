/* An audit log in a directory of its own, for the programs that test it. */
#ifndef AUDIT_FIXTURE_H
#define AUDIT_FIXTURE_H

#include "../support/test.h"

#include "base/file.h"
#include "vaultd/audit/audit.h"

extern char audit_directory[];

/* What audit_open() opens. audit_clear() sets it back to one segment that is kept. */
extern struct sc_audit_settings audit_settings;

extern const struct sc_audit_entry audit_decrypted;

/* For cmocka: make the directory, remove it, and empty it after a test. */
int audit_make_directory(void **state);
int audit_remove_directory(void **state);
int audit_clear(void **state);

sc_status audit_open(struct sc_audit **out, struct sc_error *err);

/* Opens the log, adds so many decisions, each synced, and closes it. */
void audit_write(unsigned count);

/* A file of the log by its name, "audit.log" or a segment's. */
void audit_read(const char *name, struct sc_bytes *out);
void audit_replace(const char *name, struct sc_view content);
void audit_remove(const char *name);
/* Flips the lowest bit of a byte. */
void audit_flip(const char *name, size_t at);

/* For a table of calls that fail: only the log's files, not the event that wakes its writing thread. */
bool audit_is_file(int fd);

/* The files of the log, in order of their lines; the last one is "audit.log" if that exists. */
#define AUDIT_FILES_MAX 64
struct audit_files {
	char name[AUDIT_FILES_MAX][64];
	size_t count;
};
void audit_list(struct audit_files *files);

/* How often a text occurs in all files of the log. */
uint64_t audit_occurrences(const char *text);

/* Verifies the log, which must be whole. */
struct sc_audit_report audit_report(void);

#endif
