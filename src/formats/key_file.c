/* Templates of a key's file: see key_file.h. */
#include "formats/key_file.h"

#include <string.h>

#define FORMAT "safeconduct.key-file.1"

ASN1_SEQUENCE(sc_key_file) = {
	ASN1_EMBED(struct sc_key_file, format, SC_DER_TEXT),
	ASN1_EMBED(struct sc_key_file, application, SC_DER_TEXT),
	ASN1_EMBED(struct sc_key_file, ident, SC_DER_TEXT),
	ASN1_EMBED(struct sc_key_file, name, SC_DER_TEXT),
	ASN1_EMBED(struct sc_key_file, created, SC_DER_TIME),
	ASN1_EMBED(struct sc_key_file, spki, SC_DER_OCTETS),
	ASN1_EMBED(struct sc_key_file, blob, SC_DER_OCTETS),
} ASN1_SEQUENCE_END_name(struct sc_key_file, sc_key_file)

static bool is_valid(const void *value)
{
	const struct sc_key_file *file = value;

	return file->application.s[0] && sc_ident_is_valid(file->ident.s) && file->blob.len > 0;
}

SC_DER_IMPLEMENT(sc_key_file, FORMAT, "key file", SC_KEY_FILE_MAX, SC_DER_ELEMENTS, is_valid)

bool sc_ident_is_valid(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len >= 1 && len <= 64 && text[len] == '\0';
}
