/* Error handling: see error.h. Nothing here allocates, so running out of memory can be reported. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "base/visible.h"

struct status_row {
	sc_status status;
	int exit_status;
	const char *name;
	const char *sentence;
};

#define SC_STATUS_ROW(code, number, exit, sentence) { code, exit, #code, sentence },
static const struct status_row rows[] = { SC_STATUS_TABLE(SC_STATUS_ROW) };
#undef SC_STATUS_ROW

static const struct status_row *find_row(unsigned number)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if ((unsigned)rows[i].status == number)
			return &rows[i];
	return NULL;
}

const char *sc_status_name(sc_status status)
{
	const struct status_row *row = find_row((unsigned)status);

	return row ? row->name : "SC_ERR_UNKNOWN";
}

const char *sc_status_sentence(sc_status status)
{
	const struct status_row *row = find_row((unsigned)status);

	return row ? row->sentence : "unknown error";
}

int sc_status_exit(sc_status status)
{
	const struct status_row *row = find_row((unsigned)status);

	return row ? row->exit_status : 70;
}

_Bool sc_status_is_known(unsigned number)
{
	return find_row(number) != NULL;
}

__attribute__((format(printf, 3, 0))) static void set_message(struct sc_error *err, sc_status status,
							      const char *format, va_list args)
{
	/* What is shown is never shorter, so a character that is cut at the end of `text` is not shown. */
	char text[2 * SC_ERROR_MESSAGE_MAX];

	if (!err)
		return;
	err->status = status;
	memset(err->numbers, 0, sizeof err->numbers);
	vsnprintf(text, sizeof text, format, args);
	sc_visible(text, err->message, sizeof err->message);
}

static void append(struct sc_error *err, const char *text)
{
	size_t used = strlen(err->message);

	snprintf(err->message + used, sizeof err->message - used, ": ");
	used = strlen(err->message);
	sc_visible(text, err->message + used, sizeof err->message - used);
}

sc_status sc_fail(struct sc_error *err, sc_status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_message(err, status, format, args);
	va_end(args);
	return status;
}

sc_status sc_fail_errno(struct sc_error *err, sc_status status, const char *format, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, format);
	set_message(err, status, format, args);
	va_end(args);
	if (err)
		append(err, strerror(saved));
	return status;
}

sc_status sc_fail_plain(struct sc_error *err, sc_status status)
{
	return sc_fail(err, status, "%s", sc_status_sentence(status));
}

sc_status sc_check_allocated(_Bool is_allocated, struct sc_error *err)
{
	return is_allocated ? SC_OK : sc_fail_plain(err, SC_ERR_MEMORY);
}

sc_status sc_fail_context(struct sc_error *err, sc_status status, const char *format, ...)
{
	char below[SC_ERROR_MESSAGE_MAX];
	uint64_t numbers[SC_ERROR_NUMBERS];
	va_list args;

	if (!err)
		return status;
	memcpy(below, err->message, sizeof below);
	memcpy(numbers, err->numbers, sizeof numbers);
	va_start(args, format);
	set_message(err, status, format, args);
	va_end(args);
	memcpy(err->numbers, numbers, sizeof numbers);
	append(err, below);
	return status;
}

sc_status sc_fail_crypto(struct sc_error *err, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	sc_status status = ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE ? SC_ERR_MEMORY : SC_ERR_CRYPTO;

	sc_fail(err, status, "%s", what);
	if (err && reason)
		append(err, reason);
	ERR_clear_error();
	return status;
}
