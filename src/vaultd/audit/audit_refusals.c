/* Counts refusals by address: see audit_refusals.h. */
#include "vaultd/audit/audit_refusals.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* The last place of the table. */
static struct sc_audit_refused *others(struct sc_audit_refusals *refusals)
{
	return &refusals->at[SC_AUDIT_ADDRESSES_MAX];
}

/* Anyone who has one IPv6 address has all of its /64. */
static void name_of(const char *address, char out[INET6_ADDRSTRLEN + 4])
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET6, address, &v6) == 1) {
		memset(&v6.s6_addr[8], 0, 8);
		inet_ntop(AF_INET6, &v6, out, INET6_ADDRSTRLEN);
		strcat(out, "/64");
	} else if (inet_pton(AF_INET, address, &v4) == 1) {
		inet_ntop(AF_INET, &v4, out, INET6_ADDRSTRLEN);
	} else {
		strcpy(out, "?");
	}
}

static struct sc_audit_refused *place_of(struct sc_audit_refusals *refusals, const char *name)
{
	for (size_t i = 0; i < refusals->count; i++)
		if (strcmp(refusals->at[i].address, name) == 0)
			return &refusals->at[i];
	if (refusals->count == SC_AUDIT_ADDRESSES_MAX) {
		strcpy(others(refusals)->address, "others");
		return others(refusals);
	}
	strcpy(refusals->at[refusals->count].address, name);
	return &refusals->at[refusals->count++];
}

void sc_audit_refusals_add(struct sc_audit_refusals *refusals, const char *address, const char *request,
			   const char *reason)
{
	char name[INET6_ADDRSTRLEN + 4];
	struct sc_audit_refused *refused;

	name_of(address, name);
	refused = place_of(refusals, name);
	sc_clock_stamp(sc_clock_now(), refused->until);
	if (refused->count == 0) {
		refused->begin = sc_clock_monotonic();
		strcpy(refused->since, refused->until);
	}
	/* Why a token was refused says more than that one was missing. */
	if (refused->count == 0 || (reason && refused->count == refused->without_token)) {
		snprintf(refused->request, sizeof refused->request, "%s", request);
		snprintf(refused->reason, sizeof refused->reason, "%s", reason ? reason : "it has no token");
	}
	refused->count++;
	refused->without_token += !reason;
}

int64_t sc_audit_refusals_due(const struct sc_audit_refusals *refusals)
{
	int64_t begin = INT64_MAX;

	for (size_t i = 0; i <= SC_AUDIT_ADDRESSES_MAX; i++)
		if (refusals->at[i].count > 0 && refusals->at[i].begin < begin)
			begin = refusals->at[i].begin;
	return begin == INT64_MAX ? begin : begin + SC_AUDIT_MINUTE;
}

void sc_audit_refusals_take(struct sc_audit_refusals *refusals, int64_t now, bool all,
			    struct sc_audit_refusals *out)
{
	struct sc_audit_refused *rest = others(refusals);
	size_t kept = 0;

	out->count = 0;
	*others(out) = (struct sc_audit_refused){ 0 };
	for (size_t i = 0; i < refusals->count; i++) {
		const struct sc_audit_refused *refused = &refusals->at[i];

		if (all || now - refused->begin >= SC_AUDIT_MINUTE)
			out->at[out->count++] = *refused;
		else
			refusals->at[kept++] = *refused;
	}
	for (size_t i = kept; i < refusals->count; i++)
		refusals->at[i] = (struct sc_audit_refused){ 0 };
	refusals->count = kept;
	if (rest->count > 0 && (all || now - rest->begin >= SC_AUDIT_MINUTE)) {
		*others(out) = *rest;
		*rest = (struct sc_audit_refused){ 0 };
	}
}

struct sc_audit_event sc_audit_refusals_event(const struct sc_audit_refused *refused)
{
	return (struct sc_audit_event){
		.kind = SC_AUDIT_REFUSALS,
		.address = refused->address,
		.count = refused->count,
		.without_token = refused->without_token,
		.since = refused->since,
		.until = refused->until,
		.request = refused->request,
		.reason = refused->reason,
	};
}
