/*
 * Where a ceremony's cards and PINs come from: from --cards and --pins-from-fd, or from the people at the
 * terminal. The two ceremonies (new_cards.c, ceremony.c) ask here and need not know which.
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

/* SC_ERR_USAGE: one of the two options without the other, neither and no terminal, or what they say is none.
 */
sc_status sc_ceremony_feed_open(const struct sc_ceremony *ceremony, struct sc_ceremony_feed *out,
			    struct sc_error *err) SC_WARN_UNUSED;
void sc_ceremony_feed_close(struct sc_ceremony_feed *feed);
SC_CLEANUP_VALUE(sc_ceremony_feed, sc_ceremony_feed_close)

/* The slot of card `number` of `count`, the first being 1; asked for where a person is there. */
sc_status sc_ceremony_feed_slot(const struct sc_ceremony_feed *feed, uint32_t number, uint32_t count,
			    struct sc_slot *out, struct sc_error *err) SC_WARN_UNUSED;

/* The next PIN; `question` is what a person is asked. At most SC_PIN_MAX bytes. */
sc_status sc_ceremony_feed_pin(const struct sc_ceremony_feed *feed, const char *question, struct sc_secret *out,
			   struct sc_error *err) SC_WARN_UNUSED;

/*
 * Splits "A,B,C" in place. SC_ERR_USAGE, naming the option `what`, for more than SC_CARDS_MAX items, and for
 * an empty one unless `empty_is_allowed`.
 */
sc_status sc_ceremony_list_split(char *text, const char *what, bool empty_is_allowed, const char *items[SC_CARDS_MAX],
			uint32_t *count, struct sc_error *err) SC_WARN_UNUSED;

#endif
