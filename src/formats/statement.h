/*
 * The signed content of statements: what modules say (rule F6). evidence/signed_statement.h signs and
 * verifies them; signed_data.h has their wrapper.
 */
#ifndef SC_FORMATS_STATEMENT_H
#define SC_FORMATS_STATEMENT_H

#include "formats/acl.h"
#include "formats/key_type.h"
#include "formats/owner.h"

/* "This key is in my world, comes from here, and may do exactly this." With `package`, it is a receipt. */
struct sc_key_statement {
	struct sc_text format;   /* "safeconduct.key-statement.1" */
	struct sc_bytes spki;    /* empty for a secret key */
	struct sc_hash key_hash; /* a secret key's is a commitment, which only a module can check */
	struct sc_key_type type;
	struct sc_text application;
	uint32_t origin; /* enum sc_origin */
	bool exportable; /* sc_acl_is_exportable of the ACL below */
	struct sc_owner owner;
	struct sc_acl *acl;
	struct sc_text protection; /* "module" */
	uint32_t suite;            /* enum sc_suite */
	struct sc_hash world;
	struct sc_text region; /* code; absent if the world is not a region */
	struct sc_hash hkm;
	struct sc_text esn;
	struct sc_text code_version;
	int64_t time;
	struct sc_bytes nonce;  /* from the caller: 0 to 64 bytes */
	struct sc_hash package; /* SHA-256 of the whole transfer package that the key came in; else absent */
};

/* "This world was generated in me, at this time." Made together with the world and kept in the world file. */
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

#define SC_NONCE_MAX             64
#define SC_STATEMENT_CONTENT_MAX 8192
SC_DER_DECLARE(sc_key_statement)
SC_DER_DECLARE(sc_world_statement)

#endif
