/* The unlock key: see unlock.h. */
#include "hsmd/os/unlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/descriptors.h"
#include "base/os.h"
#include "hsmd/core/module.h"

#define HEX_SIZE (2 * SC_UNLOCK_KEY_SIZE)
#define READ_MAX (HEX_SIZE + 2) /* a newline, and one more byte to detect "too long" */

bool sc_hsmd_unlock_is_given(const struct sc_hsmd_unlock_source *source)
{
	return source->file || source->fd;
}

/* Reads to the end, or until the buffer is full. */
static sc_status read_all(int fd, const char *name, struct sc_secret *text, size_t *len, struct sc_error *err)
{
	*len = 0;
	while (*len < text->len) {
		ssize_t got = sc_os->read(fd, text->data + *len, text->len - *len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot read", name);
		if (got == 0)
			break;
		*len += (size_t)got;
	}
	return SC_OK;
}

/* True for 32 characters that are all hexadecimal digits: half of a truncated key, never a random one. */
static bool is_half_a_key(struct sc_secret *text)
{
	uint8_t half[SC_UNLOCK_KEY_SIZE / 2];
	bool is_hex;

	text->data[SC_UNLOCK_KEY_SIZE] = '\0';
	is_hex = sc_hex_read((const char *)text->data, half, sizeof half);
	OPENSSL_cleanse(half, sizeof half);
	return is_hex;
}

/* `text` has READ_MAX bytes, `len` of which were read. */
static sc_status decode(struct sc_secret *text, size_t len, const char *name, struct sc_secret *key,
			struct sc_error *err)
{
	SC_ENSURE(len <= HEX_SIZE || text->data[HEX_SIZE] != '\r', err, SC_ERR_FORMAT,
		  "%s: the unlock key ends in a carriage return: save it with LF line ends, not CR LF", name);
	if (len == HEX_SIZE + 1 && text->data[HEX_SIZE] == '\n')
		len = HEX_SIZE;
	if (len == HEX_SIZE) {
		text->data[HEX_SIZE] = '\0';
		SC_ENSURE(sc_hex_read((const char *)text->data, key->data, key->len), err, SC_ERR_FORMAT,
			  "%s: is not %d hexadecimal digits", name, HEX_SIZE);
		return SC_OK;
	}
	SC_ENSURE(len == SC_UNLOCK_KEY_SIZE && !is_half_a_key(text), err, SC_ERR_FORMAT,
		  "%s: not an unlock key: it must be %d bytes or %d hexadecimal digits", name,
		  SC_UNLOCK_KEY_SIZE, HEX_SIZE);
	memcpy(key->data, text->data, SC_UNLOCK_KEY_SIZE);
	return SC_OK;
}

static sc_status read_key(int fd, const char *name, struct sc_secret *out, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) text = { 0 };
	SC_CLEANUP(sc_secret) key = { 0 };
	size_t len = 0;

	SC_TRY(sc_secret_new(READ_MAX, &text, err));
	SC_TRY(sc_secret_new(SC_UNLOCK_KEY_SIZE, &key, err));
	SC_TRY(read_all(fd, name, &text, &len, err));
	SC_TRY(decode(&text, len, name, &key, err));
	*out = sc_steal(key);
	return SC_OK;
}

/* Checks the descriptor, not the path, so that nobody can swap the file in between. */
static sc_status check_file(int fd, const char *name, struct sc_error *err)
{
	struct stat status;

	if (sc_os->fstat(fd, &status))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot stat", name);
	SC_ENSURE(S_ISREG(status.st_mode), err, SC_ERR_ARGUMENT,
		  "%s: is not a regular file (for anything else, use --unlock-key-fd)", name);
	SC_ENSURE(!(status.st_mode & 077), err, SC_ERR_ARGUMENT,
		  "%s: is accessible to other users (chmod 600 it)", name);
	SC_ENSURE(status.st_uid == geteuid() || status.st_uid == 0, err, SC_ERR_ARGUMENT,
		  "%s: belongs to user id %u: must belong to hsmd's user or root", name, status.st_uid);
	return SC_OK;
}

static sc_status read_file(int directory, const char *file, int flags, const char *name,
			   struct sc_secret *out, struct sc_error *err)
{
	int fd = sc_os->openat(directory, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags, 0);
	sc_status status;

	if (fd < 0)
		return sc_fail_errno(err, errno == ENOENT ? SC_ERR_NOT_FOUND : SC_ERR_SYSTEM,
				     "%s: cannot open", name);
	status = check_file(fd, name, err);
	if (status == SC_OK)
		status = read_key(fd, name, out, err);
	(void)sc_os->close(fd);
	return status;
}

sc_status sc_hsmd_unlock_check_given(const struct sc_hsmd_unlock_source *source, struct sc_error *err)
{
	int fd;

	if (!source->fd)
		return SC_OK;
	return sc_fd_given_read(source->fd, "--unlock-key-fd", &fd, err);
}

static sc_status read_descriptor(const char *text, struct sc_secret *out, struct sc_error *err)
{
	char name[64];
	int fd;
	sc_status status;

	SC_TRY(sc_fd_given_read(text, "--unlock-key-fd", &fd, err));
	snprintf(name, sizeof name, "unlock key from descriptor %d", fd);
	status = read_key(fd, name, out, err);
	sc_fd_close_given(fd);
	return status;
}

sc_status sc_hsmd_unlock_read(const struct sc_hsmd_unlock_source *source, const struct sc_dir *state,
			      struct sc_secret *out, struct sc_error *err)
{
	char name[PATH_MAX];

	SC_ENSURE(!source->file || !source->fd, err, SC_ERR_ARGUMENT,
		  "--unlock-key-file and --unlock-key-fd: give only one");
	if (source->fd)
		return read_descriptor(source->fd, out, err);
	if (source->file)
		return read_file(AT_FDCWD, source->file, 0, source->file, out, err);
	snprintf(name, sizeof name, "%s/%s", state->path, SC_HSMD_UNLOCK_FILE);
	return read_file(state->fd, SC_HSMD_UNLOCK_FILE, O_NOFOLLOW, name, out, err);
}

static sc_status make(const struct sc_dir *state, struct sc_secret *out, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) key = { 0 };

	SC_TRY(sc_secret_random(SC_UNLOCK_KEY_SIZE, &key, err));
	SC_TRY(sc_file_write(state, SC_HSMD_UNLOCK_FILE, sc_secret_view(&key), SC_FILE_NEW, 0600, err));
	*out = sc_steal(key);
	return SC_OK;
}

sc_status sc_hsmd_unlock_read_or_make(const struct sc_hsmd_unlock_source *source, const struct sc_dir *state,
				      struct sc_secret *out, struct sc_error *err)
{
	if (sc_hsmd_unlock_is_given(source) || sc_file_exists(state, SC_HSMD_UNLOCK_FILE))
		return sc_hsmd_unlock_read(source, state, out, err);
	return make(state, out, err);
}
