/* The roots of the custodians' own module: see module_trust.h. */
#include "byok/module_trust.h"

#include <stdlib.h>

static sc_status add_root(struct sc_module_trust *t, struct sc_view der, struct sc_error *err)
{
	SC_TRY(sc_certificate_decode(der, &t->roots[t->trust.root_count], err));
	t->trust.root_count++;
	return SC_OK;
}

static sc_status read_roots(struct sc_client *client, struct sc_module_trust *t, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_evidence_request request = {};
	struct sc_evidence_response evidence = { 0 };

	SC_TRY(sc_module_evidence(client, 0, &request, &reply, &evidence, err));
	SC_ENSURE(evidence.root.len, err, SC_ERR_NO_WARRANT,
		  "the module has no warrant, so it trusts no root: see `factory warrant`");
	SC_TRY(add_root(t, evidence.root, err));
	for (uint32_t i = 0; i < evidence.source_roots.count; i++)
		SC_TRY(add_root(t, evidence.source_roots.item[i], err));
	return sc_certificate_key_hash(t->roots[0], &t->root, err);
}

static sc_status read_revoked(const struct sc_kmdata *kmdata, const struct sc_hash *world,
			      struct sc_module_trust *t, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	int count;

	SC_TRY(sc_kmdata_world_read(kmdata, &der, err));
	SC_TRY(sc_world_file_decode(sc_bytes_view(&der), &t->world, err));
	SC_ENSURE(sc_hash_equals(&t->world->body->id, world), err, SC_ERR_EVIDENCE_WORLD,
		  "%s/world is not the module's security world", kmdata->local.path);
	count = sk_sc_revoked_esn_num(t->world->body->revoked);
	if (count <= 0)
		return SC_OK;
	t->revoked = calloc((size_t)count, sizeof *t->revoked);
	SC_ENSURE(t->revoked, err, SC_ERR_MEMORY, "out of memory");
	for (int i = 0; i < count; i++)
		t->revoked[i] = sk_sc_revoked_esn_value(t->world->body->revoked, i)->esn.s;
	t->trust.revoked_count = (size_t)count;
	return SC_OK;
}

sc_status sc_module_trust_read(struct sc_client *client, const struct sc_kmdata *kmdata,
			       struct sc_module_trust **out, struct sc_error *err)
{
	SC_CLEANUP(sc_module_trust) t = calloc(1, sizeof *t);
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_enquire_request request = {};
	struct sc_enquire_response module = { 0 };

	SC_ENSURE(t, err, SC_ERR_MEMORY, "out of memory");
	SC_TRY(sc_module_enquire(client, 0, &request, &reply, &module, err));
	SC_TRY(read_roots(client, t, err));
	if (!sc_hash_is_zero(&module.world))
		SC_TRY(read_revoked(kmdata, &module.world, t, err));
	t->trust.roots = t->roots;
	t->trust.revoked = t->revoked;
	t->trust.now = (int64_t)module.time;
	*out = sc_steal(t);
	return SC_OK;
}

void sc_module_trust_free(struct sc_module_trust *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->trust.root_count; i++)
		X509_free(t->roots[i]);
	sc_world_file_free(t->world);
	free(t->revoked);
	free(t);
}
