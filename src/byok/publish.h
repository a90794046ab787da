/* Writing files that are published. A file that already exists with the same content counts as written. */
#ifndef SC_BYOK_PUBLISH_H
#define SC_BYOK_PUBLISH_H

#include "base/file.h"

/*
 * Writes a file, or leaves it alone if it already has exactly this content, so that a killed command can be
 * run again. Never overwrites different content: SC_ERR_EXISTS.
 */
sc_status sc_byok_publish_file(const struct sc_dir *dir, const char *name, struct sc_view content,
			       mode_t bits, struct sc_error *err) SC_WARN_UNUSED;

#endif
