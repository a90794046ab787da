/* A manufacturer and region for tests: see forge.h. */
#include "forge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/dsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "base/clock.h"
#include "base/libcrypto.h"
#include "base/version.h"
#include "formats/oid.h"
#include "formats/world_file.h"

#define RSA_KEYS 2

/* Ends the test if the forge itself fails. */
static void must_hold(bool ok, const char *what, const struct sc_error *err)
{
	if (ok)
		return;
	fprintf(stderr, "forge: %s: %s\n", what, err ? err->message : "libcrypto");
	ERR_print_errors_fp(stderr);
	abort();
}

/* -- keys -------------------------------------------------------------------------------------- */

EVP_PKEY *sc_forge_ec_key(const char *curve)
{
	EVP_PKEY *key = EVP_EC_gen(curve);

	must_hold(key, curve, NULL);
	return key;
}

EVP_PKEY *sc_forge_dsa_key(void)
{
	static EVP_PKEY *key;
	SC_CLEANUP(sc_pkey) parameters = NULL;

	if (!key) {
		SC_CLEANUP(sc_pkey_ctx) ctx = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
		SC_CLEANUP(sc_pkey_ctx) generate = NULL;

		must_hold(ctx && EVP_PKEY_paramgen_init(ctx) == 1 &&
			      EVP_PKEY_CTX_set_dsa_paramgen_bits(ctx, 1024) == 1 &&
			      EVP_PKEY_CTX_set_dsa_paramgen_q_bits(ctx, 160) == 1 &&
			      EVP_PKEY_paramgen(ctx, &parameters) == 1,
			  "DSA parameters", NULL);
		generate = EVP_PKEY_CTX_new(parameters, NULL);
		must_hold(generate && EVP_PKEY_keygen_init(generate) == 1 &&
			      EVP_PKEY_keygen(generate, &key) == 1,
			  "DSA key", NULL);
	}
	EVP_PKEY_up_ref(key);
	return key;
}

EVP_PKEY *sc_forge_rsa_key(unsigned which)
{
	static EVP_PKEY *keys[RSA_KEYS];

	must_hold(which < RSA_KEYS, "RSA key", NULL);
	if (!keys[which])
		keys[which] = EVP_RSA_gen(4096);
	must_hold(keys[which] && EVP_PKEY_up_ref(keys[which]) == 1, "RSA key", NULL);
	return keys[which];
}

/* -- certificates ------------------------------------------------------------------------------ */

X509 *sc_forge_certificate(const struct sc_forge *f, const struct sc_certificate_request *request)
{
	struct sc_certificate_request dated = *request;
	struct sc_error err = { 0 };
	X509 *certificate = NULL;

	if (dated.not_before == 0)
		dated.not_before = f->now - SC_DAY;
	if (dated.not_after == 0)
		dated.not_after = f->now + sc_certificate_lifetime(dated.kind);
	must_hold(sc_certificate_make(&dated, &certificate, &err) == SC_OK, "certificate", &err);
	return certificate;
}

void sc_forge_put(X509 **place, X509 *certificate)
{
	X509_free(*place);
	*place = certificate;
}

static void name_of(X509 *certificate, struct sc_text *name)
{
	struct sc_error err = { 0 };

	must_hold(sc_certificate_subject(certificate, name, &err) == SC_OK, "name", &err);
}

void sc_forge_warrant_again(struct sc_forge *f)
{
	struct sc_text issuer = { 0 };

	name_of(f->root, &issuer);
	sc_forge_put(&f->warrant,
		     sc_forge_certificate(f, &(struct sc_certificate_request){ .kind = SC_CERTIFICATE_WARRANT,
									       .subject_key = f->module_key,
									       .subject = f->esn.s,
									       .issuer = issuer.s,
									       .issuer_key = f->root_key }));
}

void sc_forge_region_again(struct sc_forge *f)
{
	char knso[SC_KNSO_NAME_SIZE];
	struct sc_text issuer = { 0 };

	name_of(f->root, &issuer);
	sc_certificate_knso_name(&f->world->world, knso);
	sc_forge_put(&f->region_certificate,
		     sc_forge_certificate(f, &(struct sc_certificate_request){ .kind = SC_CERTIFICATE_REGION,
									       .subject_key = f->knso,
									       .subject = knso,
									       .issuer = issuer.s,
									       .issuer_key = f->root_key,
									       .region = f->region }));
}

void sc_forge_member_again(struct sc_forge *f)
{
	char knso[SC_KNSO_NAME_SIZE];

	sc_certificate_knso_name(&f->world->world, knso);
	sc_forge_put(&f->member,
		     sc_forge_certificate(f, &(struct sc_certificate_request){ .kind = SC_CERTIFICATE_MEMBER,
									       .subject_key = f->module_key,
									       .subject = f->esn.s,
									       .issuer = knso,
									       .issuer_key = f->knso }));
}

static struct sc_bytes spki_of(const EVP_PKEY *key)
{
	struct sc_bytes spki = { 0 };
	struct sc_error err = { 0 };

	must_hold(sc_spki_of(key, &spki, &err) == SC_OK, "public key", &err);
	return spki;
}

void sc_forge_kek_certificate_again(struct sc_forge *f)
{
	char knso[SC_KNSO_NAME_SIZE];
	char kek[SC_KEK_NAME_SIZE];
	SC_CLEANUP(sc_bytes) spki = spki_of(f->kek);
	struct sc_hash hash = { 0 };

	must_hold(sc_key_hash(sc_bytes_view(&spki), &hash, NULL) == SC_OK, "key hash", NULL);
	sc_certificate_kek_name(&hash, kek);
	sc_certificate_knso_name(&f->world->world, knso);
	sc_forge_put(&f->kek_certificate,
		     sc_forge_certificate(f, &(struct sc_certificate_request){ .kind = SC_CERTIFICATE_KEK,
									       .subject_key = f->kek,
									       .subject = kek,
									       .issuer = knso,
									       .issuer_key = f->knso }));
}

static const EVP_MD *digest_of(const X509 *certificate)
{
	int digest = NID_sha256;

	OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest, NULL);
	return EVP_get_digestbynid(digest);
}

/* Signs what X509_sign would put right first: the certificate as it is, with the algorithm that it names. */
static X509 *signed_as_it_is(X509 *certificate, EVP_PKEY *issuer, const EVP_MD *digest)
{
	SC_CLEANUP(sc_md_ctx) ctx = EVP_MD_CTX_new();
	ASN1_BIT_STRING *signature = ASN1_BIT_STRING_new();
	const X509_ALGOR *algorithm = NULL;
	uint8_t bytes[1024];
	size_t bytes_len = sizeof bytes;
	uint8_t parts[8192];
	uint8_t der[sizeof parts + 8];
	uint8_t *end = parts;
	int len = i2d_re_X509_tbs(certificate, NULL);
	const uint8_t *start = der;
	X509 *made;

	must_hold(ctx && signature && len > 0 && (size_t)len < sizeof parts / 2, "certificate", NULL);
	i2d_re_X509_tbs(certificate, &end);
	must_hold(EVP_DigestSignInit(ctx, NULL, digest, NULL, issuer) == 1 &&
		      EVP_DigestSign(ctx, bytes, &bytes_len, parts, (size_t)len) == 1 &&
		      ASN1_BIT_STRING_set(signature, bytes, (int)bytes_len) == 1,
		  "signature", NULL);
	signature->flags |= ASN1_STRING_FLAG_BITS_LEFT; /* no unused bits */
	X509_get0_signature(NULL, &algorithm, certificate);
	i2d_X509_ALGOR(algorithm, &end);
	i2d_ASN1_BIT_STRING(signature, &end);
	ASN1_BIT_STRING_free(signature);
	len = (int)(end - parts);
	end = der;
	ASN1_put_object(&end, 1, len, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
	memcpy(end, parts, (size_t)len);
	made = d2i_X509(NULL, &start, end + len - der);
	must_hold(made, "certificate", NULL);
	return made;
}

X509 *sc_forge_changed(X509 *certificate, EVP_PKEY *issuer, void (*change)(X509 *copy, void *context),
		       void *context)
{
	SC_CLEANUP(sc_x509) copy = X509_dup(certificate);
	long version;

	must_hold(copy, "copy of a certificate", NULL);
	change(copy, context);
	version = X509_get_version(copy);
	must_hold(X509_sign(copy, issuer, digest_of(certificate)) > 0, "signature", NULL);
	if (X509_get_version(copy) == version)
		return sc_steal(copy);
	/* As OpenSSL does from 3.4 on. */
	X509_set_version(copy, version);
	return signed_as_it_is(copy, issuer, digest_of(certificate));
}

/* -- statements -------------------------------------------------------------------------------- */

static void set_text(struct sc_text *text, const char *value)
{
	must_hold(sc_text_set(text, value, "text", NULL) == SC_OK, value, NULL);
}

void sc_forge_world_id_again(struct sc_forge *f)
{
	SC_CLEANUP(sc_bytes) spki = spki_of(f->knso);

	must_hold(sc_octets_set(&f->world->knso, sc_bytes_view(&spki), NULL) == SC_OK &&
		      sc_world_id(sc_bytes_view(&spki), &f->world->hkm, f->world->suite, &f->world->world,
				  NULL) == SC_OK,
		  "world id", NULL);
	f->key->world = f->world->world;
	f->key->hkm = f->world->hkm;
	f->key->suite = f->world->suite;
}

void sc_forge_state_key(struct sc_forge *f, const EVP_PKEY *key)
{
	SC_CLEANUP(sc_bytes) spki = spki_of(key);
	struct sc_error err = { 0 };

	must_hold(sc_octets_set(&f->key->spki, sc_bytes_view(&spki), &err) == SC_OK &&
		      sc_key_hash(sc_bytes_view(&spki), &f->key->key_hash, &err) == SC_OK &&
		      sc_key_type_of(key, &f->key->type, &err) == SC_OK,
		  "key of the statement", &err);
}

void sc_forge_state_uses(struct sc_forge *f, uint32_t uses)
{
	struct sc_acl *acl = sc_acl_new();
	struct sc_permission_group *group = NULL;

	must_hold(acl && sc_acl_add_group(acl, 1, SC_AUTHORITY_NONE, &group, NULL) == SC_OK &&
		      sc_acl_add_use(group, uses, NULL) == SC_OK,
		  "ACL", NULL);
	sc_acl_free(f->key->acl);
	f->key->acl = acl;
}

static void name_signer(struct sc_signed_data *s, X509 *named)
{
	ASN1_INTEGER_free(s->serial);
	s->serial = ASN1_INTEGER_dup(X509_get0_serialNumber(named));
	must_hold(s->serial && X509_NAME_set(&s->issuer, X509_get_issuer_name(named)) == 1, "signer", NULL);
}

static void sign(struct sc_signed_data *s, EVP_PKEY *key)
{
	SC_CLEANUP(sc_bytes) attributes = { 0 };
	SC_CLEANUP(sc_md_ctx) ctx = EVP_MD_CTX_new();
	uint8_t signature[256];
	size_t len = sizeof signature;

	must_hold(sc_signed_data_attributes(s, &attributes, NULL) == SC_OK &&
		      EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		      EVP_DigestSign(ctx, signature, &len, attributes.data, attributes.len) == 1 &&
		      sc_octets_set(&s->signature, sc_view_of(signature, len), NULL) == SC_OK,
		  "signature", NULL);
}

struct sc_bytes sc_forge_wrap(const char *content_type, struct sc_view content, EVP_PKEY *key, X509 *named,
			      X509 *const *certificates, size_t count)
{
	SC_CLEANUP(sc_signed_data) s = sc_signed_data_new();
	struct sc_bytes out = { 0 };
	struct sc_error err = { 0 };

	must_hold(s && sc_octets_set(&s->content, content, NULL) == SC_OK, "content", NULL);
	snprintf(s->content_type, sizeof s->content_type, "%s", content_type);
	name_signer(s, named);
	for (size_t i = 0; i < count; i++)
		must_hold(!certificates[i] || sc_signed_data_enclose(s, certificates[i], &err) == SC_OK,
			  "enclose", &err);
	sign(s, key);
	must_hold(sc_signed_data_encode(s, &out, &err) == SC_OK, "wrapper", &err);
	return out;
}

struct sc_bytes sc_forge_kek_package(const struct sc_forge *f)
{
	X509 *const certificates[] = { f->warrant, f->member, f->region_certificate, f->kek_certificate };
	SC_CLEANUP(sc_bytes) content = { 0 };
	struct sc_error err = { 0 };

	must_hold(sc_key_statement_encode(f->key, &content, &err) == SC_OK, "key statement", &err);
	return sc_forge_wrap(SC_OID_KEY_STATEMENT, sc_bytes_view(&content), f->module_key,
			     f->member ? f->member : f->warrant, certificates, 4);
}

static struct sc_bytes world_statement(const struct sc_forge *f, X509 *region_certificate)
{
	X509 *const certificates[] = { f->warrant, region_certificate };
	SC_CLEANUP(sc_bytes) content = { 0 };
	struct sc_error err = { 0 };

	must_hold(sc_world_statement_encode(f->world, &content, &err) == SC_OK, "world statement", &err);
	return sc_forge_wrap(SC_OID_WORLD_STATEMENT, sc_bytes_view(&content), f->module_key, f->warrant,
			     certificates, 2);
}

struct sc_bytes sc_forge_world_package(const struct sc_forge *f)
{
	return world_statement(f, f->region_certificate);
}

struct sc_bytes sc_forge_world_statement(const struct sc_forge *f)
{
	return world_statement(f, NULL);
}

struct sc_evidence_trust sc_forge_trust(const struct sc_forge *f)
{
	return (struct sc_evidence_trust){ .roots = &f->root, .root_count = 1, .now = f->now };
}

/* -- the whole --------------------------------------------------------------------------------- */

static void make_root(struct sc_forge *f)
{
	f->root_key = sc_forge_ec_key("P-384");
	f->root = sc_forge_certificate(f, &(struct sc_certificate_request){ .kind = SC_CERTIFICATE_ROOT,
									    .subject_key = f->root_key,
									    .subject = "Test Manufacturer",
									    .issuer_key = f->root_key });
}

static void share_root(struct sc_forge *f, EVP_PKEY *root_key, X509 *root)
{
	must_hold(EVP_PKEY_up_ref(root_key) == 1 && X509_up_ref(root) == 1, "root", NULL);
	f->root_key = root_key;
	f->root = root;
}

static void make_world_statement(struct sc_forge *f)
{
	f->world->suite = SC_SUITE_ECP521;
	must_hold(sc_sha256(sc_view_text("module key"), &f->world->hkm, NULL) == SC_OK, "HKM", NULL);
	f->world->k = 2;
	f->world->n = 3;
	f->world->set_generation = 1;
	f->world->esn = f->esn;
	set_text(&f->world->code_version, SC_VERSION);
	f->world->time = f->now;
}

static void make_key_statement(struct sc_forge *f)
{
	set_text(&f->key->application, "kek");
	f->key->origin = SC_ORIGIN_GENERATED;
	set_text(&f->key->protection, "module");
	f->key->region = f->region->region;
	f->key->esn = f->esn;
	set_text(&f->key->code_version, SC_VERSION);
	f->key->time = f->now;
	must_hold(sc_octets_set(&f->key->nonce, sc_view_text(""), NULL) == SC_OK, "nonce", NULL);
	sc_forge_state_key(f, f->kek);
	sc_forge_state_uses(f, SC_USE_IMPORT_TRANSFER);
}

static struct sc_forge *new_forge(int64_t now)
{
	struct sc_forge *f = OPENSSL_zalloc(sizeof *f);

	must_hold(f, "memory", NULL);
	f->now = now;
	f->region = sc_region_info_new();
	f->key = sc_key_statement_new();
	f->world = sc_world_statement_new();
	must_hold(f->region && f->key && f->world, "memory", NULL);
	set_text(&f->esn, "7E57-0000-0001");
	f->kek = sc_forge_rsa_key(0);
	return f;
}

/* Makes everything that follows from the root, keys and names. */
static struct sc_forge *complete(struct sc_forge *f, const char *region)
{
	set_text(&f->region->region, region);
	set_text(&f->region->operator_name, "Test Operator");
	make_world_statement(f);
	make_key_statement(f);
	sc_forge_world_id_again(f);
	sc_forge_warrant_again(f);
	sc_forge_region_again(f);
	sc_forge_member_again(f);
	sc_forge_kek_certificate_again(f);
	return f;
}

static void make_keys(struct sc_forge *f)
{
	f->module_key = sc_forge_ec_key("P-256");
	f->knso = sc_forge_ec_key("P-521");
}

struct sc_forge *sc_forge_new(int64_t now, const char *region)
{
	struct sc_forge *f = new_forge(now);

	make_root(f);
	make_keys(f);
	return complete(f, region);
}

struct sc_forge *sc_forge_new_under(int64_t now, const char *region, EVP_PKEY *root_key, X509 *root)
{
	struct sc_forge *f = new_forge(now);

	share_root(f, root_key, root);
	make_keys(f);
	return complete(f, region);
}

struct sc_forge *sc_forge_again(const struct sc_forge *forge)
{
	struct sc_forge *f = new_forge(forge->now);

	share_root(f, forge->root_key, forge->root);
	must_hold(EVP_PKEY_up_ref(forge->module_key) == 1 && EVP_PKEY_up_ref(forge->knso) == 1, "keys", NULL);
	f->module_key = forge->module_key;
	f->knso = forge->knso;
	return complete(f, forge->region->region.s);
}

void sc_forge_free(struct sc_forge *f)
{
	if (!f)
		return;
	EVP_PKEY_free(f->root_key);
	X509_free(f->root);
	EVP_PKEY_free(f->module_key);
	X509_free(f->warrant);
	EVP_PKEY_free(f->knso);
	sc_region_info_free(f->region);
	X509_free(f->region_certificate);
	X509_free(f->member);
	EVP_PKEY_free(f->kek);
	X509_free(f->kek_certificate);
	sc_key_statement_free(f->key);
	sc_world_statement_free(f->world);
	OPENSSL_free(f);
}
