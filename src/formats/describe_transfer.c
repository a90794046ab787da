/* Transfer packages and region requests in words: see describe.h. */
#include "base/print.h"
#include "formats/describe_kinds.h"
#include "formats/region_request.h"
#include "formats/transfer_package.h"

sc_status sc_describe_transfer_package(struct sc_view der, const struct sc_entry_list *list,
				       bool *is_recognised, struct sc_error *err)
{
	SC_CLEANUP(sc_transfer_package) package = NULL;
	const struct sc_transfer_header *header;

	SC_TRY(sc_transfer_package_decode(der, &package, err));
	*is_recognised = true;
	header = package->header;
	sc_print_to(list->out, "transfer package\n");
	sc_entry_text(list, "format", &header->format);
	sc_entry_print(list, "suite", "%u", header->suite);
	sc_describe_region(list, "region", &header->region);
	sc_entry_hash(list, "world", &header->world);
	sc_entry_hash(list, "key exchange key", &header->kek);
	sc_entry_text(list, "subscription", &header->subscription);
	sc_entry_text(list, "key friendly name", &header->friendly_name);
	sc_entry_print(list, "type", "%s", sc_key_type_name(&header->type));
	sc_entry_hash(list, "key hash", &header->key_hash);
	SC_TRY(sc_describe_acl(list, "arrives with", header->arrival, err));
	sc_entry_short_data(list, "package id", &header->package_id);
	sc_entry_time(list, "created", header->created);
	sc_entry_time(list, "not after", header->not_after);
	sc_entry_hash(list, "source world", &header->source_world);
	sc_entry_text(list, "source module", &header->source_esn);
	sc_entry_data(list, "content key, encrypted", &package->encrypted_key);
	sc_entry_data(list, "content, encrypted", &package->ciphertext);
	sc_entry_short_data(list, "tag", &package->tag);
	return SC_OK;
}

sc_status sc_describe_region_request(struct sc_view der, const struct sc_entry_list *list,
				     bool *is_recognised, struct sc_error *err)
{
	SC_CLEANUP(sc_region_request) request = NULL;

	SC_TRY(sc_region_request_decode(der, &request, err));
	*is_recognised = true;
	sc_print_to(list->out, "region request\n");
	sc_entry_text(list, "format", &request->format);
	sc_describe_region(list, "region", &request->region);
	sc_entry_text(list, "operator", &request->operator_name);
	sc_entry_data(list, "world statement", &request->statement);
	return SC_OK;
}
