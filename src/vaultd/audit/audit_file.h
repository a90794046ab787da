/*
 * The files of an audit log, as its writer sees them: the segment that is being written, its cut, and the
 * removal of old segments. Lines are written in groups, each of which is on disk as a whole or not at all.
 * One thread at a time; there is no lock here but the one against other processes.
 *
 * A cut renames the segment and creates the next one, both synced before a line goes there. A crash between
 * the two leaves no segment under the configured name. The next opening then continues after the last line of
 * the newest segment that has ended. Every line that was acknowledged is in one of them.
 */
#ifndef SC_VAULTD_AUDIT_AUDIT_FILE_H
#define SC_VAULTD_AUDIT_AUDIT_FILE_H

#include "vaultd/audit/audit_line.h"
#include "vaultd/audit/audit_segments.h"

#define SC_AUDIT_DAY_SIZE 11 /* "2026-11-24" */

struct sc_audit_file {
	struct sc_audit_place place;
	char path[PATH_MAX];           /* for messages */
	int lock;                      /* -1: none */
	int fd;                        /* of the segment that is being written; -1: none */
	off_t end;                     /* of its lines that are synced */
	uint64_t first;                /* number of its first line, or of the next line if it has none */
	char day[SC_AUDIT_DAY_SIZE];   /* of its first line; "" if it has none */
	struct sc_audit_position next; /* of the next line */
	uint64_t segment_bytes;        /* see struct sc_audit_settings */
	unsigned retention_days;
	int64_t cuts_from; /* sc_clock_monotonic: after a cut that failed, when the next may be tried */
	char *staged;      /* lines of a group that are not written yet */
};

/* How the log ended before it was opened. */
struct sc_audit_ending {
	bool is_cut;                    /* a line that a crash cut off was removed */
	bool is_open;                   /* it was not closed in good order */
	char time[SC_CLOCK_STAMP_SIZE]; /* of its last line; "" if it had none */
};

/*
 * Opens the log and locks it against other processes. *file must be closed even after a failure.
 * SC_ERR_LOCKED; SC_ERR_INTEGRITY if the last line is not an audit line.
 */
sc_status sc_audit_file_open(const struct sc_audit_settings *settings, struct sc_audit_file *file,
			     struct sc_audit_ending *ending, struct sc_error *err) SC_WARN_UNUSED;
void sc_audit_file_close(struct sc_audit_file *file);

enum sc_audit_outcome {
	SC_AUDIT_WRITTEN,    /* and synced */
	SC_AUDIT_TAKEN_BACK, /* the files are as they were */
	SC_AUDIT_BROKEN,     /* it is uncertain what is on disk: nothing more may be written (rule P2) */
};

/* A group of lines on its way to the disk. */
struct sc_audit_group {
	struct sc_audit_file *file;
	struct sc_audit_position next;
	off_t at;
	size_t staged;
	int failed; /* errno; 0: nothing has failed */
};

void sc_audit_group_begin(struct sc_audit_file *file, struct sc_audit_group *group);
void sc_audit_group_add(struct sc_audit_group *group, struct sc_view content);
/* Adds a line that is not a decision. */
void sc_audit_group_add_event(struct sc_audit_group *group, const struct sc_audit_event *event);
/*
 * Writes and syncs the rest. errno says why the group was taken back; why the log is broken is logged here.
 */
enum sc_audit_outcome sc_audit_group_end(struct sc_audit_group *group);

/*
 * Ends the segment if it is large enough or of another day than `now`, and begins the next one. A failure is
 * logged; if it changed nothing, the segment goes on.
 */
enum sc_audit_outcome sc_audit_file_cut(struct sc_audit_file *file, int64_t now);

/*
 * The number of the last line that is old enough at `now` to be removed with its segment; 0: there is none,
 * or the segments cannot be listed. One that cannot be read is as old as the next one. Removal: log that
 * number first.
 */
uint64_t sc_audit_file_find_old(const struct sc_audit_file *file, int64_t now);
void sc_audit_file_remove_old(const struct sc_audit_file *file, uint64_t through);

#endif
