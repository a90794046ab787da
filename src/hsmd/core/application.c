/* Applications and socket policies: see application.h. */
#include "hsmd/core/application.h"

#include <string.h>

static const struct {
	uint32_t bit;
	const char *name;
} applications[] = {
	{ SC_APPLICATION_SIMPLE, "simple" }, { SC_APPLICATION_XFERACLD, "xferacld" },
	{ SC_APPLICATION_VAULT, "vault" },   { SC_APPLICATION_KEK, "kek" },
	{ SC_APPLICATION_TOKEN, "token" },   { SC_APPLICATION_TLS, "tls" },
};
#define APPLICATION_COUNT (sizeof applications / sizeof applications[0])

uint32_t sc_application_by_name(const char *name)
{
	for (size_t i = 0; i < APPLICATION_COUNT; i++)
		if (strcmp(applications[i].name, name) == 0)
			return applications[i].bit;
	return 0;
}

const char *sc_application_name(uint32_t application)
{
	for (size_t i = 0; i < APPLICATION_COUNT; i++)
		if (applications[i].bit == application)
			return applications[i].name;
	return "unknown";
}

/*
 * What a daemon may make. Besides these it may load a region's KEK, with which it can only import (rule M3).
 */
#define DAEMON_MAKES (SC_APPLICATION_VAULT | SC_APPLICATION_TOKEN | SC_APPLICATION_TLS)

sc_status sc_policy_check(struct sc_policy *policy, struct sc_error *err)
{
	if (policy->role != SC_ROLE_SERVICE) {
		SC_ENSURE(policy->role == SC_ROLE_CUSTODY || policy->role == SC_ROLE_USE, err,
			  SC_ERR_ARGUMENT, "socket: the role must be custody, service or use");
		SC_ENSURE(!policy->make && !policy->load && !policy->daemon.s[0], err, SC_ERR_ARGUMENT,
			  "socket: make, load and owner are for service sockets only");
		policy->make = policy->role == SC_ROLE_CUSTODY ? SC_APPLICATION_SIMPLE : 0;
		policy->load = SC_APPLICATION_SIMPLE | SC_APPLICATION_XFERACLD;
		return SC_OK;
	}
	SC_ENSURE(policy->daemon.s[0], err, SC_ERR_ARGUMENT,
		  "socket: a service socket must name the daemon that owns its keys (owner=…)");
	SC_ENSURE(policy->load && !(policy->make & ~DAEMON_MAKES), err, SC_ERR_ARGUMENT,
		  "socket: a service socket must load some keys and can make only vault, token or tls keys");
	SC_ENSURE(!(policy->load & ~(DAEMON_MAKES | SC_APPLICATION_KEK)), err, SC_ERR_ARGUMENT,
		  "socket: a service socket can load only vault, token, tls or kek keys");
	SC_ENSURE(!(policy->load & SC_APPLICATION_KEK) || policy->make & SC_APPLICATION_VAULT, err,
		  SC_ERR_ARGUMENT, "socket: only a socket that makes vault keys can load kek keys");
	return SC_OK;
}
