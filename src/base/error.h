/*
 * Error handling. A function that can fail returns sc_status. If a person will read the error, the function
 * also fills the caller's struct sc_error: what failed, where, and what to do. SC_TRY, SC_ENSURE and
 * SC_CLEANUP are the only macros that affect control flow.
 */
#ifndef SC_BASE_ERROR_H
#define SC_BASE_ERROR_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define SC_ERROR_MESSAGE_MAX 512

/* How many numbers a module's refusal carries. Each command defines their meaning (wire/commands.h). */
#define SC_ERROR_NUMBERS 3

/* Owned by the caller; zero-initialise. `message` is always NUL-terminated and never holds a secret. */
struct sc_error {
	sc_status status;
	uint64_t numbers[SC_ERROR_NUMBERS];
	char message[SC_ERROR_MESSAGE_MAX];
};

#define SC_WARN_UNUSED __attribute__((warn_unused_result))

/*
 * Fills *err (which may be NULL) and returns `status`. The message is made visible (visible.h), so it can be
 * shown at a terminal whatever its arguments contain. A message that is too long is truncated.
 */
sc_status sc_fail(struct sc_error *err, sc_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* sc_fail with strerror(errno) appended: "state/key: cannot open: Permission denied". */
sc_status sc_fail_errno(struct sc_error *err, sc_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* sc_fail with the sentence from the status table. */
sc_status sc_fail_plain(struct sc_error *err, sc_status status);

/* Prefixes the message of a callee's failure with "text: " and returns `status`. */
sc_status sc_fail_context(struct sc_error *err, sc_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * For libcrypto failures: empties its error queue and appends the reason, which never holds key material.
 * SC_ERR_CRYPTO, or SC_ERR_MEMORY if libcrypto ran out of memory.
 */
sc_status sc_fail_crypto(struct sc_error *err, const char *what);

/*
 * SC_OK if an allocation succeeded, else SC_ERR_MEMORY. A pointer can be passed as it is:
 * SC_TRY(sc_check_allocated(list, err)).
 */
sc_status sc_check_allocated(_Bool is_allocated, struct sc_error *err) SC_WARN_UNUSED;

/* Returns the failure, if there is one. */
#define SC_TRY(call)                                                                                         \
	do {                                                                                                 \
		sc_status sc_try_status = (call);                                                            \
		if (sc_try_status != SC_OK)                                                                  \
			return sc_try_status;                                                                \
	} while (0)

/* Fails unless the condition holds. */
#define SC_ENSURE(condition, err, ...)                                                                       \
	do {                                                                                                 \
		if (!(condition))                                                                            \
			return sc_fail((err), __VA_ARGS__);                                                  \
	} while (0)

#endif
