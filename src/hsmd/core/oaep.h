/* RSA-OAEP as transfer packages use it: SHA-256, MGF1-SHA-256, the header's digest as label (rule F4). */
#ifndef SC_HSMD_CORE_OAEP_H
#define SC_HSMD_CORE_OAEP_H

#include <openssl/evp.h>

#include "base/digest.h"

/* Configures an initialised encryption or decryption. False if libcrypto fails. */
bool sc_oaep_with_label(EVP_PKEY_CTX *ctx, const struct sc_hash *label);

#endif
