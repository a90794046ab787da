/*
 * A module answers with a code and numbers; the words that a person can act on are made here, on the
 * untrusted side, where the socket's path is known and a mistake in a text can do no harm.
 */
#ifndef SC_CLIENT_REFUSAL_H
#define SC_CLIENT_REFUSAL_H

#include "wire/message.h"

/*
 * Fills *err with what the refusal of `command` by the module behind the socket `path` means and what to do
 * about it, keeps the numbers in err->numbers, and passes the status on. What is said of a card begins
 * without the path, so that the caller can put "card 2 of 3: " before it (sc_fail_context).
 */
sc_status sc_client_refusal_explain(const char *path, uint32_t command, sc_status status,
			     const uint64_t numbers[SC_ERROR_NUMBERS], struct sc_error *err);

#endif
