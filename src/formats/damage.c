/* What became of a file on its way: see damage.h. */
#include "formats/damage.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "formats/describe.h"

#define SEQUENCE        0x30
#define LENGTH_IS_LONG  0x80
#define LENGTH_BYTES    4    /* longer lengths are no file of ours */
#define BASE64_SEQUENCE "MI" /* what base64 makes of the head of a long SEQUENCE */

static bool begins_with(struct sc_view content, const char *bytes, size_t len)
{
	return content.len >= len && memcmp(content.data, bytes, len) == 0;
}

static bool begins_with_text(struct sc_view content, const char *text)
{
	return begins_with(content, text, strlen(text));
}

static struct sc_view skip(struct sc_view content, size_t len)
{
	return sc_view_of(content.data + len, content.len - len);
}

/* Without byte order mark and spaces in front. */
static struct sc_view text_of(struct sc_view content)
{
	if (begins_with_text(content, "\xef\xbb\xbf"))
		content = skip(content, 3);
	while (content.len > 0 && isspace(content.data[0]))
		content = skip(content, 1);
	return content;
}

/* The length that the outermost SEQUENCE says the file has; 0 if it does not begin like one. */
static uint64_t stated_length(struct sc_view content)
{
	size_t bytes;
	uint64_t len = 0;

	if (content.len < 2 || content.data[0] != SEQUENCE)
		return 0;
	if (content.data[1] < LENGTH_IS_LONG)
		return 2u + content.data[1];
	bytes = content.data[1] & 0x7fu;
	if (bytes == 0 || bytes > LENGTH_BYTES || content.len < 2 + bytes)
		return 0;
	for (size_t i = 0; i < bytes; i++)
		len = len << 8 | content.data[2 + i];
	return 2 + bytes + len;
}

/*
 * How long the file was before a transfer in text mode put a CR in front of each LF, and perhaps at the end.
 * 0 if there is an LF without a CR, so that there was no such transfer.
 */
static uint64_t length_before_text_mode(struct sc_view content)
{
	uint64_t len = content.len;

	for (size_t i = 0; i < content.len; i++) {
		if (content.data[i] != '\n')
			continue;
		if (i == 0 || content.data[i - 1] != '\r')
			return 0;
		len--;
	}
	return len - (content.data[content.len - 1] == '\r');
}

static bool is_base64(struct sc_view text)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_= \t\r\n";

	for (size_t i = 0; i < text.len; i++)
		if (!text.data[i] || !strchr(alphabet, text.data[i]))
			return false;
	return begins_with_text(text, BASE64_SEQUENCE);
}

/* "-----BEGIN PUBLIC KEY-----": the words between. False if the text is not PEM. */
static bool describe_pem(struct sc_view text, char out[SC_DAMAGE_SIZE])
{
	static const char begin[] = "-----BEGIN ";
	const char *words = (const char *)text.data + sizeof begin - 1;
	const char *end;

	if (!begins_with_text(text, begin))
		return false;
	end = memmem(words, text.len - (sizeof begin - 1), "-----", 5);
	snprintf(out, SC_DAMAGE_SIZE, "PEM text (%.*s)", end && end - words < 64 ? (int)(end - words) : 0,
		 words);
	return true;
}

static const char *name_of_text(struct sc_view text)
{
	if (begins_with_text(text, "{") || begins_with_text(text, "["))
		return "JSON, as the newer method of transfer (CKM_RSA_AES_KEY_WRAP) writes it, which is not "
		       "supported here";
	if (begins_with_text(text, "<"))
		return "HTML or XML, such as a web server's error page";
	if (is_base64(text))
		return "base64 text: decode it first (base64 -d)";
	return NULL;
}

static const char *name_of_binary(struct sc_view content)
{
	if (begins_with(content, "PK\x03\x04", 4))
		return "a zip archive: unpack it first";
	if (begins_with(content, "\x1f\x8b", 2))
		return "a gzip archive: unpack it first";
	if (begins_with(content, "\xff\xfe", 2) || begins_with(content, "\xfe\xff", 2))
		return "UTF-16 text";
	return NULL;
}

/* The first line that sc_describe() prints. False if the file is of no known kind. */
static bool describe_kind(struct sc_view content, char out[SC_DAMAGE_SIZE])
{
	char *text = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);
	sc_status status;

	if (!stream)
		return false;
	status = sc_describe(content, stream, NULL);
	if (fclose(stream) == 0 && status == SC_OK)
		snprintf(out, SC_DAMAGE_SIZE, "another kind of file: %.*s", (int)strcspn(text, "\n"), text);
	free(text);
	return status == SC_OK;
}

static void describe_der(struct sc_view content, uint64_t stated, char out[SC_DAMAGE_SIZE])
{
	if (stated > content.len)
		snprintf(out, SC_DAMAGE_SIZE, "cut short: %zu of %llu bytes", content.len,
			 (unsigned long long)stated);
	else if (stated < content.len && length_before_text_mode(content) == stated)
		snprintf(
		    out, SC_DAMAGE_SIZE,
		    "altered by a transfer in text mode, which changes line ends: send it in binary mode");
	else if (stated < content.len)
		snprintf(out, SC_DAMAGE_SIZE, "%llu more bytes after its end",
			 (unsigned long long)(content.len - stated));
	else if (!describe_kind(content, out))
		snprintf(out, SC_DAMAGE_SIZE, "altered or damaged");
}

void sc_damage_describe(struct sc_view content, char out[SC_DAMAGE_SIZE])
{
	uint64_t stated = stated_length(content);
	struct sc_view text = text_of(content);
	const char *name = name_of_binary(content);

	if (!name)
		name = content.len == 0 ? "an empty file" : name_of_text(text);
	if (stated)
		describe_der(content, stated, out);
	else if (name)
		snprintf(out, SC_DAMAGE_SIZE, "%s", name);
	else if (!describe_pem(text, out))
		snprintf(out, SC_DAMAGE_SIZE, "something else, or cut at its beginning");
}

sc_status sc_damage_refuse(struct sc_view content, const char *path, const char *kind, sc_status status,
			   struct sc_error *err)
{
	char damage[SC_DAMAGE_SIZE];
	struct sc_error decoder = { 0 };
	bool has_reason = err && err->status == status;

	if (has_reason)
		decoder = *err;
	sc_damage_describe(content, damage);
	return sc_fail(err, status, "%s%snot a %s: %s%s%s", path ? path : "", path ? ": " : "", kind, damage,
		       has_reason ? ": " : "", decoder.message);
}
