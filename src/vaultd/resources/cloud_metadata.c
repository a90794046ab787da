/*
 * Where the services of this cloud are, as `az cloud register` of newer Azure CLIs asks. Public, because it
 * is asked before anybody signs in; it says nothing that the configuration of each client does not.
 */
#include <string.h>

#include "vaultd/api_version.h"
#include "vaultd/resources/resource_handlers.h"
#include "vaultd/vaultd.h"
#include "web/json.h"

/* How long "https://host:port" is at the URL's beginning. */
static size_t origin_length(const char *url)
{
	size_t scheme = strlen("https://");

	return scheme + strcspn(url + scheme, "/");
}

void sc_resources_cloud_metadata(struct sc_web_request *request, void *context)
{
	const struct sc_vaultd *vaultd = context;
	const char *keys = vaultd->settings->issuer_keys; /* at the host of sign-in */
	json_t *body;

	if (!sc_vaultd_resources_version_is_known(request))
		return;
	/* With the path /adfs, clients do not ask a public host whether they may trust ours. */
	body = json_pack("{s:s, s:s, s:{s:s%+, s:[s], s:s, s:s}, s:{s:s+}}", "name", "Safeconduct",
			 "resourceManager", vaultd->management_audience, "authentication", "loginEndpoint",
			 keys, origin_length(keys), "/adfs", "audiences", vaultd->management_audience,
			 "tenant", "adfs", "identityProvider", "ADFS", "suffixes", "keyVaultDns", ".",
			 vaultd->vault_authority);
	if (body)
		sc_web_answer(request, 200, body);
	else
		sc_web_answer_error(request, 500, "InternalServerError", "The service is out of memory.");
}
