/* RSA-OAEP with a label: see oaep.h. */
#include "hsmd/core/oaep.h"

#include <openssl/rsa.h>

bool sc_oaep_with_label(EVP_PKEY_CTX *ctx, const struct sc_hash *label)
{
	void *copy = OPENSSL_memdup(label->b, sizeof label->b); /* the context takes ownership of it */

	if (copy && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1 &&
	    EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, copy, sizeof label->b) == 1)
		return true;
	OPENSSL_free(copy);
	return false;
}
