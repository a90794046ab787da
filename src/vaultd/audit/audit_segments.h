/*
 * The files of an audit log. The segment that is being written has the name that was configured, "audit.log".
 * Segments that have ended are beside it, named after the number of their first line: "audit.log.", and 20
 * digits, so that their names sort as their lines do. Nothing here writes.
 */
#ifndef SC_VAULTD_AUDIT_AUDIT_SEGMENTS_H
#define SC_VAULTD_AUDIT_AUDIT_SEGMENTS_H

#include <limits.h>

#include "base/file.h"

/* Where a log is. */
struct sc_audit_place {
	struct sc_dir dir;
	char name[NAME_MAX + 1]; /* of the segment that is being written */
};
#define SC_AUDIT_PLACE_NONE { .dir = SC_DIR_NONE }

/* Opens the directory of `path`. SC_ERR_NOT_FOUND, SC_ERR_ARGUMENT for a name that is too long. */
sc_status sc_audit_place_open(const char *path, struct sc_audit_place *out,
			      struct sc_error *err) SC_WARN_UNUSED;
void sc_audit_place_close(struct sc_audit_place *place);
SC_CLEANUP_VALUE(sc_audit_place, sc_audit_place_close)

/* The name of the segment that has ended and begins with line number `first`. */
void sc_audit_segment_name(const struct sc_audit_place *place, uint64_t first, char name[NAME_MAX + 1]);

/* The segments that have ended, in order: the numbers of their first lines, as their names say. */
struct sc_audit_segments {
	uint64_t *first;
	size_t count;
};

/* The caller frees *out. SC_ERR_SYSTEM if the directory cannot be listed to the end. */
sc_status sc_audit_segments_list(const struct sc_audit_place *place, struct sc_audit_segments *out,
				 struct sc_error *err) SC_WARN_UNUSED;
void sc_audit_segments_free(struct sc_audit_segments *segments);
SC_CLEANUP_VALUE(sc_audit_segments, sc_audit_segments_free)

#endif
