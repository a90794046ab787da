/* Text for people: see visible.h. */
#include "base/visible.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Characters that are not shown as they are, besides the controls. */
static const struct {
	uint32_t first;
	uint32_t last;
} hidden[] = {
	{ 0x00a0, 0x00a0 },    /* a space that does not break */
	{ 0x00ad, 0x00ad },    /* a hyphen that is not shown */
	{ 0x0600, 0x0605 },    /* Arabic number signs, which enclose what follows */
	{ 0x061c, 0x061c },    /* Arabic letter mark */
	{ 0x115f, 0x1160 },    /* fillers of Hangul */
	{ 0x1680, 0x1680 },    /* a space of Ogham */
	{ 0x180b, 0x180f },    /* variations and the vowel separator of Mongolian */
	{ 0x2000, 0x200f },    /* spaces of other widths, zero-width characters, direction marks */
	{ 0x2028, 0x202f },    /* line and paragraph separators, directions, a narrow space */
	{ 0x205f, 0x206f },    /* a space, invisible operators, directions */
	{ 0x2800, 0x2800 },    /* an empty pattern of Braille */
	{ 0x3000, 0x3000 },    /* the space that a Japanese or Chinese keyboard types */
	{ 0x3164, 0x3164 },    /* a filler of Hangul */
	{ 0xe000, 0xf8ff },    /* private use */
	{ 0xfe00, 0xfe0f },    /* variations */
	{ 0xfeff, 0xfeff },    /* byte order mark */
	{ 0xffa0, 0xffa0 },    /* a filler of Hangul, narrow */
	{ 0xfff9, 0xfffb },    /* annotations */
	{ 0xe0000, 0xe007f },  /* tags */
	{ 0xe0100, 0xe01ef },  /* variations */
	{ 0xf0000, 0x10ffff }, /* private use */
};

static bool is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

static bool is_hidden(uint32_t character)
{
	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
		if (character >= hidden[i].first && character <= hidden[i].last)
			return true;
	return false;
}

static const char *short_name(uint32_t character)
{
	return character == '\n' ? "\\n" : character == '\r' ? "\\r" : character == '\t' ? "\\t" : NULL;
}

size_t sc_visible_next(struct sc_view *rest, char out[SC_VISIBLE_MAX])
{
	uint32_t character = 0;
	size_t len = sc_utf8_character(rest->data, rest->len, &character);
	size_t taken = len ? len : 1;

	out[0] = '\0';
	if (rest->len == 0)
		return 0;
	if (len == 0)
		snprintf(out, SC_VISIBLE_MAX, "\\x%02x", rest->data[0]);
	else if (short_name(character))
		snprintf(out, SC_VISIBLE_MAX, "%s", short_name(character));
	else if (is_control(character))
		snprintf(out, SC_VISIBLE_MAX, "\\x%02x", character);
	else if (is_hidden(character))
		snprintf(out, SC_VISIBLE_MAX, "\\u%04x", character);
	else
		snprintf(out, SC_VISIBLE_MAX, "%.*s", (int)len, (const char *)rest->data);
	*rest = sc_view_of(rest->data + taken, rest->len - taken);
	return strlen(out);
}

void sc_visible(const char *text, char *out, size_t size)
{
	struct sc_view rest = sc_view_text(text);
	char next[SC_VISIBLE_MAX];
	size_t used = 0;
	size_t len;

	while ((len = sc_visible_next(&rest, next)) > 0 && used + len < size) {
		memcpy(out + used, next, len);
		used += len;
	}
	out[used] = '\0';
}

struct sc_shown sc_shown(const char *value)
{
	size_t len = strlen(value);
	bool is_odd = len == 0 || strchr(" \t", value[0]) || strchr(" \t", value[len - 1]);
	const char *quote = is_odd ? "\"" : "";
	char text[SC_SHOWN_SIZE - 2];
	struct sc_shown shown;

	sc_visible(value, text, sizeof text);
	snprintf(shown.s, sizeof shown.s, "%s%s%s", quote, text, quote);
	return shown;
}
