/* World files and administrator cards in words: see describe.h. */
#include <inttypes.h>

#include "base/print.h"
#include "formats/card.h"
#include "formats/describe_kinds.h"
#include "formats/suite.h"
#include "formats/world_file.h"

static void print_wrapped(const struct sc_entry_list *list, const char *name,
			  const struct sc_wrapped_key *wrapped)
{
	sc_entry_data(list, name, &wrapped->ciphertext);
	sc_entry_hash(list, " salt", &wrapped->salt);
	sc_entry_short_data(list, " tag", &wrapped->tag);
}

sc_status sc_describe_world_file(struct sc_view der, const struct sc_entry_list *list, bool *is_recognised,
				 struct sc_error *err)
{
	SC_CLEANUP(sc_world_file) file = NULL;
	const struct sc_world_body *body;

	SC_TRY(sc_world_file_decode(der, &file, err));
	*is_recognised = true;
	body = file->body;
	sc_print_to(list->out, "world file\n");
	sc_entry_text(list, "format", &body->format);
	sc_entry_print(list, "suite", "%s", sc_suite_name(body->suite));
	sc_entry_hash(list, "world id", &body->id);
	sc_entry_data(list, "knso", &body->knso);
	sc_entry_hash(list, "hkm", &body->hkm);
	sc_entry_print(list, "module key generation", "%u", body->km_generation);
	sc_entry_hash(list, "card set", &body->set);
	sc_entry_print(list, "card set generation", "%u", body->set_generation);
	sc_entry_print(list, "k-out-of-n", "%u/%u", body->k, body->n);
	sc_entry_print(list, "sequence", "%" PRIu64, body->sequence);
	sc_entry_print(list, "final", "%s", body->is_final ? "yes" : "no: made by racs, not yet committed");
	sc_entry_time(list, "created", body->created);
	print_wrapped(list, "km, wrapped", &body->wrapped_km);
	print_wrapped(list, "knso, wrapped", &body->wrapped_knso);
	sc_entry_data(list, "world statement", &body->statement);
	if (body->region_certificate.data)
		sc_entry_data(list, "region certificate", &body->region_certificate);
	for (int i = 0; i < sk_sc_source_root_num(body->roots); i++)
		sc_entry_data(list, "source root", &sk_sc_source_root_value(body->roots, i)->certificate);
	for (int i = 0; i < sk_sc_revoked_esn_num(body->revoked); i++)
		sc_entry_text(list, "revoked module", &sk_sc_revoked_esn_value(body->revoked, i)->esn);
	for (int i = 0; i < sk_sc_retired_kek_num(body->retired); i++)
		sc_entry_hash(list, "retired KEK", &sk_sc_retired_kek_value(body->retired, i)->key_hash);
	sc_entry_data(list, "signature", &file->signature);
	return SC_OK;
}

sc_status sc_describe_card(struct sc_view der, const struct sc_entry_list *list, bool *is_recognised,
			   struct sc_error *err)
{
	SC_CLEANUP(sc_card) card = NULL;
	const struct sc_card_body *body;

	SC_TRY(sc_card_decode(der, &card, err));
	*is_recognised = true;
	body = card->body;
	sc_print_to(list->out, "administrator card\n");
	sc_entry_text(list, "format", &body->format);
	sc_entry_hash(list, "world id", &body->world);
	sc_entry_hash(list, "card set", &body->set);
	sc_entry_print(list, "card set generation", "%u", body->set_generation);
	sc_entry_print(list, "card", "%u of %u, quorum %u", body->index, body->n, body->k);
	sc_entry_text(list, "custodian", &body->custodian);
	sc_entry_print(list, "argon2id", "%u passes, %u KiB", body->argon2_passes, body->argon2_memory);
	sc_entry_hash(list, "salt", &body->salt);
	sc_entry_data(list, "share, masked", &body->masked_share);
	sc_entry_hash(list, "share tag", &body->share_tag);
	sc_entry_hash(list, "record tag", &card->record_tag);
	return SC_OK;
}
