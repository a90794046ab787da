/*
 * What modules say (DESIGN section 5): the signed content of statements. How they are signed and verified
 * stands in evidence/signed_statement.h; the wrapper in signed_data.h.
 */
#ifndef SC_FORMATS_STATEMENT_H
#define SC_FORMATS_STATEMENT_H

#include "formats/acl.h"
#include "formats/key_type.h"
#include "formats/owner.h"

/* "This key is in this module's world, comes from here, and may do exactly this." With `package`, a receipt. */
struct sc_key_statement {
	struct sc_text format; /* "safeconduct.key-statement.1" */
	struct sc_bytes spki;
	struct sc_hash key_hash;
	struct sc_key_type type;
	struct sc_text application;
	uint32_t origin;       /* enum sc_origin */
	bool exportable;       /* sc_acl_is_exportable of the ACL below */
	struct sc_owner owner;
	struct sc_acl *acl;
	struct sc_text protection; /* "module" */
	uint32_t suite;            /* enum sc_suite */
	struct sc_hash world;
	struct sc_text region; /* code; absent where the world is no region */
	struct sc_hash hkm;
	struct sc_text esn;
	struct sc_text code_version;
	int64_t time;
	struct sc_bytes nonce;  /* what the asker gave: 0 to 64 bytes */
	struct sc_hash package; /* SHA-256 of the whole transfer package that it came in; absent otherwise */
};

/* "This world was generated in this module, then." Made at that moment and kept in the world file. */
struct sc_world_statement {
	struct sc_text format; /* "safeconduct.world-statement.1" */
	struct sc_bytes knso;  /* SubjectPublicKeyInfo */
	struct sc_hash world;
	struct sc_hash hkm;
	uint32_t suite; /* enum sc_suite */
	uint32_t k;
	uint32_t n;
	uint32_t set_generation;
	struct sc_text esn; /* of the module that generated the world */
	struct sc_text code_version;
	int64_t time;
};

#define SC_NONCE_MAX           64
#define SC_STATEMENT_CONTENT_MAX 8192
SC_DER_DECLARE(sc_key_statement)
SC_DER_DECLARE(sc_world_statement)

#endif
