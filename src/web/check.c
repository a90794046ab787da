/* Strict HTTP: see check.h. Section numbers are those of RFC 9110 and RFC 9112. */
#include "web/check.h"

#include <string.h>
#include <strings.h>

#define LENGTH_DIGITS 12

/* RFC 9110 section 5.6.2. A space before the colon, which would belong to the name, is therefore refused. */
static bool is_token(struct sc_view text)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!is_letter && !(c >= '0' && c <= '9') && (c == 0 || !strchr(marks, c)))
			return false;
	}
	return text.len > 0;
}

/* RFC 9110 section 5.5: visible characters, spaces, tabs and obs-text. */
static bool is_field_value(struct sc_view text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((text.data[i] < ' ' && text.data[i] != '\t') || text.data[i] == 0x7f)
			return false;
	return true;
}

static size_t count_of(const struct sc_web_pairs *headers, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < headers->count; i++)
		count += strcasecmp((const char *)headers->item[i].name.data, name) == 0;
	return count;
}

static sc_status check_fields(const struct sc_web_pairs *headers, struct sc_error *err)
{
	static const char *const single[] = { "Host",         "Content-Length", "Transfer-Encoding",
					      "Content-Type", "Authorization",  "Content-Encoding",
					      "Expect" };

	for (size_t i = 0; i < headers->count; i++) {
		SC_ENSURE(is_token(sc_bytes_view(&headers->item[i].name)), err, SC_ERR_HTTP,
			  "a malformed header name");
		SC_ENSURE(is_field_value(sc_bytes_view(&headers->item[i].value)), err, SC_ERR_HTTP,
			  "a control character in a header");
	}
	for (size_t i = 0; i < sizeof single / sizeof single[0]; i++)
		SC_ENSURE(count_of(headers, single[i]) <= 1, err, SC_ERR_HTTP, "%s appears more than once",
			  single[i]);
	SC_ENSURE(count_of(headers, "Host") == 1, err, SC_ERR_HTTP, "Host is missing");
	return SC_OK;
}

/* RFC 9110 section 8.6: 1*DIGIT, without sign, list or space. */
static sc_status read_length(const char *text, uint64_t *out, struct sc_error *err)
{
	size_t len = strlen(text);
	uint64_t value = 0;

	SC_ENSURE(len >= 1 && len <= LENGTH_DIGITS && strspn(text, "0123456789") == len, err, SC_ERR_HTTP,
		  "a malformed Content-Length");
	for (; *text; text++)
		value = value * 10 + (uint64_t)(*text - '0');
	*out = value;
	return SC_OK;
}

/* RFC 9112 section 6.3, without its leniencies. */
static sc_status read_framing(const struct sc_web_pairs *headers, struct sc_web_framing *out,
			      struct sc_error *err)
{
	const char *coding = sc_web_pairs_find(headers, "Transfer-Encoding", true);
	const char *length = sc_web_pairs_find(headers, "Content-Length", true);
	const char *content = sc_web_pairs_find(headers, "Content-Encoding", true);
	const char *expect = sc_web_pairs_find(headers, "Expect", true);

	SC_ENSURE(!coding || !length, err, SC_ERR_HTTP, "both Transfer-Encoding and Content-Length");
	SC_ENSURE(!coding || !strcasecmp(coding, "chunked"), err, SC_ERR_HTTP,
		  "a transfer coding other than chunked");
	SC_ENSURE(!content || !strcasecmp(content, "identity"), err, SC_ERR_HTTP,
		  "Content-Encoding is not supported: send the body unencoded");
	SC_ENSURE(!expect || !strcasecmp(expect, "100-continue"), err, SC_ERR_HTTP, "an unknown expectation");
	out->is_chunked = coding != NULL;
	out->has_length = length != NULL;
	out->expects_continue = expect != NULL;
	return length ? read_length(length, &out->length, err) : SC_OK;
}

sc_status sc_web_check_head(const char *method, const char *version, const struct sc_web_pairs *headers,
			    struct sc_web_framing *out, struct sc_error *err)
{
	struct sc_web_framing framing = { 0 };

	SC_ENSURE(is_token(sc_view_text(method)), err, SC_ERR_HTTP, "a malformed method");
	SC_ENSURE(version && strcmp(version, "HTTP/1.1") == 0, err, SC_ERR_HTTP,
		  "only HTTP/1.1 is supported");
	SC_TRY(check_fields(headers, err));
	SC_TRY(read_framing(headers, &framing, err));
	*out = framing;
	return SC_OK;
}
