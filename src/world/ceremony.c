/*
 * Asking K custodians for their consent to one command (rule M5). The module binds the quorum to that command
 * and body, to this connection and to a time limit. Cards and PINs only pass through here on their way to it.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/print.h"
#include "formats/card.h"
#include "world/card_feed.h"

/* One ceremony in progress. */
struct gathering {
	struct sc_ceremony_feed feed;
	struct sc_client *client;
	uint64_t authority;
	uint32_t k;
	struct sc_bytes accepted[SC_CARDS_MAX]; /* records of the cards so far */
};

static void say(const struct gathering *g, const char *text, uint32_t number)
{
	sc_print("Module %llu: card %u of %u%s\n", (unsigned long long)g->feed.ceremony->module, number, g->k,
		 text);
	sc_print_flush();
}

/* The custodian's name comes from a card: shown only if it is valid text. */
static void say_accepted(const struct gathering *g, const struct sc_quorum_card_response *response,
			 uint32_t number)
{
	struct sc_text custodian = { "" };
	char text[SC_TEXT_MAX + 64];

	if (sc_text_set_view(&custodian, response->custodian, "custodian", NULL) != SC_OK)
		custodian.s[0] = '\0';
	snprintf(text, sizeof text, " accepted (administrator card %u%s%s)", response->index,
		 custodian.s[0] ? ", " : "", custodian.s);
	say(g, text, number);
}

/* Asks for the PIN of a card that has been read, and sends both to the module. */
static sc_status offer(const struct gathering *g, struct sc_view record, uint32_t number,
		       struct sc_error *err)
{
	SC_CLEANUP(sc_secret) pin = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_quorum_card_request request = { .authority = g->authority, .card = record };
	struct sc_quorum_card_response response = { 0 };
	char question[96];

	snprintf(question, sizeof question,
		 "Module %llu: PIN of card %u of %u: ", (unsigned long long)g->feed.ceremony->module, number,
		 g->k);
	SC_TRY(sc_ceremony_feed_pin(&g->feed, question, &pin, err));
	request.pin = sc_secret_view(&pin);
	SC_TRY(sc_call_quorum_card(g->client, 0, &request, &reply, &response, err));
	SC_ENSURE(response.accepted == number, err, SC_ERR_PROTOCOL,
		  "%s: the module counts %u cards, but %u were given", sc_client_path(g->client),
		  response.accepted, number);
	say_accepted(g, &response, number);
	return SC_OK;
}

/* True if the card seems right and another try at its PIN makes sense. */
static bool is_about_the_pin(sc_status status)
{
	return status == SC_ERR_CARD_PIN || status == SC_ERR_CARD_WAIT || status == SC_ERR_PIN_SHORT;
}

/* True if another card, or the same card inserted again, may succeed. */
static bool is_about_the_card(sc_status status)
{
	/* Not CARD_SET: then all cards have to be presented again. */
	return (status >= SC_ERR_CARD_ALTERED && status <= SC_ERR_CARD_USED && status != SC_ERR_CARD_SET) ||
	       status == SC_ERR_NOT_FOUND || status == SC_ERR_ARGUMENT || status == SC_ERR_TOO_LARGE ||
	       status == SC_ERR_ENCODING || status == SC_ERR_FORMAT;
}

/* Asks for a slot and reads its card. */
static sc_status read_card(const struct gathering *g, uint32_t number, struct sc_bytes *record,
			   struct sc_error *err)
{
	SC_CLEANUP(sc_slot) slot = { 0 };

	SC_TRY(sc_ceremony_feed_slot(&g->feed, number, g->k, &slot, err));
	SC_TRY(sc_slot_read(&slot, record, err));
	sc_print("Module %llu slot %s: card %u of %u read\n", (unsigned long long)g->feed.ceremony->module,
		 slot.name, number, g->k);
	sc_print_flush();
	return SC_OK;
}

/*
 * Refuses a card that was accepted before, whatever slot it is in now, before its custodian is asked for a
 * PIN. The record tells, not the slot: two custodians may use one reader, one after the other.
 */
static sc_status check_new(const struct gathering *g, struct sc_view record, uint32_t number,
			   struct sc_error *err)
{
	for (uint32_t i = 0; i + 1 < number; i++)
		SC_ENSURE(!sc_view_equals(sc_bytes_view(&g->accepted[i]), record), err, SC_ERR_CARD_DUPLICATE,
			  "the same card as card %u of %u: each card counts once", i + 1, g->k);
	return SC_OK;
}

/* Repeats until the module accepts a card. Scripted, the first failure ends it. */
static sc_status gather_one(struct gathering *g, uint32_t number, struct sc_error *err)
{
	for (;;) {
		SC_CLEANUP(sc_bytes) record = { 0 };
		struct sc_error why = { 0 };
		sc_status status = read_card(g, number, &record, &why);

		if (status == SC_OK)
			status = check_new(g, sc_bytes_view(&record), number, &why);
		if (status == SC_OK)
			status = offer(g, sc_bytes_view(&record), number, &why);
		while (is_about_the_pin(status) && !g->feed.is_scripted) {
			sc_log(SC_LOG_ERROR, "card %u of %u: %s", number, g->k, why.message);
			status = offer(g, sc_bytes_view(&record), number, &why);
		}
		if (status == SC_OK) {
			g->accepted[number - 1] = sc_steal(record);
			return SC_OK;
		}
		(void)sc_fail_context(&why, status, "card %u of %u", number, g->k);
		if (g->feed.is_scripted || !is_about_the_card(status)) {
			if (err)
				*err = why;
			return status;
		}
		sc_log(SC_LOG_ERROR, "%s", why.message);
	}
}

static sc_status open_quorum(struct gathering *g, enum sc_command command, struct sc_view body,
			     struct sc_view world_file, struct sc_error *err)
{
	struct sc_quorum_open_request request = { .command = command, .world_file = world_file };
	struct sc_quorum_open_response response = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };

	SC_TRY(sc_wire_authority_digest(command, body, &request.digest, err));
	SC_TRY(sc_call_quorum_open(g->client, 0, &request, &reply, &response, err));
	SC_ENSURE(response.k >= 1 && response.k <= SC_CARDS_MAX && response.authority != 0, err,
		  SC_ERR_PROTOCOL, "%s: the module asks for a quorum of %u cards", sc_client_path(g->client),
		  response.k);
	g->authority = response.authority;
	g->k = response.k;
	sc_print("Module %llu: %u administrator card%s needed, within %u s\n",
		 (unsigned long long)g->feed.ceremony->module, g->k, g->k == 1 ? " is" : "s are",
		 response.seconds);
	sc_print_flush();
	return SC_OK;
}

static sc_status gather(struct gathering *g, enum sc_command command, struct sc_view body,
			struct sc_view world_file, struct sc_error *err)
{
	SC_TRY(open_quorum(g, command, body, world_file, err));
	SC_ENSURE(!g->feed.is_scripted || g->feed.slot_count >= g->k, err, SC_ERR_USAGE,
		  "--cards: names %u slot%s, but the quorum is %u cards", g->feed.slot_count,
		  g->feed.slot_count == 1 ? "" : "s", g->k);
	for (uint32_t number = 1; number <= g->k; number++)
		SC_TRY(gather_one(g, number, err));
	return SC_OK;
}

sc_status sc_ceremony_quorum_of(const struct sc_ceremony *ceremony, struct sc_client *client,
				enum sc_command command, struct sc_view body, struct sc_view world_file,
				uint64_t *authority, struct sc_error *err)
{
	struct gathering g = { .client = client };
	sc_status status;

	SC_TRY(sc_ceremony_feed_open(ceremony, &g.feed, err));
	status = gather(&g, command, body, world_file, err);
	sc_ceremony_feed_close(&g.feed);
	for (uint32_t i = 0; i < SC_CARDS_MAX; i++)
		sc_bytes_free(&g.accepted[i]);
	SC_TRY(status);
	*authority = g.authority;
	return SC_OK;
}

sc_status sc_ceremony_quorum(const struct sc_ceremony *ceremony, struct sc_client *client,
			     enum sc_command command, struct sc_view body, uint64_t *authority,
			     struct sc_error *err)
{
	return sc_ceremony_quorum_of(ceremony, client, command, body, (struct sc_view){ 0 }, authority, err);
}
