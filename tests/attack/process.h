/* An hsmd that an attack starts and kills itself, on the site's module `victim`. */
#ifndef SC_TESTS_ATTACK_PROCESS_H
#define SC_TESTS_ATTACK_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Starts hsmd on the module's state with a custody socket, waits until it serves, and writes its process id
 * where the site's clean-up finds it. If it does not serve, the program ends.
 */
pid_t process_start(const char *module);

/* Kills it with SIGKILL and waits for its end. */
void process_kill(const char *module, pid_t pid);

/* Starts a second hsmd on the same state, which must exit by itself. Returns its exit status. */
int process_second(const char *module, const char *mode);

/* Saves the state directory's files next to it, and restores them. Only while no hsmd runs on it. */
void process_keep_state(const char *module);
void process_put_state_back(const char *module);

#endif
