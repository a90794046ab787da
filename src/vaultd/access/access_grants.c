/* Compiled grants: see access_grants.h. One allocation holds the sorted table and the texts behind it. */
#include "vaultd/access/access_grants.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct sc_access_grants {
	uint32_t everyone;
	size_t size; /* bytes, the texts included */
	size_t count;
	struct sc_access_grant grant[]; /* sorted; the texts follow */
};

static int compare(const void *a, const void *b)
{
	const struct sc_access_principal *one = &((const struct sc_access_grant *)a)->principal;
	const struct sc_access_principal *other = &((const struct sc_access_grant *)b)->principal;
	int order = strcasecmp(one->oid, other->oid);

	if (order == 0)
		order = strcmp(one->issuer, other->issuer);
	return order ? order : strcasecmp(one->tenant, other->tenant);
}

static size_t text_size(const struct sc_access_principal *principal)
{
	return strlen(principal->issuer) + strlen(principal->oid) + strlen(principal->tenant) + 3;
}

static const char *keep(const char *text, char **end)
{
	char *kept = *end;

	*end = stpcpy(kept, text) + 1;
	return kept;
}

/* Gives each principal one row with the permissions of all its entries. */
static void merge(struct sc_access_grants *grants)
{
	size_t kept = 0;

	for (size_t i = 0; i < grants->count; i++) {
		if (kept > 0 && compare(&grants->grant[kept - 1], &grants->grant[i]) == 0)
			grants->grant[kept - 1].permissions |= grants->grant[i].permissions;
		else
			grants->grant[kept++] = grants->grant[i];
	}
	grants->count = kept;
}

sc_status sc_access_grants_new(const struct sc_access_grant *list, size_t count, uint32_t everyone,
			       struct sc_access_grants **out, struct sc_error *err)
{
	size_t size = sizeof(struct sc_access_grants) + count * sizeof list[0];
	struct sc_access_grants *grants;
	char *end;

	for (size_t i = 0; i < count; i++)
		size += text_size(&list[i].principal);
	grants = malloc(size);
	SC_TRY(sc_check_allocated(grants, err));
	*grants = (struct sc_access_grants){ .everyone = everyone, .size = size, .count = count };
	end = (char *)&grants->grant[count];
	for (size_t i = 0; i < count; i++) {
		const struct sc_access_principal *given = &list[i].principal;

		grants->grant[i].permissions = list[i].permissions;
		grants->grant[i].principal.issuer = keep(given->issuer, &end);
		grants->grant[i].principal.oid = keep(given->oid, &end);
		grants->grant[i].principal.tenant = keep(given->tenant, &end);
	}
	qsort(grants->grant, count, sizeof grants->grant[0], compare);
	merge(grants);
	*out = grants;
	return SC_OK;
}

static uint32_t permissions_in(const json_t *policy)
{
	const json_t *keys = json_object_get(json_object_get(policy, "permissions"), "keys");
	uint32_t permissions = 0;
	const json_t *word;
	size_t i;

	json_array_foreach(keys, i, word) {
		permissions |= sc_access_permissions_of(json_string_value(word));
	}
	return permissions;
}

sc_status sc_access_grants_compile(const json_t *policies, struct sc_access_grants **out,
				   struct sc_error *err)
{
	struct sc_access_grant *list = calloc(json_array_size(policies) + 1, sizeof *list);
	const json_t *policy;
	size_t count = 0;
	sc_status status;
	size_t i;

	SC_TRY(sc_check_allocated(list, err));
	json_array_foreach(policies, i, policy) {
		struct sc_access_grant *grant = &list[count];

		grant->principal.issuer = json_string_value(json_object_get(policy, "issuer"));
		grant->principal.oid = json_string_value(json_object_get(policy, "objectId"));
		grant->principal.tenant = json_string_value(json_object_get(policy, "tenantId"));
		grant->permissions = permissions_in(policy);
		if (grant->principal.issuer && grant->principal.oid && grant->principal.tenant)
			count++;
	}
	status = sc_access_grants_new(list, count, 0, out, err);
	free(list);
	return status;
}

void sc_access_grants_free(struct sc_access_grants *grants)
{
	free(grants);
}

uint32_t sc_access_grants_of(const struct sc_access_grants *grants,
			     const struct sc_access_principal *principal)
{
	const struct sc_access_grant wanted = { .principal = *principal };
	const struct sc_access_grant *found;

	if (!grants)
		return 0;
	found = bsearch(&wanted, grants->grant, grants->count, sizeof wanted, compare);
	return grants->everyone | (found ? found->permissions : 0);
}

size_t sc_access_grants_size(const struct sc_access_grants *grants)
{
	return grants ? grants->size : 0;
}
