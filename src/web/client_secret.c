/* Client secrets: see client_secret.h. */
#include "web/client_secret.h"

sc_status sc_web_client_secret_hash(struct sc_view secret, struct sc_hash *out, struct sc_error *err)
{
	return sc_hash_parts("safeconduct client secret 1", &secret, 1, out, err);
}
