/*
 * The BYOK toolset of a region, KeyVault-BYOK-Tools-Europe.zip (article step 1.3): the two packages, the
 * script that verifies them, KeyTransferRemote and a README. The same input gives the same bytes, no matter
 * who builds it, where or when, so anyone can compute the published hash again.
 */
#ifndef SC_BYOK_TOOLSET_H
#define SC_BYOK_TOOLSET_H

#include "base/digest.h"

/* One file of an archive. */
struct sc_byok_archive_file {
	const char *name;
	struct sc_view content;
	bool is_program; /* 0755, else 0644 */
};

/*
 * A zip archive of the files, sorted by name and stored uncompressed. Every file has the given time (UTC,
 * rounded down to two seconds; times before 1980, the earliest that zip can express, become 1980).
 * SC_ERR_ARGUMENT for a time after 2107.
 */
sc_status sc_byok_archive_make(const struct sc_byok_archive_file *files, size_t count, int64_t time,
			       struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

/* The time of a toolset's files: SOURCE_DATE_EPOCH if set, else 1980-01-01. SC_ERR_ARGUMENT. */
sc_status sc_byok_archive_time(int64_t *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * The verifying script with the root's hash filled in, grouped as in the article: its one line that begins
 * with `ROOT_KEY_HASH = ` becomes `ROOT_KEY_HASH = "59178a47 …"`. SC_ERR_FORMAT unless there is exactly one.
 */
sc_status sc_byok_toolset_script(struct sc_view script, const struct sc_hash *root, struct sc_bytes *out,
				 struct sc_error *err) SC_WARN_UNUSED;

/* Files of a toolset, under the names that the article gives them. */
#define SC_BYOK_SCRIPT_NAME  "verifykeypackage.py"
#define SC_BYOK_PROGRAM_NAME "KeyTransferRemote"

/* What goes into a toolset. The views are borrowed. */
struct sc_byok_toolset {
	const char *region; /* code */
	struct sc_hash root;
	struct sc_view kek_package;
	struct sc_view world_package;
	struct sc_view script; /* as it is installed */
	struct sc_view program;
	int64_t time;
};

#define SC_BYOK_TOOLSET_NAME_SIZE 64

/* "KeyVault-BYOK-Tools-Europe.zip". A region outside the table is named by its code. */
void sc_byok_toolset_name(const char *region, char name[SC_BYOK_TOOLSET_NAME_SIZE]);

/* The archive's bytes. SC_ERR_ARGUMENT, SC_ERR_FORMAT. */
sc_status sc_byok_toolset_make(const struct sc_byok_toolset *toolset, struct sc_bytes *out,
			       struct sc_error *err) SC_WARN_UNUSED;

#endif
