/* UTF-8: see utf8.h. */
#include "base/utf8.h"

size_t sc_utf8_character(const uint8_t *text, size_t left, uint32_t *value)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t first = left ? text[0] : 0xff;
	uint32_t found;
	size_t len = first < 0x80                    ? 1
		     : first >= 0xc2 && first < 0xe0 ? 2
		     : first >= 0xe0 && first < 0xf0 ? 3
		     : first >= 0xf0 && first < 0xf5 ? 4
						     : 0;

	if (len == 0 || len > left)
		return 0;
	found = len == 1 ? first : first & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		found = found << 6 | (text[i] & 0x3f);
	}
	if (found < least[len] || found > 0x10ffff || (found >= 0xd800 && found <= 0xdfff))
		return 0;
	*value = found;
	return len;
}
