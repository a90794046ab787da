/*
 * Files beneath a directory (rule P3): a name is one path component, no link is followed, files are 0600 and
 * directories 0700. What is written stands whole or not at all: a temporary name, fsync, rename, fsync of the
 * directory; a failed fsync is an error and never retried into success (rule P2).
 */
#ifndef SC_BASE_FILE_H
#define SC_BASE_FILE_H

#include <sys/types.h>

#include "base/bytes.h"

/* An open directory: the descriptor, and the path that messages name. Zero-initialise with SC_DIR_NONE. */
struct sc_dir {
	int fd;
	char *path;
};
#define SC_DIR_NONE { .fd = -1 }

void sc_dir_close(struct sc_dir *dir);
SC_CLEANUP_VALUE(sc_dir, sc_dir_close)

/* Opens an existing directory by a path that the user or the configuration gave. SC_ERR_NOT_FOUND. */
sc_status sc_dir_open(const char *path, struct sc_dir *out, struct sc_error *err) SC_WARN_UNUSED;

/* The same, making it and its parents (0700), durably, where they do not exist. */
sc_status sc_dir_make(const char *path, struct sc_dir *out, struct sc_error *err) SC_WARN_UNUSED;

/* True for a single component of 1 to 200 bytes without '/', a leading '.' or control characters. */
bool sc_file_name_is_safe(const char *name);

/* Reads a regular file of at most `max` bytes. SC_ERR_NOT_FOUND, SC_ERR_TOO_LARGE, SC_ERR_SYSTEM. */
sc_status sc_file_read(const struct sc_dir *dir, const char *name, size_t max, struct sc_bytes *out,
		       struct sc_error *err) SC_WARN_UNUSED;

/* The same for a path as the user typed it: here links are the user's own. "-" is not special. */
sc_status sc_file_read_path(const char *path, size_t max, struct sc_bytes *out,
			    struct sc_error *err) SC_WARN_UNUSED;

/* What may happen to a file of that name which is there already. */
enum sc_file_mode {
	SC_FILE_NEW,     /* refused: SC_ERR_EXISTS */
	SC_FILE_REPLACE, /* replaced in one step */
};

/*
 * Durable and whole when SC_OK is returned. Otherwise the old content stands, or no file where there was
 * none; the one exception: where SC_FILE_REPLACE fails in the directory's own sync, the new content stands,
 * whole, but a crash may bring the old one back. `bits` are usually 0600.
 */
sc_status sc_file_write(const struct sc_dir *dir, const char *name, struct sc_view content,
			enum sc_file_mode mode, mode_t bits, struct sc_error *err) SC_WARN_UNUSED;

/* The same for a path as the user typed it: its last component is written beneath its directory. */
sc_status sc_file_write_path(const char *path, struct sc_view content, enum sc_file_mode mode, mode_t bits,
			     struct sc_error *err) SC_WARN_UNUSED;

/* True if something of that name is there (a link included); false for a name that is not safe. */
bool sc_file_exists(const struct sc_dir *dir, const char *name);

/* Removes a file and syncs the directory. SC_ERR_NOT_FOUND. */
sc_status sc_file_remove(const struct sc_dir *dir, const char *name, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Takes an exclusive lock on the file `name`, made where missing, until the descriptor in *out is closed or
 * the process ends. SC_ERR_LOCKED if another process has it.
 */
sc_status sc_file_lock(const struct sc_dir *dir, const char *name, int *out,
		       struct sc_error *err) SC_WARN_UNUSED;

#endif
