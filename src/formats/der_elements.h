/*
 * How many elements an encoding has, counted before a decoder sees it. libcrypto allocates for each element,
 * and the smallest takes two bytes: 16 KiB of them take more than half a MiB of the module's arena before
 * anything can be checked (rule M12: no side effect before the check).
 */
#ifndef SC_FORMATS_DER_ELEMENTS_H
#define SC_FORMATS_DER_ELEMENTS_H

#include "base/bytes.h"

/* For each structure whose header names no other limit. */
#define SC_DER_ELEMENTS 512

/*
 * For structures without an IMPLICIT SEQUENCE OF or SET OF: all of ours. SC_ERR_TOO_LARGE if there are more
 * than `max` elements, those inside constructed ones included. SC_ERR_ENCODING if a tag or length is not DER,
 * a SEQUENCE or SET is not constructed, or there are more bytes announced than present. `what` names the
 * structure. Nothing is allocated. The content of a primitive element is not examined, even if it is DER
 * again.
 */
sc_status sc_der_check_elements(struct sc_view der, size_t max, const char *what,
				struct sc_error *err) SC_WARN_UNUSED;

/*
 * The same for a structure that has such a list: a certificate, SignedData, PKCS #8. libcrypto decodes the
 * list also where its tag says that it is primitive, so of each primitive element with a context-specific
 * tag, what looks like elements counts too.
 */
sc_status sc_der_check_implicit_elements(struct sc_view der, size_t max, const char *what,
					 struct sc_error *err) SC_WARN_UNUSED;

#endif
