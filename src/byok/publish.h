/* Writing what is handed on: a file that stands already with the same content is as good as written. */
#ifndef SC_BYOK_PUBLISH_H
#define SC_BYOK_PUBLISH_H

#include "base/file.h"

/*
 * Writes a file, or leaves alone the one of that name with exactly this content, so that a killed command can
 * be run again. Never over another content: SC_ERR_EXISTS.
 */
sc_status sc_byok_publish_file(const struct sc_dir *dir, const char *name, struct sc_view content, mode_t bits,
			  struct sc_error *err) SC_WARN_UNUSED;

#endif
