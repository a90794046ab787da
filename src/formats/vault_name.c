/* Names in a vault's URLs: see vault_name.h. */
#include "formats/vault_name.h"

#include <ctype.h>
#include <string.h>

#define VAULT_NAME_MIN 3

bool sc_vault_name_is_valid(const char *name)
{
	size_t len = strspn(name, SC_NAME_ALPHABET);

	return len >= VAULT_NAME_MIN && len < SC_VAULT_NAME_SIZE && name[len] == '\0' &&
	       isalpha((unsigned char)name[0]) && name[len - 1] != '-' && !strstr(name, "--");
}

bool sc_key_name_is_valid(const char *name)
{
	size_t len = strspn(name, SC_NAME_ALPHABET);

	return len >= 1 && len < SC_KEY_NAME_SIZE && name[len] == '\0';
}

bool sc_key_version_is_valid(const char *version)
{
	size_t len = strspn(version, "0123456789abcdefABCDEF");

	return len == SC_KEY_VERSION_SIZE - 1 && version[len] == '\0';
}
