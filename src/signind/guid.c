/* See guid.h. */
#include "signind/guid.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

bool sc_guid_is(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (strlen(text) != sizeof form - 1)
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == '-' ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	return true;
}

bool sc_guid_read(const char *text, char guid[SC_GUID_SIZE])
{
	if (!sc_guid_is(text))
		return false;
	for (size_t i = 0; i < SC_GUID_SIZE; i++)
		guid[i] = (char)tolower((unsigned char)text[i]);
	return true;
}
