/*
 * base64url without padding (RFC 7515 section 2), in canonical form only: unused bits must be zero. Otherwise
 * one signature could be written in several ways, and a flipped character could go unnoticed.
 */
#include "web/json.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int value_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

sc_status sc_base64url_read(struct sc_view text, size_t max, struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) bytes = { 0 };
	size_t len = text.len / 4 * 3 + (text.len % 4 ? text.len % 4 - 1 : 0);
	uint32_t bits = 0;
	unsigned held = 0;
	size_t used = 0;

	SC_ENSURE(text.len % 4 != 1, err, SC_ERR_ENCODING, "not base64url: impossible length");
	SC_ENSURE(len <= max, err, SC_ERR_TOO_LARGE, "more than %zu bytes", max);
	SC_TRY(sc_bytes_new(len, &bytes, err));
	for (size_t i = 0; i < text.len; i++) {
		int value = value_of(text.data[i]);

		SC_ENSURE(value >= 0, err, SC_ERR_ENCODING,
			  "not base64url: bad character at offset %zu (padding is not allowed)", i);
		bits = bits << 6 | (uint32_t)value;
		held += 6;
		if (held >= 8) {
			held -= 8;
			bytes.data[used++] = (uint8_t)(bits >> held);
			bits &= (1u << held) - 1;
		}
	}
	SC_ENSURE(bits == 0, err, SC_ERR_ENCODING, "not canonical base64url: stray bits after the last byte");
	*out = sc_steal(bytes);
	return SC_OK;
}

sc_status sc_base64url_write(struct sc_view bytes, struct sc_bytes *out, struct sc_error *err)
{
	uint32_t bits = 0;
	unsigned held = 0;
	size_t used = 0;

	SC_TRY(sc_bytes_new((bytes.len * 4 + 2) / 3, out, err));
	for (size_t i = 0; i < bytes.len; i++) {
		bits = (bits << 8 | bytes.data[i]) & 0xffff;
		for (held += 8; held >= 6; held -= 6)
			out->data[used++] = (uint8_t)alphabet[bits >> (held - 6) & 63];
	}
	if (held > 0)
		out->data[used] = (uint8_t)alphabet[bits << (6 - held) & 63];
	return SC_OK;
}
