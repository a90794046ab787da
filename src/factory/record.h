/*
 * The factory's record of what it signed: one line per certificate, append-only.
 *
 *   2026-11-24 10:45:20 warrant 1234-5678-9ABC serial=… key=… until=2036-11-21 10:45:20
 *
 * `key` is the SHA-256 of the certified public key. The subject follows the kind. A warrant's subject is an
 * ESN and has no spaces; those of a root or region certificate may have some.
 */
#ifndef SC_FACTORY_RECORD_H
#define SC_FACTORY_RECORD_H

#include "base/file.h"
#include "evidence/certificate.h"

/* Durable when SC_OK is returned. `note` (may be NULL) ends the line: "region=EU". */
sc_status sc_factory_record_append(const struct sc_dir *dir, X509 *certificate, const char *note,
				   struct sc_error *err) SC_WARN_UNUSED;

/* SC_ERR_CONFLICT if a warrant for this ESN with another key has been recorded. */
sc_status sc_factory_record_check_esn(const struct sc_dir *dir, const char *esn, const struct sc_hash *key,
				      struct sc_error *err) SC_WARN_UNUSED;

#endif
