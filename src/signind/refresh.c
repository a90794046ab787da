/* See refresh.h. */
#include "signind/refresh.h"

#include "web/json.h"

#define TOKEN_SIZE 32

static sc_status hash_of(struct sc_view token, struct sc_hash *hash, struct sc_error *err)
{
	return sc_hash_parts("safeconduct refresh token 1", &token, 1, hash, err);
}

sc_status sc_signind_refresh_new(struct sc_bytes *text, struct sc_hash *hash, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) token = { 0 };

	SC_TRY(sc_secret_random(TOKEN_SIZE, &token, err));
	SC_TRY(hash_of(sc_secret_view(&token), hash, err));
	return sc_base64url_write(sc_secret_view(&token), text, err);
}

sc_status sc_signind_refresh_read(const char *text, struct sc_hash *hash, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) token = { 0 };

	SC_TRY(sc_base64url_read(sc_view_text(text), TOKEN_SIZE, &token, err));
	SC_ENSURE(token.len == TOKEN_SIZE, err, SC_ERR_ENCODING, "not a refresh token");
	return hash_of(sc_bytes_view(&token), hash, err);
}
