/*
 * Collecting blank cards and new PINs for a card set. Nothing is written here. Once all are collected, the
 * module makes the content of the cards; the caller writes it and knows how to undo that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/print.h"
#include "formats/card.h"
#include "world/card_feed.h"

#define PIN_RECOMMENDED_CHARACTERS 12 /* shorter PINs draw a warning (rule C1) */

static sc_status check_pin(const struct sc_secret *pin, struct sc_error *err)
{
	SC_ENSURE(sc_view_characters(sc_secret_view(pin)) >= SC_PIN_MIN_CHARACTERS, err, SC_ERR_PIN_SHORT,
		  "the PIN is shorter than %d characters", SC_PIN_MIN_CHARACTERS);
	return SC_OK;
}

static void warn_of_short_pin(const struct sc_secret *pin, uint32_t number, uint32_t count)
{
	if (sc_view_characters(sc_secret_view(pin)) < PIN_RECOMMENDED_CHARACTERS)
		sc_log(SC_LOG_WARNING,
		       "card %u of %u: the PIN is shorter than %d characters: anyone who copies K cards can "
		       "find it",
		       number, count, PIN_RECOMMENDED_CHARACTERS);
}

/* "administrator card 2 of 3 of the security world 1f2e…", for a card that is already used. */
static void describe_used(struct sc_view record, char *text, size_t size)
{
	SC_CLEANUP(sc_card) card = NULL;
	char world[2 * SC_HASH_SIZE + 1];

	if (sc_card_decode(record, &card, NULL) != SC_OK) {
		snprintf(text, size, "something that cannot be read");
		return;
	}
	sc_hex(sc_hash_view(&card->body->world), world);
	snprintf(text, size, "administrator card %u of %u of the security world %s", card->body->index,
		 card->body->n, world);
}

/* Requires a card that is present, blank, and not an earlier card of this set. */
static sc_status check_slot(const struct sc_ceremony_cards *cards, const struct sc_slot *slot,
			    struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) record = { 0 };
	char found[192];
	sc_status status;

	for (uint32_t i = 0; i < cards->count; i++)
		SC_ENSURE(strcmp(cards->slots[i].name, slot->name) != 0 &&
			      !sc_slot_is_same(&cards->slots[i], slot),
			  err, SC_ERR_CARD_DUPLICATE,
			  "slot %s: already holds card %u (slot %s); each new card needs a slot of its own",
			  slot->name, i + 1, cards->slots[i].name);
	status = sc_slot_read(slot, &record, err);
	if (status == SC_ERR_CARD_BLANK)
		return SC_OK;
	if (status == SC_ERR_NOT_FOUND)
		return status;
	describe_used(sc_bytes_view(&record), found, sizeof found);
	return sc_fail(
	    err, SC_ERR_CARD_USED,
	    "slot %s: the card is not blank but holds %s; if nobody needs it, erase it (remove its file "
	    "safeconduct-card)",
	    slot->name, found);
}

/* True if asking again is useless: scripted, cancelled, or no terminal or memory. */
static bool is_final(const struct sc_ceremony_feed *feed, sc_status status)
{
	return feed->is_scripted || status == SC_ERR_CANCELLED || status == SC_ERR_SYSTEM ||
	       status == SC_ERR_MEMORY;
}

static sc_status take_slot(const struct sc_ceremony_feed *feed, const struct sc_ceremony_cards *cards,
			   uint32_t count, struct sc_slot *out, struct sc_error *err)
{
	for (;;) {
		SC_CLEANUP(sc_slot) slot = { 0 };
		struct sc_error why = { 0 };
		sc_status status = sc_ceremony_feed_slot(feed, cards->count + 1, count, &slot, &why);

		if (status == SC_OK)
			status = check_slot(cards, &slot, &why);
		if (status == SC_OK) {
			*out = sc_steal(slot);
			return SC_OK;
		}
		if (is_final(feed, status))
			return sc_fail(err, status, "%s", why.message);
		sc_log(SC_LOG_ERROR, "%s", why.message);
	}
}

/* A script gives the PIN once. A person enters it twice, and the two must match. */
static sc_status read_new_pin(const struct sc_ceremony_feed *feed, uint32_t number, uint32_t count,
			      struct sc_secret *out, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) pin = { 0 };
	SC_CLEANUP(sc_secret) again = { 0 };
	char question[128];

	snprintf(question, sizeof question,
		 "Module %llu: new PIN for card %u of %u: ", (unsigned long long)feed->ceremony->module,
		 number, count);
	SC_TRY(sc_ceremony_feed_pin(feed, question, &pin, err));
	SC_TRY(check_pin(&pin, err));
	if (!feed->is_scripted) {
		SC_TRY(sc_ceremony_feed_pin(feed, "Repeat the PIN: ", &again, err));
		SC_ENSURE(sc_secret_equals(&pin, &again), err, SC_ERR_ARGUMENT, "the two PINs differ");
	}
	*out = sc_steal(pin);
	return SC_OK;
}

static sc_status take_pin(const struct sc_ceremony_feed *feed, uint32_t number, uint32_t count,
			  struct sc_secret *out, struct sc_error *err)
{
	for (;;) {
		struct sc_error why = { 0 };
		sc_status status = read_new_pin(feed, number, count, out, &why);

		if (status == SC_OK) {
			warn_of_short_pin(out, number, count);
			return SC_OK;
		}
		if (is_final(feed, status))
			return sc_fail(err, status, "%s", why.message);
		sc_log(SC_LOG_ERROR, "%s", why.message);
	}
}

/* Adds one card. cards->count grows only once both slot and PIN are known. */
static sc_status take_card(const struct sc_ceremony_feed *feed, struct sc_ceremony_cards *cards,
			   uint32_t count, struct sc_error *err)
{
	SC_CLEANUP(sc_slot) slot = { 0 };

	SC_TRY(take_slot(feed, cards, count, &slot, err));
	sc_print("Module %llu slot %s: blank card\n", (unsigned long long)feed->ceremony->module, slot.name);
	sc_print_flush();
	SC_TRY(take_pin(feed, cards->count + 1, count, &cards->pins[cards->count], err));
	cards->slots[cards->count++] = sc_steal(slot);
	return SC_OK;
}

static sc_status name_custodians(const char *names, uint32_t n, struct sc_ceremony_cards *cards,
				 struct sc_error *err)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++)
		cards->custodians[i] = "";
	if (!names)
		return SC_OK;
	cards->custodian_text = strdup(names);
	SC_ENSURE(cards->custodian_text, err, SC_ERR_MEMORY, "out of memory for the custodians' names");
	SC_TRY(sc_ceremony_list_split(cards->custodian_text, "custodians", true, cards->custodians, &count,
				      err));
	SC_ENSURE(count == n, err, SC_ERR_USAGE, "--custodians: gives %u names for %u cards", count, n);
	for (uint32_t i = 0; i < n; i++) {
		struct sc_text text;

		SC_TRY(sc_text_set(&text, cards->custodians[i], "--custodians", err));
	}
	return SC_OK;
}

sc_status sc_ceremony_new_cards(const struct sc_ceremony *ceremony, uint32_t n, struct sc_ceremony_cards *out,
				struct sc_error *err)
{
	SC_CLEANUP(sc_ceremony_feed) feed = { 0 };
	SC_CLEANUP(sc_ceremony_cards) cards = { 0 };

	SC_ENSURE(n >= 1 && n <= SC_CARDS_MAX, err, SC_ERR_ARGUMENT, "a card set has 1 to %d cards",
		  SC_CARDS_MAX);
	SC_TRY(sc_ceremony_feed_open(ceremony, &feed, err));
	SC_ENSURE(!feed.is_scripted || feed.slot_count == n, err, SC_ERR_USAGE,
		  "--cards: names %u slot%s, but the new set has %u cards", feed.slot_count,
		  feed.slot_count == 1 ? "" : "s", n);
	SC_TRY(name_custodians(ceremony->custodians, n, &cards, err));
	while (cards.count < n) {
		uint32_t number = cards.count + 1;
		sc_status status = take_card(&feed, &cards, n, err);

		if (status != SC_OK)
			return sc_fail_context(err, status, "card %u of %u", number, n);
	}
	*out = sc_steal(cards);
	return SC_OK;
}

void sc_ceremony_cards_free(struct sc_ceremony_cards *cards)
{
	for (uint32_t i = 0; i < SC_CARDS_MAX; i++) {
		sc_slot_close(&cards->slots[i]);
		sc_secret_free(&cards->pins[i]);
	}
	free(cards->custodian_text);
	*cards = (struct sc_ceremony_cards){ 0 };
}
