/*
 * Public keys as they must look in certificates: each kind of key has one encoding, byte for byte, but for
 * the number that is the key itself. So a curve stands by its name and a point in full, and an RSA key has
 * the exponent 65537 that every module generates its KEK with (e = 1 would encrypt nothing).
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

/* True if a SubjectPublicKeyInfo has that shape; whether a point is on its curve is libcrypto's question. */
bool sc_key_shape_fits(enum sc_key_shape shape, struct sc_view spki);

#endif
