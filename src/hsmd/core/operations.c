/* What was done for each daemon: see operations.h. */
#include "hsmd/core/operations.h"

#include <pthread.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/os.h"

#define COMMANDS 256 /* the numbers of commands fit a byte */

struct sc_daemon_operations {
	const struct sc_operations *all;
	struct sc_daemon_operations *next;
	struct sc_text daemon;

	pthread_mutex_t lock; /* so that a later checkpoint never has lower counts */
	uint64_t sequence;
	uint64_t done[COMMANDS];
};

struct sc_operations {
	struct sc_hash start;
	int64_t started;
	pthread_mutex_t lock; /* guards the list; its entries are never removed */
	struct sc_daemon_operations *first;
};

sc_status sc_operations_new(int64_t now, struct sc_operations **out, struct sc_error *err)
{
	struct sc_operations *operations;
	struct sc_hash start;

	SC_TRY(sc_random(start.b, sizeof start.b, err));
	operations = OPENSSL_zalloc(sizeof *operations);
	SC_TRY(sc_check_allocated(operations, err));
	operations->start = start;
	operations->started = now;
	pthread_mutex_init(&operations->lock, NULL);
	*out = operations;
	return SC_OK;
}

void sc_operations_free(struct sc_operations *operations)
{
	if (!operations)
		return;
	while (operations->first) {
		struct sc_daemon_operations *entry = operations->first;

		operations->first = entry->next;
		pthread_mutex_destroy(&entry->lock);
		OPENSSL_free(entry);
	}
	pthread_mutex_destroy(&operations->lock);
	OPENSSL_free(operations);
}

/* With the lock held. */
static struct sc_daemon_operations *find_or_add(struct sc_operations *operations, const char *daemon)
{
	struct sc_daemon_operations *entry;

	for (entry = operations->first; entry; entry = entry->next)
		if (sc_text_equals(&entry->daemon, daemon))
			return entry;
	entry = OPENSSL_zalloc(sizeof *entry);
	if (!entry)
		return NULL;
	entry->all = operations;
	OPENSSL_strlcpy(entry->daemon.s, daemon, sizeof entry->daemon.s);
	pthread_mutex_init(&entry->lock, NULL);
	entry->next = operations->first;
	operations->first = entry;
	return entry;
}

struct sc_daemon_operations *sc_operations_of(struct sc_operations *operations, const char *daemon)
{
	struct sc_daemon_operations *entry;

	pthread_mutex_lock(&operations->lock);
	entry = find_or_add(operations, daemon);
	pthread_mutex_unlock(&operations->lock);
	return entry;
}

void sc_operations_count(struct sc_daemon_operations *operations, uint32_t command)
{
	if (!operations || command >= COMMANDS)
		return;
	pthread_mutex_lock(&operations->lock);
	operations->done[command]++;
	pthread_mutex_unlock(&operations->lock);
}

sc_status sc_operations_checkpoint(struct sc_daemon_operations *operations, struct sc_checkpoint *out,
				   struct sc_error *err)
{
	uint64_t done[COMMANDS];

	pthread_mutex_lock(&operations->lock);
	out->sequence = ++operations->sequence;
	memcpy(done, operations->done, sizeof done);
	pthread_mutex_unlock(&operations->lock);
	out->daemon = operations->daemon;
	out->start = operations->all->start;
	out->started = operations->all->started;
	for (uint32_t command = 0; command < COMMANDS; command++)
		if (done[command])
			SC_TRY(sc_checkpoint_add(out, command, done[command], err));
	return SC_OK;
}
