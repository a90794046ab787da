/* The encodings of public keys, RFC 5480 section 2 and RFC 3279 section 2.3.1: see key_shape.h. */
#include "evidence/key_shape.h"

#include <string.h>

/* clang-format off */
static const uint8_t p256_before[] = {
	0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, /* id-ecPublicKey */
	0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,                   /* secp256r1 */
	0x03, 0x42, 0x00, 0x04,                                                       /* an uncompressed point */
};
static const uint8_t p384_before[] = {
	0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22,                                     /* secp384r1 */
	0x03, 0x62, 0x00, 0x04,
};
static const uint8_t p521_before[] = {
	0x30, 0x81, 0x9b, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23,                                     /* secp521r1 */
	0x03, 0x81, 0x86, 0x00, 0x04,
};
static const uint8_t rsa_before[] = {
	0x30, 0x82, 0x02, 0x22,
	0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, /* rsaEncryption */
	0x03, 0x82, 0x02, 0x0f, 0x00, 0x30, 0x82, 0x02, 0x0a,
	0x02, 0x82, 0x02, 0x01, 0x00,                                                 /* a modulus of 4096 bits */
};
static const uint8_t rsa_behind[] = { 0x02, 0x03, 0x01, 0x00, 0x01 };                 /* 65537 */
/* clang-format on */

static const struct {
	const uint8_t *before;
	size_t before_len;
	size_t number_len;
	uint8_t top_bit; /* of the number, where it must be set */
	const uint8_t *behind;
	size_t behind_len;
} shapes[] = {
	[SC_KEY_SHAPE_P256] = { p256_before, sizeof p256_before, 2 * 32, 0, NULL, 0 },
	[SC_KEY_SHAPE_P384] = { p384_before, sizeof p384_before, 2 * 48, 0, NULL, 0 },
	[SC_KEY_SHAPE_P521] = { p521_before, sizeof p521_before, 2 * 66, 0, NULL, 0 },
	[SC_KEY_SHAPE_RSA_4096] = { rsa_before, sizeof rsa_before, 512, 0x80, rsa_behind, sizeof rsa_behind },
};

bool sc_key_shape_fits(enum sc_key_shape shape, struct sc_view spki)
{
	size_t before = shapes[shape].before_len;
	size_t behind = shapes[shape].behind_len;

	return spki.len == before + shapes[shape].number_len + behind &&
	       memcmp(spki.data, shapes[shape].before, before) == 0 &&
	       (spki.data[before] & shapes[shape].top_bit) == shapes[shape].top_bit &&
	       sc_view_equals(sc_view_of(spki.data + spki.len - behind, behind),
			      sc_view_of(shapes[shape].behind, behind));
}
