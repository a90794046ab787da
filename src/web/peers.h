/*
 * Who holds how many connections, and which one ends when there are too many. A peer is a client's address:
 * an IPv4 address, or the first 64 bits of an IPv6 address, because anyone who has one has all of its /64.
 * Nothing here knows sockets or threads: the caller has a lock, and ends the connection that is named to it.
 */
#ifndef SC_WEB_PEERS_H
#define SC_WEB_PEERS_H

#include <sys/socket.h>

#include "base/bytes.h"

struct sc_web_peer_limits {
	size_t connections; /* of all peers */
	size_t share;       /* of one peer */
	size_t bodies;      /* bytes of unfinished bodies, of all peers; one has the same share of them, … */
	size_t body;        /* … but at least as much as one body may be long */
};

struct sc_web_peers;
struct sc_web_peer;

/* A connection. Zero at first; its members belong to peers.c. */
struct sc_web_held {
	struct sc_web_peer *peer;
	struct sc_web_held *previous; /* among the peer's connections whose client is awaited */
	struct sc_web_held *next;     /* the same; of one that must end, the next that must */
	uint64_t since;               /* when that began: a number that grows */
	size_t body;                  /* bytes kept of an unfinished body */
	bool is_awaited;
	bool is_idle;    /* awaited, and between requests */
	bool is_counted; /* among its peer's connections */
	bool is_ended;   /* the caller has been told to end it */
};

/* SC_ERR_MEMORY. */
sc_status sc_web_peers_new(const struct sc_web_peer_limits *limits, struct sc_web_peers **out,
			   struct sc_error *err) SC_WARN_UNUSED;

/* All connections must have been removed. NULL is allowed. */
void sc_web_peers_free(struct sc_web_peers *peers);
SC_CLEANUP_POINTER(sc_web_peers, struct sc_web_peers, sc_web_peers_free)

/*
 * A new connection, which begins idle. If its peer already has its share, the peer's oldest idle connection
 * ends. If nearly all connections are taken, one of the peer that holds most ends: its oldest idle one, or
 * else the oldest whose request is unfinished or whose answer is unread. Returns false if nothing can end
 * where something must: the new connection is then refused, and not added. In both cases *ended begins the
 * list of what the caller must end now, before it releases its lock: NULL, or linked by `next`. An `address`
 * of another family is a peer of its own.
 */
bool sc_web_peers_add(struct sc_web_peers *peers, const struct sockaddr *address, struct sc_web_held *held,
		      struct sc_web_held **ended);
void sc_web_peers_remove(struct sc_web_peers *peers, struct sc_web_held *held);

/*
 * From now on the client is awaited: for a request (idle), for the rest of one, or to read an answer. A
 * connection that has ended, and whose next request was already under way, counts again from here or from
 * serve() on.
 */
void sc_web_peers_await(struct sc_web_peers *peers, struct sc_web_held *held, bool is_idle);

/* From now on it is not: the connection never ends because of others. Its body is no longer unfinished. */
void sc_web_peers_serve(struct sc_web_peers *peers, struct sc_web_held *held);

/*
 * More bytes of an unfinished body are to be kept. False if its peer then had more than its share. If it is
 * all peers together that had too many, the oldest unfinished bodies end of the peers that have most, until
 * there is room: *ended as above.
 */
bool sc_web_peers_keep(struct sc_web_peers *peers, struct sc_web_held *held, size_t len,
		       struct sc_web_held **ended);

#endif
