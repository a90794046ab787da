/* Feeds the certificate reader, and the functions that take an accepted certificate. */
#include "fuzz.h"

#include "evidence/certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sc_view der = sc_view_of(data, len);
	SC_CLEANUP(sc_x509) certificate = NULL;
	SC_CLEANUP(sc_bytes) again = { 0 };
	SC_CLEANUP(sc_region_info) region = NULL;
	enum sc_certificate_kind kind;
	struct sc_text name;
	int64_t from;
	int64_t until;

	if (sc_x509_decode(der, &certificate, NULL) != SC_OK ||
	    sc_certificate_kind_of(certificate, &kind, NULL) != SC_OK)
		return 0;
	fuzz_holds(sc_x509_encode(certificate, &again, NULL) == SC_OK, "what is accepted can be written");
	fuzz_holds(sc_view_equals(der, sc_bytes_view(&again)), "what is accepted has one encoding");
	fuzz_holds(sc_certificate_subject(certificate, &name, NULL) == SC_OK &&
		       sc_certificate_issuer(certificate, &name, NULL) == SC_OK,
		   "its names can be read");
	fuzz_holds(sc_certificate_validity(certificate, &from, &until, NULL) == SC_OK && from <= until,
		   "its dates can be read");
	if (kind == SC_CERTIFICATE_REGION)
		fuzz_holds(sc_certificate_region(certificate, &region, NULL) == SC_OK,
			   "its region can be read");
	return 0;
}
