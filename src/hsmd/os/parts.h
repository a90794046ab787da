/*
 * How the arena is divided. It has six parts: what libcrypto and the threads take once; the sockets'
 * messages; the connections' sessions; the quorums; the workers' working memory; and the loaded keys, which
 * get what is left.
 */
#ifndef SC_HSMD_OS_PARTS_H
#define SC_HSMD_OS_PARTS_H

#include "base/error.h"

struct sc_hsmd_parts {
	unsigned workers;     /* of each lane */
	unsigned connections; /* on all sockets together */
	size_t messages;      /* bytes, at most, on all sockets together */
	size_t reserve;       /* bytes that sessions, quorums and workers may take while the module serves */
};

/* For an arena of that many bytes, of a module with so many processors and custody sockets. */
struct sc_hsmd_parts sc_hsmd_parts_of(size_t arena, unsigned processors, unsigned custody_sockets);

/*
 * The bytes that loaded keys may take, once `used` of the arena have been taken for all that is taken once
 * and for the messages. SC_ERR_MODULE_FULL: too few for the module to be of use.
 */
sc_status sc_hsmd_parts_keys(const struct sc_hsmd_parts *parts, size_t arena, size_t used, size_t *out,
			     struct sc_error *err) SC_WARN_UNUSED;

#endif
