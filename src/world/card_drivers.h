/* The card drivers there are: card.c picks one by its prefix, nobody else names them. */
#ifndef SC_WORLD_CARD_DRIVERS_H
#define SC_WORLD_CARD_DRIVERS_H

#include "world/card.h"

extern const struct sc_card_driver sc_card_directory;

#endif
