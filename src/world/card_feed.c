/* Cards and PINs from a script or from people: see card_feed.h. */
#include "world/card_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/descriptors.h"
#include "base/log.h"
#include "base/terminal.h"
#include "world/prompt.h"
#include "world/slot_typed.h"

sc_status sc_ceremony_list_split(char *text, const char *option, bool empty_is_allowed,
				 const char *items[SC_CARDS_MAX], uint32_t *count, struct sc_error *err)
{
	char *item;

	*count = 0;
	while ((item = strsep(&text, ",")) != NULL) {
		SC_ENSURE(*count < SC_CARDS_MAX, err, SC_ERR_USAGE, "--%s: too many items: at most %d",
			  option, SC_CARDS_MAX);
		SC_ENSURE(empty_is_allowed || *item, err, SC_ERR_USAGE, "--%s: an item is empty", option);
		items[(*count)++] = item;
	}
	return SC_OK;
}

static sc_status open_script(struct sc_ceremony_feed *feed, struct sc_error *err)
{
	SC_TRY(sc_fd_given_read(feed->ceremony->pins_from_fd, "--pins-from-fd", &feed->pins, err));
	feed->text = strdup(feed->ceremony->cards);
	SC_ENSURE(feed->text, err, SC_ERR_MEMORY, "out of memory for the list of slots");
	return sc_ceremony_list_split(feed->text, "cards", false, feed->slots, &feed->slot_count, err);
}

sc_status sc_ceremony_check(const struct sc_ceremony *ceremony, struct sc_error *err)
{
	int pins;

	SC_ENSURE(!ceremony->cards == !ceremony->pins_from_fd, err, SC_ERR_USAGE,
		  "--cards and --pins-from-fd: give both, or neither to be asked at the terminal");
	if (!ceremony->pins_from_fd)
		return SC_OK;
	return sc_fd_given_read(ceremony->pins_from_fd, "--pins-from-fd", &pins, err);
}

sc_status sc_ceremony_feed_open(const struct sc_ceremony *ceremony, struct sc_ceremony_feed *out,
				struct sc_error *err)
{
	SC_CLEANUP(sc_ceremony_feed) feed = { .ceremony = ceremony, .pins = -1 };

	SC_TRY(sc_ceremony_check(ceremony, err));
	feed.is_scripted = ceremony->cards != NULL;
	if (feed.is_scripted)
		SC_TRY(open_script(&feed, err));
	else
		SC_ENSURE(sc_prompt_has_terminal(), err, SC_ERR_USAGE,
			  "no terminal to ask for cards and PINs: give --cards and --pins-from-fd");
	*out = sc_steal(feed);
	return SC_OK;
}

void sc_ceremony_feed_close(struct sc_ceremony_feed *feed)
{
	free(feed->text);
	*feed = (struct sc_ceremony_feed){ 0 };
}

/* The slot that somebody gave. A name that is right as it is may have quotes in it. */
static sc_status open_given(const char *given, struct sc_slot *out, struct sc_error *err)
{
	SC_CLEANUP(sc_slot) as_given = { 0 };
	char name[PATH_MAX];

	if (sc_slot_open(given, &as_given, NULL) == SC_OK && sc_slot_is_present(&as_given)) {
		*out = sc_steal(as_given);
		return SC_OK;
	}
	SC_TRY(sc_slot_typed_read(given, name, sizeof name, err));
	return sc_slot_open(name, out, err);
}

sc_status sc_ceremony_feed_slot(const struct sc_ceremony_feed *feed, uint32_t number, uint32_t count,
				struct sc_slot *out, struct sc_error *err)
{
	char question[128];
	char line[PATH_MAX] = "";

	if (feed->is_scripted) {
		SC_ENSURE(number <= feed->slot_count, err, SC_ERR_USAGE,
			  "--cards: names %u slot%s, but %u are needed", feed->slot_count,
			  feed->slot_count == 1 ? "" : "s", count);
		return open_given(feed->slots[number - 1], out, err);
	}
	snprintf(question, sizeof question,
		 "Module %llu: insert card %u of %u and enter its slot (a directory): ",
		 (unsigned long long)feed->ceremony->module, number, count);
	do
		SC_TRY(sc_prompt_read_line(question, line, sizeof line, err));
	while (!line[0]);
	return open_given(line, out, err);
}

static sc_status read_pin(const struct sc_ceremony_feed *feed, const char *question, struct sc_secret *out,
			  struct sc_error *err)
{
	SC_CLEANUP(sc_secret) pin = { 0 };

	if (feed->is_scripted)
		SC_TRY(sc_fd_read_secret_line(feed->pins, "PIN", &pin, err));
	else
		SC_TRY(sc_terminal_read_secret(question, "PIN", &pin, err));
	SC_ENSURE(pin.len <= SC_PIN_MAX, err, SC_ERR_TOO_LARGE, "the PIN is longer than %d bytes",
		  SC_PIN_MAX);
	*out = sc_steal(pin);
	return SC_OK;
}

/* A PIN that no card can have costs a person at the terminal no try: they are asked again. */
sc_status sc_ceremony_feed_pin(const struct sc_ceremony_feed *feed, const char *question,
			       struct sc_secret *out, struct sc_error *err)
{
	for (;;) {
		struct sc_error why = { 0 };
		sc_status status = read_pin(feed, question, out, &why);

		if (feed->is_scripted || (status != SC_ERR_ENCODING && status != SC_ERR_TOO_LARGE)) {
			if (status != SC_OK && err)
				*err = why;
			return status;
		}
		sc_log(SC_LOG_ERROR, "%s", why.message);
	}
}
