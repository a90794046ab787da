/* Samples of every stored structure: see samples.h. A failure here is a broken test, so it aborts. */
#include "support/samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "base/libcrypto.h"
#include "formats/card.h"
#include "formats/checkpoint.h"
#include "formats/key_blob.h"
#include "formats/key_file.h"
#include "formats/module_state.h"
#include "formats/oid.h"
#include "formats/region_request.h"
#include "formats/signed_data.h"
#include "formats/statement.h"
#include "formats/suite.h"
#include "formats/transfer_package.h"

#define CREATED INT64_C(1795517120) /* 2026-11-24 */

static void must(bool held, const char *what)
{
	if (held)
		return;
	fprintf(stderr, "samples: %s\n", what);
	abort();
}

#define MUST(call) must((call) == SC_OK, #call)

/* -- parts ------------------------------------------------------------------------------------- */

struct sc_hash sc_sample_hash(uint8_t seed)
{
	struct sc_hash hash;

	for (size_t i = 0; i < sizeof hash.b; i++)
		hash.b[i] = (uint8_t)(seed + 5 * i + 1);
	return hash;
}

static void set_text(struct sc_text *text, const char *value)
{
	MUST(sc_text_set(text, value, "sample", NULL));
}

static void set_octets(struct sc_bytes *octets, size_t len, uint8_t seed)
{
	uint8_t content[512];

	must(len <= sizeof content, "a long octet string");
	for (size_t i = 0; i < len; i++)
		content[i] = (uint8_t)(seed + 7 * i);
	MUST(sc_octets_set(octets, sc_view_of(content, len), NULL));
}

/* The ACL of a reduced copy, plus one of every other action. */
struct sc_acl *sc_sample_acl(void)
{
	const struct sc_key_type type = { SC_ALGORITHM_RSA, 2048 };
	struct sc_acl *acl = sc_acl_new();
	struct sc_transfer_action *transfer = sc_transfer_action_new();
	struct sc_permission_group *free_group = NULL;
	struct sc_permission_group *quorum_group = NULL;
	struct sc_hash here = sc_sample_hash(10);

	must(acl && transfer, "out of memory");
	transfer->kek = sc_sample_hash(11);
	transfer->world = sc_sample_hash(12);
	transfer->not_after = CREATED + 1000;
	set_text(&transfer->region, "EU");
	set_text(&transfer->subscription, "8c6a1b52-6f04-4f38-9d0c-2b1f0f6f8a11");
	sc_acl_free(transfer->arrival);
	transfer->arrival = NULL;
	MUST(sc_acl_arrival(&type, &transfer->world, &transfer->arrival, NULL));
	MUST(sc_acl_add_group(acl, 1, SC_AUTHORITY_NONE, &free_group, NULL));
	MUST(sc_acl_add_use(free_group, SC_USE_SIGN | SC_USE_DECRYPT, NULL));
	MUST(sc_acl_add_make_blob(free_group, &here, NULL));
	MUST(sc_acl_add_transfer(free_group, transfer, NULL));
	MUST(sc_acl_add_plain(free_group, SC_ACTION_REDUCE_ACL, NULL));
	MUST(sc_acl_add_group(acl, 2, SC_AUTHORITY_QUORUM, &quorum_group, NULL));
	MUST(sc_acl_add_plain(quorum_group, SC_ACTION_REPLACE_ACL, NULL));
	return acl;
}

/* Replaces the empty ACL of a new structure. */
static void set_acl(struct sc_acl **field, struct sc_acl *acl)
{
	sc_acl_free(*field);
	*field = acl;
}

static struct sc_acl *import_acl(void)
{
	struct sc_acl *acl = sc_acl_new();
	struct sc_permission_group *group = NULL;

	must(acl, "out of memory");
	MUST(sc_acl_add_group(acl, 1, SC_AUTHORITY_NONE, &group, NULL));
	MUST(sc_acl_add_use(group, SC_USE_IMPORT_TRANSFER, NULL));
	return acl;
}

static struct sc_acl *arrival_acl(void)
{
	const struct sc_key_type type = { SC_ALGORITHM_RSA, 3072 };
	struct sc_hash world = sc_sample_hash(20);
	struct sc_acl *acl = NULL;

	MUST(sc_acl_arrival(&type, &world, &acl, NULL));
	return acl;
}

static void fill_owner(struct sc_owner *owner)
{
	set_text(&owner->daemon, "vaultd");
	set_text(&owner->tenant, "0f1a5a0e-93ac-4d0d-9a53-1f3e3d8f4c22");
	set_text(&owner->subscription, "8c6a1b52-6f04-4f38-9d0c-2b1f0f6f8a11");
	set_text(&owner->vault, "ContosoKeyVaultHSM");
	set_text(&owner->name, "ContosoFirstHSMkey");
	set_text(&owner->version, "d6a1f0c2e4b84a5d9c3e7f60518293a4");
}

/* -- the structures ---------------------------------------------------------------------------- */

static struct sc_acl *make_acl(bool full)
{
	return full ? sc_sample_acl() : import_acl();
}

static struct sc_owner *make_owner(bool full)
{
	struct sc_owner *owner = sc_owner_new();

	must(owner, "out of memory");
	if (full)
		fill_owner(owner);
	return owner;
}

static struct sc_key_blob_header *make_key_blob_header(bool full)
{
	struct sc_key_blob_header *header = sc_key_blob_header_new();

	must(header, "out of memory");
	header->suite = SC_SUITE_ECP521;
	header->world = sc_sample_hash(30);
	header->km_generation = 1;
	header->salt = sc_sample_hash(31);
	set_text(&header->application, full ? "vault" : "simple");
	header->type = (struct sc_key_type){ SC_ALGORITHM_RSA, 2048 };
	set_octets(&header->spki, 294, 32);
	header->key_hash = sc_sample_hash(33);
	header->origin = full ? SC_ORIGIN_BYOK : SC_ORIGIN_GENERATED;
	if (full)
		header->package = sc_sample_hash(34);
	header->created = CREATED;
	header->state_counter = UINT64_MAX;
	if (full)
		fill_owner(&header->owner);
	set_acl(&header->acl, make_acl(full));
	return header;
}

static struct sc_key_blob *make_key_blob(bool full)
{
	struct sc_key_blob *blob = sc_key_blob_new();

	must(blob, "out of memory");
	sc_key_blob_header_free(blob->header);
	blob->header = make_key_blob_header(full);
	set_octets(&blob->ciphertext, 100, 40);
	set_octets(&blob->tag, SC_GCM_TAG_SIZE, 41);
	blob->commitment = sc_sample_hash(42);
	return blob;
}

static void fill_wrapped(struct sc_wrapped_key *wrapped, size_t len, uint8_t seed)
{
	wrapped->salt = sc_sample_hash(seed);
	set_octets(&wrapped->ciphertext, len, seed);
	set_octets(&wrapped->tag, SC_GCM_TAG_SIZE, seed);
}

static void fill_roots(STACK_OF(sc_source_root) *roots, STACK_OF(sc_revoked_esn) *revoked)
{
	struct sc_source_root *root = (struct sc_source_root *)ASN1_item_new(ASN1_ITEM_rptr(sc_source_root));
	struct sc_revoked_esn *esn = (struct sc_revoked_esn *)ASN1_item_new(ASN1_ITEM_rptr(sc_revoked_esn));

	must(root && esn, "out of memory");
	set_octets(&root->certificate, 60, 50);
	set_text(&esn->esn, "BD17-C807-58D9");
	must(sk_sc_source_root_push(roots, root) > 0 && sk_sc_revoked_esn_push(revoked, esn) > 0,
	     "out of memory");
}

static void fill_retired(STACK_OF(sc_retired_kek) *retired)
{
	struct sc_retired_kek *kek = (struct sc_retired_kek *)ASN1_item_new(ASN1_ITEM_rptr(sc_retired_kek));

	must(kek && sk_sc_retired_kek_push(retired, kek) > 0, "out of memory");
	kek->key_hash = sc_sample_hash(68);
}

static struct sc_world_body *make_world_body(bool full)
{
	struct sc_world_body *body = sc_world_body_new();

	must(body, "out of memory");
	body->suite = full ? SC_SUITE_ECP521 : SC_SUITE_DLF1024;
	set_octets(&body->knso, 158, 60);
	body->hkm = sc_sample_hash(61);
	MUST(sc_world_id(sc_bytes_view(&body->knso), &body->hkm, body->suite, &body->id, NULL));
	body->km_generation = 1;
	body->set = sc_sample_hash(62);
	body->set_generation = 2;
	body->k = 2;
	body->n = 3;
	body->sequence = 7;
	body->created = CREATED;
	fill_wrapped(&body->wrapped_km, 32, 63);
	fill_wrapped(&body->wrapped_knso, 241, 64);
	set_octets(&body->statement, 200, 65);
	if (full) {
		set_octets(&body->region_certificate, 100, 66);
		fill_roots(body->roots, body->revoked);
		fill_retired(body->retired);
		body->is_final = true;
	}
	return body;
}

/* Signed by its own KNSO, so that sc_world_file_verify can be tested. */
struct sc_world_file *sc_sample_world_file(void)
{
	struct sc_world_file *file = sc_world_file_new();
	SC_CLEANUP(sc_pkey) knso = EVP_EC_gen("P-521");
	SC_CLEANUP(sc_pkey_ctx) ctx = knso ? EVP_PKEY_CTX_new(knso, NULL) : NULL;
	SC_CLEANUP(sc_bytes) spki = { 0 };
	uint8_t signature[256];
	size_t len = sizeof signature;
	struct sc_hash digest;
	struct sc_world_body *body;

	must(file && ctx, "out of memory");
	sc_world_body_free(file->body);
	body = file->body = make_world_body(true);
	MUST(sc_spki_of(knso, &spki, NULL));
	MUST(sc_octets_set(&body->knso, sc_bytes_view(&spki), NULL));
	MUST(sc_world_id(sc_bytes_view(&body->knso), &body->hkm, body->suite, &body->id, NULL));
	MUST(sc_world_digest(body, &digest, NULL));
	must(EVP_PKEY_sign_init(ctx) == 1 &&
		 EVP_PKEY_sign(ctx, signature, &len, digest.b, sizeof digest.b) == 1,
	     "KNSO cannot sign");
	MUST(sc_octets_set(&file->signature, sc_view_of(signature, len), NULL));
	return file;
}

static struct sc_world_file *make_world_file(bool full)
{
	struct sc_world_file *file;

	if (full)
		return sc_sample_world_file();
	file = sc_world_file_new();
	must(file, "out of memory");
	sc_world_body_free(file->body);
	file->body = make_world_body(false);
	set_octets(&file->signature, 46, 67);
	return file;
}

static struct sc_card_body *make_card_body(bool full)
{
	struct sc_card_body *body = sc_card_body_new();

	must(body, "out of memory");
	body->world = sc_sample_hash(70);
	body->set = sc_sample_hash(71);
	body->set_generation = 1;
	body->index = full ? 3 : 1;
	body->k = full ? 2 : 1;
	body->n = full ? 3 : 1;
	set_text(&body->custodian, full ? "Zoë Müller" : "");
	body->argon2_passes = 3;
	body->argon2_memory = 262144;
	body->salt = sc_sample_hash(72);
	set_octets(&body->masked_share, SC_SHARE_SIZE, 73);
	body->share_tag = sc_sample_hash(74);
	return body;
}

static struct sc_card *make_card(bool full)
{
	struct sc_card *card = sc_card_new();

	must(card, "out of memory");
	sc_card_body_free(card->body);
	card->body = make_card_body(full);
	card->record_tag = sc_sample_hash(75);
	return card;
}

static struct sc_state_world *make_state_world(bool full)
{
	struct sc_state_world *world = sc_state_world_new();

	must(world, "out of memory");
	world->id = sc_sample_hash(80);
	world->suite = SC_SUITE_ECP521;
	set_octets(&world->knso, 158, 81);
	world->hkm = sc_sample_hash(82);
	set_octets(&world->km, 32, 83);
	world->km_generation = 1;
	world->set = sc_sample_hash(84);
	world->set_generation = 1;
	world->k = 2;
	world->n = 3;
	world->sequence = 4;
	world->file = sc_sample_hash(92);
	set_octets(&world->member, 90, 85);
	if (full) {
		set_octets(&world->region_certificate, 91, 86);
		set_text(&world->region, "EU");
		fill_roots(world->roots, world->revoked);
		fill_retired(world->retired);
		set_octets(&world->signature, 139, 93);
	}
	return world;
}

static void fill_delay(STACK_OF(sc_card_delay) *delays)
{
	struct sc_card_delay *delay = sc_card_delay_new();

	must(delay && sk_sc_card_delay_push(delays, delay) > 0, "out of memory");
	delay->set = sc_sample_hash(87);
	delay->set_generation = 1;
	delay->index = 2;
	delay->failures = 5;
	delay->next_try = CREATED + 32;
}

static struct sc_module_state *make_module_state(bool full)
{
	struct sc_module_state *state = sc_module_state_new();

	must(state, "out of memory");
	state->counter = full ? 12 : 1;
	set_text(&state->esn, "BD17-C807-58D9");
	set_octets(&state->statement_key, 138, 88);
	state->time_floor = CREATED;
	if (full) {
		state->previous = sc_sample_hash(89);
		set_octets(&state->root, 92, 90);
		set_octets(&state->warrant, 93, 91);
		state->world = make_state_world(true);
		fill_delay(state->delays);
	}
	return state;
}

static struct sc_sealed_state *make_sealed_state(bool full)
{
	struct sc_sealed_state *sealed = sc_sealed_state_new();

	must(sealed, "out of memory");
	sealed->counter = full ? 12 : 1;
	sealed->salt = sc_sample_hash(100);
	set_octets(&sealed->ciphertext, 300, 101);
	set_octets(&sealed->tag, SC_GCM_TAG_SIZE, 102);
	return sealed;
}

static struct sc_state_mark *make_state_mark(bool full)
{
	struct sc_state_mark *mark = sc_state_mark_new();

	must(mark, "out of memory");
	mark->counter = full ? 12 : 1;
	mark->state = sc_sample_hash(103);
	mark->tag = sc_sample_hash(104);
	return mark;
}

static struct sc_key_statement *make_key_statement(bool full)
{
	struct sc_key_statement *s = sc_key_statement_new();

	must(s, "out of memory");
	set_octets(&s->spki, 294, 110);
	s->key_hash = sc_sample_hash(111);
	s->type = (struct sc_key_type){ SC_ALGORITHM_RSA, 4096 };
	set_text(&s->application, full ? "vault" : "kek");
	s->origin = full ? SC_ORIGIN_BYOK : SC_ORIGIN_GENERATED;
	s->exportable = full;
	if (full)
		fill_owner(&s->owner);
	set_acl(&s->acl, make_acl(full));
	set_text(&s->protection, "module");
	s->suite = SC_SUITE_ECP521;
	s->world = sc_sample_hash(112);
	s->hkm = sc_sample_hash(113);
	set_text(&s->esn, "BD17-C807-58D9");
	set_text(&s->code_version, "0.1.0");
	s->time = CREATED;
	if (full) {
		set_text(&s->region, "EU");
		set_octets(&s->nonce, SC_NONCE_MAX, 114);
		s->package = sc_sample_hash(115);
	}
	return s;
}

static struct sc_world_statement *make_world_statement(bool full)
{
	struct sc_world_statement *s = sc_world_statement_new();

	must(s, "out of memory");
	set_octets(&s->knso, 158, 120);
	s->world = sc_sample_hash(121);
	s->hkm = sc_sample_hash(122);
	s->suite = full ? SC_SUITE_ECP521 : SC_SUITE_DLF1024;
	s->k = full ? 2 : 1;
	s->n = full ? 3 : 1;
	s->set_generation = 1;
	set_text(&s->esn, "BD17-C807-58D9");
	set_text(&s->code_version, "0.1.0");
	s->time = CREATED;
	return s;
}

static struct sc_checkpoint *make_checkpoint(bool full)
{
	struct sc_checkpoint *c = sc_checkpoint_new();

	must(c, "out of memory");
	c->digest = sc_sample_hash(125);
	set_text(&c->daemon, "vaultd");
	c->start = sc_sample_hash(126);
	c->started = CREATED;
	c->sequence = full ? UINT64_MAX : 1;
	for (uint32_t i = 1; full && i <= 40; i++)
		MUST(sc_checkpoint_add(c, 3 * i, i == 40 ? UINT64_MAX : i, NULL));
	c->world = sc_sample_hash(127);
	if (full)
		set_text(&c->region, "EU");
	c->hkm = sc_sample_hash(128);
	set_text(&c->esn, "BD17-C807-58D9");
	set_text(&c->code_version, "0.1.0");
	c->time = CREATED + 60;
	return c;
}

static struct sc_transfer_header *make_transfer_header(bool full)
{
	struct sc_transfer_header *h = sc_transfer_header_new();

	must(h, "out of memory");
	h->suite = SC_TRANSFER_SUITE;
	set_text(&h->region, "EU");
	h->world = sc_sample_hash(130);
	h->kek = sc_sample_hash(131);
	set_text(&h->subscription, "8c6a1b52-6f04-4f38-9d0c-2b1f0f6f8a11");
	set_text(&h->friendly_name, full ? "ContosoFirstHSMkey" : "k");
	h->type = full ? (struct sc_key_type){ SC_ALGORITHM_RSA, 3072 }
		       : (struct sc_key_type){ SC_ALGORITHM_EC, 256 };
	h->key_hash = sc_sample_hash(132);
	set_acl(&h->arrival, full ? arrival_acl() : import_acl());
	set_octets(&h->package_id, SC_PACKAGE_ID_SIZE, 133);
	h->created = CREATED;
	h->not_after = full ? CREATED + 31536000 : CREATED + 1;
	h->source_world = sc_sample_hash(134);
	set_text(&h->source_esn, "BD17-C807-58D9");
	return h;
}

static struct sc_transfer_package *make_transfer_package(bool full)
{
	struct sc_transfer_package *package = sc_transfer_package_new();

	must(package, "out of memory");
	sc_transfer_header_free(package->header);
	package->header = make_transfer_header(full);
	set_octets(&package->encrypted_key, 512, 140);
	set_octets(&package->ciphertext, full ? 500 : 1, 141);
	set_octets(&package->tag, SC_GCM_TAG_SIZE, 142);
	return package;
}

static struct sc_transfer_content *make_transfer_content(bool full)
{
	struct sc_transfer_content *content = sc_transfer_content_new();

	must(content, "out of memory");
	content->header = sc_sample_hash(143);
	set_octets(&content->key, full ? 400 : 1, 144);
	content->origin = SC_ORIGIN_GENERATED;
	set_octets(&content->statement, full ? 300 : 1, 145);
	return content;
}

static struct sc_key_file *make_key_file(bool full)
{
	struct sc_key_file *file = sc_key_file_new();

	must(file, "out of memory");
	set_text(&file->application, full ? "xferacld" : "simple");
	set_text(&file->ident, "contosokey");
	set_text(&file->name, full ? "Contoso's key" : "");
	file->created = CREATED;
	set_octets(&file->spki, 294, 150);
	set_octets(&file->blob, 500, 151);
	return file;
}

static struct sc_region_request *make_region_request(bool full)
{
	struct sc_region_request *request = sc_region_request_new();

	must(request, "out of memory");
	set_text(&request->region, full ? "LATAM" : "X1");
	set_text(&request->operator_name, "Contoso Vaults B.V.");
	set_octets(&request->statement, 256, 160);
	return request;
}

static struct sc_region_info *make_region_info(bool full)
{
	struct sc_region_info *info = sc_region_info_new();

	must(info, "out of memory");
	set_text(&info->region, full ? "EU" : "X");
	set_text(&info->operator_name, "Contoso Vaults B.V.");
	return info;
}

/* -- signed data, whose templates are not all ours --------------------------------------------- */

static X509 *make_certificate(const char *name, long serial)
{
	SC_CLEANUP(sc_x509) certificate = X509_new();
	SC_CLEANUP(sc_pkey) key = EVP_EC_gen("P-256");

	must(certificate && key, "out of memory");
	must(X509_set_version(certificate, X509_VERSION_3) == 1 &&
		 ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial) == 1 &&
		 X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
					    (const unsigned char *)name, -1, -1, 0) == 1 &&
		 X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 &&
		 ASN1_TIME_set(X509_getm_notBefore(certificate), CREATED) != NULL &&
		 ASN1_TIME_set(X509_getm_notAfter(certificate), CREATED + 1000) != NULL &&
		 X509_set_pubkey(certificate, key) == 1 && X509_sign(certificate, key, EVP_sha256()) > 0,
	     "a certificate");
	return sc_steal(certificate);
}

static struct sc_signed_data *make_signed_data(bool full)
{
	struct sc_signed_data *s = sc_signed_data_new();
	uint8_t content[] = "what a module says";

	must(s, "out of memory");
	strcpy(s->content_type, full ? SC_OID_KEY_STATEMENT : SC_OID_WORLD_STATEMENT);
	MUST(sc_octets_set(&s->content, sc_view_of(content, sizeof content), NULL));
	for (long i = 0; i < (full ? 3 : 1); i++) {
		SC_CLEANUP(sc_x509) certificate = make_certificate(i ? "issuer" : "signer", i + 1);

		MUST(sc_signed_data_enclose(s, certificate, NULL));
		if (i)
			continue;
		must(X509_NAME_set(&s->issuer, X509_get_issuer_name(certificate)) == 1, "a name");
		ASN1_INTEGER_free(s->serial);
		s->serial = ASN1_INTEGER_dup(X509_get0_serialNumber(certificate));
	}
	set_octets(&s->signature, 71, 170);
	return s;
}

/* -- the table --------------------------------------------------------------------------------- */

/* clang-format off */
#define STRUCTURES(S) \
	S(acl) S(owner) S(key_blob_header) S(key_blob) S(world_body) S(world_file) S(card_body) S(card) \
	S(module_state) S(sealed_state) S(state_mark) S(key_statement) S(world_statement) S(checkpoint) S(transfer_header) \
	S(transfer_package) S(transfer_content) S(key_file) S(region_request) S(region_info) S(signed_data)
/* clang-format on */

#define FUNCTIONS(what)                                                                                      \
	static sc_status encode_##what(bool full, struct sc_bytes *out, struct sc_error *err)                \
	{                                                                                                    \
		SC_CLEANUP(sc_##what) value = make_##what(full);                                             \
		return sc_##what##_encode(value, out, err);                                                  \
	}                                                                                                    \
	static sc_status full_##what(struct sc_bytes *out, struct sc_error *err)                             \
	{                                                                                                    \
		return encode_##what(true, out, err);                                                        \
	}                                                                                                    \
	static sc_status least_##what(struct sc_bytes *out, struct sc_error *err)                            \
	{                                                                                                    \
		return encode_##what(false, out, err);                                                       \
	}                                                                                                    \
	static sc_status again_##what(struct sc_view der, struct sc_bytes *out, struct sc_error *err)        \
	{                                                                                                    \
		SC_CLEANUP(sc_##what) value = NULL;                                                          \
		SC_TRY(sc_##what##_decode(der, &value, err));                                                \
		return sc_##what##_encode(value, out, err);                                                  \
	}
STRUCTURES(FUNCTIONS)

/* clang-format off */
#define BOTH(what, asn1, max)                                                                                \
	{ #what, asn1, max, full_##what, again_##what }, { #what "-least", asn1, max, least_##what, again_##what }
/* clang-format on */

static const struct sc_sample samples[] = {
	BOTH(acl, "Acl", SC_ACL_MAX),
	BOTH(owner, "Owner", SC_OWNER_MAX),
	BOTH(key_blob_header, "KeyBlobHeader", SC_KEY_BLOB_MAX),
	BOTH(key_blob, "KeyBlob", SC_KEY_BLOB_MAX),
	BOTH(world_body, "WorldBody", SC_WORLD_MAX),
	BOTH(world_file, "WorldFile", SC_WORLD_MAX),
	BOTH(card_body, "CardBody", SC_CARD_MAX),
	BOTH(card, "Card", SC_CARD_MAX),
	BOTH(module_state, "ModuleState", SC_STATE_MAX),
	BOTH(sealed_state, "SealedState", SC_STATE_MAX),
	BOTH(state_mark, "StateMark", SC_MARK_MAX),
	BOTH(key_statement, "KeyStatement", SC_STATEMENT_CONTENT_MAX),
	BOTH(world_statement, "WorldStatement", SC_STATEMENT_CONTENT_MAX),
	BOTH(checkpoint, "Checkpoint", SC_CHECKPOINT_MAX),
	BOTH(transfer_header, "TransferHeader", SC_TRANSFER_MAX),
	BOTH(transfer_package, "TransferPackage", SC_TRANSFER_MAX),
	BOTH(transfer_content, "TransferContent", SC_TRANSFER_MAX),
	BOTH(key_file, "KeyFile", SC_KEY_FILE_MAX),
	BOTH(region_request, "RegionRequest", SC_REGION_REQUEST_MAX),
	BOTH(region_info, "RegionInfo", SC_REGION_INFO_MAX),
	BOTH(signed_data, NULL, SC_SIGNED_DATA_MAX),
};

const struct sc_sample *sc_sample_all(size_t *count)
{
	*count = sizeof samples / sizeof samples[0];
	return samples;
}
