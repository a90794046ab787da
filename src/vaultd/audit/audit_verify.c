/* Checks an audit log: see audit.h. Shares only the format of a line with the writer. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/os.h"
#include "vaultd/audit/audit_line.h"

/* A log that is read line by line. */
struct lines {
	const char *path;
	int fd;
	struct sc_bytes buffer; /* room for the longest line */
	size_t begin;           /* of what has been read and not returned */
	size_t end;
};

static void lines_close(struct lines *lines)
{
	if (lines->fd >= 0)
		(void)sc_os->close(lines->fd);
	sc_bytes_free(&lines->buffer);
}
SC_CLEANUP_VALUE(lines, lines_close)

static sc_status lines_open(const char *path, struct lines *lines, struct sc_error *err)
{
	lines->path = path;
	SC_TRY(sc_bytes_new(SC_AUDIT_LINE_MAX + 1, &lines->buffer, err));
	lines->fd = sc_os->openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (lines->fd < 0)
		return sc_fail_errno(err, errno == ENOENT ? SC_ERR_NOT_FOUND : SC_ERR_SYSTEM,
				     "%s: cannot be opened", path);
	return SC_OK;
}

/* Reads more into the buffer. *more is false at the end of the file. */
static sc_status read_more(struct lines *lines, bool *more, struct sc_error *err)
{
	ssize_t n;

	memmove(lines->buffer.data, lines->buffer.data + lines->begin, lines->end - lines->begin);
	lines->end -= lines->begin;
	lines->begin = 0;
	do
		n = sc_os->read(lines->fd, lines->buffer.data + lines->end, lines->buffer.len - lines->end);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be read", lines->path);
	lines->end += (size_t)n;
	*more = n > 0;
	return SC_OK;
}

/*
 * The next line, without its newline; it is valid until the next call. *has_line is false at the end.
 * SC_ERR_INTEGRITY for a line without an end; `number` is what the message calls it.
 */
static sc_status next_line(struct lines *lines, uint64_t number, struct sc_view *line, bool *has_line,
			   struct sc_error *err)
{
	bool more = true;

	for (;;) {
		const uint8_t *begin = lines->buffer.data + lines->begin;
		const uint8_t *newline = memchr(begin, '\n', lines->end - lines->begin);

		if (newline) {
			*line = sc_view_of(begin, (size_t)(newline - begin));
			lines->begin += line->len + 1;
			*has_line = true;
			return SC_OK;
		}
		SC_ENSURE(lines->end - lines->begin < lines->buffer.len, err, SC_ERR_INTEGRITY,
			  "%s: line %" PRIu64 " is not an audit line", lines->path, number);
		SC_TRY(read_more(lines, &more, err));
		if (more)
			continue;
		SC_ENSURE(lines->begin == lines->end, err, SC_ERR_INTEGRITY,
			  "%s: line %" PRIu64 " is cut off", lines->path, number);
		*has_line = false;
		return SC_OK;
	}
}

static sc_status check_line(struct sc_view line, const struct sc_audit_position *expected, const char *path,
			    struct sc_error *err)
{
	struct sc_audit_position position = { 0 };

	SC_ENSURE(sc_audit_line_position(line, &position, NULL) == SC_OK, err, SC_ERR_INTEGRITY,
		  "%s: line %" PRIu64 " is not an audit line", path, expected->seq);
	SC_ENSURE(position.seq == expected->seq, err, SC_ERR_INTEGRITY,
		  "%s: line %" PRIu64 " has the number %" PRIu64 ": lines are missing or out of order", path,
		  expected->seq, position.seq);
	SC_ENSURE(sc_hash_equals(&position.prev, &expected->prev), err, SC_ERR_INTEGRITY,
		  "%s: line %" PRIu64 ", or the one before it, was altered", path, expected->seq);
	return SC_OK;
}

sc_status sc_audit_verify(const char *path, uint64_t *lines, struct sc_error *err)
{
	SC_CLEANUP(lines) log = { .fd = -1 };
	struct sc_audit_position expected = { .seq = 1 };
	struct sc_view line = { 0 };
	bool has_line = false;

	SC_TRY(lines_open(path, &log, err));
	for (;;) {
		SC_TRY(next_line(&log, expected.seq, &line, &has_line, err));
		if (!has_line)
			break;
		SC_TRY(check_line(line, &expected, path, err));
		SC_TRY(sc_audit_line_hash(line, &expected.prev, err));
		expected.seq++;
	}
	if (lines)
		*lines = expected.seq - 1;
	return SC_OK;
}
