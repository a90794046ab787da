/* The sandbox: see sandbox.h. What the last step allows is in sandbox_rules.c. */
#include "hsmd/os/sandbox.h"

#include <errno.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"
#include "hsmd/os/sandbox_rules.h"
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

	if (abi <= 0) {
		sandbox->landlock_error = abi < 0 ? errno : ENOSYS;
		return SC_OK;
	}
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

/* What to do about it. */
static const char *remedy(int error)
{
	switch (error) {
	case ENOSYS:
		return "use a kernel that is built with CONFIG_SECURITY_LANDLOCK (5.13 or later)";
	case EOPNOTSUPP:
		return "the kernel has it, but it is not enabled: add landlock to lsm= on its command line";
	default:
		return "the system refuses it: allow the landlock_ calls in the container's seccomp profile";
	}
}

void sc_sandbox_warn(const struct sc_sandbox *sandbox, const struct sc_dir *state)
{
	if (sandbox->protection & SC_PROTECTION_SANITIZER)
		sc_log(SC_LOG_WARNING, "sandbox: this is a sanitizer build for tests: its sandbox is wider");
	if (sandbox->landlock_error)
		sc_log(SC_LOG_WARNING,
		       "sandbox: Landlock is not in force (ABI 0: %s): an attacker who takes over hsmd can "
		       "open, rename and remove any file that its user can, not only those in %s: %s",
		       strerror(sandbox->landlock_error), state->path, remedy(sandbox->landlock_error));
}

/* -- seccomp ------------------------------------------------------------------------------------------- */

static sc_status add(scmp_filter_ctx filter, const struct sc_sandbox_rule *rule, struct sc_error *err)
{
	uint32_t action = rule->refusal ? SCMP_ACT_ERRNO((unsigned)rule->refusal) : SCMP_ACT_ALLOW;
	int failed = seccomp_rule_add_array(filter, action, rule->call, rule->count, rule->arguments);

	SC_ENSURE(!failed, err, SC_ERR_SYSTEM, "sandbox: cannot add the rule for system call %d (%s): %s",
		  rule->call, rule->reason, strerror(-failed));
	return SC_OK;
}

static sc_status add_all(scmp_filter_ctx filter, int state, struct sc_error *err)
{
	struct sc_sandbox_rules list;

	sc_sandbox_rules(state, &list);
	for (size_t i = 0; i < list.count; i++)
		SC_TRY(add(filter, &list.rules[i], err));
	return SC_OK;
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
		status = add_all(filter, state->fd, err);
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
