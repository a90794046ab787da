/* The factory's answer to a module: see warrant_answer.h. */
#include "evidence/warrant_answer.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/libcrypto.h"
#include "base/line_ends.h"

sc_status sc_warrant_answer_write(X509 *root, X509 *warrant, struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_bio) bio = BIO_new(BIO_s_mem());

	if (!bio || PEM_write_bio_X509(bio, root) != 1 || PEM_write_bio_X509(bio, warrant) != 1)
		return sc_fail_crypto(err, "warrant: cannot be written");
	return sc_bytes_of_bio(bio, out, err);
}

static sc_status read_one(BIO *bio, enum sc_certificate_kind wanted, X509 **out, struct sc_error *err)
{
	/* The passphrase "": PEM that claims to be encrypted must not make libcrypto prompt for one. */
	SC_CLEANUP(sc_x509) certificate = PEM_read_bio_X509(bio, NULL, NULL, "");
	enum sc_certificate_kind kind;

	ERR_clear_error();
	SC_ENSURE(certificate, err, SC_ERR_ENCODING, "the answer contains no %s in PEM",
		  sc_certificate_kind_name(wanted));
	SC_TRY(sc_certificate_kind_of(certificate, &kind, err));
	SC_ENSURE(kind == wanted, err, SC_ERR_EVIDENCE_USAGE, "the answer contains a %s in place of the %s",
		  sc_certificate_kind_name(kind), sc_certificate_kind_name(wanted));
	*out = sc_steal(certificate);
	return SC_OK;
}

/* True if another PEM structure follows, of whatever kind. Text between them does not matter (RFC 7468). */
static bool has_more(BIO *bio)
{
	char *name = NULL;
	char *header = NULL;
	unsigned char *data = NULL;
	long len = 0;
	bool found = PEM_read_bio(bio, &name, &header, &data, &len) == 1;

	/* What is begun but cannot be read is more, too. */
	found = found || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
	ERR_clear_error();
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	return found;
}

sc_status sc_warrant_answer_read(struct sc_view answer, int64_t now, X509 **root, X509 **warrant,
				 struct sc_error *err)
{
	SC_CLEANUP(sc_x509) first = NULL;
	SC_CLEANUP(sc_x509) second = NULL;
	SC_CLEANUP(sc_bytes) text = { 0 };
	SC_CLEANUP(sc_bio) bio = NULL;

	SC_ENSURE(answer.len <= SC_WARRANT_ANSWER_MAX, err, SC_ERR_TOO_LARGE,
		  "the answer is larger than %d bytes", SC_WARRANT_ANSWER_MAX);
	SC_TRY(sc_bytes_copy(answer, &text, err));
	SC_TRY(sc_line_ends_settle(&text, "the answer", err));
	bio = BIO_new_mem_buf(text.data, (int)text.len);
	SC_TRY(sc_check_allocated(bio, err));
	SC_TRY(read_one(bio, SC_CERTIFICATE_ROOT, &first, err));
	SC_TRY(read_one(bio, SC_CERTIFICATE_WARRANT, &second, err));
	SC_ENSURE(!has_more(bio), err, SC_ERR_ENCODING,
		  "the answer contains more than the root certificate and the warrant");
	SC_TRY(sc_chain_verify(&second, 1, first, now, err));
	*root = sc_steal(first);
	*warrant = sc_steal(second);
	return SC_OK;
}
