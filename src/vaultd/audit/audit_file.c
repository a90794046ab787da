/* Writes, cuts and removes the files of an audit log: see audit_file.h. */
#include "vaultd/audit/audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/os.h"

#define MODE       0640            /* personal data: for the daemon, and the group that reads it */
#define STAGED_MAX ((size_t)65536) /* bytes of one write */
#define TAIL_MAX   (2 * (SC_AUDIT_LINE_MAX + 1)) /* the last line, and a line that was cut off */
#define PAUSE      (60 * SC_SECOND)              /* after a cut that failed */

static void day_of(int64_t now, char day[SC_AUDIT_DAY_SIZE])
{
	char stamp[SC_CLOCK_STAMP_SIZE];

	sc_clock_stamp(now, stamp);
	snprintf(day, SC_AUDIT_DAY_SIZE, "%.10s", stamp);
}

/* -- reading what is there --------------------------------------------------------------------- */

static bool read_all(int fd, off_t from, uint8_t *data, size_t len)
{
	if (sc_os->lseek(fd, from, SEEK_SET) < 0)
		return false;
	while (len > 0) {
		ssize_t n = sc_os->read(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* The last whole line of a segment. */
struct last_line {
	bool is_there;
	struct sc_audit_line line;
	struct sc_hash hash;
	off_t end; /* behind its newline */
	off_t size;
};

/* Finds the last whole line in `data`, which is a file's end. False if there is none. */
static bool find_last(const char *data, size_t len, size_t *begin, size_t *end)
{
	const char *newline = memrchr(data, '\n', len);
	const char *before;

	if (!newline)
		return false;
	before = memrchr(data, '\n', (size_t)(newline - data));
	*begin = before ? (size_t)(before + 1 - data) : 0;
	*end = (size_t)(newline - data);
	return true;
}

static sc_status read_last(int fd, const char *name, struct last_line *out, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) tail = { 0 };
	struct last_line last = { 0 };
	struct stat info;
	size_t begin = 0;
	size_t end = 0;
	off_t from;

	if (sc_os->fstat(fd, &info))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be read", name);
	last.size = info.st_size;
	from = last.size > (off_t)TAIL_MAX ? last.size - (off_t)TAIL_MAX : 0;
	SC_TRY(sc_bytes_new((size_t)(last.size - from), &tail, err));
	if (!read_all(fd, from, tail.data, tail.len))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be read", name);
	last.is_there = find_last((const char *)tail.data, tail.len, &begin, &end);
	SC_ENSURE(last.is_there || from == 0, err, SC_ERR_INTEGRITY,
		  "%s: its end is not part of an audit log", name);
	if (last.is_there) {
		const struct sc_view line = sc_view_of(tail.data + begin, end - begin);

		SC_ENSURE(
		    sc_audit_line_read(line, &last.line, NULL) == SC_OK, err, SC_ERR_INTEGRITY,
		    "%s: the last line is not an audit line: keep the log's files for investigation and "
		    "begin a new one",
		    name);
		SC_TRY(sc_audit_line_hash(line, &last.hash, err));
		last.end = from + (off_t)end + 1;
	}
	*out = last;
	return SC_OK;
}

/* Of a segment that has ended, which is whole. */
static sc_status read_last_of(const struct sc_audit_place *place, uint64_t first, struct last_line *out,
			      struct sc_error *err)
{
	char name[NAME_MAX + 1];
	sc_status status;
	int fd;

	sc_audit_segment_name(place, first, name);
	fd = sc_os->openat(place->dir.fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
	if (fd < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s/%s: cannot be opened", place->dir.path, name);
	status = read_last(fd, name, out, err);
	(void)sc_os->close(fd);
	SC_TRY(status);
	SC_ENSURE(
	    out->is_there && out->end == out->size, err, SC_ERR_INTEGRITY,
	    "%s/%s: its last line is cut off: keep the log's files for investigation and begin a new one",
	    place->dir.path, name);
	return SC_OK;
}

/* -- opening ----------------------------------------------------------------------------------- */

/* The daemon's umask is 077. */
static bool set_mode(const struct sc_audit_place *place)
{
	return sc_os->fchmodat(place->dir.fd, place->name, MODE, 0) == 0;
}

/* Creates the segment. -1 with errno. */
static int create_segment(const struct sc_audit_place *place)
{
	int fd = sc_os->openat(place->dir.fd, place->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			       MODE);

	if (fd >= 0 && !set_mode(place)) {
		(void)sc_os->close(fd);
		(void)sc_os->unlinkat(place->dir.fd, place->name, 0);
		return -1;
	}
	return fd;
}

static sc_status open_segment(struct sc_audit_file *file, struct sc_error *err)
{
	const struct sc_audit_place *place = &file->place;
	struct stat info;

	file->fd = sc_os->openat(place->dir.fd, place->name, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0);
	if (file->fd < 0 && errno == ENOENT)
		file->fd = create_segment(place);
	if (file->fd < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be opened", file->path);
	/* A crash may have come between its creation and its mode. */
	if (sc_os->fstat(file->fd, &info) || ((info.st_mode & 07777) != MODE && !set_mode(place)))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: its mode cannot be set", file->path);
	if (sc_os->fsync(place->dir.fd))
		return sc_fail_errno(err, SC_ERR_NOT_DURABLE, "%s: its directory cannot be synced",
				     file->path);
	return SC_OK;
}

/* The number and the day of the segment's first line. */
static sc_status read_first(struct sc_audit_file *file, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) head = { 0 };
	struct sc_audit_line line = { 0 };
	const uint8_t *newline;

	if (file->end == 0) {
		file->first = file->next.seq;
		return SC_OK;
	}
	SC_TRY(sc_bytes_new(file->end < SC_AUDIT_LINE_MAX + 1 ? (size_t)file->end : SC_AUDIT_LINE_MAX + 1,
			    &head, err));
	if (!read_all(file->fd, 0, head.data, head.len))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be read", file->path);
	newline = memchr(head.data, '\n', head.len);
	SC_ENSURE(
	    newline && sc_audit_line_read(sc_view_of(head.data, (size_t)(newline - head.data)), &line,
					  NULL) == SC_OK,
	    err, SC_ERR_INTEGRITY,
	    "%s: the first line is not an audit line: keep the log's files for investigation and begin a "
	    "new one",
	    file->path);
	file->first = line.position.seq;
	snprintf(file->day, sizeof file->day, "%.10s", line.time);
	return SC_OK;
}

static void go_on_after(struct sc_audit_file *file, const struct last_line *last,
			struct sc_audit_ending *ending)
{
	file->next = (struct sc_audit_position){ last->line.position.seq + 1, last->hash };
	/* A log of before there were kinds does not say how it was closed. */
	ending->is_open = last->line.kind != SC_AUDIT_CLOSE && last->line.kind != SC_AUDIT_OTHER;
	strcpy(ending->time, last->line.time);
}

/* Finds the place of the next line: in the segment, or after the newest that has ended. */
static sc_status find_end(struct sc_audit_file *file, struct sc_audit_ending *ending, struct sc_error *err)
{
	SC_CLEANUP(sc_audit_segments) ended = { 0 };
	struct last_line last = { 0 };

	file->next.seq = 1;
	SC_TRY(read_last(file->fd, file->path, &last, err));
	file->end = last.end;
	ending->is_cut = last.end < last.size;
	SC_TRY(sc_audit_segments_list(&file->place, &ended, err));
	if (!last.is_there && ended.count > 0)
		SC_TRY(read_last_of(&file->place, ended.first[ended.count - 1], &last, err));
	if (last.is_there)
		go_on_after(file, &last, ending);
	if (ending->is_cut && sc_os->ftruncate(file->fd, file->end))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be truncated", file->path);
	return read_first(file, err);
}

sc_status sc_audit_file_open(const struct sc_audit_settings *settings, struct sc_audit_file *file,
			     struct sc_audit_ending *ending, struct sc_error *err)
{
	char lock[NAME_MAX + 1];

	*ending = (struct sc_audit_ending){ 0 };
	*file = (struct sc_audit_file){ .place = SC_AUDIT_PLACE_NONE,
					.lock = -1,
					.fd = -1,
					.segment_bytes = settings->segment_bytes,
					.retention_days = settings->retention_days };
	snprintf(file->path, sizeof file->path, "%s", settings->path);
	file->staged = malloc(STAGED_MAX + SC_AUDIT_LINE_MAX + 1);
	SC_TRY(sc_check_allocated(file->staged, err));
	SC_TRY(sc_audit_place_open(settings->path, &file->place, err));
	/* The segments change their names; the lock does not. */
	snprintf(lock, sizeof lock, "%.190s.lock", file->place.name);
	SC_TRY(sc_file_lock(&file->place.dir, lock, &file->lock, err));
	SC_TRY(open_segment(file, err));
	return find_end(file, ending, err);
}

void sc_audit_file_close(struct sc_audit_file *file)
{
	if (file->fd >= 0)
		(void)sc_os->close(file->fd);
	if (file->lock >= 0)
		(void)sc_os->close(file->lock);
	sc_audit_place_close(&file->place);
	free(file->staged);
	*file = (struct sc_audit_file){ .place = SC_AUDIT_PLACE_NONE, .lock = -1, .fd = -1 };
}

/* -- writing ----------------------------------------------------------------------------------- */

/* Once for each log: nothing is written afterwards. */
static enum sc_audit_outcome break_off(const struct sc_audit_file *file, const char *what)
{
	sc_log(SC_LOG_ERROR, "%s: %s, so no more is written: %s", file->path, what, strerror(errno));
	return SC_AUDIT_BROKEN;
}

static void write_staged(struct sc_audit_group *group)
{
	const char *data = group->file->staged;

	while (group->staged > 0 && !group->failed) {
		ssize_t n = sc_os->write(group->file->fd, data, group->staged);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			group->failed = n < 0 ? errno : ENOSPC;
			return;
		}
		data += n;
		group->staged -= (size_t)n;
		group->at += n;
	}
}

void sc_audit_group_begin(struct sc_audit_file *file, struct sc_audit_group *group)
{
	*group = (struct sc_audit_group){ .file = file, .next = file->next, .at = file->end };
	if (sc_os->lseek(file->fd, file->end, SEEK_SET) < 0)
		group->failed = errno;
}

void sc_audit_group_add(struct sc_audit_group *group, struct sc_view content)
{
	size_t len = 0;

	if (group->failed)
		return;
	if (sc_audit_line_place(content, &group->next, group->file->staged + group->staged, &len, NULL) !=
	    SC_OK) {
		group->failed = ENOMEM;
		return;
	}
	group->staged += len;
	if (group->staged >= STAGED_MAX)
		write_staged(group);
}

void sc_audit_group_add_event(struct sc_audit_group *group, const struct sc_audit_event *event)
{
	SC_CLEANUP(sc_bytes) content = { 0 };

	if (sc_audit_line_of_event(event, sc_clock_now(), &content, NULL) == SC_OK)
		sc_audit_group_add(group, sc_bytes_view(&content));
	else
		group->failed = ENOMEM;
}

enum sc_audit_outcome sc_audit_group_end(struct sc_audit_group *group)
{
	struct sc_audit_file *file = group->file;

	write_staged(group);
	if (group->failed) {
		/* A partial line must not stay in front of the lines that follow. */
		if (sc_os->ftruncate(file->fd, file->end))
			return break_off(file, "a part of a line cannot be removed");
		errno = group->failed;
		return SC_AUDIT_TAKEN_BACK;
	}
	if (group->at == file->end)
		return SC_AUDIT_WRITTEN; /* nothing was added */
	if (sc_os->fsync(file->fd))
		return break_off(file, "it cannot be synced");
	if (file->end == 0)
		day_of(sc_clock_now(), file->day);
	file->end = group->at;
	file->next = group->next;
	return SC_AUDIT_WRITTEN;
}

/* -- cutting ----------------------------------------------------------------------------------- */

static bool cut_is_due(const struct sc_audit_file *file, int64_t now)
{
	char today[SC_AUDIT_DAY_SIZE];

	if (file->end == 0 || sc_clock_monotonic() < file->cuts_from)
		return false;
	day_of(now, today);
	return strcmp(today, file->day) > 0 ||
	       (file->segment_bytes > 0 && (uint64_t)file->end >= file->segment_bytes);
}

static enum sc_audit_outcome go_on_uncut(struct sc_audit_file *file, const char *why)
{
	sc_log(SC_LOG_WARNING, "%s: the segment cannot be ended, and goes on: %s", file->path, why);
	file->cuts_from = sc_clock_monotonic() + PAUSE;
	return SC_AUDIT_TAKEN_BACK;
}

static int rename_segment(const struct sc_audit_file *file, const char *from, const char *to)
{
	return sc_os->renameat2(file->place.dir.fd, from, file->place.dir.fd, to, 0);
}

enum sc_audit_outcome sc_audit_file_cut(struct sc_audit_file *file, int64_t now)
{
	const char *name = file->place.name;
	char ended[NAME_MAX + 1];
	const char *why;
	int fd;

	if (!cut_is_due(file, now))
		return SC_AUDIT_TAKEN_BACK;
	sc_audit_segment_name(&file->place, file->first, ended);
	if (sc_file_exists(&file->place.dir, ended))
		return go_on_uncut(file, "another file has its name");
	if (rename_segment(file, name, ended))
		return go_on_uncut(file, strerror(errno));
	fd = create_segment(&file->place);
	if (fd < 0) {
		why = strerror(errno);
		return rename_segment(file, ended, name) ? break_off(file, "it cannot get its name back")
							 : go_on_uncut(file, why);
	}
	(void)sc_os->close(file->fd);
	file->fd = fd;
	file->end = 0;
	file->first = file->next.seq;
	file->day[0] = '\0';
	return sc_os->fsync(file->place.dir.fd) ? break_off(file, "its directory cannot be synced")
						: SC_AUDIT_WRITTEN;
}

/* -- removing ---------------------------------------------------------------------------------- */

/* The number of the last line of the segment at that index. */
static uint64_t end_of(const struct sc_audit_file *file, const struct sc_audit_segments *ended, size_t index)
{
	return (index + 1 < ended->count ? ended->first[index + 1] : file->first) - 1;
}

static void warn_of_old(const struct sc_audit_file *file, const struct sc_error *err)
{
	sc_log(SC_LOG_WARNING, "%s: old segments may not be removed in time: %s", file->path, err->message);
}

uint64_t sc_audit_file_find_old(const struct sc_audit_file *file, int64_t now)
{
	SC_CLEANUP(sc_audit_segments) ended = { 0 };
	char limit[SC_CLOCK_STAMP_SIZE];
	struct sc_error err = { 0 };
	struct last_line last = { 0 };
	uint64_t through = 0;

	if (file->retention_days == 0)
		return 0;
	sc_clock_stamp(now - file->retention_days * SC_DAY, limit);
	if (sc_audit_segments_list(&file->place, &ended, &err) != SC_OK)
		warn_of_old(file, &err);
	for (size_t i = 0; i < ended.count; i++) {
		/* The lines of a segment that cannot be read are older than those of the next. */
		if (read_last_of(&file->place, ended.first[i], &last, &err) != SC_OK)
			warn_of_old(file, &err);
		else if (strcmp(last.line.time, limit) < 0) /* stamps sort as their times do */
			through = end_of(file, &ended, i);
		else
			break;
	}
	return through;
}

void sc_audit_file_remove_old(const struct sc_audit_file *file, uint64_t through)
{
	SC_CLEANUP(sc_audit_segments) ended = { 0 };
	char name[NAME_MAX + 1];
	struct sc_error err = { 0 };
	sc_status status = sc_audit_segments_list(&file->place, &ended, &err);

	for (size_t i = 0; status == SC_OK && i < ended.count && end_of(file, &ended, i) <= through; i++) {
		sc_audit_segment_name(&file->place, ended.first[i], name);
		status = sc_file_remove(&file->place.dir, name, &err);
	}
	if (status != SC_OK)
		warn_of_old(file, &err);
}
