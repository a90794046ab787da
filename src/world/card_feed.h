/*
 * Where the cards and PINs of a ceremony come from: --cards and --pins-from-fd, or people at the terminal.
 * The two ceremonies (new_cards.c, ceremony.c) ask here and need not know which.
 */
#ifndef SC_WORLD_CARD_FEED_H
#define SC_WORLD_CARD_FEED_H

#include "world/ceremony.h"

struct sc_ceremony_feed {
	const struct sc_ceremony *ceremony;
	bool is_scripted;
	int pins; /* descriptor */
	char *text;
	const char *slots[SC_CARDS_MAX];
	uint32_t slot_count;
};

/* SC_ERR_USAGE: one option without the other, neither option and no terminal, or a malformed value. */
sc_status sc_ceremony_feed_open(const struct sc_ceremony *ceremony, struct sc_ceremony_feed *out,
				struct sc_error *err) SC_WARN_UNUSED;
/* Releases the list of slots. The descriptor of the PINs stays open: it is the caller's. */
void sc_ceremony_feed_close(struct sc_ceremony_feed *feed);
SC_CLEANUP_VALUE(sc_ceremony_feed, sc_ceremony_feed_close)

/* The slot of card `number` (from 1) of `count`. Unless scripted, asks for it at the terminal. */
sc_status sc_ceremony_feed_slot(const struct sc_ceremony_feed *feed, uint32_t number, uint32_t count,
				struct sc_slot *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * The next PIN: a secret by the rule of base/terminal.h, at most SC_PIN_MAX bytes. `question` is the prompt
 * at the terminal, where anything else is asked for again.
 */
sc_status sc_ceremony_feed_pin(const struct sc_ceremony_feed *feed, const char *question,
			       struct sc_secret *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Splits "A,B,C" in place. SC_ERR_USAGE, naming the option, for more than SC_CARDS_MAX items, or for
 * an empty item unless `empty_is_allowed`.
 */
sc_status sc_ceremony_list_split(char *text, const char *option, bool empty_is_allowed,
				 const char *items[SC_CARDS_MAX], uint32_t *count,
				 struct sc_error *err) SC_WARN_UNUSED;

#endif
