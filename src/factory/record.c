/* The factory's record: see record.h. */
#include "factory/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>

#include "base/clock.h"
#include "base/os.h"

#define RECORD         "record"
#define RECORD_MAX     (64u << 20)
#define LINE_MAX_BYTES 1024

/* A full disk can leave half a line. The next line must not become its other half. */
static sc_status close_half_line(const struct sc_dir *dir, const char **separator, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) record = { 0 };

	*separator = "";
	if (!sc_file_exists(dir, RECORD))
		return SC_OK;
	SC_TRY(sc_file_read(dir, RECORD, RECORD_MAX, &record, err));
	if (record.len > 0 && record.data[record.len - 1] != '\n')
		*separator = "\n";
	return SC_OK;
}

static sc_status append(const struct sc_dir *dir, const char *line, struct sc_error *err)
{
	int fd = sc_os->openat(dir->fd, RECORD, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	size_t len = strlen(line);
	sc_status status = SC_OK;

	if (fd < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s/%s: cannot be opened", dir->path, RECORD);
	/* One write per line: a kill leaves a whole line or none. */
	errno = ENOSPC; /* what a short write means */
	if (sc_os->write(fd, line, len) != (ssize_t)len || sc_os->fsync(fd) || sc_os->fsync(dir->fd))
		status = sc_fail_errno(err, SC_ERR_SYSTEM, "%s/%s: cannot be written", dir->path, RECORD);
	(void)sc_os->close(fd);
	return status;
}

static sc_status serial_of(X509 *certificate, char *hex, size_t size, struct sc_error *err)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
	char *text = number ? BN_bn2hex(number) : NULL;

	if (text)
		snprintf(hex, size, "%s", text);
	OPENSSL_free(text);
	BN_free(number);
	return text ? SC_OK : sc_fail_crypto(err, "serial number");
}

sc_status sc_factory_record_append(const struct sc_dir *dir, X509 *certificate, const char *note,
				   struct sc_error *err)
{
	enum sc_certificate_kind kind;
	struct sc_text subject = { 0 };
	struct sc_hash key = { 0 };
	int64_t from = 0;
	int64_t until = 0;
	char line[LINE_MAX_BYTES];
	char serial[64];
	char hash[2 * SC_HASH_SIZE + 1];
	char now[SC_CLOCK_TEXT_SIZE];
	char end[SC_CLOCK_TEXT_SIZE];
	const char *separator;
	int len;

	SC_TRY(sc_certificate_kind_of(certificate, &kind, err));
	SC_TRY(sc_certificate_subject(certificate, &subject, err));
	SC_TRY(sc_certificate_key_hash(certificate, &key, err));
	SC_TRY(sc_certificate_validity(certificate, &from, &until, err));
	SC_TRY(serial_of(certificate, serial, sizeof serial, err));
	sc_hex(sc_hash_view(&key), hash);
	sc_clock_text(sc_clock_now(), now);
	sc_clock_text(until, end);
	SC_TRY(close_half_line(dir, &separator, err));
	len = snprintf(line, sizeof line, "%s%s %s %s serial=%s key=%s until=%s%s%s\n", separator, now,
		       sc_certificate_kind_name(kind), subject.s, serial, hash, end, note ? " " : "",
		       note ? note : "");
	SC_ENSURE(len > 0 && (size_t)len < sizeof line, err, SC_ERR_TOO_LARGE, "%s: the line is too long",
		  RECORD);
	return append(dir, line, err);
}

/* A line's last field. A certificate whose line ends before it was never returned. */
#define LAST_FIELD " until="

static bool contains(struct sc_view line, const char *text)
{
	return memmem(line.data, line.len, text, strlen(text)) != NULL;
}

/* The next line without its newline; false at the end. */
static bool next_line(struct sc_view *rest, struct sc_view *line)
{
	const uint8_t *end = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;
	size_t len = end ? (size_t)(end - rest->data) : rest->len;

	if (rest->len == 0)
		return false;
	*line = sc_view_of(rest->data, len);
	*rest = sc_view_of(rest->data + len + (end ? 1 : 0), rest->len - len - (end ? 1 : 0));
	return true;
}

sc_status sc_factory_record_check_esn(const struct sc_dir *dir, const char *esn, const struct sc_hash *key,
				      struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) record = { 0 };
	struct sc_view rest;
	struct sc_view line;
	char warrant[64];
	char hash[2 * SC_HASH_SIZE + 1];

	if (!sc_file_exists(dir, RECORD))
		return SC_OK;
	SC_TRY(sc_file_read(dir, RECORD, RECORD_MAX, &record, err));
	snprintf(warrant, sizeof warrant, " warrant %s serial=", esn);
	sc_hex(sc_hash_view(key), hash);
	rest = sc_bytes_view(&record);
	while (next_line(&rest, &line))
		SC_ENSURE(!contains(line, warrant) || !contains(line, LAST_FIELD) || contains(line, hash),
			  err, SC_ERR_CONFLICT, "module %s already has a warrant for another key (%s/%s)",
			  esn, dir->path, RECORD);
	return SC_OK;
}
