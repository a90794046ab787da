/* Signing statements: see signed_statement.h. verify.c verifies them. */
#include "evidence/signed_statement.h"

#include <openssl/err.h>

#include "base/libcrypto.h"
#include "formats/key_type.h"
#include "formats/oid.h"

sc_status sc_statement_check_signature(const struct sc_signed_data *s, EVP_PKEY *key, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) attributes = { 0 };
	SC_CLEANUP(sc_md_ctx) ctx = EVP_MD_CTX_new();
	bool ok;

	SC_TRY(sc_signed_data_attributes(s, &attributes, err));
	ok = ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	     EVP_DigestVerify(ctx, s->signature.data, s->signature.len, attributes.data, attributes.len) == 1;
	ERR_clear_error();
	SC_ENSURE(ok, err, SC_ERR_EVIDENCE_SIGNATURE, "its signature does not verify");
	return SC_OK;
}

/* ECDSA with SHA-256 over the signed attributes (RFC 5652 section 5.4, RFC 5753 section 2.1). */
static sc_status sign(struct sc_signed_data *s, EVP_PKEY *key, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) attributes = { 0 };
	SC_CLEANUP(sc_md_ctx) ctx = EVP_MD_CTX_new();
	size_t len = 0;

	SC_TRY(sc_signed_data_attributes(s, &attributes, err));
	if (!ctx || EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
	    EVP_DigestSign(ctx, NULL, &len, attributes.data, attributes.len) != 1)
		return sc_fail_crypto(err, "statement: cannot be signed");
	SC_TRY(sc_bytes_new(len, &s->signature, err));
	/* Out of memory for an ECDSA signature, libcrypto 3.0 reports success, with 2^32 - 1 bytes. */
	if (EVP_DigestSign(ctx, s->signature.data, &len, attributes.data, attributes.len) != 1 ||
	    len > s->signature.len)
		return sc_fail_crypto(err, "statement: cannot be signed");
	s->signature.len = len; /* until now, the maximum length */
	return SC_OK;
}

static sc_status name_signer(struct sc_signed_data *s, X509 *certificate, struct sc_error *err)
{
	ASN1_INTEGER *serial = ASN1_INTEGER_dup(X509_get0_serialNumber(certificate));

	if (!serial || X509_NAME_set(&s->issuer, X509_get_issuer_name(certificate)) != 1) {
		ASN1_INTEGER_free(serial);
		return sc_fail_crypto(err, "statement: signer");
	}
	ASN1_INTEGER_free(s->serial);
	s->serial = serial;
	return SC_OK;
}

static sc_status enclose_chain(struct sc_signed_data *s, const struct sc_statement_signer *signer, X509 *kek,
			       struct sc_error *err)
{
	SC_TRY(sc_signed_data_enclose(s, signer->warrant, err));
	if (signer->member) {
		SC_TRY(sc_signed_data_enclose(s, signer->member, err));
		SC_TRY(sc_signed_data_enclose(s, signer->region, err));
	}
	return kek ? sc_signed_data_enclose(s, kek, err) : SC_OK;
}

static sc_status wrap(const struct sc_statement_signer *signer, const char *content_type,
		      struct sc_bytes *content, X509 *kek, struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_signed_data) s = sc_signed_data_new();
	X509 *named = signer->member ? signer->member : signer->warrant;

	SC_TRY(sc_check_allocated(s, err));
	SC_ENSURE(EVP_PKEY_eq(X509_get0_pubkey(named), signer->key) == 1, err, SC_ERR_EVIDENCE_KEY,
		  "statement: the signer's certificate is for another key");
	OPENSSL_strlcpy(s->content_type, content_type, sizeof s->content_type);
	s->content = sc_steal(*content);
	SC_TRY(name_signer(s, named, err));
	SC_TRY(enclose_chain(s, signer, kek, err));
	SC_TRY(sign(s, signer->key, err));
	/* Verified before it leaves (rule M8), with the key that every verifier will use. */
	SC_ENSURE(sc_statement_check_signature(s, X509_get0_pubkey(named), NULL) == SC_OK, err, SC_ERR_CRYPTO,
		  "statement: the new signature does not verify");
	return sc_signed_data_encode(s, out, err);
}

sc_status sc_statement_sign_key(const struct sc_statement_signer *signer,
				const struct sc_key_statement *statement, X509 *kek, struct sc_bytes *out,
				struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) content = { 0 };

	SC_TRY(sc_key_statement_encode(statement, &content, err));
	return wrap(signer, SC_OID_KEY_STATEMENT, &content, kek, out, err);
}

sc_status sc_statement_sign_checkpoint(const struct sc_statement_signer *signer,
				       const struct sc_checkpoint *checkpoint, struct sc_bytes *out,
				       struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) content = { 0 };

	SC_TRY(sc_checkpoint_encode(checkpoint, &content, err));
	return wrap(signer, SC_OID_CHECKPOINT, &content, NULL, out, err);
}

/* Signed under the warrant alone: when a world is made, nothing else exists yet. */
sc_status sc_statement_sign_world(const struct sc_statement_signer *signer,
				  const struct sc_world_statement *statement, struct sc_bytes *out,
				  struct sc_error *err)
{
	const struct sc_statement_signer by_warrant = { .key = signer->key, .warrant = signer->warrant };
	SC_CLEANUP(sc_bytes) content = { 0 };

	SC_TRY(sc_world_statement_encode(statement, &content, err));
	return wrap(&by_warrant, SC_OID_WORLD_STATEMENT, &content, NULL, out, err);
}

sc_status sc_statement_enclose(struct sc_view statement, X509 *certificate, struct sc_bytes *out,
			       struct sc_error *err)
{
	SC_CLEANUP(sc_signed_data) s = NULL;

	SC_TRY(sc_signed_data_decode(statement, &s, err));
	SC_TRY(sc_signed_data_enclose(s, certificate, err));
	return sc_signed_data_encode(s, out, err);
}
