/* See audit_fixture.h. */
#include "audit_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"

char audit_directory[] = "/tmp/sc_audit.XXXXXX";
static char path[sizeof audit_directory + 64];

struct sc_audit_settings audit_settings = { .path = path };

const struct sc_audit_entry audit_decrypted = {
	.request = "5c0f0000-0000-4000-8000-000000000001",
	.client_request = "of-the-client",
	.address = "192.0.2.1",
	.application = "22222222-2222-4333-8444-555555555555",
	.issuer = "https://login.example/t/",
	.oid = "11111111-2222-4333-8444-555555555555",
	.operation = "keys/decrypt",
	.tenant = "t",
	.vault = "contoso",
	.key = "key/version",
	.result = SC_AUDIT_DONE,
};

static const char *path_of(const char *name)
{
	static char of[sizeof audit_directory + 80];

	snprintf(of, sizeof of, "%s/%s", audit_directory, name);
	return of;
}

int audit_make_directory(void **state)
{
	(void)state;
	if (!mkdtemp(audit_directory))
		return -1;
	snprintf(path, sizeof path, "%s/audit.log", audit_directory);
	return 0;
}

int audit_clear(void **state)
{
	struct audit_files files;

	(void)state;
	sc_os = &sc_os_system;
	audit_settings = (struct sc_audit_settings){ .path = path };
	audit_list(&files);
	for (size_t i = 0; i < files.count; i++)
		audit_remove(files.name[i]);
	return unlink(path_of("audit.log.lock")) && errno != ENOENT ? -1 : 0;
}

int audit_remove_directory(void **state)
{
	return audit_clear(state) ? -1 : rmdir(audit_directory);
}

sc_status audit_open(struct sc_audit **out, struct sc_error *err)
{
	return sc_audit_open(&audit_settings, out, err);
}

void audit_write(unsigned count)
{
	SC_CLEANUP(sc_audit) audit = NULL;
	struct sc_error err = { 0 };

	assert_ok(audit_open(&audit, &err), &err);
	for (unsigned i = 0; i < count; i++)
		assert_ok(sc_audit_sync(audit, &audit_decrypted, &err), &err);
}

void audit_read(const char *name, struct sc_bytes *out)
{
	struct sc_error err = { 0 };

	assert_ok(sc_file_read_path(path_of(name), 1 << 24, out, &err), &err);
}

void audit_replace(const char *name, struct sc_view content)
{
	struct sc_error err = { 0 };

	assert_ok(sc_file_write_path(path_of(name), content, SC_FILE_REPLACE, 0640, &err), &err);
}

void audit_remove(const char *name)
{
	assert_int_equal(unlink(path_of(name)), 0);
}

void audit_flip(const char *name, size_t at)
{
	int fd = open(path_of(name), O_RDWR | O_CLOEXEC);
	uint8_t byte;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
	byte ^= 0x01;
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
	close(fd);
}

bool audit_is_file(int fd)
{
	struct stat info;

	return fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

static int by_lines(const void *a, const void *b)
{
	/* The one that is being written has the shortest name, and the last lines. */
	if (strlen(a) != strlen(b))
		return strlen(a) < strlen(b) ? 1 : -1;
	return strcmp(a, b);
}

void audit_list(struct audit_files *files)
{
	DIR *list = opendir(audit_directory);
	struct dirent *entry;

	*files = (struct audit_files){ 0 };
	assert_non_null(list);
	while ((entry = readdir(list)))
		if (strncmp(entry->d_name, "audit.log", 9) == 0 && !strstr(entry->d_name, "lock")) {
			assert_true(files->count < AUDIT_FILES_MAX);
			snprintf(files->name[files->count++], sizeof files->name[0], "%.60s", entry->d_name);
		}
	closedir(list);
	qsort(files->name, files->count, sizeof files->name[0], by_lines);
}

uint64_t audit_occurrences(const char *text)
{
	struct audit_files files;
	uint64_t count = 0;

	audit_list(&files);
	for (size_t i = 0; i < files.count; i++) {
		SC_CLEANUP(sc_bytes) content = { 0 };

		audit_read(files.name[i], &content);
		for (size_t at = 0; at + strlen(text) <= content.len; at++)
			count += memcmp(content.data + at, text, strlen(text)) == 0;
	}
	return count;
}

struct sc_audit_report audit_report(void)
{
	struct sc_audit_report report = { 0 };
	struct sc_error err = { 0 };

	assert_ok(sc_audit_verify(path, &report, &err), &err);
	return report;
}
