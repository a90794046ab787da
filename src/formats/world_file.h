/*
 * The security world's file, `local/world`: what every module of the world needs. Its secrets, KM and KNSO,
 * are wrapped under the token that the cards share, so they cannot be opened without K administrator cards.
 *
 *   WorldFile ::= SEQUENCE { body WorldBody, signature OCTET STRING }      signed by KNSO
 *
 * The signature covers SHA-256("safeconduct world file 1" ‖ 0 ‖ DER of the body).
 */
#ifndef SC_FORMATS_WORLD_FILE_H
#define SC_FORMATS_WORLD_FILE_H

#include <openssl/safestack.h>

#include "formats/der.h"

/* A key wrapped under the token: HKDF(token, salt) → AES-256-GCM; associated data names the key and world. */
struct sc_wrapped_key {
	struct sc_hash salt;
	struct sc_bytes ciphertext;
	struct sc_bytes tag;
};

/* A root that this world's custodians trust in addition to their module's own. */
struct sc_source_root {
	struct sc_bytes certificate; /* DER */
};
typedef struct sc_source_root sc_source_root;
DEFINE_STACK_OF(sc_source_root)
DECLARE_ASN1_ITEM(sc_source_root)

/* At most SC_ROOTS_MAX, each of a valid certificate length. For both world files and module states. */
bool sc_source_roots_are_valid(const STACK_OF(sc_source_root) *roots);

/* A module whose statements this world's modules refuse. */
struct sc_revoked_esn {
	struct sc_text esn;
};
typedef struct sc_revoked_esn sc_revoked_esn;
DEFINE_STACK_OF(sc_revoked_esn)
DECLARE_ASN1_ITEM(sc_revoked_esn)

/* A Key Exchange Key that this world no longer imports under. */
struct sc_retired_kek {
	struct sc_hash key_hash;
};
typedef struct sc_retired_kek sc_retired_kek;
DEFINE_STACK_OF(sc_retired_kek)
DECLARE_ASN1_ITEM(sc_retired_kek)

struct sc_world_body {
	struct sc_text format; /* "safeconduct.world.1" */
	uint32_t suite;        /* enum sc_suite */
	struct sc_hash id;
	struct sc_bytes knso; /* SubjectPublicKeyInfo */
	struct sc_hash hkm;   /* hash of the first KM */
	uint32_t km_generation;
	struct sc_hash set; /* id of the administrator card set */
	uint32_t set_generation;
	uint32_t k;
	uint32_t n;
	uint64_t sequence; /* grows each time this file is signed */
	bool is_final;     /* false: made by CARDS_REPLACE, not yet committed */
	int64_t created;
	struct sc_wrapped_key wrapped_km;
	struct sc_wrapped_key wrapped_knso;
	struct sc_bytes statement;          /* the world statement, made together with the world */
	struct sc_bytes region_certificate; /* DER; absent until `safeconduct region init` */
	STACK_OF(sc_source_root) *roots;
	STACK_OF(sc_revoked_esn) *revoked;
	STACK_OF(sc_retired_kek) *retired;
};

struct sc_world_file {
	struct sc_world_body *body;
	struct sc_bytes signature;
};

#define SC_WORLD_MAX   32768
#define SC_CARDS_MAX   64 /* N: 1 ≤ K ≤ N ≤ 64 */
#define SC_ROOTS_MAX   16 /* additional roots that a world trusts */
#define SC_REVOKED_MAX 256
#define SC_RETIRED_MAX 64

/* Of DER: two for each root, revoked module and retired KEK, and those of the rest. */
#define SC_WORLD_ELEMENTS (2 * (SC_ROOTS_MAX + SC_REVOKED_MAX + SC_RETIRED_MAX) + 64)
SC_DER_DECLARE(sc_world_body)
SC_DER_DECLARE(sc_world_file)

/*
 * The world id: SHA-256("safeconduct world 1" ‖ 0 ‖ SHA-256(KNSO) ‖ hkm ‖ suite as four bytes, big-endian).
 * The generations of KM and of the card set are not part of it.
 */
sc_status sc_world_id(struct sc_view knso, const struct sc_hash *hkm, uint32_t suite, struct sc_hash *out,
		      struct sc_error *err) SC_WARN_UNUSED;

/* What KNSO signs: the digest described at the top of this file. */
sc_status sc_world_digest(const struct sc_world_body *body, struct sc_hash *out,
			  struct sc_error *err) SC_WARN_UNUSED;

/*
 * Checks that the file is consistent: its id follows from KNSO, hkm and suite, and KNSO signed the body. This
 * proves that the file is intact, not whose world it is. SC_ERR_INTEGRITY.
 */
sc_status sc_world_file_verify(const struct sc_world_file *file, struct sc_error *err) SC_WARN_UNUSED;

#endif
