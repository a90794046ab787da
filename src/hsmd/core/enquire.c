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
	struct sc_module_memory memory = module->host.memory(module->host.context);
	struct sc_enquire_response answer = { 0 };

	(void)in;
	module->host.report(module->host.context, &answer);
	if (request->session->peer_is_other_user)
		answer.protection |= SC_PROTECTION_USERS_APART;
	answer.arena_size = memory.size;
	answer.arena_used = memory.used;
	answer.esn = sc_view_text(s->esn.s);
	answer.version = sc_view_text(SC_VERSION);
	answer.mode = (uint32_t)s->mode;
	answer.role = (uint32_t)request->session->policy.role;
	if (s->root)
		SC_TRY(sc_certificate_key_hash(s->root, &answer.root, err));
	answer.world = s->world;
	answer.hkm = s->hkm;
	if (s->knso.len)
		SC_TRY(sc_key_hash(sc_bytes_view(&s->knso), &answer.hknso, err));
	answer.suite = s->suite;
	answer.k = s->k;
	answer.n = s->n;
	answer.set_generation = s->set_generation;
	answer.region = sc_view_text(s->region.s);
	sc_cache_count(module->cache, &answer.loaded, &answer.cache);
	answer.counter = sc_core_state_counter(module->state);
	answer.time = (uint64_t)request->now;
	*out = answer;
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
	struct sc_evidence_response answer = { 0 };

	(void)in;
	SC_TRY(keep_certificate(request, s->root, &answer.root, err));
	SC_TRY(keep_certificate(request, s->warrant, &answer.warrant, err));
	SC_TRY(keep_certificate(request, s->member, &answer.member, err));
	SC_TRY(keep_certificate(request, s->region_certificate, &answer.region_certificate, err));
	for (int i = 1; i < sk_X509_num(s->roots); i++)
		SC_TRY(keep_certificate(request, sk_X509_value(s->roots, i),
					&answer.source_roots.item[answer.source_roots.count++], err));
	for (int i = 0; i < sk_sc_revoked_esn_num(s->revoked); i++)
		answer.revoked.item[answer.revoked.count++] = sc_view_text(s->revoked_names[i]);
	*out = answer;
	return SC_OK;
}
