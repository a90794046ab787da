/*
 * The keys API's routes. A missing or empty version means the newest: old clients send /keys/a//sign, newer
 * ones /keys/a/ and /keys/a.
 */
#include "vaultd/keys/key_routes.h"

#include "vaultd/keys/key_handlers.h"

const struct sc_web_route sc_keys_routes[] = {
	{ "PUT", "/keys/{name}", sc_keys_import },
	{ "GET", "/keys/{name}", sc_keys_get },
	{ "GET", "/keys/{name}/rotationpolicy", sc_keys_rotation_policy },
	{ "GET", "/keys/{name}/attestation", sc_keys_attestation },
	{ "GET", "/keys/{name}/{version?}", sc_keys_get },
	{ "GET", "/keys/{name}/{version?}/attestation", sc_keys_attestation },
	{ "PATCH", "/keys/{name}", sc_keys_update },
	{ "PATCH", "/keys/{name}/{version?}", sc_keys_update },
	{ "POST", "/keys/{name}/decrypt", sc_keys_decrypt },
	{ "POST", "/keys/{name}/{version?}/decrypt", sc_keys_decrypt },
	{ "POST", "/keys/{name}/sign", sc_keys_sign },
	{ "POST", "/keys/{name}/{version?}/sign", sc_keys_sign },
	{ 0 },
};
