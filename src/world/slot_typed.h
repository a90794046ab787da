/*
 * A slot as people give it: typed with a tilde, or dropped on the terminal by a file manager, which quotes it
 * or escapes its spaces. A shell would have undone this, but at a prompt there is none, nor inside
 * --cards=A,B.
 */
#ifndef SC_WORLD_SLOT_TYPED_H
#define SC_WORLD_SLOT_TYPED_H

#include <stddef.h>

#include "base/error.h"

/*
 * The slot's name without quotes and backslashes, with $HOME for a leading `~`, and the path of a file://
 * address. Everything else is kept. SC_ERR_ARGUMENT (a quote without its end, `~name`, no $HOME, %00),
 * SC_ERR_TOO_LARGE.
 */
sc_status sc_slot_typed_read(const char *line, char *out, size_t size, struct sc_error *err) SC_WARN_UNUSED;

#endif
