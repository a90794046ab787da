/* Secrets from a terminal or a descriptor (base/terminal.h). The test has its own pseudo-terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/os.h"
#include "base/terminal.h"

#define PROMPT "PIN: "

/* -- a descriptor ------------------------------------------------------------------------------ */

static int pipe_with(const char *content, size_t len)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], content, len), (ssize_t)len);
	close(ends[1]);
	return ends[0];
}

static void assert_line(int fd, const char *wanted)
{
	SC_CLEANUP(sc_secret) line = { 0 };

	assert_int_equal(sc_fd_read_secret_line(fd, "PIN", &line, NULL), SC_OK);
	assert_true(sc_view_equals(sc_secret_view(&line), sc_view_text(wanted)));
}

static void lines_are_read_one_at_a_time(void **state)
{
	static const char content[] = "first\nsecond\nthird, unended";
	int fd = pipe_with(content, strlen(content));
	SC_CLEANUP(sc_secret) line = { 0 };

	(void)state;
	assert_line(fd, "first");
	assert_line(fd, "second");
	assert_line(fd, "third, unended");
	assert_int_equal(sc_fd_read_secret_line(fd, "PIN", &line, NULL), SC_ERR_NOT_FOUND);
	close(fd);
	assert_int_equal(sc_fd_read_secret_line(fd, "PIN", &line, NULL), SC_ERR_SYSTEM);
}

static void nothing_after_the_line_is_taken(void **state)
{
	static const char content[] = "first\nrest";
	int fd = pipe_with(content, strlen(content));
	char rest[8] = "";

	(void)state;
	assert_line(fd, "first");
	assert_int_equal(read(fd, rest, sizeof rest), 4);
	assert_string_equal(rest, "rest");
	close(fd);
}

static void a_line_has_a_longest_length(void **state)
{
	char content[SC_SECRET_LINE_MAX + 3];
	char longest[SC_SECRET_LINE_MAX + 1] = "";
	SC_CLEANUP(sc_secret) line = { 0 };
	int fd;

	(void)state;
	memset(content, 'x', sizeof content);
	memset(longest, 'x', SC_SECRET_LINE_MAX);
	content[SC_SECRET_LINE_MAX] = '\n';
	fd = pipe_with(content, SC_SECRET_LINE_MAX + 1);
	assert_line(fd, longest);
	close(fd);
	content[SC_SECRET_LINE_MAX] = 'x';
	content[SC_SECRET_LINE_MAX + 1] = '\n';
	content[SC_SECRET_LINE_MAX + 2] = 'y';
	fd = pipe_with(content, sizeof content);
	assert_int_equal(sc_fd_read_secret_line(fd, "PIN", &line, NULL), SC_ERR_TOO_LARGE);
	assert_line(fd, "y"); /* the whole long line is gone */
	close(fd);
}

static void a_line_without_end_is_refused(void **state)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	SC_CLEANUP(sc_secret) line = { 0 };

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(sc_fd_read_secret_line(fd, "PIN", &line, NULL), SC_ERR_TOO_LARGE);
	close(fd);
}

static void a_secret_that_nobody_could_type_is_refused_by_name(void **state)
{
	static const struct {
		const char *content;
		size_t len;
		const char *words;
	} refused[] = {
		{ "\n", 1, "the PIN is empty" },
		{ "pass\r\n", 6, "carriage return" },
		{ "\r\n", 2, "carriage return" },
		{ "pass\r", 5, "carriage return" },
		{ "pa\0ss\n", 6, "NUL" },
		{ "\xff\xfep\0a\0\n\0", 8, "NUL" },
		{ "pa\tss\n", 6, "control character" },
		{ "pa\x1b[31mss\n", 10, "control character" },
		{ "pass\x7f\n", 6, "control character" },
		{ "pa\xc2\x9bss\n", 7, "not UTF-8 text without control" },
		{ "caf\xe9\n", 5, "not UTF-8" },
		{ "\xef\xbb\xbfpass\n", 8, "byte order mark" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		SC_CLEANUP(sc_secret) line = { 0 };
		struct sc_error err = { 0 };
		int fd = pipe_with(refused[i].content, refused[i].len);

		if (sc_fd_read_secret_line(fd, "PIN", &line, &err) != SC_ERR_ENCODING ||
		    !strstr(err.message, refused[i].words) || !strstr(err.message, "descriptor "))
			fail_msg("%zu: %s", i, err.message);
		assert_null(line.data);
		close(fd);
	}
}

static void a_secret_may_have_spaces_quotes_and_letters_of_any_alphabet(void **state)
{
	static const char content[] = " two spaces \n'quoted'\nZ\xc3\xbcrich \xe6\x97\xa5\n";
	int fd = pipe_with(content, strlen(content));

	(void)state;
	assert_line(fd, " two spaces ");
	assert_line(fd, "'quoted'");
	assert_line(fd, "Z\xc3\xbcrich \xe6\x97\xa5");
	close(fd);
}

/* -- a terminal -------------------------------------------------------------------------------- */

/* Asks on its controlling terminal. Exits with the status, or with 100 if the typed line is `wanted`. */
static void ask_in_child(const char *terminal, const char *prompt, const char *wanted)
{
	SC_CLEANUP(sc_secret) secret = { 0 };
	sc_status status;
	int fd;

	setsid();
	fd = open(terminal, O_RDWR);
	if (fd < 0 || ioctl(fd, TIOCSCTTY, 0))
		_exit(99);
	status = sc_terminal_read_secret(prompt, "PIN", &secret, NULL);
	if (status == SC_OK)
		_exit(sc_view_equals(sc_secret_view(&secret), sc_view_text(wanted)) ? 100 : 98);
	_exit((int)status);
}

struct conversation {
	int master;
	pid_t child;
	char shown[256];
};

static void read_until(struct conversation *c, const char *text)
{
	size_t used = 0;

	memset(c->shown, 0, sizeof c->shown);
	while (!strstr(c->shown, text)) {
		ssize_t got = read(c->master, c->shown + used, sizeof c->shown - 1 - used);

		assert_true(got > 0);
		used += (size_t)got;
	}
}

/* `shown` is the prompt as it appears. */
static struct conversation start_with(const char *prompt, const char *shown, const char *wanted)
{
	struct conversation c = { .master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC) };
	const char *name;

	assert_true(c.master >= 0 && grantpt(c.master) == 0 && unlockpt(c.master) == 0);
	name = ptsname(c.master);
	assert_non_null(name);
	c.child = fork();
	assert_true(c.child >= 0);
	if (c.child == 0)
		ask_in_child(name, prompt, wanted);
	read_until(&c, shown);
	return c;
}

static struct conversation start(const char *wanted)
{
	return start_with(PROMPT, PROMPT, wanted);
}

static bool echoes(const struct conversation *c)
{
	struct termios settings;

	assert_int_equal(tcgetattr(c->master, &settings), 0);
	return settings.c_lflag & ECHO;
}

static void type(const struct conversation *c, const char *keys)
{
	assert_int_equal(write(c->master, keys, strlen(keys)), (ssize_t)strlen(keys));
}

static int end(struct conversation *c)
{
	int status = 0;

	assert_int_equal(waitpid(c->child, &status, 0), c->child);
	return status;
}

static void what_is_typed_is_read_and_not_shown(void **state)
{
	struct conversation c = start("open sesame");

	(void)state;
	assert_false(echoes(&c));
	type(&c, "open sesame\n");
	read_until(&c, "\n");
	assert_null(strstr(c.shown, "sesame"));
	assert_int_equal(WEXITSTATUS(end(&c)), 100);
	assert_true(echoes(&c));
	close(c.master);
}

static void a_prompt_cannot_steer_the_terminal(void **state)
{
	struct conversation c =
	    start_with("Password for a\x1b[31m\n\xe2\x80\xae: ", "Password for a\\x1b[31m\\n\\u202e: ", "x");

	(void)state;
	type(&c, "x\n");
	assert_int_equal(WEXITSTATUS(end(&c)), 100);
	close(c.master);
}

static void an_interrupt_ends_the_program_with_the_echo_back(void **state)
{
	struct conversation c = start("");
	int status;

	(void)state;
	assert_false(echoes(&c));
	type(&c, "half\x03"); /* Control-C */
	status = end(&c);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGINT);
	assert_true(echoes(&c));
	close(c.master);
}

/* Under nohup, or SIGPIPE, which every program ignores: a daemon that it talks to may go meanwhile. */
static void a_signal_that_is_ignored_does_not_end_the_question(void **state)
{
	static const int ignored[] = { SIGHUP, SIGPIPE };

	(void)state;
	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
		void (*before)(int) = signal(ignored[i], SIG_IGN);
		struct conversation c = start("open sesame");

		(void)signal(ignored[i], before);
		assert_int_equal(kill(c.child, ignored[i]), 0);
		type(&c, "open sesame\n");
		assert_int_equal(WEXITSTATUS(end(&c)), 100);
		close(c.master);
	}
}

static void an_end_of_file_is_no_secret(void **state)
{
	struct conversation c = start("");

	(void)state;
	type(&c, "\x04"); /* Control-D */
	assert_int_equal(WEXITSTATUS(end(&c)), SC_ERR_CANCELLED);
	assert_true(echoes(&c));
	close(c.master);
}

static void without_a_terminal_nothing_is_asked(void **state)
{
	pid_t child = fork();
	int status = 0;

	(void)state;
	if (child == 0) {
		SC_CLEANUP(sc_secret) secret = { 0 };

		setsid();
		_exit((int)sc_terminal_read_secret(PROMPT, "PIN", &secret, NULL));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), SC_ERR_SYSTEM);
}

/* -- failing calls (rule P4) ------------------------------------------------------------------- */

/* What the child and this process share. */
static struct faults {
	int until_failure;
	int settings_set;   /* how often the terminal's settings were set */
	int failed_setting; /* which of those failed; 0: none */
	char message[SC_ERROR_MESSAGE_MAX];
} *faults;

static bool fails_now(void)
{
	errno = EIO;
	return --faults->until_failure == 0;
}

static int fail_openat(int directory, const char *name, int flags, mode_t mode)
{
	return fails_now() ? -1 : sc_os_system.openat(directory, name, flags, mode);
}

static ssize_t fail_read(int fd, void *data, size_t len)
{
	return fails_now() ? -1 : sc_os_system.read(fd, data, len);
}

static ssize_t fail_write(int fd, const void *data, size_t len)
{
	return fails_now() ? -1 : sc_os_system.write(fd, data, len);
}

static int fail_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	return fails_now() ? -1 : sc_os_system.ppoll(fds, count, timeout, mask);
}

static int fail_tcgetattr(int fd, struct termios *out)
{
	return fails_now() ? -1 : sc_os_system.tcgetattr(fd, out);
}

static int fail_tcsetattr(int fd, int when, const struct termios *settings)
{
	faults->settings_set++;
	if (!fails_now())
		return sc_os_system.tcsetattr(fd, when, settings);
	faults->failed_setting = faults->settings_set;
	return -1;
}

/* As ask_in_child, with the calls of `faults`. */
static void ask_with_faults(const char *terminal, const char *wanted)
{
	static struct sc_os failing;
	SC_CLEANUP(sc_secret) secret = { 0 };
	struct sc_error err = { 0 };
	sc_status status;
	int fd;

	setsid();
	fd = open(terminal, O_RDWR);
	if (fd < 0 || ioctl(fd, TIOCSCTTY, 0))
		_exit(99);
	failing = sc_os_system;
	failing.openat = fail_openat;
	failing.read = fail_read;
	failing.write = fail_write;
	failing.ppoll = fail_ppoll;
	failing.tcgetattr = fail_tcgetattr;
	failing.tcsetattr = fail_tcsetattr;
	sc_os = &failing;
	status = sc_terminal_read_secret(PROMPT, "PIN", &secret, &err);
	strcpy(faults->message, err.message);
	if (status == SC_OK)
		_exit(sc_view_equals(sc_secret_view(&secret), sc_view_text(wanted)) ? 100 : 98);
	_exit((int)status);
}

/* Types the secret once the terminal is silent, if it ever is. Returns the child's exit status. */
static int answer_child(struct conversation *c, const char *secret)
{
	bool has_typed = false;
	int status = 0;

	while (waitpid(c->child, &status, WNOHANG) == 0) {
		if (!has_typed && !echoes(c)) {
			type(c, secret);
			type(c, "\n");
			has_typed = true;
		}
	}
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/*
 * The prompt may fail to appear, and then the typed line still counts. Otherwise a failing call is named, and
 * the terminal echoes again unless that very call was to make it.
 */
static void whichever_call_fails_the_secret_is_read_or_the_failure_named(void **state)
{
	int refused = 0;
	int last;

	(void)state;
	faults = mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(faults, MAP_FAILED);
	for (int n = 1;; n++) {
		struct conversation c = { .master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC) };
		const char *name;

		assert_true(c.master >= 0 && grantpt(c.master) == 0 && unlockpt(c.master) == 0);
		name = ptsname(c.master);
		memset(faults, 0, sizeof *faults);
		faults->until_failure = n;
		c.child = fork();
		assert_true(c.child >= 0);
		if (c.child == 0)
			ask_with_faults(name, "sesame");
		last = answer_child(&c, "sesame");
		if (last != 100) {
			assert_int_equal(last, SC_ERR_SYSTEM);
			assert_non_null(strstr(faults->message, "/dev/tty"));
			refused++;
		}
		assert_int_equal(echoes(&c), faults->failed_setting != 2);
		close(c.master);
		if (faults->until_failure > 0)
			break;
	}
	assert_int_equal(last, 100);
	/* opening, reading and silencing the terminal; waiting for and reading each byte and the newline */
	assert_int_equal(refused, 3 + 2 * (int)(strlen("sesame") + 1));
}

static void a_descriptor_that_cannot_be_read_is_named(void **state)
{
	static struct sc_os failing;
	static struct faults own;
	int fd = pipe_with("first\n", 6);
	SC_CLEANUP(sc_secret) line = { 0 };
	struct sc_error err = { 0 };

	(void)state;
	faults = &own;
	faults->until_failure = 3;
	failing = sc_os_system;
	failing.read = fail_read;
	sc_os = &failing;
	assert_int_equal(sc_fd_read_secret_line(fd, "PIN", &line, &err), SC_ERR_SYSTEM);
	sc_os = &sc_os_system;
	assert_non_null(strstr(err.message, "cannot be read"));
	assert_null(line.data);
	assert_line(fd, "rst");
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read_one_at_a_time),
		cmocka_unit_test(nothing_after_the_line_is_taken),
		cmocka_unit_test(a_line_has_a_longest_length),
		cmocka_unit_test(a_line_without_end_is_refused),
		cmocka_unit_test(a_secret_that_nobody_could_type_is_refused_by_name),
		cmocka_unit_test(a_secret_may_have_spaces_quotes_and_letters_of_any_alphabet),
		cmocka_unit_test(what_is_typed_is_read_and_not_shown),
		cmocka_unit_test(a_prompt_cannot_steer_the_terminal),
		cmocka_unit_test(an_interrupt_ends_the_program_with_the_echo_back),
		cmocka_unit_test(a_signal_that_is_ignored_does_not_end_the_question),
		cmocka_unit_test(an_end_of_file_is_no_secret),
		cmocka_unit_test(without_a_terminal_nothing_is_asked),
		cmocka_unit_test(whichever_call_fails_the_secret_is_read_or_the_failure_named),
		cmocka_unit_test(a_descriptor_that_cannot_be_read_is_named),
	};

	/* A script that runs in the background, for instance, ignores it, and so would the children. */
	signal(SIGINT, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
