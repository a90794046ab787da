/* Log lines: see log.h. */
#include "base/log.h"
#include "base/os.h"
#include "base/visible.h"

#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1000 /* less than PIPE_BUF: a pipe that has room takes all of it */

static const char *program_name = "safeconduct";
static enum sc_log_level threshold = SC_LOG_NOTICE;

void sc_log_start(const char *program, enum sc_log_level level)
{
	program_name = program;
	threshold = level;
}

__attribute__((format(printf, 2, 0))) static void write_line(enum sc_log_level level, const char *format,
							     va_list args)
{
	static const char *const words[] = { "error", "warning", "notice", "debug" };
	char text[2 * LINE_MAX_BYTES]; /* what is shown is never shorter */
	char line[LINE_MAX_BYTES + 1];
	size_t used;

	vsnprintf(text, sizeof text, format, args);
	snprintf(line, sizeof line, "%s: %s: ", program_name, words[level]);
	used = strlen(line);
	sc_visible(text, line + used, sizeof line - used);
	used = strlen(line);
	line[used] = '\n';
	/* A log that cannot be written must not stop the module, and there is nowhere else to report it. */
	if (sc_os->write(STDERR_FILENO, line, used + 1) < 0)
		return;
}

static void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(SC_LOG_WARNING, format, args);
	va_end(args);
}

static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER; /* guards the next two */
static bool never_waits;
static unsigned lost; /* lines dropped since the last one written */

void sc_log_never_wait(void)
{
	pthread_mutex_lock(&writing);
	never_waits = true;
	pthread_mutex_unlock(&writing);
}

/* A full pipe would block every thread that logs, along with those that wait for it. */
static bool has_room(void)
{
	struct pollfd place = { .fd = STDERR_FILENO, .events = POLLOUT };

	return !never_waits || sc_os->poll(&place, 1, 0) > 0;
}

void sc_log(enum sc_log_level level, const char *format, ...)
{
	va_list args;

	if (level > threshold)
		return;
	pthread_mutex_lock(&writing);
	if (lost && has_room()) {
		warn("%u lines are missing here: nobody was reading the log", lost);
		lost = 0;
	}
	if (!lost && has_room()) {
		va_start(args, format);
		write_line(level, format, args);
		va_end(args);
	} else {
		lost++;
	}
	pthread_mutex_unlock(&writing);
}
