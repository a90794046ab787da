/* The state directory: see state_directory.h. */
#include "hsmd/os/state_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"
#include "formats/module_state.h"
#include "hsmd/os/unlock.h"

#define LOCK_FILE  "lock"
#define STATE_FILE "state"
#define MARK_FILE  "mark"
#define SUFFIX     16 /* hexadecimal digits that sc_file_write appends */

struct sc_hsmd_state {
	struct sc_dir dir;
	int lock;
	bool has_both;     /* state and mark exist: they were read or written */
	bool is_uncertain; /* a sync failed: what is on disk is unknown */
};

static sc_status check_directory(const struct sc_dir *dir, struct sc_error *err)
{
	struct stat status;

	if (sc_os->fstat(dir->fd, &status))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot stat", dir->path);
	SC_ENSURE(status.st_uid == geteuid(), err, SC_ERR_ARGUMENT,
		  "%s: belongs to user id %u, but hsmd runs as user id %u", dir->path, status.st_uid,
		  geteuid());
	SC_ENSURE(!(status.st_mode & 077), err, SC_ERR_ARGUMENT,
		  "%s: is accessible to other users (chmod 700 it)", dir->path);
	return SC_OK;
}

/*
 * True for the temporary names that sc_file_write gives hsmd's files: ".state.0011223344556677". What is
 * named ".state.orig" is not hsmd's.
 */
static bool is_left_over(const char *name)
{
	static const char *const files[] = { STATE_FILE, MARK_FILE, SC_HSMD_UNLOCK_FILE,
					     SC_HSMD_REQUEST_FILE };

	for (size_t i = 0; name[0] == '.' && i < sizeof files / sizeof files[0]; i++) {
		size_t len = strlen(files[i]);

		if (!strncmp(name + 1, files[i], len) && name[1 + len] == '.' &&
		    strspn(name + len + 2, "0123456789abcdef") == SUFFIX && !name[len + 2 + SUFFIX])
			return true;
	}
	return false;
}

/*
 * A process killed while writing leaves a temporary file, which is useless: nothing is ever sealed under an
 * unlock key that did not get its name, and a state without its name is an older one or was never
 * acknowledged.
 */
static sc_status sweep(const struct sc_dir *dir, struct sc_error *err)
{
	int fd = sc_os->openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *list = fd < 0 ? NULL : sc_os->fdopendir(fd);
	struct dirent *entry;
	int failed;

	if (!list) {
		sc_status status = sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot list it", dir->path);

		if (fd >= 0)
			(void)sc_os->close(fd);
		return status;
	}
	/* At the end of the list, readdir returns NULL and leaves errno as it was. */
	for (errno = 0; (entry = sc_os->readdir(list)); errno = 0)
		if (is_left_over(entry->d_name))
			(void)sc_os->unlinkat(dir->fd, entry->d_name, 0);
	failed = errno;
	(void)sc_os->closedir(list);
	errno = failed;
	return failed ? sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot list it", dir->path) : SC_OK;
}

sc_status sc_hsmd_state_open(const char *path, bool make, struct sc_hsmd_state **out, struct sc_error *err)
{
	SC_CLEANUP(sc_hsmd_state) store = calloc(1, sizeof *store);

	SC_TRY(sc_check_allocated(store, err));
	store->dir = (struct sc_dir)SC_DIR_NONE;
	store->lock = -1;
	SC_TRY(make ? sc_dir_make(path, &store->dir, err) : sc_dir_open(path, &store->dir, err));
	SC_TRY(check_directory(&store->dir, err));
	SC_TRY(sc_file_lock(&store->dir, LOCK_FILE, &store->lock, err));
	SC_TRY(sweep(&store->dir, err));
	*out = sc_steal(store);
	return SC_OK;
}

void sc_hsmd_state_close(struct sc_hsmd_state *store)
{
	if (!store)
		return;
	if (store->lock >= 0)
		(void)sc_os->close(store->lock);
	sc_dir_close(&store->dir);
	free(store);
}

const struct sc_dir *sc_hsmd_state_dir(const struct sc_hsmd_state *store)
{
	return &store->dir;
}

bool sc_hsmd_state_exists(const struct sc_hsmd_state *store)
{
	return sc_file_exists(&store->dir, STATE_FILE);
}

sc_status sc_hsmd_state_load(struct sc_hsmd_state *store, struct sc_bytes *state, struct sc_bytes *mark,
			     struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) loaded = { 0 };

	SC_ENSURE(sc_hsmd_state_exists(store), err, SC_ERR_NOT_FOUND,
		  "%s: holds no module yet (hsmd --state=%s --initialise makes one)", store->dir.path,
		  store->dir.path);
	SC_TRY(sc_file_read(&store->dir, STATE_FILE, SC_STATE_MAX, &loaded, err));
	SC_TRY(sc_file_read(&store->dir, MARK_FILE, SC_MARK_MAX, mark, err));
	*state = sc_steal(loaded);
	store->has_both = true;
	return SC_OK;
}

/* Gives a file its name. True in *is_in_place even if the directory could not be synced. */
static sc_status put_in_place(struct sc_file_staged *staged, bool *is_in_place, struct sc_error *err)
{
	sc_status status = sc_file_staged_replace(staged, err);

	*is_in_place = status == SC_OK || status == SC_ERR_NOT_DURABLE;
	return status;
}

/*
 * Both files are written and synced before the first gets its name, so a full disk changes neither. The state
 * comes before its mark, since a module whose mark is ahead cannot be opened. But the first state comes after
 * its mark: without one, it would be a module that cannot be opened and that --initialise may not replace.
 */
static sc_status save_both(const struct sc_hsmd_state *store, struct sc_view state, struct sc_view mark,
			   bool *is_replaced, struct sc_error *err)
{
	SC_CLEANUP(sc_file_staged) new_state = { 0 };
	SC_CLEANUP(sc_file_staged) new_mark = { 0 };
	bool has_mark = false;

	SC_TRY(sc_file_stage(&store->dir, STATE_FILE, state, 0600, &new_state, err));
	SC_TRY(sc_file_stage(&store->dir, MARK_FILE, mark, 0600, &new_mark, err));
	if (!store->has_both)
		SC_TRY(put_in_place(&new_mark, &has_mark, err));
	SC_TRY(put_in_place(&new_state, is_replaced, err));
	return has_mark ? SC_OK : put_in_place(&new_mark, &has_mark, err);
}

sc_status sc_hsmd_state_save(void *context, struct sc_view state, struct sc_view mark, struct sc_error *err)
{
	struct sc_hsmd_state *store = context;
	struct sc_error reason = { 0 };
	bool is_replaced = false;
	sc_status status;

	SC_ENSURE(!store->is_uncertain, err, SC_ERR_SYSTEM,
		  "%s: a sync failed earlier: nothing more is written until hsmd is restarted",
		  store->dir.path);
	status = save_both(store, state, mark, &is_replaced, &reason);
	if (status == SC_OK) {
		store->has_both = true;
		return SC_OK;
	}
	/* The caller answers with a code only; the message is for the operator. */
	sc_log(SC_LOG_ERROR, "%s", reason.message);
	if (status == SC_ERR_NOT_DURABLE) {
		store->is_uncertain = true;
		sc_log(SC_LOG_ERROR, "%s: nothing more is written until hsmd is restarted", store->dir.path);
	}
	/*
	 * The new state is valid even without its mark, and a restart continues with it. So this must not be
	 * reported as "nothing has changed": new-world would then erase the cards of a world that the module
	 * is in, and a custodian would be told a wait that is not the one on disk. Nor the other way round.
	 */
	return sc_fail(err, is_replaced ? SC_ERR_NOT_DURABLE : SC_ERR_SYSTEM, "%s", reason.message);
}
