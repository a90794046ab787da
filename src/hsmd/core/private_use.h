/*
 * Private operations with loaded keys (rule M8). A loaded RSA key holds more than numbers: libcrypto keeps a
 * blinding pair with it and makes a new one every 32 uses. If an allocation fails between the updates of the
 * two halves, all results until then are wrong: on OpenSSL 3.5, wrong signatures are returned as good and
 * right ciphertexts are refused. So the key is loaded afresh after every lack of memory.
 */
#ifndef SC_HSMD_CORE_PRIVATE_USE_H
#define SC_HSMD_CORE_PRIVATE_USE_H

#include "hsmd/core/core_request.h"

/*
 * Ends a private operation that came to `status`, and returns what to answer instead:
 *
 *   - SC_ERR_MEMORY if memory ran out in this thread, even if the operation says that it succeeded;
 *   - SC_ERR_MEMORY if the operation failed and memory has run out in any thread since the key was loaded:
 *     that thread may have spoiled the key, so the failure proves nothing;
 *   - otherwise `status`.
 *
 * In the first two cases, and for SC_ERR_CRYPTO, the key is evicted from the cache: the next request gets
 * NOT_LOADED, and the client sends the blob again. The caller has verified a signature before, and discards
 * the result if this fails.
 */
sc_status sc_private_use_end(const struct sc_core_request *request, const struct sc_core_key *key,
			     sc_status status, struct sc_error *err) SC_WARN_UNUSED;

#endif
