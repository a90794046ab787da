/* Who holds how many connections: see peers.h. */
#include "web/peers.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define SPARE 16 /* one of so many connections is kept free, for as long as others can end */

/* A family and what identifies the client in it. */
struct key {
	sa_family_t family;
	uint8_t address[8];
};

struct sc_web_peer {
	struct sc_web_peer *previous;
	struct sc_web_peer *next;
	struct key key;
	size_t references; /* connections, with those that were told to end */
	size_t held;       /* without those, unless they have begun another request */
	size_t body;
	struct sc_web_held *first; /* whose client is awaited, in the order of `since` */
	struct sc_web_held *last;
};

struct sc_web_peers {
	struct sc_web_peer_limits limits;
	struct sc_web_peer *first;
	size_t held;
	size_t body;
	uint64_t clock;
};

sc_status sc_web_peers_new(const struct sc_web_peer_limits *limits, struct sc_web_peers **out,
			   struct sc_error *err)
{
	struct sc_web_peers *peers = calloc(1, sizeof *peers);

	SC_TRY(sc_check_allocated(peers, err));
	peers->limits = *limits;
	*out = peers;
	return SC_OK;
}

void sc_web_peers_free(struct sc_web_peers *peers)
{
	free(peers);
}

/* -- a peer -------------------------------------------------------------------------------------- */

static struct key key_of(const struct sockaddr *address)
{
	struct key key = { 0 };

	if (!address)
		return key;
	key.family = address->sa_family;
	if (address->sa_family == AF_INET)
		memcpy(key.address, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
	else if (address->sa_family == AF_INET6)
		memcpy(key.address, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 8);
	return key;
}

static struct sc_web_peer *find(const struct sc_web_peers *peers, const struct key *key)
{
	struct sc_web_peer *peer = peers->first;

	while (peer && (peer->key.family != key->family ||
			memcmp(peer->key.address, key->address, sizeof key->address) != 0))
		peer = peer->next;
	return peer;
}

/* The peer, added if it holds nothing yet. NULL if out of memory. */
static struct sc_web_peer *take(struct sc_web_peers *peers, const struct sockaddr *address)
{
	const struct key key = key_of(address);
	struct sc_web_peer *peer = find(peers, &key);

	if (!peer && (peer = calloc(1, sizeof *peer))) {
		peer->key = key;
		peer->next = peers->first;
		if (peer->next)
			peer->next->previous = peer;
		peers->first = peer;
	}
	if (peer)
		peer->references++;
	return peer;
}

static void release(struct sc_web_peers *peers, struct sc_web_peer *peer)
{
	if (--peer->references > 0)
		return;
	*(peer->previous ? &peer->previous->next : &peers->first) = peer->next;
	if (peer->next)
		peer->next->previous = peer->previous;
	free(peer);
}

/* -- what may end -------------------------------------------------------------------------------- */

static void unlist(struct sc_web_held *held)
{
	struct sc_web_peer *peer = held->peer;

	if (!held->is_awaited)
		return;
	*(held->previous ? &held->previous->next : &peer->first) = held->next;
	*(held->next ? &held->next->previous : &peer->last) = held->previous;
	held->is_awaited = held->is_idle = false;
}

static void forget_body(struct sc_web_peers *peers, struct sc_web_held *held)
{
	peers->body -= held->body;
	held->peer->body -= held->body;
	held->body = 0;
}

static void count(struct sc_web_peers *peers, struct sc_web_held *held)
{
	if (held->is_counted)
		return;
	held->is_counted = true;
	held->peer->held++;
	peers->held++;
}

static void discount(struct sc_web_peers *peers, struct sc_web_held *held)
{
	if (!held->is_counted)
		return;
	held->is_counted = false;
	held->peer->held--;
	peers->held--;
}

static struct sc_web_held *oldest_idle(const struct sc_web_peer *peer)
{
	struct sc_web_held *held = peer->first;

	while (held && !held->is_idle)
		held = held->next;
	return held;
}

static bool holds_more(const struct sc_web_peer *peer, const struct sc_web_peer *other)
{
	return !other || peer->held > other->held ||
	       (peer->held == other->held && peer->first->since < other->first->since);
}

/* Of the peer that holds most, among those with anything that may end. NULL if there is none. */
static struct sc_web_held *pick(const struct sc_web_peers *peers)
{
	const struct sc_web_peer *biggest = NULL;
	struct sc_web_held *idle;

	for (const struct sc_web_peer *peer = peers->first; peer; peer = peer->next)
		if (peer->first && holds_more(peer, biggest))
			biggest = peer;
	if (!biggest)
		return NULL;
	idle = oldest_idle(biggest);
	return idle ? idle : biggest->first;
}

/* Adds it, unless it is NULL, to what the caller must end. */
static void end(struct sc_web_peers *peers, struct sc_web_held *held, struct sc_web_held **ended)
{
	if (!held)
		return;
	unlist(held);
	forget_body(peers, held);
	discount(peers, held);
	held->is_ended = true;
	held->next = *ended;
	*ended = held;
}

/* Makes room for one more connection of this peer. False if there is none. */
static bool make_room(struct sc_web_peers *peers, struct sc_web_peer *peer, struct sc_web_held **ended)
{
	const struct sc_web_peer_limits *limits = &peers->limits;

	if (peer->held >= limits->share)
		end(peers, oldest_idle(peer), ended);
	else if (peers->held >= limits->connections - limits->connections / SPARE)
		end(peers, pick(peers), ended);
	return peer->held < limits->share && peers->held < limits->connections;
}

/* -- connections --------------------------------------------------------------------------------- */

bool sc_web_peers_add(struct sc_web_peers *peers, const struct sockaddr *address, struct sc_web_held *held,
		      struct sc_web_held **ended)
{
	struct sc_web_peer *peer = take(peers, address);

	*ended = NULL;
	if (!peer)
		return false;
	if (!make_room(peers, peer, ended)) {
		release(peers, peer);
		return false;
	}
	*held = (struct sc_web_held){ .peer = peer };
	sc_web_peers_await(peers, held, true);
	return true;
}

void sc_web_peers_remove(struct sc_web_peers *peers, struct sc_web_held *held)
{
	struct sc_web_peer *peer = held->peer;

	unlist(held);
	forget_body(peers, held);
	discount(peers, held);
	release(peers, peer);
}

void sc_web_peers_await(struct sc_web_peers *peers, struct sc_web_held *held, bool is_idle)
{
	struct sc_web_peer *peer = held->peer;

	forget_body(peers, held);
	unlist(held);
	if (held->is_ended && is_idle)
		return;
	count(peers, held);
	held->since = peers->clock++;
	held->previous = peer->last;
	held->next = NULL;
	*(peer->last ? &peer->last->next : &peer->first) = held;
	peer->last = held;
	held->is_awaited = true;
	held->is_idle = is_idle;
}

void sc_web_peers_serve(struct sc_web_peers *peers, struct sc_web_held *held)
{
	forget_body(peers, held);
	unlist(held);
	count(peers, held);
}

/* The oldest connection with an unfinished body of the peer that has most of them, in bytes. */
static struct sc_web_held *pick_body(const struct sc_web_peers *peers)
{
	const struct sc_web_peer *biggest = NULL;
	struct sc_web_held *held;

	for (const struct sc_web_peer *peer = peers->first; peer; peer = peer->next)
		if (peer->first && (!biggest || peer->body > biggest->body))
			biggest = peer;
	held = biggest ? biggest->first : NULL;
	while (held && held->body == 0)
		held = held->next;
	return held;
}

bool sc_web_peers_keep(struct sc_web_peers *peers, struct sc_web_held *held, size_t len,
		       struct sc_web_held **ended)
{
	const struct sc_web_peer_limits *limits = &peers->limits;
	const size_t part = limits->bodies / limits->connections * limits->share;
	const size_t share = part > limits->body ? part : limits->body;

	*ended = NULL;
	if (!held->is_counted || held->peer->body + len > share)
		return false;
	while (held->is_counted && peers->body > 0 && peers->body + len > limits->bodies)
		end(peers, pick_body(peers), ended);
	if (!held->is_counted || peers->body + len > limits->bodies)
		return false;
	held->body += len;
	held->peer->body += len;
	peers->body += len;
	return true;
}
