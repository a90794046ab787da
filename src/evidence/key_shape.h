/*
 * The form of public keys in certificates. Each kind of key has one encoding, fixed byte for byte except for
 * the number that is the key itself. So a curve is given by name, a point uncompressed, and an RSA key has
 * the exponent 65537, which every module uses for its KEK (with e = 1 nothing would be encrypted).
 */
#ifndef SC_EVIDENCE_KEY_SHAPE_H
#define SC_EVIDENCE_KEY_SHAPE_H

#include "base/bytes.h"

enum sc_key_shape {
	SC_KEY_SHAPE_P256,
	SC_KEY_SHAPE_P384,
	SC_KEY_SHAPE_P521,
	SC_KEY_SHAPE_RSA_4096,
};

/* True if a SubjectPublicKeyInfo has that shape. libcrypto checks that a point is on its curve. */
bool sc_key_shape_fits(enum sc_key_shape shape, struct sc_view spki);

#endif
