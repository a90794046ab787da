/* A transfer package made outside any module: see parcel.h. */
#include "parcel.h"

#include <string.h>

#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "attack.h"
#include "base/clock.h"
#include "base/libcrypto.h"
#include "formats/oid.h"

#define CONTENT_KEY 32
#define IV          12

static void must(bool ok, const char *what)
{
	attack_must(what, ok ? SC_OK : SC_ERR_CRYPTO, NULL);
}

static void must_set(struct sc_text *text, const char *value)
{
	attack_must(value, sc_text_set(text, value, "text", NULL), NULL);
}

/* -- a correct parcel -------------------------------------------------------------------------- */

/* What the region's KEK package states about the KEK. */
static struct sc_key_statement *read_target(struct sc_view kek_package)
{
	SC_CLEANUP(sc_signed_data) wrapper = NULL;
	struct sc_key_statement *stated = NULL;
	struct sc_error err = { 0 };

	attack_must("KEK package", sc_signed_data_decode(kek_package, &wrapper, &err), &err);
	attack_must("KEK statement", sc_key_statement_decode(sc_bytes_view(&wrapper->content), &stated, &err),
		    &err);
	return stated;
}

void parcel_arrival_again(struct parcel *p)
{
	sc_acl_free(p->header->arrival);
	p->header->arrival = NULL;
	attack_must("arrival ACL",
		    sc_acl_arrival(&p->header->type, &p->header->world, &p->header->arrival, NULL), NULL);
}

static void fill_header(struct parcel *p, const struct sc_key_statement *kek)
{
	struct sc_transfer_header *h = p->header;
	SC_CLEANUP(sc_bytes) spki = { 0 };
	uint8_t id[SC_PACKAGE_ID_SIZE];

	h->suite = SC_TRANSFER_SUITE;
	h->region = kek->region;
	h->world = kek->world;
	h->kek = kek->key_hash;
	must_set(&h->subscription, ATTACK_SUBSCRIPTION);
	must_set(&h->friendly_name, "ContosoFirstHSMkey");
	attack_must("key type", sc_key_type_of(p->key, &h->type, NULL), NULL);
	attack_must("public key", sc_spki_of(p->key, &spki, NULL), NULL);
	attack_must("key hash", sc_key_hash(sc_bytes_view(&spki), &h->key_hash, NULL), NULL);
	parcel_arrival_again(p);
	must(RAND_bytes(id, sizeof id) == 1, "package id");
	attack_must("package id", sc_octets_set(&h->package_id, sc_view_of(id, sizeof id), NULL), NULL);
	h->created = sc_clock_now();
	h->not_after = h->created + SC_YEAR;
	h->source_world = p->source->world->world;
	h->source_esn = p->source->esn;
}

static void fill_content(struct parcel *p)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(p->key);
	unsigned char *der = NULL;
	int len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;

	must(len > 0, "PKCS#8");
	attack_must("PKCS#8", sc_octets_set(&p->content->key, sc_view_of(der, (size_t)len), NULL), NULL);
	PKCS8_PRIV_KEY_INFO_free(info);
	OPENSSL_clear_free(der, (size_t)len);
	p->content->origin = SC_ORIGIN_GENERATED;
}

/* As a customer's module states it of a simple key. */
static void fill_statement(struct parcel *p)
{
	SC_CLEANUP(sc_forge) f = sc_forge_again(p->source);

	sc_forge_state_key(f, p->key);
	sc_forge_state_uses(f, SC_USE_SIGN | SC_USE_DECRYPT);
	must_set(&f->key->application, "xferacld");
	p->said = sc_steal(f->key);
}

struct parcel *parcel_new(const struct sc_forge *source, struct sc_view kek_package, EVP_PKEY *key)
{
	struct parcel *p = OPENSSL_zalloc(sizeof *p);
	SC_CLEANUP(sc_key_statement) kek = read_target(kek_package);

	must(p && EVP_PKEY_up_ref(key) == 1, "memory");
	p->source = source;
	p->key = key;
	attack_must("KEK", sc_spki_read(sc_bytes_view(&kek->spki), &p->kek, NULL), NULL);
	p->header = sc_transfer_header_new();
	p->content = sc_transfer_content_new();
	must(p->header && p->content, "memory");
	fill_header(p, kek);
	fill_content(p);
	fill_statement(p);
	return p;
}

void parcel_free(struct parcel *p)
{
	if (!p)
		return;
	EVP_PKEY_free(p->kek);
	EVP_PKEY_free(p->key);
	sc_transfer_header_free(p->header);
	sc_transfer_content_free(p->content);
	sc_key_statement_free(p->said);
	OPENSSL_free(p);
}

/* -- sealing ----------------------------------------------------------------------------------- */

static void sign_statement(struct parcel *p, const struct sc_hash *digest)
{
	X509 *const certificates[] = { p->source->warrant, p->source->member, p->source->region_certificate };
	SC_CLEANUP(sc_pkey) stranger = sc_forge_ec_key("P-256");
	SC_CLEANUP(sc_bytes) content = { 0 };
	SC_CLEANUP(sc_bytes) statement = { 0 };

	if (!p->has_own_nonce)
		attack_must("nonce", sc_octets_set(&p->said->nonce, sc_hash_view(digest), NULL), NULL);
	attack_must("statement", sc_key_statement_encode(p->said, &content, NULL), NULL);
	statement = sc_forge_wrap(SC_OID_KEY_STATEMENT, sc_bytes_view(&content),
				  p->is_by_another ? stranger : p->source->module_key, p->source->member,
				  certificates, 3);
	attack_must("statement", sc_octets_set(&p->content->statement, sc_bytes_view(&statement), NULL),
		    NULL);
}

static void encrypt_key(const struct parcel *p, const struct sc_hash *digest, struct sc_view key,
			struct sc_bytes *out)
{
	EVP_PKEY *kek = p->another_kek ? p->another_kek : p->kek;
	const EVP_MD *hash = p->has_sha1_label ? EVP_sha1() : EVP_sha256();
	SC_CLEANUP(sc_pkey_ctx) ctx = EVP_PKEY_CTX_new(kek, NULL);
	struct sc_hash label = *digest;
	uint8_t encrypted[512];
	size_t len = sizeof encrypted;

	label.b[0] ^= p->has_another_label;
	must(ctx && EVP_PKEY_encrypt_init(ctx) == 1 &&
		 EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
		 EVP_PKEY_CTX_set_rsa_oaep_md(ctx, hash) == 1 &&
		 EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, hash) == 1 &&
		 (p->has_no_label ||
		  EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, OPENSSL_memdup(label.b, sizeof label.b),
						   sizeof label.b) == 1) &&
		 EVP_PKEY_encrypt(ctx, encrypted, &len, key.data, key.len) == 1,
	     "RSA-OAEP");
	attack_must("encrypted key", sc_octets_set(out, sc_view_of(encrypted, len), NULL), NULL);
}

static void encrypt_content(const struct parcel *p, const struct sc_hash *digest, const uint8_t *key,
			    struct sc_transfer_package *package)
{
	static const uint8_t iv[IV];
	SC_CLEANUP(sc_cipher_ctx) ctx = EVP_CIPHER_CTX_new();
	SC_CLEANUP(sc_bytes) plain = { 0 };
	SC_CLEANUP(sc_bytes) sealed = { 0 };
	struct sc_hash associated = *digest;
	uint8_t tag[16];
	int len = 0;

	associated.b[0] ^= p->has_other_associated_data;
	attack_must("content", sc_transfer_content_encode(p->content, &plain, NULL), NULL);
	attack_must("memory", sc_bytes_new(plain.len, &sealed, NULL), NULL);
	must(ctx && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, iv) == 1 &&
		 EVP_EncryptUpdate(ctx, NULL, &len, associated.b, sizeof associated.b) == 1 &&
		 EVP_EncryptUpdate(ctx, sealed.data, &len, plain.data, (int)plain.len) == 1 &&
		 EVP_EncryptFinal_ex(ctx, sealed.data + len, &len) == 1 &&
		 EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, sizeof tag, tag) == 1,
	     "AES-256-GCM");
	attack_must("ciphertext", sc_octets_set(&package->ciphertext, sc_bytes_view(&sealed), NULL), NULL);
	attack_must("tag", sc_octets_set(&package->tag, sc_view_of(tag, sizeof tag), NULL), NULL);
}

struct sc_bytes parcel_seal(struct parcel *p)
{
	SC_CLEANUP(sc_transfer_package) package = sc_transfer_package_new();
	uint8_t key[CONTENT_KEY] = { 0 };
	struct sc_bytes der = { 0 };
	struct sc_hash digest;
	struct sc_error err = { 0 };

	must(package && RAND_bytes(key, p->has_a_short_key ? sizeof key / 2 : sizeof key) == 1,
	     "content key");
	attack_must("header", sc_transfer_header_digest(p->header, &digest, &err), &err);
	if (!p->has_own_digest)
		p->content->header = digest;
	if (!p->has_own_statement)
		sign_statement(p, &digest);
	encrypt_key(p, &digest, sc_view_of(key, p->has_a_short_key ? sizeof key / 2 : sizeof key),
		    &package->encrypted_key);
	encrypt_content(p, &digest, key, package);
	sc_transfer_header_free(package->header);
	package->header = sc_steal(p->header);
	attack_must("package", sc_transfer_package_encode(package, &der, &err), &err);
	p->header = sc_steal(package->header);
	package->header = sc_transfer_header_new();
	return der;
}
