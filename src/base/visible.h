/*
 * Text for people. What files, arguments and peers say is shown without anything that could steer a terminal,
 * reorder a line or hide in it. Every message passes through here (sc_fail, sc_log, sc_print), so no caller
 * has to remember it.
 */
#ifndef SC_BASE_VISIBLE_H
#define SC_BASE_VISIBLE_H

#include "base/bytes.h"

#define SC_VISIBLE_MAX 12 /* bytes that stand for one character or byte, terminated */
#define SC_SHOWN_SIZE  512
#define SC_PROMPT_SIZE 1024 /* of what is shown of a question at the terminal */

/*
 * Takes the next character of *rest, writes what is shown for it to `out`, terminated, and returns the length
 * of that. A control character (C0, DEL, C1) becomes \n, \r, \t or \x1b. A character that is invisible, or
 * that changes the direction or the end of a line, becomes \u202e; so does a space other than ' ' that looks
 * like one or like none. A byte that is not UTF-8 becomes \xff. Everything else is shown as it is. 0 at the
 * end.
 */
size_t sc_visible_next(struct sc_view *rest, char out[SC_VISIBLE_MAX]);

/*
 * Shows a whole text. What does not fit into `size` bytes, terminated, is left out; no character is cut in
 * two.
 */
void sc_visible(const char *text, char *out, size_t size);

/*
 * A value that somebody typed, for a message that refuses it: "%s", sc_shown(value).s. It is in quotes if it
 * is empty, or if it begins or ends with a space, which nobody would see otherwise.
 */
struct sc_shown {
	char s[SC_SHOWN_SIZE];
};
struct sc_shown sc_shown(const char *value);

#endif
