/* Log lines: see log.h. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1000

static const char *program_name = "safeconduct";
static enum sc_log_level threshold = SC_LOG_NOTICE;

void sc_log_start(const char *program, enum sc_log_level level)
{
	program_name = program;
	threshold = level;
}

/* C0 and DEL, and C1 as UTF-8 writes it (C2 80 to C2 9F), which some terminals obey as well. */
static void replace_controls(char *line)
{
	for (unsigned char *p = (unsigned char *)line; *p; p++) {
		if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			p[0] = p[1] = '?';
		if (*p < ' ' || *p == 0x7f)
			*p = '?';
	}
}

void sc_log(enum sc_log_level level, const char *format, ...)
{
	static const char *const words[] = { "error", "warning", "notice", "debug" };
	char line[LINE_MAX_BYTES + 1];
	va_list args;
	size_t used;

	if (level > threshold)
		return;
	snprintf(line, sizeof line, "%s: %s: ", program_name, words[level]);
	used = strlen(line);
	va_start(args, format);
	vsnprintf(line + used, sizeof line - used, format, args);
	va_end(args);
	used = strlen(line);
	replace_controls(line);
	line[used] = '\n';
	/* A log that cannot be written must not stop the module: there is nobody left to tell. */
	if (write(STDERR_FILENO, line, used + 1) < 0)
		return;
}
