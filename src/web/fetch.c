/* HTTPS GET over libcurl: see fetch.h. */
#include "web/fetch.h"

#include <curl/curl.h>

#include <pthread.h>

#include "base/line_ends.h"
#include "wire/cursor.h"

#define CA_MAX (4 << 20) /* the bundle of a system has some 200 KiB */

SC_CLEANUP_POINTER(sc_curl, CURL, curl_easy_cleanup)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode ready = CURLE_FAILED_INIT;

/* curl_global_init() must come before any handle and, in older builds, from one thread at a time. */
static void start_curl(void)
{
	ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* Returning fewer bytes than were passed ends the transfer. */
static size_t take(char *data, size_t size, size_t count, void *context)
{
	struct sc_writer *body = context;

	sc_write_raw(body, sc_view_of(data, size * count));
	return body->failed ? 0 : size * count;
}

#define SET(option, value) (curl_easy_setopt(handle, option, value) == CURLE_OK)

static bool configure(CURL *handle, const char *url, const struct sc_bytes *ca, struct sc_writer *body)
{
	struct curl_blob authority = { ca->data, ca->len, CURL_BLOB_COPY };

	return SET(CURLOPT_URL, url) && SET(CURLOPT_PROTOCOLS_STR, "https") &&
	       SET(CURLOPT_CAINFO_BLOB, &authority) && SET(CURLOPT_CAPATH, NULL) &&
	       SET(CURLOPT_SSL_VERIFYPEER, 1L) && SET(CURLOPT_SSL_VERIFYHOST, 2L) &&
	       SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) && SET(CURLOPT_FOLLOWLOCATION, 0L) &&
	       SET(CURLOPT_PROXY, "") && SET(CURLOPT_NOSIGNAL, 1L) &&
	       SET(CURLOPT_TIMEOUT, (long)SC_WEB_FETCH_SECONDS) && SET(CURLOPT_WRITEFUNCTION, take) &&
	       SET(CURLOPT_WRITEDATA, body);
}

sc_status sc_web_fetch(const char *url, const char *ca, struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WEB_FETCH_MAX);
	SC_CLEANUP(sc_bytes) authority = { 0 };
	SC_CLEANUP(sc_curl) handle = NULL;
	CURLcode result;
	long status = 0;

	SC_ENSURE(pthread_once(&once, start_curl) == 0 && ready == CURLE_OK, err, SC_ERR_SYSTEM,
		  "libcurl cannot be initialised");
	SC_TRY(sc_line_ends_read_path(ca, CA_MAX, &authority, err));
	handle = curl_easy_init();
	SC_ENSURE(handle, err, SC_ERR_MEMORY, "out of memory for a request");
	SC_ENSURE(configure(handle, url, &authority, &body), err, SC_ERR_SYSTEM,
		  "this libcurl lacks a required option");
	result = curl_easy_perform(handle);
	SC_ENSURE(!body.failed, err, SC_ERR_HTTP, "%s: more than %d bytes", url, SC_WEB_FETCH_MAX);
	SC_ENSURE(result == CURLE_OK, err, SC_ERR_HTTP, "%s: %s", url, curl_easy_strerror(result));
	(void)curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
	SC_ENSURE(status == 200, err, SC_ERR_HTTP, "%s: answered %ld", url, status);
	return sc_bytes_copy(sc_writer_view(&body), out, err);
}
