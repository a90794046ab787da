/* Names of issuers: see issuer_name.h. */
#include "web/issuer_name.h"

#include <stdio.h>
#include <string.h>

static const char place[] = SC_WEB_ISSUER_TENANT;

bool sc_web_issuer_is_pattern(const char *issuer)
{
	return strstr(issuer, place) != NULL;
}

bool sc_web_issuer_read(const char *pattern, const char *issuer, char tenant[SC_GUID_SIZE])
{
	const char *at = strstr(pattern, place);
	size_t before = at ? (size_t)(at - pattern) : 0;
	char id[SC_GUID_SIZE];

	if (!at || strncmp(issuer, pattern, before) != 0 || strlen(issuer + before) < SC_GUID_SIZE - 1)
		return false;
	snprintf(id, sizeof id, "%s", issuer + before);
	if (!sc_guid_is_lower(id) || strcmp(issuer + before + strlen(id), at + strlen(place)) != 0)
		return false;
	memcpy(tenant, id, sizeof id);
	return true;
}

void sc_web_issuer_write(const char *pattern, const char *name, char *out, size_t size)
{
	const char *at = strstr(pattern, place);

	if (at)
		snprintf(out, size, "%.*s%s%s", (int)(at - pattern), pattern, name, at + strlen(place));
	else
		snprintf(out, size, "%s", pattern);
}
