/*
 * Who is signing in: three grants, each a look-up and a comparison. An unknown account, or one of another
 * tenant, costs the same work and gets the same answer as a wrong password (rule P6). All of this runs on a
 * worker thread, because it reads the database and hashes passwords.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "signind/refresh.h"
#include "signind/sign_in.h"
#include "web/client_secret.h"

/* The result of looking up an account. */
enum found {
	FOUND,
	NOT_FOUND,
};

/* A missing row is a result; a database failure is an error. */
static sc_status found_of(sc_status status, enum found *found)
{
	*found = status == SC_OK ? FOUND : NOT_FOUND;
	/* No account has a name too long for the store. */
	return status == SC_ERR_NOT_FOUND || status == SC_ERR_TOO_LARGE ? SC_OK : status;
}

static sc_status copy(char *out, size_t size, const char *text, const char *what, struct sc_error *err)
{
	int written = snprintf(out, size, "%s", text);

	SC_ENSURE(written >= 0 && (size_t)written < size, err, SC_ERR_TOO_LARGE,
		  "%s: too long for a token: %s", what, text);
	return SC_OK;
}

/* `upn` is "" for an application. Tokens contain ids in lower case, the form in which they are compared. */
static sc_status set_principal(struct sc_signind_sign_in *sign_in, const char *tenant, const char *oid,
			       const char *upn, const char *name, struct sc_error *err)
{
	struct sc_signind_principal *principal = &sign_in->principal;

	SC_ENSURE(sc_guid_read(oid, principal->oid), err, SC_ERR_INTEGRITY, "object id %s: not a GUID", oid);
	SC_ENSURE(sc_guid_read(tenant, principal->tenant), err, SC_ERR_INTEGRITY, "tenant %s: not a GUID",
		  tenant);
	SC_TRY(copy(principal->upn, sizeof principal->upn, upn, "user principal name", err));
	return copy(principal->name, sizeof principal->name, name, "display name", err);
}

/* Judges the password by the account's hash or, if the account is unknown, by service->nobody. */
static sc_status judge_password(struct sc_signind_sign_in *sign_in, enum found found, const char *encoded,
				bool *matches, struct sc_error *err)
{
	SC_TRY(sc_web_password_check(found == FOUND ? encoded : sign_in->service->nobody,
				     sc_view_text(sign_in->secret), matches, err));
	*matches = *matches && found == FOUND;
	sign_in->is_being_judged = false;
	sc_signind_throttle_end(sign_in->service->throttle, &sign_in->attempt,
				*matches ? SC_SIGNIND_THROTTLE_RIGHT : SC_SIGNIND_THROTTLE_WRONG);
	return SC_OK;
}

/* Waits until the password may be judged. *wait > 0: it may not, for so many seconds. */
static sc_status begin_attempt(struct sc_signind_sign_in *sign_in, unsigned *wait, struct sc_error *err)
{
	SC_TRY(sc_signind_throttle_begin(sign_in->service->throttle, &sign_in->attempt,
					 sc_signind_sign_in_is_awaited, sign_in, wait, err));
	sign_in->is_being_judged = *wait == 0;
	return SC_OK;
}

/* An application with a secret is not a public client: nobody may act as it without the secret. */
static sc_status is_confidential(struct sc_signind_sign_in *sign_in, bool *is, struct sc_error *err)
{
	SC_CLEANUP(sc_store_application_row) row = { 0 };
	enum found found;

	SC_TRY(found_of(sc_store_application_find(sign_in->service->store, NULL, sign_in->client, &row, err),
			&found));
	*is = found == FOUND;
	return SC_OK;
}

/*
 * If the account exists, the principal is set even for a wrong password, so that the log names the account. A
 * principal that cannot be served is an error only for a client that knows the password.
 */
static sc_status decide(bool matches, enum sc_signind_refusal no, enum sc_signind_refusal *refusal,
			sc_status principal)
{
	*refusal = matches ? SC_SIGNIND_REFUSAL_NONE : no;
	return matches ? principal : SC_OK;
}

static sc_status check_password(struct sc_signind_sign_in *sign_in, enum sc_signind_refusal *refusal,
				struct sc_error *err)
{
	SC_CLEANUP(sc_store_user_row) row = { 0 };
	enum found found;
	bool matches = false;

	SC_TRY(found_of(sc_store_user_find_by_upn(sign_in->service->store, sc_signind_sign_in_tenant(sign_in),
						  sign_in->account, &row, err),
			&found));
	SC_TRY(judge_password(sign_in, found, row.password, &matches, err));
	return decide(matches, SC_SIGNIND_REFUSAL_PASSWORD, refusal,
		      found == FOUND ? set_principal(sign_in, row.tenant, row.oid, row.upn, row.name, err)
				     : SC_OK);
}

static sc_status check_application(struct sc_signind_sign_in *sign_in, enum sc_signind_refusal *refusal,
				   struct sc_error *err)
{
	SC_CLEANUP(sc_store_application_row) row = { 0 };
	struct sc_hash hash;
	enum found found;
	bool matches;

	SC_TRY(found_of(sc_store_application_find(sign_in->service->store, sc_signind_sign_in_tenant(sign_in),
						  sign_in->client, &row, err),
			&found));
	SC_TRY(sc_web_client_secret_hash(sc_view_text(sign_in->secret), &hash, err));
	matches = sc_hash_equals(&hash, &row.secret) && found == FOUND;
	return decide(matches, SC_SIGNIND_REFUSAL_SECRET, refusal,
		      found == FOUND ? set_principal(sign_in, row.tenant, row.oid, "", row.name, err)
				     : SC_OK);
}

/*
 * A token presented long after it was exchanged has two holders. One of them stole it, and there is no way to
 * tell which. Revoking every token of that sign-in shuts out the thief; the owner signs in again (RFC 9700
 * section 4.14.2).
 */
static sc_status revoke_all(struct sc_signind_sign_in *sign_in, enum sc_signind_refusal *refusal,
			    struct sc_error *err)
{
	*refusal = SC_SIGNIND_REFUSAL_REFRESH_TOKEN_REUSED;
	return sc_store_refresh_revoke(sign_in->service->store, &sign_in->family, err);
}

/* Finds the token's user; the token must be this client's, and its user must still exist. */
static sc_status check_refresh(struct sc_signind_sign_in *sign_in, enum sc_signind_refusal *refusal,
			       struct sc_error *err)
{
	SC_CLEANUP(sc_store_refresh_row) row = { 0 };
	SC_CLEANUP(sc_store_user_row) user = { 0 };
	int64_t now = sc_clock_now();
	enum found found;

	*refusal = SC_SIGNIND_REFUSAL_REFRESH_TOKEN;
	if (sc_signind_refresh_read(sign_in->secret, &sign_in->spent, err) != SC_OK)
		return SC_OK;
	SC_TRY(found_of(sc_store_refresh_find(sign_in->service->store, sc_signind_sign_in_tenant(sign_in),
					      &sign_in->spent, now, &row, err),
			&found));
	if (found != FOUND)
		return SC_OK;
	sign_in->family = row.family;
	SC_TRY(
	    found_of(sc_store_user_find(sign_in->service->store, row.tenant, row.oid, &user, err), &found));
	if (found != FOUND)
		return SC_OK;
	SC_TRY(set_principal(sign_in, user.tenant, user.oid, user.upn, user.name, err));
	if (row.until != 0 && row.until <= now)
		return revoke_all(sign_in, refusal, err);
	/* RFC 6749 section 6: a refresh token is bound to the client to which it was issued. */
	if (strcmp(row.client, sign_in->client) == 0)
		*refusal = SC_SIGNIND_REFUSAL_NONE;
	return SC_OK;
}

static sc_status check(struct sc_signind_sign_in *sign_in, enum sc_signind_refusal *refusal,
		       struct sc_error *err)
{
	bool is = false;

	if (sign_in->grant == SC_SIGNIND_GRANT_CLIENT_CREDENTIALS)
		return check_application(sign_in, refusal, err);
	SC_TRY(is_confidential(sign_in, &is, err));
	if (is) {
		*refusal = SC_SIGNIND_REFUSAL_CLIENT_CONFIDENTIAL;
		return SC_OK;
	}
	if (sign_in->grant == SC_SIGNIND_GRANT_PASSWORD)
		return check_password(sign_in, refusal, err);
	return check_refresh(sign_in, refusal, err);
}

static void check_job(void *context)
{
	struct sc_signind_sign_in *sign_in = context;
	enum sc_signind_refusal refusal = SC_SIGNIND_REFUSAL_NONE;
	struct sc_error err = { 0 };
	bool is_served = true;
	unsigned wait = 0;

	if (sign_in->tenant[0] &&
	    sc_signind_tenant_exists(sign_in->service, sign_in->tenant, &is_served, &err) != SC_OK)
		sc_signind_sign_in_fail(sign_in, &err);
	else if (!is_served)
		sc_signind_sign_in_refuse(sign_in, SC_SIGNIND_REFUSAL_TENANT_UNKNOWN, "");
	else if (sign_in->grant == SC_SIGNIND_GRANT_PASSWORD && begin_attempt(sign_in, &wait, &err) != SC_OK)
		sc_signind_sign_in_give_up(sign_in, &err);
	else if (wait > 0)
		sc_signind_sign_in_throttle(sign_in, wait);
	else if (check(sign_in, &refusal, &err) != SC_OK)
		sc_signind_sign_in_fail(sign_in, &err);
	else if (refusal != SC_SIGNIND_REFUSAL_NONE)
		sc_signind_sign_in_refuse(sign_in, refusal, "");
	else
		sc_signind_sign_in_issue(sign_in);
}

const struct sc_web_job sc_signind_sign_in_checking = {
	.run = check_job,
	.give_up = sc_signind_sign_in_give_up,
	.is_awaited = sc_signind_sign_in_is_awaited,
};
