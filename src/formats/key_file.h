/*
 * A key's file in kmdata, key_<application>_<ident> (article step 3.3: the tokenized key file). The module
 * authenticates the blob in it. The other fields are for people and tools, and prove nothing.
 *
 *   KeyFile ::= SEQUENCE { format, application, ident, name, created, spki OCTET STRING, blob OCTET STRING }
 */
#ifndef SC_FORMATS_KEY_FILE_H
#define SC_FORMATS_KEY_FILE_H

#include "formats/der.h"

struct sc_key_file {
	struct sc_text format; /* "safeconduct.key-file.1" */
	struct sc_text application;
	struct sc_text ident;
	struct sc_text name; /* plainname */
	int64_t created;
	struct sc_bytes spki;
	struct sc_bytes blob;
};

#define SC_KEY_FILE_MAX 32768
SC_DER_DECLARE(sc_key_file)

/* True for 1 to 64 characters: only numbers, dashes, and lower case letters (article step 3.3). */
bool sc_ident_is_valid(const char *text);

#endif
