/* The module at one moment: see snapshot.h. */
#include "hsmd/core/snapshot.h"

#include <openssl/x509v3.h>

#include "hsmd/core/keygen.h"

/*
 * libcrypto reads a certificate's key and extensions once. If it runs out of memory while doing so, it takes
 * them for malformed from then on, and the module would refuse its own root until the next snapshot. So they
 * are read here.
 */
static sc_status load_certificate(const struct sc_bytes *der, X509 **out, struct sc_error *err)
{
	SC_CLEANUP(sc_x509) certificate = NULL;

	if (!der->data)
		return SC_OK;
	SC_TRY(sc_x509_decode(sc_bytes_view(der), &certificate, err));
	if (X509_check_purpose(certificate, -1, 0) != 1 || !X509_get0_pubkey(certificate))
		return sc_fail_crypto(err, "certificate in the module's state");
	*out = sc_steal(certificate);
	return SC_OK;
}

static sc_status load_world(const struct sc_state_world *world, struct sc_snapshot *s, struct sc_error *err)
{
	s->mode = world->region.s[0] ? SC_MODE_REGION : SC_MODE_WORLD;
	s->world = world->id;
	s->suite = world->suite;
	s->hkm = world->hkm;
	s->km_generation = world->km_generation;
	s->set = world->set;
	s->set_generation = world->set_generation;
	s->k = world->k;
	s->n = world->n;
	s->sequence = world->sequence;
	s->file = world->file;
	s->region = world->region;
	SC_TRY(sc_bytes_copy(sc_bytes_view(&world->knso), &s->knso, err));
	SC_TRY(sc_secret_copy(sc_bytes_view(&world->km), &s->km, err));
	SC_TRY(load_certificate(&world->member, &s->member, err));
	return load_certificate(&world->region_certificate, &s->region_certificate, err);
}

static sc_status add_root(struct sc_snapshot *s, X509 *root, struct sc_error *err)
{
	if (X509_up_ref(root) != 1)
		return sc_fail_crypto(err, "certificate reference");
	if (sk_X509_push(s->roots, root) <= 0) {
		X509_free(root);
		return sc_fail_plain(err, SC_ERR_MEMORY);
	}
	return SC_OK;
}

static void free_revoked(struct sc_revoked_esn *entry)
{
	ASN1_item_free((ASN1_VALUE *)entry, ASN1_ITEM_rptr(sc_revoked_esn));
}

static struct sc_revoked_esn *copy_revoked(const struct sc_revoked_esn *entry)
{
	return ASN1_item_dup(ASN1_ITEM_rptr(sc_revoked_esn), entry);
}

/*
 * Loads the module's own root, the world's further roots and the revoked modules, plus plain arrays of both.
 */
static sc_status load_trust(const struct sc_state_world *world, struct sc_snapshot *s, struct sc_error *err)
{
	s->roots = sk_X509_new_null();
	s->revoked = world ? sk_sc_revoked_esn_deep_copy(world->revoked, copy_revoked, free_revoked)
			   : sk_sc_revoked_esn_new_null();
	SC_TRY(sc_check_allocated(s->roots && s->revoked, err));
	if (s->root)
		SC_TRY(add_root(s, s->root, err));
	for (int i = 0; world && i < sk_sc_source_root_num(world->roots); i++) {
		SC_CLEANUP(sc_x509) root = NULL;

		SC_TRY(load_certificate(&sk_sc_source_root_value(world->roots, i)->certificate, &root, err));
		SC_TRY(add_root(s, root, err));
	}
	s->trusted = OPENSSL_zalloc(sizeof *s->trusted * (size_t)(sk_X509_num(s->roots) + 1));
	s->revoked_names =
	    OPENSSL_zalloc(sizeof *s->revoked_names * (size_t)(sk_sc_revoked_esn_num(s->revoked) + 1));
	SC_TRY(sc_check_allocated(s->trusted && s->revoked_names, err));
	for (int i = 0; i < sk_X509_num(s->roots); i++)
		s->trusted[i] = sk_X509_value(s->roots, i);
	for (int i = 0; i < sk_sc_revoked_esn_num(s->revoked); i++)
		s->revoked_names[i] = sk_sc_revoked_esn_value(s->revoked, i)->esn.s;
	return SC_OK;
}

sc_status sc_snapshot_new(const struct sc_module_state *state, struct sc_snapshot **out, struct sc_error *err)
{
	SC_CLEANUP(sc_snapshot) s = OPENSSL_zalloc(sizeof *s);

	SC_TRY(sc_check_allocated(s, err));
	atomic_init(&s->references, 1);
	s->mode = state->warrant.data ? SC_MODE_WARRANTED : SC_MODE_UNWARRANTED;
	s->esn = state->esn;
	SC_TRY(sc_pkcs8_decode(sc_bytes_view(&state->statement_key), &s->statement_key, err));
	SC_TRY(load_certificate(&state->root, &s->root, err));
	SC_TRY(load_certificate(&state->warrant, &s->warrant, err));
	if (state->world)
		SC_TRY(load_world(state->world, s, err));
	SC_TRY(load_trust(state->world, s, err));
	*out = sc_steal(s);
	return SC_OK;
}

void sc_snapshot_release(struct sc_snapshot *s)
{
	if (!s || atomic_fetch_sub(&s->references, 1) != 1)
		return;
	EVP_PKEY_free(s->statement_key);
	X509_free(s->root);
	X509_free(s->warrant);
	X509_free(s->member);
	X509_free(s->region_certificate);
	sc_bytes_free(&s->knso);
	sc_secret_free(&s->km);
	sk_X509_pop_free(s->roots, X509_free);
	sk_sc_revoked_esn_pop_free(s->revoked, free_revoked);
	OPENSSL_free(s->trusted);
	OPENSSL_free(s->revoked_names);
	OPENSSL_free(s);
}

struct sc_evidence_trust sc_snapshot_trust(const struct sc_snapshot *s, int64_t now)
{
	return (struct sc_evidence_trust){
		.roots = s->trusted,
		.root_count = (size_t)sk_X509_num(s->roots),
		.revoked = s->revoked_names,
		.revoked_count = (size_t)sk_sc_revoked_esn_num(s->revoked),
		.now = now,
	};
}

struct sc_statement_signer sc_snapshot_signer(const struct sc_snapshot *s)
{
	bool is_region = s->mode == SC_MODE_REGION;

	return (struct sc_statement_signer){
		.key = s->statement_key,
		.warrant = s->warrant,
		.member = is_region ? s->member : NULL,
		.region = is_region ? s->region_certificate : NULL,
	};
}
