/*
 * The sandbox that the program puts itself in (rule M10), in three steps that cannot be undone:
 *
 *   begin   first thing in main: no new privileges, not dumpable, no core
 *   files   before there are threads (landlock binds the thread that calls it and those it starts later):
 *           nothing but the state directory can be opened
 *   seal    when every thread runs: what is not in sandbox.c's list of system calls kills the process
 *
 * After the last there is no new socket, program, process or thread, no executable memory, and no file but
 * those beneath the state directory.
 */
#ifndef SC_HSMD_OS_SANDBOX_H
#define SC_HSMD_OS_SANDBOX_H

#include "base/file.h"

/* What is in force so far. Zero-initialise. */
struct sc_sandbox {
	uint32_t protection;   /* enum sc_protection bits of ENQUIRE */
	uint32_t landlock_abi; /* 0: this kernel has none, and seccomp alone stands */
};

/* SC_ERR_SYSTEM. */
sc_status sc_sandbox_begin(struct sc_sandbox *sandbox, struct sc_error *err) SC_WARN_UNUSED;

/* A kernel without landlock is no error: the bit stays out, and `enquiry` says so. SC_ERR_SYSTEM. */
sc_status sc_sandbox_files(struct sc_sandbox *sandbox, const struct sc_dir *state,
			   struct sc_error *err) SC_WARN_UNUSED;

/* `state` is the only directory descriptor beneath which a file may be opened. SC_ERR_SYSTEM. */
sc_status sc_sandbox_seal(struct sc_sandbox *sandbox, const struct sc_dir *state,
			  struct sc_error *err) SC_WARN_UNUSED;

#endif
