/*
 * What BYOK-KEK-pkg-<REGION>-1 and BYOK-SecurityWorld-pkg-<REGION>-1 claim, shown to the custodians before
 * they give a quorum. None of it is verified here: the module verifies the packages in the very command that
 * uses them.
 */
#ifndef SC_BYOK_PACKAGE_PAIR_H
#define SC_BYOK_PACKAGE_PAIR_H

#include "formats/statement.h"

/* The most that the module's commands accept (wire/commands.h). */
#define SC_BYOK_PACKAGE_MAX 24576

struct sc_byok_package_pair {
	struct sc_bytes kek_package; /* the files, as they are */
	struct sc_bytes world_package;
	struct sc_hash kek;    /* the Key Exchange Key's hash */
	struct sc_hash world;  /* the world's id */
	struct sc_text region; /* code and operator of the region certificate */
	struct sc_text operator_name;
};

/* Releases the packages; of a pair of zeros, nothing. */
void sc_byok_package_pair_free(struct sc_byok_package_pair *packages);
SC_CLEANUP_VALUE(sc_byok_package_pair, sc_byok_package_pair_free)

/*
 * Reads both files and what they say. Refuses a file that is not such a package, packages given in the wrong
 * places, and two that name different regions or worlds. SC_ERR_NOT_FOUND, SC_ERR_TOO_LARGE, SC_ERR_ENCODING,
 * SC_ERR_FORMAT, SC_ERR_EVIDENCE_REGION, SC_ERR_EVIDENCE_WORLD, naming the file.
 */
sc_status sc_byok_package_pair_read(const char *kek_path, const char *world_path,
				    struct sc_byok_package_pair *out, struct sc_error *err) SC_WARN_UNUSED;

#endif
