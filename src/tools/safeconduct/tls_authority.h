/*
 * The deployment's own TLS authority: made for one use, in this process's memory, and destroyed once the
 * daemons' certificates are signed, so that nobody can ever make a third one that its clients would believe
 * (DESIGN section 3, the fourth exception). Its certificate is limited to the deployment's own domain.
 */
#ifndef SC_TOOLS_SAFECONDUCT_TLS_AUTHORITY_H
#define SC_TOOLS_SAFECONDUCT_TLS_AUTHORITY_H

#include "base/bytes.h"

struct sc_tls_authority;

#define SC_TLS_YEARS 2 /* of it and of what it signs */

/* A fresh P-256 key and its self-signed certificate. */
sc_status sc_tls_authority_new(const char *domain, struct sc_tls_authority **out,
			       struct sc_error *err) SC_WARN_UNUSED;

/* Destroys the key. */
void sc_tls_authority_free(struct sc_tls_authority *authority);
SC_CLEANUP_POINTER(sc_tls_authority, struct sc_tls_authority, sc_tls_authority_free)

/* Its certificate, PEM: what clients trust. */
sc_status sc_tls_authority_certificate(const struct sc_tls_authority *authority, struct sc_bytes *out,
				       struct sc_error *err) SC_WARN_UNUSED;

/*
 * A server's certificate, PEM, for the key of that SubjectPublicKeyInfo: for TLS servers of the `count` DNS
 * names alone, the first of which is its subject.
 */
sc_status sc_tls_authority_issue(const struct sc_tls_authority *authority, struct sc_view spki,
				 const char *const *names, size_t count, struct sc_bytes *out,
				 struct sc_error *err) SC_WARN_UNUSED;

#endif
