/* Files that belong together by being in one directory: see file_beside.h. */
#include "byok/file_beside.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define NAME_SIZE_MAX 64

sc_status sc_byok_file_beside_read(const char *path, const char *name, size_t max, struct sc_bytes *out,
				   struct sc_error *err)
{
	const char *slash = strrchr(path, '/');
	char beside[PATH_MAX + NAME_SIZE_MAX];

	snprintf(beside, sizeof beside, "%.*s%s", slash ? (int)(slash + 1 - path) : 0, path, name);
	return sc_file_read_path(beside, max, out, err);
}

sc_status sc_byok_file_installed_read(const char *name, size_t max, struct sc_bytes *out,
				      struct sc_error *err)
{
	char self[PATH_MAX] = "";

	if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot find this program's own path");
	return sc_byok_file_beside_read(self, name, max, out, err);
}
