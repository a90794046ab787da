/*
 * The sandbox: see sandbox.h. The tables of rules are the complete list of what hsmd may ask of the kernel
 * once it serves, each call with its reason. They are for a process whose files are open and whose threads
 * run. Whatever is needed before that is in hsmd_main.c and hsmd_run.c.
 */
#include "hsmd/os/sandbox.h"

#include <errno.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/os.h"
#include "hsmd/os/sanitizer.h"
#include "wire/commands.h"

sc_status sc_sandbox_begin(struct sc_sandbox *sandbox, struct sc_error *err)
{
	const struct rlimit none = { 0, 0 };

#ifdef SC_SANITIZED
	sandbox->protection |= SC_PROTECTION_SANITIZER;
#endif
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "sandbox: cannot set no_new_privs");
	sandbox->protection |= SC_PROTECTION_NO_NEW_PRIVS;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "sandbox: cannot keep debuggers out");
	sandbox->protection |= SC_PROTECTION_NOT_DUMPABLE;
	if (setrlimit(RLIMIT_CORE, &none))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "sandbox: cannot disable core dumps");
	sandbox->protection |= SC_PROTECTION_NO_CORE;
	return SC_OK;
}

/* -- landlock ------------------------------------------------------------------------------------------ */

/*
 * The kernel's struct as of ABI 6. The headers of the oldest system that this builds on do not have all of
 * it.
 */
struct ruleset {
	uint64_t files;
	uint64_t network;
	uint64_t scoped;
};

#define FILES_ABI_1   ((UINT64_C(1) << 13) - 1) /* LANDLOCK_ACCESS_FS_EXECUTE to …_MAKE_SYM */
#define FILES_REFER   (UINT64_C(1) << 13)       /* ABI 2 */
#define FILES_TRUNC   (UINT64_C(1) << 14)       /* ABI 3 */
#define FILES_DEVICES (UINT64_C(1) << 15)       /* ABI 5: ioctl on devices */
#define NETWORK_TCP   UINT64_C(3)               /* ABI 4: bind and connect */
#define SCOPED_ALL    UINT64_C(3)               /* ABI 6: abstract sockets, signals to other processes */

/* Selects everything that this kernel can restrict. Returns how much of the struct it knows. */
static size_t everything(int abi, struct ruleset *out)
{
	*out = (struct ruleset){ .files = FILES_ABI_1 };
	if (abi >= 2)
		out->files |= FILES_REFER;
	if (abi >= 3)
		out->files |= FILES_TRUNC;
	if (abi >= 4)
		out->network = NETWORK_TCP;
	if (abi >= 5)
		out->files |= FILES_DEVICES;
	if (abi >= 6)
		out->scoped = SCOPED_ALL;
	return abi >= 6 ? sizeof *out : abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

static int allow_beneath(int ruleset, int directory, uint64_t access)
{
	const struct landlock_path_beneath_attr rule = { .allowed_access = access, .parent_fd = directory };

	return (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

/* Allows what sc_file_write, sc_file_read and the sanitizer's reports need. */
static int allow_files(int ruleset, const struct sc_dir *state)
{
#ifdef SC_SANITIZED
	SC_CLEANUP(sc_dir) root = SC_DIR_NONE;

	/* /proc, the binary and its libraries, for the symbols in a report. */
	if (sc_dir_open("/", &root, NULL) != SC_OK ||
	    allow_beneath(ruleset, root.fd, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR))
		return -1;
#endif
	return allow_beneath(ruleset, state->fd,
			     LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
				 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE);
}

sc_status sc_sandbox_files(struct sc_sandbox *sandbox, const struct sc_dir *state, struct sc_error *err)
{
	int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset rules;
	size_t size;
	int ruleset;

	if (abi <= 0)
		return SC_OK;
	size = everything(abi, &rules);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	if (ruleset < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "sandbox: cannot create the landlock ruleset");
	if (allow_files(ruleset, state) || syscall(SYS_landlock_restrict_self, ruleset, 0)) {
		sc_status status =
		    sc_fail_errno(err, SC_ERR_SYSTEM, "sandbox: cannot enforce the landlock rules");

		(void)sc_os->close(ruleset);
		return status;
	}
	(void)sc_os->close(ruleset);
	sandbox->protection |= SC_PROTECTION_LANDLOCK;
	sandbox->landlock_abi = (uint32_t)abi;
	return SC_OK;
}

/* -- seccomp ------------------------------------------------------------------------------------------- */

/* An allowed system call, if its arguments match. */
struct rule {
	int call;
	const char *reason;
	unsigned count;
	struct scmp_arg_cmp arguments[2];
};

/* Calls allowed with any arguments. */
static const struct rule always[] = {
	/* the server */
	{ .call = SCMP_SYS(epoll_wait), .reason = "the event loop sleeps" },
	{ .call = SCMP_SYS(epoll_pwait), .reason = "the same, on processors without epoll_wait" },
	{ .call = SCMP_SYS(epoll_ctl), .reason = "connections open, close and wait for room" },
	{ .call = SCMP_SYS(accept4), .reason = "a new connection on a socket made before" },
	{ .call = SCMP_SYS(geteuid), .reason = "is the peer another user" },
	{ .call = SCMP_SYS(recvmsg), .reason = "requests" },
	{ .call = SCMP_SYS(sendmsg), .reason = "answers" },
	{ .call = SCMP_SYS(shutdown), .reason = "a connection ends while one of its requests is running" },
	{ .call = SCMP_SYS(close), .reason = "connections and state files" },
	{ .call = SCMP_SYS(read), .reason = "the signal received; wake-ups of the event loop" },
	{ .call = SCMP_SYS(write), .reason = "state files, log lines, waking the event loop" },
	{ .call = SCMP_SYS(poll), .reason = "is there room for a log line" },
	{ .call = SCMP_SYS(ppoll), .reason = "the same, on processors without poll" },
	{ .call = SCMP_SYS(futex), .reason = "locks and condition variables" },
	{ .call = SCMP_SYS(restart_syscall), .reason = "a wait resumes after the process was stopped" },
	/* the state directory; the calls that name files are below */
	{ .call = SCMP_SYS(fsync), .reason = "acknowledged means synced" },
	/* libcrypto and the clock */
	{ .call = SCMP_SYS(getrandom), .reason = "seeding the random generator" },
	{ .call = SCMP_SYS(getpid), .reason = "the random generator checks for a fork; abort" },
	{ .call = SCMP_SYS(clock_gettime), .reason = "the time, where the vDSO does not have it" },
	{ .call = SCMP_SYS(gettimeofday), .reason = "the same, for libcrypto" },
	/* memory; mmap and mprotect are below */
	{ .call = SCMP_SYS(brk), .reason = "the ordinary heap" },
	{ .call = SCMP_SYS(munmap), .reason = "freeing Argon2's memory" },
	{ .call = SCMP_SYS(mremap), .reason = "the ordinary heap's large blocks" },
	{ .call = SCMP_SYS(madvise), .reason = "freeing a thread's stack" },
	/* the end */
	{ .call = SCMP_SYS(exit), .reason = "a worker ends" },
	{ .call = SCMP_SYS(exit_group), .reason = "the process ends" },
	{ .call = SCMP_SYS(rt_sigprocmask), .reason = "a worker's end, and abort" },
	/* a failed assertion prints its message, then ends like an abort */
	{ .call = SCMP_SYS(writev), .reason = "the assertion's message" },
	{ .call = SCMP_SYS(gettid), .reason = "abort" },
	{ .call = SCMP_SYS(rt_sigaction), .reason = "abort" },
#ifdef SC_SANITIZED
	{ .call = SCMP_SYS(clone), .reason = "LeakSanitizer's tracer" },
	{ .call = SCMP_SYS(ptrace), .reason = "LeakSanitizer's tracer" },
	{ .call = SCMP_SYS(prctl), .reason = "LeakSanitizer's tracer" },
	{ .call = SCMP_SYS(wait4), .reason = "LeakSanitizer's tracer" },
	{ .call = SCMP_SYS(getppid), .reason = "LeakSanitizer's tracer" },
	{ .call = SCMP_SYS(sched_yield), .reason = "LeakSanitizer's tracer" },
	{ .call = SCMP_SYS(sigaltstack), .reason = "a thread's end under a sanitizer" },
	{ .call = SCMP_SYS(tgkill), .reason = "a sanitizer aborts" },
	{ .call = SCMP_SYS(mmap), .reason = "shadow memory" },
	{ .call = SCMP_SYS(mprotect), .reason = "shadow memory" },
	{ .call = SCMP_SYS(open), .reason = "/proc and symbols for a report" },
	{ .call = SCMP_SYS(openat), .reason = "/proc and symbols for a report" },
	{ .call = SCMP_SYS(readlink), .reason = "/proc and symbols for a report" },
	{ .call = SCMP_SYS(getdents), .reason = "/proc and symbols for a report" },
	{ .call = SCMP_SYS(getdents64), .reason = "/proc and symbols for a report" },
	{ .call = SCMP_SYS(lseek), .reason = "/proc and symbols for a report" },
	{ .call = SCMP_SYS(fcntl), .reason = "/proc and symbols for a report" },
	{ .call = SCMP_SYS(ioctl), .reason = "is the report written to a terminal" },
	{ .call = SCMP_SYS(stat), .reason = "/proc and symbols for a report" },
	{ .call = SCMP_SYS(fstat), .reason = "/proc and symbols for a report" },
	{ .call = SCMP_SYS(newfstatat), .reason = "/proc and symbols for a report" },
#endif
};

static sc_status add(scmp_filter_ctx filter, uint32_t action, const struct rule *rule, struct sc_error *err)
{
	int failed = seccomp_rule_add_array(filter, action, rule->call, rule->count, rule->arguments);

	SC_ENSURE(!failed, err, SC_ERR_SYSTEM, "sandbox: cannot add the rule for system call %d (%s): %s",
		  rule->call, rule->reason, strerror(-failed));
	return SC_OK;
}

/* Argument n equals value. */
static struct scmp_arg_cmp is(unsigned n, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){ n, SCMP_CMP_EQ, value, 0 };
}

static sc_status add_allowed(scmp_filter_ctx filter, const struct rule *rules, size_t count,
			     struct sc_error *err)
{
	for (size_t i = 0; i < count; i++)
		SC_TRY(add(filter, SCMP_ACT_ALLOW, &rules[i], err));
	return SC_OK;
}

#ifdef SC_SANITIZED

/* The table above already allows everything that the sanitizer does with files and memory. */
static sc_status add_files_and_memory(scmp_filter_ctx filter, scmp_datum_t directory, struct sc_error *err)
{
	(void)filter, (void)directory, (void)err;
	return SC_OK;
}

#else

/* Argument n has all (none) of those bits set. */
static struct scmp_arg_cmp has_all(unsigned n, scmp_datum_t bits)
{
	return (struct scmp_arg_cmp){ n, SCMP_CMP_MASKED_EQ, bits, bits };
}

static struct scmp_arg_cmp has_none(unsigned n, scmp_datum_t bits)
{
	return (struct scmp_arg_cmp){ n, SCMP_CMP_MASKED_EQ, bits, 0 };
}

static sc_status add_files_and_memory(scmp_filter_ctx filter, scmp_datum_t directory, struct sc_error *err)
{
	const struct rule rules[] = {
		{ SCMP_SYS(openat), "state files", 1, { is(0, directory) } },
		{ SCMP_SYS(mmap),
		  "the heap: anonymous memory, not executable",
		  2,
		  { has_none(2, PROT_EXEC), has_all(3, MAP_ANONYMOUS) } },
		{ SCMP_SYS(mprotect), "the heap grows", 1, { has_none(2, PROT_EXEC) } },
		{ SCMP_SYS(tgkill), "abort", 2, { is(0, (scmp_datum_t)getpid()), is(2, SIGABRT) } },
	};
	/*
	 * The only call that is refused without killing the process. The C library tries to open files that
	 * it can do without (the time zone, the kernel's overcommit setting), and that must not end the
	 * module.
	 */
	const struct rule elsewhere = {
		SCMP_SYS(openat), "elsewhere", 1, { { 0, SCMP_CMP_NE, directory, 0 } }
	};

	SC_TRY(add_allowed(filter, rules, sizeof rules / sizeof rules[0], err));
	return add(filter, SCMP_ACT_ERRNO(EACCES), &elsewhere, err);
}

#endif

static sc_status add_all(scmp_filter_ctx filter, scmp_datum_t directory, struct sc_error *err)
{
	const struct rule narrow[] = {
		{ SCMP_SYS(renameat2),
		  "moving state files into place",
		  2,
		  { is(0, directory), is(2, directory) } },
		{ SCMP_SYS(renameat),
		  "the same: the C library calls renameat if there are no flags",
		  2,
		  { is(0, directory), is(2, directory) } },
		{ SCMP_SYS(unlinkat), "removing an incomplete state file", 1, { is(0, directory) } },
		{ SCMP_SYS(getsockopt),
		  "who is the peer (SO_PEERCRED); how large SO_SNDBUF became",
		  1,
		  { is(1, SOL_SOCKET) } },
		{ SCMP_SYS(setsockopt),
		  "room for the largest answer",
		  2,
		  { is(1, SOL_SOCKET), is(2, SO_SNDBUF) } },
	};

	SC_TRY(add_allowed(filter, always, sizeof always / sizeof always[0], err));
	SC_TRY(add_allowed(filter, narrow, sizeof narrow / sizeof narrow[0], err));
	return add_files_and_memory(filter, directory, err);
}

sc_status sc_sandbox_seal(struct sc_sandbox *sandbox, const struct sc_dir *state, struct sc_error *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	sc_status status = SC_OK;
	int failed;

	SC_ENSURE(filter, err, SC_ERR_MEMORY, "sandbox: out of memory for the filter");
	/* Kill on system calls of a foreign architecture, and filter all threads at once. */
	if (seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) ||
	    seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1))
		status =
		    sc_fail(err, SC_ERR_SYSTEM, "sandbox: this kernel cannot filter all threads at once");
	if (status == SC_OK)
		status = add_all(filter, (scmp_datum_t)state->fd, err);
	if (status == SC_OK) {
		failed = seccomp_load(filter);
		if (failed)
			status = sc_fail(err, SC_ERR_SYSTEM, "sandbox: cannot load the filter: %s",
					 strerror(-failed));
	}
	seccomp_release(filter);
	if (status == SC_OK)
		sandbox->protection |= SC_PROTECTION_SECCOMP;
	return status;
}
