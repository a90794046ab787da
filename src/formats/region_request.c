/* Templates of region requests and the region extension: see region_request.h. */
#include "formats/region_request.h"

#include <string.h>

#define REQUEST_FORMAT "safeconduct.region-request.1"
#define INFO_FORMAT    "safeconduct.region.1"

ASN1_SEQUENCE(sc_region_request) = {
	ASN1_EMBED(struct sc_region_request, format, SC_DER_TEXT),
	ASN1_EMBED(struct sc_region_request, region, SC_DER_TEXT),
	ASN1_EMBED(struct sc_region_request, operator_name, SC_DER_TEXT),
	ASN1_EMBED(struct sc_region_request, statement, SC_DER_OCTETS),
} ASN1_SEQUENCE_END_name(struct sc_region_request, sc_region_request)

ASN1_SEQUENCE(sc_region_info) = {
	ASN1_EMBED(struct sc_region_info, format, SC_DER_TEXT),
	ASN1_EMBED(struct sc_region_info, region, SC_DER_TEXT),
	ASN1_EMBED(struct sc_region_info, operator_name, SC_DER_TEXT),
} ASN1_SEQUENCE_END_name(struct sc_region_info, sc_region_info)

bool sc_region_code_is_valid(const char *code)
{
	size_t len = strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

	return len >= 1 && len <= 16 && code[len] == '\0';
}

static bool request_is_valid(const void *value)
{
	const struct sc_region_request *request = value;

	return sc_region_code_is_valid(request->region.s) && request->operator_name.s[0] &&
	       request->statement.len > 0;
}

static bool info_is_valid(const void *value)
{
	const struct sc_region_info *info = value;

	return sc_region_code_is_valid(info->region.s) && info->operator_name.s[0];
}

SC_DER_IMPLEMENT(sc_region_request, REQUEST_FORMAT, "region request", SC_REGION_REQUEST_MAX, SC_DER_ELEMENTS,
		 request_is_valid)
SC_DER_IMPLEMENT(sc_region_info, INFO_FORMAT, "region extension", SC_REGION_INFO_MAX, SC_DER_ELEMENTS,
		 info_is_valid)
