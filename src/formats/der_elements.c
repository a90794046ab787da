/* Counting elements: see der_elements.h. */
#include "formats/der_elements.h"

#define CONSTRUCTED 0x20
#define LONG_TAG    0x1f
#define LONG_LENGTH 0x80

/* Takes tag and length off *rest. False if they are not DER. */
static bool take_header(struct sc_view *rest, bool *is_constructed, size_t *len)
{
	const uint8_t *p = rest->data;
	size_t digits;
	size_t value;

	/* No format here has a tag above 30. */
	if (rest->len < 2 || (p[0] & LONG_TAG) == LONG_TAG)
		return false;
	*is_constructed = p[0] & CONSTRUCTED;
	digits = p[1] & LONG_LENGTH ? p[1] & ~(unsigned)LONG_LENGTH : 0;
	value = digits ? 0 : p[1];
	/* Without digits, a long length is BER's indefinite one. Four digits are more than anything here needs. */
	if (value == LONG_LENGTH || digits > 4 || rest->len - 2 < digits)
		return false;
	for (size_t i = 0; i < digits; i++)
		value = value << 8 | p[2 + i];
	*rest = sc_view_of(p + 2 + digits, rest->len - 2 - digits);
	*len = value;
	return value <= rest->len;
}

/*
 * The elements are taken in the order of their bytes, and the ends of constructed ones are not followed. A decoder
 * refuses an element that is not within its parent when it comes to it, so it never sees more than is counted here.
 */
sc_status sc_der_check_elements(struct sc_view der, size_t max, const char *what, struct sc_error *err)
{
	struct sc_view rest = der;

	for (size_t count = 0; rest.len > 0; count++) {
		bool is_constructed = false;
		size_t len = 0;

		SC_ENSURE(count < max, err, SC_ERR_TOO_LARGE, "%s: more than %zu elements", what, max);
		SC_ENSURE(take_header(&rest, &is_constructed, &len), err, SC_ERR_ENCODING,
			  "%s: not valid DER for this structure", what);
		if (!is_constructed)
			rest = sc_view_of(rest.data + len, rest.len - len);
	}
	return SC_OK;
}
