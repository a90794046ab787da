/* The customer's own key, to compare with what a vault says about it. */
#ifndef SC_BYOK_SOURCE_KEY_H
#define SC_BYOK_SOURCE_KEY_H

#include "world/kmdata.h"

/* True if `file` is a name in $NFAST_KMDATA/local, so that kmdata must be open to read it. */
bool sc_byok_source_key_is_in_kmdata(const char *file);

/*
 * The hash of a key file's key, according to the module. The file's blob is loaded for this, because the rest
 * of a key file proves nothing. `file` is a name in $NFAST_KMDATA/local, such as "key_simple_contosokey", or
 * a path (it contains a '/'). `client` is a use or custody socket.
 */
sc_status sc_byok_source_key_of_file(const struct sc_kmdata *kmdata, struct sc_client *client,
				     const char *file, struct sc_hash *out,
				     struct sc_error *err) SC_WARN_UNUSED;

/* The hash of a public key in PEM. SC_ERR_ENCODING, naming the file. */
sc_status sc_byok_source_key_of_pem(const char *path, struct sc_hash *out,
				    struct sc_error *err) SC_WARN_UNUSED;

#endif
