/* The factory's directory: see factory_root.h. issue_certificate.c does the signing. */
#include "factory/factory_root.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/clock.h"
#include "base/libcrypto.h"
#include "base/os.h"
#include "factory/record.h"
#include "factory/root_key.h"

#define KEY_FILE    "root.key"
#define ROOT_FILE   "root.pem"
#define HASH_FILE   "root.hash"
#define LOCK_FILE   "lock"
#define ROOT_MAX    16384
#define PUBLIC_BITS 0644

void sc_factory_close(struct sc_factory *factory)
{
	EVP_PKEY_free(factory->key);
	X509_free(factory->root);
	if (factory->lock >= 0)
		(void)sc_os->close(factory->lock);
	sc_dir_close(&factory->dir);
	*factory = (struct sc_factory)SC_FACTORY_NONE;
}

static struct sc_factory take(struct sc_factory *factory)
{
	struct sc_factory taken = *factory;

	*factory = (struct sc_factory)SC_FACTORY_NONE;
	return taken;
}

/* -- init -------------------------------------------------------------------------------------- */

static sc_status make_root(struct sc_factory *factory, const char *name, struct sc_error *err)
{
	int64_t now = sc_clock_now();
	struct sc_certificate_request request = {
		.kind = SC_CERTIFICATE_ROOT,
		.subject = name,
		.not_before = now - SC_DAY, /* clocks of offline machines differ */
		.not_after = now + sc_certificate_lifetime(SC_CERTIFICATE_ROOT),
	};

	SC_TRY(sc_factory_root_key_new(&factory->key, err));
	request.subject_key = factory->key;
	request.issuer_key = factory->key;
	return sc_certificate_make(&request, &factory->root, err);
}

static sc_status write_root(const struct sc_factory *factory, struct sc_error *err)
{
	SC_CLEANUP(sc_bio) bio = BIO_new(BIO_s_mem());
	SC_CLEANUP(sc_bytes) pem = { 0 };

	if (!bio || PEM_write_bio_X509(bio, factory->root) != 1)
		return sc_fail_crypto(err, "root certificate: cannot be written");
	SC_TRY(sc_bytes_of_bio(bio, &pem, err));
	return sc_file_write(&factory->dir, ROOT_FILE, sc_bytes_view(&pem), SC_FILE_NEW, PUBLIC_BITS, err);
}

static sc_status write_hash(const struct sc_factory *factory, struct sc_error *err)
{
	char line[SC_HASH_GROUPED_SIZE + 1];

	sc_hash_grouped(&factory->hash, line);
	strcat(line, "\n");
	return sc_file_write(&factory->dir, HASH_FILE, sc_view_text(line), SC_FILE_REPLACE, PUBLIC_BITS, err);
}

/* The key is written first: if there is a root certificate, its key exists. */
static sc_status write_all(const struct sc_factory *factory, const struct sc_secret *passphrase,
			   struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) encrypted = { 0 };

	SC_TRY(sc_factory_root_key_encrypt(factory->key, passphrase, &encrypted, err));
	SC_TRY(sc_file_write(&factory->dir, KEY_FILE, sc_bytes_view(&encrypted), SC_FILE_NEW, 0600, err));
	SC_TRY(sc_factory_record_append(&factory->dir, factory->root, NULL, err));
	SC_TRY(write_hash(factory, err));
	return write_root(factory, err);
}

sc_status sc_factory_init(const char *path, const char *name, const struct sc_secret *passphrase,
			  struct sc_factory *out, struct sc_error *err)
{
	SC_CLEANUP(sc_factory) factory = SC_FACTORY_NONE;

	SC_ENSURE(sc_view_characters(sc_secret_view(passphrase)) >= SC_FACTORY_PASSPHRASE_MIN_CHARACTERS, err,
		  SC_ERR_ARGUMENT, "the passphrase is shorter than %d characters",
		  SC_FACTORY_PASSPHRASE_MIN_CHARACTERS);
	SC_ENSURE(name[0], err, SC_ERR_ARGUMENT, "the manufacturer's name is empty");
	SC_TRY(sc_text_set(&factory.name, name, "the manufacturer's name", err));
	SC_TRY(sc_dir_make(path, &factory.dir, err));
	SC_TRY(sc_file_lock(&factory.dir, LOCK_FILE, &factory.lock, err));
	SC_ENSURE(!sc_file_exists(&factory.dir, ROOT_FILE), err, SC_ERR_EXISTS,
		  "%s: already contains a root, which is not replaced", path);
	SC_ENSURE(!sc_file_exists(&factory.dir, KEY_FILE), err, SC_ERR_EXISTS,
		  "%s: contains %s but no %s: if an interrupted init left it, remove it and start again",
		  path, KEY_FILE, ROOT_FILE);
	SC_TRY(make_root(&factory, name, err));
	SC_TRY(sc_certificate_key_hash(factory.root, &factory.hash, err));
	SC_TRY(write_all(&factory, passphrase, err));
	*out = take(&factory);
	return SC_OK;
}

/* -- open -------------------------------------------------------------------------------------- */

static sc_status read_root(struct sc_factory *factory, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) pem = { 0 };
	SC_CLEANUP(sc_bio) bio = NULL;
	enum sc_certificate_kind kind;

	SC_TRY(sc_file_read(&factory->dir, ROOT_FILE, ROOT_MAX, &pem, err));
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	/* "": libcrypto must not ask for a passphrase. */
	factory->root = bio ? PEM_read_bio_X509(bio, NULL, NULL, "") : NULL;
	ERR_clear_error();
	SC_ENSURE(factory->root, err, SC_ERR_ENCODING, "%s/%s: not a certificate in PEM", factory->dir.path,
		  ROOT_FILE);
	if (sc_certificate_kind_of(factory->root, &kind, err) != SC_OK)
		return sc_fail_context(err, SC_ERR_EVIDENCE_USAGE, "%s/%s", factory->dir.path, ROOT_FILE);
	SC_ENSURE(kind == SC_CERTIFICATE_ROOT, err, SC_ERR_EVIDENCE_USAGE,
		  "%s/%s: a %s, not a root certificate", factory->dir.path, ROOT_FILE,
		  sc_certificate_kind_name(kind));
	SC_TRY(sc_certificate_subject(factory->root, &factory->name, err));
	return sc_certificate_key_hash(factory->root, &factory->hash, err);
}

static sc_status read_key(struct sc_factory *factory, const struct sc_secret *passphrase,
			  struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) pem = { 0 };
	sc_status status;

	SC_TRY(sc_file_read(&factory->dir, KEY_FILE, SC_FACTORY_ROOT_KEY_MAX, &pem, err));
	status = sc_factory_root_key_decrypt(sc_bytes_view(&pem), passphrase, &factory->key, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "%s/%s", factory->dir.path, KEY_FILE);
	SC_ENSURE(EVP_PKEY_eq(factory->key, X509_get0_pubkey(factory->root)) == 1, err, SC_ERR_EVIDENCE_KEY,
		  "%s: the certificate in %s is not for the key in %s", factory->dir.path, ROOT_FILE,
		  KEY_FILE);
	return SC_OK;
}

sc_status sc_factory_open(const char *path, const struct sc_secret *passphrase, struct sc_factory *out,
			  struct sc_error *err)
{
	SC_CLEANUP(sc_factory) factory = SC_FACTORY_NONE;

	SC_TRY(sc_dir_open(path, &factory.dir, err));
	SC_TRY(read_root(&factory, err));
	SC_TRY(sc_file_lock(&factory.dir, LOCK_FILE, &factory.lock, err));
	SC_TRY(read_key(&factory, passphrase, err));
	*out = take(&factory);
	return SC_OK;
}

sc_status sc_factory_root_hash(const char *path, struct sc_hash *out, struct sc_error *err)
{
	SC_CLEANUP(sc_factory) factory = SC_FACTORY_NONE;

	SC_TRY(sc_dir_open(path, &factory.dir, err));
	SC_TRY(read_root(&factory, err));
	*out = factory.hash;
	return SC_OK;
}
