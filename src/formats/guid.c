/* GUIDs: see guid.h. */
#include "formats/guid.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

static bool has_shape(const char *text, const char *digits)
{
	if (strlen(text) != sizeof shape - 1)
		return false;
	for (size_t i = 0; i < sizeof shape - 1; i++)
		if (shape[i] == '-' ? text[i] != '-' : !strchr(digits, text[i]))
			return false;
	return true;
}

bool sc_guid_is_valid(const char *text)
{
	return has_shape(text, "0123456789abcdefABCDEF");
}

bool sc_guid_is_lower(const char *text)
{
	return has_shape(text, "0123456789abcdef");
}

bool sc_guid_read(const char *text, char guid[SC_GUID_SIZE])
{
	if (!sc_guid_is_valid(text))
		return false;
	for (size_t i = 0; i < SC_GUID_SIZE; i++)
		guid[i] = (char)tolower((unsigned char)text[i]);
	return true;
}

bool sc_guid_read_typed(const char *text, char guid[SC_GUID_SIZE])
{
	static const char spaces[] = " \t\r\n";
	const char *begin = text + strspn(text, spaces);
	size_t len = strlen(begin);
	char copy[SC_GUID_SIZE];

	while (len > 0 && strchr(spaces, begin[len - 1]))
		len--;
	if (len > 2 &&
	    ((begin[0] == '{' && begin[len - 1] == '}') || (begin[0] == '(' && begin[len - 1] == ')'))) {
		begin++;
		len -= 2;
	}
	if (len != SC_GUID_SIZE - 1)
		return false;
	memcpy(copy, begin, len);
	copy[len] = '\0';
	return sc_guid_read(copy, guid);
}

sc_status sc_guid_make(char guid[SC_GUID_SIZE], struct sc_error *err)
{
	uint8_t b[16];
	char hex[2 * sizeof b + 1];

	SC_TRY(sc_random(b, sizeof b, err));
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	sc_hex(sc_view_of(b, sizeof b), hex);
	snprintf(guid, SC_GUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
	return SC_OK;
}
