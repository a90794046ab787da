/*
 * The sandbox that the program puts itself in (rule M10), in three steps that cannot be undone:
 *
 *   begin   first thing in main: no new privileges, not dumpable, no core dump
 *   files   before there are threads (landlock binds the calling thread and those it starts later): nothing
 *           but the state directory can be opened
 *   seal    once every thread runs: a system call that is not in sandbox_rules.c kills the process
 *
 * After the last step, no socket, program, process or thread can be created, no memory made executable, and
 * no file opened outside the state directory.
 */
#ifndef SC_HSMD_OS_SANDBOX_H
#define SC_HSMD_OS_SANDBOX_H

#include "base/file.h"

/* What is in force so far. Zero-initialise. */
struct sc_sandbox {
	uint32_t protection;   /* enum sc_protection bits of ENQUIRE */
	uint32_t landlock_abi; /* 0: no landlock, only seccomp protects */
	int landlock_error;    /* then the errno that says why */
};

/* SC_ERR_SYSTEM. */
sc_status sc_sandbox_begin(struct sc_sandbox *sandbox, struct sc_error *err) SC_WARN_UNUSED;

/*
 * If the kernel has no landlock, this succeeds without setting the bit; sc_sandbox_warn() and `enquiry` show
 * it. SC_ERR_SYSTEM.
 */
sc_status sc_sandbox_files(struct sc_sandbox *sandbox, const struct sc_dir *state,
			   struct sc_error *err) SC_WARN_UNUSED;

/* Logs a warning for each part of the sandbox that is not in force: what that means, and what to do. */
void sc_sandbox_warn(const struct sc_sandbox *sandbox, const struct sc_dir *state);

/* `state` is the only directory descriptor relative to which a file may be opened. SC_ERR_SYSTEM. */
sc_status sc_sandbox_seal(struct sc_sandbox *sandbox, const struct sc_dir *state,
			  struct sc_error *err) SC_WARN_UNUSED;

#endif
