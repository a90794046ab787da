/* Checks an audit log: see audit.h. Shares only the format of a line with the writer. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "vaultd/audit/audit_line.h"

static void file_close(FILE **file)
{
	if (*file)
		(void)fclose(*file);
}

static void text_free(char **text)
{
	free(*text);
}

static sc_status check_line(struct sc_view line, const struct sc_audit_position *expected, const char *path,
			    struct sc_error *err)
{
	struct sc_audit_position place = { 0 };

	SC_ENSURE(sc_audit_line_position(line, &place, NULL) == SC_OK, err, SC_ERR_INTEGRITY,
		  "%s: line %" PRIu64 " is not an audit line", path, expected->seq);
	SC_ENSURE(place.seq == expected->seq, err, SC_ERR_INTEGRITY,
		  "%s: line %" PRIu64 " has the number %" PRIu64 ": lines are missing or out of order", path,
		  expected->seq, place.seq);
	SC_ENSURE(sc_hash_equals(&place.prev, &expected->prev), err, SC_ERR_INTEGRITY,
		  "%s: line %" PRIu64 ", or the one before it, was altered", path, expected->seq);
	return SC_OK;
}

sc_status sc_audit_verify(const char *path, uint64_t *lines, struct sc_error *err)
{
	__attribute__((cleanup(file_close))) FILE *file = fopen(path, "re");
	__attribute__((cleanup(text_free))) char *text = NULL;
	struct sc_audit_position expected = { .seq = 1 };
	size_t size = 0;
	ssize_t len;

	if (!file)
		return sc_fail_errno(err, errno == ENOENT ? SC_ERR_NOT_FOUND : SC_ERR_SYSTEM,
				     "%s: cannot be opened", path);
	while ((len = getline(&text, &size, file)) > 0) {
		struct sc_view line = sc_view_of(text, (size_t)len - 1);

		SC_ENSURE(text[len - 1] == '\n', err, SC_ERR_INTEGRITY, "%s: line %" PRIu64 " is cut off",
			  path, expected.seq);
		SC_TRY(check_line(line, &expected, path, err));
		SC_TRY(sc_audit_line_hash(line, &expected.prev, err));
		expected.seq++;
	}
	SC_ENSURE(!ferror(file), err, SC_ERR_SYSTEM, "%s: cannot be read", path);
	if (lines)
		*lines = expected.seq - 1;
	return SC_OK;
}
