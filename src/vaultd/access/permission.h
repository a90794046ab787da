/* What an access policy can grant on a vault's keys, and what an administrator may do. One bit each. */
#ifndef SC_VAULTD_ACCESS_PERMISSION_H
#define SC_VAULTD_ACCESS_PERMISSION_H

#include <stdint.h>

/* clang-format off */
/* The names that access policies use for keys, in Azure's spelling. */
#define SC_ACCESS_KEY_PERMISSION_TABLE(P)                                                                    \
	P(GET,                 "get")                                                                        \
	P(LIST,                "list")                                                                       \
	P(UPDATE,              "update")                                                                     \
	P(CREATE,              "create")                                                                     \
	P(IMPORT,              "import")                                                                     \
	P(DELETE,              "delete")                                                                     \
	P(RECOVER,             "recover")                                                                    \
	P(BACKUP,              "backup")                                                                     \
	P(RESTORE,             "restore")                                                                    \
	P(DECRYPT,             "decrypt")                                                                    \
	P(ENCRYPT,             "encrypt")                                                                    \
	P(UNWRAP_KEY,          "unwrapKey")                                                                  \
	P(WRAP_KEY,            "wrapKey")                                                                    \
	P(VERIFY,              "verify")                                                                     \
	P(SIGN,                "sign")                                                                       \
	P(PURGE,               "purge")                                                                      \
	P(RELEASE,             "release")                                                                    \
	P(ROTATE,              "rotate")                                                                     \
	P(GET_ROTATION_POLICY, "getrotationpolicy")                                                          \
	P(SET_ROTATION_POLICY, "setrotationpolicy")

#define SC_ACCESS_PERMISSION_NUMBER(NAME, text) SC_ACCESS_NUMBER_##NAME,
enum sc_access_permission_number {
	SC_ACCESS_KEY_PERMISSION_TABLE(SC_ACCESS_PERMISSION_NUMBER)
	SC_ACCESS_NUMBER_RESOURCES_READ,  /* any principal of the tenant */
	SC_ACCESS_NUMBER_RESOURCES_WRITE, /* the tenant's administrators */
};
#undef SC_ACCESS_PERMISSION_NUMBER

#define SC_ACCESS_PERMISSION_BIT(NAME, text) SC_ACCESS_##NAME = 1U << SC_ACCESS_NUMBER_##NAME,
enum sc_access_permission {
	SC_ACCESS_KEY_PERMISSION_TABLE(SC_ACCESS_PERMISSION_BIT)
	SC_ACCESS_RESOURCES_READ = 1U << SC_ACCESS_NUMBER_RESOURCES_READ,
	SC_ACCESS_RESOURCES_WRITE = 1U << SC_ACCESS_NUMBER_RESOURCES_WRITE,
};
#undef SC_ACCESS_PERMISSION_BIT
/* clang-format on */

/*
 * What an access policy grants with that word, whose case does not matter: one permission, or for "all" every
 * permission on keys except purge, as in Azure. 0 if the word is unknown.
 */
uint32_t sc_access_permissions_of(const char *word);

/* The word in Azure's spelling, "all" included. NULL if it is unknown. */
const char *sc_access_permission_word(const char *word);

/* Azure's word for one permission on keys. NULL for any other value. */
const char *sc_access_permission_name(uint32_t permission);

#endif
