/*
 * How failure travels. A function that can fail returns sc_status and, where a person will read it, fills the
 * caller's struct sc_error with what, where and what to do. Three macros, the only ones with control flow.
 */
#ifndef SC_BASE_ERROR_H
#define SC_BASE_ERROR_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define SC_ERROR_MESSAGE_MAX 512

/* How many numbers a module's refusal carries: what they mean stands with the command (wire/commands.h). */
#define SC_ERROR_NUMBERS 3

/* Owned by the caller, zero-initialised; `message` is always terminated, and never holds a secret. */
struct sc_error {
	sc_status status;
	uint64_t numbers[SC_ERROR_NUMBERS];
	char message[SC_ERROR_MESSAGE_MAX];
};

#define SC_WARN_UNUSED __attribute__((warn_unused_result))

/* Fills *err (which may be NULL) and returns `status`. Too long a message is cut, never refused. */
sc_status sc_fail(struct sc_error *err, sc_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* sc_fail with strerror(errno) behind the text: "state/key: cannot open: Permission denied". */
sc_status sc_fail_errno(struct sc_error *err, sc_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* sc_fail with the sentence of the status table alone. */
sc_status sc_fail_plain(struct sc_error *err, sc_status status);

/* Puts "text: " before the message of a failure that comes from below, and passes its status on. */
sc_status sc_fail_context(struct sc_error *err, sc_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * For libcrypto's failures: empties its error queue and adds the reason, which never holds key material.
 * SC_ERR_CRYPTO, or SC_ERR_MEMORY where that was the reason.
 */
sc_status sc_fail_crypto(struct sc_error *err, const char *what);

/* SC_OK if an allocation succeeded, else SC_ERR_MEMORY: SC_TRY(sc_check_allocated(list, err)). A pointer will do. */
sc_status sc_check_allocated(_Bool is_allocated, struct sc_error *err) SC_WARN_UNUSED;

/* Passes a failure on. */
#define SC_TRY(call)                                                                                         \
	do {                                                                                                 \
		sc_status sc_try_status = (call);                                                            \
		if (sc_try_status != SC_OK)                                                                  \
			return sc_try_status;                                                                \
	} while (0)

/* Refuses unless the condition holds. */
#define SC_ENSURE(condition, err, ...)                                                                       \
	do {                                                                                                 \
		if (!(condition))                                                                            \
			return sc_fail((err), __VA_ARGS__);                                                  \
	} while (0)

#endif
