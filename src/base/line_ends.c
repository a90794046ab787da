/* Text files that came from elsewhere: see line_ends.h. */
#include "base/line_ends.h"

#include <string.h>

static const uint8_t utf8_mark[] = { 0xef, 0xbb, 0xbf };

static bool begins_with(const struct sc_bytes *text, const void *bytes, size_t len)
{
	return text->len >= len && memcmp(text->data, bytes, len) == 0;
}

/* By its byte order mark or, without one, by the zero half of its first character. */
static bool is_utf16(const struct sc_bytes *text)
{
	return begins_with(text, "\xff\xfe", 2) || begins_with(text, "\xfe\xff", 2) ||
	       (text->len >= 2 && (text->data[0] == 0) != (text->data[1] == 0));
}

sc_status sc_line_ends_settle(struct sc_bytes *text, const char *path, struct sc_error *err)
{
	size_t from = begins_with(text, utf8_mark, sizeof utf8_mark) ? sizeof utf8_mark : 0;
	size_t to = 0;

	SC_ENSURE(!is_utf16(text), err, SC_ERR_ENCODING, "%s: is UTF-16 text: save it as UTF-8", path);
	SC_ENSURE(!text->len || !memchr(text->data, '\0', text->len), err, SC_ERR_ENCODING,
		  "%s: a NUL byte in a text file", path);
	for (; from < text->len; from++)
		if (text->data[from] != '\r' || from + 1 == text->len || text->data[from + 1] != '\n')
			text->data[to++] = text->data[from];
	if (text->data)
		memset(text->data + to, 0, text->len - to);
	text->len = to;
	return SC_OK;
}
