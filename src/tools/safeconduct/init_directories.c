/*
 * The directories of `safeconduct init`. They are built under the name DIR.partial, which becomes DIR when
 * all is complete, so that no half-made deployment can be taken for a whole one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/os.h"
#include "tools/safeconduct/init.h"

static sc_status make_directory(const char *path, mode_t mode, const struct sc_init_identity *identity,
				struct sc_error *err)
{
	if (sc_os->mkdirat(AT_FDCWD, path, 0700) != 0)
		return sc_fail_errno(err, errno == EEXIST ? SC_ERR_EXISTS : SC_ERR_SYSTEM, "%s", path);
	/* Change the owner last: until then only this process can change what the name refers to. */
	if (sc_os->fchmodat(AT_FDCWD, path, mode, 0) != 0 ||
	    (identity && identity->is_given &&
	     sc_os->fchownat(AT_FDCWD, path, identity->uid, identity->gid, AT_SYMLINK_NOFOLLOW) != 0))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s", path);
	return SC_OK;
}

/* True if something has that name, even a link that leads nowhere. */
static bool exists(const char *path)
{
	struct stat entry;

	return sc_os->fstatat(AT_FDCWD, path, &entry, AT_SYMLINK_NOFOLLOW) == 0;
}

sc_status sc_init_directories_make(const struct sc_init_plan *plan,
				   const struct sc_init_identity *signin_user,
				   const struct sc_init_identity *vault_user, struct sc_error *err)
{
	char path[4096];

	SC_ENSURE(!exists(plan->dir), err, SC_ERR_EXISTS, "%s: already exists and is left unchanged",
		  plan->dir);
	SC_ENSURE(!exists(plan->partial), err, SC_ERR_EXISTS,
		  "%s: left over from a failed run: remove it first", plan->partial);
	SC_TRY(make_directory(plan->partial, 0755, NULL, err));
	snprintf(path, sizeof path, "%s/%s", plan->partial, sc_init_signind.name);
	SC_TRY(make_directory(path, 0700, signin_user, err));
	snprintf(path, sizeof path, "%s/%s", plan->partial, sc_init_vaultd.name);
	return make_directory(path, 0700, vault_user, err);
}

static bool is_taken(int error)
{
	return error == EEXIST || error == ENOTEMPTY || error == ENOTDIR;
}

static int rename_directory(int parent, const char *from, const char *to, unsigned flags)
{
	return sc_os->renameat2(parent, from, parent, to, flags);
}

sc_status sc_init_directories_name(const struct sc_init_plan *plan, struct sc_error *err)
{
	SC_CLEANUP(sc_dir) partial = SC_DIR_NONE;
	SC_CLEANUP(sc_dir) parent = SC_DIR_NONE;
	const char *name = strrchr(plan->dir, '/');
	char path[4096];

	snprintf(path, sizeof path, "%.*s", name == plan->dir ? 1 : (int)(name - plan->dir), plan->dir);
	SC_TRY(sc_dir_open(plan->partial, &partial, err));
	SC_TRY(sc_dir_open(path, &parent, err));
	if (sc_os->fsync(partial.fd) != 0)
		return sc_fail_errno(err, SC_ERR_NOT_DURABLE, "%s", plan->partial);
	/* Without the flag, which not every file system knows, a directory replaces only an empty one. */
	if (rename_directory(parent.fd, strrchr(plan->partial, '/') + 1, name + 1, RENAME_NOREPLACE) != 0 &&
	    (!sc_file_call_is_missing(errno) ||
	     rename_directory(parent.fd, strrchr(plan->partial, '/') + 1, name + 1, 0) != 0))
		return sc_fail_errno(err, is_taken(errno) ? SC_ERR_EXISTS : SC_ERR_SYSTEM, "%s", plan->dir);
	if (sc_os->fsync(parent.fd) != 0)
		return sc_fail_errno(err, SC_ERR_NOT_DURABLE, "%s", path);
	return SC_OK;
}
