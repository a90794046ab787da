/*
 * A module answers with a code and numbers. The message that tells a person what to do is made here, on the
 * untrusted side, which knows the socket's path and where a mistake in a text can do no harm.
 */
#ifndef SC_CLIENT_REFUSAL_H
#define SC_CLIENT_REFUSAL_H

#include "wire/message.h"

/*
 * Fills *err with what the refusal of `command` by the module behind the socket `path` means and what to do
 * about it, puts the numbers in err->numbers, and returns the status. A message about a card does not start
 * with the path, so that the caller can prepend "card 2 of 3: " (sc_fail_context).
 */
sc_status sc_client_refusal_explain(const char *path, uint32_t command, sc_status status,
				    const uint64_t numbers[SC_ERROR_NUMBERS], struct sc_error *err);

#endif
