/* One handler per operation of the keys API (see web/web.h). The context is the struct sc_vaultd. */
#ifndef SC_VAULTD_KEYS_KEY_HANDLERS_H
#define SC_VAULTD_KEYS_KEY_HANDLERS_H

#include "web/web.h"

void sc_keys_import(struct sc_web_request *request, void *context);
void sc_keys_get(struct sc_web_request *request, void *context);
void sc_keys_attestation(struct sc_web_request *request, void *context);
void sc_keys_rotation_policy(struct sc_web_request *request, void *context);
void sc_keys_update(struct sc_web_request *request, void *context);
void sc_keys_decrypt(struct sc_web_request *request, void *context);
void sc_keys_sign(struct sc_web_request *request, void *context);

#endif
