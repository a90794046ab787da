/* Wrapping under the cards' token: see wrap.h. */
#include "hsmd/core/wrap.h"

#include "base/os.h"
#include "hsmd/core/seal.h"

static sc_status wrap_key(const struct sc_secret *token, const char *domain, const struct sc_hash *world,
			  const struct sc_hash *salt, struct sc_secret *out, struct sc_error *err)
{
	struct sc_view part = sc_hash_view(world);

	return sc_derive(token, sc_hash_view(salt), domain, &part, 1, SC_SEAL_KEY_SIZE, out, err);
}

sc_status sc_wrap(const struct sc_secret *token, const char *domain, const struct sc_hash *world,
		  struct sc_view material, struct sc_wrapped_key *out, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) key = { 0 };
	struct sc_hash salt;

	SC_TRY(sc_random(salt.b, sizeof salt.b, err));
	SC_TRY(wrap_key(token, domain, world, &salt, &key, err));
	SC_TRY(sc_seal(&key, sc_hash_view(world), material, &out->ciphertext, &out->tag, err));
	out->salt = salt;
	return SC_OK;
}

sc_status sc_unwrap(const struct sc_secret *token, const char *domain, const struct sc_hash *world,
		    const struct sc_wrapped_key *wrapped, struct sc_secret *out, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) key = { 0 };

	SC_TRY(wrap_key(token, domain, world, &wrapped->salt, &key, err));
	return sc_unseal(&key, sc_hash_view(world), sc_bytes_view(&wrapped->ciphertext),
			 sc_bytes_view(&wrapped->tag), out, err);
}
