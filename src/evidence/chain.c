/*
 * Certificate chains, verified by X509_verify_cert without anything that it could find elsewhere: no default
 * paths, no partial chains, exactly the given certificates in the given order.
 */
#include "evidence/certificate.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "base/clock.h"
#include "base/libcrypto.h"

/*
 * What the callback saw. After an error about time the rest is still checked, to know if only time is wrong.
 */
struct outcome {
	int time_error; /* X509_V_OK: none */
	X509 *time_certificate;
	int error; /* the first that is not about time */
	X509 *certificate;
};

static int note_error(int ok, X509_STORE_CTX *ctx)
{
	struct outcome *outcome = X509_STORE_CTX_get_app_data(ctx);
	int error = X509_STORE_CTX_get_error(ctx);

	if (ok)
		return 1;
	if (error == X509_V_ERR_CERT_NOT_YET_VALID || error == X509_V_ERR_CERT_HAS_EXPIRED) {
		outcome->time_error = error;
		outcome->time_certificate = X509_STORE_CTX_get_current_cert(ctx);
		return 1;
	}
	outcome->error = error;
	outcome->certificate = X509_STORE_CTX_get_current_cert(ctx);
	return 0;
}

static void name_of(X509 *certificate, struct sc_text *name)
{
	if (!certificate || sc_certificate_subject(certificate, name, NULL) != SC_OK)
		*name = (struct sc_text){ "(no usable name)" };
}

/* libcrypto ignores case in names; here a name has one form (RFC 5280 section 6.1 allows either). */
static bool is_issuer_of(X509 *issuer, X509 *certificate)
{
	const unsigned char *named;
	const unsigned char *subject;
	size_t named_len;
	size_t subject_len;

	return X509_NAME_get0_der(X509_get_issuer_name(certificate), &named, &named_len) == 1 &&
	       X509_NAME_get0_der(X509_get_subject_name(issuer), &subject, &subject_len) == 1 &&
	       sc_view_equals(sc_view_of(named, named_len), sc_view_of(subject, subject_len));
}

/* The chain that libcrypto built must be exactly the given one. */
static bool is_the_chain(X509_STORE_CTX *ctx, X509 *const *chain, size_t count, X509 *root)
{
	const STACK_OF(X509) *built = X509_STORE_CTX_get0_chain(ctx);

	if (!built || sk_X509_num(built) != (int)count + 1)
		return false;
	for (size_t i = 0; i < count; i++) {
		X509 *issuer = i + 1 < count ? chain[i + 1] : root;

		if (X509_cmp(sk_X509_value(built, (int)i), chain[i]) != 0 || !is_issuer_of(issuer, chain[i]))
			return false;
	}
	return X509_cmp(sk_X509_value(built, (int)count), root) == 0;
}

static sc_status set_up(X509_STORE_CTX *ctx, X509_STORE *store, STACK_OF(X509) *untrusted, X509 *const *chain,
			size_t count, X509 *root, int64_t at, struct outcome *outcome, struct sc_error *err)
{
	X509_VERIFY_PARAM *param;

	for (size_t i = 1; i < count; i++)
		SC_TRY(sc_check_allocated(sk_X509_push(untrusted, chain[i]) > 0, err));
	if (X509_STORE_add_cert(store, root) != 1 ||
	    X509_STORE_CTX_init(ctx, store, chain[0], untrusted) != 1)
		return sc_fail_crypto(err, "certificate chain");
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)at);
	/*
	 * Strict about RFC 5280, and the root's own signature is checked too, so that its dates and name
	 * count as much as its key. Level 0: certificate.c decides which algorithms are allowed, not the
	 * host's configuration.
	 */
	if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE) != 1)
		return sc_fail_crypto(err, "certificate chain");
	X509_VERIFY_PARAM_set_auth_level(param, 0);
	X509_STORE_CTX_set_app_data(ctx, outcome);
	X509_STORE_CTX_set_verify_cb(ctx, note_error);
	return SC_OK;
}

sc_status sc_chain_verify(X509 *const *chain, size_t count, X509 *root, int64_t at, struct sc_error *err)
{
	SC_CLEANUP(sc_x509_store) store = X509_STORE_new();
	SC_CLEANUP(sc_x509_borrowed) untrusted = sk_X509_new_null();
	SC_CLEANUP(sc_x509_store_ctx) ctx = X509_STORE_CTX_new();
	struct outcome outcome = { 0 };
	struct sc_text name = { 0 };
	char when[SC_CLOCK_TEXT_SIZE];
	bool ok;

	SC_TRY(sc_check_allocated(store && untrusted && ctx, err));
	SC_TRY(set_up(ctx, store, untrusted, chain, count, root, at, &outcome, err));
	ok = X509_verify_cert(ctx) == 1;
	ERR_clear_error();
	if (!ok || outcome.error != X509_V_OK) {
		int error = outcome.error != X509_V_OK ? outcome.error : X509_STORE_CTX_get_error(ctx);

		name_of(outcome.certificate, &name);
		return sc_fail(err, SC_ERR_EVIDENCE_CHAIN, "certificate of \"%s\": %s", name.s,
			       X509_verify_cert_error_string(error));
	}
	SC_ENSURE(is_the_chain(ctx, chain, count, root), err, SC_ERR_EVIDENCE_CHAIN,
		  "certificates: not a single chain up to the root");
	if (outcome.time_error != X509_V_OK) {
		name_of(outcome.time_certificate, &name);
		sc_clock_text(at, when);
		return sc_fail(
		    err, SC_ERR_EVIDENCE_TIME, "certificate of \"%s\": %s at %s", name.s,
		    outcome.time_error == X509_V_ERR_CERT_HAS_EXPIRED ? "expired" : "not valid yet", when);
	}
	return SC_OK;
}
