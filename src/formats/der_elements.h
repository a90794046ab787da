/*
 * How many elements an encoding has, counted before a decoder sees it. libcrypto allocates for each element, and the
 * smallest takes two bytes: 16 KiB of them take more than half a MiB of the module's arena before anything can be
 * checked (rule M12: no side effect before the check).
 */
#ifndef SC_FORMATS_DER_ELEMENTS_H
#define SC_FORMATS_DER_ELEMENTS_H

#include "base/bytes.h"

/* For each structure whose header names no other limit. */
#define SC_DER_ELEMENTS 512

/*
 * SC_ERR_TOO_LARGE if there are more than `max` elements, those inside constructed ones included.
 * SC_ERR_ENCODING if a tag or length is not DER, a SEQUENCE or SET is not constructed, or there are more bytes
 * announced than present. `what` names the structure. Nothing is allocated. Of a primitive element with a tag of its
 * context, what looks like elements counts too, since libcrypto may decode it as a list. The content of any other
 * primitive element is not examined, even if it is DER again.
 */
sc_status sc_der_check_elements(struct sc_view der, size_t max, const char *what,
				struct sc_error *err) SC_WARN_UNUSED;

#endif
