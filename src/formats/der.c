/*
 * The element types, the decoder and the encoder: see der.h. libcrypto calls the functions below with the
 * content octets of one element. If one of them refuses its element, the whole decoding fails.
 */
#include "formats/der.h"

#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#define ABSENT      (-1) /* result of prim_i2c: omit the OPTIONAL element */
#define TIME_LENGTH 15
#define TIME_LAST   INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

/* -- text -------------------------------------------------------------------------------------- */

static bool is_text(const uint8_t *data, size_t len)
{
	return len <= SC_TEXT_MAX && sc_view_is_text(sc_view_of(data, len));
}

sc_status sc_text_set_view(struct sc_text *text, struct sc_view value, const char *what, struct sc_error *err)
{
	SC_ENSURE(is_text(value.data, value.len), err, SC_ERR_ARGUMENT,
		  "%s: must be at most %d bytes of UTF-8 without control characters", what, SC_TEXT_MAX);
	memset(text, 0, sizeof *text);
	if (value.len)
		memcpy(text->s, value.data, value.len);
	return SC_OK;
}

sc_status sc_text_set(struct sc_text *text, const char *value, const char *what, struct sc_error *err)
{
	return sc_text_set_view(text, sc_view_text(value), what, err);
}

bool sc_text_equals(const struct sc_text *text, const char *value)
{
	return strcmp(text->s, value) == 0;
}

static int text_read(ASN1_VALUE **value, const unsigned char *content, int len, int type, char *unused,
		     const ASN1_ITEM *item)
{
	(void)type, (void)unused, (void)item;
	return sc_text_set_view((struct sc_text *)*value, sc_view_of(content, (size_t)len), "", NULL) ==
	       SC_OK;
}

static int text_write(const ASN1_VALUE **value, unsigned char *content, int *type, const ASN1_ITEM *item)
{
	const struct sc_text *text = (const struct sc_text *)*value;
	size_t len = strnlen(text->s, sizeof text->s);

	(void)type;
	if (len == 0 && item->size)
		return ABSENT;
	if (content)
		memcpy(content, text->s, len);
	return (int)len;
}

static void text_clear(ASN1_VALUE **value, const ASN1_ITEM *item)
{
	(void)item;
	memset(*value, 0, sizeof(struct sc_text));
}

/* -- hash -------------------------------------------------------------------------------------- */

static int hash_read(ASN1_VALUE **value, const unsigned char *content, int len, int type, char *unused,
		     const ASN1_ITEM *item)
{
	struct sc_hash *hash = (struct sc_hash *)*value;

	(void)type, (void)unused;
	if (len != SC_HASH_SIZE)
		return 0;
	memcpy(hash->b, content, SC_HASH_SIZE);
	/* All zero means an absent hash, so a present one must not be zero. */
	return !(item->size && sc_hash_is_zero(hash));
}

static int hash_write(const ASN1_VALUE **value, unsigned char *content, int *type, const ASN1_ITEM *item)
{
	const struct sc_hash *hash = (const struct sc_hash *)*value;

	(void)type;
	if (item->size && sc_hash_is_zero(hash))
		return ABSENT;
	if (content)
		memcpy(content, hash->b, SC_HASH_SIZE);
	return SC_HASH_SIZE;
}

static void hash_clear(ASN1_VALUE **value, const ASN1_ITEM *item)
{
	(void)item;
	memset(*value, 0, sizeof(struct sc_hash));
}

/* -- time -------------------------------------------------------------------------------------- */

static bool digits(const unsigned char *p, int count, int *out)
{
	*out = 0;
	for (int i = 0; i < count; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		*out = *out * 10 + (p[i] - '0');
	}
	return true;
}

static void time_format(int64_t seconds, char text[TIME_LENGTH + 1])
{
	time_t time = (time_t)seconds;
	struct tm tm = { 0 };

	gmtime_r(&time, &tm);
	strftime(text, TIME_LENGTH + 1, "%Y%m%d%H%M%SZ", &tm);
}

static int time_read(ASN1_VALUE **value, const unsigned char *content, int len, int type, char *unused,
		     const ASN1_ITEM *item)
{
	int64_t *seconds = (int64_t *)*value;
	struct tm tm = { 0 };
	char again[TIME_LENGTH + 1];

	(void)type, (void)unused;
	if (len != TIME_LENGTH || content[TIME_LENGTH - 1] != 'Z' || !digits(content, 4, &tm.tm_year) ||
	    !digits(content + 4, 2, &tm.tm_mon) || !digits(content + 6, 2, &tm.tm_mday) ||
	    !digits(content + 8, 2, &tm.tm_hour) || !digits(content + 10, 2, &tm.tm_min) ||
	    !digits(content + 12, 2, &tm.tm_sec) || tm.tm_year < 1970)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*seconds = (int64_t)timegm(&tm);
	if (*seconds < 0 || *seconds > TIME_LAST || (item->size && *seconds == 0))
		return 0;
	/* timegm() takes 31 February for 3 March. A valid time formats to the same text again. */
	time_format(*seconds, again);
	return memcmp(again, content, TIME_LENGTH) == 0;
}

static int time_write(const ASN1_VALUE **value, unsigned char *content, int *type, const ASN1_ITEM *item)
{
	int64_t seconds = *(const int64_t *)*value;
	char text[TIME_LENGTH + 1];

	(void)type;
	if (item->size && seconds == 0)
		return ABSENT;
	if (content && (seconds < 0 || seconds > TIME_LAST)) {
		memset(content, '?', TIME_LENGTH); /* cannot fail here: sc_der_encode decodes it and fails */
	} else if (content) {
		time_format(seconds, text);
		memcpy(content, text, TIME_LENGTH);
	}
	return TIME_LENGTH;
}

static void time_clear(ASN1_VALUE **value, const ASN1_ITEM *item)
{
	(void)item;
	*(int64_t *)*value = 0;
}

/* -- flag -------------------------------------------------------------------------------------- */

static int flag_read(ASN1_VALUE **value, const unsigned char *content, int len, int type, char *unused,
		     const ASN1_ITEM *item)
{
	(void)type, (void)unused, (void)item;
	if (len != 1 || (content[0] != 0x00 && content[0] != 0xff))
		return 0;
	*(bool *)*value = content[0] == 0xff;
	return 1;
}

static int flag_write(const ASN1_VALUE **value, unsigned char *content, int *type, const ASN1_ITEM *item)
{
	(void)type, (void)item;
	if (content)
		content[0] = *(const bool *)*value ? 0xff : 0x00;
	return 1;
}

static void flag_clear(ASN1_VALUE **value, const ASN1_ITEM *item)
{
	(void)item;
	*(bool *)*value = false;
}

/* -- octets ------------------------------------------------------------------------------------ */

static int octets_read(ASN1_VALUE **value, const unsigned char *content, int len, int type, char *unused,
		       const ASN1_ITEM *item)
{
	struct sc_bytes *bytes = (struct sc_bytes *)*value;

	(void)type, (void)unused, (void)item;
	if (len > SC_OCTETS_MAX)
		return 0;
	sc_bytes_free(bytes);
	return sc_bytes_copy(sc_view_of(content, (size_t)len), bytes, NULL) == SC_OK;
}

static int octets_write(const ASN1_VALUE **value, unsigned char *content, int *type, const ASN1_ITEM *item)
{
	const struct sc_bytes *bytes = (const struct sc_bytes *)*value;

	(void)type;
	if (!bytes->data && item->size)
		return ABSENT;
	if (content && bytes->len)
		memcpy(content, bytes->data, bytes->len);
	return (int)bytes->len;
}

static void octets_clear(ASN1_VALUE **value, const ASN1_ITEM *item)
{
	(void)item;
	sc_bytes_free((struct sc_bytes *)*value);
}

sc_status sc_octets_set(struct sc_bytes *field, struct sc_view value, struct sc_error *err)
{
	struct sc_bytes copy;

	SC_TRY(sc_bytes_copy(value, &copy, err));
	sc_bytes_free(field);
	*field = copy;
	return SC_OK;
}

/* -- the items --------------------------------------------------------------------------------- */

/*
 * The types are for embedded fields only, so the element itself is never allocated: prim_clear makes an empty
 * one. `size`, which libcrypto does not use for primitive types, is 1 for the OPTIONAL types.
 */
/* clang-format off */
#define PRIMITIVE(name, tag, kind)                                                                           \
	static const ASN1_PRIMITIVE_FUNCS kind##_functions = { NULL,      0,          NULL,      NULL,       \
							       kind##_clear, kind##_read, kind##_write, NULL }; \
	const ASN1_ITEM *name##_it(void)                                                                     \
	{                                                                                                    \
		static const ASN1_ITEM item = { ASN1_ITYPE_PRIMITIVE, tag, NULL, 0, &kind##_functions, 0,    \
						#name };                                                     \
		return &item;                                                                                \
	}

#define OPTIONAL_PRIMITIVE(name, tag, kind)                                                                  \
	const ASN1_ITEM *name##_it(void)                                                                     \
	{                                                                                                    \
		static const ASN1_ITEM item = { ASN1_ITYPE_PRIMITIVE, tag, NULL, 0, &kind##_functions, 1,    \
						#name };                                                     \
		return &item;                                                                                \
	}
/* clang-format on */

PRIMITIVE(SC_DER_TEXT, V_ASN1_UTF8STRING, text)
PRIMITIVE(SC_DER_HASH, V_ASN1_OCTET_STRING, hash)
PRIMITIVE(SC_DER_TIME, V_ASN1_GENERALIZEDTIME, time)
PRIMITIVE(SC_DER_FLAG, V_ASN1_BOOLEAN, flag)
PRIMITIVE(SC_DER_OCTETS, V_ASN1_OCTET_STRING, octets)
OPTIONAL_PRIMITIVE(SC_DER_OPT_TEXT, V_ASN1_UTF8STRING, text)
OPTIONAL_PRIMITIVE(SC_DER_OPT_HASH, V_ASN1_OCTET_STRING, hash)
OPTIONAL_PRIMITIVE(SC_DER_OPT_TIME, V_ASN1_GENERALIZEDTIME, time)
OPTIONAL_PRIMITIVE(SC_DER_OPT_OCTETS, V_ASN1_OCTET_STRING, octets)

/* -- decoding and encoding --------------------------------------------------------------------- */

/*
 * The format field, if any, comes first: in the structure, or in what an envelope's first member points to.
 */
static struct sc_text *format_of(const struct sc_der_type *type, const void *value)
{
	return type->is_envelope ? *(struct sc_text *const *)value : (struct sc_text *)(uintptr_t)value;
}

void *sc_der_new(const struct sc_der_type *type)
{
	void *value = ASN1_item_new(type->item());

	if (value && type->format)
		(void)!sc_text_set(format_of(type, value), type->format, type->what, NULL);
	return value;
}

void sc_der_free(const struct sc_der_type *type, void *value)
{
	ASN1_item_free(value, type->item());
}

struct der_buffer {
	unsigned char *data;
	size_t len;
};

static void free_buffer(struct der_buffer *buffer)
{
	OPENSSL_clear_free(buffer->data, buffer->len);
}
SC_CLEANUP_VALUE(der_buffer, free_buffer)

static sc_status encode(const struct sc_der_type *type, const void *value, struct der_buffer *out,
			struct sc_error *err)
{
	int len = ASN1_item_i2d(value, &out->data, type->item());

	ERR_clear_error();
	SC_ENSURE(len > 0, err, SC_ERR_ENCODING, "%s: cannot be encoded", type->what);
	out->len = (size_t)len;
	return SC_OK;
}

static sc_status check(const struct sc_der_type *type, const void *value, struct sc_error *err)
{
	SC_ENSURE(!type->format || sc_text_equals(format_of(type, value), type->format), err, SC_ERR_FORMAT,
		  "%s: not of type and version %s", type->what, type->format);
	SC_ENSURE(!type->is_valid || type->is_valid(value), err, SC_ERR_ENCODING,
		  "%s: a value is not allowed", type->what);
	return SC_OK;
}

/* Decodes DER whose size has been checked. *out is set only on success. */
static sc_status decode(const struct sc_der_type *type, struct sc_view der, void **out, struct sc_error *err)
{
	const unsigned char *p = der.data;
	SC_CLEANUP(der_buffer) again = { 0 };
	void *value = ASN1_item_d2i(NULL, &p, (long)der.len, type->item());
	sc_status status;

	ERR_clear_error();
	SC_ENSURE(value, err, SC_ERR_ENCODING, "%s: not valid DER for this structure", type->what);
	status = check(type, value, err);
	if (status == SC_OK)
		status = encode(type, value, &again, err);
	if (status == SC_OK && !sc_view_equals(der, sc_view_of(again.data, again.len)))
		status = sc_fail(err, SC_ERR_ENCODING, "%s: not in canonical form", type->what);
	if (status != SC_OK) {
		sc_der_free(type, value);
		return status;
	}
	*out = value;
	return SC_OK;
}

sc_status sc_der_decode(const struct sc_der_type *type, struct sc_view der, void **out, struct sc_error *err)
{
	SC_ENSURE(der.len > 0, err, SC_ERR_ENCODING, "%s: empty", type->what);
	SC_ENSURE(der.len <= type->max, err, SC_ERR_TOO_LARGE, "%s: larger than %zu bytes", type->what,
		  type->max);
	SC_TRY(sc_der_check_elements(der, type->max_elements, type->what, err));
	return decode(type, der, out, err);
}

sc_status sc_der_encode(const struct sc_der_type *type, const void *value, struct sc_bytes *out,
			struct sc_error *err)
{
	SC_CLEANUP(der_buffer) buffer = { 0 };
	struct sc_view der;
	void *again = NULL;

	SC_TRY(check(type, value, err));
	SC_TRY(encode(type, value, &buffer, err));
	SC_ENSURE(buffer.len <= type->max, err, SC_ERR_TOO_LARGE, "%s: larger than %zu bytes", type->what,
		  type->max);
	der = sc_view_of(buffer.data, buffer.len);
	SC_TRY(sc_der_check_elements(der, type->max_elements, type->what, err));
	/*
	 * libcrypto would write an unterminated text, a time out of range or an octet string over its limit.
	 */
	SC_ENSURE(decode(type, der, &again, NULL) == SC_OK, err, SC_ERR_ENCODING,
		  "%s: a value cannot be written", type->what);
	sc_der_free(type, again);
	return sc_bytes_copy(der, out, err);
}
