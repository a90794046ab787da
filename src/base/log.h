/*
 * One line on standard error for whoever runs a program: "hsmd: notice: …". Never a secret: what is logged is
 * made of names, numbers and public hashes, and control characters are replaced, so that nothing that came
 * from outside can forge a line.
 */
#ifndef SC_BASE_LOG_H
#define SC_BASE_LOG_H

enum sc_log_level {
	SC_LOG_ERROR,
	SC_LOG_WARNING,
	SC_LOG_NOTICE,
	SC_LOG_DEBUG,
};

/* Names the program (not copied) and the most talkative level that is still written. */
void sc_log_start(const char *program, enum sc_log_level level);

/*
 * For a program that others wait for: from now on, where nobody empties the pipe behind standard error, lines
 * are dropped instead of waiting, and the next that is written says how many. A tool waits, as whoever sits
 * before it has to read its warnings.
 */
void sc_log_never_wait(void);

/* Writes one line with one write(2); cut at 1,000 bytes. Safe from any thread. */
void sc_log(enum sc_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
