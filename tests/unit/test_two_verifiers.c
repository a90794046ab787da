/*
 * verifykeypackage.py and sc_evidence_packages_verify share no code and reach the same verdict on every
 * change in the table of changes, and on packages with a bit flipped, cut short or lengthened. VERIFY_SCRIPT
 * is the script's path, VERIFY_DRIVER that of tests/support/verify_many.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "changes.h"
#include "module_stand_in.h"

#define FLIPS 70 /* positions in a package, evenly spread; test_statement.c tries the rest */

extern char **environ;

#define MUTANTS 200 /* how many both must refuse at least */

static char directory[] = "/tmp/test_verifiers.XXXXXX";
static struct sc_forge *f; /* whose root the module trusts */
static unsigned refused;   /* by both, so far */

static const char *path_of(const char *name, char path[64])
{
	snprintf(path, 64, "%s/%s", directory, name);
	return path;
}

static int set_up(void **state)
{
	(void)state;
	f = sc_forge_new(sc_clock_now(), "EU");
	return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
	static const char *const files[] = { "kek", "world", "script" };
	char path[64];

	(void)state;
	sc_forge_free(f);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		unlink(path_of(files[i], path));
	return rmdir(directory);
}

static void write_to(const char *name, struct sc_view content)
{
	char path[64];

	assert_int_equal(sc_file_write_path(path_of(name, path), content, SC_FILE_REPLACE, 0600, NULL),
			 SC_OK);
}

/* Starts the script as a user would, or the driver that runs it once per line of input. */
static pid_t start(char *const argv[], int in, int out)
{
	posix_spawn_file_actions_t actions;
	pid_t child;

	posix_spawn_file_actions_init(&actions);
	if (in >= 0)
		posix_spawn_file_actions_adddup2(&actions, in, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	assert_int_equal(posix_spawnp(&child, "python3", &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	return child;
}

static int exit_status(pid_t child)
{
	int status = 0;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Runs a script once, in its own process. Returns its exit status, and what it printed in `output`. */
static int run_script(const char *script, const struct sc_forge *forge, char output[4096])
{
	char script_path[256];
	char kek_path[64];
	char world_path[64];
	char *argv[] = { "python3", script_path, "-k", kek_path, "-w", world_path, NULL };
	SC_CLEANUP(sc_bytes) kek = sc_forge_kek_package(forge);
	SC_CLEANUP(sc_bytes) world = sc_forge_world_package(forge);
	int pipe_ends[2];
	FILE *printed;
	pid_t child;

	snprintf(script_path, sizeof script_path, "%s", script);
	path_of("kek", kek_path);
	path_of("world", world_path);
	write_to("kek", sc_bytes_view(&kek));
	write_to("world", sc_bytes_view(&world));
	assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
	child = start(argv, -1, pipe_ends[1]);
	close(pipe_ends[1]);
	printed = fdopen(pipe_ends[0], "r");
	output[fread(output, 1, 4095, printed)] = '\0';
	fclose(printed);
	return exit_status(child);
}

static struct {
	pid_t child;
	FILE *asks;
	FILE *answers;
} driver;

static void start_driver(void)
{
	char driver_path[] = VERIFY_DRIVER;
	char script[] = VERIFY_SCRIPT;
	char *argv[] = { "python3", driver_path, script, NULL };
	int to[2];
	int from[2];

	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	driver.child = start(argv, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	driver.asks = fdopen(to[1], "w");
	driver.answers = fdopen(from[0], "r");
}

static void stop_driver(void)
{
	fclose(driver.asks);
	fclose(driver.answers);
	assert_int_equal(exit_status(driver.child), 0);
}

/* The script's exit status on the two packages, through the driver. */
static int ask_driver(struct sc_view kek, struct sc_view world, char output[4096])
{
	char kek_path[64];
	char world_path[64];
	char line[1024];
	int status = -1;
	size_t used = 0;

	write_to("kek", kek);
	write_to("world", world);
	fprintf(driver.asks, "%s %s\n", path_of("kek", kek_path), path_of("world", world_path));
	fflush(driver.asks);
	output[0] = '\0';
	while (fgets(line, sizeof line, driver.answers)) {
		if (sscanf(line, "Exit: %d", &status) == 1)
			return status;
		used += (size_t)snprintf(output + used, 4096 - used, "%s", line);
		assert_true(used < 4096);
	}
	fail_msg("the script exited by itself");
	return -1;
}

/* What the C verifier prints, line by line. */
struct lines {
	char text[4096];
	size_t used;
};

static void add_line(void *context, const char *check, const char *found)
{
	struct lines *lines = context;

	lines->used += (size_t)snprintf(lines->text + lines->used, sizeof lines->text - lines->used,
					"%-17s %s\n", check, found);
	assert_true(lines->used < sizeof lines->text);
}

/* Both verdicts on the packages. They must agree on what was found and on which check failed. */
static sc_status verdict(struct sc_view kek, struct sc_view world, const struct sc_evidence_trust *trust,
			 const char *what)
{
	struct lines lines = { .text = "" };
	const struct sc_evidence_report report = { add_line, &lines };
	SC_CLEANUP(sc_evidence_target) target = NULL;
	struct sc_error err = { 0 };
	sc_status status = sc_evidence_packages_verify(kek, world, trust, &report, &target, &err);
	char output[4096];
	char failure[128];
	bool accepted = ask_driver(kek, world, output) == 0;

	if (accepted != (status == SC_OK))
		fail_msg("%s: C says %s (%s), Python says:\n%s", what, sc_status_name(status), err.message,
			 output);
	snprintf(failure, sizeof failure, "Result: FAILURE: %.*s", (int)strcspn(err.message, ":") + 1,
		 err.message);
	if (!strstr(output, lines.text) || !strstr(output, accepted ? "\nResult: SUCCESS\n" : failure))
		fail_msg("%s: C found\n%s%s\nPython found\n%s", what, lines.text, err.message, output);
	refused += !accepted;
	return status;
}

static sc_status verdict_on(const struct sc_forge *forge, const char *what)
{
	const struct sc_evidence_trust trust = { .roots = &f->root, .root_count = 1, .now = sc_clock_now() };
	SC_CLEANUP(sc_bytes) kek = sc_forge_kek_package(forge);
	SC_CLEANUP(sc_bytes) world = sc_forge_world_package(forge);

	return verdict(sc_bytes_view(&kek), sc_bytes_view(&world), &trust, what);
}

/* A region of f's manufacturer, so that one module serves for all regions. */
static struct sc_forge *new_region(void)
{
	struct sc_forge *region = sc_forge_new(sc_clock_now(), "EU");

	EVP_PKEY_free(region->root_key);
	EVP_PKEY_up_ref(f->root_key);
	region->root_key = f->root_key;
	X509_up_ref(f->root);
	sc_forge_put(&region->root, f->root);
	sc_forge_warrant_again(region);
	sc_forge_region_again(region);
	return region;
}

static void both_agree_on_every_change(void **state)
{
	struct sc_stand_in *module = sc_stand_in_start(SC_MODE_WORLD, &f->root, 1, NULL);
	SC_CLEANUP(sc_forge) other = sc_forge_new(sc_clock_now(), "EU");
	size_t count = 0;
	const struct sc_forge_change *change = sc_forge_changes(&count);

	(void)state;
	start_driver();
	for (; count > 0; count--, change++) {
		SC_CLEANUP(sc_forge) region = new_region();

		change->apply(region, other);
		assert_int_equal(verdict_on(region, change->name), change->packages);
	}
	stop_driver();
	sc_stand_in_stop(module);
}

/* Damages one of the two packages: one bit flipped at FLIPS places, then cut, lengthened and empty. */
static void check_damage(struct sc_bytes *kek, struct sc_bytes *world, struct sc_bytes *damaged)
{
	const struct sc_evidence_trust trust = { .roots = &f->root, .root_count = 1, .now = sc_clock_now() };
	size_t len = damaged->len;
	char what[64];

	for (size_t i = 0; i < FLIPS; i++) {
		size_t at = i * (len - 1) / (FLIPS - 1);

		damaged->data[at] ^= 0x20;
		snprintf(what, sizeof what, "%zu bytes, byte %zu", len, at);
		assert_int_not_equal(verdict(sc_bytes_view(kek), sc_bytes_view(world), &trust, what), SC_OK);
		damaged->data[at] ^= 0x20;
	}
	damaged->len = len - 1;
	assert_int_not_equal(verdict(sc_bytes_view(kek), sc_bytes_view(world), &trust, "cut"), SC_OK);
	damaged->len = len + 1; /* followed by a zero byte */
	assert_int_not_equal(verdict(sc_bytes_view(kek), sc_bytes_view(world), &trust, "lengthened"), SC_OK);
	damaged->len = 0;
	assert_int_not_equal(verdict(sc_bytes_view(kek), sc_bytes_view(world), &trust, "empty"), SC_OK);
	damaged->len = len;
}

static struct sc_bytes with_room(struct sc_bytes package)
{
	struct sc_bytes roomy = { 0 };

	assert_int_equal(sc_bytes_new(package.len + 1, &roomy, NULL), SC_OK);
	memcpy(roomy.data, package.data, package.len);
	roomy.len = package.len;
	sc_bytes_free(&package);
	return roomy;
}

static void both_refuse_damaged_packages(void **state)
{
	struct sc_stand_in *module = sc_stand_in_start(SC_MODE_WORLD, &f->root, 1, NULL);
	const struct sc_evidence_trust trust = { .roots = &f->root, .root_count = 1, .now = sc_clock_now() };
	SC_CLEANUP(sc_bytes) kek = with_room(sc_forge_kek_package(f));
	SC_CLEANUP(sc_bytes) world = with_room(sc_forge_world_package(f));

	(void)state;
	start_driver();
	assert_int_equal(verdict(sc_bytes_view(&kek), sc_bytes_view(&world), &trust, "whole"), SC_OK);
	check_damage(&kek, &world, &kek);
	check_damage(&kek, &world, &world);
	assert_int_equal(verdict(sc_bytes_view(&kek), sc_bytes_view(&world), &trust, "whole again"), SC_OK);
	assert_int_not_equal(verdict(sc_bytes_view(&world), sc_bytes_view(&kek), &trust, "exchanged"), SC_OK);
	stop_driver();
	sc_stand_in_stop(module);
}

/* Counted by the two tests before this one. */
static void two_hundred_mutants_were_refused_by_both(void **state)
{
	(void)state;
	if (refused < MUTANTS)
		fail_msg("only %u were refused", refused);
}

static void a_root_that_the_custodians_chose_is_said_to_be_that(void **state)
{
	SC_CLEANUP(sc_forge) other = sc_forge_new(sc_clock_now(), "EU");
	X509 *const roots[] = { other->root, f->root };
	struct sc_stand_in *module = sc_stand_in_start(SC_MODE_REGION, roots, 1, NULL);
	char output[4096];

	(void)state;
	assert_int_not_equal(run_script(VERIFY_SCRIPT, f, output), 0);
	assert_non_null(strstr(output, "Result: FAILURE: KEK statement: "));
	sc_stand_in_stop(module);
	module = sc_stand_in_start(SC_MODE_REGION, roots, 2, NULL);
	assert_int_equal(run_script(VERIFY_SCRIPT, f, output), 0);
	assert_non_null(strstr(output, "not this module's own"));
	sc_stand_in_stop(module);
}

/* The module itself judges with the same list: see test_module.c. */
static void both_refuse_what_a_revoked_module_signed(void **state)
{
	const char *const revoked[] = { f->esn.s };
	struct sc_evidence_trust trust = {
		.roots = &f->root, .root_count = 1, .revoked = revoked, .now = sc_clock_now()
	};
	SC_CLEANUP(sc_bytes) kek = sc_forge_kek_package(f);
	SC_CLEANUP(sc_bytes) world = sc_forge_world_package(f);
	struct sc_stand_in *module = sc_stand_in_start(SC_MODE_WORLD, &f->root, 1, "0000-0000-0000");
	char output[4096];
	char line[256];

	(void)state;
	start_driver();
	assert_int_equal(verdict(sc_bytes_view(&kek), sc_bytes_view(&world), &trust, "another revoked"),
			 SC_OK);
	stop_driver();
	sc_stand_in_stop(module);
	module = sc_stand_in_start(SC_MODE_WORLD, &f->root, 1, f->esn.s);
	start_driver();
	trust.revoked_count = 1;
	assert_int_equal(verdict(sc_bytes_view(&kek), sc_bytes_view(&world), &trust, "revoked"),
			 SC_ERR_EVIDENCE_REVOKED);
	stop_driver();
	assert_int_not_equal(run_script(VERIFY_SCRIPT, f, output), 0);
	snprintf(line, sizeof line, "\nResult: FAILURE: KEK statement: module %s is revoked\n", f->esn.s);
	assert_non_null(strstr(output, line));
	sc_stand_in_stop(module);
}

static void a_module_without_a_world_is_said_to_be_needed(void **state)
{
	struct sc_stand_in *module = sc_stand_in_start(SC_MODE_WARRANTED, &f->root, 1, NULL);
	char output[4096];

	(void)state;
	assert_int_not_equal(run_script(VERIFY_SCRIPT, f, output), 0);
	assert_non_null(strstr(output, "no security world on it"));
	sc_stand_in_stop(module);
	assert_int_not_equal(run_script(VERIFY_SCRIPT, f, output), 0);
	assert_non_null(strstr(output, "Result: FAILURE: Module: "));
}

/* The script with `hash` in place of its empty ROOT_KEY_HASH, as the toolset build fills it in. */
static void write_script(const char *hash)
{
	static const char empty[] = "\nROOT_KEY_HASH = \"\"\n";
	SC_CLEANUP(sc_bytes) script = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	const char *at;

	assert_int_equal(sc_file_read_path(VERIFY_SCRIPT, 1 << 20, &script, NULL), SC_OK);
	at = memmem(script.data, script.len, empty, strlen(empty));
	assert_non_null(at);
	fwrite(script.data, 1, (size_t)(at - (const char *)script.data), file);
	fprintf(file, "\nROOT_KEY_HASH = \"%s\"\n", hash);
	at += strlen(empty);
	fwrite(at, 1, (size_t)((const char *)script.data + script.len - at), file);
	fclose(file);
	write_to("script", sc_view_of(text, len));
	free(text);
}

static void the_root_must_be_the_one_embedded_in_the_script(void **state)
{
	struct sc_stand_in *module = sc_stand_in_start(SC_MODE_WORLD, &f->root, 1, NULL);
	struct sc_hash hash = { 0 };
	char grouped[SC_HASH_GROUPED_SIZE];
	char script[64];
	char output[4096];

	(void)state;
	assert_int_equal(sc_certificate_key_hash(f->root, &hash, NULL), SC_OK);
	sc_hash_grouped(&hash, grouped);
	write_script(grouped);
	assert_int_equal(run_script(path_of("script", script), f, output), 0);
	assert_non_null(strstr(output, "\nPinned root       matches\nResult: SUCCESS\n"));
	hash.b[31] ^= 1;
	sc_hash_grouped(&hash, grouped);
	write_script(grouped);
	assert_int_not_equal(run_script(script, f, output), 0);
	assert_non_null(strstr(output, "\nResult: FAILURE: Pinned root: "));
	sc_stand_in_stop(module);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_agree_on_every_change),
		cmocka_unit_test(both_refuse_damaged_packages),
		cmocka_unit_test(two_hundred_mutants_were_refused_by_both),
		cmocka_unit_test(a_root_that_the_custodians_chose_is_said_to_be_that),
		cmocka_unit_test(both_refuse_what_a_revoked_module_signed),
		cmocka_unit_test(a_module_without_a_world_is_said_to_be_needed),
		cmocka_unit_test(the_root_must_be_the_one_embedded_in_the_script),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
