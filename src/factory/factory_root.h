/*
 * The manufacturer's offline root: a directory with
 *
 *   root.key    the root's private key: PKCS#8 in PEM, under a passphrase (PBES2: scrypt, AES-256-CBC)
 *   root.pem    its certificate; written last, so a directory that has it is complete
 *   root.hash   its key's SHA-256, grouped; published separately from anything that the root signs
 *   record      one line per certificate signed, appended and synced before the certificate is returned
 *   lock        held while a process works here
 *
 * Its key and that of the one-use TLS authority (safeconduct init) are the only private keys outside a module
 * (I1). The root's key is in memory from sc_factory_open to sc_factory_close. Stock openssl reads both
 * root.key and root.pem.
 */
#ifndef SC_FACTORY_FACTORY_ROOT_H
#define SC_FACTORY_FACTORY_ROOT_H

#include "base/file.h"
#include "base/secret.h"
#include "evidence/certificate.h"

#define SC_FACTORY_PASSPHRASE_MIN_CHARACTERS 12 /* the files may fall into other hands */
#define SC_FACTORY_REQUEST_MAX               16384

struct sc_factory {
	struct sc_dir dir;
	int lock; /* descriptor, or -1 */
	EVP_PKEY *key;
	X509 *root;
	struct sc_text name; /* the manufacturer's: the root's CN */
	struct sc_hash hash; /* of the root's key */
};
#define SC_FACTORY_NONE { .dir = SC_DIR_NONE, .lock = -1 }

/* Wipes the root key and releases the lock. SC_FACTORY_NONE is allowed. */
void sc_factory_close(struct sc_factory *factory);
SC_CLEANUP_VALUE(sc_factory, sc_factory_close)

/*
 * Creates the directory if missing, the root key, its certificate and its hash. Never overwrites a root:
 * SC_ERR_EXISTS. SC_ERR_ARGUMENT if the passphrase or the name is too short or too long.
 */
sc_status sc_factory_init(const char *path, const char *name, const struct sc_secret *passphrase,
			  struct sc_factory *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * SC_ERR_NOT_FOUND, SC_ERR_LOCKED, SC_ERR_DECRYPT (wrong passphrase), SC_ERR_EVIDENCE_KEY (the certificate is
 * not for this key).
 */
sc_status sc_factory_open(const char *path, const struct sc_secret *passphrase, struct sc_factory *out,
			  struct sc_error *err) SC_WARN_UNUSED;

/* The root key's hash, computed from root.pem. Needs no passphrase. */
sc_status sc_factory_root_hash(const char *path, struct sc_hash *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Answers the request of `hsmd --initialise`, a PKCS#10 in DER or PEM. The request must be signed by its own
 * key, which must be P-256; its subject must be an ESN and nothing else; it must have no attributes. The
 * answer has the form of evidence/warrant_answer.h: root certificate and warrant, in PEM. An ESN is warranted
 * for one key only: SC_ERR_CONFLICT for another key. The same request may be answered again. SC_ERR_ENCODING,
 * SC_ERR_EVIDENCE_SIGNATURE, SC_ERR_EVIDENCE_USAGE.
 */
sc_status sc_factory_warrant(struct sc_factory *factory, struct sc_view request, struct sc_bytes *answer,
			     struct sc_error *err) SC_WARN_UNUSED;

/*
 * Answers the request of `safeconduct region request`. Verifies the world statement in it under this
 * factory's own root, judged at the time that the statement names, and certifies the statement's KNSO as that
 * region, in DER. SC_ERR_EVIDENCE_SUITE if the world's suite is too weak; other errors as for
 * sc_statement_verify.
 */
sc_status sc_factory_certify_region(struct sc_factory *factory, struct sc_view request,
				    struct sc_bytes *certificate, struct sc_error *err) SC_WARN_UNUSED;

#endif
