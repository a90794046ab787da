/* An hsmd that an attack starts and kills itself: the module `victim` of the site. */
#ifndef SC_TESTS_ATTACK_PROCESS_H
#define SC_TESTS_ATTACK_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Starts hsmd on the module's state with a custody socket, waits until it serves, and writes its process id
 * where the site's end finds it. Not being served ends the program.
 */
pid_t process_start(const char *module);

/* kill -9, and waits for its end. */
void process_kill(const char *module, pid_t pid);

/* Starts a second one on the same state, which has to end by itself; its exit status. */
int process_second(const char *module, const char *mode);

/* The state directory's files, kept beside it and put back; only while no hsmd runs on it. */
void process_keep_state(const char *module);
void process_put_state_back(const char *module);

#endif
