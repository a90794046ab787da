/* A key that its owner has in the clear, on its way into a module (generatekey --import). */
#ifndef SC_WORLD_CLEAR_KEY_H
#define SC_WORLD_CLEAR_KEY_H

#include "base/secret.h"
#include "formats/key_type.h"

#define SC_CLEAR_KEY_MAX 16384 /* bytes of a file with a key */

struct sc_clear_key {
	struct sc_key_type type;
	struct sc_secret material; /* as KEY_IMPORT takes it */
};

/* Wipes the key. */
void sc_clear_key_free(struct sc_clear_key *key);
SC_CLEANUP_VALUE(sc_clear_key, sc_clear_key_free)

/*
 * Reads a key from a descriptor to its end. For an RSA or EC `type` it is a private key in PEM or DER,
 * without a passphrase; otherwise the bytes of the secret key and nothing else. If type->bits is not 0, the
 * key must have that size (and for EC that curve). `type` with the algorithm SC_ALGORITHM_EC and without bits
 * allows any curve. Whether the key is sound, the module decides.
 *
 * The caller frees *out. SC_ERR_SYSTEM, SC_ERR_TOO_LARGE, SC_ERR_FORMAT (not a private key), SC_ERR_KEY_TYPE.
 */
sc_status sc_clear_key_read(int fd, const struct sc_key_type *type, struct sc_clear_key *out,
			    struct sc_error *err) SC_WARN_UNUSED;

#endif
