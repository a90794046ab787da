/* The words of access policies: see permission.h. */
#include "vaultd/access/permission.h"

#include <stddef.h>
#include <strings.h>

static const struct {
	const char *word;
	uint32_t permissions;
} words[] = {
#define WORD(NAME, text) { text, SC_ACCESS_##NAME },
	SC_ACCESS_KEY_PERMISSION_TABLE(WORD)
#undef WORD
#define BIT(NAME, text) SC_ACCESS_##NAME |
	    { "all", (SC_ACCESS_KEY_PERMISSION_TABLE(BIT) 0) & ~(uint32_t)SC_ACCESS_PURGE },
#undef BIT
};

#define WORDS (sizeof words / sizeof words[0])

uint32_t sc_access_permissions_of(const char *word)
{
	for (size_t i = 0; word && i < WORDS; i++)
		if (strcasecmp(words[i].word, word) == 0)
			return words[i].permissions;
	return 0;
}

const char *sc_access_permission_word(const char *word)
{
	for (size_t i = 0; word && i < WORDS; i++)
		if (strcasecmp(words[i].word, word) == 0)
			return words[i].word;
	return NULL;
}

const char *sc_access_permission_name(uint32_t permission)
{
	for (size_t i = 0; i < WORDS; i++)
		if (words[i].permissions == permission)
			return words[i].word;
	return NULL;
}
