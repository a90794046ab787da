/* A module's first steps leave nothing of its keys on the stack (rule M9). With a stand-in for core/. */
#include "support/test.h"

#include <stdio.h>

#include "base/clock.h"
#include "evidence/warrant_answer.h"
#include "hsmd/os/initialise.h"
#include "hsmd/os/scrub.h"
#include "scratch.h"
#include "support/forge.h"

/* -- what uses a module's keys, and what wipes (ld's --wrap) ------------------------------------ */

static unsigned uses;
static bool is_dirty;

static void use(void)
{
	assert_false(is_dirty);
	is_dirty = true;
	uses++;
}

void __real_sc_scrub(void);
void __wrap_sc_scrub(void);

void __wrap_sc_scrub(void)
{
	is_dirty = false;
	__real_sc_scrub();
}

sc_status __real_sc_module_create(const struct sc_module_host *host, const struct sc_secret *unlock,
				  const struct sc_module_options *options, struct sc_module **out,
				  struct sc_error *err);
sc_status __wrap_sc_module_create(const struct sc_module_host *host, const struct sc_secret *unlock,
				  const struct sc_module_options *options, struct sc_module **out,
				  struct sc_error *err);

sc_status __wrap_sc_module_create(const struct sc_module_host *host, const struct sc_secret *unlock,
				  const struct sc_module_options *options, struct sc_module **out,
				  struct sc_error *err)
{
	use();
	return __real_sc_module_create(host, unlock, options, out, err);
}

sc_status __real_sc_module_open(const struct sc_module_host *host, struct sc_view state, struct sc_view mark,
				const struct sc_secret *unlock, const struct sc_module_options *options,
				struct sc_module **out, struct sc_error *err);
sc_status __wrap_sc_module_open(const struct sc_module_host *host, struct sc_view state, struct sc_view mark,
				const struct sc_secret *unlock, const struct sc_module_options *options,
				struct sc_module **out, struct sc_error *err);

sc_status __wrap_sc_module_open(const struct sc_module_host *host, struct sc_view state, struct sc_view mark,
				const struct sc_secret *unlock, const struct sc_module_options *options,
				struct sc_module **out, struct sc_error *err)
{
	use();
	return __real_sc_module_open(host, state, mark, unlock, options, out, err);
}

sc_status __real_sc_module_warrant_request(struct sc_module *module, struct sc_bytes *out,
					   struct sc_error *err);
sc_status __wrap_sc_module_warrant_request(struct sc_module *module, struct sc_bytes *out,
					   struct sc_error *err);

sc_status __wrap_sc_module_warrant_request(struct sc_module *module, struct sc_bytes *out,
					   struct sc_error *err)
{
	use();
	return __real_sc_module_warrant_request(module, out, err);
}

sc_status __real_sc_module_install_warrant(struct sc_module *module, struct sc_view root,
					   struct sc_view warrant, const struct sc_hash *root_hash,
					   struct sc_error *err);
sc_status __wrap_sc_module_install_warrant(struct sc_module *module, struct sc_view root,
					   struct sc_view warrant, const struct sc_hash *root_hash,
					   struct sc_error *err);

sc_status __wrap_sc_module_install_warrant(struct sc_module *module, struct sc_view root,
					   struct sc_view warrant, const struct sc_hash *root_hash,
					   struct sc_error *err)
{
	use();
	return __real_sc_module_install_warrant(module, root, warrant, root_hash, err);
}

/* -- the tests ----------------------------------------------------------------------------------- */

static struct scratch scratch;
static struct sc_hsmd_settings settings;
static char state_path[96];
static char answer_path[96];

static int setup(void **state)
{
	(void)state;
	scratch = scratch_make();
	snprintf(state_path, sizeof state_path, "%s", scratch_path(&scratch, "state"));
	snprintf(answer_path, sizeof answer_path, "%s", scratch_path(&scratch, "answer"));
	settings = (struct sc_hsmd_settings){ .state = state_path, .ready_fd = -1, .warrant = answer_path };
	uses = 0;
	is_dirty = false;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scratch_remove(&scratch);
	return 0;
}

static void write_answer(void)
{
	struct sc_forge *forge = sc_forge_new(sc_clock_now(), "EU");
	SC_CLEANUP(sc_bytes) answer = { 0 };

	assert_non_null(forge);
	assert_ok(sc_warrant_answer_write(forge->root, forge->warrant, &answer, NULL), NULL);
	scratch_write(answer_path, answer.data, answer.len);
	sc_forge_free(forge);
}

static void each_use_of_a_new_modules_keys_is_wiped(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	/* a new identity and its request; the same identity, opened again */
	assert_ok(sc_hsmd_initialise(&settings, &err), &err);
	assert_int_equal(uses, 2);
	assert_false(is_dirty);
	assert_ok(sc_hsmd_initialise(&settings, &err), &err);
	assert_int_equal(uses, 4);
	assert_false(is_dirty);
}

static void a_warrant_that_is_refused_leaves_nothing_either(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_hsmd_initialise(&settings, &err), &err);
	write_answer();
	uses = 0;
	assert_status(sc_hsmd_install_warrant(&settings, &err), SC_ERR_EVIDENCE_ROOT, &err);
	assert_int_equal(uses, 2);
	assert_false(is_dirty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(each_use_of_a_new_modules_keys_is_wiped),
		TEST(a_warrant_that_is_refused_leaves_nothing_either),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
