/* HTTPS by libcurl: see https.h. */
#include "azure/https.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/line_ends.h"
#include "base/version.h"

#define TOKEN_MAX 16384
#define CA_MAX    (4 << 20) /* the bundle of a system has some 200 KiB */

struct sc_azure_https {
	CURL *curl;
	char why[CURL_ERROR_SIZE];
};

/* The body received so far. */
struct arrival {
	struct sc_bytes body; /* `len` is its capacity */
	size_t used;
	bool is_too_large;
};

SC_CLEANUP_POINTER(curl_list, struct curl_slist, curl_slist_free_all)

static void arrival_free(struct arrival *arrival)
{
	sc_bytes_free(&arrival->body);
}
SC_CLEANUP_VALUE(arrival, arrival_free)

void sc_azure_https_answer_free(struct sc_azure_https_answer *answer)
{
	sc_bytes_free(&answer->body);
	answer->status = 0;
}

bool sc_azure_token_is_safe(const char *token)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
	size_t len = strlen(token);

	return len > 0 && len <= TOKEN_MAX && strspn(token, allowed) == len;
}

/* Makes room for `more` bytes. Grows by copying, so that every buffer that held a token is wiped. */
static sc_status make_room(struct arrival *arrival, size_t more)
{
	struct sc_bytes larger = { 0 };
	size_t len = arrival->body.len ? arrival->body.len : 4096;

	if (arrival->used + more <= arrival->body.len)
		return SC_OK;
	while (len < arrival->used + more)
		len *= 2;
	SC_TRY(sc_bytes_new(len, &larger, NULL));
	if (arrival->used)
		memcpy(larger.data, arrival->body.data, arrival->used);
	sc_bytes_free(&arrival->body);
	arrival->body = larger;
	return SC_OK;
}

/* libcurl's callback. Returning fewer bytes than it was given ends the transfer. */
static size_t take(char *data, size_t size, size_t count, void *context)
{
	struct arrival *arrival = context;
	size_t len = size * count;

	if (len > SC_AZURE_HTTPS_ANSWER_MAX - arrival->used) {
		arrival->is_too_large = true;
		return 0;
	}
	if (make_room(arrival, len) != SC_OK)
		return 0;
	if (len)
		memcpy(arrival->body.data + arrival->used, data, len);
	arrival->used += len;
	return len;
}

/* Sets the options that all requests share. */
static CURLcode set_common(struct sc_azure_https *https, const struct sc_bytes *ca)
{
	struct curl_blob authorities = { .flags = CURL_BLOB_COPY };
	CURL *curl = https->curl;
	CURLcode code = CURLE_OK;

#define SET(option, value)                                                                                   \
	if (code == CURLE_OK)                                                                                \
	code = curl_easy_setopt(curl, option, value)
	SET(CURLOPT_ERRORBUFFER, https->why);
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_TIMEOUT, (long)SC_AZURE_HTTPS_TIMEOUT);
	SET(CURLOPT_CONNECTTIMEOUT, 10L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_USERAGENT, "safeconduct/" SC_VERSION);
	SET(CURLOPT_WRITEFUNCTION, take);
	if (ca) {
		authorities.data = ca->data;
		authorities.len = ca->len;
		SET(CURLOPT_CAINFO_BLOB, &authorities);
		SET(CURLOPT_CAPATH, NULL);
	}
#undef SET
	return code;
}

sc_status sc_azure_https_open(const char *ca_file, struct sc_azure_https **out, struct sc_error *err)
{
	SC_CLEANUP(sc_azure_https) https = calloc(1, sizeof *https);
	SC_CLEANUP(sc_bytes) ca = { 0 };

	SC_TRY(sc_check_allocated(https, err));
	if (ca_file)
		SC_TRY(sc_line_ends_read_path(ca_file, CA_MAX, &ca, err));
	SC_ENSURE(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, err, SC_ERR_SYSTEM,
		  "libcurl cannot be initialised");
	https->curl = curl_easy_init();
	SC_TRY(sc_check_allocated(https->curl, err));
	SC_ENSURE(set_common(https, ca_file ? &ca : NULL) == CURLE_OK, err, SC_ERR_SYSTEM,
		  "this libcurl lacks an option that secure connections need");
	*out = sc_steal(https);
	return SC_OK;
}

void sc_azure_https_free(struct sc_azure_https *https)
{
	if (!https)
		return;
	curl_easy_cleanup(https->curl);
	free(https);
}

static sc_status make_headers(const struct sc_azure_https_request *request, struct curl_slist **out,
			      struct sc_error *err)
{
	SC_CLEANUP(curl_list) list = NULL;
	char type[128];
	const char *lines[] = { "Accept: application/json", "Expect:", NULL };
	struct curl_slist *longer;

	if (request->content_type) {
		snprintf(type, sizeof type, "Content-Type: %s", request->content_type);
		lines[2] = type;
	}
	for (size_t i = 0; i < 3 && lines[i]; i++) {
		longer = curl_slist_append(list, lines[i]);
		SC_TRY(sc_check_allocated(longer, err));
		list = longer;
	}
	*out = sc_steal(list);
	return SC_OK;
}

static CURLcode set_request(CURL *curl, const struct sc_azure_https_request *request,
			    struct curl_slist *headers, struct arrival *arrival)
{
	CURLcode code = CURLE_OK;
	bool has_body = request->content_type != NULL;

#define SET(option, value)                                                                                   \
	if (code == CURLE_OK)                                                                                \
	code = curl_easy_setopt(curl, option, value)
	SET(CURLOPT_URL, request->url);
	SET(CURLOPT_HTTPHEADER, headers);
	SET(CURLOPT_WRITEDATA, arrival);
	if (has_body) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
		SET(CURLOPT_POSTFIELDS, request->body.len ? (const char *)request->body.data : "");
	} else {
		SET(CURLOPT_HTTPGET, 1L);
	}
	SET(CURLOPT_CUSTOMREQUEST, request->method);
	SET(CURLOPT_HTTPAUTH, request->token ? CURLAUTH_BEARER : CURLAUTH_NONE);
	SET(CURLOPT_XOAUTH2_BEARER, request->token);
#undef SET
	return code;
}

static sc_status explain(const struct sc_azure_https *https, CURLcode code, const struct arrival *arrival,
			 const char *url, struct sc_error *err)
{
	const char *host = url + strlen("https://");
	int len = (int)strcspn(host, "/?#");

	SC_ENSURE(!arrival->is_too_large, err, SC_ERR_TOO_LARGE, "%.*s: the answer is larger than %d bytes",
		  len, host, SC_AZURE_HTTPS_ANSWER_MAX);
	SC_ENSURE(code != CURLE_OPERATION_TIMEDOUT, err, SC_ERR_TIMEOUT, "%.*s: no answer came in time", len,
		  host);
	return sc_fail(err, SC_ERR_UNAVAILABLE, "%.*s: %s", len, host,
		       https->why[0] ? https->why : curl_easy_strerror(code));
}

sc_status sc_azure_https_send(struct sc_azure_https *https, const struct sc_azure_https_request *request,
			      struct sc_azure_https_answer *out, struct sc_error *err)
{
	SC_CLEANUP(curl_list) headers = NULL;
	SC_CLEANUP(arrival) arrival = { 0 };
	CURLcode code;
	long status = 0;

	SC_ENSURE(strncmp(request->url, "https://", strlen("https://")) == 0, err, SC_ERR_ARGUMENT,
		  "%s: not an https:// address", request->url);
	SC_TRY(make_headers(request, &headers, err));
	https->why[0] = '\0';
	code = set_request(https->curl, request, headers, &arrival);
	if (code == CURLE_OK)
		code = curl_easy_perform(https->curl);
	/* The handle is reused: nothing of this request may remain in it. */
	(void)curl_easy_setopt(https->curl, CURLOPT_POSTFIELDS, NULL);
	(void)curl_easy_setopt(https->curl, CURLOPT_HTTPHEADER, NULL);
	(void)curl_easy_setopt(https->curl, CURLOPT_XOAUTH2_BEARER, NULL);
	if (code != CURLE_OK)
		return explain(https, code, &arrival, request->url, err);
	SC_ENSURE(curl_easy_getinfo(https->curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK, err,
		  SC_ERR_HTTP, "%s: the answer has no HTTP status", request->url);
	out->status = status;
	out->body = sc_steal(arrival.body);
	out->body.len = arrival.used;
	return SC_OK;
}
