/* Applications and socket policies: whose keys may be made and loaded through which socket. */
#ifndef SC_HSMD_CORE_APPLICATION_H
#define SC_HSMD_CORE_APPLICATION_H

#include "formats/der.h"
#include "wire/commands.h"

/* Applications: the first word of a key file's name, sealed in the key's blob. One bit each in a policy. */
enum sc_application {
	SC_APPLICATION_SIMPLE = 1 << 0,
	SC_APPLICATION_XFERACLD = 1 << 1,
	SC_APPLICATION_VAULT = 1 << 2,
	SC_APPLICATION_KEK = 1 << 3,
	SC_APPLICATION_TOKEN = 1 << 4,
	SC_APPLICATION_TLS = 1 << 5,
};

/* The bit for a name such as "simple", or 0 if the name is unknown. */
uint32_t sc_application_by_name(const char *name);
const char *sc_application_name(uint32_t application);

/* What a socket may do. Custody and use sockets have fixed lists: see sc_policy_check. */
struct sc_policy {
	enum sc_role role;
	uint32_t make;         /* enum sc_application bits: may be generated or imported here */
	uint32_t load;         /* enum sc_application bits: may be loaded and used here */
	struct sc_text daemon; /* the only owner it may name; "" on custody and use sockets */
};

/*
 * Fills in the fixed lists. A custody socket makes simple keys (kek and xferacld keys come from commands of
 * their own) and loads simple and xferacld keys. A use socket makes none and loads simple and xferacld keys.
 *
 * SC_ERR_ARGUMENT if a service socket names no daemon, loads nothing, lists simple or xferacld, or loads kek
 * keys without making vault keys.
 */
sc_status sc_policy_check(struct sc_policy *policy, struct sc_error *err) SC_WARN_UNUSED;

#endif
