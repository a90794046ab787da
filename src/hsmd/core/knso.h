/* The security officer key KNSO: generating it, and signing the world file with it. */
#ifndef SC_HSMD_CORE_KNSO_H
#define SC_HSMD_CORE_KNSO_H

#include <openssl/evp.h>

#include "base/libcrypto.h"
#include "formats/key_type.h"
#include "formats/suite.h"
#include "formats/world_file.h"

/* The domain parameters of dsa_domain.c, as a key object with no key value. The caller frees *out. */
sc_status sc_dsa_domain(EVP_PKEY **out, struct sc_error *err) SC_WARN_UNUSED;

/* Generates a KNSO of the kind that the suite uses. The caller frees *out. */
sc_status sc_knso_generate(enum sc_suite suite, EVP_PKEY **out, struct sc_error *err) SC_WARN_UNUSED;

/* Signs the file's body in its present state, and verifies the signature. SC_ERR_CRYPTO. */
sc_status sc_knso_sign_world(EVP_PKEY *knso, struct sc_world_file *file, struct sc_error *err) SC_WARN_UNUSED;

#endif
