/* Secrets from a terminal or a descriptor: see terminal.h. */
#include "base/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/os.h"
#include "base/visible.h"

#define TERMINAL      "/dev/tty"
#define DISCARDED_MAX 65536 /* bytes of a line that is too long; /dev/zero has no end */

enum line_end {
	LINE_ENDED,       /* by a newline */
	LINE_AT_END,      /* by the end of the file */
	LINE_TOO_LONG,    /* the rest of it, if not endless, has been read and discarded */
	LINE_INTERRUPTED, /* by a signal */
	LINE_FAILED,      /* errno says why */
};

/*
 * Waits for input with `during` as the signal mask. A signal that arrives earlier is blocked by the caller's
 * mask until then, so none can arrive just before the wait and leave the program waiting.
 */
static bool wait_for_input(int fd, const sigset_t *during)
{
	struct pollfd input = { .fd = fd, .events = POLLIN };

	return sc_os->ppoll(&input, 1, NULL, during) >= 0;
}

/*
 * Reads into `line` up to the next newline, which is consumed but not stored; *used is the number of bytes.
 * If `during` is not NULL, a signal that it lets through ends the reading.
 */
static enum line_end read_line(int fd, const sigset_t *during, struct sc_secret *line, size_t *used)
{
	size_t discarded = 0;

	*used = 0;
	while (discarded <= DISCARDED_MAX) {
		uint8_t byte;
		ssize_t got = during && !wait_for_input(fd, during) ? -1 : sc_os->read(fd, &byte, 1);

		if (got < 0 && errno == EINTR && !during)
			continue;
		if (got < 0)
			return errno == EINTR ? LINE_INTERRUPTED : LINE_FAILED;
		if (got == 0 || byte == '\n') {
			if (discarded > 0)
				return LINE_TOO_LONG;
			return got == 0 && *used == 0 ? LINE_AT_END : LINE_ENDED;
		}
		if (*used == line->len)
			discarded++;
		else
			line->data[(*used)++] = byte;
	}
	return LINE_TOO_LONG;
}

/* -- the rule ---------------------------------------------------------------------------------- */

static const uint8_t byte_order_mark[] = { 0xef, 0xbb, 0xbf };

static sc_status check(struct sc_view line, const char *what, struct sc_error *err)
{
	SC_ENSURE(line.len > 0, err, SC_ERR_ENCODING, "the %s is empty", what);
	SC_ENSURE(!memchr(line.data, '\0', line.len), err, SC_ERR_ENCODING,
		  "the %s contains a NUL byte: if it is in a file of UTF-16 text, save that as UTF-8", what);
	SC_ENSURE(line.len < sizeof byte_order_mark ||
		      memcmp(line.data, byte_order_mark, sizeof byte_order_mark) != 0,
		  err, SC_ERR_ENCODING,
		  "the %s begins with a byte order mark: save the file as UTF-8 without one", what);
	SC_ENSURE(line.data[line.len - 1] != '\r', err, SC_ERR_ENCODING,
		  "the %s ends in a carriage return: if it is in a file with line ends of Windows (CR LF), "
		  "save that "
		  "with LF",
		  what);
	for (size_t i = 0; i < line.len; i++)
		SC_ENSURE(line.data[i] >= ' ' && line.data[i] != 0x7f, err, SC_ERR_ENCODING,
			  "the %s contains a control character, which nobody can type", what);
	SC_ENSURE(sc_view_is_text(line), err, SC_ERR_ENCODING,
		  "the %s is not UTF-8 text without control characters", what);
	return SC_OK;
}

/* The secret in the first `used` bytes of a line that has been read. `where` is named in messages. */
static sc_status take(const struct sc_secret *line, size_t used, enum line_end end, const char *where,
		      const char *what, struct sc_secret *out, struct sc_error *err)
{
	sc_status status;

	SC_ENSURE(end != LINE_TOO_LONG, err, SC_ERR_TOO_LARGE, "%s: the %s is longer than %d bytes", where,
		  what, SC_SECRET_LINE_MAX);
	status = check(sc_view_of(line->data, used), what, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "%s", where);
	return sc_secret_copy(sc_view_of(line->data, used), out, err);
}

/* -- a descriptor ------------------------------------------------------------------------------ */

sc_status sc_fd_read_secret_line(int fd, const char *what, struct sc_secret *out, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) line = { 0 };
	char where[32];
	enum line_end end;
	size_t used = 0;

	snprintf(where, sizeof where, "descriptor %d", fd);
	SC_TRY(sc_secret_new(SC_SECRET_LINE_MAX, &line, err));
	end = read_line(fd, NULL, &line, &used);
	if (end == LINE_FAILED)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be read", where);
	SC_ENSURE(end != LINE_AT_END, err, SC_ERR_NOT_FOUND, "%s: no more lines: the %s is missing", where,
		  what);
	return take(&line, used, end, where, what, out, err);
}

/* -- the terminal ------------------------------------------------------------------------------ */

/*
 * The signals that end or stop a process by default. They are held until the terminal echoes again, except
 * those that the process ignores, as under nohup. SIGPIPE always is ignored (descriptors.h).
 */
static const int held_signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU };
#define HELD_SIGNALS (sizeof held_signals / sizeof held_signals[0])

static volatile sig_atomic_t held[NSIG]; /* by number; global because a handler reaches nothing else */

static void hold(int number)
{
	held[number] = 1;
}

struct terminal {
	int fd;
	struct termios settings;
	struct sigaction actions[HELD_SIGNALS];
	sigset_t mask; /* the original one */
};

/*
 * From here on the signals are only recorded, and delivered only while the program waits for input. SIGTTIN
 * and SIGTTOU are not blocked: they are the answer to the program's own use of the terminal, and blocking
 * them would allow that use to a background process.
 */
static void hold_signals(struct terminal *terminal)
{
	struct sigaction action = { .sa_handler = hold }; /* without SA_RESTART: the wait must return */
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < HELD_SIGNALS; i++) {
		int number = held_signals[i];

		held[number] = 0;
		if (number != SIGTTIN && number != SIGTTOU)
			sigaddset(&blocked, number);
	}
	(void)pthread_sigmask(SIG_BLOCK, &blocked, &terminal->mask);
	for (size_t i = 0; i < HELD_SIGNALS; i++) {
		(void)sigaction(held_signals[i], NULL, &terminal->actions[i]);
		if (terminal->actions[i].sa_handler != SIG_IGN)
			(void)sigaction(held_signals[i], &action, NULL);
	}
}

/* Lets each held signal take effect. True if one stopped the process, which has now been continued. */
static bool release_signals(const struct terminal *terminal)
{
	bool was_stopped = false;

	for (size_t i = 0; i < HELD_SIGNALS; i++)
		(void)sigaction(held_signals[i], &terminal->actions[i], NULL);
	(void)pthread_sigmask(SIG_SETMASK, &terminal->mask, NULL);
	for (size_t i = 0; i < HELD_SIGNALS; i++) {
		int number = held_signals[i];

		if (!held[number])
			continue;
		was_stopped |= number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
		(void)kill(getpid(), number);
	}
	return was_stopped;
}

/* A background process gets SIGTTOU at every attempt, so it must give up here and be stopped first. */
static bool set_terminal(const struct terminal *terminal, const struct termios *settings)
{
	int failed;

	do
		failed = sc_os->tcsetattr(terminal->fd, TCSAFLUSH, settings);
	while (failed && errno == EINTR && !held[SIGTTOU]);
	return !failed;
}

/* Asks. A prompt may contain what was typed or read elsewhere. */
static void say(const struct terminal *terminal, const char *prompt)
{
	char shown[SC_PROMPT_SIZE];

	sc_visible(prompt, shown, sizeof shown);
	(void)!sc_os->write(terminal->fd, shown, strlen(shown));
}

static void end_line(const struct terminal *terminal)
{
	(void)!sc_os->write(terminal->fd, "\n", 1);
}

/* Asks once. Sets *again if the process was stopped meanwhile, so that the prompt must be repeated. */
static enum line_end ask(struct terminal *terminal, const char *prompt, struct sc_secret *line, size_t *used,
			 bool *again)
{
	struct termios silent = terminal->settings;
	enum line_end end;

	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	hold_signals(terminal);
	if (set_terminal(terminal, &silent)) {
		say(terminal, prompt);
		end = read_line(terminal->fd, &terminal->mask, line, used);
		end_line(terminal);
		(void)set_terminal(terminal, &terminal->settings);
	} else {
		end = held[SIGTTOU] ? LINE_INTERRUPTED : LINE_FAILED;
	}
	*again = release_signals(terminal) && end == LINE_INTERRUPTED;
	return end;
}

static sc_status ask_until_answered(struct terminal *terminal, const char *prompt, const char *what,
				    struct sc_secret *out, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) line = { 0 };
	enum line_end end;
	size_t used = 0;
	bool again;

	SC_TRY(sc_secret_new(SC_SECRET_LINE_MAX, &line, err));
	if (sc_os->tcgetattr(terminal->fd, &terminal->settings))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: not a terminal", TERMINAL);
	do
		end = ask(terminal, prompt, &line, &used, &again);
	while (again);
	if (end == LINE_FAILED)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be read without echo", TERMINAL);
	SC_ENSURE(end == LINE_ENDED || end == LINE_TOO_LONG, err, SC_ERR_CANCELLED,
		  "cancelled at the prompt");
	return take(&line, used, end, TERMINAL, what, out, err);
}

static int open_terminal(void)
{
	return sc_os->openat(AT_FDCWD, TERMINAL, O_RDWR | O_CLOEXEC | O_NOCTTY, 0);
}

bool sc_terminal_is_there(void)
{
	int fd = open_terminal();

	if (fd < 0)
		return false;
	(void)sc_os->close(fd);
	return true;
}

sc_status sc_terminal_read_secret(const char *prompt, const char *what, struct sc_secret *out,
				  struct sc_error *err)
{
	struct terminal terminal = { .fd = open_terminal() };
	sc_status status;

	if (terminal.fd < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be opened to ask for a secret",
				     TERMINAL);
	status = ask_until_answered(&terminal, prompt, what, out, err);
	(void)sc_os->close(terminal.fd);
	return status;
}
