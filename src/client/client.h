/*
 * One connection to a module. A refusal is returned as its code, with a message that says what to do: the
 * module answers with a code and numbers, and the message is made here.
 *
 * A client may be used by only one thread at a time.
 */
#ifndef SC_CLIENT_CLIENT_H
#define SC_CLIENT_CLIENT_H

#include "wire/message.h"

struct sc_client;

/* Connects to a module's socket. SC_ERR_UNAVAILABLE, naming the path. The caller frees *out. */
sc_status sc_client_open(const char *path, struct sc_client **out, struct sc_error *err) SC_WARN_UNUSED;

/* The same, but each call, connecting included, waits at most this long instead of SC_CLIENT_TIMEOUT. */
sc_status sc_client_open_within(const char *path, unsigned milliseconds, struct sc_client **out,
				struct sc_error *err) SC_WARN_UNUSED;
void sc_client_free(struct sc_client *client);
SC_CLEANUP_POINTER(sc_client, struct sc_client, sc_client_free)

/* The socket's path, for messages. Valid as long as the client. */
const char *sc_client_path(const struct sc_client *client);

/*
 * False once the connection has ended: the module closed it, answered late or sent a malformed answer. After
 * that, every call returns SC_ERR_UNAVAILABLE, and what was pending on the connection in the module (a
 * quorum, a new world) is gone.
 */
bool sc_client_is_open(const struct sc_client *client);

/* Reconnects to the same socket, closing the old connection if there is one. As sc_client_open. */
sc_status sc_client_reconnect(struct sc_client *client, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Sends one request and waits for its answer, at most SC_CLIENT_TIMEOUT seconds (or the time given to
 * sc_client_open_within). `authority` is 0 or a quorum's. *reply holds the answer's body. SC_ERR_UNAVAILABLE:
 * the module closed the connection; SC_ERR_PROTOCOL: it does not speak the protocol; SC_ERR_TIMEOUT: it is
 * late, and it is unknown whether it did what was asked. A refusal has the module's code, and its numbers in
 * err->numbers.
 */
#define SC_CLIENT_TIMEOUT 120
sc_status sc_client_call(struct sc_client *client, enum sc_command command, uint64_t authority,
			 struct sc_view body, struct sc_bytes *reply, struct sc_error *err) SC_WARN_UNUSED;

/*
 * For every command, sc_call_<name>(client, authority, request, reply, out, err): encodes, calls, decodes.
 * The views in *out point into *reply, which the caller releases. SC_ERR_TOO_LARGE: a field of the request is
 * longer than the command table allows.
 */
#define SC_CLIENT_CALLS(NAME, name, number, roles, modes, quorum, lane)                                      \
	sc_status sc_call_##name(struct sc_client *client, uint64_t authority,                               \
				 const struct sc_##name##_request *request, struct sc_bytes *reply,          \
				 struct sc_##name##_response *out, struct sc_error *err) SC_WARN_UNUSED;
SC_COMMAND_TABLE(SC_CLIENT_CALLS)
#undef SC_CLIENT_CALLS

/* -- keys ---------------------------------------------------------------------------------------- */

struct sc_client_key {
	struct sc_hash digest; /* SHA-256 of the blob: the module's name for the key */
	struct sc_bytes blob;
	struct sc_bytes owner; /* DER; empty for keys without an owner */
};

void sc_client_key_free(struct sc_client_key *key);
SC_CLEANUP_VALUE(sc_client_key, sc_client_key_free)

/* Loads a blob. Both views are copied. */
sc_status sc_client_key_load(struct sc_client *client, struct sc_view blob, struct sc_view owner,
			     struct sc_client_key *out, struct sc_error *err) SC_WARN_UNUSED;

/* A request that uses a key. */
struct sc_client_key_request {
	enum sc_command command;
	uint64_t authority; /* a quorum's, or 0 */
	struct sc_view body;
	unsigned loads; /* how often the key may be loaded again: others' keys may push it out each time */
};

/*
 * As sc_client_call, but if the module has evicted the key (NOT_LOADED), loads it again and repeats the
 * request, up to request->loads times. If the connection is lost, as when the module restarts, reconnects
 * first, unless the request has an authority: a quorum ends with its connection.
 */
sc_status sc_client_key_call(struct sc_client *client, const struct sc_client_key *key,
			     const struct sc_client_key_request *request, struct sc_bytes *reply,
			     struct sc_error *err) SC_WARN_UNUSED;

/* The functions below use sc_client_key_call, and load the key again once at most. */
sc_status sc_client_sign(struct sc_client *client, const struct sc_client_key *key,
			 enum sc_mechanism mechanism, struct sc_view data, struct sc_bytes *signature,
			 struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_client_decrypt(struct sc_client *client, const struct sc_client_key *key,
			    enum sc_mechanism mechanism, struct sc_view data, struct sc_bytes *plaintext,
			    struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_client_attest(struct sc_client *client, const struct sc_client_key *key, struct sc_view nonce,
			   struct sc_bytes *statement, struct sc_error *err) SC_WARN_UNUSED;

#endif
