/* Card slots, and the choice of a driver for each: see slot.h. */
#include "world/slot.h"

#include <stdlib.h>
#include <string.h>

#include "base/visible.h"
#include "world/slot_drivers.h"

static const struct sc_slot_driver *const drivers[] = { &sc_slot_directory };
#define DRIVER_COUNT (sizeof drivers / sizeof drivers[0])

static bool has_prefix(const struct sc_slot_driver *driver, const char *name)
{
	return strncmp(name, driver->prefix, strlen(driver->prefix)) == 0;
}

/* What the driver opens: the name without its prefix. */
static const char *where(const struct sc_slot *slot)
{
	return has_prefix(slot->driver, slot->name) ? slot->name + strlen(slot->driver->prefix) : slot->name;
}

/* A word is meant as a driver's prefix if a colon follows it and no slash comes before the colon. */
static bool names_a_driver(const char *name)
{
	return name[strcspn(name, "/:")] == ':';
}

sc_status sc_slot_open(const char *name, struct sc_slot *out, struct sc_error *err)
{
	struct sc_slot slot = { 0 };

	for (size_t i = 0; i < DRIVER_COUNT; i++)
		if (has_prefix(drivers[i], name))
			slot.driver = drivers[i];
	SC_ENSURE(slot.driver || !names_a_driver(name), err, SC_ERR_ARGUMENT,
		  "slot %s: no such card driver (write a directory as dir:PATH or PATH)", sc_shown(name).s);
	if (!slot.driver)
		slot.driver = &sc_slot_directory;
	slot.name = strdup(name);
	SC_ENSURE(slot.name, err, SC_ERR_MEMORY, "out of memory for a card slot");
	if (!*where(&slot)) {
		sc_slot_close(&slot);
		return sc_fail(err, SC_ERR_ARGUMENT, "slot %s: the path is empty", sc_shown(name).s);
	}
	*out = slot;
	return SC_OK;
}

void sc_slot_close(struct sc_slot *slot)
{
	free(slot->name);
	*slot = (struct sc_slot){ 0 };
}

bool sc_slot_is_present(const struct sc_slot *slot)
{
	return slot->driver->is_present(where(slot));
}

bool sc_slot_is_blank(const struct sc_slot *slot)
{
	SC_CLEANUP(sc_bytes) record = { 0 };

	return slot->driver->read(where(slot), &record, NULL) == SC_ERR_CARD_BLANK;
}

bool sc_slot_is_same(const struct sc_slot *slot, const struct sc_slot *other)
{
	return slot->driver == other->driver && slot->driver->is_same(where(slot), where(other));
}

sc_status sc_slot_read(const struct sc_slot *slot, struct sc_bytes *record, struct sc_error *err)
{
	SC_ENSURE(sc_slot_is_present(slot), err, SC_ERR_NOT_FOUND,
		  "slot %s: there is no card in it (for a directory: create it, or mount the USB stick)",
		  sc_shown(slot->name).s);
	return slot->driver->read(where(slot), record, err);
}

sc_status sc_slot_write(const struct sc_slot *slot, struct sc_view record, struct sc_error *err)
{
	return slot->driver->write(where(slot), record, err);
}

sc_status sc_slot_erase(const struct sc_slot *slot, struct sc_error *err)
{
	return slot->driver->erase(where(slot), err);
}
