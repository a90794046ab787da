/*
 * The ceremony: asking custodians for cards and PINs, at a terminal or scripted.
 *
 * Scripted: `--cards=A,B,C` names the slots in the order in which they are needed, and `--pins-from-fd=N`
 * passes the PINs, one per line, on an inherited descriptor. Give both or neither. At a terminal, each card's
 * slot is asked for and its PIN is read without echo (twice for a new card).
 */
#ifndef SC_WORLD_CEREMONY_H
#define SC_WORLD_CEREMONY_H

#include "base/secret.h"
#include "client/client.h"
#include "formats/world_file.h"
#include "world/slot.h"

struct sc_ceremony {
	const char *cards;        /* --cards, or NULL */
	const char *pins_from_fd; /* --pins-from-fd, or NULL */
	const char *custodians;   /* --custodians=A,B,C for new cards, or NULL: no names */
	uint64_t module;          /* for messages */
};

/* The two options, as rows of a tool's option table (base/options.h). */
#define SC_CEREMONY_OPTIONS(ceremony)                                                                        \
	{ .name = "cards",                                                                                   \
	  .argument = "A,B,C",                                                                               \
	  .help = "card slots, in the order in which they are needed",                                       \
	  .value = &(ceremony).cards },                                                                      \
	{                                                                                                    \
		.name = "pins-from-fd", .argument = "N",                                                     \
		.help = "read PINs from this descriptor, one per line", .value = &(ceremony).pins_from_fd    \
	}

/*
 * Checks the two options while the command line is read, before the program opens anything that could get the
 * descriptor's number (base/descriptors.h). SC_ERR_USAGE.
 */
sc_status sc_ceremony_check(const struct sc_ceremony *ceremony, struct sc_error *err) SC_WARN_UNUSED;

/* What is collected for a new card set: N blank slots and N PINs. */
struct sc_ceremony_cards {
	uint32_t count;
	struct sc_slot slots[SC_CARDS_MAX];
	struct sc_secret pins[SC_CARDS_MAX];
	const char *custodians[SC_CARDS_MAX];
	char *custodian_text;
};

/*
 * Asks for N blank cards and their PINs. Refuses PINs shorter than 6 characters and warns below 12 (rule C1).
 */
sc_status sc_ceremony_new_cards(const struct sc_ceremony *ceremony, uint32_t n, struct sc_ceremony_cards *out,
				struct sc_error *err) SC_WARN_UNUSED;

/* Wipes the PINs and closes the slots; cards of zeros are allowed. */
void sc_ceremony_cards_free(struct sc_ceremony_cards *cards);
SC_CLEANUP_VALUE(sc_ceremony_cards, sc_ceremony_cards_free)

/*
 * Opens a quorum for one command with this body, asks for K cards and PINs, printing a line for each, and
 * returns the authority for sc_call_<command>. At a terminal, a wrong PIN is asked for again. Scripted, the
 * first failure ends it: "card 2 of 3: wrong PIN (next try in 4 s)".
 */
sc_status sc_ceremony_quorum(const struct sc_ceremony *ceremony, struct sc_client *client,
			     enum sc_command command, struct sc_view body, uint64_t *authority,
			     struct sc_error *err) SC_WARN_UNUSED;

/* The same in a module without a world: the cards are those of this world file. */
sc_status sc_ceremony_quorum_of(const struct sc_ceremony *ceremony, struct sc_client *client,
				enum sc_command command, struct sc_view body, struct sc_view world_file,
				uint64_t *authority, struct sc_error *err) SC_WARN_UNUSED;

#endif
