/* Output of the programs: see print.h. */
#include "base/print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/visible.h"

/* Why standard output could first not be written; 0: it could. A stream remembers only that. */
static int output_errno;

static void note_failure(FILE *out, bool has_failed)
{
	if (out == stdout && has_failed && output_errno == 0)
		output_errno = errno ? errno : EIO;
}

static size_t line_ends(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/* Shows the text. Its line ends are kept, or only one that ends it. */
static void show(FILE *out, struct sc_view rest, bool keep_line_ends)
{
	char next[SC_VISIBLE_MAX];
	bool has_failed = false;

	errno = 0;
	while (rest.len > 0 && !has_failed) {
		if (rest.data[0] == '\n' && (keep_line_ends || rest.len == 1)) {
			has_failed = fputc('\n', out) == EOF;
			rest = sc_view_of(rest.data + 1, rest.len - 1);
			continue;
		}
		(void)sc_visible_next(&rest, next);
		has_failed = fputs(next, out) == EOF;
	}
	note_failure(out, has_failed);
}

void sc_print_to_va(FILE *out, const char *format, va_list args)
{
	char *text = NULL;
	int len = vasprintf(&text, format, args);

	if (len < 0) {
		errno = ENOMEM;
		note_failure(out, true);
		return;
	}
	show(out, sc_view_of(text, (size_t)len), line_ends(text) == line_ends(format));
	explicit_bzero(text, (size_t)len);
	free(text);
}

void sc_print_to(FILE *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	sc_print_to_va(out, format, args);
	va_end(args);
}

void sc_print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	sc_print_to_va(stdout, format, args);
	va_end(args);
}

void sc_print_lines(FILE *out, struct sc_view text)
{
	show(out, text, true);
}

void sc_print_flush(void)
{
	errno = 0;
	note_failure(stdout, fflush(stdout) != 0);
}

static sc_status fail_output(struct sc_error *err)
{
	errno = output_errno;
	return sc_fail_errno(err, SC_ERR_SYSTEM,
			     "standard output cannot be written, so what the program had to say is lost");
}

/* SC_OK if everything that was printed so far has been written. */
static sc_status check_output(struct sc_error *err)
{
	sc_print_flush();
	note_failure(stdout, ferror(stdout));
	return output_errno == 0 ? SC_OK : fail_output(err);
}

/* The same at the end. Some file systems report a lost write only when the file is closed. */
static sc_status close_output(struct sc_error *err)
{
	sc_status status = check_output(err);

	errno = 0;
	note_failure(stdout, fclose(stdout) != 0);
	return status == SC_OK && output_errno != 0 ? fail_output(err) : status;
}

static void say(const char *program, const char *verdict, const struct sc_error *err)
{
	sc_print_to(stderr, "%s: %s%s\n", program, verdict, err->message);
}

int sc_program_end(const char *program, sc_status status, const struct sc_error *err)
{
	struct sc_error why = { 0 };
	sc_status output = close_output(&why);

	if (status != SC_OK)
		say(program, "", err);
	if (output != SC_OK)
		say(program, "", &why);
	return sc_status_exit(status != SC_OK ? status : output);
}

int sc_program_end_result(const char *program, sc_status status, const struct sc_error *err)
{
	struct sc_error why = { 0 };
	sc_status output;

	if (sc_status_exit(status) == sc_status_exit(SC_ERR_USAGE))
		return sc_program_end(program, status, err);
	output = check_output(&why); /* what comes before the verdict: it may have no evidence left */
	if (output == SC_OK && status == SC_OK)
		sc_print("Result: SUCCESS\n");
	else if (output == SC_OK)
		sc_print("Result: FAILURE: %s\n", err->message);
	output = close_output(&why);
	if (output != SC_OK)
		say(program, "Result: FAILURE: ", status != SC_OK ? err : &why);
	return sc_status_exit(status != SC_OK ? status : output);
}
