/*
 * ENQUIRE and EVIDENCE: what the module is, what protects it, the certificates for both, and whom it trusts.
 */
#include "base/version.h"
#include "hsmd/core/handlers.h"
#include "hsmd/core/knso.h"

sc_status sc_handle_enquire(struct sc_core_request *request, const struct sc_enquire_request *in,
			    struct sc_enquire_response *out, struct sc_error *err)
{
	const struct sc_snapshot *s = request->snapshot;
	struct sc_module *module = request->module;

	(void)in;
	module->host.report(module->host.context, out);
	if (request->session->peer_is_other_user)
		out->protection |= SC_PROTECTION_USERS_APART;
	out->esn = sc_view_text(s->esn.s);
	out->version = sc_view_text(SC_VERSION);
	out->mode = (uint32_t)s->mode;
	out->role = (uint32_t)request->session->policy.role;
	if (s->root)
		SC_TRY(sc_certificate_key_hash(s->root, &out->root, err));
	out->world = s->world;
	out->hkm = s->hkm;
	if (s->knso.len)
		SC_TRY(sc_key_hash(sc_bytes_view(&s->knso), &out->hknso, err));
	out->suite = s->suite;
	out->k = s->k;
	out->n = s->n;
	out->set_generation = s->set_generation;
	out->region = sc_view_text(s->region.s);
	sc_cache_count(module->cache, &out->loaded, &out->cache);
	out->counter = sc_module_counter(module);
	out->time = (uint64_t)request->now;
	return SC_OK;
}

_Static_assert(SC_ROOTS_MAX <= SC_WIRE_LIST_MAX && SC_REVOKED_MAX <= SC_WIRE_LIST_MAX,
	       "EVIDENCE has room for both lists");

static sc_status keep_certificate(struct sc_core_request *request, X509 *certificate, struct sc_view *out,
				  struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) der = { 0 };

	if (!certificate)
		return SC_OK;
	SC_TRY(sc_x509_encode(certificate, &der, err));
	*out = sc_core_request_keep(request, &der);
	return SC_OK;
}

sc_status sc_handle_evidence(struct sc_core_request *request, const struct sc_evidence_request *in,
			     struct sc_evidence_response *out, struct sc_error *err)
{
	const struct sc_snapshot *s = request->snapshot;

	(void)in;
	SC_TRY(keep_certificate(request, s->root, &out->root, err));
	SC_TRY(keep_certificate(request, s->warrant, &out->warrant, err));
	SC_TRY(keep_certificate(request, s->member, &out->member, err));
	SC_TRY(keep_certificate(request, s->region_certificate, &out->region_certificate, err));
	for (int i = 1; i < sk_X509_num(s->roots); i++)
		SC_TRY(keep_certificate(request, sk_X509_value(s->roots, i),
					&out->source_roots.item[out->source_roots.count++], err));
	for (int i = 0; i < sk_sc_revoked_esn_num(s->revoked); i++)
		out->revoked.item[out->revoked.count++] = sc_view_text(s->revoked_names[i]);
	return SC_OK;
}
