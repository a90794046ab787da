/* Key files and key blobs in words: see describe.h. */
#include <inttypes.h>

#include "base/print.h"
#include "formats/describe_kinds.h"
#include "formats/key_blob.h"
#include "formats/key_file.h"
#include "formats/suite.h"

static sc_status print_key_blob(const struct sc_entry_list *list, const struct sc_key_blob *blob,
				struct sc_error *err)
{
	const struct sc_key_blob_header *header = blob->header;

	sc_entry_text(list, "format", &header->format);
	sc_entry_print(list, "suite", "%s", sc_suite_name(header->suite));
	sc_entry_hash(list, "world", &header->world);
	sc_entry_print(list, "module key generation", "%u", header->km_generation);
	sc_entry_hash(list, "salt", &header->salt);
	sc_entry_text(list, "application", &header->application);
	sc_entry_print(list, "type", "%s", sc_key_type_name(&header->type));
	sc_entry_data(list, "public key", &header->spki);
	sc_entry_hash(list, "key hash", &header->key_hash);
	sc_entry_print(list, "origin", "%s", sc_origin_name(header->origin));
	sc_entry_optional_hash(list, "transfer package", &header->package);
	sc_entry_time(list, "created", header->created);
	sc_entry_print(list, "state counter", "%" PRIu64, header->state_counter);
	sc_describe_owner(list, &header->owner);
	SC_TRY(sc_describe_acl(list, "acl", header->acl, err));
	sc_entry_data(list, "key material, sealed", &blob->ciphertext);
	sc_entry_short_data(list, "tag", &blob->tag);
	sc_entry_hash(list, "commitment", &blob->commitment);
	return SC_OK;
}

sc_status sc_describe_key_blob(struct sc_view der, const struct sc_entry_list *list, bool *is_recognised,
			       struct sc_error *err)
{
	SC_CLEANUP(sc_key_blob) blob = NULL;

	SC_TRY(sc_key_blob_decode(der, &blob, err));
	*is_recognised = true;
	sc_print_to(list->out, "key blob\n");
	return print_key_blob(list, blob, err);
}

sc_status sc_describe_key_file(struct sc_view der, const struct sc_entry_list *list, bool *is_recognised,
			       struct sc_error *err)
{
	SC_CLEANUP(sc_key_file) file = NULL;
	SC_CLEANUP(sc_key_blob) blob = NULL;
	sc_status status;

	SC_TRY(sc_key_file_decode(der, &file, err));
	*is_recognised = true;
	sc_print_to(list->out, "key file\n");
	sc_entry_text(list, "format", &file->format);
	sc_entry_text(list, "application", &file->application);
	sc_entry_text(list, "ident", &file->ident);
	sc_entry_text(list, "name", &file->name);
	sc_entry_time(list, "created", file->created);
	sc_entry_data(list, "public key", &file->spki);
	sc_entry_data(list, "blob", &file->blob);
	status = sc_key_blob_decode(sc_bytes_view(&file->blob), &blob, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "its blob");
	sc_print_to(list->out, "\nits blob\n");
	return print_key_blob(list, blob, err);
}
