/* Feeds the canonical wrapper of statements, and the functions that take an accepted one. */
#include "fuzz.h"

#include "formats/signed_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sc_view der = sc_view_of(data, len);
	SC_CLEANUP(sc_signed_data) s = NULL;
	SC_CLEANUP(sc_bytes) again = { 0 };
	SC_CLEANUP(sc_bytes) attributes = { 0 };

	if (sc_signed_data_decode(der, &s, NULL) != SC_OK)
		return 0;
	fuzz_holds(sc_signed_data_encode(s, &again, NULL) == SC_OK, "what is accepted can be written");
	fuzz_holds(sc_view_equals(der, sc_bytes_view(&again)), "what is accepted has one encoding");
	fuzz_holds(sc_signed_data_attributes(s, &attributes, NULL) == SC_OK,
		   "its signed attributes can be written");
	(void)sc_signed_data_signer(s);
	for (int i = 0; i < sk_X509_num(s->certificates); i++) {
		SC_CLEANUP(sc_bytes) certificate = { 0 };
		SC_CLEANUP(sc_x509) read = NULL;

		fuzz_holds(sc_x509_encode(sk_X509_value(s->certificates, i), &certificate, NULL) == SC_OK,
			   "an enclosed certificate can be written");
		if (sc_x509_decode(sc_bytes_view(&certificate), &read, NULL) == SC_OK)
			fuzz_holds(X509_cmp(read, sk_X509_value(s->certificates, i)) == 0,
				   "and is read as itself");
	}
	return 0;
}
