/*
 * What hsmd may ask of the kernel once it serves: see sandbox_rules.h. Each call has its reason. The rules
 * are for a process whose files are open and whose threads run. Whatever is needed before that is in
 * hsmd_main.c and hsmd_run.c.
 */
#include "hsmd/os/sandbox_rules.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hsmd/os/sanitizer.h"

/*
 * Calls allowed with any arguments. lseek, pwrite64 and pwritev are absent, and must stay absent: without
 * Landlock, code that has taken over the module can open /proc/self/mem by its path, and is kept from writing
 * to memory that is not writable, like the program itself, by the lack of a call that writes at an offset.
 */
static const struct sc_sandbox_rule always[] = {
	/* the server */
	{ .call = SCMP_SYS(epoll_wait), .reason = "the event loop sleeps" },
	{ .call = SCMP_SYS(epoll_pwait), .reason = "the same, on processors without epoll_wait" },
	{ .call = SCMP_SYS(epoll_ctl), .reason = "connections open, close and wait for room" },
	{ .call = SCMP_SYS(epoll_create1), .reason = "a user's first connection" },
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
	{ .call = SCMP_SYS(set_robust_list), .reason = "ThreadSanitizer's own thread starts" },
	{ .call = SCMP_SYS(rseq), .reason = "ThreadSanitizer's own thread starts" },
	{ .call = SCMP_SYS(nanosleep), .reason = "ThreadSanitizer's own thread sleeps" },
	{ .call = SCMP_SYS(clock_nanosleep), .reason = "ThreadSanitizer's own thread sleeps" },
#endif
};

/* Argument n equals value. */
static struct scmp_arg_cmp is(unsigned n, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){ n, SCMP_CMP_EQ, value, 0 };
}

#ifndef SC_SANITIZED

/* Argument n has all (none) of those bits set. */
static struct scmp_arg_cmp has_all(unsigned n, scmp_datum_t bits)
{
	return (struct scmp_arg_cmp){ n, SCMP_CMP_MASKED_EQ, bits, bits };
}

static struct scmp_arg_cmp has_none(unsigned n, scmp_datum_t bits)
{
	return (struct scmp_arg_cmp){ n, SCMP_CMP_MASKED_EQ, bits, 0 };
}

#endif

static void append(struct sc_sandbox_rules *list, const struct sc_sandbox_rule *rules, size_t count)
{
	assert(count <= SC_SANDBOX_RULES_MAX - list->count);
	memcpy(&list->rules[list->count], rules, count * sizeof rules[0]);
	list->count += count;
}

void sc_sandbox_rules(int state, struct sc_sandbox_rules *out)
{
	const scmp_datum_t directory = (scmp_datum_t)state;
	const struct sc_sandbox_rule narrow[] = {
		{ .call = SCMP_SYS(renameat2),
		  .reason = "moving state files into place",
		  .count = 2,
		  .arguments = { is(0, directory), is(2, directory) } },
		{ .call = SCMP_SYS(renameat),
		  .reason = "the same: the C library calls renameat if there are no flags",
		  .count = 2,
		  .arguments = { is(0, directory), is(2, directory) } },
		{ .call = SCMP_SYS(unlinkat),
		  .reason = "removing an incomplete state file",
		  .count = 1,
		  .arguments = { is(0, directory) } },
		{ .call = SCMP_SYS(getsockopt),
		  .reason = "who is the peer (SO_PEERCRED); how large SO_SNDBUF became",
		  .count = 1,
		  .arguments = { is(1, SOL_SOCKET) } },
		{ .call = SCMP_SYS(setsockopt),
		  .reason = "room for the largest answer",
		  .count = 2,
		  .arguments = { is(1, SOL_SOCKET), is(2, SO_SNDBUF) } },
#ifndef SC_SANITIZED
		/* In a sanitizer build, the table above has these with any arguments. */
		{ .call = SCMP_SYS(openat),
		  .reason = "state files",
		  .count = 1,
		  .arguments = { is(0, directory) } },
		/*
		 * The only call that is refused without killing the process. The C library tries to open
		 * files that it can do without (the time zone, the kernel's overcommit setting), and that
		 * must not end the module.
		 */
		{ .call = SCMP_SYS(openat),
		  .reason = "elsewhere",
		  .refusal = EACCES,
		  .count = 1,
		  .arguments = { { 0, SCMP_CMP_NE, directory, 0 } } },
		{ .call = SCMP_SYS(mmap),
		  .reason = "the heap: anonymous memory, not executable",
		  .count = 2,
		  .arguments = { has_none(2, PROT_EXEC), has_all(3, MAP_ANONYMOUS) } },
		{ .call = SCMP_SYS(mprotect),
		  .reason = "the heap grows",
		  .count = 1,
		  .arguments = { has_none(2, PROT_EXEC) } },
		{ .call = SCMP_SYS(tgkill),
		  .reason = "abort",
		  .count = 2,
		  .arguments = { is(0, (scmp_datum_t)getpid()), is(2, SIGABRT) } },
#endif
	};

	out->count = 0;
	append(out, always, sizeof always / sizeof always[0]);
	append(out, narrow, sizeof narrow / sizeof narrow[0]);
}
