/*
 * What arrives on one socket does not take another socket's share (invariant 10, rule M12): crowds that ask without
 * end, or never read, or only connect, on sockets of Europe's module, and what a daemon on another socket gets
 * meanwhile. Each figure is a median, next to that of the same run without a crowd.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attack.h"
#include "base/clock.h"
#include "crowd.h"
#include "formats/key_type.h"

#define TIMES   50               /* of which a median is taken */
#define PATIENT (20 * SC_SECOND) /* after which a median is taken of fewer */
#define IDLE    2000             /* connections */

static const char *const module = "eu";

/* What is under attack. */
static struct sc_client *service; /* another daemon's socket */
static struct sc_hash vault_key;  /* RSA-2048 */
static struct sc_bytes vault_owner;
static struct sc_bytes vault_blob;
static struct sc_hash kek;
static struct sc_bytes package;

/* What the attackers use. */
static struct sc_client *custody;
static struct sc_client *use;
static struct sc_hash large_key; /* RSA-4096, `simple` */

/* -- requests ---------------------------------------------------------------------------------- */

static const uint8_t digest[32];

static sc_status sign(struct sc_client *client, const struct sc_hash *key, const struct sc_bytes *owner,
		      struct sc_error *err)
{
	const struct sc_sign_request request = { *key,
						 owner ? sc_bytes_view(owner) : (struct sc_view){ 0 },
						 SC_MECHANISM_RS256,
						 { digest, sizeof digest } };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_sign_response response;

	return sc_call_sign(client, 0, &request, &reply, &response, err);
}

static struct sc_key_generate_request generation(const char *application, uint32_t bits)
{
	return (struct sc_key_generate_request){ .application = sc_view_text(application),
						 .algorithm = SC_ALGORITHM_RSA,
						 .bits = bits };
}

/* Makes a key, and loads it through `loads`. */
static struct sc_bytes make_key(struct sc_client *makes, struct sc_client *loads,
				const struct sc_key_generate_request *request, struct sc_hash *key)
{
	SC_CLEANUP(sc_bytes) reply = { 0 };
	SC_CLEANUP(sc_bytes) loaded = { 0 };
	struct sc_key_generate_response made = { 0 };
	struct sc_key_load_response response = { 0 };
	struct sc_bytes blob = { 0 };
	struct sc_error err = { 0 };

	attack_must("KEY_GENERATE", sc_call_key_generate(makes, 0, request, &reply, &made, &err), &err);
	attack_must(
	    "KEY_LOAD",
	    sc_call_key_load(loads, 0, &(struct sc_key_load_request){ made.blob }, &loaded, &response, &err),
	    &err);
	attack_must("memory", sc_bytes_copy(made.blob, &blob, &err), &err);
	*key = response.key;
	return blob;
}

/* -- what is measured -------------------------------------------------------------------------- */

static sc_status sign_on_service(struct sc_error *err)
{
	return sign(service, &vault_key, &vault_owner, err);
}

static sc_status sign_large(struct sc_error *err)
{
	return sign(use, &large_key, NULL, err);
}

static sc_status generate(struct sc_error *err)
{
	const struct sc_key_generate_request request = generation("simple", 2048);
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_key_generate_response response;

	return sc_call_key_generate(custody, 0, &request, &reply, &response, err);
}

static sc_status import(struct sc_error *err)
{
	const struct sc_transfer_import_request request = { kek, sc_bytes_view(&vault_owner),
							    sc_bytes_view(&package) };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_transfer_import_response response;

	return sc_call_transfer_import(service, 0, &request, &reply, &response, err);
}

static int by_size(const void *a, const void *b)
{
	const double *x = a;
	const double *y = b;

	return (*x > *y) - (*x < *y);
}

/* The median in ms. Negative if a call fails. */
static double median(sc_status (*call)(struct sc_error *err))
{
	int64_t began = sc_clock_monotonic();
	double times[TIMES];
	unsigned count = 0;

	while (count < TIMES && (!count || sc_clock_monotonic() - began < PATIENT)) {
		int64_t before = sc_clock_monotonic();
		struct sc_error err = { 0 };

		if (call(&err) != SC_OK) {
			printf("  a call was refused: %s (%s)\n", sc_status_name(err.status), err.message);
			return -1;
		}
		times[count++] = (double)(sc_clock_monotonic() - before) / 1e6;
	}
	qsort(times, count, sizeof times[0], by_size);
	return times[count / 2];
}

static void judge(const char *name, double got, double most)
{
	char why[128];

	snprintf(why, sizeof why, "%.2f ms, more than %.2f", got, most);
	printf("  %s: %.2f ms of at most %.2f\n", name, got, most);
	attack_result(name, got >= 0 && got <= most ? NULL : why);
}

/* -- messages of the crowds -------------------------------------------------------------------- */

static struct sc_bytes evidence_message;
static struct sc_bytes longest_message; /* refused once it is its turn */
static struct sc_bytes sign_message;
static struct sc_bytes generate_message;

static void write_messages(void)
{
	static const uint8_t body[SC_WIRE_BODY_MAX];
	const struct sc_key_generate_request request = generation("simple", 2048);
	SC_CLEANUP(sc_bytes) made = attack_key_generate_body(&request);
	SC_CLEANUP(sc_bytes) signed_ = attack_sign_body(
	    &(struct sc_sign_request){ large_key, { 0 }, SC_MECHANISM_RS256, { digest, sizeof digest } });

	evidence_message = attack_message(SC_COMMAND_EVIDENCE, (struct sc_view){ 0 });
	longest_message = attack_message(SC_COMMAND_KEY_ATTEST, sc_view_of(body, sizeof body));
	sign_message = attack_message(SC_COMMAND_SIGN, sc_bytes_view(&signed_));
	generate_message = attack_message(SC_COMMAND_KEY_GENERATE, sc_bytes_view(&made));
}

/* Forty on `use` and fifty of another daemon: they ask for all that they can and read nothing. */
static void start_unread(struct crowd *crowds[2])
{
	const struct crowd_plan plan = {
		.module = module,
		.socket = "use",
		.connections = 40,
		.pipelined = 100000,
		.persists = true,
		.messages = { sc_bytes_view(&evidence_message), sc_bytes_view(&longest_message),
			      sc_bytes_view(&evidence_message) },
	};
	struct crowd_plan second = plan;

	second.socket = "tls";
	second.connections = 50;
	crowds[0] = crowd_start(&plan);
	crowds[1] = crowd_start(&second);
	usleep(500000);
}

static void stop_unread(struct crowd *crowds[2])
{
	(void)crowd_stop(crowds[0]);
	(void)crowd_stop(crowds[1]);
}

/* -- the attacks ------------------------------------------------------------------------------- */

static uint32_t loaded_keys(void)
{
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_enquire_response response = { 0 };
	struct sc_error err = { 0 };

	attack_must("ENQUIRE",
		    sc_call_enquire(service, 0, &(struct sc_enquire_request){}, &reply, &response, &err),
		    &err);
	return response.loaded;
}

/* Loads the vault's key so many times. Returns how often that was refused. */
static unsigned refused_loads(unsigned times)
{
	unsigned refused = 0;

	for (unsigned i = 0; i < times; i++) {
		SC_CLEANUP(sc_bytes) reply = { 0 };
		const struct sc_key_load_request request = { sc_bytes_view(&vault_blob) };
		struct sc_key_load_response response;

		refused += sc_call_key_load(service, 0, &request, &reply, &response, NULL) != SC_OK;
	}
	return refused;
}

static void attack_key_load(void)
{
	const struct sc_key_load_request garbage = { sc_view_text("x") };
	uint32_t before = loaded_keys();
	struct crowd *unread[2];
	unsigned refused;

	start_unread(unread);
	refused = refused_loads(164);
	attack_result("isolation-key-load-is-not-refused-for-others-messages",
		      refused ? "some were refused" : NULL);
	for (unsigned i = 0; i < 40; i++) {
		SC_CLEANUP(sc_bytes) reply = { 0 };
		struct sc_key_load_response response;

		(void)!sc_call_key_load(service, 0, &garbage, &reply, &response, NULL);
	}
	attack_result("isolation-what-is-not-a-key-evicts-none",
		      loaded_keys() == before ? NULL : "keys were evicted");
	stop_unread(unread);
}

/* Asks for many answers, pauses, and reads them. */
static const char *read_after_a_pause(const char *socket)
{
	int fd = crowd_dial(module, socket);
	static uint8_t answer[SC_WIRE_MESSAGE_MAX];
	const char *why = NULL;

	for (unsigned i = 0; fd >= 0 && i < 60; i++)
		if (send(fd, evidence_message.data, evidence_message.len, MSG_NOSIGNAL) < 0)
			why = "it was closed before its pause";
	usleep(1500000);
	for (unsigned i = 0; fd >= 0 && i < 60 && !why; i++)
		if (recv(fd, answer, sizeof answer, 0) <= 0)
			why = "it was closed for its pause";
	close(fd);
	return fd < 0 ? "it was not accepted" : why;
}

static void attack_readers(void)
{
	struct crowd *unread[2];

	start_unread(unread);
	attack_result("isolation-a-reader-that-pauses-is-not-closed", read_after_a_pause("service"));
	stop_unread(unread);
}

static void attack_once(void)
{
	const struct sc_view large = sc_bytes_view(&longest_message);
	const struct sc_view work = sc_bytes_view(&sign_message);
	const struct crowd_plan plan = { .module = module,
					 .socket = "use",
					 .connections = 86,
					 .pipelined = 6,
					 .messages = { work, work, work, large, large, large } };
	struct crowd *crowd = crowd_start(&plan);
	unsigned refused = refused_loads(389);

	attack_result("isolation-nobody-else-is-told-busy", refused ? "some requests were refused" : NULL);
	(void)crowd_stop(crowd);
}

static void attack_sign(void)
{
	const struct crowd_plan plan = { .module = module,
					 .socket = "use",
					 .connections = 200,
					 .pipelined = 60,
					 .reads = true,
					 .persists = true,
					 .messages = { sc_bytes_view(&sign_message) } };
	double idle = median(sign_on_service);
	double operation = median(sign_large);
	struct crowd *crowd = crowd_start(&plan);
	double got = median(sign_on_service);
	bool has_worked = crowd_stop(crowd) > 0;

	attack_result("isolation-the-signing-crowd-was-served", has_worked ? NULL : "it had no answer");
	judge("isolation-sign-next-to-a-signing-crowd", got, 3 * idle + operation);
}

static void attack_import(void)
{
	struct crowd_plan plan = { .module = module,
				   .socket = "custody",
				   .connections = 1,
				   .pipelined = 40,
				   .reads = true,
				   .persists = true,
				   .messages = { sc_bytes_view(&generate_message) } };
	double idle = median(import);
	double operation = median(generate);

	for (unsigned connections = 1; connections <= 25; connections += 24) {
		char name[80];
		struct crowd *crowd;

		plan.connections = connections;
		crowd = crowd_start(&plan);
		snprintf(name, sizeof name, "isolation-import-next-to-%u-connections-of-generations",
			 connections);
		judge(name, median(import), idle + operation);
		(void)crowd_stop(crowd);
	}
}

static void attack_places(void)
{
	static int fds[IDLE];

	for (unsigned i = 0; i < IDLE; i++)
		fds[i] = crowd_dial(module, "use");
	for (unsigned i = 0; i < 2; i++) {
		const char *socket = i ? "use" : "service";
		struct sc_client *client = NULL;
		sc_status status = sc_client_open(attack_path("%s/%s", module, socket), &client, NULL);

		/* The oldest idle connection has been idle for long enough, and is not this one. */
		attack_result(i ? "isolation-idle-connections-leave-their-socket-open"
				: "isolation-idle-connections-leave-other-sockets-open",
			      status == SC_OK && attack_is_alive(client) ? NULL : "it was not accepted");
		sc_client_free(client);
		usleep(1200000);
	}
	for (unsigned i = 0; i < IDLE; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

int main(int argc, char **argv)
{
	const struct sc_owner owner = attack_owner("vaultd");
	struct sc_key_generate_request vault = generation("vault", 2048);
	const struct sc_key_generate_request large = generation("simple", 4096);
	struct rlimit files;
	struct sc_bytes large_blob;

	attack_begin(argc, argv);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	service = attack_connect(module, "service");
	custody = attack_connect(module, "custody");
	use = attack_connect(module, "use");
	vault_owner = attack_owner_der(&owner);
	vault.owner = sc_bytes_view(&vault_owner);
	vault_blob = make_key(service, service, &vault, &vault_key);
	large_blob = make_key(custody, use, &large, &large_key);
	kek = attack_load(service, attack_path("published/regions/EU/kek.blob"));
	package = attack_read(attack_path("travel/package.byok"));
	write_messages();

	attack_sign();
	attack_import();
	attack_once();
	attack_key_load();
	attack_readers();
	attack_places();

	sc_bytes_free(&large_blob);
	sc_bytes_free(&vault_blob);
	sc_bytes_free(&vault_owner);
	sc_bytes_free(&package);
	sc_client_free(service);
	sc_client_free(custody);
	sc_client_free(use);
	return attack_end();
}
