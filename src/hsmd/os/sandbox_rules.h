/*
 * The complete list of what a serving hsmd may ask of the kernel (rule M10). sandbox.c turns it into the
 * filter; a test compares the filter in force with it, for every system call.
 */
#ifndef SC_HSMD_OS_SANDBOX_RULES_H
#define SC_HSMD_OS_SANDBOX_RULES_H

#include <seccomp.h>
#include <stddef.h>

#define SC_SANDBOX_ARGUMENTS 2  /* of a call that a rule compares, at most */
#define SC_SANDBOX_RULES_MAX 80 /* more than there are */

/* A system call with arguments that match. What no rule matches kills the process. */
struct sc_sandbox_rule {
	int call; /* SCMP_SYS(): negative if this processor does not have it */
	const char *reason;
	int refusal; /* 0: it is allowed; otherwise it fails with this errno */
	unsigned count;
	struct scmp_arg_cmp arguments[SC_SANDBOX_ARGUMENTS];
};

struct sc_sandbox_rules {
	struct sc_sandbox_rule rules[SC_SANDBOX_RULES_MAX];
	size_t count;
};

/* The rules of this process, whose state directory is the descriptor `state`. */
void sc_sandbox_rules(int state, struct sc_sandbox_rules *out);

#endif
