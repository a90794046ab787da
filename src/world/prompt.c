/* Prompts at the terminal: see prompt.h. Uses /dev/tty, so that a redirected standard input is not read. */
#include "world/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "base/visible.h"

#define TERMINAL "/dev/tty"

static int open_terminal(void)
{
	return sc_os->openat(AT_FDCWD, TERMINAL, O_RDWR | O_CLOEXEC | O_NOCTTY, 0);
}

bool sc_prompt_has_terminal(void)
{
	int fd = isatty(STDIN_FILENO) ? open_terminal() : -1;

	if (fd < 0)
		return false;
	(void)sc_os->close(fd);
	return true;
}

static void trim(char *line)
{
	size_t start = strspn(line, " \t");
	size_t len = strlen(line + start);

	while (len > 0 && strchr(" \t\r", line[start + len - 1]))
		len--;
	memmove(line, line + start, len);
	line[len] = '\0';
}

/* A terminal delivers one line at a time. A line that does not fit is read to its end and refused. */
static sc_status read_line(int fd, char *line, size_t size, struct sc_error *err)
{
	size_t used = 0;

	for (;;) {
		char byte;
		ssize_t got = sc_os->read(fd, &byte, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return sc_fail_errno(err, SC_ERR_SYSTEM, TERMINAL ": cannot be read");
		SC_ENSURE(got > 0, err, SC_ERR_CANCELLED, "cancelled at the prompt");
		if (byte == '\n')
			break;
		if (used < size)
			line[used++] = byte;
	}
	SC_ENSURE(used < size, err, SC_ERR_TOO_LARGE, TERMINAL ": the line is longer than %zu bytes",
		  size - 1);
	line[used] = '\0';
	trim(line);
	return SC_OK;
}

sc_status sc_prompt_read_line(const char *prompt, char *line, size_t size, struct sc_error *err)
{
	char shown[SC_PROMPT_SIZE];
	int fd = open_terminal();
	sc_status status;

	if (fd < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, TERMINAL ": cannot be opened for a prompt");
	sc_visible(prompt, shown, sizeof shown);
	if (sc_os->write(fd, shown, strlen(shown)) < 0)
		status = sc_fail_errno(err, SC_ERR_SYSTEM, TERMINAL ": cannot be written");
	else
		status = read_line(fd, line, size, err);
	(void)sc_os->close(fd);
	return status;
}
