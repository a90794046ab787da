/*
 * A manufacturer, a module and a region for tests. All keys are made here, so that every field of every
 * certificate and statement can be changed and signed again by the right signer. Tests feed hsmd and the
 * verifiers from here, never through a test mode in them.
 *
 * sc_forge_new() returns a region that every verifier accepts. A test changes one field and asks for the
 * packages:
 *
 *	struct sc_forge *f = sc_forge_new(now, "EU");
 *	f->key->origin = SC_ORIGIN_BYOK;
 *	struct sc_bytes package = sc_forge_kek_package(f);
 *
 * Nothing here returns an error: a failure ends the test.
 */
#ifndef SC_TESTS_FORGE_H
#define SC_TESTS_FORGE_H

#include "evidence/packages.h"
#include "formats/key_type.h"
#include "formats/suite.h"

struct sc_forge {
	int64_t now;
	/* The manufacturer. */
	EVP_PKEY *root_key; /* P-384 */
	X509 *root;
	/* The module that made the world. */
	struct sc_text esn;
	EVP_PKEY *module_key; /* P-256 */
	X509 *warrant;
	/* Its world, which is a region. */
	EVP_PKEY *knso; /* P-521 */
	struct sc_region_info *region;
	X509 *region_certificate;
	X509 *member;
	/* The Key Exchange Key: one RSA-4096 key for the whole process, because it takes seconds to make. */
	EVP_PKEY *kek;
	X509 *kek_certificate;
	/* What the module says; signed when a package is requested. */
	struct sc_key_statement *key;
	struct sc_world_statement *world;
};

/* A whole region, made at `now`. Each has its own keys, except for the KEK. */
struct sc_forge *sc_forge_new(int64_t now, const char *region);

/* The same under an existing manufacturer: a test factory's root and its key, both borrowed. */
struct sc_forge *sc_forge_new_under(int64_t now, const char *region, EVP_PKEY *root_key, X509 *root);

/* A copy, made from the same keys, so that a change can be tried without touching the original. */
struct sc_forge *sc_forge_again(const struct sc_forge *forge);

void sc_forge_free(struct sc_forge *forge);
SC_CLEANUP_POINTER(sc_forge, struct sc_forge, sc_forge_free)

/*
 * The two packages, with the fields as they are now. A NULL certificate is left out. The caller frees them.
 */
struct sc_bytes sc_forge_kek_package(const struct sc_forge *forge);
struct sc_bytes sc_forge_world_package(const struct sc_forge *forge);

/* A world statement as a module makes it: with the warrant, without a region certificate. */
struct sc_bytes sc_forge_world_statement(const struct sc_forge *forge);

/* Trusts the forge's root, now. Valid as long as the forge. */
struct sc_evidence_trust sc_forge_trust(const struct sc_forge *forge);

/* -- keys: each call makes a new one, except for those that are slow to make ------------------- */

EVP_PKEY *sc_forge_ec_key(const char *curve); /* "P-256", "P-384", "P-521" */
EVP_PKEY *sc_forge_dsa_key(void);             /* 1024 bits, 160-bit subgroup: one for the process */
EVP_PKEY *sc_forge_rsa_key(unsigned which);   /* RSA-4096: which = 0 is every forge's KEK, 1 another one */

/* -- certificates ------------------------------------------------------------------------------ */

/* Like sc_certificate_make. If both dates are 0: valid from a day ago, for the lifetime of its kind. */
X509 *sc_forge_certificate(const struct sc_forge *forge, const struct sc_certificate_request *request);

/* Each replaces a certificate by one made from the forge's current keys and names. */
void sc_forge_warrant_again(struct sc_forge *forge);
void sc_forge_region_again(struct sc_forge *forge); /* subject from world->world */
void sc_forge_member_again(struct sc_forge *forge);
void sc_forge_kek_certificate_again(struct sc_forge *forge); /* for `kek` */

/*
 * A copy of the certificate after `change`, signed again by `issuer`: for what sc_certificate_make refuses.
 */
X509 *sc_forge_changed(X509 *certificate, EVP_PKEY *issuer, void (*change)(X509 *copy, void *context),
		       void *context);

/* Replaces one certificate by another and frees the old one. */
void sc_forge_put(X509 **place, X509 *certificate);

/* -- statements -------------------------------------------------------------------------------- */

/* Recomputes the world's id from its KNSO, HKM and suite, and puts it into the key statement. */
void sc_forge_world_id_again(struct sc_forge *forge);

/* Makes the key statement describe this key: its SubjectPublicKeyInfo, hash and type. */
void sc_forge_state_key(struct sc_forge *forge, const EVP_PKEY *key);

/* Replaces the statement's ACL by one group with these uses. */
void sc_forge_state_uses(struct sc_forge *forge, uint32_t uses);

/*
 * Wraps any content for any signer: the canonical wrapper, signed by `key`, with the signer named by the
 * certificate `named` and `count` certificates enclosed. NULL certificates are left out.
 */
struct sc_bytes sc_forge_wrap(const char *content_type, struct sc_view content, EVP_PKEY *key, X509 *named,
			      X509 *const *certificates, size_t count);

#endif
