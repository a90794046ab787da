/*
 * What the client that waits (client_key.c) and the pipeline (pipeline_key.c) say to a module to use a key:
 * the request that loads it, and where an answer has its result.
 */
#ifndef SC_CLIENT_KEY_REQUEST_H
#define SC_CLIENT_KEY_REQUEST_H

#include "wire/message.h"

/* Writes the KEY_LOAD request for a blob. SC_ERR_TOO_LARGE. */
sc_status sc_client_key_load_write(struct sc_view blob, struct sc_writer *body,
				   struct sc_error *err) SC_WARN_UNUSED;

/*
 * Checks the answer to it: SC_ERR_PROTOCOL, naming the module behind the socket `path`, unless it loaded the
 * key with that digest.
 */
sc_status sc_client_key_load_check(const char *path, const struct sc_hash *digest, struct sc_view reply,
				   struct sc_error *err) SC_WARN_UNUSED;

/*
 * The result of a command that uses a key, a view into its answer: the signature, plaintext or statement of
 * SIGN, DECRYPT and KEY_ATTEST; for any other command the answer's whole body. SC_ERR_PROTOCOL.
 */
sc_status sc_client_key_result(const char *path, enum sc_command command, struct sc_view reply,
			       struct sc_view *out, struct sc_error *err) SC_WARN_UNUSED;

#endif
