/* What the custodians' own module trusts: see module_trust.h. */
#include "byok/module_trust.h"

#include <stdlib.h>

#include "base/clock.h"

static sc_status enquire(struct sc_client *client, struct sc_byok_trust *t, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) reply = { 0 };
	const struct sc_enquire_request request = {};
	struct sc_enquire_response module = { 0 };

	SC_TRY(sc_call_enquire(client, 0, &request, &reply, &module, err));
	SC_ENSURE(module.time <= (uint64_t)(INT64_MAX - SC_YEAR), err, SC_ERR_PROTOCOL,
		  "%s: the module's clock is out of range", sc_client_path(client));
	t->mode = (enum sc_mode)module.mode;
	t->root = module.root;
	t->trust.now = (int64_t)module.time;
	return sc_text_set_view(&t->esn, module.esn, "the module's serial number", err);
}

static sc_status add_root(struct sc_byok_trust *t, struct sc_view der, struct sc_error *err)
{
	SC_CLEANUP(sc_x509) root = NULL;
	enum sc_certificate_kind kind;

	SC_TRY(sc_x509_decode(der, &root, err));
	SC_TRY(sc_certificate_kind_of(root, &kind, err));
	SC_ENSURE(kind == SC_CERTIFICATE_ROOT, err, SC_ERR_EVIDENCE_USAGE,
		  "a %s where a root certificate belongs", sc_certificate_kind_name(kind));
	t->roots[t->trust.root_count++] = sc_steal(root);
	return SC_OK;
}

static sc_status add_revoked(struct sc_byok_trust *t, struct sc_view esn, struct sc_error *err)
{
	size_t i = t->trust.revoked_count;

	SC_TRY(sc_text_set_view(&t->revoked_esn[i], esn, "a revoked module's serial number", err));
	t->revoked[i] = t->revoked_esn[i].s;
	t->trust.revoked_count++;
	return SC_OK;
}

static sc_status read_evidence(struct sc_client *client, struct sc_byok_trust *t, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) reply = { 0 };
	const struct sc_evidence_request request = {};
	struct sc_evidence_response evidence = { 0 };

	SC_TRY(sc_call_evidence(client, 0, &request, &reply, &evidence, err));
	SC_ENSURE(evidence.root.len, err, SC_ERR_NO_WARRANT,
		  "the module has no warrant, so it trusts no root: see `factory warrant`");
	SC_TRY(add_root(t, evidence.root, err));
	for (uint32_t i = 0; i < evidence.source_roots.count; i++)
		SC_TRY(add_root(t, evidence.source_roots.item[i], err));
	for (uint32_t i = 0; i < evidence.revoked.count; i++)
		SC_TRY(add_revoked(t, evidence.revoked.item[i], err));
	return SC_OK;
}

sc_status sc_byok_trust_read(struct sc_client *client, struct sc_byok_trust **out, struct sc_error *err)
{
	SC_CLEANUP(sc_byok_trust) t = calloc(1, sizeof *t);
	struct sc_hash carried = { 0 };

	SC_TRY(sc_check_allocated(t, err));
	SC_TRY(enquire(client, t, err));
	SC_TRY(read_evidence(client, t, err));
	SC_TRY(sc_certificate_key_hash(t->roots[0], &carried, err));
	SC_ENSURE(sc_hash_equals(&carried, &t->root), err, SC_ERR_EVIDENCE_ROOT,
		  "%s: the module's root certificate is not that of the root it has pinned",
		  sc_client_path(client));
	t->trust.roots = t->roots;
	t->trust.revoked = t->revoked;
	*out = sc_steal(t);
	return SC_OK;
}

void sc_byok_trust_free(struct sc_byok_trust *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->trust.root_count; i++)
		X509_free(t->roots[i]);
	free(t);
}
