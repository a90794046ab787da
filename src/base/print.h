/*
 * Output of the programs. Nothing else under src/ prints (scripts/check-source checks it), for two reasons:
 * text from files, arguments and peers must not reach a terminal as it is (visible.h), and output that could
 * not be written is a failure of the program, which sc_program_end() reports.
 */
#ifndef SC_BASE_PRINT_H
#define SC_BASE_PRINT_H

#include <stdarg.h>
#include <stdio.h>

#include "base/bytes.h"

/*
 * printf() with everything made visible. Line ends belong in the format. If an argument brings one, it is
 * shown as \n, and so are those of the format before the last character.
 */
void sc_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void sc_print_to(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sc_print_to_va(FILE *out, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* Prints text of several lines, like that which sc_acl_print() makes: its line ends are kept. */
void sc_print_lines(FILE *out, struct sc_view text);

/* Writes what was printed to standard output: before a wait, a question, or a line on standard error. */
void sc_print_flush(void);

/*
 * The end of every program: closes standard output, and prints a failure as "PROGRAM: message" on standard
 * error. That standard output could not be written, at any time, is a failure too. Returns main's exit
 * status.
 */
int sc_program_end(const char *program, sc_status status, const struct sc_error *err);

/*
 * The end of a program whose last line is a verdict: "Result: SUCCESS" or "Result: FAILURE: message", as in
 * the article. If standard output cannot be written, the verdict is a failure, on standard error. An invalid
 * command line (exit status 2) gets no verdict, but ends as above.
 */
int sc_program_end_result(const char *program, sc_status status, const struct sc_error *err);

#endif
