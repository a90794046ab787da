/* Feeds JSON and base64url: accepted input keeps its one meaning when it is written and read again. */
#include "fuzz.h"

#include <string.h>

#include "web/json.h"

static void feed_base64url(struct sc_view text)
{
	SC_CLEANUP(sc_bytes) bytes = { 0 };
	SC_CLEANUP(sc_bytes) again = { 0 };

	if (sc_base64url_read(text, text.len, &bytes, NULL) != SC_OK)
		return;
	fuzz_holds(sc_base64url_write(sc_bytes_view(&bytes), &again, NULL) == SC_OK &&
		       sc_view_equals(text, sc_bytes_view(&again)),
		   "what is accepted has one encoding");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	SC_CLEANUP(sc_json) value = NULL;
	SC_CLEANUP(sc_json) again = NULL;
	SC_CLEANUP(sc_bytes) text = { 0 };

	feed_base64url(sc_view_of(data, len));
	if (sc_json_read(sc_view_of(data, len), &value, NULL) != SC_OK)
		return 0;
	fuzz_holds(memchr(data, 0, len) == NULL, "no NUL byte is accepted");
	fuzz_holds(sc_json_write(value, &text, NULL) == SC_OK &&
		       sc_json_read(sc_bytes_view(&text), &again, NULL) == SC_OK && json_equal(value, again),
		   "what is accepted is read again as what was written");
	return 0;
}
