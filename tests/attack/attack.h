/*
 * What the attacks share: result lines that ./check counts, and the files, sockets, cards and quorums of a
 * site. The modules are the real hsmd, each a process of its own; everything here goes through their sockets.
 *
 * Each refusal is shown next to the same call with that one thing put right, and by its exact status. If
 * something that an attack needs before it can begin fails, the program ends with a FAIL line.
 */
#ifndef SC_TESTS_ATTACK_H
#define SC_TESTS_ATTACK_H

#include <openssl/x509.h>

#include "client/client.h"
#include "formats/owner.h"

/* Every program here takes one argument: the site's directory. */
void attack_begin(int argc, char **argv);

/* The exit status of main. */
int attack_end(void);

/* -- results: "ok NAME" or "FAIL NAME: why"; threads may call them ----------------------------- */

/* `why` is NULL if it went as it should. */
void attack_result(const char *name, const char *why);

/* Checks that the call ended with exactly this status, and clears *err for the next one. */
void attack_expect(const char *name, sc_status expected, sc_status got, struct sc_error *err);

/* Ends the program unless `status` is SC_OK: for what must work before the next attack means anything. */
void attack_must(const char *what, sc_status status, const struct sc_error *err);

/* -- the site ---------------------------------------------------------------------------------- */

/* "SITE/…"; valid until the eighth call after this one. */
const char *attack_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The content of a file, which must exist. The caller frees it. */
struct sc_bytes attack_read(const char *path);
void attack_write(const char *path, struct sc_view content);

/* A connection to MODULE/SOCKET. The caller frees it. */
struct sc_client *attack_connect(const char *module, const char *socket);

/* The manufacturer's root with its key, which this test factory gives away. The caller frees both. */
void attack_root(EVP_PKEY **key, X509 **root);

/* The subscription used wherever nothing is wrong. */
#define ATTACK_SUBSCRIPTION "6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a11"
#define ATTACK_OTHER        "00000000-1b62-4e3a-9d23-0d5b0c1b7a11"

/* A key's place in the vault of `daemon`, with all fields filled in. */
struct sc_owner attack_owner(const char *daemon);
struct sc_bytes attack_owner_der(const struct sc_owner *owner);

/* Loads the blob in that file through the client. Returns its digest. */
struct sc_hash attack_load(struct sc_client *client, const char *path);

/* True if the client's module answers. */
bool attack_is_alive(struct sc_client *client);

/* -- requests and quorums ---------------------------------------------------------------------- */

/* attack_<name>_body(request): the bytes that sc_client_call sends. The caller frees them. */
#define ATTACK_BODIES(NAME, name, number, roles, modes, quorum, lane)                                        \
	struct sc_bytes attack_##name##_body(const struct sc_##name##_request *request);
SC_COMMAND_TABLE(ATTACK_BODIES)
#undef ATTACK_BODIES

/* A message as the module's own client would send it, with the id 7. The caller frees it. */
struct sc_bytes attack_message(uint16_t command, struct sc_view body);

/* Card number `index` of the module's set, and its PIN. The caller frees the record. */
struct sc_bytes attack_card(const char *module, unsigned index);
const char *attack_pin(unsigned index); /* valid until the next call */

/* QUORUM_OPEN for that command and body. */
uint64_t attack_quorum_open(struct sc_client *client, enum sc_command command, struct sc_view body);

/* QUORUM_CARD. The numbers of a refusal are in err->numbers. */
sc_status attack_quorum_card(struct sc_client *client, uint64_t authority, struct sc_view card,
			     const char *pin, struct sc_error *err);

/* Both, with the first k cards of the module. */
uint64_t attack_quorum(struct sc_client *client, const char *module, unsigned k, enum sc_command command,
		       struct sc_view body);

/* Runs the command under such a quorum. *reply may be NULL. */
sc_status attack_call_with_quorum(struct sc_client *client, const char *module, unsigned k,
				  enum sc_command command, struct sc_view body, struct sc_bytes *reply,
				  struct sc_error *err);

#endif
