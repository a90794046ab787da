/*
 * The deployment's own TLS authority. It exists only in this process's memory and is destroyed once the
 * daemons' two certificates are signed, so that nobody can ever make a third that clients would trust (one of
 * the exceptions to I1). Its certificate is limited to the deployment's own domain.
 */
#ifndef SC_TOOLS_SAFECONDUCT_TLS_AUTHORITY_H
#define SC_TOOLS_SAFECONDUCT_TLS_AUTHORITY_H

#include "base/bytes.h"

struct sc_tls_authority;

#define SC_TLS_YEARS 2 /* lifetime of its certificate and of those that it signs */

/* Makes a new P-256 key and its self-signed certificate. */
sc_status sc_tls_authority_new(const char *domain, struct sc_tls_authority **out,
			       struct sc_error *err) SC_WARN_UNUSED;

/* Destroys the key. NULL is allowed. */
void sc_tls_authority_free(struct sc_tls_authority *authority);
SC_CLEANUP_POINTER(sc_tls_authority, struct sc_tls_authority, sc_tls_authority_free)

/* The authority's certificate, PEM, which clients trust. The caller frees *out. */
sc_status sc_tls_authority_certificate(const struct sc_tls_authority *authority, struct sc_bytes *out,
				       struct sc_error *err) SC_WARN_UNUSED;

/*
 * Issues a server's certificate, PEM, for the key in `spki` (a SubjectPublicKeyInfo). It is valid only for
 * TLS servers with the `count` DNS names, the first of which is its subject. The caller frees *out.
 */
sc_status sc_tls_authority_issue(const struct sc_tls_authority *authority, struct sc_view spki,
				 const char *const *names, size_t count, struct sc_bytes *out,
				 struct sc_error *err) SC_WARN_UNUSED;

#endif
