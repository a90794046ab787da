/*
 * What the attacks share: lines that ./check counts, and the files, sockets, cards and quorums of a site. The
 * modules are the real hsmd, each a process of its own; everything here goes through their sockets.
 *
 * A refusal is shown beside the same call with the one thing put right, and by its exact status. What an
 * attack needs before it can begin, and does not get, ends the program with a FAIL line.
 */
#ifndef SC_TESTS_ATTACK_H
#define SC_TESTS_ATTACK_H

#include <openssl/x509.h>

#include "client/client.h"
#include "formats/owner.h"

/* The one argument of every program here: the site's directory. */
void attack_begin(int argc, char **argv);

/* The exit status of main. */
int attack_end(void);

/* -- results: "ok NAME" or "FAIL NAME: why"; threads may call them ----------------------------- */

/* `why` is NULL where it went as it should. */
void attack_result(const char *name, const char *why);

/* The call must have ended with exactly this status. Empties *err for the next one. */
void attack_expect(const char *name, sc_status expected, sc_status got, struct sc_error *err);

/* What has to work before the next attack means anything. */
void attack_must(const char *what, sc_status status, const struct sc_error *err);

/* -- the site ---------------------------------------------------------------------------------- */

/* "SITE/…"; valid until the 8th call after it. */
const char *attack_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The content of that file, which is missed if it is not there; the caller frees it. */
struct sc_bytes attack_read(const char *path);
void attack_write(const char *path, struct sc_view content);

/* A connection to MODULE/SOCKET; the caller frees it. */
struct sc_client *attack_connect(const char *module, const char *socket);

/* The manufacturer's root, whose key this test factory gives away; the caller frees both. */
void attack_root(EVP_PKEY **key, X509 **root);

/* The subscription of everything here that goes as it should. */
#define ATTACK_SUBSCRIPTION "6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a11"
#define ATTACK_OTHER        "00000000-1b62-4e3a-9d23-0d5b0c1b7a11"

/* A place in the vault of `daemon`: all fields filled in. */
struct sc_owner attack_owner(const char *daemon);
struct sc_bytes attack_owner_der(const struct sc_owner *owner);

/* Loads the blob in that file through the client; gives its digest. */
struct sc_hash attack_load(struct sc_client *client, const char *path);

/* The client's module is there and answers. */
bool attack_is_alive(struct sc_client *client);

/* -- requests and quorums ---------------------------------------------------------------------- */

/* attack_<name>_body(request): the bytes that sc_client_call sends; the caller frees them. */
#define ATTACK_BODIES(NAME, name, number, roles, modes, quorum, lane)                                        \
	struct sc_bytes attack_##name##_body(const struct sc_##name##_request *request);
SC_COMMAND_TABLE(ATTACK_BODIES)
#undef ATTACK_BODIES

/* Card number `index` of the module's set, and its PIN. The caller frees the record. */
struct sc_bytes attack_card(const char *module, unsigned index);
const char *attack_pin(unsigned index); /* valid until the next call */

/* QUORUM_OPEN for that command and body. */
uint64_t attack_quorum_open(struct sc_client *client, enum sc_command command, struct sc_view body);

/* QUORUM_CARD; numbers of a refusal are in err->numbers. */
sc_status attack_quorum_card(struct sc_client *client, uint64_t authority, struct sc_view card,
			     const char *pin, struct sc_error *err);

/* Both, with the first k cards of the module. */
uint64_t attack_quorum(struct sc_client *client, const char *module, unsigned k, enum sc_command command,
		       struct sc_view body);

/* The command under such a quorum. *reply may be NULL. */
sc_status attack_call_with_quorum(struct sc_client *client, const char *module, unsigned k,
				  enum sc_command command, struct sc_view body, struct sc_bytes *reply,
				  struct sc_error *err);

#endif
