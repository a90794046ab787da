/* Keys of issuers in a file: see saved_keys.h. */
#include "web/saved_keys.h"

#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "web/fetch.h"

#define FILE_MAX (SC_WEB_FETCH_MAX + 4096)

static sc_status read_keys(struct sc_view text, const char *url, int64_t life, struct sc_web_key_set **out,
			   int64_t *age, struct sc_error *err)
{
	SC_CLEANUP(sc_json) saved = NULL;
	SC_CLEANUP(sc_bytes) jwks = { 0 };
	const char *from = NULL;
	json_t *keys = NULL;
	int64_t fetched = 0;

	SC_TRY(sc_json_read(text, &saved, err));
	SC_TRY(sc_json_text(saved, "url", SC_WEB_FETCH_MAX, SC_JSON_NEEDED, &from, err));
	SC_TRY(sc_json_integer(saved, "fetched", SC_JSON_NEEDED, &fetched, NULL, err));
	SC_TRY(sc_json_object(saved, "jwks", SC_JSON_NEEDED, &keys, err));
	SC_ENSURE(strcmp(from, url) == 0, err, SC_ERR_NOT_FOUND, "its keys are those of %s", from);
	SC_ENSURE(fetched >= 0, err, SC_ERR_JSON, "\"fetched\" is not a time");
	*age = sc_clock_now() - fetched;
	SC_ENSURE(*age >= 0 && *age < life, err, SC_ERR_NOT_FOUND, "its keys were fetched too long ago");
	SC_TRY(sc_json_write(keys, &jwks, err));
	return sc_web_key_set_read(sc_bytes_view(&jwks), out, err);
}

sc_status sc_web_saved_keys_read(const char *path, const char *url, int64_t life, struct sc_web_key_set **out,
				 int64_t *age, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) text = { 0 };
	sc_status status;

	SC_TRY(sc_file_read_path(path, FILE_MAX, &text, err));
	status = read_keys(sc_bytes_view(&text), url, life, out, age, err);
	return status == SC_OK ? SC_OK : sc_fail_context(err, status, "%s", path);
}

sc_status sc_web_saved_keys_write(const char *path, const char *url, struct sc_view jwks,
				  struct sc_error *err)
{
	SC_CLEANUP(sc_json) saved = NULL;
	SC_CLEANUP(sc_bytes) text = { 0 };
	json_t *keys = NULL;

	SC_TRY(sc_json_read(jwks, &keys, err));
	saved = json_pack("{s:s, s:I, s:o}", "url", url, "fetched", (json_int_t)sc_clock_now(), "jwks", keys);
	SC_ENSURE(saved, err, SC_ERR_MEMORY, "out of memory for the keys of an issuer");
	SC_TRY(sc_json_write(saved, &text, err));
	return sc_file_write_path(path, sc_bytes_view(&text), SC_FILE_REPLACE, 0600, err);
}
