/*
 * The filter in force is the list in sandbox_rules.c and nothing more (rule M10): every system call by
 * number, those that this test's author has never heard of included, and for a rule that compares arguments,
 * both arguments that match and such that do not. Each is made in a child of its own that has taken all steps
 * of the sandbox. The other arguments are all ones, with which no call does anything.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "hsmd/os/libraries.h"
#include "hsmd/os/sandbox.h"
#include "hsmd/os/sandbox_rules.h"
#include "hsmd/os/sanitizer.h"

#define NUMBERS   600 /* more than any processor's kernel has, and room for those to come */
#define X32       0x40000000L
#define ARGUMENTS 6
#define NOTHING   ((scmp_datum_t) - 1)
#define BROKEN    99 /* exit code of a child: the sandbox could not be set up */

/*
 * A sanitizer build's sandbox is not the one that counts, and hundreds of its processes take minutes to fork.
 */
#ifdef SC_SANITIZED
static const bool is_sanitized = true;
#else
static const bool is_sanitized = false;
#endif

static char directory[] = "/tmp/safeconduct-calls-XXXXXX";
static struct sc_dir state_dir = SC_DIR_NONE;

/* A system call to make. */
struct call {
	long number;
	scmp_datum_t arguments[ARGUMENTS];
};

/* What must become of it. */
enum fate { KILLED, REFUSED, ALLOWED };

/* -- what the rules say, read without libseccomp ------------------------------------------------- */

static bool argument_matches(const struct scmp_arg_cmp *compare, const struct call *call)
{
	scmp_datum_t value = call->arguments[compare->arg];

	switch (compare->op) {
	case SCMP_CMP_EQ:
		return value == compare->datum_a;
	case SCMP_CMP_NE:
		return value != compare->datum_a;
	case SCMP_CMP_MASKED_EQ:
		return (value & compare->datum_a) == compare->datum_b;
	default:
		fail_msg("a rule compares in a way that this test does not know");
		return false;
	}
}

static const struct sc_sandbox_rule *rule_for(const struct sc_sandbox_rules *list, const struct call *call)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct sc_sandbox_rule *rule = &list->rules[i];
		bool matches = rule->call == call->number;

		for (unsigned j = 0; matches && j < rule->count; j++)
			matches = argument_matches(&rule->arguments[j], call);
		if (matches)
			return rule;
	}
	return NULL;
}

static enum fate fate_of(const struct sc_sandbox_rules *list, const struct call *call)
{
	const struct sc_sandbox_rule *rule = rule_for(list, call);

	return !rule ? KILLED : rule->refusal ? REFUSED : ALLOWED;
}

/* -- one call, from inside ---------------------------------------------------------------------- */

static void enter(void)
{
	struct sc_sandbox sandbox = { 0 };

	if (sc_sandbox_begin(&sandbox, NULL) != SC_OK ||
	    sc_sandbox_files(&sandbox, &state_dir, NULL) != SC_OK ||
	    sc_sandbox_seal(&sandbox, &state_dir, NULL) != SC_OK)
		_exit(BROKEN);
}

static int errno_of(const struct call *call)
{
	const scmp_datum_t *a = call->arguments;

	errno = 0;
	return syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]) == -1 ? errno : 0;
}

/* The call's errno, or 128 and the signal that killed the child. */
static int outcome(const struct call *call)
{
	const struct rlimit no_core = { 0, 0 };
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct call own = *call;

		/* Rules that name the process mean the one that entered the sandbox. */
		for (size_t i = 0; i < ARGUMENTS; i++)
			if (own.arguments[i] == (scmp_datum_t)getppid())
				own.arguments[i] = (scmp_datum_t)getpid();
		(void)setrlimit(RLIMIT_CORE, &no_core);
		/* What cmocka would catch must end the child. */
		(void)signal(SIGSEGV, SIG_DFL);
		(void)signal(SIGILL, SIG_DFL);
		alarm(60);
		enter();
		_exit(errno_of(&own));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* An allowed call may fail for a reason of its own; exit ends with the status that it was given. */
static bool is_fate(int got, enum fate fate, const struct sc_sandbox_rule *rule)
{
	switch (fate) {
	case KILLED:
		return got == 128 + SIGSYS;
	case REFUSED:
		return got == rule->refusal;
	default:
		return got < 128 ? got != BROKEN && got != EACCES && got != EPERM : got == 255;
	}
}

/*
 * Calls that the kernel answers before it asks any filter: the returns of its own probes, which refuse every
 * other caller.
 */
static bool is_the_kernels(long number)
{
#ifdef __x86_64__
	return number == 335 || number == 336; /* uretprobe, uprobe */
#else
	(void)number;
	return false;
#endif
}

static unsigned counted[3];

static void check(const struct sc_sandbox_rules *list, const struct call *call)
{
	static const char *const words[] = { "kill", "be refused", "be allowed" };
	const struct sc_sandbox_rule *rule = rule_for(list, call);
	enum fate fate = fate_of(list, call);
	int got = outcome(call);

	if (is_the_kernels(call->number) && (got == 128 + SIGILL || got == ENXIO))
		return;
	if (!is_fate(got, fate, rule))
		fail_msg("system call %ld (%llx, %llx, %llx, %llx) must %s, but its outcome is %d",
			 call->number, (unsigned long long)call->arguments[0],
			 (unsigned long long)call->arguments[1], (unsigned long long)call->arguments[2],
			 (unsigned long long)call->arguments[3], words[fate], got);
	counted[fate]++;
}

static struct call call_of(long number)
{
	return (struct call){ number, { NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING } };
}

/* -- the tests ---------------------------------------------------------------------------------- */

static void a_call_that_is_not_in_the_list_kills_and_one_that_is_does_not(void **state)
{
	struct sc_sandbox_rules list;

	(void)state;
	if (is_sanitized) {
		print_message("a sanitizer build's sandbox is wider than the one that counts\n");
		skip();
	}
	sc_sandbox_rules(state_dir.fd, &list);
	memset(counted, 0, sizeof counted);
	for (long number = 0; number < NUMBERS; number++) {
		const struct call call = call_of(number);

		check(&list, &call);
	}
	/* Nearly all of them kill, and the sweep has met the list. */
	assert_true(counted[KILLED] > NUMBERS - 2 * list.count);
	assert_true(counted[ALLOWED] > 20);
}

/* A value that the comparison accepts, or one that it does not. */
static scmp_datum_t value_for(const struct scmp_arg_cmp *compare, bool accepted)
{
	switch (compare->op) {
	case SCMP_CMP_EQ:
		return accepted ? compare->datum_a : ~compare->datum_a;
	case SCMP_CMP_NE:
		return accepted ? ~compare->datum_a : compare->datum_a;
	default:
		return accepted ? compare->datum_b : compare->datum_b ^ compare->datum_a;
	}
}

static struct call matching(const struct sc_sandbox_rule *rule)
{
	struct call call = call_of(rule->call);

	for (unsigned i = 0; i < rule->count; i++)
		call.arguments[rule->arguments[i].arg] = value_for(&rule->arguments[i], true);
	return call;
}

static void an_argument_that_a_rule_does_not_name_kills(void **state)
{
	struct sc_sandbox_rules list;

	(void)state;
	sc_sandbox_rules(state_dir.fd, &list);
	memset(counted, 0, sizeof counted);
	for (size_t i = 0; i < list.count; i++) {
		const struct sc_sandbox_rule *rule = &list.rules[i];
		struct call call = matching(rule);

		if (rule->call < 0 || rule->count == 0)
			continue;
		check(&list, &call);
		for (unsigned j = 0; j < rule->count; j++) {
			call = matching(rule);
			call.arguments[rule->arguments[j].arg] = value_for(&rule->arguments[j], false);
			check(&list, &call);
		}
	}
	assert_true(counted[KILLED] > 0 && counted[ALLOWED] > 0);
}

#if defined __x86_64__ && !defined __ILP32__
/* The same numbers in the other table of this processor's kernel. */
static void a_call_by_its_x32_number_kills_even_if_it_is_in_the_list(void **state)
{
	struct sc_sandbox_rules list;

	(void)state;
	sc_sandbox_rules(state_dir.fd, &list);
	for (size_t i = 0; i < list.count; i++) {
		struct call call = matching(&list.rules[i]);

		call.number |= X32;
		assert_int_equal(outcome(&call), 128 + SIGSYS);
	}
}
#endif

static int make_directory(void **state)
{
	(void)state;
	return sc_hsmd_libraries_prepare(NULL) != SC_OK || !mkdtemp(directory) ||
	       sc_dir_open(directory, &state_dir, NULL) != SC_OK;
}

static int remove_directory(void **state)
{
	(void)state;
	sc_dir_close(&state_dir);
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_that_is_not_in_the_list_kills_and_one_that_is_does_not),
		cmocka_unit_test(an_argument_that_a_rule_does_not_name_kills),
#if defined __x86_64__ && !defined __ILP32__
		cmocka_unit_test(a_call_by_its_x32_number_kills_even_if_it_is_in_the_list),
#endif
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
