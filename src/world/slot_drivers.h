/* The card drivers. slot.c picks one by its prefix; nothing else names them. */
#ifndef SC_WORLD_SLOT_DRIVERS_H
#define SC_WORLD_SLOT_DRIVERS_H

#include "world/slot.h"

extern const struct sc_slot_driver sc_slot_directory;

#endif
