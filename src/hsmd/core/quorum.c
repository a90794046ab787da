/* Quorums: see quorum.h. */
#include "hsmd/core/quorum.h"

#include <openssl/crypto.h>

#include "base/clock.h"

void sc_quorum_free(struct sc_quorum *quorum)
{
	if (!quorum)
		return;
	for (size_t i = 0; i < SC_CARDS_MAX; i++)
		sc_secret_free(&quorum->shares[i].value);
	sc_secret_free(&quorum->token);
	OPENSSL_clear_free(quorum, sizeof *quorum);
}

void sc_quorum_table_init(struct sc_quorum_table *table)
{
	*table = (struct sc_quorum_table){ 0 };
	pthread_mutex_init(&table->lock, NULL);
}

void sc_quorum_table_end(struct sc_quorum_table *table)
{
	for (size_t i = 0; i < SC_QUORUMS_MAX; i++)
		sc_quorum_free(table->place[i]);
	pthread_mutex_destroy(&table->lock);
}

void sc_quorum_table_clear(struct sc_quorum_table *table)
{
	pthread_mutex_lock(&table->lock);
	for (size_t i = 0; i < SC_QUORUMS_MAX; i++) {
		if (table->place[i] && table->place[i]->is_in_use) {
			table->place[i]->is_over = true;
			continue;
		}
		sc_quorum_free(table->place[i]);
		table->place[i] = NULL;
	}
	pthread_mutex_unlock(&table->lock);
}

/* -- opening ----------------------------------------------------------------------------------- */

sc_status sc_quorum_new(uint32_t command, const struct sc_hash *digest, const struct sc_acs *acs,
			struct sc_quorum **out, struct sc_error *err)
{
	SC_CLEANUP(sc_quorum) quorum = OPENSSL_zalloc(sizeof *quorum);

	SC_TRY(sc_check_allocated(quorum, err));
	while (quorum->authority == 0)
		SC_TRY(sc_random(&quorum->authority, sizeof quorum->authority, err));
	quorum->command = command;
	quorum->digest = *digest;
	quorum->acs = *acs;
	quorum->expires = sc_clock_monotonic() + SC_QUORUM_SECONDS * SC_SECOND;
	*out = sc_steal(quorum);
	return SC_OK;
}

static bool is_expired(const struct sc_quorum *quorum)
{
	return sc_clock_monotonic() >= quorum->expires;
}

/* A place that is free or whose quorum has expired and is not in use, or NULL. The caller holds the lock. */
static struct sc_quorum **find_place(struct sc_quorum_table *table)
{
	for (int i = 0; i < SC_QUORUMS_MAX; i++)
		if (!table->place[i] || (is_expired(table->place[i]) && !table->place[i]->is_in_use))
			return &table->place[i];
	return NULL;
}

sc_status sc_quorum_add(struct sc_quorum_table *table, struct sc_quorum **quorum, struct sc_error *err)
{
	struct sc_quorum **place;

	pthread_mutex_lock(&table->lock);
	place = find_place(table);
	if (place) {
		sc_quorum_free(*place);
		*place = sc_steal(*quorum);
	}
	pthread_mutex_unlock(&table->lock);
	SC_ENSURE(place, err, SC_ERR_QUORUM_LIMIT, "this connection already has %d open quorums",
		  SC_QUORUMS_MAX);
	return SC_OK;
}

/* -- using ------------------------------------------------------------------------------------- */

/* The place of the quorum with that authority, or NULL. The caller holds the lock. */
static struct sc_quorum **find(struct sc_quorum_table *table, uint64_t authority)
{
	for (int i = 0; i < SC_QUORUMS_MAX; i++)
		if (table->place[i] && table->place[i]->authority == authority)
			return &table->place[i];
	return NULL;
}

static sc_status check_free(const struct sc_quorum *quorum, struct sc_error *err)
{
	SC_ENSURE(quorum, err, SC_ERR_QUORUM, "no such quorum on this connection");
	SC_ENSURE(!quorum->is_in_use, err, SC_ERR_QUORUM_IN_USE, "another request uses the quorum");
	SC_ENSURE(!is_expired(quorum), err, SC_ERR_QUORUM, "the quorum has expired");
	return SC_OK;
}

sc_status sc_quorum_use(struct sc_quorum_table *table, uint64_t authority, struct sc_quorum **out,
			struct sc_error *err)
{
	struct sc_quorum **place;
	sc_status status;

	pthread_mutex_lock(&table->lock);
	place = find(table, authority);
	status = check_free(place ? *place : NULL, err);
	if (status == SC_OK) {
		(*place)->is_in_use = true;
		*out = *place;
	}
	pthread_mutex_unlock(&table->lock);
	return status;
}

void sc_quorum_release(struct sc_quorum_table *table, struct sc_quorum *quorum)
{
	bool is_over;

	pthread_mutex_lock(&table->lock);
	quorum->is_in_use = false;
	is_over = quorum->is_over;
	if (is_over)
		*find(table, quorum->authority) = NULL;
	pthread_mutex_unlock(&table->lock);
	if (is_over)
		sc_quorum_free(quorum);
}

void sc_quorum_spend(struct sc_quorum_table *table, struct sc_quorum *quorum)
{
	pthread_mutex_lock(&table->lock);
	*find(table, quorum->authority) = NULL;
	pthread_mutex_unlock(&table->lock);
	sc_quorum_free(quorum);
}

static sc_status check_use(const struct sc_quorum *quorum, uint32_t command, const struct sc_hash *digest,
			   struct sc_error *err)
{
	SC_ENSURE(quorum->accepted == quorum->acs.k && quorum->token.len, err, SC_ERR_QUORUM,
		  "only %u of %u cards were presented", quorum->accepted, quorum->acs.k);
	SC_ENSURE(quorum->command == command && sc_hash_equals(digest, &quorum->digest), err, SC_ERR_QUORUM,
		  "the quorum was given for another command or other arguments");
	return SC_OK;
}

sc_status sc_quorum_use_for(struct sc_quorum_table *table, uint64_t authority, uint32_t command,
			    struct sc_view body, struct sc_quorum **out, struct sc_error *err)
{
	struct sc_quorum *quorum = NULL;
	struct sc_hash digest;
	sc_status status;

	/* First: what fails here says nothing about the quorum. */
	SC_TRY(sc_wire_authority_digest(command, body, &digest, err));
	SC_TRY(sc_quorum_use(table, authority, &quorum, err));
	status = check_use(quorum, command, &digest, err);
	if (status != SC_OK) {
		sc_quorum_spend(table, quorum);
		return status;
	}
	*out = quorum;
	return SC_OK;
}
