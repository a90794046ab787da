/*
 * What arrives on one socket does not take another socket's share (invariant 10, rule M12): crowds that ask
 * without end, or never read, or only connect, on sockets of Europe's module, and what a daemon on another
 * socket gets meanwhile. Then the same from another user on the daemon's own socket.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bystander.h"
#include "crowd.h"
#include "formats/key_type.h"

#define IDLE 2000 /* connections */

static const char *const module = "eu";

static struct bystander_idle idle;

/* What one request of a crowd takes, in ms. */
static struct {
	double at_length; /* the most of what those who do not read ask for */
	double sign_large;
	double generate;
} operations;

static struct sc_client *custody;
static struct sc_client *use;
static struct sc_hash large_key; /* RSA-4096, `simple` */

/* -- what the crowds ask for ------------------------------------------------------------------- */

static const uint8_t digest[32];

static const struct sc_key_generate_request generation = { .application = { (const uint8_t *)"simple", 6 },
							   .algorithm = SC_ALGORITHM_RSA,
							   .bits = 2048 };

static struct sc_sign_request large_signature(void)
{
	return (struct sc_sign_request){ large_key, { 0 }, SC_MECHANISM_RS256, { digest, sizeof digest } };
}

static sc_status sign_large(struct sc_error *err)
{
	const struct sc_sign_request request = large_signature();
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_sign_response response;

	return sc_call_sign(use, 0, &request, &reply, &response, err);
}

static sc_status generate(struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_key_generate_response response;

	return sc_call_key_generate(custody, 0, &generation, &reply, &response, err);
}

static void make_large_key(void)
{
	struct sc_key_generate_request request = generation;
	SC_CLEANUP(sc_bytes) reply = { 0 };
	SC_CLEANUP(sc_bytes) loaded = { 0 };
	struct sc_key_generate_response made = { 0 };
	struct sc_key_load_response response = { 0 };
	struct sc_error err = { 0 };

	request.bits = 4096;
	attack_must("KEY_GENERATE", sc_call_key_generate(custody, 0, &request, &reply, &made, &err), &err);
	attack_must(
	    "KEY_LOAD",
	    sc_call_key_load(use, 0, &(struct sc_key_load_request){ made.blob }, &loaded, &response, &err),
	    &err);
	large_key = response.key;
}

static struct {
	struct sc_bytes evidence;
	struct sc_bytes longest; /* refused once it is its turn */
	struct sc_bytes sign_large;
	struct sc_bytes sign_for_vaultd; /* with an RSA-4096 key of vaultd's */
	struct sc_bytes generate;
} messages;

static void write_messages(void)
{
	const struct sc_hash vault_key = bystander_make_key(4096);
	static const uint8_t body[SC_WIRE_BODY_MAX];
	const struct sc_sign_request large = large_signature();
	SC_CLEANUP(sc_bytes) generate_body = attack_key_generate_body(&generation);
	SC_CLEANUP(sc_bytes) large_body = attack_sign_body(&large);
	SC_CLEANUP(sc_bytes) vault_body = bystander_sign_body(&vault_key);

	messages.evidence = attack_message(SC_COMMAND_EVIDENCE, (struct sc_view){ 0 });
	messages.longest = attack_message(SC_COMMAND_KEY_ATTEST, sc_view_of(body, sizeof body));
	messages.sign_large = attack_message(SC_COMMAND_SIGN, sc_bytes_view(&large_body));
	messages.sign_for_vaultd = attack_message(SC_COMMAND_SIGN, sc_bytes_view(&vault_body));
	messages.generate = attack_message(SC_COMMAND_KEY_GENERATE, sc_bytes_view(&generate_body));
}

/* -- peers that do not read -------------------------------------------------------------------- */

/* Asks for many answers, pauses, and reads them. */
static const char *read_after_a_pause(const char *socket)
{
	int fd = crowd_dial(module, socket, 0);
	static uint8_t answer[SC_WIRE_MESSAGE_MAX];
	const char *why = NULL;

	for (unsigned i = 0; fd >= 0 && i < 60; i++)
		if (send(fd, messages.evidence.data, messages.evidence.len, MSG_NOSIGNAL) < 0)
			why = "it was closed before its pause";
	usleep(1500000);
	for (unsigned i = 0; fd >= 0 && i < 60 && !why; i++)
		if (recv(fd, answer, sizeof answer, 0) <= 0)
			why = "it was closed for its pause";
	close(fd);
	return fd < 0 ? "it was not accepted" : why;
}

static uint32_t loaded_keys(void)
{
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_enquire_response response = { 0 };
	struct sc_error err = { 0 };

	attack_must(
	    "ENQUIRE",
	    sc_call_enquire(bystander_client(), 0, &(struct sc_enquire_request){}, &reply, &response, &err),
	    &err);
	return response.loaded;
}

static void load_garbage(void)
{
	const struct sc_key_load_request garbage = { sc_view_text("x") };
	uint32_t before = loaded_keys();

	for (unsigned i = 0; i < 40; i++) {
		SC_CLEANUP(sc_bytes) reply = { 0 };
		struct sc_key_load_response response;

		(void)!sc_call_key_load(bystander_client(), 0, &garbage, &reply, &response, NULL);
	}
	attack_result("isolation-what-is-not-a-key-evicts-none",
		      loaded_keys() == before ? NULL : "keys were evicted");
}

/* Forty on `use` and fifty of another daemon: they ask for all that they can and read nothing. */
static void attack_deaf(void)
{
	struct crowd *first = crowd_start_deaf(module, "use", 40, 0);
	struct crowd *second = crowd_start_deaf(module, "tls", 50, 0);
	bool are_full = crowd_await_full(first) && crowd_await_full(second);

	attack_result("isolation-the-deaf-crowd-was-full", are_full ? NULL : "all was taken from some");
	bystander_judge_quick("the-deaf", &idle, operations.at_length);
	bystander_judge_import("the-deaf", &idle);
	load_garbage();
	attack_result("isolation-a-reader-that-pauses-is-not-closed", read_after_a_pause("service"));
	(void)crowd_stop(first);
	(void)crowd_stop(second);
}

/* -- peers that ask for work ------------------------------------------------------------------- */

static void stop_served(struct crowd *crowd, const char *attack)
{
	char name[80];

	snprintf(name, sizeof name, "isolation-%s-were-served", attack);
	attack_result(name, crowd_stop(crowd) > 0 ? NULL : "they had no answer");
}

/* As long as an attack goes on, others like them take their places. */
static void attack_once(void)
{
	const struct sc_view large = sc_bytes_view(&messages.longest);
	const struct sc_view work = sc_bytes_view(&messages.sign_large);
	const struct crowd_plan plan = { .module = module,
					 .socket = "use",
					 .connections = 86,
					 .pipelined = 6,
					 .lives = 400,
					 .messages = { work, work, work, large, large, large } };
	struct crowd *crowd = crowd_start(&plan);

	bystander_judge_quick("those-who-send-once", &idle, operations.sign_large);
	bystander_judge_import("those-who-send-once", &idle);
	attack_result("isolation-those-who-send-once-were-replaced",
		      crowd_await_renewed(crowd) ? NULL : "some never were");
	stop_served(crowd, "those-who-send-once");
}

/* A crowd that reads its answers, and asks again for each. */
static struct crowd *start_busy(const char *socket, unsigned connections, unsigned pipelined,
				const struct sc_bytes *message, uid_t user)
{
	return crowd_start(&(struct crowd_plan){ .module = module,
						 .socket = socket,
						 .connections = connections,
						 .pipelined = pipelined,
						 .reads = true,
						 .persists = true,
						 .user = user,
						 .messages = { sc_bytes_view(message) } });
}

static void attack_signers(void)
{
	struct crowd *crowd = start_busy("use", 200, 60, &messages.sign_large, 0);

	bystander_judge_quick("signers", &idle, operations.sign_large);
	bystander_judge_import("signers", &idle);
	stop_served(crowd, "signers");
}

static void attack_generators(const char *name, unsigned connections)
{
	struct crowd *crowd = start_busy("custody", connections, 40, &messages.generate, 0);

	bystander_judge_quick(name, &idle, operations.generate);
	bystander_judge_import(name, &idle);
	stop_served(crowd, name);
}

/* -- peers that only connect ------------------------------------------------------------------- */

static struct pollfd idle_peers[IDLE];

static void start_idle(const char *socket, uid_t user)
{
	for (unsigned i = 0; i < IDLE; i++) {
		idle_peers[i].fd = crowd_dial(module, socket, user);
		if (idle_peers[i].fd < 0)
			attack_must("an idle connection", SC_ERR_UNAVAILABLE, NULL);
	}
}

/*
 * Ends them. They took every place of the socket if the module had to close some for those that came later.
 */
static void stop_idle(const char *name)
{
	int closed = poll(idle_peers, IDLE, 0);

	printf("  %s: %d of %d were closed\n", name, closed, IDLE);
	attack_result(name, closed > 0 ? NULL : "the module had room for all");
	for (unsigned i = 0; i < IDLE; i++)
		close(idle_peers[i].fd);
}

static void judge_place(const char *name, const char *socket)
{
	struct sc_client *client = NULL;
	sc_status status = sc_client_open(attack_path("%s/%s", module, socket), &client, NULL);

	attack_result(name, status == SC_OK && attack_is_alive(client) ? NULL : "it was not accepted");
	sc_client_free(client);
}

static void attack_places(void)
{
	start_idle("use", 0);
	judge_place("isolation-idle-connections-leave-other-sockets-open", "service");
	bystander_judge_quick("the-idle", &idle, 0);
	bystander_judge_import("the-idle", &idle);
	judge_place("isolation-idle-connections-leave-their-socket-open", "use");
	stop_idle("isolation-idle-connections-took-every-place");
}

/* -- another user on the same socket ----------------------------------------------------------- */

static void attack_as_another_user(void)
{
	struct crowd *signers;
	struct crowd *deaf;

	if (geteuid() != 0) {
		printf("skip isolation-another-user: only root can connect under another user id\n");
		return;
	}
	deaf = crowd_start_deaf(module, "service", 40, CROWD_USER);
	attack_result("isolation-another-users-deaf-crowd-was-full",
		      crowd_await_full(deaf) ? NULL : "all was taken from some");
	bystander_judge_quick("another-users-deaf", &idle, operations.at_length);
	(void)crowd_stop(deaf);
	signers = start_busy("service", 200, 60, &messages.sign_for_vaultd, CROWD_USER);
	bystander_judge_quick("another-users-signers", &idle, operations.sign_large);
	stop_served(signers, "another-users-signers");
	start_idle("service", CROWD_USER);
	judge_place("isolation-another-users-idle-connections-leave-the-socket-open", "service");
	stop_idle("isolation-another-users-idle-connections-took-every-place");
}

int main(int argc, char **argv)
{
	struct rlimit files;

	attack_begin(argc, argv);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	bystander_begin(module);
	custody = attack_connect(module, "custody");
	use = attack_connect(module, "use");
	make_large_key();
	write_messages();
	operations.at_length = bystander_median(bystander_ask_at_length);
	operations.sign_large = bystander_median(sign_large);
	operations.generate = bystander_median(generate);
	idle.sign = bystander_median(bystander_sign);
	idle.import = bystander_median(bystander_import);
	idle.generation = operations.generate;
	printf("  idle: SIGN %.2f ms, import %.2f ms, generation %.2f ms\n", idle.sign, idle.import,
	       idle.generation);

	attack_deaf();
	attack_once();
	attack_signers();
	attack_generators("one-generator", 1);
	attack_generators("25-generators", 25);
	attack_places();
	attack_as_another_user();

	bystander_end();
	sc_client_free(custody);
	sc_client_free(use);
	return attack_end();
}
