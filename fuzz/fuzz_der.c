/* Feeds every structure of src/formats: the first byte chooses the structure, the rest is its DER. */
#include "fuzz.h"
#include "support/samples.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t count;
	const struct sc_sample *samples = sc_sample_all(&count);
	SC_CLEANUP(sc_bytes) again = { 0 };
	struct sc_view der = sc_view_of(data + 1, len ? len - 1 : 0);

	if (len > 0 && samples[data[0] % count].again(der, &again, NULL) == SC_OK)
		fuzz_holds(sc_view_equals(der, sc_bytes_view(&again)), "what is accepted has one encoding");
	return 0;
}
