/*
 * A stand-in for hsmd/core/ in tests of the process around it. It answers ENQUIRE and EVIDENCE, saves on
 * WORLD_COMMIT, and holds SIGN (a quick command) and KEY_GENERATE (a slow one) until the test releases them.
 * On KEY_LOAD (quick) and WORLD_BEGIN (slow) it does what an attacker would who has taken over a worker: it
 * makes the system call that the body names.
 */
#ifndef SC_TESTS_FAKE_CORE_H
#define SC_TESTS_FAKE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsmd/core/module.h"

#define FAKE_ESN "FAKE-0000-0001"

/* The body of such a request. The answer's body is a long: the result, or minus the errno. */
struct fake_call {
	long number;
	long arguments[6];
	char text[64]; /* which an argument of FAKE_CALL_TEXT points to */
};

#define FAKE_CALL_TEXT (-0x7e87)

/* A module without a state, for tests that are only about messages. Free it with sc_module_free. */
struct sc_module *fake_module(void);

/* Between fake_hold and fake_let_go, SIGN and KEY_GENERATE wait. */
void fake_hold(void);
void fake_let_go(void);

/* Waits until at least `count` requests are being held. */
void fake_wait_held(unsigned count);

/* The ids of the released SIGN requests, in order. Returns how many. */
size_t fake_order(uint64_t *ids, size_t max);

/* EVIDENCE requests answered so far. The second waits until there are that many. */
unsigned fake_evidence(void);
void fake_wait_evidence(unsigned count);

/* Sessions currently open. The second waits until there are only that many. */
unsigned fake_sessions(void);
void fake_wait_sessions(unsigned most);

/*
 * Waits until at least `count` sessions have been abandoned since fake_hold while a request of theirs was
 * held.
 */
void fake_wait_abandoned(unsigned count);

#endif
