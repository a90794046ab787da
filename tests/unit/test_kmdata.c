/* The key management data directory: nothing is overwritten, half written, or mistaken for something else. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>

#include "base/os.h"
#include "fake_module.h"
#include "sample_world.h"
#include "scratch.h"
#include "world/module_map.h"

struct fixture {
	struct scratch scratch;
	struct sc_kmdata kmdata;
	struct sc_bytes spki;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	SC_CLEANUP(sc_pkey) key = EVP_EC_gen("P-256");

	f->scratch = scratch_make();
	f->kmdata = (struct sc_kmdata)SC_KMDATA_NONE;
	setenv("NFAST_KMDATA", f->scratch.path, 1);
	assert_int_equal(sc_kmdata_make(&f->kmdata, NULL), SC_OK);
	assert_int_equal(sc_spki_of(key, &f->spki, NULL), SC_OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	sc_os = &sc_os_system;
	sc_kmdata_close(&f->kmdata);
	sc_bytes_free(&f->spki);
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

static void the_directory_is_made_and_named_by_its_variable(void **state)
{
	struct fixture *f = *state;
	struct sc_kmdata kmdata = SC_KMDATA_NONE;
	struct sc_error err = { 0 };
	struct stat status;

	assert_int_equal(stat(scratch_path(&f->scratch, "local"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	assert_int_equal(stat(scratch_path(&f->scratch, "config"), &status), 0);
	unsetenv("NFAST_KMDATA");
	assert_int_equal(sc_kmdata_make(&kmdata, &err), SC_ERR_USAGE);
	assert_int_equal(sc_kmdata_open(&kmdata, &err), SC_ERR_USAGE);
	assert_int_equal(sc_kmdata_open_config(&kmdata, &err), SC_ERR_USAGE);
	assert_non_null(strstr(err.message, "NFAST_KMDATA"));
}

static bool exists(const struct fixture *f, const char *name)
{
	struct stat status;

	return stat(scratch_path(&f->scratch, name), &status) == 0;
}

static void opening_it_to_read_makes_nothing_and_says_what_is_missing(void **state)
{
	struct fixture *f = *state;
	struct sc_kmdata kmdata = SC_KMDATA_NONE;
	struct sc_error err = { 0 };

	setenv("NFAST_KMDATA", scratch_path(&f->scratch, "auditor"), 1);
	assert_int_equal(sc_kmdata_open_config(&kmdata, &err), SC_ERR_NOT_FOUND);
	assert_non_null(strstr(err.message, "auditor/config/modules: does not exist: create it"));
	assert_int_equal(sc_kmdata_open(&kmdata, &err), SC_ERR_NOT_FOUND);
	assert_false(exists(f, "auditor"));

	assert_int_equal(mkdir(scratch_path(&f->scratch, "auditor"), 0700), 0);
	assert_int_equal(mkdir(scratch_path(&f->scratch, "auditor/config"), 0700), 0);
	assert_int_equal(sc_kmdata_open(&kmdata, &err), SC_ERR_NO_WORLD);
	assert_non_null(strstr(err.message, "auditor/local: does not exist"));
	assert_false(exists(f, "auditor/local"));
	assert_int_equal(sc_kmdata_open_config(&kmdata, &err), SC_OK);
	sc_kmdata_close(&kmdata);
	assert_false(exists(f, "auditor/local"));

	assert_int_equal(mkdir(scratch_path(&f->scratch, "auditor/local"), 0700), 0);
	assert_int_equal(sc_kmdata_open(&kmdata, &err), SC_OK);
	sc_kmdata_close(&kmdata);
}

/* -- the world --------------------------------------------------------------------------------- */

static struct sc_bytes make_world(EVP_PKEY *knso, uint64_t sequence)
{
	struct sc_hash id;

	return sample_world(knso, 2, 3, sequence, &id);
}

static void a_world_is_written_once_and_read_back(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_pkey) knso = EVP_EC_gen("P-521");
	SC_CLEANUP(sc_bytes) world = make_world(knso, 1);
	SC_CLEANUP(sc_bytes) read = { 0 };
	struct sc_error err = { 0 };

	assert_int_equal(sc_kmdata_world_read(&f->kmdata, &read, &err), SC_ERR_NO_WORLD);
	assert_non_null(strstr(err.message, scratch_path(&f->scratch, "local/world")));
	assert_int_equal(sc_kmdata_world_write(&f->kmdata, sc_bytes_view(&world), SC_FILE_REPLACE, NULL),
			 SC_ERR_NO_WORLD);
	assert_int_equal(sc_kmdata_world_write(&f->kmdata, sc_bytes_view(&world), SC_FILE_NEW, NULL), SC_OK);
	assert_int_equal(sc_kmdata_world_read(&f->kmdata, &read, NULL), SC_OK);
	assert_true(sc_view_equals(sc_bytes_view(&read), sc_bytes_view(&world)));
	assert_int_equal(sc_kmdata_world_write(&f->kmdata, sc_bytes_view(&world), SC_FILE_NEW, NULL),
			 SC_ERR_EXISTS);
}

static void only_a_successor_of_the_same_world_replaces_it(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_pkey) knso = EVP_EC_gen("P-521");
	SC_CLEANUP(sc_pkey) other = EVP_EC_gen("P-521");
	SC_CLEANUP(sc_bytes) first = make_world(knso, 1);
	SC_CLEANUP(sc_bytes) second = make_world(knso, 2);
	SC_CLEANUP(sc_bytes) foreign = make_world(other, 3);

	assert_int_equal(sc_kmdata_world_write(&f->kmdata, sc_bytes_view(&first), SC_FILE_NEW, NULL), SC_OK);
	assert_int_equal(sc_kmdata_world_write(&f->kmdata, sc_bytes_view(&foreign), SC_FILE_REPLACE, NULL),
			 SC_ERR_INTEGRITY);
	assert_int_equal(sc_kmdata_world_write(&f->kmdata, sc_bytes_view(&second), SC_FILE_REPLACE, NULL),
			 SC_OK);
	assert_int_equal(sc_kmdata_world_write(&f->kmdata, sc_bytes_view(&first), SC_FILE_REPLACE, NULL),
			 SC_ERR_ROLLED_BACK);
}

static void an_altered_world_is_refused(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_pkey) knso = EVP_EC_gen("P-521");
	SC_CLEANUP(sc_bytes) world = make_world(knso, 1);
	SC_CLEANUP(sc_bytes) read = { 0 };
	const char *path = scratch_path(&f->scratch, "local/world");

	for (size_t i = 0; i < world.len; i++) {
		world.data[i] ^= 1;
		scratch_write(path, world.data, world.len);
		assert_int_not_equal(sc_kmdata_world_read(&f->kmdata, &read, NULL), SC_OK);
		assert_int_not_equal(
		    sc_kmdata_world_write(&f->kmdata, sc_bytes_view(&world), SC_FILE_REPLACE, NULL), SC_OK);
		world.data[i] ^= 1;
	}
	for (size_t len = 0; len < world.len; len += 7) {
		scratch_write(path, world.data, len);
		assert_int_not_equal(sc_kmdata_world_read(&f->kmdata, &read, NULL), SC_OK);
	}
	scratch_write(path, world.data, world.len);
	assert_int_equal(sc_kmdata_world_read(&f->kmdata, &read, NULL), SC_OK);
}

/* -- keys -------------------------------------------------------------------------------------- */

static sc_status write_pair(struct fixture *f, const char *ident, char *path, char *pem, struct sc_error *err)
{
	return sc_kmdata_key_pair_write(&f->kmdata, "simple", ident, "Contoso's key", sc_bytes_view(&f->spki),
					sc_view_text("blob"), path, pem, err);
}

static void a_keys_name_is_made_of_what_the_article_allows(void **state)
{
	char name[SC_KEY_FILE_NAME_SIZE];
	struct sc_error err = { 0 };

	(void)state;
	assert_int_equal(sc_kmdata_key_file_name("simple", "contosokey", name, NULL), SC_OK);
	assert_string_equal(name, "key_simple_contosokey");
	assert_int_equal(sc_kmdata_key_file_name("simple", "Contoso", name, &err), SC_ERR_ARGUMENT);
	assert_non_null(strstr(err.message, "lower case"));
	assert_int_equal(sc_kmdata_key_file_name("simple", "a/../b", name, NULL), SC_ERR_ARGUMENT);
	assert_int_equal(sc_kmdata_key_file_name("simple", "", name, NULL), SC_ERR_ARGUMENT);
	assert_int_equal(sc_kmdata_key_file_name("sim_ple", "key", name, NULL), SC_ERR_ARGUMENT);
	assert_int_equal(sc_kmdata_key_file_name("../simple", "key", name, NULL), SC_ERR_ARGUMENT);
	assert_int_equal(sc_kmdata_key_file_name("", "key", name, NULL), SC_ERR_ARGUMENT);
}

static void a_key_file_is_read_back_under_its_own_name_only(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_key_file) file = NULL;
	SC_CLEANUP(sc_key_file) moved = NULL;
	char path[PATH_MAX];

	assert_int_equal(sc_kmdata_key_write(&f->kmdata, "xferacld", "key-1", "name", sc_bytes_view(&f->spki),
					     sc_view_text("blob"), path, NULL),
			 SC_OK);
	assert_string_equal(path, scratch_path(&f->scratch, "local/key_xferacld_key-1"));
	assert_int_equal(sc_kmdata_key_read(&f->kmdata, "xferacld", "key-1", &file, NULL), SC_OK);
	assert_true(sc_text_equals(&file->name, "name"));
	assert_true(sc_view_equals(sc_bytes_view(&file->blob), sc_view_text("blob")));
	assert_int_equal(sc_kmdata_key_read(&f->kmdata, "simple", "key-1", &moved, NULL), SC_ERR_NOT_FOUND);
	assert_int_equal(rename(path, scratch_path(&f->scratch, "local/key_simple_key-1")), 0);
	assert_int_equal(sc_kmdata_key_read(&f->kmdata, "simple", "key-1", &moved, NULL), SC_ERR_INTEGRITY);
}

static void a_key_is_never_written_over(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_key_file) file = NULL;
	SC_CLEANUP(sc_bytes) pem_before = { 0 };
	SC_CLEANUP(sc_bytes) pem_after = { 0 };
	struct sc_error err = { 0 };
	char path[PATH_MAX];
	char pem[PATH_MAX];

	assert_int_equal(write_pair(f, "contosokey", path, pem, NULL), SC_OK);
	assert_int_equal(sc_file_read_path(pem, 4096, &pem_before, NULL), SC_OK);
	f->spki.data[f->spki.len - 1] ^= 1; /* another key */
	assert_int_equal(write_pair(f, "contosokey", path, pem, &err), SC_ERR_EXISTS);
	assert_non_null(strstr(err.message, path));
	assert_int_equal(sc_kmdata_key_write(&f->kmdata, "simple", "contosokey", "name",
					     sc_bytes_view(&f->spki), sc_view_text("other"), path, NULL),
			 SC_ERR_EXISTS);
	assert_int_equal(sc_kmdata_key_read(&f->kmdata, "simple", "contosokey", &file, NULL), SC_OK);
	assert_true(sc_view_equals(sc_bytes_view(&file->blob), sc_view_text("blob")));
	/* The first key's public key is still its own. */
	assert_int_equal(sc_file_read_path(pem, 4096, &pem_after, NULL), SC_OK);
	assert_true(sc_view_equals(sc_bytes_view(&pem_before), sc_bytes_view(&pem_after)));
}

static void the_public_key_stands_beside_the_key_as_pem(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_bytes) spki = { 0 };
	SC_CLEANUP(sc_pkey) key = NULL;
	char path[PATH_MAX];
	char pem[PATH_MAX];
	FILE *file;

	/* What an interrupted run left is replaced. */
	scratch_write(scratch_path(&f->scratch, "local/key_simple_k.pem"), "left over", 9);
	assert_int_equal(write_pair(f, "k", path, pem, NULL), SC_OK);
	assert_string_equal(pem, scratch_path(&f->scratch, "local/key_simple_k.pem"));
	file = fopen(pem, "r");
	assert_non_null(file);
	key = PEM_read_PUBKEY(file, NULL, NULL, NULL);
	fclose(file);
	assert_non_null(key);
	assert_int_equal(sc_spki_of(key, &spki, NULL), SC_OK);
	assert_true(sc_view_equals(sc_bytes_view(&spki), sc_bytes_view(&f->spki)));
}

/* -- every call fails once (rule P4) ----------------------------------------------------------- */

static int calls_left;

static bool fails_now(void)
{
	errno = EIO;
	return calls_left-- == 0;
}

static int failing_openat(int directory, const char *name, int flags, mode_t mode)
{
	return fails_now() ? -1 : sc_os_system.openat(directory, name, flags, mode);
}

static ssize_t failing_write(int fd, const void *data, size_t len)
{
	return fails_now() ? -1 : sc_os_system.write(fd, data, len);
}

static int failing_fsync(int fd)
{
	return fails_now() ? -1 : sc_os_system.fsync(fd);
}

static int failing_renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
	return fails_now() ? -1 : sc_os_system.renameat2(from, old, to, new, flags);
}

static int failing_unlinkat(int directory, const char *name, int flags)
{
	return fails_now() ? -1 : sc_os_system.unlinkat(directory, name, flags);
}

static void no_failure_leaves_a_key_without_its_public_half(void **state)
{
	struct fixture *f = *state;
	struct sc_os os = sc_os_system;
	bool done = false;
	int n;

	os.openat = failing_openat;
	os.write = failing_write;
	os.fsync = failing_fsync;
	os.renameat2 = failing_renameat2;
	os.unlinkat = failing_unlinkat;
	for (n = 0; !done && n < 100; n++) {
		char path[PATH_MAX];
		char pem[PATH_MAX];
		sc_status status;

		calls_left = n;
		sc_os = &os;
		status = write_pair(f, "k", path, pem, NULL);
		sc_os = &sc_os_system;
		done = calls_left >= 0; /* nothing failed */
		if (status == SC_OK)
			assert_int_equal(access(path, F_OK), 0);
		if (done)
			assert_int_equal(status, SC_OK);
		if (access(path, F_OK) == 0) {
			assert_int_equal(access(pem, F_OK), 0);
			assert_int_equal(unlink(path), 0);
		}
		(void)unlink(pem);
	}
	assert_true(done);
	assert_true(n > 8);
}

/* -- the map of modules ------------------------------------------------------------------------ */

static void write_map(struct fixture *f, const char *text)
{
	scratch_write(scratch_path(&f->scratch, "config/modules"), text, strlen(text));
}

static void the_map_is_read_line_by_line(void **state)
{
	struct fixture *f = *state;
	static struct sc_kmdata_module_map map;

	write_map(f,
		  "# our modules\n\n2 use /run/b-use\n1 custody /run/a # the vault's\n\t1  service\t/run/s1\n"
		  "1 service /run/s2\n7 custody /run/c");
	assert_int_equal(sc_kmdata_module_map_read(&f->kmdata, &map, NULL), SC_OK);
	assert_int_equal(map.count, 5);
	assert_string_equal(sc_kmdata_module_map_find(&map, 1, SC_ROLE_CUSTODY)->path, "/run/a");
	assert_string_equal(sc_kmdata_module_map_find(&map, 1, SC_ROLE_SERVICE)->path, "/run/s1");
	assert_string_equal(sc_kmdata_module_map_find(&map, 7, SC_ROLE_CUSTODY)->path, "/run/c");
	assert_null(sc_kmdata_module_map_find(&map, 2, SC_ROLE_CUSTODY));
	assert_int_equal(sc_kmdata_next_module(&f->kmdata, 0), 1);
	assert_int_equal(sc_kmdata_next_module(&f->kmdata, 1), 2);
	assert_int_equal(sc_kmdata_next_module(&f->kmdata, 2), 7);
	assert_int_equal(sc_kmdata_next_module(&f->kmdata, 7), 0);
}

static void the_map_may_come_from_windows_and_a_path_may_have_spaces(void **state)
{
	struct fixture *f = *state;
	static struct sc_kmdata_module_map map;
	struct sc_error err = { 0 };

	write_map(f, "\xef\xbb\xbf"
		     "1 custody /run/a\r\n2 use  /run/key vault/b  # ours\r\n3 use /run/c#1\t# and this\r\n");
	assert_int_equal(sc_kmdata_module_map_read(&f->kmdata, &map, &err), SC_OK);
	assert_int_equal(map.count, 3);
	assert_string_equal(map.sockets[2].path, "/run/c#1");
	assert_string_equal(map.sockets[0].path, "/run/a");
	assert_string_equal(map.sockets[1].path, "/run/key vault/b");
	scratch_write(scratch_path(&f->scratch, "config/modules"),
		      "\xff\xfe"
		      "1\0",
		      4);
	assert_int_equal(sc_kmdata_module_map_read(&f->kmdata, &map, &err), SC_ERR_ENCODING);
	assert_non_null(strstr(err.message, "UTF-16"));
}

static void a_line_that_is_not_understood_is_named(void **state)
{
	static const char *const lines[] = { "1 custody",  "1",          "0 use /a",
					     "x use /a",   "1 admin /a", "1 use a",
					     "custody /a", "-1 use /a",  "1 custody /b" };
	static struct sc_kmdata_module_map map;
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct sc_error err = { 0 };
		char text[128];

		snprintf(text, sizeof text, "1 custody /a\n%s\n", lines[i]);
		write_map(f, text);
		assert_int_equal(sc_kmdata_module_map_read(&f->kmdata, &map, &err), SC_ERR_FORMAT);
		assert_non_null(strstr(err.message, "config/modules: line 2"));
	}
	write_map(f, "1 custody /a\n");
	assert_int_equal(sc_kmdata_module_map_read(&f->kmdata, &map, NULL), SC_OK);
}

static bool serve(void *context, int connection, struct sc_view message)
{
	(void)context;
	fake_reply(connection, message, SC_OK, 0, 0, (struct sc_view){ 0 });
	return true;
}

static void a_module_is_reached_through_the_map_alone(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_client) client = NULL;
	struct sc_error err = { 0 };
	char line[256];
	struct fake_module *fake = fake_module_start(scratch_path(&f->scratch, "socket"), serve, NULL);

	assert_int_equal(sc_kmdata_connect(&f->kmdata, 1, SC_ROLE_CUSTODY, &client, &err), SC_ERR_NOT_FOUND);
	assert_non_null(strstr(err.message, "config/modules"));
	snprintf(line, sizeof line, "1 custody %s\n", scratch_path(&f->scratch, "socket"));
	write_map(f, line);
	assert_int_equal(sc_kmdata_connect(&f->kmdata, 1, SC_ROLE_USE, &client, &err), SC_ERR_NOT_FOUND);
	assert_non_null(strstr(err.message, "`1 use <socket path>`"));
	assert_int_equal(sc_kmdata_connect(&f->kmdata, 1, SC_ROLE_CUSTODY, &client, NULL), SC_OK);
	assert_string_equal(sc_client_path(client), scratch_path(&f->scratch, "socket"));
	fake_module_stop(fake);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_directory_is_made_and_named_by_its_variable),
		TEST(opening_it_to_read_makes_nothing_and_says_what_is_missing),
		TEST(a_world_is_written_once_and_read_back),
		TEST(only_a_successor_of_the_same_world_replaces_it),
		TEST(an_altered_world_is_refused),
		TEST(a_keys_name_is_made_of_what_the_article_allows),
		TEST(a_key_file_is_read_back_under_its_own_name_only),
		TEST(a_key_is_never_written_over),
		TEST(the_public_key_stands_beside_the_key_as_pem),
		TEST(no_failure_leaves_a_key_without_its_public_half),
		TEST(the_map_is_read_line_by_line),
		TEST(the_map_may_come_from_windows_and_a_path_may_have_spaces),
		TEST(a_line_that_is_not_understood_is_named),
		TEST(a_module_is_reached_through_the_map_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
