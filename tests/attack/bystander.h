/*
 * A daemon that uses the module while crowds ask for more than their share, and how its requests fare: how
 * long signatures and imports take, and whether loading a key is refused.
 */
#ifndef SC_TESTS_ATTACK_BYSTANDER_H
#define SC_TESTS_ATTACK_BYSTANDER_H

#include "attack.h"

#define BYSTANDER_TIMES 50 /* of which each median is taken */

/* Connects to MODULE/service, makes a key of vaultd's there, and has what travel.c left for an import. */
void bystander_begin(const char *module);
void bystander_end(void);

struct sc_client *bystander_client(void);

/* Makes and loads an RSA key of that size in the bystander's place. */
struct sc_hash bystander_make_key(uint32_t bits);

/* SIGN with such a key, as any connection to its socket can send it. The caller frees the body. */
struct sc_bytes bystander_sign_body(const struct sc_hash *key);

/* The median of BYSTANDER_TIMES calls, in ms. Negative, and the reason is printed, if one fails. */
double bystander_median(sc_status (*call)(struct sc_error *err));

/* Requests of the bystander, for bystander_median. A key of its that has been evicted is loaded again. */
sc_status bystander_sign(struct sc_error *err);
sc_status bystander_import(struct sc_error *err);

/*
 * A request of the largest size, which is refused: SC_OK if it is. What one of a crowd's requests takes, at
 * most.
 */
sc_status bystander_ask_at_length(struct sc_error *err);

/* Medians of a module that nobody attacks, in ms; negative if there is none. */
struct bystander_idle {
	double sign;
	double import;
	double generation; /* which an import may take longer next to an attack */
};

/*
 * Invariant 10, while an attack goes on: a result each for SIGN and KEY_LOAD, and for imports, named after
 * the attack. `operation` is what one request of the crowd takes, in ms.
 */
void bystander_judge_quick(const char *attack, const struct bystander_idle *idle, double operation);
void bystander_judge_import(const char *attack, const struct bystander_idle *idle);

#endif
