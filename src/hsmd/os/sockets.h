/*
 * The module's sockets: AF_UNIX, SOCK_SEQPACKET, one per role, and per daemon for service sockets. File
 * permissions decide who may connect, the socket's policy what for.
 */
#ifndef SC_HSMD_OS_SOCKETS_H
#define SC_HSMD_OS_SOCKETS_H

#include <sys/types.h>

#include "hsmd/core/module.h"
#include "hsmd/os/exchange.h"

#define SC_HSMD_SOCKET_PATH_MAX 96 /* bytes; leaves room in sun_path for a temporary name next to it */

struct sc_hsmd_socket_spec {
	struct sc_policy policy;
	char path[SC_HSMD_SOCKET_PATH_MAX + 1];
	mode_t mode; /* 0600 unless given */
	gid_t group; /* (gid_t)-1: the process's own */
};

/*
 * Reads
 *
 *   role=custody|service|use,path=PATH[,make=APP+APP][,load=APP+APP][,owner=DAEMON][,mode=0660][,group=NAME]
 *
 * and checks the policy. SC_ERR_ARGUMENT, saying what is wrong.
 */
sc_status sc_hsmd_socket_spec_read(const char *text, struct sc_hsmd_socket_spec *out,
				   struct sc_error *err) SC_WARN_UNUSED;

/*
 * Puts a listening socket at its path in one step, so that nobody ever finds it with other permissions.
 * Replaces a socket left behind by a process that ended. SC_ERR_EXISTS: another process listens there, or the
 * path is not a socket. SC_ERR_NOT_FOUND, naming the directory that is missing.
 */
sc_status sc_hsmd_socket_listen(const struct sc_hsmd_socket_spec *spec, int *out,
				struct sc_error *err) SC_WARN_UNUSED;

/*
 * Accepts one connection, non-blocking, with room for the largest message (SC_WIRE_SOCKET_BUFFER). The caller
 * closes out->fd. SC_ERR_UNAVAILABLE: none is waiting, or the peer has gone; SC_ERR_BUSY: no descriptor is
 * free; SC_ERR_SYSTEM.
 */
sc_status sc_hsmd_socket_accept(int listener, struct sc_hsmd_peer *out, struct sc_error *err) SC_WARN_UNUSED;

#endif
