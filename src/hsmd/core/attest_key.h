/* Key statements: what the module says about a key (rule F6). */
#ifndef SC_HSMD_CORE_ATTEST_KEY_H
#define SC_HSMD_CORE_ATTEST_KEY_H

#include "hsmd/core/core_request.h"

/*
 * Makes the statement about a key, as of `snapshot`: the request's own, or the one that it has just changed
 * the module to. `kek` is a KEK certificate to enclose, or NULL. The statement's package hash is copied from
 * the blob's header.
 */
sc_status sc_attest_key(const struct sc_core_request *request, const struct sc_snapshot *snapshot,
			const struct sc_key_blob_header *header, struct sc_view nonce, X509 *kek,
			struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

#endif
