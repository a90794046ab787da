/*
 * Text files that came from elsewhere. An editor on Windows ends lines with CR LF and may put a byte order
 * mark in front; an old PowerShell writes UTF-16. None of it can be seen on a screen.
 */
#ifndef SC_BASE_LINE_ENDS_H
#define SC_BASE_LINE_ENDS_H

#include "base/bytes.h"

/*
 * Turns a text file's content into what it would be here, in place: no byte order mark at the beginning of a
 * line, where it ends up if text is put in front, and LF at the end of each line. The zero byte after the
 * content (see sc_bytes_new) is kept. SC_ERR_ENCODING, naming `path`: UTF-16, a NUL byte, or a CR without LF.
 * On failure the content is undefined.
 */
sc_status sc_line_ends_settle(struct sc_bytes *text, const char *path, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Reads a text file whose path comes from the user or the configuration. Fails also as sc_file_read_path()
 * does.
 */
sc_status sc_line_ends_read_path(const char *path, size_t max, struct sc_bytes *out,
				 struct sc_error *err) SC_WARN_UNUSED;

#endif
