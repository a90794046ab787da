/* Many connections that ask for more than their share: see crowd.h. */
#include "crowd.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "attack.h"
#include "base/clock.h"

#define PAUSE   20               /* ms between two looks at whether it is to stop */
#define PATIENT (60 * SC_SECOND) /* until all are full, or renewed */

struct member {
	int fd;        /* -1: dropped */
	int64_t since; /* sc_clock_monotonic */
	bool has_been_full;
	bool has_been_renewed;
	unsigned sent;
	unsigned answered;
};

struct crowd {
	struct crowd_plan plan;
	unsigned messages;
	struct member *members;
	struct pollfd *polled;
	size_t answers;
	atomic_uint begun;   /* members that have sent something */
	atomic_uint full;    /* members that have had more to send than was taken */
	atomic_uint renewed; /* members that were replaced after their time */
	atomic_bool is_over;
	pthread_t thread;
};

/* Of this thread only; 0: the program's own user id again. */
static void connect_as(uid_t user)
{
	if (syscall(SYS_setresuid, -1, user ? user : getuid(), -1))
		attack_must("another user id", SC_ERR_SYSTEM, NULL);
	/* This is lost with a change of user ids. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
}

int crowd_dial(const char *module, const char *name, uid_t user)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int buffer = SC_WIRE_SOCKET_BUFFER;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int failed;

	snprintf(address.sun_path, sizeof address.sun_path, "%s", attack_path("%s/%s", module, name));
	if (fd < 0)
		attack_must("a socket", SC_ERR_SYSTEM, NULL);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
	if (user)
		connect_as(user);
	failed = connect(fd, (const struct sockaddr *)&address, sizeof address);
	if (user)
		connect_as(0);
	if (failed) {
		close(fd);
		return -1;
	}
	return fd;
}

static void dial(const struct crowd *crowd, struct member *member)
{
	member->fd = crowd_dial(crowd->plan.module, crowd->plan.socket, crowd->plan.user);
	member->since = sc_clock_monotonic();
}

/* The next round of the thread connects it again. */
static void drop(struct member *member)
{
	close(member->fd);
	*member = (struct member){ .fd = -1,
				   .has_been_full = member->has_been_full,
				   .has_been_renewed = member->has_been_renewed };
}

static bool is_older(const struct member *member, unsigned ms)
{
	return sc_clock_monotonic() - member->since > (int64_t)ms * SC_SECOND / 1000;
}

static bool may_send(const struct crowd *crowd, const struct member *member)
{
	return member->fd >= 0 && member->sent - member->answered < crowd->plan.pipelined &&
	       (crowd->plan.persists || member->sent < crowd->plan.pipelined);
}

static void send_some(struct crowd *crowd, struct member *member)
{
	while (may_send(crowd, member)) {
		struct sc_view message = crowd->plan.messages[member->sent % crowd->messages];

		if (send(member->fd, message.data, message.len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			if (errno != EAGAIN) {
				drop(member);
			} else if (!member->has_been_full) {
				member->has_been_full = true;
				crowd->full++;
			}
			return;
		}
		if (member->sent++ == 0)
			crowd->begun++;
	}
}

static void read_some(struct crowd *crowd, struct member *member)
{
	static uint8_t answer[SC_WIRE_MESSAGE_MAX];
	ssize_t got;

	while ((got = recv(member->fd, answer, sizeof answer, MSG_DONTWAIT)) > 0) {
		member->answered++;
		crowd->answers++;
	}
	if (got == 0 || errno != EAGAIN)
		drop(member);
}

/* Ends one whose time is over. What it was answered meanwhile is counted. */
static void renew(struct crowd *crowd, struct member *member)
{
	read_some(crowd, member);
	if (member->fd >= 0)
		drop(member);
	if (!member->has_been_renewed) {
		member->has_been_renewed = true;
		crowd->renewed++;
	}
}

/* Connects one that was dropped, or that was not accepted a moment ago. */
static void come_back(const struct crowd *crowd, struct member *member)
{
	if (member->since == 0 || is_older(member, PAUSE))
		dial(crowd, member);
}

static void *run(void *argument)
{
	struct crowd *crowd = argument;
	unsigned count = crowd->plan.connections;

	while (!crowd->is_over) {
		for (unsigned i = 0; i < count; i++) {
			struct member *member = &crowd->members[i];

			if (crowd->plan.lives && member->fd >= 0 && is_older(member, crowd->plan.lives))
				renew(crowd, member);
			if (member->fd < 0)
				come_back(crowd, member);
			crowd->polled[i] = (struct pollfd){ .fd = member->fd };
			if (may_send(crowd, member))
				crowd->polled[i].events |= POLLOUT;
			if (crowd->plan.reads)
				crowd->polled[i].events |= POLLIN;
		}
		if (poll(crowd->polled, count, PAUSE) <= 0)
			continue;
		for (unsigned i = 0; i < count; i++) {
			short events = crowd->polled[i].revents;

			if (events & POLLIN)
				read_some(crowd, &crowd->members[i]);
			else if (events & (POLLHUP | POLLERR))
				drop(&crowd->members[i]);
			if (events & POLLOUT)
				send_some(crowd, &crowd->members[i]);
		}
	}
	return NULL;
}

static bool have_begun(const struct crowd *crowd)
{
	return crowd->begun >= crowd->plan.connections;
}

struct crowd *crowd_start(const struct crowd_plan *plan)
{
	struct crowd *crowd = calloc(1, sizeof *crowd);

	if (!crowd)
		attack_must("memory", SC_ERR_MEMORY, NULL);
	crowd->plan = *plan;
	while (crowd->messages < CROWD_MESSAGES && plan->messages[crowd->messages].data)
		crowd->messages++;
	crowd->members = calloc(plan->connections, sizeof *crowd->members);
	crowd->polled = calloc(plan->connections, sizeof *crowd->polled);
	if (!crowd->members || !crowd->polled)
		attack_must("memory", SC_ERR_MEMORY, NULL);
	for (unsigned i = 0; i < plan->connections; i++) {
		dial(crowd, &crowd->members[i]);
		if (crowd->members[i].fd < 0)
			attack_must("a connection", SC_ERR_UNAVAILABLE, NULL);
		send_some(crowd, &crowd->members[i]);
	}
	if (!have_begun(crowd))
		attack_must("a request", SC_ERR_UNAVAILABLE, NULL);
	if (pthread_create(&crowd->thread, NULL, run, crowd))
		attack_must("a thread", SC_ERR_SYSTEM, NULL);
	return crowd;
}

struct crowd *crowd_start_deaf(const char *module, const char *socket, unsigned connections, uid_t user)
{
	static const uint8_t body[SC_WIRE_BODY_MAX];
	static struct sc_bytes evidence;
	static struct sc_bytes longest;

	if (!evidence.data) {
		evidence = attack_message(SC_COMMAND_EVIDENCE, (struct sc_view){ 0 });
		longest = attack_message(SC_COMMAND_KEY_ATTEST, sc_view_of(body, sizeof body));
	}
	return crowd_start(&(struct crowd_plan){
	    .module = module,
	    .socket = socket,
	    .connections = connections,
	    .pipelined = 100000,
	    .persists = true,
	    .user = user,
	    .messages = { sc_bytes_view(&evidence), sc_bytes_view(&longest), sc_bytes_view(&evidence) } });
}

static bool await_all(const struct crowd *crowd, const atomic_uint *members)
{
	int64_t until = sc_clock_monotonic() + PATIENT;

	while (*members < crowd->plan.connections && sc_clock_monotonic() < until)
		usleep(PAUSE * 1000);
	return *members >= crowd->plan.connections;
}

bool crowd_await_full(const struct crowd *crowd)
{
	return await_all(crowd, &crowd->full);
}

bool crowd_await_renewed(const struct crowd *crowd)
{
	return await_all(crowd, &crowd->renewed);
}

size_t crowd_stop(struct crowd *crowd)
{
	size_t answers;

	crowd->is_over = true;
	pthread_join(crowd->thread, NULL);
	for (unsigned i = 0; i < crowd->plan.connections; i++)
		if (crowd->members[i].fd >= 0)
			close(crowd->members[i].fd);
	answers = crowd->answers;
	free(crowd->members);
	free(crowd->polled);
	free(crowd);
	return answers;
}
