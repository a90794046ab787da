/*
 * Makes a zip archive that depends on nothing but its input: not on the clock, time zone, user or version of
 * a compressor. See toolset.h.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <zip.h>

#include "base/options.h"
#include "byok/toolset.h"

/* 1980-01-01T00:00:00Z and 2107-12-31T23:59:59Z: the range of zip's own dates. */
#define ZIP_TIME_MIN INT64_C(315532800)
#define ZIP_TIME_MAX INT64_C(4354819199)

#define FILES_MAX 16

SC_CLEANUP_POINTER(sc_zip, zip_t, zip_discard)
SC_CLEANUP_POINTER(sc_zip_source, zip_source_t, zip_source_free)

sc_status sc_byok_archive_time(int64_t *out, struct sc_error *err)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	uint64_t seconds = (uint64_t)ZIP_TIME_MIN;

	if (text)
		SC_TRY(sc_number_read(text, "SOURCE_DATE_EPOCH", 0, (uint64_t)ZIP_TIME_MAX, &seconds, err));
	*out = (int64_t)seconds;
	return SC_OK;
}

static int by_name(const void *a, const void *b)
{
	const struct sc_byok_archive_file *const *left = a;
	const struct sc_byok_archive_file *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

static sc_status fail(struct sc_error *err, zip_t *zip, const char *name)
{
	return sc_fail(err, SC_ERR_SYSTEM, "%s: cannot be added to the archive: %s", name, zip_strerror(zip));
}

/*
 * Sets zip's date and time in UTC. libzip's own conversion would use the time zone of the user who runs it.
 */
static sc_status set_time(zip_t *zip, zip_uint64_t index, int64_t seconds, const char *name,
			  struct sc_error *err)
{
	time_t when = (time_t)(seconds < ZIP_TIME_MIN ? ZIP_TIME_MIN : seconds);
	struct tm utc;
	int date;
	int clock;

	SC_ENSURE(seconds <= ZIP_TIME_MAX && gmtime_r(&when, &utc), err, SC_ERR_ARGUMENT,
		  "a zip archive cannot hold a time after 2107");
	date = (utc.tm_year - 80) << 9 | (utc.tm_mon + 1) << 5 | utc.tm_mday;
	clock = utc.tm_hour << 11 | utc.tm_min << 5 | utc.tm_sec >> 1;
	if (zip_file_set_dostime(zip, index, (zip_uint16_t)clock, (zip_uint16_t)date, 0))
		return fail(err, zip, name);
	return SC_OK;
}

static sc_status add(zip_t *zip, const struct sc_byok_archive_file *file, int64_t time, struct sc_error *err)
{
	zip_uint32_t mode = S_IFREG | (file->is_program ? 0755 : 0644);
	zip_source_t *source = zip_source_buffer(zip, file->content.data, file->content.len, 0);
	zip_int64_t index;

	if (!source)
		return fail(err, zip, file->name);
	index = zip_file_add(zip, file->name, source, ZIP_FL_ENC_UTF_8);
	if (index < 0) {
		zip_source_free(source);
		return fail(err, zip, file->name);
	}
	if (zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) ||
	    zip_file_set_external_attributes(zip, (zip_uint64_t)index, 0, ZIP_OPSYS_UNIX, mode << 16))
		return fail(err, zip, file->name);
	return set_time(zip, (zip_uint64_t)index, time, file->name, err);
}

static sc_status add_all(zip_t *zip, const struct sc_byok_archive_file *files, size_t count, int64_t time,
			 struct sc_error *err)
{
	const struct sc_byok_archive_file *sorted[FILES_MAX];

	SC_ENSURE(count <= FILES_MAX, err, SC_ERR_ARGUMENT, "more than %d files for one archive", FILES_MAX);
	for (size_t i = 0; i < count; i++)
		sorted[i] = &files[i];
	qsort(sorted, count, sizeof sorted[0], by_name);
	for (size_t i = 0; i < count; i++)
		SC_TRY(add(zip, sorted[i], time, err));
	return SC_OK;
}

/* Reads back what zip_close() has written into the source. */
static sc_status read_back(zip_source_t *source, struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) content = { 0 };
	zip_stat_t info;
	zip_int64_t got;

	SC_ENSURE(zip_source_stat(source, &info) == 0 && info.valid & ZIP_STAT_SIZE &&
		      zip_source_open(source) == 0,
		  err, SC_ERR_SYSTEM, "the archive cannot be read back");
	SC_TRY(sc_bytes_new((size_t)info.size, &content, err));
	got = zip_source_read(source, content.data, content.len);
	zip_source_close(source);
	SC_ENSURE(got == (zip_int64_t)content.len, err, SC_ERR_SYSTEM, "the archive cannot be read back");
	*out = sc_steal(content);
	return SC_OK;
}

sc_status sc_byok_archive_make(const struct sc_byok_archive_file *files, size_t count, int64_t time,
			       struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_zip_source) source = zip_source_buffer_create(NULL, 0, 0, NULL);
	SC_CLEANUP(sc_zip) zip = NULL;

	SC_TRY(sc_check_allocated(source, err));
	zip = zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, NULL);
	SC_TRY(sc_check_allocated(zip, err));
	zip_source_keep(source); /* the archive owns one reference, the read below the other */
	SC_TRY(add_all(zip, files, count, time, err));
	if (zip_close(zip))
		return sc_fail(err, SC_ERR_SYSTEM, "the archive cannot be made: %s", zip_strerror(zip));
	zip = NULL; /* zip_close() has freed it */
	return read_back(source, out, err);
}
