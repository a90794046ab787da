/*
 * Makes the libraries do now what they would otherwise do at some later moment, when the sandbox is in force.
 */
#ifndef SC_HSMD_OS_LIBRARIES_H
#define SC_HSMD_OS_LIBRARIES_H

#include "base/error.h"

/* Call once, before threads are started and after libcrypto has its memory. SC_ERR_CRYPTO. */
sc_status sc_hsmd_libraries_prepare(struct sc_error *err) SC_WARN_UNUSED;

#endif
