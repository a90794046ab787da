/* KM and KNSO wrapped under the cards' token, as the world file stores them. */
#ifndef SC_HSMD_CORE_WRAP_H
#define SC_HSMD_CORE_WRAP_H

#include "base/secret.h"
#include "formats/world_file.h"

/* Domains: which key is wrapped. */
#define SC_WRAP_KM   "safeconduct wrapped KM 1"
#define SC_WRAP_KNSO "safeconduct wrapped KNSO 1"

/* key = HKDF(token, fresh salt, domain ‖ 0 ‖ world id); AES-256-GCM with the world id as associated data. */
sc_status sc_wrap(const struct sc_secret *token, const char *domain, const struct sc_hash *world,
		  struct sc_view material, struct sc_wrapped_key *out, struct sc_error *err) SC_WARN_UNUSED;

/* SC_ERR_INTEGRITY: another token or world, or altered. */
sc_status sc_unwrap(const struct sc_secret *token, const char *domain, const struct sc_hash *world,
		    const struct sc_wrapped_key *wrapped, struct sc_secret *out,
		    struct sc_error *err) SC_WARN_UNUSED;

#endif
