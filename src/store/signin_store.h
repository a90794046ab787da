/*
 * What signind keeps: tenants, users, applications and refresh tokens. A database of its own, which vaultd
 * cannot read. Passwords and secrets come here as Argon2id's encoded hashes, refresh tokens as SHA-256:
 * nothing in it signs anybody in.
 *
 * Durability, statuses, letter case, threads and the ownership of rows are as in vault_store.h. Users and
 * applications are unique by upn and appid over all tenants, because clients sign in before they name a
 * tenant.
 */
#ifndef SC_STORE_SIGNIN_STORE_H
#define SC_STORE_SIGNIN_STORE_H

#include "base/digest.h"

struct sc_store_signin_db;

/* As sc_store_vault_db_open. */
sc_status sc_store_signin_db_open(const char *path, struct sc_store_signin_db **out,
			       struct sc_error *err) SC_WARN_UNUSED;
void sc_store_signin_db_close(struct sc_store_signin_db *store);
SC_CLEANUP_POINTER(sc_store_signin_db, struct sc_store_signin_db, sc_store_signin_db_close)

struct sc_store_signin_tenant_row {
	const char *id; /* GUID */
	const char *name;
	struct sc_bytes memory;
};
void sc_store_signin_tenant_row_free(struct sc_store_signin_tenant_row *row);
SC_CLEANUP_VALUE(sc_store_signin_tenant_row, sc_store_signin_tenant_row_free)

sc_status sc_store_signin_tenant_add(struct sc_store_signin_db *store, const struct sc_store_signin_tenant_row *row,
			       struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_store_signin_tenant_find(struct sc_store_signin_db *store, const char *id,
				struct sc_store_signin_tenant_row *out, struct sc_error *err) SC_WARN_UNUSED;

/* Lists: as in vault_store.h, in the order of ids. */
typedef sc_status (*sc_store_signin_tenant_visit)(void *context, const struct sc_store_signin_tenant_row *row,
					    struct sc_error *err);
sc_status sc_store_signin_tenant_list(struct sc_store_signin_db *store, sc_store_signin_tenant_visit visit, void *context,
				struct sc_error *err) SC_WARN_UNUSED;

struct sc_store_user_row {
	const char *tenant;
	const char *oid; /* object id, GUID */
	const char *upn; /* user principal name, "someone@example.org" */
	const char *name;
	const char *password; /* Argon2id, encoded */
	struct sc_bytes memory;
};
void sc_store_user_row_free(struct sc_store_user_row *row);
SC_CLEANUP_VALUE(sc_store_user_row, sc_store_user_row_free)

/* SC_ERR_NOT_FOUND where the tenant is not there. */
sc_status sc_store_user_add(struct sc_store_signin_db *store, const struct sc_store_user_row *row,
			     struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_store_user_find(struct sc_store_signin_db *store, const char *tenant, const char *oid,
			      struct sc_store_user_row *out, struct sc_error *err) SC_WARN_UNUSED;

/* `tenant` is NULL where the caller has not named one (/common, /adfs): the row says it. */
sc_status sc_store_user_find_by_upn(struct sc_store_signin_db *store, const char *tenant, const char *upn,
				     struct sc_store_user_row *out, struct sc_error *err) SC_WARN_UNUSED;

struct sc_store_application_row {
	const char *tenant;
	const char *appid; /* client id, GUID */
	const char *oid;   /* object id of its service principal, GUID */
	const char *name;
	const char *secret; /* Argon2id, encoded */
	struct sc_bytes memory;
};
void sc_store_application_row_free(struct sc_store_application_row *row);
SC_CLEANUP_VALUE(sc_store_application_row, sc_store_application_row_free)

sc_status sc_store_application_add(struct sc_store_signin_db *store, const struct sc_store_application_row *row,
				    struct sc_error *err) SC_WARN_UNUSED;

/* `tenant` may be NULL, as for users. */
sc_status sc_store_application_find(struct sc_store_signin_db *store, const char *tenant, const char *appid,
				     struct sc_store_application_row *out, struct sc_error *err) SC_WARN_UNUSED;

/* A refresh token of a user; the token itself is nowhere but with its client. */
struct sc_store_refresh_row {
	struct sc_hash hash;   /* SHA-256 of the token */
	struct sc_hash family; /* the hash of the first one of its sign-in */
	const char *tenant;
	const char *oid;    /* the user's */
	const char *client; /* client id that it was given to */
	int64_t created;
	int64_t expires;
	int64_t until; /* found: when it ends because it was exchanged for another; 0: it was not */
	struct sc_bytes memory;
};
void sc_store_refresh_row_free(struct sc_store_refresh_row *row);
SC_CLEANUP_VALUE(sc_store_refresh_row, sc_store_refresh_row_free)

/* Adds one, and drops those that had expired when it was created. SC_ERR_NOT_FOUND where the user is not
 * there. */
sc_status sc_store_refresh_add(struct sc_store_signin_db *store, const struct sc_store_refresh_row *row,
				struct sc_error *err) SC_WARN_UNUSED;

/*
 * SC_ERR_NOT_FOUND for one that is unknown or has expired at `now`. One that was exchanged is found all the
 * same, so that whoever shows it after its `until` is noticed. `tenant` may be NULL.
 */
sc_status sc_store_refresh_find(struct sc_store_signin_db *store, const char *tenant,
				 const struct sc_hash *hash, int64_t now, struct sc_store_refresh_row *out,
				 struct sc_error *err) SC_WARN_UNUSED;

/*
 * Adds `row` and lets the token `old`, for which it was given, end at `until` if it does not end before: both
 * or none. SC_ERR_NOT_FOUND where `old` is unknown, or has expired or ended when `row` was created.
 */
sc_status sc_store_refresh_rotate(struct sc_store_signin_db *store, const struct sc_hash *old, int64_t until,
				   const struct sc_store_refresh_row *row, struct sc_error *err) SC_WARN_UNUSED;

/* Drops all tokens of one sign-in. */
sc_status sc_store_refresh_revoke(struct sc_store_signin_db *store, const struct sc_hash *family,
				   struct sc_error *err) SC_WARN_UNUSED;

#endif
