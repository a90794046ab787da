/* Names of tenants, objects and applications: 8-4-4-4-12 hexadecimal digits. */
#ifndef SC_SIGNIND_GUID_H
#define SC_SIGNIND_GUID_H

#include <stdbool.h>

#define SC_GUID_SIZE 37 /* terminated */

/* Digits of either case. */
bool sc_guid_is(const char *text);

/* Copies a GUID in lower case; false, and nothing is written, for what is none. */
bool sc_guid_read(const char *text, char guid[SC_GUID_SIZE]);

#endif
