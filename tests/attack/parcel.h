/*
 * A transfer package made outside any module. The public KEK is in the region's packages, so an attacker can
 * fill in every field at will and seal the package correctly. They cannot get a statement about a key they
 * know from a module that the region trusts, unless, as here, they control a manufacturer. Written from
 * docs/formats.md alone.
 */
#ifndef SC_TESTS_PARCEL_H
#define SC_TESTS_PARCEL_H

#include "forge.h"
#include "formats/transfer_package.h"

struct parcel {
	const struct sc_forge *source; /* the module it claims to come from; the region trusts its root */
	EVP_PKEY *kek;                 /* the region's public key */
	EVP_PKEY *key;                 /* RSA-2048; the key that is transferred */
	struct sc_transfer_header *header;
	struct sc_transfer_content *content;
	/*
	 * The source's statement. It is signed when the parcel is sealed; its nonce is the header's digest.
	 */
	struct sc_key_statement *said;

	/* How it is sealed. All false in a correct parcel. */
	bool has_own_statement; /* leave content->statement as it is */
	bool has_own_digest;    /* leave content->header as it is */
	bool has_own_nonce;     /* leave said->nonce as it is */
	bool is_by_another;     /* the statement is signed with a stranger's key in the source's name */
	bool has_no_label;
	bool has_another_label;
	bool has_sha1_label;
	bool has_other_associated_data;
	bool has_a_short_key;  /* the content key is 16 bytes, zero-padded for AES-256 */
	EVP_PKEY *another_kek; /* encrypt to this one */
};

/* A correct parcel for the world and KEK of the region in `kek_package`. The caller frees it. */
struct parcel *parcel_new(const struct sc_forge *source, struct sc_view kek_package, EVP_PKEY *key);
void parcel_free(struct parcel *parcel);
SC_CLEANUP_POINTER(parcel, struct parcel, parcel_free)

/* Makes the arrival ACL again from the current header. */
void parcel_arrival_again(struct parcel *parcel);

/* Seals it. The caller frees the package's DER. */
struct sc_bytes parcel_seal(struct parcel *parcel);

#endif
