/*
 * How an operator's security world becomes a region: the request to the factory, the command that makes the
 * Key Exchange Key, and what is published of it.
 *
 * `region init` writes these files to $NFAST_KMDATA/local, in this order, each durable before the next:
 *
 *   region-EU/kek-1.statement   the KEK's key statement (CMS, DER), with the KEK certificate enclosed
 *   region-EU/kek-1.cer         the KEK certificate (DER)
 *   key_kek_eu-1                the KEK's key file: its blob, sealed by this world
 *   world                       signed again, with the region certificate: now the world is a region
 *
 * As long as local/world holds no region certificate, nothing of the other three has been published. So if
 * `region init` was killed, just run it again.
 *
 * `region publish` writes these files:
 *
 *   BYOK-KEK-pkg-EU-1           for customers: region-EU/kek-1.statement as it is
 *   BYOK-SecurityWorld-pkg-EU-1 for customers: the world statement with the region certificate enclosed
 *   regions/EU/kek.blob         for a vault's daemon: the KEK's blob (KeyBlob, DER), for the module
 *   regions/EU/kek.cer          the KEK certificate (DER): until when packages for this KEK can be made
 *   regions/EU/region.cer       the region certificate (DER): region, operator, end of validity
 *
 * The last three have mode 0600: install them for the daemon with the daemon's user as owner.
 */
#ifndef SC_BYOK_REGIONS_H
#define SC_BYOK_REGIONS_H

#include "formats/region_request.h"
#include "world/kmdata.h"
#include "world/ceremony.h"

/* "BYOK-KEK-pkg-EU-1" and "BYOK-SecurityWorld-pkg-EU-1". */
#define SC_BYOK_PACKAGE_NAME_SIZE 48
struct sc_byok_package_names {
	char kek[SC_BYOK_PACKAGE_NAME_SIZE];
	char world[SC_BYOK_PACKAGE_NAME_SIZE];
};
/* SC_ERR_ARGUMENT if `code` is not a region code. */
sc_status sc_byok_package_names_of(const char *code, struct sc_byok_package_names *out,
				   struct sc_error *err) SC_WARN_UNUSED;

/*
 * Makes the request for a region certificate (RegionRequest, DER) from a world file. SC_ERR_EVIDENCE_SUITE:
 * the world's suite is too weak for a region. SC_ERR_EXISTS: the world is already a region.
 */
sc_status sc_byok_region_request(struct sc_view world_file, const char *code, const char *operator_name,
				 struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

/* A region certificate read from a file, and what it claims; it has not been verified. */
struct sc_byok_region_certificate {
	struct sc_bytes der;
	struct sc_text region;
	struct sc_text operator_name;
	int64_t not_after;
};

/* Releases the certificate; one of zeros is allowed. */
void sc_byok_region_certificate_free(struct sc_byok_region_certificate *certificate);
SC_CLEANUP_VALUE(sc_byok_region_certificate, sc_byok_region_certificate_free)

/* Reads one certificate, PEM or DER. SC_ERR_EVIDENCE_USAGE if it is not a region certificate. */
sc_status sc_byok_region_certificate_read(const char *path, struct sc_byok_region_certificate *out,
					  struct sc_error *err) SC_WARN_UNUSED;

/*
 * Makes local/world the region of the certificate, under the quorum, writes the files listed above, and sets
 * the KEK's hash. `client` is a custody socket. SC_ERR_EXISTS: the world is already a region.
 * SC_ERR_EVIDENCE_REGION: the certificate is for a region other than `code`.
 */
sc_status sc_byok_region_init(const struct sc_kmdata *kmdata, struct sc_client *client,
			      const struct sc_ceremony *ceremony, const char *code,
			      const struct sc_byok_region_certificate *certificate, struct sc_hash *kek,
			      struct sc_error *err) SC_WARN_UNUSED;

/* The second half of sc_byok_region_init: writes the module's answer, in that order. Sets the KEK's hash. */
sc_status sc_byok_region_store(const struct sc_kmdata *kmdata, const char *code,
			       const struct sc_region_init_response *answer, struct sc_hash *kek,
			       struct sc_error *err) SC_WARN_UNUSED;

/*
 * Publishes into a directory, which is created if missing. An existing file with the same content is left
 * alone; one with different content is not overwritten: SC_ERR_EXISTS. SC_ERR_NO_REGION: the world is not a
 * region yet. SC_ERR_EVIDENCE_REGION: it is a different region. SC_ERR_EVIDENCE_KEY: the KEK's files do not
 * belong together.
 */
sc_status sc_byok_region_publish(const struct sc_kmdata *kmdata, const char *code, const char *directory,
				 struct sc_error *err) SC_WARN_UNUSED;

#endif
