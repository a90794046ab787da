/*
 * new-world when something goes wrong between the module and the disk: what existed before stays complete,
 * and cards that may be the only ones are never erased. Runs the real program, or for the last promise what
 * it calls; the test plays the module.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ec.h>

#include "base/os.h"
#include "fake_module.h"
#include "sample_world.h"
#include "scratch.h"
#include "world/new_world.h"

#define OUTPUT_MAX 16384
#define PINS       "correct horse battery\nstaple of a custodian\nthird of three PINs\n"

static const char *program;

enum accident {
	NONE,
	CARD_APPEARS,        /* somebody else's card appears in the third slot before it is written */
	FILE_APPEARS,        /* a world file appears before it is written */
	COMMIT_REFUSED,      /* the module refuses to adopt the world */
	COMMIT_UNANSWERED,   /* it adopts the world, but the connection breaks */
	COMMIT_UNKNOWN,      /* the connection breaks, and nobody answers afterwards */
	COMMIT_NOT_SYNCED,   /* it answers that it could not sync its state */
	COMMIT_FAILED,       /* it answers that a system call failed */
	ANOTHER_QUORUM_MADE, /* 1 of 3 instead of 2 of 3 */
};

struct fixture {
	struct scratch scratch;
	struct fake_module *fake;
	EVP_PKEY *knso;
	enum accident accident;
	enum sc_mode mode;
	struct sc_hash id;
	atomic_bool is_adopted;
	char output[OUTPUT_MAX];
};

/* -- the module -------------------------------------------------------------------------------- */

static bool serve_enquire(struct fixture *f, int connection, struct sc_view message)
{
	SC_CLEANUP(sc_writer) writer = sc_writer_new(SC_WIRE_BODY_MAX);
	struct sc_enquire_response response = { .mode = f->mode, .role = SC_ROLE_CUSTODY };

	if (f->is_adopted) {
		response.mode = SC_MODE_WORLD;
		response.world = f->id;
	}
	sc_enquire_response_write(&writer, &response);
	fake_reply(connection, message, SC_OK, 0, 0, sc_writer_view(&writer));
	return true;
}

static bool serve_begin(struct fixture *f, int connection, struct sc_view message, struct sc_view body)
{
	SC_CLEANUP(sc_writer) writer = sc_writer_new(SC_WIRE_BODY_MAX);
	SC_CLEANUP(sc_bytes) world = { 0 };
	struct sc_bytes cards[3];
	struct sc_world_begin_request request = { 0 };
	struct sc_world_begin_response response = { 0 };
	uint32_t k;

	if (sc_world_begin_request_read(body, &request) != SC_OK || request.pins.count != 3 ||
	    !sc_view_equals(request.pins.item[1], sc_view_text("staple of a custodian")))
		return false;
	k = f->accident == ANOTHER_QUORUM_MADE ? 1 : request.k;
	world = sample_world(f->knso, k, 3, 1, &f->id);
	response.world = f->id;
	response.world_file = sc_bytes_view(&world);
	response.cards.count = 3;
	for (uint32_t i = 0; i < 3; i++) {
		cards[i] = sample_card(&f->id, i + 1, k, 3);
		response.cards.item[i] = sc_bytes_view(&cards[i]);
	}
	if (f->accident == CARD_APPEARS)
		scratch_write(scratch_path(&f->scratch, "c/safeconduct-card"), "a foreign card", 14);
	if (f->accident == FILE_APPEARS)
		scratch_write(scratch_path(&f->scratch, "local/world"), "another world", 13);
	sc_world_begin_response_write(&writer, &response);
	fake_reply(connection, message, SC_OK, 0, 0, sc_writer_view(&writer));
	for (uint32_t i = 0; i < 3; i++)
		sc_bytes_free(&cards[i]);
	return true;
}

static bool serve_commit(struct fixture *f, int connection, struct sc_view message)
{
	switch (f->accident) {
	case COMMIT_REFUSED:
		fake_reply(connection, message, SC_ERR_STATE, 0, 0, (struct sc_view){ 0 });
		return true;
	case COMMIT_NOT_SYNCED:
		f->is_adopted = true;
		fake_reply(connection, message, SC_ERR_NOT_DURABLE, 0, 0, (struct sc_view){ 0 });
		return true;
	case COMMIT_FAILED:
		fake_reply(connection, message, SC_ERR_SYSTEM, 0, 0, (struct sc_view){ 0 });
		return true;
	case COMMIT_UNANSWERED:
		f->is_adopted = true;
		return false;
	case COMMIT_UNKNOWN:
		unlink(scratch_path(&f->scratch, "socket"));
		return false;
	default:
		f->is_adopted = true;
		fake_reply(connection, message, SC_OK, 0, 0, (struct sc_view){ 0 });
		return true;
	}
}

static bool serve(void *context, int connection, struct sc_view message)
{
	struct sc_view body;

	switch (fake_command(message, &body)) {
	case SC_COMMAND_ENQUIRE:
		return serve_enquire(context, connection, message);
	case SC_COMMAND_WORLD_BEGIN:
		return serve_begin(context, connection, message, body);
	case SC_COMMAND_WORLD_COMMIT:
		return serve_commit(context, connection, message);
	default:
		return false;
	}
}

/* -- the program ------------------------------------------------------------------------------- */

static void start_module(struct fixture *f)
{
	char map[256];

	f->fake = fake_module_start(scratch_path(&f->scratch, "socket"), serve, f);
	snprintf(map, sizeof map, "1 custody %s\n", scratch_path(&f->scratch, "socket"));
	scratch_write(scratch_path(&f->scratch, "config/modules"), map, strlen(map));
}

static int set_up(void **state)
{
	static const char *const directories[] = { "a", "b", "c", "config", "local" };
	struct fixture *f = calloc(1, sizeof *f);

	f->scratch = scratch_make();
	f->knso = EVP_EC_gen("P-521");
	f->mode = SC_MODE_WARRANTED;
	for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
		assert_int_equal(mkdir(scratch_path(&f->scratch, directories[i]), 0700), 0);
	start_module(f);
	setenv("NFAST_KMDATA", f->scratch.path, 1);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	fake_module_stop(f->fake);
	scratch_remove(&f->scratch);
	EVP_PKEY_free(f->knso);
	free(f);
	return 0;
}

/* Runs new-world with three cards and PINs. Returns its exit status; f->output holds what it printed. */
static int run_with(struct fixture *f, const char *suite, const char *quorum)
{
	char cards[256];
	char fd[32];
	int pins[2];
	int status;
	char *argv[] = { (char *)(uintptr_t)program,
			 (char[]){ "--initialize" },
			 (char *)(uintptr_t)suite,
			 (char[]){ "--module=1" },
			 (char *)(uintptr_t)quorum,
			 cards,
			 fd,
			 NULL };

	snprintf(cards, sizeof cards, "--cards=%s,%s,%s", scratch_path(&f->scratch, "a"),
		 scratch_path(&f->scratch, "b"), scratch_path(&f->scratch, "c"));
	assert_int_equal(pipe(pins), 0);
	assert_int_equal(write(pins[1], PINS, strlen(PINS)), strlen(PINS));
	close(pins[1]);
	snprintf(fd, sizeof fd, "--pins-from-fd=%d", pins[0]);
	fake_module_settle(f->fake);
	status = scratch_run(&f->scratch, argv, f->output, sizeof f->output);
	fake_module_settle(f->fake);
	close(pins[0]);
	return status;
}

static int run(struct fixture *f)
{
	return run_with(f, "--cipher-suite=ECp521mAES", "--acs-quorum=2/3");
}

static bool says(const struct fixture *f, const char *text)
{
	bool found = strstr(f->output, text) != NULL;

	if (!found)
		printf("not printed: %s\nbut: %s\n", text, f->output);
	return found;
}

static bool is_there(const struct fixture *f, const char *name)
{
	return access(scratch_path(&f->scratch, name), F_OK) == 0;
}

static void nothing_is_left(const struct fixture *f)
{
	assert_false(is_there(f, "a/safeconduct-card"));
	assert_false(is_there(f, "b/safeconduct-card"));
	assert_false(is_there(f, "c/safeconduct-card"));
	assert_false(is_there(f, "local/world"));
}

static void everything_is_there(const struct fixture *f)
{
	assert_true(is_there(f, "a/safeconduct-card"));
	assert_true(is_there(f, "b/safeconduct-card"));
	assert_true(is_there(f, "c/safeconduct-card"));
	assert_true(is_there(f, "local/world"));
}

/* -- promises ---------------------------------------------------------------------------------- */

static void a_world_is_cards_a_file_and_a_module_that_adopted_it(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run(f), 0);
	everything_is_there(f);
	assert_true(f->is_adopted);
	assert_true(says(f, "Module 1: 1 card of 3 written"));
	assert_true(says(f, "Module 1: 3 cards of 3 written"));
	assert_true(says(f, "Security world generated on module #1; hknso = "));
	assert_true(says(f, scratch_path(&f->scratch, "local/world")));
	assert_null(strstr(f->output, "horse"));
	/* A second run is refused. */
	assert_int_not_equal(run(f), 0);
	assert_true(says(f, "is already in a security world"));
}

static void a_card_that_cannot_be_written_takes_the_others_back(void **state)
{
	struct fixture *f = *state;

	f->accident = CARD_APPEARS;
	assert_int_not_equal(run(f), 0);
	assert_true(says(f, "card 3 of 3: "));
	assert_true(says(f, "not blank"));
	assert_false(f->is_adopted);
	/* The foreign card is not ours to erase. */
	assert_true(is_there(f, "c/safeconduct-card"));
	assert_int_equal(unlink(scratch_path(&f->scratch, "c/safeconduct-card")), 0);
	nothing_is_left(f);
	f->accident = NONE;
	assert_int_equal(run(f), 0);
}

static void a_world_file_that_cannot_be_written_takes_the_cards_back(void **state)
{
	struct fixture *f = *state;

	f->accident = FILE_APPEARS;
	assert_int_not_equal(run(f), 0);
	assert_true(says(f, "local/world: already exists"));
	assert_false(f->is_adopted);
	assert_int_equal(unlink(scratch_path(&f->scratch, "local/world")), 0);
	nothing_is_left(f);
	f->accident = NONE;
	assert_int_equal(run(f), 0);
}

static void a_refused_commit_takes_everything_back(void **state)
{
	struct fixture *f = *state;

	f->accident = COMMIT_REFUSED;
	assert_int_not_equal(run(f), 0);
	nothing_is_left(f);
	f->accident = NONE;
	assert_int_equal(run(f), 0);
}

static void an_unanswered_commit_that_was_adopted_is_a_success(void **state)
{
	struct fixture *f = *state;

	f->accident = COMMIT_UNANSWERED;
	assert_int_equal(run(f), 0);
	everything_is_there(f);
	assert_true(says(f, "Security world generated"));
}

static void cards_that_may_be_the_only_ones_are_not_erased(void **state)
{
	struct fixture *f = *state;
	const char *hint = "it is not known whether the module adopted the world";

	f->accident = COMMIT_UNKNOWN;
	assert_int_not_equal(run(f), 0);
	everything_is_there(f);
	assert_true(says(f, hint));
	fake_module_stop(f->fake);
	start_module(f);
	/* The next run reports the file, and the run after that the card. */
	f->accident = NONE;
	assert_int_not_equal(run(f), 0);
	assert_true(says(f, "local/world: already exists"));
	assert_int_equal(unlink(scratch_path(&f->scratch, "local/world")), 0);
	assert_int_not_equal(run(f), 0);
	assert_true(says(f, "card 1 of 3: "));
	assert_true(says(f, "administrator card 1 of 3 of the security world "));
}

static void leaves_everything(struct fixture *f, enum accident accident)
{
	f->accident = accident;
	assert_int_not_equal(run(f), 0);
	everything_is_there(f);
	assert_true(says(f, "it is not known whether the module adopted the world"));
	/* Until it is restarted, the module does not know whether its disk kept the state. */
	assert_true(says(f, "Restart the module, then run `enquiry`: if it shows world "));
}

/* hsmd answers SC_ERR_NOT_DURABLE if it is in the world, but its disk may lose that: no success (P2). */
static void a_module_that_could_not_sync_may_yet_lose_the_world(void **state)
{
	leaves_everything(*state, COMMIT_NOT_SYNCED);
}

static void a_module_whose_system_failed_may_yet_have_adopted_it(void **state)
{
	leaves_everything(*state, COMMIT_FAILED);
}

static void another_world_than_was_asked_for_is_not_written(void **state)
{
	struct fixture *f = *state;

	f->accident = ANOTHER_QUORUM_MADE;
	assert_int_not_equal(run(f), 0);
	assert_true(says(f, "a different world from the one requested"));
	nothing_is_left(f);
}

static void a_module_without_warrant_or_with_a_world_is_refused_first(void **state)
{
	struct fixture *f = *state;

	f->mode = SC_MODE_UNWARRANTED;
	assert_int_not_equal(run(f), 0);
	assert_true(says(f, "no warrant"));
	f->mode = SC_MODE_REGION;
	assert_int_not_equal(run(f), 0);
	assert_true(says(f, "is already in a security world"));
	nothing_is_left(f);
	f->mode = SC_MODE_WARRANTED;
	assert_int_equal(run(f), 0);
}

static void a_suite_or_quorum_that_cannot_be_is_refused(void **state)
{
	static const char *const quora[] = { "--acs-quorum=0/3",  "--acs-quorum=4/3",   "--acs-quorum=3",
					     "--acs-quorum=2/65", "--acs-quorum=2/3/4", "--acs-quorum=/3" };
	struct fixture *f = *state;

	assert_int_not_equal(run_with(f, "--cipher-suite=DLf9s9", "--acs-quorum=2/3"), 0);
	assert_true(says(f, "DLf1024s160mRijndael, ECp521mAES"));
	for (size_t i = 0; i < sizeof quora / sizeof quora[0]; i++) {
		assert_int_not_equal(run_with(f, "--cipher-suite=ECp521mAES", quora[i]), 0);
		assert_true(says(f, "--acs-quorum"));
	}
	nothing_is_left(f);
	assert_int_equal(run(f), 0);
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

static int failing_fstat(int fd, struct stat *out)
{
	return fails_now() ? -1 : sc_os_system.fstat(fd, out);
}

static ssize_t failing_read(int fd, void *data, size_t len)
{
	return fails_now() ? -1 : sc_os_system.read(fd, data, len);
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

static ssize_t failing_sendmsg(int socket, const struct msghdr *message, int flags)
{
	return fails_now() ? -1 : sc_os_system.sendmsg(socket, message, flags);
}

static ssize_t failing_recvmsg(int socket, struct msghdr *message, int flags)
{
	return fails_now() ? -1 : sc_os_system.recvmsg(socket, message, flags);
}

/* Makes the world in this process, with the same three cards and PINs. */
static sc_status make(struct fixture *f)
{
	const struct sc_new_world_request request = { .suite = sc_suite_by_name("ECp521mAES"),
						      .k = 2,
						      .n = 3 };
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;
	struct sc_ceremony ceremony = { .module = 1 };
	struct sc_hash hknso;
	char cards[256];
	char fd[32];
	int pins[2];
	sc_status status;

	snprintf(cards, sizeof cards, "%s,%s,%s", scratch_path(&f->scratch, "a"),
		 scratch_path(&f->scratch, "b"), scratch_path(&f->scratch, "c"));
	assert_int_equal(pipe(pins), 0);
	assert_int_equal(write(pins[1], PINS, strlen(PINS)), strlen(PINS));
	close(pins[1]);
	snprintf(fd, sizeof fd, "%d", pins[0]);
	ceremony.cards = cards;
	ceremony.pins_from_fd = fd;
	status = sc_kmdata_make(&kmdata, NULL);
	if (status == SC_OK)
		status = sc_new_world_make(&kmdata, &ceremony, &request, &hknso, NULL);
	close(pins[0]);
	return status;
}

/*
 * Removes what is there, as an operator would; false if cards and file were neither all there nor all gone.
 */
static bool clear(struct fixture *f)
{
	static const char *const files[] = { "a/safeconduct-card", "b/safeconduct-card", "c/safeconduct-card",
					     "local/world" };
	size_t removed = 0;

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		removed += unlink(scratch_path(&f->scratch, files[i])) == 0;
	return removed == 0 || removed == sizeof files / sizeof files[0];
}

static void no_failure_leaves_an_adopted_world_without_cards_or_half_of_one(void **state)
{
	struct fixture *f = *state;
	struct sc_os os = sc_os_system;
	bool done = false;
	int n;

	os.openat = failing_openat;
	os.fstat = failing_fstat;
	os.read = failing_read;
	os.write = failing_write;
	os.fsync = failing_fsync;
	os.renameat2 = failing_renameat2;
	os.unlinkat = failing_unlinkat;
	os.sendmsg = failing_sendmsg;
	os.recvmsg = failing_recvmsg;
	for (n = 0; !done && n < 1000; n++) {
		sc_status status;

		f->is_adopted = false;
		calls_left = n;
		sc_os = &os;
		status = make(f);
		sc_os = &sc_os_system;
		done = calls_left >= 0; /* nothing failed */
		if (done)
			assert_int_equal(status, SC_OK);
		if (status == SC_OK)
			assert_true(f->is_adopted);
		if (f->is_adopted)
			everything_is_there(f);
		assert_true(clear(f));
	}
	assert_true(done);
	assert_true(n > 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_world_is_cards_a_file_and_a_module_that_adopted_it),
		TEST(a_card_that_cannot_be_written_takes_the_others_back),
		TEST(a_world_file_that_cannot_be_written_takes_the_cards_back),
		TEST(a_refused_commit_takes_everything_back),
		TEST(an_unanswered_commit_that_was_adopted_is_a_success),
		TEST(cards_that_may_be_the_only_ones_are_not_erased),
		TEST(a_module_that_could_not_sync_may_yet_lose_the_world),
		TEST(a_module_whose_system_failed_may_yet_have_adopted_it),
		TEST(another_world_than_was_asked_for_is_not_written),
		TEST(a_module_without_warrant_or_with_a_world_is_refused_first),
		TEST(a_suite_or_quorum_that_cannot_be_is_refused),
		TEST(no_failure_leaves_an_adopted_world_without_cards_or_half_of_one),
	};

	if (argc != 2)
		return 2;
	program = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
