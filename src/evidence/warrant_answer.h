/*
 * The factory's answer to a module's request for a warrant: the root's certificate and the warrant, in this
 * order, in PEM, so that stock openssl reads both (`openssl storeutl -text ANSWER`). Being in it proves
 * nothing. The root counts only if its key has the hash that the custodian got from elsewhere, the warrant
 * only if that root signed it.
 */
#ifndef SC_EVIDENCE_WARRANT_ANSWER_H
#define SC_EVIDENCE_WARRANT_ANSWER_H

#include "evidence/certificate.h"

#define SC_WARRANT_ANSWER_MAX 16384

sc_status sc_warrant_answer_write(X509 *root, X509 *warrant, struct sc_bytes *out,
				  struct sc_error *err) SC_WARN_UNUSED;

/*
 * Reads exactly those two certificates, of those kinds, whatever the line ends and the text around them, and
 * checks that the root issued the warrant and that the warrant is valid at `now`. The caller frees both.
 * SC_ERR_TOO_LARGE, SC_ERR_ENCODING, SC_ERR_EVIDENCE_*.
 */
sc_status sc_warrant_answer_read(struct sc_view answer, int64_t now, X509 **root, X509 **warrant,
				 struct sc_error *err) SC_WARN_UNUSED;

#endif
