/* URLs: see urls.h. */
#include "signind/urls.h"

#include <stdio.h>
#include <string.h>

#define DOMAIN_MAX 180

static bool is_domain(const char *domain)
{
	size_t len = strlen(domain);

	return len > 0 && len <= DOMAIN_MAX && domain[0] != '.' && domain[len - 1] != '.' &&
	       strspn(domain, "abcdefghijklmnopqrstuvwxyz0123456789.-") == len;
}

static void url_of(const char *host, const char *domain, uint16_t port, char url[SC_SIGNIND_ORIGIN_MAX + 1])
{
	if (port == 443)
		snprintf(url, SC_SIGNIND_ORIGIN_MAX + 1, "https://%s.%s", host, domain);
	else
		snprintf(url, SC_SIGNIND_ORIGIN_MAX + 1, "https://%s.%s:%u", host, domain, port);
}

sc_status sc_signind_urls_set(const char *domain, uint16_t port, uint16_t vault_port,
			      struct sc_signind_urls *out, struct sc_error *err)
{
	SC_ENSURE(is_domain(domain), err, SC_ERR_USAGE,
		  "domain: must be at most %d lower-case letters, digits, hyphens and dots, not: %s",
		  DOMAIN_MAX, domain);
	url_of("login", domain, port, out->login);
	url_of("management", domain, vault_port, out->audience[SC_SIGNIND_AUDIENCE_MANAGEMENT]);
	url_of("vault", domain, vault_port, out->audience[SC_SIGNIND_AUDIENCE_VAULT]);
	url_of("graph", domain, port, out->audience[SC_SIGNIND_AUDIENCE_GRAPH]);
	return SC_OK;
}

void sc_signind_urls_issuer(const struct sc_signind_urls *urls, const char *tenant,
			    char issuer[SC_SIGNIND_URL_MAX + 1])
{
	snprintf(issuer, SC_SIGNIND_URL_MAX + 1, "%s/%s/", urls->login, tenant);
}

static bool find(const struct sc_signind_urls *urls, struct sc_view resource,
		 char audience[SC_SIGNIND_URL_MAX + 1])
{
	struct sc_view bare = resource;

	if (bare.len > 0 && bare.data[bare.len - 1] == '/')
		bare.len--;
	for (size_t i = 0; i < SC_AUDIENCES; i++) {
		if (!sc_view_equals(bare, sc_view_text(urls->audience[i])) ||
		    resource.len > SC_SIGNIND_URL_MAX)
			continue;
		snprintf(audience, SC_SIGNIND_URL_MAX + 1, "%.*s", (int)resource.len,
			 (const char *)resource.data);
		return true;
	}
	return false;
}

bool sc_signind_urls_resource(const struct sc_signind_urls *urls, const char *resource,
			      char audience[SC_SIGNIND_URL_MAX + 1])
{
	return find(urls, sc_view_text(resource), audience);
}

/* The scopes of OpenID Connect Core, sections 5.4 and 11: they concern the sign-in itself, not a resource. */
static bool is_openid(struct sc_view word)
{
	static const char *const words[] = { "openid",  "profile", "email",
					     "address", "phone",   "offline_access" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (sc_view_equals(word, sc_view_text(words[i])))
			return true;
	return false;
}

static bool strip(struct sc_view *word, const char *permission)
{
	struct sc_view end = sc_view_text(permission);

	if (word->len <= end.len || memcmp(word->data + word->len - end.len, end.data, end.len) != 0)
		return false;
	word->len -= end.len;
	return true;
}

bool sc_signind_urls_scope(const struct sc_signind_urls *urls, const char *scope,
			   char audience[SC_SIGNIND_URL_MAX + 1])
{
	while (*scope) {
		struct sc_view word = sc_view_of(scope, strcspn(scope, " "));

		scope += word.len;
		scope += strspn(scope, " ");
		if (word.len > 0 && !is_openid(word))
			return (strip(&word, "/.default") || strip(&word, "/user_impersonation")) &&
			       find(urls, word, audience);
	}
	return false;
}
