/* What the root signs: warrants and region certificates. See factory_root.h. */
#include "factory/factory_root.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/clock.h"
#include "base/libcrypto.h"
#include "base/line_ends.h"
#include "evidence/warrant_answer.h"
#include "evidence/key_shape.h"
#include "evidence/signed_statement.h"
#include "factory/record.h"
#include "formats/damage.h"
#include "formats/key_type.h"
#include "formats/oid.h"
#include "formats/suite.h"

#define SEQUENCE 0x30 /* DER begins with it, and no text does */

/*
 * Issues a certificate for the lifetime of its kind, but never beyond the root's. It begins a day early,
 * because the clocks of offline machines differ.
 */
static sc_status issue(struct sc_factory *factory, struct sc_certificate_request *request, const char *note,
		       X509 **out, struct sc_error *err)
{
	SC_CLEANUP(sc_x509) certificate = NULL;
	int64_t now = sc_clock_now();
	int64_t root_from = 0;
	int64_t root_until = 0;

	SC_TRY(sc_certificate_validity(factory->root, &root_from, &root_until, err));
	SC_ENSURE(now < root_until, err, SC_ERR_EVIDENCE_TIME, "the root certificate has expired");
	request->issuer = factory->name.s;
	request->issuer_key = factory->key;
	request->not_before = now - SC_DAY;
	request->not_after = now + sc_certificate_lifetime(request->kind);
	if (request->not_after > root_until)
		request->not_after = root_until;
	SC_TRY(sc_certificate_make(request, &certificate, err));
	SC_TRY(sc_factory_record_append(&factory->dir, certificate, note, err));
	*out = sc_steal(certificate);
	return SC_OK;
}

/* -- warrants ---------------------------------------------------------------------------------- */

static X509_REQ *read_pem(const struct sc_bytes *request)
{
	SC_CLEANUP(sc_bio) bio = BIO_new_mem_buf(request->data, (int)request->len);

	/* "": PEM that claims to be encrypted must not make libcrypto ask for a passphrase. */
	return bio ? PEM_read_bio_X509_REQ(bio, NULL, NULL, "") : NULL;
}

/* DER must be exactly one request with nothing after it. Text around PEM does not matter. */
static X509_REQ *read_der(struct sc_view request)
{
	const unsigned char *p = request.data;
	X509_REQ *csr = d2i_X509_REQ(NULL, &p, (long)request.len);

	if (csr && p == request.data + request.len)
		return csr;
	X509_REQ_free(csr);
	return NULL;
}

static sc_status read_csr(struct sc_view request, X509_REQ **out, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) text = { 0 };
	X509_REQ *csr;

	SC_ENSURE(request.len > 0 && request.len <= SC_FACTORY_REQUEST_MAX, err, SC_ERR_TOO_LARGE,
		  "the request is not 1 to %d bytes long", SC_FACTORY_REQUEST_MAX);
	csr = read_der(request);
	if (!csr && request.data[0] != SEQUENCE) {
		SC_TRY(sc_bytes_copy(request, &text, err));
		SC_TRY(sc_line_ends_settle(&text, "the request", err));
		csr = read_pem(&text);
	}
	ERR_clear_error();
	if (!csr)
		return sc_damage_refuse(request, NULL, "request (PKCS#10 in DER or PEM)", SC_ERR_ENCODING,
					err);
	*out = csr;
	return SC_OK;
}

/* Checks that the request proves possession of its key and asks for nothing that a warrant cannot state. */
static sc_status check_csr(X509_REQ *csr, struct sc_text *esn, struct sc_hash *key_hash, struct sc_error *err)
{
	EVP_PKEY *key = X509_REQ_get0_pubkey(csr);
	SC_CLEANUP(sc_bytes) spki = { 0 };
	bool is_signed = key && X509_REQ_verify(csr, key) == 1;

	ERR_clear_error();
	SC_ENSURE(is_signed, err, SC_ERR_EVIDENCE_SIGNATURE, "the request is not signed by its own key");
	SC_TRY(sc_spki_of(key, &spki, err));
	SC_ENSURE(sc_key_shape_fits(SC_KEY_SHAPE_P256, sc_bytes_view(&spki)), err, SC_ERR_EVIDENCE_USAGE,
		  "the request's key is not P-256, as a module's must be");
	SC_ENSURE(X509_REQ_get_attr_count(csr) == 0, err, SC_ERR_EVIDENCE_USAGE,
		  "the request asks for attributes, but a warrant has none");
	SC_TRY(sc_certificate_name_cn(X509_REQ_get_subject_name(csr), "request's subject", esn, err));
	SC_ENSURE(sc_certificate_esn_is_valid(esn->s), err, SC_ERR_EVIDENCE_USAGE,
		  "the request's subject \"%s\" is not a serial number XXXX-XXXX-XXXX", esn->s);
	return sc_key_hash(sc_bytes_view(&spki), key_hash, err);
}

sc_status sc_factory_warrant(struct sc_factory *factory, struct sc_view request, struct sc_bytes *answer,
			     struct sc_error *err)
{
	SC_CLEANUP(sc_x509_req) csr = NULL;
	SC_CLEANUP(sc_x509) warrant = NULL;
	struct sc_text esn = { 0 };
	struct sc_hash key = { 0 };
	struct sc_certificate_request wanted = { .kind = SC_CERTIFICATE_WARRANT, .subject = esn.s };

	SC_TRY(read_csr(request, &csr, err));
	SC_TRY(check_csr(csr, &esn, &key, err));
	SC_TRY(sc_factory_record_check_esn(&factory->dir, esn.s, &key, err));
	wanted.subject_key = X509_REQ_get0_pubkey(csr);
	SC_TRY(issue(factory, &wanted, NULL, &warrant, err));
	return sc_warrant_answer_write(factory->root, warrant, answer, err);
}

/* -- regions ----------------------------------------------------------------------------------- */

static sc_status check_world(const struct sc_factory *factory, struct sc_view statement,
			     struct sc_evidence **out, struct sc_error *err)
{
	const struct sc_evidence_trust trust = { .roots = &factory->root,
						 .root_count = 1,
						 .now = sc_clock_now() };
	SC_CLEANUP(sc_evidence) evidence = NULL;
	const struct sc_suite_info *suite;
	sc_status status = sc_statement_verify(statement, SC_OID_WORLD_STATEMENT, &trust,
					       SC_EVIDENCE_TIME_STATED, &evidence, err);

	if (status != SC_OK)
		return sc_fail_context(err, status, "the world statement");
	suite = sc_suite_by_number(evidence->world->suite);
	SC_ENSURE(suite && suite->may_be_region, err, SC_ERR_EVIDENCE_SUITE,
		  "a world of suite %s is too weak for a region", sc_suite_name(evidence->world->suite));
	*out = sc_steal(evidence);
	return SC_OK;
}

static sc_status certify(struct sc_factory *factory, const struct sc_region_request *request,
			 const struct sc_world_statement *world, X509 **out, struct sc_error *err)
{
	SC_CLEANUP(sc_region_info) region = sc_region_info_new();
	SC_CLEANUP(sc_pkey) knso = NULL;
	char name[SC_KNSO_NAME_SIZE];
	char note[32 + SC_TEXT_MAX];
	struct sc_certificate_request wanted = { .kind = SC_CERTIFICATE_REGION,
						 .subject = name,
						 .region = region };

	SC_TRY(sc_check_allocated(region, err));
	region->region = request->region;
	region->operator_name = request->operator_name;
	sc_certificate_knso_name(&world->world, name);
	SC_TRY(sc_spki_read(sc_bytes_view(&world->knso), &knso, err));
	wanted.subject_key = knso;
	snprintf(note, sizeof note, "region=%s", region->region.s);
	return issue(factory, &wanted, note, out, err);
}

sc_status sc_factory_certify_region(struct sc_factory *factory, struct sc_view request,
				    struct sc_bytes *certificate, struct sc_error *err)
{
	SC_CLEANUP(sc_region_request) wanted = NULL;
	SC_CLEANUP(sc_evidence) world = NULL;
	SC_CLEANUP(sc_x509) made = NULL;
	sc_status status;

	status = sc_region_request_decode(request, &wanted, err);
	if (status != SC_OK)
		return sc_damage_refuse(request, NULL, "region request", status, err);
	SC_TRY(check_world(factory, sc_bytes_view(&wanted->statement), &world, err));
	SC_TRY(certify(factory, wanted, world->world, &made, err));
	return sc_x509_encode(made, certificate, err);
}
