/*
 * A transfer package made outside any module. Whoever has a region's packages has its public KEK, so an
 * attacker can fill in every field as he likes and seal it rightly; what he cannot have is a statement by a
 * module that the region trusts about a key that he knows, unless, as here, he has a manufacturer. Written
 * after docs/formats.md alone.
 */
#ifndef SC_TESTS_PARCEL_H
#define SC_TESTS_PARCEL_H

#include "forge.h"
#include "formats/transfer_package.h"

struct parcel {
	const struct sc_forge
	    *source;   /* the module that it says it comes from: of a root that the region trusts */
	EVP_PKEY *kek; /* the region's, public */
	EVP_PKEY *key; /* RSA-2048; what travels */
	struct sc_transfer_header *header;
	struct sc_transfer_content *content;
	/* What the source says; signed when the parcel is sealed, its nonce the header's digest. */
	struct sc_key_statement *said;

	/* How it is sealed, each false in a right one. */
	bool has_own_statement; /* content->statement stays as it is */
	bool has_own_digest;    /* content->header stays as it is */
	bool has_own_nonce;     /* said->nonce stays as it is */
	bool is_by_another;     /* the statement is signed by a stranger's key under the source's name */
	bool has_no_label;
	bool has_another_label;
	bool has_sha1_label;
	bool has_other_associated_data;
	bool has_a_short_key;  /* the content key has 16 bytes, padded with none */
	EVP_PKEY *another_kek; /* encrypt to this one */
};

/* A right one, for the world and KEK of the region whose packages these are. The caller frees it. */
struct parcel *parcel_new(const struct sc_forge *source, struct sc_view kek_package, EVP_PKEY *key);
void parcel_free(struct parcel *parcel);
SC_CLEANUP_POINTER(parcel, struct parcel, parcel_free)

/* The arrival ACL again, for what the header says now. */
void parcel_arrival_again(struct parcel *parcel);

/* Seals it; the caller frees the package's DER. */
struct sc_bytes parcel_seal(struct parcel *parcel);

#endif
