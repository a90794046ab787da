/* Entries for people to read: see entry.h. */
#include "formats/entry.h"

#include <stdarg.h>

#include "base/clock.h"
#include "base/print.h"

#define SHORT_DATA_MAX 64 /* bytes */

void sc_entry_print(const struct sc_entry_list *list, const char *name, const char *format, ...)
{
	va_list args;

	sc_print_to(list->out, " %-*s ", list->name_width, name);
	va_start(args, format);
	sc_print_to_va(list->out, format, args);
	va_end(args);
	sc_print_to(list->out, "\n");
}

void sc_entry_text(const struct sc_entry_list *list, const char *name, const struct sc_text *text)
{
	sc_entry_print(list, name, "%s", text->s[0] ? text->s : "(none)");
}

void sc_entry_hash(const struct sc_entry_list *list, const char *name, const struct sc_hash *hash)
{
	char hex[2 * SC_HASH_SIZE + 1];

	sc_hex(sc_hash_view(hash), hex);
	sc_entry_print(list, name, "%s", hex);
}

void sc_entry_optional_hash(const struct sc_entry_list *list, const char *name, const struct sc_hash *hash)
{
	if (!sc_hash_is_zero(hash))
		sc_entry_hash(list, name, hash);
}

void sc_entry_time(const struct sc_entry_list *list, const char *name, int64_t time)
{
	char text[SC_CLOCK_TEXT_SIZE];

	sc_clock_text(time, text);
	sc_entry_print(list, name, "%s", text);
}

void sc_entry_data(const struct sc_entry_list *list, const char *name, const struct sc_bytes *data)
{
	char hex[2 * SC_HASH_SIZE + 1] = "?";
	struct sc_hash hash;

	if (sc_sha256(sc_bytes_view(data), &hash, NULL) == SC_OK)
		sc_hex(sc_hash_view(&hash), hex);
	sc_entry_print(list, name, "%zu bytes, SHA-256 %s", data->len, hex);
}

void sc_entry_short_data(const struct sc_entry_list *list, const char *name, const struct sc_bytes *data)
{
	char hex[2 * SHORT_DATA_MAX + 1];

	if (data->len == 0 || data->len > SHORT_DATA_MAX) {
		sc_entry_data(list, name, data);
		return;
	}
	sc_hex(sc_bytes_view(data), hex);
	sc_entry_print(list, name, "%s", hex);
}
