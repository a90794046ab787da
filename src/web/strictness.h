/*
 * How it is ensured that no head of a request is repaired (rule P7), which depends on libmicrohttpd's
 * version. Each way is tried out at start with heads that must be refused, and with ones that must not.
 */
#ifndef SC_WEB_STRICTNESS_H
#define SC_WEB_STRICTNESS_H

#include <stdbool.h>

#include <microhttpd.h>

#include "base/error.h"

enum sc_web_strictness {
	SC_WEB_STRICT_OURS,    /* by web/head.h: libmicrohttpd 0.9.75 */
	SC_WEB_STRICT_LIBRARY, /* by libmicrohttpd's own option: 1.0 */
	SC_WEB_STRICT_PROXY,   /* by neither: a proxy in front must do it */
	SC_WEB_STRICT_WAYS
};

/*
 * Memory of each connection, from which libmicrohttpd takes the buffer for the head; a larger head is
 * answered 431.
 */
#define SC_WEB_CONNECTION_MEMORY 49152 /* bytes */

/* libmicrohttpd's options for this way, the memory above included; they end with MHD_OPTION_END. */
const struct MHD_OptionItem *sc_web_strictness_options(enum sc_web_strictness way);

/*
 * Finds the first way that works, by talking to a libmicrohttpd of its own through a loopback address, for
 * some milliseconds. If there is none, *out is SC_WEB_STRICT_PROXY. SC_ERR_SYSTEM if that cannot be tried.
 */
sc_status sc_web_strictness_find(enum sc_web_strictness *out, struct sc_error *err) SC_WARN_UNUSED;

/* Whether one way refuses what it must and accepts what it must. SC_ERR_SYSTEM if that cannot be tried. */
sc_status sc_web_strictness_try(enum sc_web_strictness way, bool *works, struct sc_error *err) SC_WARN_UNUSED;

#endif
