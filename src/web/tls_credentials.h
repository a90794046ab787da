/* What GnuTLS is given for a handshake. Separate from tls_key.h, so that users of that need no GnuTLS. */
#ifndef SC_WEB_TLS_CREDENTIALS_H
#define SC_WEB_TLS_CREDENTIALS_H

#include <gnutls/abstract.h>

#include "web/tls_key.h"

/* Both belong to the key and live as long as it does. */
void sc_web_tls_key_credentials(struct sc_web_tls_key *key, gnutls_pcert_st **chain, unsigned *chain_len,
				gnutls_privkey_t *private_key);

#endif
