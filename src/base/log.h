/*
 * Log lines on standard error: "hsmd: notice: …". A line never holds a secret: it consists of names, numbers
 * and public hashes. Control characters are escaped (visible.h), so that outside input cannot forge a line.
 */
#ifndef SC_BASE_LOG_H
#define SC_BASE_LOG_H

enum sc_log_level {
	SC_LOG_ERROR,
	SC_LOG_WARNING,
	SC_LOG_NOTICE,
	SC_LOG_DEBUG,
};

/* Sets the program name (not copied) and the most verbose level that is written. */
void sc_log_start(const char *program, enum sc_log_level level);

/*
 * For a program that others wait for: from now on, a line for which standard error has no room at once is
 * dropped, and the next line written says how many are missing. So no thread waits for a reader, unless
 * another process fills the same pipe between the look and the write. A tool does block, because its user
 * must see the warnings.
 */
void sc_log_never_wait(void);

/* Writes one line with a single write(2), truncated at 1,000 bytes. Safe from any thread. */
void sc_log(enum sc_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
