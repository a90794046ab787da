/* Counting elements: see der_elements.h. */
#include "formats/der_elements.h"

#define CONSTRUCTED 0x20
#define LONG_TAG    0x1f
#define LONG_LENGTH 0x80

#define SEQUENCE 0x10
#define SET      0x11
#define CONTEXT  0x80 /* the class, among CLASS */
#define CLASS    0xc0
#define DEPTH    32 /* of elements within elements; ours have half as many */

struct header {
	uint8_t tag;
	size_t len; /* of the content */
};

/* Takes tag and length off *rest. False if they are not DER. */
static bool take_header(struct sc_view *rest, struct header *out)
{
	const uint8_t *p = rest->data;
	size_t digits;
	size_t value;

	/* No format here has a tag above 30. */
	if (rest->len < 2 || (p[0] & LONG_TAG) == LONG_TAG)
		return false;
	digits = p[1] & LONG_LENGTH ? p[1] & ~(unsigned)LONG_LENGTH : 0;
	value = digits ? 0 : p[1];
	/*
	 * Without digits, a long length is BER's indefinite one. Four digits are more than anything here
	 * needs.
	 */
	if (value == LONG_LENGTH || digits > 4 || rest->len - 2 < digits)
		return false;
	for (size_t i = 0; i < digits; i++)
		value = value << 8 | p[2 + i];
	*out = (struct header){ p[0], value };
	*rest = sc_view_of(p + 2 + digits, rest->len - 2 - digits);
	return value <= rest->len;
}

static struct sc_view take(struct sc_view *rest, size_t len)
{
	struct sc_view taken = sc_view_of(rest->data, len);

	*rest = sc_view_of(rest->data + len, rest->len - len);
	return taken;
}

static bool is_constructed(uint8_t tag)
{
	return tag & CONSTRUCTED;
}

static bool is_list(uint8_t tag)
{
	return (tag & ~CONSTRUCTED) == SEQUENCE || (tag & ~CONSTRUCTED) == SET;
}

static bool is_context(uint8_t tag)
{
	return (tag & CLASS) == CONTEXT;
}

/*
 * What a decoder may find in an element that does not say that it is constructed: libcrypto decodes the
 * members of an IMPLICIT SET OF without looking at that bit. Octets that are no elements end the count of
 * their element only.
 */
static void count_what_may_be_elements(struct sc_view content, size_t max, unsigned depth, size_t *count)
{
	struct header header;

	while (content.len > 0 && *count <= max && take_header(&content, &header)) {
		struct sc_view inside = take(&content, header.len);

		++*count;
		if (!is_constructed(header.tag) && !is_list(header.tag) && !is_context(header.tag))
			continue;
		if (depth == 0)
			*count = max + 1;
		else
			count_what_may_be_elements(inside, max, depth - 1, count);
	}
}

/*
 * The elements are taken in the order of their bytes, and the ends of constructed ones are not followed. A
 * decoder refuses an element that is not within its parent when it comes to it, so it never sees more than is
 * counted here.
 */
static sc_status check(struct sc_view der, size_t max, bool has_implicit_lists, const char *what,
		       struct sc_error *err)
{
	struct sc_view rest = der;
	size_t count = 0;

	while (rest.len > 0) {
		struct header header = { 0 };

		SC_ENSURE(take_header(&rest, &header) && (is_constructed(header.tag) || !is_list(header.tag)),
			  err, SC_ERR_ENCODING, "%s: not valid DER for this structure", what);
		count++;
		if (!is_constructed(header.tag)) {
			struct sc_view content = take(&rest, header.len);

			if (has_implicit_lists && is_context(header.tag))
				count_what_may_be_elements(content, max, DEPTH, &count);
		}
		SC_ENSURE(count <= max, err, SC_ERR_TOO_LARGE, "%s: more than %zu elements", what, max);
	}
	return SC_OK;
}

sc_status sc_der_check_elements(struct sc_view der, size_t max, const char *what, struct sc_error *err)
{
	return check(der, max, false, what, err);
}

sc_status sc_der_check_implicit_elements(struct sc_view der, size_t max, const char *what,
					 struct sc_error *err)
{
	return check(der, max, true, what, err);
}
