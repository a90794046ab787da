/* Finds the files of an audit log: see audit_segments.h. */
#include "vaultd/audit/audit_segments.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "base/os.h"

#define DIGITS 20 /* as many as the largest number has */

sc_status sc_audit_place_open(const char *path, struct sc_audit_place *out, struct sc_error *err)
{
	struct sc_audit_place place = SC_AUDIT_PLACE_NONE;
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char parent[PATH_MAX] = ".";

	SC_ENSURE(strlen(path) < sizeof parent && sc_file_name_is_safe(name), err, SC_ERR_ARGUMENT,
		  "%s: does not end in a safe file name", path);
	strcpy(place.name, name);
	if (slash)
		snprintf(parent, sizeof parent, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	SC_TRY(sc_dir_open(parent, &place.dir, err));
	*out = place;
	return SC_OK;
}

void sc_audit_place_close(struct sc_audit_place *place)
{
	sc_dir_close(&place->dir);
}

/* A safe name has at most 200 bytes. */
void sc_audit_segment_name(const struct sc_audit_place *place, uint64_t first, char name[NAME_MAX + 1])
{
	snprintf(name, NAME_MAX + 1, "%.200s.%020" PRIu64, place->name, first);
}

/* The number in a segment's name, or 0 if it is the name of something else. */
static uint64_t number_of(const struct sc_audit_place *place, const char *name)
{
	size_t len = strlen(place->name);
	uint64_t first = 0;
	char back[NAME_MAX + 1];

	if (strncmp(name, place->name, len) != 0 || name[len] != '.' || strlen(name + len + 1) != DIGITS ||
	    sc_number_read(name + len + 1, "segment", 1, UINT64_MAX, &first, NULL) != SC_OK)
		return 0;
	sc_audit_segment_name(place, first, back);
	return strcmp(back, name) == 0 ? first : 0;
}

static sc_status append(struct sc_audit_segments *segments, uint64_t first, struct sc_error *err)
{
	uint64_t *more = realloc(segments->first, (segments->count + 1) * sizeof *more);

	SC_TRY(sc_check_allocated(more, err));
	segments->first = more;
	segments->first[segments->count++] = first;
	return SC_OK;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *one = a;
	const uint64_t *other = b;

	return *one < *other ? -1 : *one > *other;
}

static sc_status read_names(const struct sc_audit_place *place, DIR *list, struct sc_audit_segments *out,
			    struct sc_error *err)
{
	struct dirent *entry;

	/* At the end of the list, readdir returns NULL and leaves errno as it was. */
	for (errno = 0; (entry = sc_os->readdir(list)); errno = 0) {
		uint64_t first = number_of(place, entry->d_name);

		if (first > 0)
			SC_TRY(append(out, first, err));
	}
	if (errno)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot list it", place->dir.path);
	return SC_OK;
}

sc_status sc_audit_segments_list(const struct sc_audit_place *place, struct sc_audit_segments *out,
				 struct sc_error *err)
{
	SC_CLEANUP(sc_audit_segments) segments = { 0 };
	int fd = sc_os->openat(place->dir.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *list = fd < 0 ? NULL : sc_os->fdopendir(fd);
	sc_status status;

	if (!list) {
		status = sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot list it", place->dir.path);
		if (fd >= 0)
			(void)sc_os->close(fd);
		return status;
	}
	status = read_names(place, list, &segments, err);
	(void)sc_os->closedir(list);
	SC_TRY(status);
	if (segments.count > 1)
		qsort(segments.first, segments.count, sizeof *segments.first, by_number);
	*out = sc_steal(segments);
	return SC_OK;
}

void sc_audit_segments_free(struct sc_audit_segments *segments)
{
	free(segments->first);
	*segments = (struct sc_audit_segments){ 0 };
}
