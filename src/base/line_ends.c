/* Text files that came from elsewhere: see line_ends.h. */
#include "base/line_ends.h"

#include <string.h>

#include "base/file.h"

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

static bool has_mark(const struct sc_bytes *text, size_t at)
{
	return text->len - at >= sizeof utf8_mark &&
	       memcmp(text->data + at, utf8_mark, sizeof utf8_mark) == 0;
}

static bool is_line_feed(const struct sc_bytes *text, size_t at)
{
	return at < text->len && text->data[at] == '\n';
}

sc_status sc_line_ends_settle(struct sc_bytes *text, const char *path, struct sc_error *err)
{
	bool begins_line = true;
	size_t from = 0;
	size_t to = 0;

	SC_ENSURE(!is_utf16(text), err, SC_ERR_ENCODING, "%s: is UTF-16 text: save it as UTF-8", path);
	SC_ENSURE(!text->len || !memchr(text->data, '\0', text->len), err, SC_ERR_ENCODING,
		  "%s: a NUL byte in a text file", path);
	while (from < text->len) {
		uint8_t byte = text->data[from];

		if (begins_line && has_mark(text, from)) {
			from += sizeof utf8_mark;
			continue;
		}
		from++;
		SC_ENSURE(
		    byte != '\r' || is_line_feed(text, from), err, SC_ERR_ENCODING,
		    "%s: a carriage return without a line feed: save it with LF at the end of each line",
		    path);
		if (byte == '\r')
			continue;
		begins_line = byte == '\n';
		text->data[to++] = byte;
	}
	if (text->data)
		memset(text->data + to, 0, text->len - to);
	text->len = to;
	return SC_OK;
}

sc_status sc_line_ends_read_path(const char *path, size_t max, struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) text = { 0 };

	SC_TRY(sc_file_read_path(path, max, &text, err));
	SC_TRY(sc_line_ends_settle(&text, path, err));
	*out = sc_steal(text);
	return SC_OK;
}
