/*
 * kill -9 at random moments (invariant 7). hsmd starts again, and its state is whole: what it acknowledged is
 * there, and what it did not acknowledge is there completely or not at all. A wrong PIN's delay survives
 * (rule C1, invariant 3). Of two daemons on one state directory, the second is refused.
 *
 * It leaves `victim` running, in a world of its own.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "attack.h"
#include "base/clock.h"
#include "formats/key_type.h"
#include "formats/suite.h"
#include "process.h"

#define VICTIM         "victim"
#define CARDS          4
#define BEGIN_KILLS    6
#define COMMIT_KILLS   4
#define GENERATE_KILLS 6
#define CARD_KILLS     6
#define KEYS_MAX       64
#define TRIES_MAX      32 /* half of them are told to wait: 2 seconds, doubled 15 times */

/* -- the module's state, as it reports it ------------------------------------------------------ */

struct state {
	uint32_t mode;
	struct sc_hash world;
	uint64_t counter;
	char esn[SC_WIRE_TEXT_MAX + 1];
};

static struct state state_of(struct sc_client *client)
{
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_enquire_request nothing;
	struct sc_enquire_response response = { 0 };
	struct state state;
	struct sc_error err = { 0 };

	memset(&nothing, 0, sizeof nothing);
	attack_must("ENQUIRE", sc_call_enquire(client, 0, &nothing, &reply, &response, &err), &err);
	state = (struct state){ response.mode, response.world, response.counter, "" };
	memcpy(state.esn, response.esn.data, response.esn.len);
	return state;
}

static struct state state_now(void)
{
	SC_CLEANUP(sc_client) client = attack_connect(VICTIM, "custody");

	return state_of(client);
}

static unsigned random_below(unsigned limit)
{
	unsigned value = 0;

	if (RAND_bytes((uint8_t *)&value, sizeof value) != 1)
		attack_must("random bytes", SC_ERR_CRYPTO, NULL);
	return value % limit;
}

static void sleep_ms(unsigned ms)
{
	const struct timespec time = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&time, NULL);
}

/* -- WORLD_BEGIN and WORLD_COMMIT -------------------------------------------------------------- */

/* One client's ceremony, in its own thread. */
struct ceremony {
	struct sc_client *client;
	uint32_t n;
	_Atomic bool has_begun;    /* the world is pending; cards and file have arrived */
	_Atomic bool is_committed; /* the module has acknowledged it */
	struct sc_hash world;
	sc_status status;
};

static sc_status begin_and_commit(struct ceremony *c, struct sc_error *err)
{
	struct sc_world_begin_request begin;
	SC_CLEANUP(sc_bytes) reply = { 0 };
	SC_CLEANUP(sc_bytes) nothing = { 0 };
	struct sc_world_begin_response begun = { 0 };
	struct sc_world_commit_response committed;
	char pins[CARDS][64];

	memset(&begin, 0, sizeof begin);
	begin.suite = SC_SUITE_ECP521;
	begin.k = 1;
	begin.pins.count = begin.custodians.count = c->n;
	for (uint32_t i = 0; i < c->n; i++) {
		snprintf(pins[i], sizeof pins[i], "%s", attack_pin(i + 1));
		begin.pins.item[i] = sc_view_text(pins[i]);
	}
	SC_TRY(sc_call_world_begin(c->client, 0, &begin, &reply, &begun, err));
	c->world = begun.world;
	attack_write(attack_path(VICTIM "/world"), begun.world_file);
	for (uint32_t i = 0; i < begun.cards.count; i++) {
		mkdir(attack_path(VICTIM "/cards"), 0700);
		mkdir(attack_path(VICTIM "/cards/%u", i + 1), 0700);
		attack_write(attack_path(VICTIM "/cards/%u/safeconduct-card", i + 1), begun.cards.item[i]);
	}
	c->has_begun = true;
	const struct sc_world_commit_request commit = { begun.world };

	SC_TRY(sc_call_world_commit(c->client, 0, &commit, &nothing, &committed, err));
	c->is_committed = true;
	return SC_OK;
}

static void *ceremony(void *argument)
{
	struct ceremony *c = argument;
	struct sc_error err = { 0 };

	c->status = begin_and_commit(c, &err);
	return NULL;
}

/* Either no world, or the whole one that was pending. No world is wrong once it was acknowledged. */
static bool is_whole(const struct ceremony *c, const struct state *before, const struct state *after)
{
	if (strcmp(before->esn, after->esn) != 0)
		return false;
	if (after->mode == SC_MODE_WARRANTED)
		return !c->is_committed;
	return after->mode == SC_MODE_WORLD && c->has_begun && sc_hash_equals(&after->world, &c->world);
}

/*
 * Kills hsmd within `ms` after the request, or after the first answer if it waits for that. True if all is
 * whole.
 */
static bool kill_in_ceremony(bool wait_for_begin, unsigned ms)
{
	pid_t pid = process_start(VICTIM);
	struct ceremony c = { .client = attack_connect(VICTIM, "custody"), .n = 1 };
	struct state before = state_of(c.client);
	struct state after;
	pthread_t thread;

	if (pthread_create(&thread, NULL, ceremony, &c))
		attack_must("a thread", SC_ERR_SYSTEM, NULL);
	while (wait_for_begin && !c.has_begun)
		sleep_ms(1);
	sleep_ms(random_below(ms));
	process_kill(VICTIM, pid);
	pthread_join(thread, NULL);
	sc_client_free(c.client);
	pid = process_start(VICTIM);
	after = state_now();
	process_kill(VICTIM, pid);
	process_put_state_back(VICTIM);
	return is_whole(&c, &before, &after);
}

static void attack_the_ceremony(void)
{
	unsigned bad = 0;

	process_keep_state(VICTIM);
	for (unsigned i = 0; i < BEGIN_KILLS; i++)
		bad += !kill_in_ceremony(false, 1000);
	attack_result("killed-in-world-begin", bad ? "the state was not whole" : NULL);
	bad = 0;
	for (unsigned i = 0; i < COMMIT_KILLS; i++)
		bad += !kill_in_ceremony(true, 12);
	attack_result("killed-in-world-commit", bad ? "the state was not whole" : NULL);
}

/* Makes the world for everything that follows. */
static void make_world(void)
{
	struct ceremony c = { .client = attack_connect(VICTIM, "custody"), .n = CARDS };
	struct sc_error err = { 0 };

	attack_must("a world", begin_and_commit(&c, &err), &err);
	sc_client_free(c.client);
}

/* -- KEY_GENERATE ------------------------------------------------------------------------------ */

/* Makes keys until the module ends, and keeps those whose answers arrived. */
struct maker {
	struct sc_client *client;
	struct sc_bytes blobs[KEYS_MAX];
	size_t count;
};

static void *make_keys(void *argument)
{
	const struct sc_key_generate_request request = { .application = sc_view_text("simple"),
							 .algorithm = SC_ALGORITHM_RSA,
							 .bits = 2048 };
	struct maker *maker = argument;

	while (maker->count < KEYS_MAX) {
		SC_CLEANUP(sc_bytes) reply = { 0 };
		struct sc_key_generate_response response = { 0 };

		if (sc_call_key_generate(maker->client, 0, &request, &reply, &response, NULL) != SC_OK ||
		    sc_bytes_copy(response.blob, &maker->blobs[maker->count], NULL) != SC_OK)
			break;
		maker->count++;
	}
	return NULL;
}

static size_t count_lost(struct maker *maker)
{
	SC_CLEANUP(sc_client) client = attack_connect(VICTIM, "custody");
	size_t lost = 0;

	for (size_t i = 0; i < maker->count; i++) {
		const struct sc_key_load_request request = { sc_bytes_view(&maker->blobs[i]) };
		SC_CLEANUP(sc_bytes) reply = { 0 };
		struct sc_key_load_response response;

		lost += sc_call_key_load(client, 0, &request, &reply, &response, NULL) != SC_OK;
		sc_bytes_free(&maker->blobs[i]);
	}
	return lost;
}

static pid_t attack_generation(pid_t pid)
{
	size_t made = 0;
	size_t lost = 0;
	unsigned bad = 0;

	for (unsigned i = 0; i < GENERATE_KILLS || (made == 0 && i < 10 * GENERATE_KILLS); i++) {
		struct maker maker = { .client = attack_connect(VICTIM, "custody") };
		struct state before = state_of(maker.client);
		struct state after;
		pthread_t thread;

		if (pthread_create(&thread, NULL, make_keys, &maker))
			attack_must("a thread", SC_ERR_SYSTEM, NULL);
		/* Kill later each round if none was made in time: the machine is slow. */
		sleep_ms(random_below(600 * (1 + i / GENERATE_KILLS)));
		process_kill(VICTIM, pid);
		pthread_join(thread, NULL);
		sc_client_free(maker.client);
		pid = process_start(VICTIM);
		after = state_now();
		bad += after.mode != SC_MODE_WORLD || !sc_hash_equals(&before.world, &after.world) ||
		       after.counter < before.counter;
		made += maker.count;
		lost += count_lost(&maker);
	}
	attack_result("killed-in-key-generate", bad ? "the state was not whole" : NULL);
	attack_result("killed-in-key-generate-keys", !made  ? "none was made before the kills"
						     : lost ? "some are lost"
							    : NULL);
	return pid;
}

/* -- QUORUM_CARD ------------------------------------------------------------------------------- */

/* The body is never used: only the cards count. */
static sc_status give_card(struct sc_client *client, unsigned index, const char *pin, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) card = attack_card(VICTIM, index);
	uint64_t authority = attack_quorum_open(client, SC_COMMAND_ACL_REPLACE, (struct sc_view){ 0 });

	return attack_quorum_card(client, authority, sc_bytes_view(&card), pin, err);
}

static sc_status give_card_now(unsigned index, const char *pin, struct sc_error *err)
{
	SC_CLEANUP(sc_client) client = attack_connect(VICTIM, "custody");

	return give_card(client, index, pin, err);
}

struct giver {
	struct sc_client *client;
	unsigned index;
};

static void *give(void *argument)
{
	const struct giver *giver = argument;
	SC_CLEANUP(sc_bytes) card = attack_card(VICTIM, giver->index);
	const struct sc_quorum_open_request open = { .command = SC_COMMAND_ACL_REPLACE };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_quorum_open_response opened = { 0 };
	struct sc_error err = { 0 };

	if (sc_call_quorum_open(giver->client, 0, &open, &reply, &opened, &err) == SC_OK)
		(void)!attack_quorum_card(giver->client, opened.authority, sc_bytes_view(&card),
					  attack_pin(giver->index), &err);
	return NULL;
}

/*
 * The state's counter shows how far the try with a card had come. Either nothing was written, or the delay
 * had been spent, or it had been cleared again because the PIN was right. In the middle case, the card has to
 * wait.
 */
static pid_t attack_the_cards(pid_t pid)
{
	unsigned bad = 0;
	unsigned judged = 0;

	for (unsigned i = 0; i < CARD_KILLS || (!judged && i < 5 * CARD_KILLS); i++) {
		struct giver giver = { attack_connect(VICTIM, "custody"), i % CARDS + 1 };
		struct state before = state_of(giver.client);
		int64_t began = sc_clock_monotonic();
		struct state after;
		struct sc_error err = { 0 };
		sc_status status;
		pthread_t thread;

		if (pthread_create(&thread, NULL, give, &giver))
			attack_must("a thread", SC_ERR_SYSTEM, NULL);
		sleep_ms(random_below(700));
		process_kill(VICTIM, pid);
		pthread_join(thread, NULL);
		sc_client_free(giver.client);
		pid = process_start(VICTIM);
		after = state_now();
		bad += after.mode != SC_MODE_WORLD || !sc_hash_equals(&before.world, &after.world) ||
		       after.counter < before.counter || after.counter > before.counter + 2;
		status = give_card_now(giver.index, attack_pin(giver.index), &err);
		/*
		 * One second of the two seconds' wait may already be gone, since the clock counts whole
		 * seconds.
		 */
		if (after.counter != before.counter + 1 || sc_clock_monotonic() - began > SC_SECOND)
			continue;
		judged++;
		bad += status != SC_ERR_CARD_WAIT;
	}
	attack_result("killed-in-quorum-card",
		      bad ? "the state was not whole, or a try was forgotten" : NULL);
	return pid;
}

/* -- the delay after wrong PINs ---------------------------------------------------------------- */

/* True if, after a try that took this long, enough of the wait is left for what follows. */
static bool is_long_enough(uint64_t wait, int64_t took)
{
	return (int64_t)wait >= 4 + 3 * took / SC_SECOND;
}

/* The wait, of which a second may have passed when it was said. */
static uint64_t wait_of(uint64_t said)
{
	uint64_t wait = 2;

	while (wait < said)
		wait *= 2;
	return wait;
}

/*
 * Gives wrong PINs until the card has to wait for long. Each answer gives the next wait: twice the last one,
 * or a second less if that passed while the try was saved.
 */
static void spend_tries(unsigned index)
{
	uint64_t wait = 0; /* of the last try, from the end of its check */
	uint64_t last = 0; /* as it was said */
	int64_t took = 0;
	bool doubles = true;

	for (unsigned tries = 0; !is_long_enough(last, took); tries++) {
		struct sc_error err = { 0 };
		int64_t began = sc_clock_monotonic();
		sc_status status = give_card_now(index, "another passphrase", &err);

		attack_must("a wait that grows", tries < TRIES_MAX ? SC_OK : SC_ERR_TIMEOUT, &err);
		if (status == SC_ERR_CARD_WAIT) {
			sleep_ms((unsigned)err.numbers[1] * 1000);
			continue;
		}
		attack_must("a wrong PIN", status == SC_ERR_CARD_PIN ? SC_OK : status, &err);
		took = sc_clock_monotonic() - began;
		last = err.numbers[1];
		wait = wait ? 2 * wait : wait_of(last);
		doubles = doubles && err.numbers[0] == index && (last == wait || last + 1 == wait);
	}
	attack_result("the-wait-doubles", doubles ? NULL : "it does not, or the answer names another card");
}

static pid_t attack_the_delay(pid_t pid)
{
	SC_CLEANUP(sc_bytes) image = attack_card(VICTIM, CARDS);
	struct sc_error err = { 0 };

	spend_tries(CARDS);
	attack_expect("the-right-pin-too-soon", SC_ERR_CARD_WAIT,
		      give_card_now(CARDS, attack_pin(CARDS), &err), &err);
	process_kill(VICTIM, pid);
	pid = process_start(VICTIM);
	attack_write(attack_path(VICTIM "/cards/%u/safeconduct-card", CARDS), sc_bytes_view(&image));
	sc_status status = give_card_now(CARDS, attack_pin(CARDS), &err);
	uint64_t seconds = err.numbers[1];

	attack_expect("the-right-pin-too-soon-after-a-kill-and-a-copied-card", SC_ERR_CARD_WAIT, status,
		      &err);
	sleep_ms((unsigned)seconds * 1000 + 1000);
	attack_expect("the-right-pin-in-time", SC_OK, give_card_now(CARDS, attack_pin(CARDS), &err), &err);
	status = give_card_now(CARDS, "another passphrase", &err);
	attack_result("the-wait-begins-again",
		      status == SC_ERR_CARD_PIN && err.numbers[1] == 2 ? NULL : "it was not forgotten");
	return pid;
}

/* -- two daemons ------------------------------------------------------------------------------- */

static void attack_with_a_second(void)
{
	int locked = sc_status_exit(SC_ERR_LOCKED);

	attack_result("a-second-daemon",
		      process_second(VICTIM, NULL) == locked ? NULL : "it was not refused as locked");
	attack_result("a-second-initialise", process_second(VICTIM, "--initialise") == locked
						 ? NULL
						 : "it was not refused as locked");
	SC_CLEANUP(sc_client) client = attack_connect(VICTIM, "custody");

	attack_result("the-first-serves-on", attack_is_alive(client) ? NULL : "it does not answer");
}

int main(int argc, char **argv)
{
	pid_t pid;

	attack_begin(argc, argv);
	attack_the_ceremony();
	pid = process_start(VICTIM);
	make_world();
	attack_with_a_second();
	pid = attack_generation(pid);
	pid = attack_the_cards(pid);
	(void)attack_the_delay(pid);
	return attack_end();
}
