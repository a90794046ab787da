/* Key statements: what the module says of a key (DESIGN section 5). */
#ifndef SC_HSMD_CORE_ATTEST_KEY_H
#define SC_HSMD_CORE_ATTEST_KEY_H

#include "hsmd/core/internal.h"

/* `kek` (may be NULL) is the KEK certificate to enclose. The statement's package is that of the blob's header. */
sc_status sc_attest_key(const struct sc_snapshot *snapshot, const struct sc_key_blob_header *header, struct sc_view nonce,
		    int64_t now, X509 *kek, struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

#endif
