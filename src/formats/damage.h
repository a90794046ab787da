/*
 * What became of a file on its way. A decoder refuses anything but the one canonical form (rule F1); here the
 * refusal says what it got: cut short, longer, base64, PEM, an archive, another kind of file. Nothing is
 * repaired.
 */
#ifndef SC_FORMATS_DAMAGE_H
#define SC_FORMATS_DAMAGE_H

#include "base/bytes.h"

#define SC_DAMAGE_SIZE 200

/* "cut short: 2048 of 4029 bytes", for a file that a decoder has refused. */
void sc_damage_describe(struct sc_view content, char out[SC_DAMAGE_SIZE]);

/*
 * Says of a refused file "FILE: not a KIND: what became of it: REASON" and returns `status`. The reason is
 * the decoder's, if *err has one. `kind` is "transfer package"; `path` may be NULL, for content that came in
 * no file.
 */
sc_status sc_damage_refuse(struct sc_view content, const char *path, const char *kind, sc_status status,
			   struct sc_error *err);

#endif
