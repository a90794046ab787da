/*
 * POST …/token: reads the request of a v1 client (`resource`) or a v2.0 client (`scope`). Runs on an HTTP
 * thread: refuses what is malformed or throttled, and leaves the rest to a worker.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "signind/sign_in.h"

static const struct {
	const char *name;
	enum sc_signind_grant grant;
	const char *account; /* names of the form parameters */
	const char *secret;
	enum sc_web_lane lane; /* a password hash is slow */
} grants[] = {
	{ "password", SC_SIGNIND_GRANT_PASSWORD, "username", "password", SC_WEB_SLOW },
	{ "refresh_token", SC_SIGNIND_GRANT_REFRESH_TOKEN, NULL, "refresh_token", SC_WEB_QUICK },
	{ "client_credentials", SC_SIGNIND_GRANT_CLIENT_CREDENTIALS, "client_id", "client_secret",
	  SC_WEB_QUICK },
};
#define GRANTS (sizeof grants / sizeof grants[0])

/* Why a request is refused before we know who is asking; `detail` says more, or is "". */
struct fault {
	enum sc_signind_refusal refusal;
	const char *detail;
};

static bool fails(struct fault *fault, enum sc_signind_refusal refusal, const char *detail)
{
	*fault = (struct fault){ refusal, detail };
	return false;
}

static const char *form(const struct sc_signind_sign_in *sign_in, const char *name)
{
	const char *value = sc_web_form(sign_in->request, name);

	return value && value[0] ? value : NULL;
}

static bool read_grant(struct sc_signind_sign_in *sign_in, size_t *row, struct fault *fault)
{
	const char *name = form(sign_in, "grant_type");

	if (!name)
		return fails(fault, SC_SIGNIND_REFUSAL_PARAMETER_MISSING, "grant_type");
	for (*row = 0; *row < GRANTS && strcmp(name, grants[*row].name) != 0;)
		(*row)++;
	if (*row == GRANTS)
		return fails(fault, SC_SIGNIND_REFUSAL_GRANT_UNSUPPORTED, "");
	sign_in->grant = grants[*row].grant;
	return true;
}

static bool read_credentials(struct sc_signind_sign_in *sign_in, size_t row, struct fault *fault)
{
	const char *client = form(sign_in, "client_id");

	if (!client)
		return fails(fault, SC_SIGNIND_REFUSAL_PARAMETER_MISSING, "client_id");
	if (!sc_guid_read(client, sign_in->client))
		return fails(fault, SC_SIGNIND_REFUSAL_CLIENT_ID_MALFORMED, "");
	if (grants[row].account && !(sign_in->account = form(sign_in, grants[row].account)))
		return fails(fault, SC_SIGNIND_REFUSAL_PARAMETER_MISSING, grants[row].account);
	sign_in->secret = form(sign_in, grants[row].secret);
	if (sign_in->secret)
		return true;
	/* Old clients routinely send an empty one and expect invalid_grant. */
	if (sign_in->grant == SC_SIGNIND_GRANT_REFRESH_TOKEN &&
	    sc_web_form(sign_in->request, "refresh_token"))
		return fails(fault, SC_SIGNIND_REFUSAL_REFRESH_TOKEN_EMPTY, "");
	return fails(fault, SC_SIGNIND_REFUSAL_PARAMETER_MISSING, grants[row].secret);
}

/* If a client sends both, `resource` applies, except on the v2.0 path, which ignores it. */
static bool read_audience(struct sc_signind_sign_in *sign_in, bool takes_resource, struct fault *fault)
{
	const struct sc_signind_urls *urls = &sign_in->service->urls;
	const char *resource = takes_resource ? form(sign_in, "resource") : NULL;

	sign_in->scope = form(sign_in, "scope");
	sign_in->is_v1 = resource != NULL;
	if (!resource && !sign_in->scope)
		return fails(fault, SC_SIGNIND_REFUSAL_PARAMETER_MISSING,
			     takes_resource ? "resource" : "scope");
	if (resource ? !sc_signind_urls_resource(urls, resource, sign_in->audience)
		     : !sc_signind_urls_scope(urls, sign_in->scope, sign_in->audience))
		return fails(fault, SC_SIGNIND_REFUSAL_RESOURCE_UNKNOWN, "");
	return true;
}

static bool read_request(struct sc_signind_sign_in *sign_in, bool takes_resource, size_t *row,
			 struct fault *fault)
{
	const char *authority = sc_web_parameter(sign_in->request, "tenant");

	if (!read_grant(sign_in, row, fault))
		return false;
	if (!sc_signind_tenant_read(authority, sign_in->tenant))
		return fails(fault, SC_SIGNIND_REFUSAL_TENANT_UNKNOWN, "");
	return read_credentials(sign_in, *row, fault) && read_audience(sign_in, takes_resource, fault);
}

/*
 * False if the client has to wait after wrong passwords; then the request has been answered. Client secrets
 * and refresh tokens are at least 256 random bits of our own: there is nothing to guess, and nobody to hold
 * out.
 */
static bool may_try(struct sc_signind_sign_in *sign_in)
{
	struct sc_error err = { 0 };
	unsigned wait;

	if (sign_in->grant != SC_SIGNIND_GRANT_PASSWORD)
		return true;
	if (sc_signind_throttle_name(sign_in->service->throttle, sign_in->account,
				     sc_web_peer(sign_in->request), &sign_in->attempt, &err) != SC_OK) {
		sc_signind_sign_in_fail(sign_in, &err);
		return false;
	}
	wait = sc_signind_throttle_wait(sign_in->service->throttle, &sign_in->attempt);
	if (wait > 0)
		sc_signind_sign_in_throttle(sign_in, wait);
	return wait == 0;
}

static void token(struct sc_web_request *request, void *context, bool takes_resource)
{
	struct sc_signind_sign_in *sign_in = calloc(1, sizeof *sign_in);
	struct sc_error err = { 0 };
	struct fault fault;
	size_t row;

	if (!sign_in) {
		sc_signind_oauth_refuse(request, SC_SIGNIND_REFUSAL_UNAVAILABLE, "");
		return;
	}
	sign_in->service = context;
	sign_in->request = request;
	if (!read_request(sign_in, takes_resource, &row, &fault)) {
		sc_signind_sign_in_refuse(sign_in, fault.refusal, fault.detail);
		return;
	}
	if (!may_try(sign_in))
		return;
	if (sc_web_run(request, grants[row].lane, NULL, &sc_signind_sign_in_checking, sign_in, &err) != SC_OK)
		sc_signind_sign_in_fail(sign_in, &err);
}

void sc_signind_token_v1(struct sc_web_request *request, void *context)
{
	token(request, context, true);
}

void sc_signind_token_v2(struct sc_web_request *request, void *context)
{
	token(request, context, false);
}
