/* A disk that fails on request: see fault_vfs.h. */
#include "fault_vfs.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <sqlite3.h>

/* Our file object, followed by the real one in the same allocation. */
struct file {
	sqlite3_file base;
	sqlite3_file real[];
};

static sqlite3_vfs vfs;
static sqlite3_vfs *below;
static enum fault armed;
static atomic_int left; /* calls until it strikes; 0: it does not */
static atomic_bool has_struck;

static sqlite3_file *real(sqlite3_file *file)
{
	return ((struct file *)file)->real;
}

static bool strikes(bool is_sync)
{
	if ((armed == FAULT_SYNC) != is_sync || left == 0)
		return false;
	if (armed == FAULT_FULL && has_struck)
		return true;
	if (left > 1) {
		left--;
		return false;
	}
	left = armed == FAULT_FULL;
	has_struck = true;
	return true;
}

static int on_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 offset)
{
	if (strikes(false))
		return armed == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
	return real(file)->pMethods->xWrite(real(file), data, len, offset);
}

static int on_sync(sqlite3_file *file, int flags)
{
	if (strikes(true))
		return SQLITE_IOERR_FSYNC;
	return real(file)->pMethods->xSync(real(file), flags);
}

static int on_close(sqlite3_file *file)
{
	return real(file)->pMethods->xClose(real(file));
}

static int on_read(sqlite3_file *file, void *data, int len, sqlite3_int64 offset)
{
	return real(file)->pMethods->xRead(real(file), data, len, offset);
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return real(file)->pMethods->xTruncate(real(file), size);
}

static int on_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return real(file)->pMethods->xFileSize(real(file), size);
}

static int on_lock(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xLock(real(file), level);
}

static int on_unlock(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xUnlock(real(file), level);
}

static int on_check_lock(sqlite3_file *file, int *result)
{
	return real(file)->pMethods->xCheckReservedLock(real(file), result);
}

static int on_control(sqlite3_file *file, int operation, void *argument)
{
	return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

static int on_sector(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

static int on_characteristics(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int on_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
	return real(file)->pMethods->xShmMap(real(file), page, size, extend, out);
}

static int on_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

static void on_shm_barrier(sqlite3_file *file)
{
	real(file)->pMethods->xShmBarrier(real(file));
}

static int on_shm_unmap(sqlite3_file *file, int remove)
{
	return real(file)->pMethods->xShmUnmap(real(file), remove);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_size,
	.xLock = on_lock,
	.xUnlock = on_unlock,
	.xCheckReservedLock = on_check_lock,
	.xFileControl = on_control,
	.xSectorSize = on_sector,
	.xDeviceCharacteristics = on_characteristics,
	.xShmMap = on_shm_map,
	.xShmLock = on_shm_lock,
	.xShmBarrier = on_shm_barrier,
	.xShmUnmap = on_shm_unmap,
};

static int on_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
	int code = below->xOpen(below, name, real(file), flags, out_flags);

	(void)self;
	file->pMethods = code == SQLITE_OK ? &methods : NULL;
	return code;
}

void fault_install(void)
{
	below = sqlite3_vfs_find(NULL);
	if (!below)
		abort();
	vfs = *below;
	vfs.zName = "fault";
	vfs.szOsFile = (int)sizeof(struct file) + below->szOsFile;
	vfs.xOpen = on_open;
	if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		abort();
}

void fault_arm(enum fault fault, int nth)
{
	armed = fault;
	has_struck = false;
	left = nth;
}

bool fault_disarm(void)
{
	left = 0;
	return has_struck;
}
