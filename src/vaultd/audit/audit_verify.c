/*
 * Checks an audit log: see audit.h. Shares only the format of a line and the names of files with the writer.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "vaultd/audit/audit_line.h"
#include "vaultd/audit/audit_segments.h"

#define TRIES 8 /* if the log changes meanwhile */

/* A segment that is read line by line. */
struct lines {
	char path[PATH_MAX]; /* for messages */
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

static sc_status lines_open(const struct sc_audit_place *place, const char *name, struct lines *lines,
			    struct sc_error *err)
{
	snprintf(lines->path, sizeof lines->path, "%s/%s", place->dir.path, name);
	SC_TRY(sc_bytes_new(SC_AUDIT_LINE_MAX + 1, &lines->buffer, err));
	/* O_NONBLOCK: a FIFO in place of the file must not block the program. */
	lines->fd = sc_os->openat(place->dir.fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0);
	if (lines->fd < 0)
		return sc_fail_errno(err, errno == ENOENT ? SC_ERR_NOT_FOUND : SC_ERR_SYSTEM,
				     "%s: cannot be opened", lines->path);
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

/* -- the chain --------------------------------------------------------------------------------- */

/* A log that is being read. */
struct walk {
	struct sc_audit_position next;
	struct sc_audit_report report;
	uint64_t removed;        /* the highest number that a line of kind "retention" names */
	bool has_ended_segments; /* and is at the one that is being written, if there is one */
};

/* Of the first line that is left. Whether earlier lines may be missing is known at the end. */
static void begin_at(struct walk *walk, const struct sc_audit_line *line)
{
	walk->report.first = line->position.seq;
	if (line->position.seq > 1)
		walk->next = line->position;
}

static sc_status check_line(struct walk *walk, struct sc_view text, const char *path, struct sc_error *err)
{
	struct sc_audit_line line = { 0 };

	SC_ENSURE(sc_audit_line_read(text, &line, NULL) == SC_OK, err, SC_ERR_INTEGRITY,
		  "%s: line %" PRIu64 " is not an audit line", path, walk->next.seq);
	if (walk->report.first == 0)
		begin_at(walk, &line);
	SC_ENSURE(line.position.seq == walk->next.seq, err, SC_ERR_INTEGRITY,
		  "%s: line %" PRIu64 " has the number %" PRIu64 ": lines are missing or out of order", path,
		  walk->next.seq, line.position.seq);
	SC_ENSURE(sc_hash_equals(&line.position.prev, &walk->next.prev), err, SC_ERR_INTEGRITY,
		  "%s: line %" PRIu64 ", or the one before it, was altered", path, walk->next.seq);
	if (line.kind == SC_AUDIT_GAP)
		walk->report.gaps++;
	if (line.kind == SC_AUDIT_RETENTION && line.through < line.position.seq &&
	    line.through > walk->removed)
		walk->removed = line.through;
	walk->report.last = walk->next.seq++;
	return sc_audit_line_hash(text, &walk->next.prev, err);
}

/* `first` is the number in the segment's name; 0: it is the one that is being written. */
static sc_status walk_segment(const struct sc_audit_place *place, const char *name, uint64_t first,
			      struct walk *walk, struct sc_error *err)
{
	SC_CLEANUP(lines) lines = { .fd = -1 };
	struct sc_view line = { 0 };
	uint64_t begin = 0;
	bool has_line = false;

	SC_TRY(lines_open(place, name, &lines, err));
	for (;;) {
		SC_TRY(next_line(&lines, walk->next.seq, &line, &has_line, err));
		if (!has_line)
			break;
		SC_TRY(check_line(walk, line, lines.path, err));
		begin = begin ? begin : walk->report.last;
	}
	SC_ENSURE(first == 0 || begin == first, err, SC_ERR_INTEGRITY,
		  "%s: does not begin with line %" PRIu64 ": it was renamed or is empty", lines.path, first);
	walk->report.segments++;
	return SC_OK;
}

/* The segment that is being written is missing after a crash within a cut, and in a copy of the others. */
static sc_status walk_current(const struct sc_audit_place *place, struct walk *walk, struct sc_error *err)
{
	struct sc_error why = { 0 };
	sc_status status = walk_segment(place, place->name, 0, walk, &why);

	if (status == SC_ERR_NOT_FOUND && walk->report.segments > 0)
		return SC_OK;
	if (status != SC_OK && err)
		*err = why;
	return status;
}

static sc_status walk_log(const struct sc_audit_place *place, const struct sc_audit_segments *ended,
			  struct walk *walk, struct sc_error *err)
{
	char name[NAME_MAX + 1];

	walk->next.seq = 1;
	for (size_t i = 0; i < ended->count; i++) {
		sc_audit_segment_name(place, ended->first[i], name);
		SC_TRY(walk_segment(place, name, ended->first[i], walk, err));
	}
	walk->has_ended_segments = true;
	SC_TRY(walk_current(place, walk, err));
	SC_ENSURE(walk->report.first <= walk->removed + 1, err, SC_ERR_INTEGRITY,
		  "%s/%s: begins with line %" PRIu64 ", but the retention removed lines only up to %" PRIu64
		  ": segments are missing",
		  place->dir.path, place->name, walk->report.first, walk->removed);
	walk->report.hash = walk->next.prev;
	return SC_OK;
}

static bool is_same(const struct sc_audit_segments *a, const struct sc_audit_segments *b)
{
	return a->count == b->count &&
	       (a->count == 0 || memcmp(a->first, b->first, a->count * sizeof *a->first) == 0);
}

/* What changes in the segment that is being written when it is written to. */
struct trace {
	off_t size;
	struct timespec changed;
};

static struct trace trace_of_current(const struct sc_audit_place *place)
{
	struct stat info;

	if (sc_os->fstatat(place->dir.fd, place->name, &info, AT_SYMLINK_NOFOLLOW))
		return (struct trace){ 0 };
	return (struct trace){ info.st_size, info.st_ctim };
}

static bool is_untouched(const struct trace *a, const struct trace *b)
{
	return a->size == b->size && a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec;
}

/*
 * *settled is false if the verdict means nothing: segments were cut or removed meanwhile, or lines were being
 * written, of which the last may have been read in part, or taken back. An ended segment does not change.
 */
static sc_status try_once(const struct sc_audit_place *place, struct walk *walk, bool *settled,
			  struct sc_error *err)
{
	SC_CLEANUP(sc_audit_segments) before = { 0 };
	SC_CLEANUP(sc_audit_segments) after = { 0 };
	const struct trace begin = trace_of_current(place);
	struct trace end;
	sc_status status;

	*walk = (struct walk){ 0 };
	*settled = true;
	SC_TRY(sc_audit_segments_list(place, &before, err));
	status = walk_log(place, &before, walk, err);
	SC_TRY(sc_audit_segments_list(place, &after, status == SC_OK ? err : NULL));
	end = trace_of_current(place);
	*settled = is_same(&before, &after) &&
		   (status == SC_OK || !walk->has_ended_segments || is_untouched(&begin, &end));
	return status;
}

sc_status sc_audit_verify(const char *path, struct sc_audit_report *report, struct sc_error *err)
{
	SC_CLEANUP(sc_audit_place) place = SC_AUDIT_PLACE_NONE;
	struct walk walk = { 0 };
	unsigned alterations = 0; /* found one after the other, in files that did not change */
	bool is_final = false;
	bool settled = false;
	sc_status status = SC_OK;

	SC_TRY(sc_audit_place_open(path, &place, err));
	for (int i = 0; i < TRIES && !is_final; i++) {
		status = try_once(&place, &walk, &settled, err);
		/* The times of files are coarse, so an alteration must be found twice. */
		alterations = settled && status == SC_ERR_INTEGRITY ? alterations + 1 : 0;
		is_final = settled && (status != SC_ERR_INTEGRITY || alterations == 2);
	}
	SC_ENSURE(
	    is_final, err, SC_ERR_BUSY,
	    "%s: it is written to all the time: verify a copy of all its files, made when nothing is written",
	    path);
	SC_TRY(status);
	if (report)
		*report = walk.report;
	return SC_OK;
}
