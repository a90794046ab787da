/*
 * A database's file: see db_file.h. SQLite would create files that others can read, so the file is created
 * here first; its companions (-wal, -shm) inherit its permissions.
 */
#include "store/db_file.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "base/os.h"

/* O_PATH, because closing any other descriptor of the file would drop the locks that SQLite holds on it. */
static sc_status examine(const char *path, bool *is_there, struct sc_error *err)
{
	struct stat status;
	int fd = sc_os->openat(AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	int failed;

	*is_there = fd >= 0;
	if (fd < 0 && errno == ENOENT)
		return SC_OK;
	if (fd < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be opened", path);
	failed = sc_os->fstat(fd, &status);
	(void)sc_os->close(fd);
	if (failed)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be examined", path);
	SC_ENSURE(S_ISREG(status.st_mode), err, SC_ERR_ARGUMENT, "%s: is not a regular file", path);
	SC_ENSURE((status.st_mode & 077) == 0, err, SC_ERR_ARGUMENT,
		  "%s: other users can open it: chmod 600 it, and find out whether anyone did", path);
	return SC_OK;
}

sc_status sc_db_file_prepare(const char *path, struct sc_error *err)
{
	bool is_there = false;
	sc_status status;

	SC_ENSURE(path[0] != '\0' && path[0] != ':', err, SC_ERR_ARGUMENT,
		  "\"%s\" is not a valid name for a database", path);
	SC_TRY(examine(path, &is_there, err));
	if (is_there)
		return SC_OK;
	/* An empty file is an empty database. */
	status = sc_file_write_path(path, (struct sc_view){ 0 }, SC_FILE_NEW, 0600, err);
	return status == SC_ERR_EXISTS ? examine(path, &is_there, err) : status;
}
