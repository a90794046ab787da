/* The files that go into a region's toolset: where they come from, and that the two packages verify. */
#ifndef SC_BYOK_TOOLSET_PARTS_H
#define SC_BYOK_TOOLSET_PARTS_H

#include "byok/toolset.h"
#include "client/client.h"

#define SC_BYOK_SCRIPT_MAX  (1024 * 1024)      /* bytes */
#define SC_BYOK_PROGRAM_MAX (64 * 1024 * 1024) /* bytes */

struct sc_byok_toolset_parts {
	struct sc_bytes kek_package;
	struct sc_bytes world_package;
	struct sc_bytes script;
	struct sc_bytes program;
};

/* Releases the files; parts of zeros are allowed. */
void sc_byok_toolset_parts_free(struct sc_byok_toolset_parts *parts);
SC_CLEANUP_VALUE(sc_byok_toolset_parts, sc_byok_toolset_parts_free)

/*
 * Reads the packages of a region (its code) from the directory that `region publish` wrote to, and the script
 * and the program from their paths or, if a path is NULL, from this program's directory. SC_ERR_ARGUMENT (not
 * a region code), SC_ERR_NOT_FOUND, SC_ERR_TOO_LARGE.
 */
sc_status sc_byok_toolset_parts_read(const char *region, const char *packages, const char *script,
				     const char *program, struct sc_byok_toolset_parts *out,
				     struct sc_error *err) SC_WARN_UNUSED;

/*
 * Verifies the two packages under the root that the module has pinned, and no other: it is the one that this
 * operator's customers are told to trust. Sets *root to its hash. `client` is a use socket. Fails as
 * sc_evidence_packages_verify does. SC_ERR_EVIDENCE_REGION: the packages are for a region other than
 * `region`.
 */
sc_status sc_byok_toolset_parts_verify(const struct sc_byok_toolset_parts *parts, const char *region,
				       struct sc_client *client, struct sc_hash *root,
				       struct sc_error *err) SC_WARN_UNUSED;

#endif
