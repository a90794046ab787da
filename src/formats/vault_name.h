/*
 * Names in a vault's URLs: the vault, a key in it, a version of that key. Their alphabets and lengths are the
 * service's own (Azure Key Vault), and the client, the database and the vault all take them from here.
 */
#ifndef SC_FORMATS_VAULT_NAME_H
#define SC_FORMATS_VAULT_NAME_H

#include <stdbool.h>

/* ASCII letters and digits; and with the hyphen, what each of these names, and a package's, is made of. */
#define SC_LETTERS_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define SC_NAME_ALPHABET  SC_LETTERS_DIGITS "-"

#define SC_VAULT_NAME_SIZE  25  /* 3 to 24 characters, terminated */
#define SC_KEY_NAME_SIZE    128 /* 1 to 127 characters, terminated */
#define SC_KEY_VERSION_SIZE 33  /* 32 hexadecimal digits, terminated */

/* "https://contoso.vault.localhost:8443/keys/NAME/VERSION", terminated: a key's identifier. */
#define SC_KEY_ID_SIZE 640

/*
 * 3 to 24 characters of the alphabet, a letter first, no hyphen last and no two together: it is part of a
 * host name.
 */
bool sc_vault_name_is_valid(const char *name);

/* 1 to 127 characters of the alphabet. */
bool sc_key_name_is_valid(const char *name);

/* 32 hexadecimal digits of either case. */
bool sc_key_version_is_valid(const char *version);

#endif
