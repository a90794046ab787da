/*
 * The two steps of KeyTransferRemote, the host's side. Article step 4.1 makes a copy of the key that may go
 * to one Key Exchange Key and do nothing else; step 4.3 encrypts that copy to it. In both, the module decides
 * which copy may be made, of which key, for which target.
 */
#ifndef SC_BYOK_TRANSFER_STEPS_H
#define SC_BYOK_TRANSFER_STEPS_H

#include <limits.h>

#include "byok/package_pair.h"
#include "byok/transfer_request.h"
#include "world/kmdata.h"
#include "world/ceremony.h"

/* What -ModifyAcls made. */
struct sc_byok_reduced_copy {
	char path[PATH_MAX]; /* key_xferacld_<ident> */
	struct sc_hash key_hash;
};

/*
 * Step 4.1: asks for the quorum and writes key_xferacld_<ident>. `client` is a custody socket. SC_ERR_EXISTS
 * if there is already a copy; this is found before anyone is asked for a card. If the module has lost the key
 * in the meantime (NOT_LOADED), the quorum is still unused: the key is loaded again and the command repeated
 * under the same quorum.
 */
sc_status sc_byok_transfer_modify_acls(const struct sc_byok_transfer_request *transfer,
				       const struct sc_byok_package_pair *packages,
				       const struct sc_ceremony *ceremony, const struct sc_kmdata *kmdata,
				       struct sc_client *client, struct sc_byok_reduced_copy *out,
				       struct sc_error *err) SC_WARN_UNUSED;

/* "TransferPackage-ContosoFirstHSMkey.byok" */
#define SC_BYOK_TRANSFER_FILE_NAME_SIZE 96

/* What -Package made. */
struct sc_byok_packed_key {
	char file[SC_BYOK_TRANSFER_FILE_NAME_SIZE];
	struct sc_hash digest; /* SHA-256 of the file */
	struct sc_hash key_hash;
	int64_t not_after;
};

/*
 * Step 4.3: writes TransferPackage-<friendly name>.byok to the current folder. Never overwrites a file:
 * SC_ERR_EXISTS. `client` is a custody socket; no card is needed.
 */
sc_status sc_byok_transfer_package(const struct sc_byok_transfer_request *transfer,
				   const struct sc_byok_package_pair *packages,
				   const struct sc_kmdata *kmdata, struct sc_client *client,
				   struct sc_byok_packed_key *out, struct sc_error *err) SC_WARN_UNUSED;

#endif
