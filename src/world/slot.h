/*
 * Card readers. A slot holds a card or is empty; a card is blank or holds one small opaque record. First driver:
 * a card is a directory (a USB stick), its record the file "safeconduct-card" in it. Real smartcards come behind
 * the same interface.
 */
#ifndef SC_WORLD_SLOT_H
#define SC_WORLD_SLOT_H

#include "base/file.h"

struct sc_slot {
	const struct sc_slot_driver *driver;
	char *name; /* as the user gave it, for messages */
};

/* A driver's functions: a new one needs no change elsewhere. */
struct sc_slot_driver {
	const char *prefix; /* "dir:"; the directory driver also takes a bare path */
	/* True if a card is in the slot. */
	bool (*is_present)(const char *where);
	/* SC_ERR_NOT_FOUND: empty slot; SC_ERR_CARD_BLANK. */
	sc_status (*read)(const char *where, struct sc_bytes *record, struct sc_error *err);
	/* Durable when SC_OK. SC_ERR_CARD_USED: never over a record that is there. */
	sc_status (*write)(const char *where, struct sc_view record, struct sc_error *err);
	/* Takes back what was just written, when a ceremony is abandoned. */
	sc_status (*erase)(const char *where, struct sc_error *err);
};

sc_status sc_slot_open(const char *name, struct sc_slot *out, struct sc_error *err) SC_WARN_UNUSED;
void sc_slot_close(struct sc_slot *slot);
SC_CLEANUP_VALUE(sc_slot, sc_slot_close)

bool sc_slot_is_present(const struct sc_slot *slot);
bool sc_slot_is_blank(const struct sc_slot *slot);
sc_status sc_slot_read(const struct sc_slot *slot, struct sc_bytes *record, struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_slot_write(const struct sc_slot *slot, struct sc_view record, struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_slot_erase(const struct sc_slot *slot, struct sc_error *err) SC_WARN_UNUSED;

#endif
