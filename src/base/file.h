/*
 * Files in a directory (rule P3): a name is one path component, no link is followed, directories are created
 * with mode 0700. A file is written completely or not at all: write under a temporary name, fsync, rename,
 * fsync the directory. A failed fsync is an error and is never retried into success (rule P2).
 */
#ifndef SC_BASE_FILE_H
#define SC_BASE_FILE_H

#include <limits.h>
#include <sys/types.h>

#include "base/bytes.h"

/* An open directory: the descriptor, and the path used in messages. Initialise with SC_DIR_NONE. */
struct sc_dir {
	int fd;
	char *path;
};
#define SC_DIR_NONE { .fd = -1 }

void sc_dir_close(struct sc_dir *dir);
SC_CLEANUP_VALUE(sc_dir, sc_dir_close)

/* Opens an existing directory whose path comes from the user or the configuration. SC_ERR_NOT_FOUND. */
sc_status sc_dir_open(const char *path, struct sc_dir *out, struct sc_error *err) SC_WARN_UNUSED;

/* The same, but durably creates the directory and its parents (mode 0700) if they do not exist. */
sc_status sc_dir_make(const char *path, struct sc_dir *out, struct sc_error *err) SC_WARN_UNUSED;

/* True for a single path component of 1 to 200 bytes without '/', a leading '.' or control characters. */
bool sc_file_name_is_safe(const char *name);

/*
 * Reads a regular file of at most `max` bytes. SC_ERR_NOT_FOUND, SC_ERR_TOO_LARGE, SC_ERR_ARGUMENT (not a
 * regular file, or not a safe name), SC_ERR_SYSTEM.
 */
sc_status sc_file_read(const struct sc_dir *dir, const char *name, size_t max, struct sc_bytes *out,
		       struct sc_error *err) SC_WARN_UNUSED;

/* The same for a path that the user typed. Links are followed: they are the user's. "-" is not special. */
sc_status sc_file_read_path(const char *path, size_t max, struct sc_bytes *out,
			    struct sc_error *err) SC_WARN_UNUSED;

/* What to do if a file of that name already exists. */
enum sc_file_mode {
	SC_FILE_NEW,     /* refuse: SC_ERR_EXISTS */
	SC_FILE_REPLACE, /* replace it atomically */
};

/*
 * On SC_OK the file is complete and durable. On failure an existing file is unchanged, and a new one absent.
 * The one exception: if SC_FILE_REPLACE fails when it syncs the directory (SC_ERR_NOT_DURABLE, rule P2), the
 * new content is in place and complete, but a crash may bring the old content back. `bits` is usually 0600.
 * On a file system with neither exclusive rename nor links, a crash during SC_FILE_NEW may leave an empty
 * file.
 */
sc_status sc_file_write(const struct sc_dir *dir, const char *name, struct sc_view content,
			enum sc_file_mode mode, mode_t bits, struct sc_error *err) SC_WARN_UNUSED;

/*
 * The two halves of sc_file_write with SC_FILE_REPLACE, for who must write several files before the first
 * gets its name. Directory and name must live as long as *out, which the caller ends: that removes a file
 * that did not get its name.
 */
struct sc_file_staged {
	const struct sc_dir *dir;
	const char *name;
	mode_t bits;
	char temporary[NAME_MAX + 1]; /* the file's name until it is put in place; "" afterwards */
};

/* Writes and syncs the file under a temporary name. On failure there is none. */
sc_status sc_file_stage(const struct sc_dir *dir, const char *name, struct sc_view content, mode_t bits,
			struct sc_file_staged *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Gives the file its name. On SC_ERR_NOT_DURABLE it has its name and the directory could not be synced; on
 * any other failure nothing has changed.
 */
sc_status sc_file_staged_replace(struct sc_file_staged *staged, struct sc_error *err) SC_WARN_UNUSED;

void sc_file_staged_end(struct sc_file_staged *staged);
SC_CLEANUP_VALUE(sc_file_staged, sc_file_staged_end)

/* sc_file_write for a path that the user typed: its last component is written in its directory. */
sc_status sc_file_write_path(const char *path, struct sc_view content, enum sc_file_mode mode, mode_t bits,
			     struct sc_error *err) SC_WARN_UNUSED;

/* True if errno says that a file system, or its driver, lacks the call: exclusive rename or links. */
bool sc_file_call_is_missing(int error);

/* True if something of that name exists, even a link. False for a name that is not safe. */
bool sc_file_exists(const struct sc_dir *dir, const char *name);

/* Removes a file and syncs the directory. SC_ERR_NOT_FOUND. */
sc_status sc_file_remove(const struct sc_dir *dir, const char *name, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Takes an exclusive lock on the file `name`, creating it if needed. The lock lasts until the descriptor in
 * *out is closed or the process ends. SC_ERR_LOCKED if another process holds it.
 */
sc_status sc_file_lock(const struct sc_dir *dir, const char *name, int *out,
		       struct sc_error *err) SC_WARN_UNUSED;

#endif
