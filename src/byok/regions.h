/*
 * How an operator's security world becomes a region (DESIGN section 4): the request to the factory, the
 * command that makes the Key Exchange Key, and what is published of it.
 *
 * What `region init` leaves beneath $NFAST_KMDATA/local, written in this order, each durable before the next:
 *
 *   region-EU/kek-1.statement   the KEK's key statement (CMS, DER), the KEK certificate enclosed
 *   region-EU/kek-1.cer         the KEK certificate (DER)
 *   key_kek_eu-1                the KEK's key file: its blob, sealed by this world
 *   world                       signed anew, with the region certificate: from here on the region stands
 *
 * As long as local/world holds no region certificate, nothing of the other three has been published, so that
 * a `region init` that was killed is simply run again.
 *
 * What `region publish` writes:
 *
 *   BYOK-KEK-pkg-EU-1           for customers: region-EU/kek-1.statement as it is
 *   BYOK-SecurityWorld-pkg-EU-1 for customers: the world statement with the region certificate enclosed
 *   regions/EU/kek.blob         for a vault's daemon: the KEK's blob (KeyBlob, DER), for the module
 *   regions/EU/kek.cer          the KEK certificate (DER): until when packages for this KEK can be made
 *   regions/EU/region.cer       the region certificate (DER): region, operator, until when
 *
 * The last three are 0600: whoever installs them for the daemon gives them to its user.
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
/* SC_ERR_ARGUMENT where `code` is no region's code. */
sc_status sc_byok_package_names_of(const char *code, struct sc_byok_package_names *out,
			      struct sc_error *err) SC_WARN_UNUSED;

/*
 * The request for a region certificate, RegionRequest in DER, of a world file. Refuses a world whose suite is
 * too weak for a region, SC_ERR_EVIDENCE_SUITE, and one that is a region already, SC_ERR_EXISTS.
 */
sc_status sc_byok_region_request(struct sc_view world_file, const char *code, const char *operator_name,
			     struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

/* A region certificate from its file, and what it says of itself. */
struct sc_byok_region_certificate {
	struct sc_bytes der;
	struct sc_text region;
	struct sc_text operator_name;
	int64_t not_after;
};

void sc_byok_region_certificate_free(struct sc_byok_region_certificate *certificate);
SC_CLEANUP_VALUE(sc_byok_region_certificate, sc_byok_region_certificate_free)

/* Reads one certificate, PEM or DER. Refuses any that is no region certificate: SC_ERR_EVIDENCE_USAGE. */
sc_status sc_byok_region_certificate_read(const char *path, struct sc_byok_region_certificate *out,
				     struct sc_error *err) SC_WARN_UNUSED;

/*
 * Makes local/world the region of the certificate, under the quorum, and writes what stands above; the KEK's
 * hash is set. `client` is a custody socket. SC_ERR_EXISTS where the world is a region already,
 * SC_ERR_EVIDENCE_REGION where the certificate is for another region than `code`.
 */
sc_status sc_byok_region_init(const struct sc_kmdata *kmdata, struct sc_client *client,
			  const struct sc_ceremony *ceremony, const char *code,
			  const struct sc_byok_region_certificate *certificate, struct sc_hash *kek,
			  struct sc_error *err) SC_WARN_UNUSED;

/* The second half of it: writes the module's answer, in that order. Sets the KEK's hash. */
sc_status sc_byok_region_store(const struct sc_kmdata *kmdata, const char *code,
			   const struct sc_region_init_response *answer, struct sc_hash *kek,
			   struct sc_error *err) SC_WARN_UNUSED;

/*
 * Publishes into a directory, made where missing. Files that are there with the same content are left alone;
 * one with another content is not overwritten: SC_ERR_EXISTS. SC_ERR_NO_REGION where the world is no region
 * yet, SC_ERR_EVIDENCE_REGION where it is another one, SC_ERR_EVIDENCE_KEY where the KEK's files do not
 * belong together.
 */
sc_status sc_byok_region_publish(const struct sc_kmdata *kmdata, const char *code, const char *directory,
			     struct sc_error *err) SC_WARN_UNUSED;

#endif
