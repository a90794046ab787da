/*
 * DER with OpenSSL's ASN.1 templates and our own element types, so that a decoded structure is a plain C
 * struct whose values were all checked while reading: lengths, UTF-8, times, BOOLEANs. Each structure's
 * template is in its .c file; docs/safeconduct.asn1 has the same definitions in ASN.1.
 *
 * One canonical form (rule F1): after decoding, the structure is encoded again and every byte compared. So
 * BER lengths, encoded defaults, trailing bytes and unsorted sets are refused.
 */
#ifndef SC_FORMATS_DER_H
#define SC_FORMATS_DER_H

#include <openssl/asn1t.h>

#include "base/digest.h"
#include "formats/der_elements.h"

#define SC_TEXT_MAX 127 /* bytes of UTF-8 */

/* UTF8String of 0 to 127 bytes: valid UTF-8 without control characters; NUL-terminated. */
struct sc_text {
	char s[SC_TEXT_MAX + 1];
};

/* Sets a text. SC_ERR_ARGUMENT, naming `what`, if it is too long, not UTF-8 or has control characters. */
sc_status sc_text_set(struct sc_text *text, const char *value, const char *what,
		      struct sc_error *err) SC_WARN_UNUSED;

/* The same for bytes that are not NUL-terminated. */
sc_status sc_text_set_view(struct sc_text *text, struct sc_view value, const char *what,
			   struct sc_error *err) SC_WARN_UNUSED;

bool sc_text_equals(const struct sc_text *text, const char *value);

/*
 * Element types for ASN1_EMBED and similar macros. Those with OPT are for OPTIONAL fields, where an empty
 * value means absent.
 *
 *   SC_DER_TEXT      struct sc_text   UTF8String
 *   SC_DER_HASH      struct sc_hash   OCTET STRING (SIZE (32))
 *   SC_DER_TIME      int64_t          GeneralizedTime YYYYMMDDHHMMSSZ, seconds since 1970; years 1970 to 9999
 *   SC_DER_FLAG      bool             BOOLEAN, 00 or FF
 *   SC_DER_OCTETS    struct sc_bytes  OCTET STRING (SIZE (0..65536))
 *   UINT32, UINT64   uint32_t …       INTEGER, libcrypto's own types
 *
 * If absent, SC_DER_OPT_OCTETS has data NULL, SC_DER_OPT_HASH is all zero, SC_DER_OPT_TIME is 0 and
 * SC_DER_OPT_TEXT is "".
 */
DECLARE_ASN1_ITEM(SC_DER_TEXT)
DECLARE_ASN1_ITEM(SC_DER_HASH)
DECLARE_ASN1_ITEM(SC_DER_TIME)
DECLARE_ASN1_ITEM(SC_DER_FLAG)
DECLARE_ASN1_ITEM(SC_DER_OCTETS)
DECLARE_ASN1_ITEM(SC_DER_OPT_TEXT)
DECLARE_ASN1_ITEM(SC_DER_OPT_HASH)
DECLARE_ASN1_ITEM(SC_DER_OPT_TIME)
DECLARE_ASN1_ITEM(SC_DER_OPT_OCTETS)

#define SC_OCTETS_MAX 65536

/* Sets an octet string to a copy of the view. SC_ERR_MEMORY. */
sc_status sc_octets_set(struct sc_bytes *field, struct sc_view value, struct sc_error *err) SC_WARN_UNUSED;

/* What the shared decoder needs to know about a structure. */
struct sc_der_type {
	const ASN1_ITEM *(*item)(void);
	const char *format; /* required value of its first field, a UTF8String; NULL: no such field */
	bool is_envelope;   /* the format field belongs to its first member, which it seals or signs */
	const char *what;   /* its name in messages: "key blob" */
	size_t max;         /* bytes of DER, and elements: both are checked before anything is decoded */
	size_t max_elements;
	bool (*is_valid)(const void *value); /* checks between fields, or NULL */
};

void *sc_der_new(const struct sc_der_type *type);
void sc_der_free(const struct sc_der_type *type, void *value);

/* SC_ERR_TOO_LARGE, SC_ERR_FORMAT (another type or version), SC_ERR_ENCODING. The caller frees *out. */
sc_status sc_der_decode(const struct sc_der_type *type, struct sc_view der, void **out,
			struct sc_error *err) SC_WARN_UNUSED;

/* Refuses what the decoder would refuse, so nothing is written that cannot be read. */
sc_status sc_der_encode(const struct sc_der_type *type, const void *value, struct sc_bytes *out,
			struct sc_error *err) SC_WARN_UNUSED;

/*
 * Declares, for struct NAME: NAME_new (NULL when out of memory; sets the format field), NAME_free (accepts
 * NULL), NAME_encode, NAME_decode (the caller owns *out), and SC_CLEANUP(NAME) for a pointer.
 */
#define SC_DER_DECLARE(name)                                                                                 \
	DECLARE_ASN1_ITEM(name)                                                                              \
	struct name *name##_new(void);                                                                       \
	void name##_free(struct name *value);                                                                \
	sc_status name##_encode(const struct name *value, struct sc_bytes *out, struct sc_error *err)        \
	    SC_WARN_UNUSED;                                                                                  \
	sc_status name##_decode(struct sc_view der, struct name **out, struct sc_error *err) SC_WARN_UNUSED; \
	SC_CLEANUP_POINTER(name, struct name, name##_free)

#define SC_DER_IMPLEMENT(name, format, what, max, max_elements, is_valid)                                    \
	SC_DER_IMPLEMENT_TYPE(name, format, false, what, max, max_elements, is_valid)

/* For a structure whose first member is a pointer to a structure with that format. */
#define SC_DER_IMPLEMENT_ENVELOPE(name, format, what, max, max_elements, is_valid)                           \
	SC_DER_IMPLEMENT_TYPE(name, format, true, what, max, max_elements, is_valid)

#define SC_DER_IMPLEMENT_TYPE(name, format, is_envelope, what, max, max_elements, is_valid)                  \
	static const struct sc_der_type name##_type = {                                                      \
		ASN1_ITEM_ref(name), format, is_envelope, what, max, max_elements, is_valid                  \
	};                                                                                                   \
	struct name *name##_new(void)                                                                        \
	{                                                                                                    \
		return sc_der_new(&name##_type);                                                             \
	}                                                                                                    \
	void name##_free(struct name *value)                                                                 \
	{                                                                                                    \
		sc_der_free(&name##_type, value);                                                            \
	}                                                                                                    \
	sc_status name##_encode(const struct name *value, struct sc_bytes *out, struct sc_error *err)        \
	{                                                                                                    \
		return sc_der_encode(&name##_type, value, out, err);                                         \
	}                                                                                                    \
	sc_status name##_decode(struct sc_view der, struct name **out, struct sc_error *err)                 \
	{                                                                                                    \
		return sc_der_decode(&name##_type, der, (void **)out, err);                                  \
	}

#endif
