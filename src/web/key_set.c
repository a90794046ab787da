/*
 * A JWKS: see key_set.h. Keys are rebuilt from n and e alone, after both have been checked. Nothing else in
 * an issuer's document reaches the JOSE library.
 */
#include "web/key_set.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define MODULUS_MIN  256 /* bytes: 2048 bits */
#define MODULUS_MAX  512
#define EXPONENT_MAX 8

struct sc_web_key_set {
	atomic_uint references;
	size_t count;
	struct {
		char kid[SC_WEB_KID_MAX + 1];
		cjose_jwk_t *jwk;
	} key[SC_WEB_KEY_SET_MAX];
};

struct sc_web_key_set *sc_web_key_set_hold(struct sc_web_key_set *set)
{
	atomic_fetch_add(&set->references, 1);
	return set;
}

void sc_web_key_set_release(struct sc_web_key_set *set)
{
	if (!set || atomic_fetch_sub(&set->references, 1) != 1)
		return;
	for (size_t i = 0; i < set->count; i++)
		(void)cjose_jwk_release(set->key[i].jwk);
	free(set);
}

const cjose_jwk_t *sc_web_key_set_find(const struct sc_web_key_set *set, const char *kid)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->key[i].kid, kid) == 0)
			return set->key[i].jwk;
	return NULL;
}

/* True if the member is absent or equals `value`. */
static bool is_or_absent(const json_t *jwk, const char *name, const char *value)
{
	const json_t *member = json_object_get(jwk, name);

	return !member || (json_is_string(member) && strcmp(json_string_value(member), value) == 0);
}

static bool is_for_rs256(const json_t *jwk)
{
	const char *kty = json_string_value(json_object_get(jwk, "kty"));

	return kty && strcmp(kty, "RSA") == 0 && is_or_absent(jwk, "use", "sig") &&
	       is_or_absent(jwk, "alg", "RS256");
}

/* Of an accepted size, odd, without leading zeros; e is at least 65537. */
static bool is_sound(const struct sc_bytes *n, const struct sc_bytes *e)
{
	return n->len >= MODULUS_MIN && n->data[0] >= 0x80 && (n->data[n->len - 1] & 1) && e->len >= 3 &&
	       e->data[0] != 0 && (e->data[e->len - 1] & 1);
}

static sc_status add_key(struct sc_web_key_set *set, const json_t *jwk, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) n = { 0 };
	SC_CLEANUP(sc_bytes) e = { 0 };
	const char *kid = NULL;
	cjose_jwk_rsa_keyspec spec = { 0 };
	cjose_err error = { 0 };

	SC_TRY(sc_json_text(jwk, "kid", SC_WEB_KID_MAX, SC_JSON_NEEDED, &kid, err));
	SC_ENSURE(!sc_web_key_set_find(set, kid), err, SC_ERR_JSON, "two keys have the same kid");
	SC_ENSURE(set->count < SC_WEB_KEY_SET_MAX, err, SC_ERR_JSON, "more than %d keys", SC_WEB_KEY_SET_MAX);
	SC_TRY(sc_json_base64url(jwk, "n", MODULUS_MAX, &n, err));
	SC_TRY(sc_json_base64url(jwk, "e", EXPONENT_MAX, &e, err));
	SC_ENSURE(is_sound(&n, &e), err, SC_ERR_JSON, "key %s: not an RSA key of 2048 to 4096 bits", kid);
	spec.n = n.data;
	spec.nlen = n.len;
	spec.e = e.data;
	spec.elen = e.len;
	set->key[set->count].jwk = cjose_jwk_create_RSA_spec(&spec, &error);
	SC_ENSURE(set->key[set->count].jwk, err, SC_ERR_JSON, "key %s: %s", kid, error.message);
	strcpy(set->key[set->count].kid, kid);
	set->count++;
	return SC_OK;
}

sc_status sc_web_key_set_read(struct sc_view jwks, struct sc_web_key_set **out, struct sc_error *err)
{
	SC_CLEANUP(sc_web_key_set) set = calloc(1, sizeof *set);
	SC_CLEANUP(sc_json) document = NULL;
	json_t *keys = NULL;
	json_t *jwk;
	size_t i;

	SC_ENSURE(set, err, SC_ERR_MEMORY, "out of memory for an issuer's keys");
	atomic_init(&set->references, 1);
	SC_TRY(sc_json_read(jwks, &document, err));
	SC_TRY(sc_json_array(document, "keys", SC_JSON_NEEDED, &keys, err));
	json_array_foreach(keys, i, jwk) {
		SC_ENSURE(json_is_object(jwk), err, SC_ERR_JSON, "\"keys\" must hold objects");
		if (is_for_rs256(jwk))
			SC_TRY(add_key(set, jwk, err));
	}
	SC_ENSURE(set->count > 0, err, SC_ERR_JSON, "no RSA key for signatures");
	*out = sc_steal(set);
	return SC_OK;
}
