/*
 * Collects the lines of the audit log and writes them: see audit.h. Contents are made by the thread that has
 * something to log, and wait under one lock. A single thread gives them their places in the chain, and writes
 * and syncs all lines added since its last sync, so that any number of waiting changes share one sync. A
 * write that fails is undone completely and tried again; a sync that fails ends the log (rule P2).
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/os.h"
#include "vaultd/audit/audit_file.h"
#include "vaultd/audit/audit_refusals.h"

#define WAITING_MAX ((size_t)4 << 20)     /* bytes of lines that are not on disk yet */
#define USES_MAX    (WAITING_MAX / 4 * 3) /* of them, before the rest is left to outcomes of changes */
#define REFUSED_MAX (USES_MAX / 2)        /* of them, before no more refusals are added */
#define GROUP       (SC_SECOND / 2)       /* how long a use may wait to be grouped with others */
#define GROUP_MAX   (WAITING_MAX / 8)     /* bytes that are written without more waiting */
#define AGE_MAX     (2 * SC_SECOND)       /* of the oldest waiting line, before uses are refused */
#define LOOKS_EVERY (60 * SC_SECOND)      /* for another day: the clock of days and that of waits may part */
#define NEVER       INT64_MAX

/* Decisions that have no line, and refusals that no line counts. */
struct missed {
	uint64_t count;
	char since[SC_CLOCK_STAMP_SIZE];
	char until[SC_CLOCK_STAMP_SIZE];
};

struct sc_audit {
	int wake; /* an event for the writing thread */
	pthread_mutex_t lock;
	pthread_cond_t done; /* for those who wait for a sync */
	pthread_t thread;
	bool is_started;

	/* Only the writing thread uses these once it has started: */
	struct sc_audit_file file;
	struct sc_audit_group group;
	struct sc_audit_refusals refused; /* taken from `refusals`, not on disk yet */
	struct missed gap;                /* the same, from `missed` */
	uint64_t old;                     /* segments up to this line are about to be removed */
	int64_t day;                      /* the last one on which old segments were looked for */
	bool is_failing;                  /* the last write failed */

	/* Protected by the lock: */
	char *waiting; /* contents of lines, each with a newline */
	size_t waiting_len;
	int64_t waits_since;  /* when the first of them was added; of those being written: writes_since */
	int64_t writes_since; /* NEVER: there are none */
	uint64_t added;       /* number of lines */
	uint64_t synced;      /* how many of them are on disk */
	uint64_t failed;      /* the last line that was in a write which failed */
	int64_t pause_until;  /* after a failed write */
	int64_t looks_at;     /* when the writing thread looks again unasked; 0: it is awake */
	struct missed missed;
	struct sc_audit_refusals refusals;
	bool is_urgent; /* a thread waits for a sync */
	bool is_stopping;
	bool is_broken; /* a sync failed, or a failed write could not be undone */
};

static void miss(struct missed *missed, uint64_t count, const char *since, const char *until)
{
	if (count == 0)
		return;
	if (missed->count == 0 || strcmp(since, missed->since) < 0)
		strcpy(missed->since, since);
	if (strcmp(until, missed->until) > 0)
		strcpy(missed->until, until);
	missed->count += count;
}

/* -- when the writing thread has work: the lock is held ---------------------------------------- */

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Refusals that were taken and could not be written. */
static bool has_refused(const struct sc_audit *audit)
{
	return sc_audit_refusals_due(&audit->refused) != NEVER;
}

/* When the waiting lines are written, of which there are some. */
static int64_t lines_due(const struct sc_audit *audit)
{
	return audit->waiting_len < GROUP_MAX ? audit->waits_since + GROUP : 0;
}

static int64_t due(const struct sc_audit *audit)
{
	int64_t when = sc_audit_refusals_due(&audit->refusals);

	if (audit->is_stopping || audit->is_urgent)
		return 0;
	if (audit->waiting_len > 0)
		when = earlier(when, lines_due(audit));
	if (has_refused(audit) || audit->missed.count > 0 || audit->gap.count > 0 || audit->old > 0)
		when = 0;
	return later(when, audit->pause_until);
}

/* Wakes the writing thread if it would look too late. */
static void wake_for(struct sc_audit *audit, int64_t when)
{
	const uint64_t one = 1;

	if (when >= audit->looks_at)
		return;
	audit->looks_at = 0;
	(void)!sc_os->write(audit->wake, &one, sizeof one);
}

/* Releases the lock while it sleeps. */
static void sleep_until(struct sc_audit *audit, int64_t now, int64_t when)
{
	struct pollfd event = { .fd = audit->wake, .events = POLLIN };
	uint64_t count;

	audit->looks_at = when;
	pthread_mutex_unlock(&audit->lock);
	if (sc_os->poll(&event, 1, (int)((when - now + SC_MILLISECOND - 1) / SC_MILLISECOND)) > 0)
		(void)!sc_os->read(audit->wake, &count, sizeof count);
	pthread_mutex_lock(&audit->lock);
	audit->looks_at = 0;
}

static bool is_new_day(const struct sc_audit *audit)
{
	return sc_clock_now() / SC_DAY != audit->day;
}

static void wait_for_work(struct sc_audit *audit)
{
	for (;;) {
		int64_t now = sc_clock_monotonic();
		int64_t when = due(audit);

		if (when <= now || is_new_day(audit))
			return;
		sleep_until(audit, now, earlier(when, now + LOOKS_EVERY));
	}
}

/* -- writing ----------------------------------------------------------------------------------- */

static void add_waiting(struct sc_audit *audit, size_t len)
{
	const char *content = audit->waiting;
	const char *end = content + len;

	while (content < end) {
		const char *newline = memchr(content, '\n', (size_t)(end - content));

		sc_audit_group_add(&audit->group, sc_view_of(content, (size_t)(newline - content)));
		content = newline + 1;
	}
}

static void add_refusals(struct sc_audit *audit)
{
	for (size_t i = 0; i <= SC_AUDIT_ADDRESSES_MAX; i++) {
		const struct sc_audit_event event = sc_audit_refusals_event(&audit->refused.at[i]);

		if (event.count > 0)
			sc_audit_group_add_event(&audit->group, &event);
	}
}

static void add_gap(struct sc_audit *audit, const struct missed *gap, const char *reason)
{
	const struct sc_audit_event event = { .kind = SC_AUDIT_GAP,
					      .count = gap->count,
					      .since = gap->since,
					      .until = gap->until,
					      .reason = reason };

	if (gap->count > 0)
		sc_audit_group_add_event(&audit->group, &event);
}

static void add_close(struct sc_audit *audit)
{
	const struct sc_audit_event event = { .kind = SC_AUDIT_CLOSE };

	sc_audit_group_add_event(&audit->group, &event);
}

static void add_retention(struct sc_audit *audit)
{
	const struct sc_audit_event event = { .kind = SC_AUDIT_RETENTION, .through = audit->old };

	if (audit->old > 0)
		sc_audit_group_add_event(&audit->group, &event);
}

/* Writes the group, and then removes what its line on retention names, if it has one. */
static enum sc_audit_outcome end_group(struct sc_audit *audit, bool has_retention)
{
	const enum sc_audit_outcome outcome = sc_audit_group_end(&audit->group);

	if (outcome == SC_AUDIT_WRITTEN && has_retention) {
		sc_audit_file_remove_old(&audit->file, audit->old);
		audit->old = 0;
	}
	return outcome;
}

/* The line that says so is a group of its own: a full disk may have room for it, and then has more. */
static enum sc_audit_outcome remove_old(struct sc_audit *audit)
{
	if (audit->old == 0)
		return SC_AUDIT_WRITTEN;
	sc_audit_group_begin(&audit->file, &audit->group);
	add_retention(audit);
	return end_group(audit, true);
}

/*
 * Without the lock: meanwhile `waiting` only grows at its end. Cuts first, so that a group is in one segment.
 */
static enum sc_audit_outcome put_on_disk(struct sc_audit *audit, size_t len, bool is_last)
{
	const int64_t now = sc_clock_now();
	const bool is_opening =
	    audit->synced == 0; /* its lines are the first, and are as short as that one */
	enum sc_audit_outcome outcome;

	if (sc_audit_file_cut(&audit->file, now) == SC_AUDIT_BROKEN)
		return SC_AUDIT_BROKEN;
	if (now / SC_DAY != audit->day)
		audit->old = sc_audit_file_find_old(&audit->file, now);
	audit->day = now / SC_DAY;
	outcome = is_opening ? SC_AUDIT_WRITTEN : remove_old(audit);
	if (outcome != SC_AUDIT_WRITTEN)
		return outcome;
	sc_audit_group_begin(&audit->file, &audit->group);
	add_waiting(audit, len);
	if (is_opening)
		add_retention(audit);
	add_refusals(audit);
	add_gap(audit, &audit->gap,
		"decisions whose lines could not be kept; none was answered with a result");
	if (is_last)
		add_close(audit);
	return end_group(audit, is_opening && audit->old > 0);
}

static void log_outcome(struct sc_audit *audit, enum sc_audit_outcome outcome, int error)
{
	if (outcome == SC_AUDIT_TAKEN_BACK && !audit->is_failing)
		sc_log(SC_LOG_ERROR, "%s: cannot be written: %s", audit->file.path, strerror(error));
	else if (outcome == SC_AUDIT_WRITTEN && audit->is_failing)
		sc_log(SC_LOG_NOTICE, "%s: is written again", audit->file.path);
	audit->is_failing = outcome != SC_AUDIT_WRITTEN;
}

/* What is on disk is no longer to be written. */
static void forget_written(struct sc_audit *audit)
{
	audit->gap = (struct missed){ 0 };
	audit->refused = (struct sc_audit_refusals){ 0 };
}

/* Moves what is due to where only this thread uses it. The lock is held. */
static void take(struct sc_audit *audit)
{
	if (!has_refused(audit))
		sc_audit_refusals_take(&audit->refusals, sc_clock_monotonic(), audit->is_stopping,
				       &audit->refused);
	miss(&audit->gap, audit->missed.count, audit->missed.since, audit->missed.until);
	audit->missed = (struct missed){ 0 };
	audit->writes_since = audit->waits_since;
	audit->waits_since = NEVER;
	audit->is_urgent = false;
}

/* The lock is held. `len` bytes, the lines up to number `last`, were to be written. */
static void settle(struct sc_audit *audit, size_t len, uint64_t last, enum sc_audit_outcome outcome)
{
	if (outcome == SC_AUDIT_WRITTEN) {
		memmove(audit->waiting, audit->waiting + len, audit->waiting_len - len);
		audit->waiting_len -= len;
		audit->synced = last;
		audit->pause_until = 0;
	} else {
		audit->waits_since = earlier(audit->writes_since, audit->waits_since);
		audit->failed = last; /* those who wait for one of them are refused */
		audit->pause_until = sc_clock_monotonic() + GROUP; /* a full disk makes no busy loop */
		audit->is_broken = outcome == SC_AUDIT_BROKEN;
	}
	audit->writes_since = NEVER;
	pthread_cond_broadcast(&audit->done);
}

/* Called with the lock held; releases it while writing. */
static enum sc_audit_outcome write_group(struct sc_audit *audit, bool is_last)
{
	const size_t len = audit->waiting_len;
	const uint64_t last = audit->added;
	enum sc_audit_outcome outcome;

	take(audit);
	pthread_mutex_unlock(&audit->lock);
	outcome = put_on_disk(audit, len, is_last);
	log_outcome(audit, outcome, errno);
	if (outcome == SC_AUDIT_WRITTEN)
		forget_written(audit);
	pthread_mutex_lock(&audit->lock);
	settle(audit, len, last, outcome);
	return outcome;
}

static void miss_refusals(struct missed *missed, const struct sc_audit_refusals *refusals)
{
	for (size_t i = 0; i <= SC_AUDIT_ADDRESSES_MAX; i++)
		miss(missed, refusals->at[i].count, refusals->at[i].since, refusals->at[i].until);
}

/* All that has no line. The lock is held. */
static struct missed what_is_lost(const struct sc_audit *audit)
{
	const int64_t now = sc_clock_now();
	struct missed lost = audit->gap;
	char since[SC_CLOCK_STAMP_SIZE];
	char until[SC_CLOCK_STAMP_SIZE];

	miss(&lost, audit->missed.count, audit->missed.since, audit->missed.until);
	miss_refusals(&lost, &audit->refused);
	miss_refusals(&lost, &audit->refusals);
	if (audit->added > audit->synced) {
		sc_clock_stamp(now - (sc_clock_monotonic() - audit->waits_since) / SC_SECOND, since);
		sc_clock_stamp(now, until);
		miss(&lost, audit->added - audit->synced, since, until);
	}
	return lost;
}

/*
 * The disk takes no lines, but perhaps a short one, that says how many are missing. If not even the opening
 * was written, the log stays as it was, so that the next opening finds how it had ended.
 */
static void write_last_words(struct sc_audit *audit, const struct missed *lost)
{
	if (audit->synced == 0)
		return;
	sc_audit_group_begin(&audit->file, &audit->group);
	add_gap(audit, lost,
		"decisions and refusals lost, because the disk took no more lines before the log was closed");
	add_close(audit);
	(void)sc_audit_group_end(&audit->group);
}

static void *writing_thread(void *argument)
{
	struct sc_audit *audit = argument;
	enum sc_audit_outcome outcome;
	struct missed lost;
	bool is_stopping;
	bool is_last;

	pthread_mutex_lock(&audit->lock);
	do {
		wait_for_work(audit);
		is_stopping = audit->is_stopping;
		/* Refusals that could not be written before go first: then all others can be taken. */
		is_last = is_stopping && !has_refused(audit);
		outcome = write_group(audit, is_last);
	} while (outcome == SC_AUDIT_WRITTEN ? !is_last : outcome == SC_AUDIT_TAKEN_BACK && !is_stopping);
	lost = what_is_lost(audit);
	pthread_mutex_unlock(&audit->lock);
	if (outcome == SC_AUDIT_TAKEN_BACK)
		write_last_words(audit, &lost);
	return NULL;
}

/* -- adding lines ------------------------------------------------------------------------------ */

/* The lock is held. */
static void miss_one(struct sc_audit *audit)
{
	char now[SC_CLOCK_STAMP_SIZE];

	sc_clock_stamp(sc_clock_now(), now);
	miss(&audit->missed, 1, now, now);
	wake_for(audit, audit->pause_until);
}

/* The lock is held. `max` is what may wait with the line. */
static sc_status add(struct sc_audit *audit, const struct sc_bytes *content, size_t max, struct sc_error *err)
{
	SC_ENSURE(!audit->is_broken, err, SC_ERR_NOT_DURABLE, "%s: the audit log cannot be written",
		  audit->file.path);
	SC_ENSURE(audit->waiting_len + content->len + 1 <= max, err, SC_ERR_NOT_DURABLE,
		  "%s: the audit log cannot be written, and its buffer is full", audit->file.path);
	if (audit->waits_since == NEVER)
		audit->waits_since = sc_clock_monotonic();
	memcpy(audit->waiting + audit->waiting_len, content->data, content->len);
	audit->waiting[audit->waiting_len + content->len] = '\n';
	audit->waiting_len += content->len + 1;
	audit->added++;
	wake_for(audit, later(lines_due(audit), audit->pause_until));
	return SC_OK;
}

/* Whether uses may begin. The lock is held. */
static sc_status check_age(const struct sc_audit *audit, struct sc_error *err)
{
	const int64_t oldest = earlier(audit->writes_since, audit->waits_since);

	SC_ENSURE(!audit->is_broken, err, SC_ERR_NOT_DURABLE, "%s: the audit log cannot be written",
		  audit->file.path);
	SC_ENSURE(oldest == NEVER || sc_clock_monotonic() - oldest < AGE_MAX, err, SC_ERR_NOT_DURABLE,
		  "%s: the audit log has waited for the disk for two seconds", audit->file.path);
	return SC_OK;
}

sc_status sc_audit_check(struct sc_audit *audit, struct sc_error *err)
{
	sc_status status;

	pthread_mutex_lock(&audit->lock);
	status = check_age(audit, err);
	if (status != SC_OK)
		miss_one(audit);
	pthread_mutex_unlock(&audit->lock);
	return status;
}

sc_status sc_audit_note(struct sc_audit *audit, const struct sc_audit_entry *entry, struct sc_error *err)
{
	const bool is_refused = entry->result == SC_AUDIT_REFUSED;
	SC_CLEANUP(sc_bytes) content = { 0 };
	sc_status kept = sc_audit_line_of_entry(entry, sc_clock_now(), &content, err);
	sc_status late;

	pthread_mutex_lock(&audit->lock);
	late = check_age(audit, err);
	if (kept == SC_OK && late != SC_OK && is_refused)
		kept = late;
	if (kept == SC_OK)
		kept = add(audit, &content, is_refused ? REFUSED_MAX : USES_MAX, late == SC_OK ? err : NULL);
	if (kept != SC_OK)
		miss_one(audit);
	pthread_mutex_unlock(&audit->lock);
	return late != SC_OK ? late : kept;
}

/* The lock is held. */
static sc_status wait_for(struct sc_audit *audit, uint64_t line, struct sc_error *err)
{
	audit->is_urgent = true;
	wake_for(audit, 0);
	while (audit->synced < line && audit->failed < line && !audit->is_broken)
		pthread_cond_wait(&audit->done, &audit->lock);
	SC_ENSURE(audit->synced >= line, err, SC_ERR_NOT_DURABLE, "%s: the audit log cannot be written",
		  audit->file.path);
	return SC_OK;
}

sc_status sc_audit_sync(struct sc_audit *audit, const struct sc_audit_entry *entry, struct sc_error *err)
{
	const bool is_outcome = entry->result == SC_AUDIT_DONE || entry->result == SC_AUDIT_FAILED;
	SC_CLEANUP(sc_bytes) content = { 0 };
	sc_status status = sc_audit_line_of_entry(entry, sc_clock_now(), &content, err);

	pthread_mutex_lock(&audit->lock);
	if (status == SC_OK)
		status = add(audit, &content, is_outcome ? WAITING_MAX : USES_MAX, err);
	if (status == SC_OK)
		status = wait_for(audit, audit->added, err);
	else
		miss_one(audit);
	pthread_mutex_unlock(&audit->lock);
	return status;
}

void sc_audit_count_refusal(struct sc_audit *audit, const char *address, const char *request,
			    const char *reason)
{
	pthread_mutex_lock(&audit->lock);
	sc_audit_refusals_add(&audit->refusals, address, request, reason);
	wake_for(audit, sc_clock_monotonic() + SC_AUDIT_MINUTE);
	pthread_mutex_unlock(&audit->lock);
}

/* -- opening and closing ----------------------------------------------------------------------- */

static sc_status new_audit(struct sc_audit **out, struct sc_error *err)
{
	struct sc_audit *audit = calloc(1, sizeof *audit);

	SC_TRY(sc_check_allocated(audit, err));
	audit->file = (struct sc_audit_file){ .place = SC_AUDIT_PLACE_NONE, .lock = -1, .fd = -1 };
	audit->wake = -1;
	audit->day = -1;
	audit->waits_since = audit->writes_since = NEVER;
	pthread_mutex_init(&audit->lock, NULL);
	pthread_cond_init(&audit->done, NULL);
	audit->waiting = malloc(WAITING_MAX);
	if (!audit->waiting) {
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
	if (audit->is_started) {
		pthread_mutex_lock(&audit->lock);
		audit->is_stopping = true;
		wake_for(audit, 0);
		pthread_mutex_unlock(&audit->lock);
		pthread_join(audit->thread, NULL);
	}
	if (audit->added > audit->synced)
		sc_log(SC_LOG_ERROR, "%s: the last %" PRIu64 " lines could not be written", audit->file.path,
		       audit->added - audit->synced);
	sc_audit_file_close(&audit->file);
	if (audit->wake >= 0)
		(void)sc_os->close(audit->wake);
	pthread_cond_destroy(&audit->done);
	pthread_mutex_destroy(&audit->lock);
	free(audit->waiting);
	free(audit);
}

static sc_status add_opening(struct sc_audit *audit, const struct sc_audit_event *event, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) content = { 0 };

	SC_TRY(sc_audit_line_of_event(event, sc_clock_now(), &content, err));
	return add(audit, &content, WAITING_MAX, err);
}

/* The first lines: that the log is opened, and what can be said of how it ended. */
static sc_status add_first(struct sc_audit *audit, const struct sc_audit_ending *ending, struct sc_error *err)
{
	char now[SC_CLOCK_STAMP_SIZE];
	const struct sc_audit_event gap = {
		.kind = SC_AUDIT_GAP,
		.is_count_unknown = true,
		.since = ending->time,
		.until = now,
		.reason = "the log was not closed: lines of its last seconds, and counts of refusals, may be "
			  "missing",
	};
	const struct sc_audit_event opened = {
		.kind = SC_AUDIT_OPEN,
		.reason = ending->is_cut ? "removed a line that a crash had cut off" : "",
	};

	sc_clock_stamp(sc_clock_now(), now);
	if (ending->is_open)
		SC_TRY(add_opening(audit, &gap, err));
	return add_opening(audit, &opened, err);
}

static sc_status start_thread(struct sc_audit *audit, struct sc_error *err)
{
	sc_status status;

	audit->wake = sc_os->eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (audit->wake < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot make an event", audit->file.path);
	/* With the lock, so that the first write cannot fail before it is waited for. */
	pthread_mutex_lock(&audit->lock);
	audit->is_started = pthread_create(&audit->thread, NULL, writing_thread, audit) == 0;
	if (audit->is_started)
		status = wait_for(audit, audit->added, err);
	else
		status = sc_fail(err, SC_ERR_SYSTEM, "%s: cannot start its writing thread", audit->file.path);
	pthread_mutex_unlock(&audit->lock);
	return status;
}

sc_status sc_audit_open(const struct sc_audit_settings *settings, struct sc_audit **out, struct sc_error *err)
{
	SC_CLEANUP(sc_audit) audit = NULL;
	struct sc_audit_ending ending;

	SC_TRY(new_audit(&audit, err));
	SC_TRY(sc_audit_file_open(settings, &audit->file, &ending, err));
	SC_TRY(add_first(audit, &ending, err));
	SC_TRY(start_thread(audit, err));
	*out = sc_steal(audit);
	return SC_OK;
}
