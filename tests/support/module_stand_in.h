/*
 * A thread that answers what a verifier asks a module, ENQUIRE and EVIDENCE, on a `use` socket. It creates
 * its own kmdata directory, whose config/modules names that socket. For tests of programs that only need to
 * know whom the connected module trusts: it holds no key and does nothing else.
 */
#ifndef SC_TESTS_MODULE_STAND_IN_H
#define SC_TESTS_MODULE_STAND_IN_H

#include <openssl/x509.h>

#include "wire/message.h"

struct sc_stand_in;

/*
 * Answers as module 1, in that mode, with roots[0] as its own root. Sets NFAST_KMDATA. `revoked` is the
 * ESN of the one module that its world has revoked, or NULL. Nothing is copied.
 */
struct sc_stand_in *sc_stand_in_start(enum sc_mode mode, X509 *const *roots, size_t count,
				      const char *revoked);

/* Sets what its clock says from now on. */
void sc_stand_in_set_clock(struct sc_stand_in *stand_in, uint64_t seconds);

/* The path of its socket. */
const char *sc_stand_in_path(const struct sc_stand_in *stand_in);

/* Ends the thread and removes the directory. */
void sc_stand_in_stop(struct sc_stand_in *stand_in);

#endif
