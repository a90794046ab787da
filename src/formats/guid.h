/*
 * GUIDs (RFC 9562), 8-4-4-4-12 hexadecimal digits: the ids of tenants, subscriptions, users, applications and
 * requests. Stored and compared in lower case.
 */
#ifndef SC_FORMATS_GUID_H
#define SC_FORMATS_GUID_H

#include <stdbool.h>

#include "base/error.h"

#define SC_GUID_SIZE 37 /* terminated */

/* True for a GUID with digits of either case. */
bool sc_guid_is_valid(const char *text);

/* True for a GUID in lower case. */
bool sc_guid_is_lower(const char *text);

/* Copies a GUID in lower case; false, with nothing written, if the text is not a GUID. */
bool sc_guid_read(const char *text, char guid[SC_GUID_SIZE]);

/*
 * The same for a GUID that a person typed or copied: in braces or parentheses, as the registry and PowerShell
 * write it, and with spaces around it. What comes from a program is read by sc_guid_read().
 */
bool sc_guid_read_typed(const char *text, char guid[SC_GUID_SIZE]);

/* A random GUID (RFC 9562 section 5.4, version 4). SC_ERR_CRYPTO. */
sc_status sc_guid_make(char guid[SC_GUID_SIZE], struct sc_error *err) SC_WARN_UNUSED;

#endif
