/*
 * Writes the audit log: see audit.h. Lines are chained in the order in which they are added, under one lock.
 * A single thread writes and syncs all lines added since its last sync, so that any number of waiting changes
 * share one sync. A write that fails is undone completely and tried again; a sync that fails ends the log
 * (rule P2).
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/file.h"
#include "base/log.h"
#include "base/os.h"
#include "vaultd/audit/audit_line.h"

#define WAITING_MAX ((size_t)4 << 20) /* bytes of lines that are not on disk yet */
#define GROUP_NS    (SC_SECOND / 2)   /* how long a use may wait to be grouped with others */

struct sc_audit {
	char *path;
	int fd;
	off_t end; /* end of the synced lines; only the writing thread uses it */
	pthread_mutex_t lock;
	pthread_cond_t work; /* for the writing thread */
	pthread_cond_t done; /* for those who wait for a sync */
	pthread_t thread;
	bool started;
	/* Protected by the lock: */
	struct sc_audit_position next;
	char *waiting; /* lines, each with its newline */
	size_t waiting_len;
	uint64_t synced;   /* every line up to this number is on disk */
	uint64_t failures; /* number of failed writes */
	unsigned urgent;   /* number of threads that wait for a sync */
	bool stopping;
	bool broken; /* a sync failed, or a failed write could not be undone */
};

/* -- the writing thread ------------------------------------------------------------------------ */

static bool write_all(const struct sc_audit *audit, const char *data, size_t len)
{
	if (sc_os->lseek(audit->fd, audit->end, SEEK_SET) < 0)
		return false;
	while (len > 0) {
		ssize_t n = sc_os->write(audit->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

enum outcome { WRITTEN, TAKEN_BACK, BROKEN };

static enum outcome put_on_disk(struct sc_audit *audit, const char *data, size_t len)
{
	if (!write_all(audit, data, len)) {
		sc_log(SC_LOG_ERROR, "%s: cannot be written: %s", audit->path, strerror(errno));
		/* A partial line must not stay in front of the lines that follow. */
		return sc_os->ftruncate(audit->fd, audit->end) ? BROKEN : TAKEN_BACK;
	}
	if (sc_os->fsync(audit->fd)) {
		sc_log(SC_LOG_ERROR, "%s: cannot be synced, so no more is written: %s", audit->path,
		       strerror(errno));
		return BROKEN;
	}
	audit->end += (off_t)len;
	return WRITTEN;
}

/* Waits for lines, then briefly for more unless a thread waits for a sync. False when it is time to end. */
static bool wait_for_lines(struct sc_audit *audit)
{
	int64_t until;

	while (!audit->stopping && audit->waiting_len == 0)
		pthread_cond_wait(&audit->work, &audit->lock);
	until = sc_clock_monotonic() + GROUP_NS;
	while (!audit->stopping && audit->urgent == 0) {
		int64_t left = until - sc_clock_monotonic();

		if (left <= 0 || !sc_condition_wait(&audit->work, &audit->lock, left))
			break;
	}
	return audit->waiting_len > 0;
}

/* Waits a moment after a failure, or until the next line, so that a full disk does not make a busy loop. */
static void pause_after_failure(struct sc_audit *audit)
{
	(void)sc_condition_wait(&audit->work, &audit->lock, GROUP_NS);
}

/* Called with the lock held; releases it while writing. Meanwhile `waiting` only grows at its end. */
static enum outcome write_group(struct sc_audit *audit)
{
	size_t len = audit->waiting_len;
	uint64_t last = audit->next.seq - 1;
	enum outcome outcome;

	pthread_mutex_unlock(&audit->lock);
	outcome = put_on_disk(audit, audit->waiting, len);
	pthread_mutex_lock(&audit->lock);
	if (outcome == WRITTEN) {
		memmove(audit->waiting, audit->waiting + len, audit->waiting_len - len);
		audit->waiting_len -= len;
		audit->synced = last;
	} else {
		audit->failures++;
		audit->broken = outcome == BROKEN;
	}
	pthread_cond_broadcast(&audit->done);
	return outcome;
}

static void *writing_thread(void *argument)
{
	struct sc_audit *audit = argument;

	pthread_mutex_lock(&audit->lock);
	while (wait_for_lines(audit)) {
		enum outcome outcome = write_group(audit);

		if (outcome == BROKEN || (outcome == TAKEN_BACK && audit->stopping))
			break;
		if (outcome == TAKEN_BACK)
			pause_after_failure(audit);
	}
	pthread_mutex_unlock(&audit->lock);
	return NULL;
}

/* -- adding lines ------------------------------------------------------------------------------ */

/* Called with the lock held. *seq is set to the line's number. */
static sc_status add(struct sc_audit *audit, const struct sc_audit_entry *entry, uint64_t *seq,
		     struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) line = { 0 };
	struct sc_hash hash;

	SC_ENSURE(!audit->broken, err, SC_ERR_NOT_DURABLE, "%s: the audit log cannot be written",
		  audit->path);
	SC_TRY(sc_audit_line_write(entry, &audit->next, sc_clock_now(), &line, err));
	SC_ENSURE(audit->waiting_len + line.len + 1 <= WAITING_MAX, err, SC_ERR_NOT_DURABLE,
		  "%s: the audit log cannot be written, and its buffer is full", audit->path);
	SC_TRY(sc_audit_line_hash(sc_bytes_view(&line), &hash, err));
	memcpy(audit->waiting + audit->waiting_len, line.data, line.len);
	audit->waiting[audit->waiting_len + line.len] = '\n';
	audit->waiting_len += line.len + 1;
	*seq = audit->next.seq;
	audit->next = (struct sc_audit_position){ audit->next.seq + 1, hash };
	return SC_OK;
}

sc_status sc_audit_note(struct sc_audit *audit, const struct sc_audit_entry *entry, struct sc_error *err)
{
	uint64_t seq = 0;
	sc_status status;

	pthread_mutex_lock(&audit->lock);
	status = add(audit, entry, &seq, err);
	pthread_cond_signal(&audit->work);
	pthread_mutex_unlock(&audit->lock);
	return status;
}

/* Called with the lock held. */
static sc_status wait_for(struct sc_audit *audit, uint64_t seq, struct sc_error *err)
{
	uint64_t failures = audit->failures;

	audit->urgent++;
	pthread_cond_signal(&audit->work);
	while (audit->synced < seq && audit->failures == failures)
		pthread_cond_wait(&audit->done, &audit->lock);
	audit->urgent--;
	SC_ENSURE(audit->synced >= seq, err, SC_ERR_NOT_DURABLE, "%s: the audit log cannot be written",
		  audit->path);
	return SC_OK;
}

sc_status sc_audit_sync(struct sc_audit *audit, const struct sc_audit_entry *entry, struct sc_error *err)
{
	uint64_t seq = 0;
	sc_status status;

	pthread_mutex_lock(&audit->lock);
	status = add(audit, entry, &seq, err);
	if (status == SC_OK)
		status = wait_for(audit, seq, err);
	pthread_mutex_unlock(&audit->lock);
	return status;
}

/* -- opening and closing ----------------------------------------------------------------------- */

/* Finds the last whole line in `data`, which is the file's end. False if there is none. */
static bool last_line(const char *data, size_t len, size_t *begin, size_t *end)
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

static bool read_all(const struct sc_audit *audit, off_t from, uint8_t *data, size_t len)
{
	if (sc_os->lseek(audit->fd, from, SEEK_SET) < 0)
		return false;
	while (len > 0) {
		ssize_t n = sc_os->read(audit->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static sc_status read_tail(const struct sc_audit *audit, off_t size, struct sc_bytes *out, off_t *from,
			   struct sc_error *err)
{
	const size_t most = 2 * (SC_AUDIT_LINE_MAX + 1);
	size_t len = size < (off_t)most ? (size_t)size : most;

	*from = size - (off_t)len;
	SC_TRY(sc_bytes_new(len, out, err));
	if (!read_all(audit, *from, out->data, len))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be read", audit->path);
	return SC_OK;
}

/* Finds the place of the next line. *cut is set if an incomplete line was removed. */
static sc_status find_end(struct sc_audit *audit, bool *cut, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) tail = { 0 };
	struct sc_audit_position last = { 0 };
	struct stat info;
	size_t begin = 0;
	size_t end = 0;
	struct sc_view line;
	off_t from = 0;

	audit->next.seq = 1;
	if (sc_os->fstat(audit->fd, &info))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be read", audit->path);
	SC_TRY(read_tail(audit, info.st_size, &tail, &from, err));
	if (last_line((const char *)tail.data, tail.len, &begin, &end)) {
		line = sc_view_of(tail.data + begin, end - begin);
		if (sc_audit_line_position(line, &last, err) != SC_OK)
			return sc_fail(
			    err, SC_ERR_INTEGRITY,
			    "%s: the last line is not an audit line: keep the file for investigation "
			    "and begin a new one",
			    audit->path);
		SC_TRY(sc_audit_line_hash(line, &audit->next.prev, err));
		audit->next.seq = last.seq + 1;
		audit->end = from + (off_t)end + 1;
	} else {
		SC_ENSURE(from == 0, err, SC_ERR_INTEGRITY, "%s: its end is not part of an audit log",
			  audit->path);
	}
	audit->synced = last.seq;
	*cut = audit->end < info.st_size;
	if (*cut && sc_os->ftruncate(audit->fd, audit->end))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be truncated", audit->path);
	return SC_OK;
}

static sc_status open_file(struct sc_audit *audit, struct sc_error *err)
{
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;
	char *slash = strrchr(audit->path, '/');
	const char *name = slash ? slash + 1 : audit->path;
	sc_status status;

	if (slash)
		*slash = '\0';
	status = sc_dir_open(slash ? (slash == audit->path ? "/" : audit->path) : ".", &dir, err);
	if (slash)
		*slash = '/';
	SC_TRY(status);
	SC_TRY(sc_file_lock(&dir, name, &audit->fd, err));
	if (sc_os->fsync(dir.fd))
		return sc_fail_errno(err, SC_ERR_NOT_DURABLE, "%s: its directory cannot be synced",
				     audit->path);
	return SC_OK;
}

static sc_status new_audit(const char *path, struct sc_audit **out, struct sc_error *err)
{
	struct sc_audit *audit = calloc(1, sizeof *audit);

	SC_TRY(sc_check_allocated(audit, err));
	audit->fd = -1;
	audit->path = strdup(path);
	audit->waiting = malloc(WAITING_MAX);
	pthread_mutex_init(&audit->lock, NULL);
	sc_condition_init(&audit->work);
	pthread_cond_init(&audit->done, NULL);
	if (!audit->path || !audit->waiting) {
		sc_audit_free(audit);
		return sc_fail_plain(err, SC_ERR_MEMORY);
	}
	*out = audit;
	return SC_OK;
}

void sc_audit_free(struct sc_audit *audit)
{
	if (!audit)
		return;
	if (audit->started) {
		pthread_mutex_lock(&audit->lock);
		audit->stopping = true;
		pthread_cond_signal(&audit->work);
		pthread_mutex_unlock(&audit->lock);
		pthread_join(audit->thread, NULL);
	}
	if (audit->waiting_len > 0)
		sc_log(SC_LOG_ERROR, "%s: the last lines could not be written", audit->path);
	if (audit->fd >= 0)
		(void)sc_os->close(audit->fd);
	pthread_cond_destroy(&audit->work);
	pthread_cond_destroy(&audit->done);
	pthread_mutex_destroy(&audit->lock);
	free(audit->waiting);
	free(audit->path);
	free(audit);
}

sc_status sc_audit_open(const char *path, struct sc_audit **out, struct sc_error *err)
{
	SC_CLEANUP(sc_audit) audit = NULL;
	struct sc_audit_entry opened = { .operation = "audit/open", .result = SC_AUDIT_DONE };
	bool cut = false;

	SC_TRY(new_audit(path, &audit, err));
	SC_TRY(open_file(audit, err));
	SC_TRY(find_end(audit, &cut, err));
	if (cut)
		opened.reason = "removed a line that a crash had cut off";
	if (pthread_create(&audit->thread, NULL, writing_thread, audit))
		return sc_fail(err, SC_ERR_SYSTEM, "%s: cannot start its writing thread", path);
	audit->started = true;
	SC_TRY(sc_audit_sync(audit, &opened, err));
	*out = sc_steal(audit);
	return SC_OK;
}
