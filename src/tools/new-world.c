/*
 * new-world (article step 3.1): makes a new security world in one module, its administrator cards and its
 * world file.
 *
 * The module makes everything and keeps it pending. This program writes the cards and the world file durably,
 * and only then tells the module to adopt the world. So a kill at any point leaves no world without cards. At
 * worst it leaves cards and a file of a world that no module is in; the next run reports them. If anything
 * fails before the module has adopted the world, this program removes what it has written.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/options.h"
#include "formats/card.h"
#include "formats/key_type.h"
#include "formats/suite.h"
#include "world/kmdata.h"
#include "world/ceremony.h"

#define PROGRAM       "new-world"
#define DEFAULT_SUITE "ECp521mAES"

/* What the command line asks for. */
struct plan {
	struct sc_ceremony ceremony;
	const struct sc_suite_info *suite;
	uint32_t k;
	uint32_t n;
};

/* One run: what it works with, and what it has made and may have to undo. */
struct creation {
	const struct plan *plan;
	struct sc_kmdata kmdata;
	struct sc_client *client;
	struct sc_ceremony_cards cards;
	struct sc_bytes reply; /* the views below point into it */
	struct sc_world_begin_response world;
	struct sc_hash hknso;
};

static void creation_free(struct creation *c)
{
	sc_kmdata_close(&c->kmdata);
	sc_client_free(c->client);
	sc_ceremony_cards_free(&c->cards);
	sc_bytes_free(&c->reply);
}
SC_CLEANUP_VALUE(creation, creation_free)

static unsigned long long module_number(const struct creation *c)
{
	return (unsigned long long)c->plan->ceremony.module;
}

/* -- the command line -------------------------------------------------------------------------- */

static sc_status read_suite(const char *name, const struct sc_suite_info **out, struct sc_error *err)
{
	char known[256] = "";
	size_t count = 0;
	const struct sc_suite_info *all = sc_suite_all(&count);

	*out = sc_suite_by_name(name);
	if (*out)
		return SC_OK;
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(known);

		snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", all[i].name);
	}
	return sc_fail(err, SC_ERR_SUITE, "--cipher-suite: %s: unknown suite: choose one of %s", name, known);
}

/* "2/3" */
static sc_status read_quorum(const char *text, uint32_t *k, uint32_t *n, struct sc_error *err)
{
	const char *slash = strchr(text, '/');
	char first[16] = "";
	uint64_t cards = 0;
	uint64_t needed = 0;

	SC_ENSURE(slash && (size_t)(slash - text) < sizeof first, err, SC_ERR_ARGUMENT,
		  "--acs-quorum: %s: not of the form K/N, for example 2/3", text);
	memcpy(first, text, (size_t)(slash - text));
	SC_TRY(sc_number_read(slash + 1, "--acs-quorum, N", 1, SC_CARDS_MAX, &cards, err));
	SC_TRY(sc_number_read(first, "--acs-quorum, K", 1, cards, &needed, err));
	*k = (uint32_t)needed;
	*n = (uint32_t)cards;
	return SC_OK;
}

static sc_status read_command_line(int argc, char **argv, struct plan *plan, bool *done, struct sc_error *err)
{
	const char *suite = NULL;
	const char *quorum = NULL;
	const char *module = NULL;
	bool initialize = false;
	size_t operands;
	const struct sc_option options[] = {
		{ .name = "initialize",
		  .letter = 'i',
		  .help = "make a new security world",
		  .flag = &initialize },
		{ .name = "module",
		  .letter = 'm',
		  .argument = "N",
		  .help = "make it in this module (default 1)",
		  .value = &module },
		{ .name = "acs-quorum",
		  .letter = 'Q',
		  .argument = "K/N",
		  .help = "N administrator cards, any K of which form a quorum",
		  .value = &quorum },
		{ .name = "cipher-suite",
		  .letter = 'c',
		  .argument = "NAME",
		  .help = "cipher suite (default " DEFAULT_SUITE ")",
		  .value = &suite },
		SC_CEREMONY_OPTIONS(plan->ceremony),
		{ .name = "custodians",
		  .argument = "A,B,C",
		  .help = "the custodians' names, one per card",
		  .value = &plan->ceremony.custodians },
		{ 0 },
	};
	const struct sc_command_line line = { PROGRAM, "--initialize --acs-quorum=K/N [OPTIONS]",
					      "Makes a security world in a module. Writes its administrator "
					      "cards and $NFAST_KMDATA/local/world.",
					      options, NULL };

	SC_TRY(sc_options_read(&line, argc, argv, NULL, 0, &operands, done, err));
	if (*done)
		return SC_OK;
	SC_ENSURE(initialize, err, SC_ERR_USAGE,
		  "to make a new world, give --initialize (see " PROGRAM " --help)");
	SC_ENSURE(quorum, err, SC_ERR_USAGE,
		  "--acs-quorum=K/N is missing: N cards, any K of which form a quorum");
	SC_TRY(read_quorum(quorum, &plan->k, &plan->n, err));
	SC_TRY(read_suite(suite ? suite : DEFAULT_SUITE, &plan->suite, err));
	return sc_number_read(module ? module : "1", "--module", 1, UINT32_MAX, &plan->ceremony.module, err);
}

/* -- before anybody is asked for a card -------------------------------------------------------- */

static sc_status ask_module(struct sc_client *client, struct sc_enquire_response *out, struct sc_error *err)
{
	const struct sc_enquire_request request = {};
	SC_CLEANUP(sc_bytes) reply = { 0 };

	SC_TRY(sc_call_enquire(client, 0, &request, &reply, out, err));
	/* The texts point into the reply, which is freed on return; nothing reads them. */
	out->esn = out->version = out->region = (struct sc_view){ 0 };
	return SC_OK;
}

static sc_status check_module(const struct creation *c, struct sc_error *err)
{
	struct sc_enquire_response module = { 0 };
	char hex[2 * SC_HASH_SIZE + 1];

	SC_TRY(ask_module(c->client, &module, err));
	SC_ENSURE(module.mode != SC_MODE_UNWARRANTED, err, SC_ERR_NO_WARRANT,
		  "module #%llu (%s) has no warrant: see `factory warrant` and `hsmd --install-warrant`",
		  module_number(c), sc_client_path(c->client));
	sc_hex(sc_hash_view(&module.world), hex);
	SC_ENSURE(module.mode == SC_MODE_WARRANTED, err, SC_ERR_HAS_WORLD,
		  "module #%llu (%s) is already in a security world: %s", module_number(c),
		  sc_client_path(c->client), hex);
	SC_ENSURE(module.role & SC_ROLE_CUSTODY, err, SC_ERR_ROLE, "%s: not a custody socket",
		  sc_client_path(c->client));
	return SC_OK;
}

static sc_status check_place(const struct creation *c, struct sc_error *err)
{
	SC_ENSURE(
	    !sc_file_exists(&c->kmdata.local, SC_WORLD_FILE_NAME), err, SC_ERR_EXISTS,
	    "%s/%s: already exists and is not overwritten. Module #%llu is not in that world. If an "
	    "interrupted new-world left it, remove it and erase the cards that it wrote (kmfile-dump shows "
	    "which world a card belongs to)",
	    c->kmdata.local.path, SC_WORLD_FILE_NAME, module_number(c));
	return SC_OK;
}

static void warn(const struct plan *plan)
{
	if (plan->suite->warning)
		sc_log(SC_LOG_WARNING, "%s", plan->suite->warning);
	if (plan->k == 1)
		sc_log(SC_LOG_WARNING, "with a quorum of 1, one copied card is enough to try PINs offline");
}

/* -- the world --------------------------------------------------------------------------------- */

/* The module must have made what was requested; otherwise the world could not be used later (rule P1). */
static sc_status check_world(struct creation *c, struct sc_error *err)
{
	SC_CLEANUP(sc_world_file) file = NULL;
	const struct sc_world_body *body;

	SC_TRY(sc_world_file_decode(c->world.world_file, &file, err));
	SC_TRY(sc_world_file_verify(file, err));
	body = file->body;
	SC_ENSURE(sc_hash_equals(&body->id, &c->world.world) &&
		      body->suite == (uint32_t)c->plan->suite->suite && body->k == c->plan->k &&
		      body->n == c->plan->n,
		  err, SC_ERR_PROTOCOL, "%s: the module made a different world from the one requested",
		  sc_client_path(c->client));
	return sc_key_hash(sc_bytes_view(&body->knso), &c->hknso, err);
}

static sc_status check_cards(const struct creation *c, struct sc_error *err)
{
	bool ok = c->world.cards.count == c->plan->n;

	for (uint32_t i = 0; ok && i < c->plan->n; i++) {
		SC_CLEANUP(sc_card) card = NULL;

		SC_TRY(sc_card_decode(c->world.cards.item[i], &card, err));
		ok = sc_hash_equals(&card->body->world, &c->world.world) && card->body->index == i + 1 &&
		     card->body->k == c->plan->k && card->body->n == c->plan->n;
	}
	SC_ENSURE(ok, err, SC_ERR_PROTOCOL, "%s: the module made different cards from those requested",
		  sc_client_path(c->client));
	return SC_OK;
}

static sc_status begin(struct creation *c, struct sc_error *err)
{
	struct sc_world_begin_request request = { .suite = c->plan->suite->suite, .k = c->plan->k };

	request.pins.count = request.custodians.count = c->cards.count;
	for (uint32_t i = 0; i < c->cards.count; i++) {
		request.pins.item[i] = sc_secret_view(&c->cards.pins[i]);
		request.custodians.item[i] = sc_view_text(c->cards.custodians[i]);
	}
	printf("Module %llu: making the security world (about one second per card)\n", module_number(c));
	fflush(stdout);
	SC_TRY(sc_call_world_begin(c->client, 0, &request, &c->reply, &c->world, err));
	SC_TRY(check_world(c, err));
	return check_cards(c, err);
}

static sc_status write_cards(const struct creation *c, struct sc_error *err)
{
	for (uint32_t i = 0; i < c->cards.count; i++) {
		sc_status status;

		printf("Module %llu slot %s: passphrase specified - writing card\n", module_number(c),
		       c->cards.slots[i].name);
		status = sc_slot_write(&c->cards.slots[i], c->world.cards.item[i], err);
		if (status != SC_OK)
			return sc_fail_context(err, status, "card %u of %u", i + 1, c->cards.count);
		printf("Module %llu: %u card%s of %u written\n", module_number(c), i + 1, i ? "s" : "",
		       c->cards.count);
		fflush(stdout);
	}
	return SC_OK;
}

/* -- undoing it -------------------------------------------------------------------------------- */

/* Erases a card if it holds what this run wrote to it. */
static void take_back_card(const struct creation *c, uint32_t i)
{
	SC_CLEANUP(sc_bytes) record = { 0 };
	struct sc_error err;

	if (sc_slot_read(&c->cards.slots[i], &record, NULL) == SC_OK &&
	    sc_view_equals(sc_bytes_view(&record), c->world.cards.item[i]) &&
	    sc_slot_erase(&c->cards.slots[i], &err) != SC_OK)
		sc_log(SC_LOG_WARNING, "card %u of %u belongs to no world, but could not be erased: %s",
		       i + 1, c->cards.count, err.message);
}

/* Removes what this run wrote and nothing else. Warns of anything that it cannot remove. */
static void take_back(const struct creation *c)
{
	SC_CLEANUP(sc_bytes) file = { 0 };
	struct sc_error err;

	for (uint32_t i = 0; i < c->cards.count; i++)
		take_back_card(c, i);
	if (sc_file_read(&c->kmdata.local, SC_WORLD_FILE_NAME, SC_WORLD_MAX, &file, NULL) == SC_OK &&
	    sc_view_equals(sc_bytes_view(&file), c->world.world_file) &&
	    sc_file_remove(&c->kmdata.local, SC_WORLD_FILE_NAME, &err) != SC_OK)
		sc_log(SC_LOG_WARNING, "the world file is useless, but could not be removed: %s",
		       err.message);
}

/*
 * The module refused the commit or did not answer. The cards may be erased only if it certainly did not adopt
 * the world: if it did, they are the only cards of that world.
 */
enum outcome {
	ADOPTED,
	NOT_ADOPTED,
	UNKNOWN,
};

static enum outcome ask_outcome(const struct creation *c, sc_status commit)
{
	SC_CLEANUP(sc_client) client = NULL;
	struct sc_enquire_response module = { 0 };

	if (sc_kmdata_connect(&c->kmdata, c->plan->ceremony.module, SC_ROLE_CUSTODY, &client, NULL) !=
		SC_OK ||
	    ask_module(client, &module, NULL) != SC_OK)
		return UNKNOWN;
	if (sc_hash_equals(&module.world, &c->world.world))
		return ADOPTED;
	/*
	 * After a timeout the module may still be working. After a failed sync it may be in the world once it
	 * is restarted.
	 */
	return commit == SC_ERR_TIMEOUT || commit == SC_ERR_SYSTEM || commit == SC_ERR_NOT_DURABLE
		   ? UNKNOWN
		   : NOT_ADOPTED;
}

static sc_status commit(const struct creation *c, struct sc_error *err)
{
	const struct sc_world_commit_request request = { .world = c->world.world };
	struct sc_world_commit_response response = {};
	SC_CLEANUP(sc_bytes) reply = { 0 };
	char hex[2 * SC_HASH_SIZE + 1];
	sc_status status = sc_call_world_commit(c->client, 0, &request, &reply, &response, err);

	if (status == SC_OK)
		return SC_OK;
	switch (ask_outcome(c, status)) {
	case ADOPTED:
		return SC_OK;
	case NOT_ADOPTED:
		take_back(c);
		return status;
	default:
		sc_hex(sc_hash_view(&c->world.world), hex);
		sc_log(SC_LOG_WARNING,
		       "it is not known whether the module adopted the world; the cards and the world file "
		       "are kept. Restart the module, then run `enquiry`: if it shows world %s, all is well; "
		       "if not, erase the cards and remove %s/%s",
		       hex, c->kmdata.local.path, SC_WORLD_FILE_NAME);
		return status;
	}
}

static sc_status write_and_commit(const struct creation *c, struct sc_error *err)
{
	sc_status status = write_cards(c, err);

	if (status == SC_OK)
		status = sc_kmdata_world_write(&c->kmdata, c->world.world_file, SC_FILE_NEW, err);
	if (status != SC_OK) {
		take_back(c);
		return status;
	}
	return commit(c, err);
}

/* From the first card on, signals wait until the world is complete or undone. */
static sc_status make_world(struct creation *c, struct sc_error *err)
{
	sigset_t interrupts;
	sigset_t before;
	sc_status status;

	SC_TRY(begin(c, err));
	sigemptyset(&interrupts);
	sigaddset(&interrupts, SIGHUP);
	sigaddset(&interrupts, SIGINT);
	sigaddset(&interrupts, SIGTERM);
	sigaddset(&interrupts, SIGPIPE);
	sigprocmask(SIG_BLOCK, &interrupts, &before);
	status = write_and_commit(c, err);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

static sc_status run(const struct plan *plan, struct sc_error *err)
{
	SC_CLEANUP(creation) c = { .plan = plan, .kmdata = SC_KMDATA_NONE };
	char hex[2 * SC_HASH_SIZE + 1];

	SC_TRY(sc_kmdata_open(&c.kmdata, err));
	SC_TRY(sc_kmdata_connect(&c.kmdata, plan->ceremony.module, SC_ROLE_CUSTODY, &c.client, err));
	SC_TRY(check_module(&c, err));
	SC_TRY(check_place(&c, err));
	warn(plan);
	SC_TRY(sc_ceremony_new_cards(&plan->ceremony, plan->n, &c.cards, err));
	SC_TRY(make_world(&c, err));
	sc_hex(sc_hash_view(&c.hknso), hex);
	printf("Security world generated on module #%llu; hknso = %s\n", module_number(&c), hex);
	printf("Path to world: %s/%s\n", c.kmdata.local.path, SC_WORLD_FILE_NAME);
	return SC_OK;
}

int main(int argc, char **argv)
{
	struct plan plan = { 0 };
	struct sc_error err = { 0 };
	bool done = false;
	sc_status status;

	sc_log_start(PROGRAM, SC_LOG_NOTICE);
	status = read_command_line(argc, argv, &plan, &done, &err);
	if (status == SC_OK && !done)
		status = run(&plan, &err);
	if (status != SC_OK)
		fprintf(stderr, PROGRAM ": %s\n", err.message);
	return sc_status_exit(status);
}
