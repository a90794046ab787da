/* Entries for people to read: one per line, each a name and a value, in two columns. */
#ifndef SC_FORMATS_ENTRY_H
#define SC_FORMATS_ENTRY_H

#include <stdio.h>

#include "base/digest.h"
#include "formats/der.h"

/* Where entries are printed, and how wide their first column is. */
struct sc_entry_list {
	FILE *out;
	int name_width;
};

/* " k-out-of-n             2/3" */
void sc_entry_print(const struct sc_entry_list *list, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A checked text; "(none)" if it is empty. */
void sc_entry_text(const struct sc_entry_list *list, const char *name, const struct sc_text *text);

/* A hash, in hexadecimal. */
void sc_entry_hash(const struct sc_entry_list *list, const char *name, const struct sc_hash *hash);

/* The same, but no line at all for a hash of zeros. */
void sc_entry_optional_hash(const struct sc_entry_list *list, const char *name, const struct sc_hash *hash);

/* Seconds since 1970, as a date and a time in UTC. */
void sc_entry_time(const struct sc_entry_list *list, const char *name, int64_t time);

/* Data that is sealed or useless to a reader: only its length and SHA-256. */
void sc_entry_data(const struct sc_entry_list *list, const char *name, const struct sc_bytes *data);

/* Short public data in hexadecimal. What is empty or longer than 64 bytes is shown as by sc_entry_data. */
void sc_entry_short_data(const struct sc_entry_list *list, const char *name, const struct sc_bytes *data);

#endif
