/* The names of roles: see role.h. */
#include "wire/role.h"

#include <string.h>

static const struct {
	enum sc_role role;
	const char *name;
} roles[] = {
	{ SC_ROLE_CUSTODY, "custody" },
	{ SC_ROLE_SERVICE, "service" },
	{ SC_ROLE_USE, "use" },
};
#define ROLES (sizeof roles / sizeof roles[0])

const char *sc_role_name(uint32_t role)
{
	for (size_t i = 0; i < ROLES; i++)
		if ((uint32_t)roles[i].role == role)
			return roles[i].name;
	return "unknown";
}

bool sc_role_by_name(const char *name, enum sc_role *out)
{
	for (size_t i = 0; i < ROLES; i++)
		if (strcmp(roles[i].name, name) == 0) {
			*out = roles[i].role;
			return true;
		}
	return false;
}
