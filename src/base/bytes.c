/* Views, owned bytes, hexadecimal: see bytes.h. */
#include "base/bytes.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/os.h"
#include "base/utf8.h"

void sc_bytes_free(struct sc_bytes *bytes)
{
	OPENSSL_clear_free(bytes->data, bytes->len);
	*bytes = (struct sc_bytes){ 0 };
}

sc_status sc_bytes_new(size_t len, struct sc_bytes *out, struct sc_error *err)
{
	/* One extra byte, so that an empty string has an address and differs from "absent". */
	uint8_t *data = OPENSSL_zalloc(len + 1);

	SC_ENSURE(data, err, SC_ERR_MEMORY, "out of memory for %zu bytes", len);
	*out = (struct sc_bytes){ data, len };
	return SC_OK;
}

sc_status sc_bytes_copy(struct sc_view view, struct sc_bytes *out, struct sc_error *err)
{
	SC_TRY(sc_bytes_new(view.len, out, err));
	if (view.len)
		memcpy(out->data, view.data, view.len);
	return SC_OK;
}

sc_status sc_random(void *out, size_t len, struct sc_error *err)
{
	if (sc_os->random(out, len) != 0)
		return sc_fail_crypto(err, "no random bytes");
	return SC_OK;
}

struct sc_view sc_view_text(const char *text)
{
	return (struct sc_view){ (const uint8_t *)text, strlen(text) };
}

bool sc_view_equals(struct sc_view a, struct sc_view b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

size_t sc_view_characters(struct sc_view view)
{
	size_t count = 0;

	for (size_t i = 0; i < view.len; i++)
		count += (view.data[i] & 0xc0) != 0x80;
	return count;
}

void sc_hex(struct sc_view view, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < view.len; i++) {
		*text++ = digits[view.data[i] >> 4];
		*text++ = digits[view.data[i] & 15];
	}
	*text = '\0';
}

bool sc_hex_read(const char *text, uint8_t *out, size_t len)
{
	if (strlen(text) != 2 * len)
		return false;
	for (size_t i = 0; i < 2 * len; i++) {
		int digit = OPENSSL_hexchar2int((unsigned char)text[i]);

		if (digit < 0)
			return false;
		out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] << 4 | digit : digit);
	}
	return true;
}

bool sc_view_is_text(struct sc_view view)
{
	for (size_t i = 0; i < view.len;) {
		uint32_t character = 0;
		size_t len = sc_utf8_character(view.data + i, view.len - i, &character);

		if (len == 0 || character < 0x20 || (character >= 0x7f && character < 0xa0))
			return false;
		i += len;
	}
	return true;
}
