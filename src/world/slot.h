/*
 * Card readers. A slot is empty or holds a card. A card is blank or holds one small opaque record. For the
 * first driver, a card is a directory (a USB stick) and its record is the file "safeconduct-card" in it.
 * Drivers for real smartcards can be added behind the same interface.
 */
#ifndef SC_WORLD_SLOT_H
#define SC_WORLD_SLOT_H

#include "base/file.h"

struct sc_slot {
	const struct sc_slot_driver *driver;
	char *name; /* as the user wrote it, for messages */
};

/* One driver. A new one is added in slot.c and slot_drivers.h; nothing else changes. */
struct sc_slot_driver {
	const char *prefix; /* "dir:"; the directory driver also takes a bare path */
	/* True if a card is in the slot. */
	bool (*is_present)(const char *where);
	/* SC_ERR_NOT_FOUND (empty slot), SC_ERR_CARD_BLANK. */
	sc_status (*read)(const char *where, struct sc_bytes *record, struct sc_error *err);
	/* Durable when SC_OK is returned. Never overwrites a record: SC_ERR_CARD_USED. */
	sc_status (*write)(const char *where, struct sc_view record, struct sc_error *err);
	/* True if both are one place under two names. Both hold a card. */
	bool (*is_same)(const char *where, const char *other);
	/* Removes the record that was just written, when a ceremony is abandoned. */
	sc_status (*erase)(const char *where, struct sc_error *err);
};

/*
 * Chooses the driver by the prefix of the name: "dir:PATH" or just PATH. Whether there is a card is not asked
 * yet. SC_ERR_ARGUMENT: an unknown prefix, or an empty path.
 */
sc_status sc_slot_open(const char *name, struct sc_slot *out, struct sc_error *err) SC_WARN_UNUSED;

/* Releases the name; a slot of zeros is allowed. */
void sc_slot_close(struct sc_slot *slot);
SC_CLEANUP_VALUE(sc_slot, sc_slot_close)

/* True if a card is in the slot. */
bool sc_slot_is_present(const struct sc_slot *slot);

/* True if a card is in the slot and has no record. */
bool sc_slot_is_blank(const struct sc_slot *slot);

/* True if both slots hold the same card: one place under two names, through a link or a second mount. */
bool sc_slot_is_same(const struct sc_slot *slot, const struct sc_slot *other);

/*
 * Reads the card's record, which is not checked. The caller frees *record. SC_ERR_NOT_FOUND (empty slot),
 * SC_ERR_CARD_BLANK.
 */
sc_status sc_slot_read(const struct sc_slot *slot, struct sc_bytes *record,
		       struct sc_error *err) SC_WARN_UNUSED;

/* Writes the record of a blank card. Durable when SC_OK is returned. SC_ERR_CARD_USED: it is not blank. */
sc_status sc_slot_write(const struct sc_slot *slot, struct sc_view record,
			struct sc_error *err) SC_WARN_UNUSED;

/* Removes the record that was just written, when a ceremony is abandoned. */
sc_status sc_slot_erase(const struct sc_slot *slot, struct sc_error *err) SC_WARN_UNUSED;

#endif
