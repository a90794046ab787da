/* An hsmd that an attack starts and kills itself: see process.h. */
#include "process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

#define WAIT 30000 /* ms allowed until it serves */

static const char *const files[] = { "state", "mark", "unlock.key" };

static void must(bool ok, const char *what)
{
	attack_must(what, ok ? SC_OK : SC_ERR_SYSTEM, NULL);
}

/* Becomes hsmd. It announces itself on `ready`, or nowhere if that is -1. */
static void become(const char *module, const char *mode, int ready)
{
	char state[512];
	char socket[512];
	char announce[32];
	int log = open(attack_path("%s/log", module), O_WRONLY | O_CREAT | O_APPEND, 0600);

	snprintf(state, sizeof state, "--state=%s", attack_path("%s/state", module));
	snprintf(socket, sizeof socket, "--socket=role=custody,path=%s", attack_path("%s/custody", module));
	snprintf(announce, sizeof announce, "--ready-fd=%d", ready);
	if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
		_exit(126);
	execlp("hsmd", "hsmd", state, mode ? mode : socket, ready >= 0 ? announce : NULL, NULL);
	_exit(127);
}

pid_t process_start(const char *module)
{
	struct pollfd waiting = { .events = POLLIN };
	char word[8] = "";
	char number[16];
	int pipes[2];
	pid_t pid;

	must(pipe(pipes) == 0, "a pipe");
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0) {
		close(pipes[0]);
		become(module, NULL, pipes[1]);
	}
	snprintf(number, sizeof number, "%d\n", (int)pid);
	attack_write(attack_path("%s/pid", module), sc_view_text(number));
	close(pipes[1]);
	waiting.fd = pipes[0];
	must(poll(&waiting, 1, WAIT) == 1 && read(pipes[0], word, sizeof word - 1) > 0 &&
		 strncmp(word, "READY", 5) == 0,
	     "hsmd serves");
	close(pipes[0]);
	return pid;
}

void process_kill(const char *module, pid_t pid)
{
	int status = 0;

	must(kill(pid, SIGKILL) == 0 && waitpid(pid, &status, 0) == pid, "kill");
	must(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "hsmd lived until it was killed");
	unlink(attack_path("%s/pid", module));
}

int process_second(const char *module, const char *mode)
{
	int status = 0;
	pid_t pid = fork();

	must(pid >= 0, "fork");
	if (pid == 0)
		become(module, mode, -1);
	must(waitpid(pid, &status, 0) == pid && WIFEXITED(status), "the second hsmd ends");
	return WEXITSTATUS(status);
}

static void copy_state(const char *module, const char *from, const char *to)
{
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		SC_CLEANUP(sc_bytes) content = attack_read(attack_path("%s/%s/%s", module, from, files[i]));

		attack_write(attack_path("%s/%s/%s", module, to, files[i]), sc_bytes_view(&content));
	}
}

void process_keep_state(const char *module)
{
	must(mkdir(attack_path("%s/kept", module), 0700) == 0, "a directory");
	copy_state(module, "state", "kept");
}

void process_put_state_back(const char *module)
{
	copy_state(module, "kept", "state");
}
