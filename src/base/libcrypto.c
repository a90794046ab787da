/* libcrypto's outputs as bytes: see libcrypto.h. */
#include "base/libcrypto.h"

#include <openssl/crypto.h>

sc_status sc_bytes_of_der(int len, unsigned char **der, const char *what, struct sc_bytes *out,
			  struct sc_error *err)
{
	sc_status status;

	if (len <= 0)
		return sc_fail_crypto(err, what);
	status = sc_bytes_copy(sc_view_of(*der, (size_t)len), out, err);
	OPENSSL_clear_free(*der, (size_t)len);
	*der = NULL;
	return status;
}

sc_status sc_secret_of_der(int len, unsigned char **der, const char *what, struct sc_secret *out,
			   struct sc_error *err)
{
	sc_status status;

	if (len <= 0)
		return sc_fail_crypto(err, what);
	status = sc_secret_copy(sc_view_of(*der, (size_t)len), out, err);
	OPENSSL_clear_free(*der, (size_t)len);
	*der = NULL;
	return status;
}

sc_status sc_bytes_of_bio(BIO *bio, struct sc_bytes *out, struct sc_error *err)
{
	char *text = NULL;
	long len = BIO_get_mem_data(bio, &text);

	return sc_bytes_copy(sc_view_of(text, (size_t)len), out, err);
}
