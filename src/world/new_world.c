/*
 * Making a security world: see new_world.h. The module's answers are checked as strictly as anything else
 * from outside (rule P1), because cards and a file that do not fit together would be found out only when they
 * are needed.
 */
#include "world/new_world.h"

#include <signal.h>
#include <stdio.h>

#include "base/log.h"
#include "base/print.h"
#include "formats/card.h"
#include "formats/key_type.h"
#include "world/world_member.h"

/* One world in the making: what it is made with, and what has been made and may have to be undone. */
struct creation {
	const struct sc_kmdata *kmdata;
	const struct sc_ceremony *ceremony;
	const struct sc_new_world_request *request;
	struct sc_client *client;
	struct sc_ceremony_cards cards;
	struct sc_bytes reply; /* the views below point into it */
	struct sc_world_begin_response world;
	struct sc_hash hknso;
};

static void creation_free(struct creation *creation)
{
	sc_client_free(creation->client);
	sc_ceremony_cards_free(&creation->cards);
	sc_bytes_free(&creation->reply);
}
SC_CLEANUP_VALUE(creation, creation_free)

static unsigned long long module_number(const struct creation *creation)
{
	return (unsigned long long)creation->ceremony->module;
}

/* -- before anybody is asked for a card -------------------------------------------------------- */

static sc_status check_module(const struct creation *creation, struct sc_error *err)
{
	struct sc_enquire_response module = { 0 };
	char hex[2 * SC_HASH_SIZE + 1];

	SC_TRY(sc_world_member_ask(creation->client, &module, err));
	SC_ENSURE(module.mode != SC_MODE_UNWARRANTED, err, SC_ERR_NO_WARRANT,
		  "module #%llu (%s) has no warrant: see `factory warrant` and `hsmd --install-warrant`",
		  module_number(creation), sc_client_path(creation->client));
	sc_hex(sc_hash_view(&module.world), hex);
	SC_ENSURE(module.mode == SC_MODE_WARRANTED, err, SC_ERR_HAS_WORLD,
		  "module #%llu (%s) is already in a security world: %s", module_number(creation),
		  sc_client_path(creation->client), hex);
	SC_ENSURE(module.role & SC_ROLE_CUSTODY, err, SC_ERR_ROLE, "%s: not a custody socket",
		  sc_client_path(creation->client));
	return SC_OK;
}

static sc_status check_no_world_file(const struct creation *creation, struct sc_error *err)
{
	SC_ENSURE(
	    !sc_file_exists(&creation->kmdata->local, SC_WORLD_FILE_NAME), err, SC_ERR_EXISTS,
	    "%s/%s: already exists and is not overwritten. Module #%llu is not in that world. If an "
	    "interrupted new-world left it, remove it and erase the cards that it wrote (kmfile-dump shows "
	    "which world a card belongs to)",
	    creation->kmdata->local.path, SC_WORLD_FILE_NAME, module_number(creation));
	return SC_OK;
}

static void warn(const struct sc_new_world_request *request)
{
	if (request->suite->warning)
		sc_log(SC_LOG_WARNING, "%s", request->suite->warning);
	if (request->k == 1)
		sc_log(SC_LOG_WARNING, "with a quorum of 1, one copied card is enough to try PINs offline");
}

/* -- the world --------------------------------------------------------------------------------- */

/* The module must have made what was requested; otherwise the world could not be used later (rule P1). */
static sc_status check_world(struct creation *creation, struct sc_error *err)
{
	SC_CLEANUP(sc_world_file) file = NULL;
	const struct sc_world_body *body;

	SC_TRY(sc_world_file_decode(creation->world.world_file, &file, err));
	SC_TRY(sc_world_file_verify(file, err));
	body = file->body;
	SC_ENSURE(sc_hash_equals(&body->id, &creation->world.world) &&
		      body->suite == (uint32_t)creation->request->suite->suite &&
		      body->k == creation->request->k && body->n == creation->request->n,
		  err, SC_ERR_PROTOCOL, "%s: the module made a different world from the one requested",
		  sc_client_path(creation->client));
	return sc_key_hash(sc_bytes_view(&body->knso), &creation->hknso, err);
}

static sc_status check_cards(const struct creation *creation, struct sc_error *err)
{
	bool fit = creation->world.cards.count == creation->request->n;

	for (uint32_t i = 0; fit && i < creation->request->n; i++) {
		SC_CLEANUP(sc_card) card = NULL;

		SC_TRY(sc_card_decode(creation->world.cards.item[i], &card, err));
		fit = sc_hash_equals(&card->body->world, &creation->world.world) &&
		      card->body->index == i + 1 && card->body->k == creation->request->k &&
		      card->body->n == creation->request->n;
	}
	SC_ENSURE(fit, err, SC_ERR_PROTOCOL, "%s: the module made different cards from those requested",
		  sc_client_path(creation->client));
	return SC_OK;
}

static sc_status begin(struct creation *creation, struct sc_error *err)
{
	struct sc_world_begin_request request = { .suite = creation->request->suite->suite,
						  .k = creation->request->k };

	request.pins.count = request.custodians.count = creation->cards.count;
	for (uint32_t i = 0; i < creation->cards.count; i++) {
		request.pins.item[i] = sc_secret_view(&creation->cards.pins[i]);
		request.custodians.item[i] = sc_view_text(creation->cards.custodians[i]);
	}
	sc_print("Module %llu: making the security world (about one second per card)\n",
		 module_number(creation));
	sc_print_flush();
	SC_TRY(sc_call_world_begin(creation->client, 0, &request, &creation->reply, &creation->world, err));
	SC_TRY(check_world(creation, err));
	return check_cards(creation, err);
}

static sc_status write_cards(const struct creation *creation, struct sc_error *err)
{
	for (uint32_t i = 0; i < creation->cards.count; i++) {
		sc_status status;

		sc_print("Module %llu slot %s: passphrase specified - writing card\n",
			 module_number(creation), creation->cards.slots[i].name);
		status = sc_slot_write(&creation->cards.slots[i], creation->world.cards.item[i], err);
		if (status != SC_OK)
			return sc_fail_context(err, status, "card %u of %u", i + 1, creation->cards.count);
		sc_print("Module %llu: %u card%s of %u written\n", module_number(creation), i + 1,
			 i ? "s" : "", creation->cards.count);
		sc_print_flush();
	}
	return SC_OK;
}

/* -- undoing it -------------------------------------------------------------------------------- */

/* Erases a card if it holds what this run wrote to it. */
static void take_back_card(const struct creation *creation, uint32_t i)
{
	SC_CLEANUP(sc_bytes) record = { 0 };
	struct sc_error err;

	if (sc_slot_read(&creation->cards.slots[i], &record, NULL) == SC_OK &&
	    sc_view_equals(sc_bytes_view(&record), creation->world.cards.item[i]) &&
	    sc_slot_erase(&creation->cards.slots[i], &err) != SC_OK)
		sc_log(SC_LOG_WARNING, "card %u of %u belongs to no world, but could not be erased: %s",
		       i + 1, creation->cards.count, err.message);
}

/* Removes what this run wrote and nothing else. Warns of anything that it cannot remove. */
static void take_back(const struct creation *creation)
{
	SC_CLEANUP(sc_bytes) file = { 0 };
	struct sc_error err;

	for (uint32_t i = 0; i < creation->cards.count; i++)
		take_back_card(creation, i);
	if (sc_file_read(&creation->kmdata->local, SC_WORLD_FILE_NAME, SC_WORLD_MAX, &file, NULL) == SC_OK &&
	    sc_view_equals(sc_bytes_view(&file), creation->world.world_file) &&
	    sc_file_remove(&creation->kmdata->local, SC_WORLD_FILE_NAME, &err) != SC_OK)
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

static enum outcome ask_outcome(const struct creation *creation, sc_status commit)
{
	SC_CLEANUP(sc_client) client = NULL;
	struct sc_enquire_response module = { 0 };

	if (sc_kmdata_connect(creation->kmdata, creation->ceremony->module, SC_ROLE_CUSTODY, &client, NULL) !=
		SC_OK ||
	    sc_world_member_ask(client, &module, NULL) != SC_OK)
		return UNKNOWN;
	/* After a failed sync, the module is in the world, but perhaps no longer once it is restarted. */
	if (commit == SC_ERR_NOT_DURABLE)
		return UNKNOWN;
	if (sc_hash_equals(&module.world, &creation->world.world))
		return ADOPTED;
	/* After a timeout the module may still be working. */
	return commit == SC_ERR_TIMEOUT || commit == SC_ERR_SYSTEM ? UNKNOWN : NOT_ADOPTED;
}

static sc_status commit(const struct creation *creation, struct sc_error *err)
{
	const struct sc_world_commit_request request = { .world = creation->world.world };
	struct sc_world_commit_response response = {};
	SC_CLEANUP(sc_bytes) reply = { 0 };
	char hex[2 * SC_HASH_SIZE + 1];
	sc_status status = sc_call_world_commit(creation->client, 0, &request, &reply, &response, err);

	if (status == SC_OK)
		return SC_OK;
	switch (ask_outcome(creation, status)) {
	case ADOPTED:
		return SC_OK;
	case NOT_ADOPTED:
		take_back(creation);
		return status;
	default:
		sc_hex(sc_hash_view(&creation->world.world), hex);
		sc_log(SC_LOG_WARNING,
		       "it is not known whether the module adopted the world; the cards and the world file "
		       "are kept. Restart the module, then run `enquiry`: if it shows world %s, all is well; "
		       "if not, erase the cards and remove %s/%s",
		       hex, creation->kmdata->local.path, SC_WORLD_FILE_NAME);
		return status;
	}
}

static sc_status write_and_commit(const struct creation *creation, struct sc_error *err)
{
	sc_status status = write_cards(creation, err);

	if (status == SC_OK)
		status =
		    sc_kmdata_world_write(creation->kmdata, creation->world.world_file, SC_FILE_NEW, err);
	if (status != SC_OK) {
		take_back(creation);
		return status;
	}
	return commit(creation, err);
}

/* From the first card on, signals wait until the world is complete or undone. */
static sc_status make_world(struct creation *creation, struct sc_error *err)
{
	sigset_t interrupts;
	sigset_t before;
	sc_status status;

	SC_TRY(begin(creation, err));
	sigemptyset(&interrupts);
	sigaddset(&interrupts, SIGHUP);
	sigaddset(&interrupts, SIGINT);
	sigaddset(&interrupts, SIGTERM);
	sigprocmask(SIG_BLOCK, &interrupts, &before);
	status = write_and_commit(creation, err);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

sc_status sc_new_world_make(const struct sc_kmdata *kmdata, const struct sc_ceremony *ceremony,
			    const struct sc_new_world_request *request, struct sc_hash *hknso,
			    struct sc_error *err)
{
	SC_CLEANUP(creation) creation = { .kmdata = kmdata, .ceremony = ceremony, .request = request };

	SC_TRY(sc_kmdata_connect(kmdata, ceremony->module, SC_ROLE_CUSTODY, &creation.client, err));
	SC_TRY(check_module(&creation, err));
	SC_TRY(check_no_world_file(&creation, err));
	warn(request);
	SC_TRY(sc_ceremony_new_cards(ceremony, request->n, &creation.cards, err));
	SC_TRY(make_world(&creation, err));
	*hknso = creation.hknso;
	return SC_OK;
}
