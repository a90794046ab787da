/*
 * What `safeconduct region request` sends to the factory, and what a region certificate says about its
 * region.
 *
 *   RegionRequest ::= SEQUENCE { format, region UTF8String, operator UTF8String, statement OCTET STRING }
 *   RegionInfo    ::= SEQUENCE { format, region UTF8String, operator UTF8String }   -- certificate extension
 */
#ifndef SC_FORMATS_REGION_REQUEST_H
#define SC_FORMATS_REGION_REQUEST_H

#include "formats/der.h"

struct sc_region_request {
	struct sc_text format; /* "safeconduct.region-request.1" */
	struct sc_text region; /* code */
	struct sc_text operator_name;
	struct sc_bytes statement; /* the world statement */
};

struct sc_region_info {
	struct sc_text format; /* "safeconduct.region.1" */
	struct sc_text region;
	struct sc_text operator_name;
};

#define SC_REGION_REQUEST_MAX 16384
#define SC_REGION_INFO_MAX    512
SC_DER_DECLARE(sc_region_request)
SC_DER_DECLARE(sc_region_info)

/* True for 1 to 16 capital letters and digits, the form of a region's code. */
bool sc_region_code_is_valid(const char *code);

#endif
