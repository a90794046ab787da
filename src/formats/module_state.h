/*
 * What a module keeps across restarts. On disk it is sealed under the unlock key:
 *
 *   SealedState ::= SEQUENCE { format, counter INTEGER, salt OCTET STRING, ciphertext OCTET STRING, tag }
 *
 * Next to it is a mark with the counter and hash that were last acknowledged (rule M11), authenticated under
 * the same key.
 */
#ifndef SC_FORMATS_MODULE_STATE_H
#define SC_FORMATS_MODULE_STATE_H

#include "formats/world_file.h"

/* The world that the module is in. KM is here; the private KNSO never is. */
struct sc_state_world {
	struct sc_hash id;
	uint32_t suite;
	struct sc_bytes knso; /* SubjectPublicKeyInfo */
	struct sc_hash hkm;
	struct sc_bytes km; /* 32 bytes */
	uint32_t km_generation;
	struct sc_hash set;
	uint32_t set_generation;
	uint32_t k;
	uint32_t n;
	uint64_t sequence;                  /* of the newest world file that the module has adopted */
	struct sc_hash file;                /* its sc_world_digest */
	struct sc_bytes member;             /* member certificate */
	struct sc_bytes region_certificate; /* absent until there is one */
	struct sc_text region;              /* its code; absent until there is one */
	STACK_OF(sc_source_root) *roots;
	STACK_OF(sc_revoked_esn) *revoked;
	STACK_OF(sc_retired_kek) *retired;
	/*
	 * KNSO's signature of that file, if CARDS_COMMIT adopted it: with the draft that the tool has, it
	 * makes the file again when the answer was lost. Absent otherwise.
	 */
	struct sc_bytes signature;
};

/*
 * Wrong PINs for one card. The module keeps them, so that restoring a copied card resets nothing (rule C1).
 */
struct sc_card_delay {
	struct sc_hash set;
	uint32_t set_generation;
	uint32_t index;
	uint32_t failures;
	int64_t next_try;
};
typedef struct sc_card_delay sc_card_delay;
DEFINE_STACK_OF(sc_card_delay)

struct sc_module_state {
	struct sc_text format;   /* "safeconduct.module-state.1" */
	uint64_t counter;        /* grows with every write */
	struct sc_hash previous; /* hash of the sealed file that this one replaced; absent in the first */
	struct sc_text esn;      /* "XXXX-XXXX-XXXX" */
	struct sc_bytes statement_key; /* PKCS#8, P-256 */
	struct sc_bytes root;    /* certificate of the pinned root; absent until a warrant is installed */
	struct sc_bytes warrant; /* certificate; absent until it is installed */
	struct sc_state_world *world; /* NULL: not in a world */
	STACK_OF(sc_card_delay) *delays;
	int64_t time_floor; /* the latest time seen */
};

struct sc_sealed_state {
	struct sc_text format; /* "safeconduct.sealed-state.1" */
	uint64_t counter;
	struct sc_hash salt;
	struct sc_bytes ciphertext;
	struct sc_bytes tag;
};

/* The mark: what was last acknowledged. */
struct sc_state_mark {
	struct sc_text format; /* "safeconduct.state-mark.1" */
	uint64_t counter;
	struct sc_hash state; /* SHA-256 of the sealed state file */
	struct sc_hash tag;   /* HMAC under the unlock key, with its own context */
};

#define SC_STATE_MAX 131072 /* of the sealed file; the state inside is at most SC_OCTETS_MAX */
#define SC_MARK_MAX  256

#define SC_DELAYS_MAX 256 /* cards that wait */

/* Of DER: those of a world, six for each card that waits, and those of the rest. */
#define SC_STATE_ELEMENTS (SC_WORLD_ELEMENTS + 6 * SC_DELAYS_MAX + 64)
SC_DER_DECLARE(sc_module_state)
SC_DER_DECLARE(sc_sealed_state)
SC_DER_DECLARE(sc_state_mark)

/* A new, empty world for a module's state; NULL when out of memory. */
struct sc_state_world *sc_state_world_new(void);
void sc_state_world_free(struct sc_state_world *world);

/* A new entry for the list of delays, which owns it once pushed; NULL when out of memory. */
struct sc_card_delay *sc_card_delay_new(void);

SC_CLEANUP_POINTER(sc_state_world, struct sc_state_world, sc_state_world_free)

#endif
