/*
 * A file of the security world in words, with every entry: what you can see in it without a module. Nothing
 * is verified here. Sealed data is shown by its length and hash.
 */
#ifndef SC_FORMATS_DESCRIBE_H
#define SC_FORMATS_DESCRIBE_H

#include <stdio.h>

#include "formats/signed_data.h"

#define SC_DESCRIBE_MAX SC_SIGNED_DATA_MAX /* bytes: the largest kind of file */

/*
 * Prints the kind of the file `der`, a line end, and its entries to `out`: a key file, key blob, world file,
 * administrator card, transfer package, region request, statement (package, receipt) or certificate. The
 * decoders find the kind; each refuses anything that is not in its one canonical form. SC_ERR_FORMAT: a file
 * of no known kind, for which "unknown" is printed. If a part inside a file of a known kind cannot be read,
 * returns its error after what could be read has been printed.
 */
sc_status sc_describe(struct sc_view der, FILE *out, struct sc_error *err) SC_WARN_UNUSED;

#endif
