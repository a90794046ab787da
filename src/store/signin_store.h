/*
 * What signind stores: tenants, users, applications and refresh tokens, in a database of its own that vaultd
 * cannot read. Passwords are stored as encoded Argon2id hashes, client secrets and refresh tokens as SHA-256.
 * Nothing in it is enough to sign in.
 *
 * Durability, statuses, letter case, threads and ownership of rows are as in vault_store.h. A user's upn and
 * an application's appid are unique across all tenants, because clients sign in before they name a tenant. So
 * is a tenant's name.
 */
#ifndef SC_STORE_SIGNIN_STORE_H
#define SC_STORE_SIGNIN_STORE_H

#include "base/digest.h"

struct sc_store_signin_db;

/* Like sc_store_vault_db_open. */
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

sc_status sc_store_signin_tenant_add(struct sc_store_signin_db *store,
				     const struct sc_store_signin_tenant_row *row,
				     struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_store_signin_tenant_find(struct sc_store_signin_db *store, const char *id,
				      struct sc_store_signin_tenant_row *out,
				      struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_store_signin_tenant_find_by_name(struct sc_store_signin_db *store, const char *name,
					      struct sc_store_signin_tenant_row *out,
					      struct sc_error *err) SC_WARN_UNUSED;

/* Lists: as in vault_store.h, in the order of ids. */
typedef sc_status (*sc_store_signin_tenant_visit)(void *context, const struct sc_store_signin_tenant_row *row,
						  struct sc_error *err);
sc_status sc_store_signin_tenant_list(struct sc_store_signin_db *store, sc_store_signin_tenant_visit visit,
				      void *context, struct sc_error *err) SC_WARN_UNUSED;

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

/* SC_ERR_NOT_FOUND if the tenant does not exist. */
sc_status sc_store_user_add(struct sc_store_signin_db *store, const struct sc_store_user_row *row,
			    struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_store_user_find(struct sc_store_signin_db *store, const char *tenant, const char *oid,
			     struct sc_store_user_row *out, struct sc_error *err) SC_WARN_UNUSED;

/* `tenant` is NULL if the caller has not named one (/common, /adfs); the row then says which it is. */
sc_status sc_store_user_find_by_upn(struct sc_store_signin_db *store, const char *tenant, const char *upn,
				    struct sc_store_user_row *out, struct sc_error *err) SC_WARN_UNUSED;

struct sc_store_application_row {
	const char *tenant;
	const char *appid; /* client id, GUID */
	const char *oid;   /* object id of its service principal, GUID */
	const char *name;
	struct sc_hash secret; /* of the client secret: web/client_secret.h */
	struct sc_bytes memory;
};
void sc_store_application_row_free(struct sc_store_application_row *row);
SC_CLEANUP_VALUE(sc_store_application_row, sc_store_application_row_free)

sc_status sc_store_application_add(struct sc_store_signin_db *store,
				   const struct sc_store_application_row *row,
				   struct sc_error *err) SC_WARN_UNUSED;

/* Adds a tenant with its first user and application, all or none. SC_ERR_EXISTS says which of them exists. */
sc_status sc_store_signin_tenant_start(struct sc_store_signin_db *store,
				       const struct sc_store_signin_tenant_row *tenant,
				       const struct sc_store_user_row *user,
				       const struct sc_store_application_row *application,
				       struct sc_error *err) SC_WARN_UNUSED;

/* `tenant` may be NULL, as for users. */
sc_status sc_store_application_find(struct sc_store_signin_db *store, const char *tenant, const char *appid,
				    struct sc_store_application_row *out,
				    struct sc_error *err) SC_WARN_UNUSED;

/* A user's refresh token. Only the client has the token itself. */
struct sc_store_refresh_row {
	struct sc_hash hash;   /* SHA-256 of the token */
	struct sc_hash family; /* the hash of the first token of its sign-in */
	const char *tenant;
	const char *oid;    /* the user's */
	const char *client; /* id of the client to which it was issued */
	int64_t created;
	int64_t expires;
	int64_t until; /* set by find: when it ends because it was exchanged for another; 0: it was not */
	struct sc_bytes memory;
};
void sc_store_refresh_row_free(struct sc_store_refresh_row *row);
SC_CLEANUP_VALUE(sc_store_refresh_row, sc_store_refresh_row_free)

/* Adds one, and drops those that had expired by row->created. SC_ERR_NOT_FOUND if the user does not exist. */
sc_status sc_store_refresh_add(struct sc_store_signin_db *store, const struct sc_store_refresh_row *row,
			       struct sc_error *err) SC_WARN_UNUSED;

/*
 * SC_ERR_NOT_FOUND for a token that is unknown or has expired at `now`. A token that was exchanged is still
 * found, so that its use after `until` is noticed. `tenant` may be NULL.
 */
sc_status sc_store_refresh_find(struct sc_store_signin_db *store, const char *tenant,
				const struct sc_hash *hash, int64_t now, struct sc_store_refresh_row *out,
				struct sc_error *err) SC_WARN_UNUSED;

/*
 * Adds `row` and makes the token `old`, for which it was issued, end at `until` unless it ends earlier: both
 * or neither. SC_ERR_NOT_FOUND if `old` is unknown, or had expired or ended by row->created.
 */
sc_status sc_store_refresh_rotate(struct sc_store_signin_db *store, const struct sc_hash *old, int64_t until,
				  const struct sc_store_refresh_row *row,
				  struct sc_error *err) SC_WARN_UNUSED;

/* Drops all tokens of one sign-in. */
sc_status sc_store_refresh_revoke(struct sc_store_signin_db *store, const struct sc_hash *family,
				  struct sc_error *err) SC_WARN_UNUSED;

#endif
