/* Files in a directory, written completely or not at all: see file.h. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "base/os.h"
#include "base/visible.h"

#define NAME_MAX_BYTES 200
#define RANDOM_SUFFIX  8

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE (1u << 0)
#endif

/* A descriptor that is closed when its block ends. */
struct sc_fd {
	int fd;
};

static void close_fd(struct sc_fd *fd)
{
	if (fd->fd >= 0)
		(void)sc_os->close(fd->fd);
	fd->fd = -1;
}
SC_CLEANUP_VALUE(sc_fd, close_fd)

void sc_dir_close(struct sc_dir *dir)
{
	if (dir->fd >= 0)
		(void)sc_os->close(dir->fd);
	free(dir->path);
	*dir = (struct sc_dir)SC_DIR_NONE;
}

sc_status sc_dir_open(const char *path, struct sc_dir *out, struct sc_error *err)
{
	char *copy;
	int fd = sc_os->openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (fd < 0)
		return sc_fail_errno(err, errno == ENOENT ? SC_ERR_NOT_FOUND : SC_ERR_SYSTEM,
				     "%s: cannot open the directory", sc_shown(path).s);
	copy = strdup(path);
	if (!copy) {
		(void)sc_os->close(fd);
		return sc_fail_plain(err, SC_ERR_MEMORY);
	}
	*out = (struct sc_dir){ fd, copy };
	return SC_OK;
}

static sc_status sync_directory(const struct sc_dir *dir, struct sc_error *err)
{
	if (sc_os->fsync(dir->fd))
		return sc_fail_errno(err, SC_ERR_NOT_DURABLE, "%s: cannot be made durable", dir->path);
	return SC_OK;
}

/* Copies the directory part of a path into `parent` (PATH_MAX bytes) and returns the last component. */
static const char *split_path(const char *path, char *parent)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		strcpy(parent, ".");
	else if (slash == path)
		strcpy(parent, "/");
	else
		snprintf(parent, PATH_MAX, "%.*s", (int)(slash - path), path);
	return slash ? slash + 1 : path;
}

static sc_status sync_above(const char *path, struct sc_error *err)
{
	SC_CLEANUP(sc_dir) above = SC_DIR_NONE;
	char parent[PATH_MAX];

	split_path(path, parent);
	SC_TRY(sc_dir_open(parent, &above, err));
	return sync_directory(&above, err);
}

/* Durably creates one directory (P2): its name is stored in its parent, so the parent is synced. */
static sc_status make_directory(const char *path, struct sc_error *err)
{
	sc_status status;

	if (sc_os->mkdirat(AT_FDCWD, path, 0700)) {
		if (errno == EEXIST)
			return SC_OK;
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot create the directory", path);
	}
	status = sync_above(path, err);
	/* Otherwise the next attempt would find it and assume that it is durable. */
	if (status != SC_OK)
		(void)sc_os->unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
	return status;
}

sc_status sc_dir_make(const char *path, struct sc_dir *out, struct sc_error *err)
{
	char partial[PATH_MAX];
	size_t len = strlen(path);

	SC_ENSURE(len > 0 && len < sizeof partial, err, SC_ERR_ARGUMENT, "%s: not a usable path", path);
	for (size_t i = 1; i <= len; i++) {
		if ((path[i] != '/' && path[i] != '\0') || path[i - 1] == '/')
			continue;
		memcpy(partial, path, i);
		partial[i] = '\0';
		SC_TRY(make_directory(partial, err));
	}
	return sc_dir_open(path, out, err);
}

bool sc_file_name_is_safe(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > NAME_MAX_BYTES || name[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] == '/' || (unsigned char)name[i] < ' ' || name[i] == 0x7f)
			return false;
	return true;
}

static sc_status read_descriptor(int fd, const char *path, size_t max, struct sc_bytes *out,
				 struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) content = { 0 };
	struct stat status;
	size_t used = 0;

	if (sc_os->fstat(fd, &status))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be examined", path);
	SC_ENSURE(S_ISREG(status.st_mode), err, SC_ERR_ARGUMENT, "%s: is not a regular file", path);
	SC_ENSURE((uint64_t)status.st_size <= max, err, SC_ERR_TOO_LARGE, "%s: is larger than %zu bytes",
		  path, max);
	SC_TRY(sc_bytes_new((size_t)status.st_size, &content, err));
	while (used < content.len) {
		ssize_t got = sc_os->read(fd, content.data + used, content.len - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be read", path);
		SC_ENSURE(got > 0, err, SC_ERR_SYSTEM, "%s: became shorter while being read", path);
		used += (size_t)got;
	}
	*out = sc_steal(content);
	return SC_OK;
}

static sc_status open_and_read(int directory, const char *name, int flags, const char *path, size_t max,
			       struct sc_bytes *out, struct sc_error *err)
{
	/* O_NONBLOCK: a FIFO in place of the file must not block the program. */
	SC_CLEANUP(sc_fd) fd = { sc_os->openat(directory, name,
					       O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags, 0) };

	if (fd.fd < 0)
		return sc_fail_errno(err, errno == ENOENT ? SC_ERR_NOT_FOUND : SC_ERR_SYSTEM,
				     "%s: cannot be opened", sc_shown(path).s);
	return read_descriptor(fd.fd, path, max, out, err);
}

/* "directory/name" for messages. */
static const char *join(const struct sc_dir *dir, const char *name, char path[PATH_MAX])
{
	int len = snprintf(path, PATH_MAX, "%s/%s", dir->path, name);

	return len > 0 && len < PATH_MAX ? path : name;
}

sc_status sc_file_read(const struct sc_dir *dir, const char *name, size_t max, struct sc_bytes *out,
		       struct sc_error *err)
{
	char path[PATH_MAX];

	SC_ENSURE(sc_file_name_is_safe(name), err, SC_ERR_ARGUMENT, "%s: not a safe file name", name);
	return open_and_read(dir->fd, name, O_NOFOLLOW, join(dir, name, path), max, out, err);
}

sc_status sc_file_read_path(const char *path, size_t max, struct sc_bytes *out, struct sc_error *err)
{
	return open_and_read(AT_FDCWD, path, 0, path, max, out, err);
}

static sc_status write_and_sync(int fd, struct sc_view content, const char *path, struct sc_error *err)
{
	size_t used = 0;

	while (used < content.len) {
		ssize_t put = sc_os->write(fd, content.data + used, content.len - used);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be written", path);
		used += (size_t)put;
	}
	if (sc_os->fsync(fd))
		return sc_fail_errno(err, SC_ERR_NOT_DURABLE, "%s: cannot be made durable", path);
	return SC_OK;
}

/* A name that nothing else is using. It begins with a dot, so no reader mistakes it for content. */
static sc_status temporary_name(const char *name, char *out, size_t size, struct sc_error *err)
{
	uint8_t suffix[RANDOM_SUFFIX];
	char hex[2 * RANDOM_SUFFIX + 1];
	int len;

	SC_TRY(sc_random(suffix, sizeof suffix, err));
	sc_hex(sc_view_of(suffix, sizeof suffix), hex);
	len = snprintf(out, size, ".%s.%s", name, hex);
	SC_ENSURE(len > 0 && (size_t)len < size, err, SC_ERR_ARGUMENT, "%s: the name is too long", name);
	return SC_OK;
}

static sc_status write_temporary(const struct sc_dir *dir, const char *temporary, struct sc_view content,
				 mode_t bits, const char *path, struct sc_error *err)
{
	SC_CLEANUP(sc_fd) fd = { -1 };
	int closed;

	fd.fd = sc_os->openat(dir->fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, bits);
	if (fd.fd < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be created", path);
	SC_TRY(write_and_sync(fd.fd, content, path, err));
	/* Some file systems report a lost write only here. */
	closed = sc_os->close(fd.fd);
	fd.fd = -1;
	if (closed)
		return sc_fail_errno(err, SC_ERR_NOT_DURABLE, "%s: cannot be made durable", path);
	return SC_OK;
}

static sc_status refuse_to_replace(const char *path, struct sc_error *err)
{
	return sc_fail(err, SC_ERR_EXISTS, "%s: already exists and is not overwritten", path);
}

static sc_status fail_in_place(const char *path, struct sc_error *err)
{
	if (errno == EEXIST)
		return refuse_to_replace(path, err);
	return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be put in place", path);
}

static sc_status replace(const struct sc_dir *dir, const char *temporary, const char *name, const char *path,
			 struct sc_error *err)
{
	return sc_os->renameat2(dir->fd, temporary, dir->fd, name, 0) ? fail_in_place(path, err) : SC_OK;
}

/*
 * The last resort: takes the name with an empty file, which nobody else can then do, and replaces that. A
 * crash between the two leaves the empty file, which every reader refuses.
 */
static sc_status reserve_and_replace(const struct sc_dir *dir, const char *temporary, const char *name,
				     mode_t bits, const char *path, struct sc_error *err)
{
	int fd = sc_os->openat(dir->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, bits);
	sc_status status;

	if (fd < 0)
		return fail_in_place(path, err);
	/* Not every file system that needs this replaces an open file. */
	(void)sc_os->close(fd);
	status = replace(dir, temporary, name, path, err);
	if (status != SC_OK)
		(void)sc_os->unlinkat(dir->fd, name, 0);
	return status;
}

bool sc_file_call_is_missing(int error)
{
	return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP || error == EPERM || error == EMLINK;
}

/*
 * Gives the file its name unless the name is taken. A file system without exclusive rename (many FUSE
 * drivers, network shares) may have links, which are exclusive too.
 */
static sc_status put_new_in_place(const struct sc_dir *dir, const char *temporary, const char *name,
				  mode_t bits, const char *path, struct sc_error *err)
{
	if (sc_os->renameat2(dir->fd, temporary, dir->fd, name, RENAME_NOREPLACE) == 0)
		return SC_OK;
	if (!sc_file_call_is_missing(errno))
		return fail_in_place(path, err);
	if (sc_os->linkat(dir->fd, temporary, dir->fd, name, 0)) {
		if (!sc_file_call_is_missing(errno))
			return fail_in_place(path, err);
		return reserve_and_replace(dir, temporary, name, bits, path, err);
	}
	if (sc_os->unlinkat(dir->fd, temporary, 0) == 0)
		return SC_OK;
	(void)sc_os->unlinkat(dir->fd, name, 0);
	return fail_in_place(path, err);
}

sc_status sc_file_stage(const struct sc_dir *dir, const char *name, struct sc_view content, mode_t bits,
			struct sc_file_staged *out, struct sc_error *err)
{
	struct sc_file_staged staged = { dir, name, bits, "" };
	char path[PATH_MAX];
	sc_status status;

	SC_ENSURE(sc_file_name_is_safe(name), err, SC_ERR_ARGUMENT, "%s: not a safe file name", name);
	join(dir, name, path);
	SC_TRY(temporary_name(name, staged.temporary, sizeof staged.temporary, err));
	status = write_temporary(dir, staged.temporary, content, bits, path, err);
	if (status != SC_OK) {
		sc_file_staged_end(&staged);
		return status;
	}
	*out = staged;
	return SC_OK;
}

void sc_file_staged_end(struct sc_file_staged *staged)
{
	if (staged->temporary[0])
		(void)sc_os->unlinkat(staged->dir->fd, staged->temporary, 0);
	staged->temporary[0] = '\0';
}

sc_status sc_file_staged_replace(struct sc_file_staged *staged, struct sc_error *err)
{
	char path[PATH_MAX];

	join(staged->dir, staged->name, path);
	SC_TRY(replace(staged->dir, staged->temporary, staged->name, path, err));
	staged->temporary[0] = '\0';
	return sync_directory(staged->dir, err);
}

static sc_status staged_put_new(struct sc_file_staged *staged, struct sc_error *err)
{
	char path[PATH_MAX];
	sc_status status;

	join(staged->dir, staged->name, path);
	SC_TRY(put_new_in_place(staged->dir, staged->temporary, staged->name, staged->bits, path, err));
	staged->temporary[0] = '\0';
	status = sync_directory(staged->dir, err);
	if (status != SC_OK)
		(void)sc_os->unlinkat(staged->dir->fd, staged->name, 0);
	return status;
}

sc_status sc_file_write(const struct sc_dir *dir, const char *name, struct sc_view content,
			enum sc_file_mode mode, mode_t bits, struct sc_error *err)
{
	SC_CLEANUP(sc_file_staged) staged = { 0 };
	char path[PATH_MAX];

	if (mode == SC_FILE_NEW && sc_file_exists(dir, name)) {
		join(dir, name, path);
		return refuse_to_replace(path, err);
	}
	SC_TRY(sc_file_stage(dir, name, content, bits, &staged, err));
	return mode == SC_FILE_NEW ? staged_put_new(&staged, err) : sc_file_staged_replace(&staged, err);
}

sc_status sc_file_write_path(const char *path, struct sc_view content, enum sc_file_mode mode, mode_t bits,
			     struct sc_error *err)
{
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;
	char directory[PATH_MAX];
	const char *name;

	SC_ENSURE(strlen(path) < sizeof directory, err, SC_ERR_ARGUMENT, "%s: the path is too long", path);
	name = split_path(path, directory);
	SC_ENSURE(sc_file_name_is_safe(name), err, SC_ERR_ARGUMENT, "%s: does not end in a safe file name",
		  sc_shown(path).s);
	SC_TRY(sc_dir_open(directory, &dir, err));
	return sc_file_write(&dir, name, content, mode, bits, err);
}

bool sc_file_exists(const struct sc_dir *dir, const char *name)
{
	SC_CLEANUP(sc_fd) fd = { -1 };

	if (sc_file_name_is_safe(name))
		fd.fd = sc_os->openat(dir->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	return fd.fd >= 0;
}

sc_status sc_file_remove(const struct sc_dir *dir, const char *name, struct sc_error *err)
{
	SC_ENSURE(sc_file_name_is_safe(name), err, SC_ERR_ARGUMENT, "%s: not a safe file name", name);
	if (sc_os->unlinkat(dir->fd, name, 0))
		return sc_fail_errno(err, errno == ENOENT ? SC_ERR_NOT_FOUND : SC_ERR_SYSTEM,
				     "%s/%s: cannot be removed", dir->path, name);
	return sync_directory(dir, err);
}

sc_status sc_file_lock(const struct sc_dir *dir, const char *name, int *out, struct sc_error *err)
{
	SC_CLEANUP(sc_fd) fd = { -1 };

	SC_ENSURE(sc_file_name_is_safe(name), err, SC_ERR_ARGUMENT, "%s: not a safe file name", name);
	fd.fd = sc_os->openat(dir->fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd.fd < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s/%s: cannot be opened", dir->path, name);
	if (sc_os->flock(fd.fd, LOCK_EX | LOCK_NB)) {
		if (errno == EWOULDBLOCK)
			return sc_fail(err, SC_ERR_LOCKED, "%s: in use by another process", dir->path);
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s/%s: cannot be locked", dir->path, name);
	}
	*out = fd.fd;
	fd.fd = -1;
	return SC_OK;
}
