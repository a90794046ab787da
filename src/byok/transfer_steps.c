/*
 * KeyTransferRemote's two commands to the module: see transfer_steps.h. This side chooses files and carries
 * bytes. It holds no key: it loads sealed blobs, and it receives a blob or an encrypted package. The module's
 * answers are parsed as strictly as anything else from outside (rule P1).
 */
#include "byok/transfer_steps.h"

#include <stdio.h>

#include "formats/key_blob.h"
#include "formats/transfer_package.h"

/* How often to load a key again if other clients' keys keep pushing it out of the module's cache. */
#define LOADS 3

static sc_status load(const struct sc_kmdata *kmdata, struct sc_client *client, const char *application,
		      const char *ident, struct sc_key_file **file, struct sc_client_key *key,
		      struct sc_error *err)
{
	struct sc_view no_owner = { NULL, 0 };

	SC_TRY(sc_kmdata_key_read(kmdata, application, ident, file, err));
	return sc_client_key_load(client, sc_bytes_view(&(*file)->blob), no_owner, key, err);
}

/* -- step 4.1 ---------------------------------------------------------------------------------- */

static sc_status refuse_existing_copy(const struct sc_kmdata *kmdata, const char *ident, struct sc_error *err)
{
	char name[SC_KEY_FILE_NAME_SIZE];

	SC_TRY(sc_kmdata_key_file_name("xferacld", ident, name, err));
	SC_ENSURE(!sc_file_exists(&kmdata->local, name), err, SC_ERR_EXISTS,
		  "%s/%s: already exists and is not overwritten: move it away to make another copy",
		  kmdata->local.path, name);
	return SC_OK;
}

static sc_status load_original(const struct sc_kmdata *kmdata, struct sc_client *client, const char *ident,
			       struct sc_key_file **file, struct sc_client_key *key, struct sc_error *err)
{
	sc_status status = load(kmdata, client, "simple", ident, file, key, err);

	if (status == SC_ERR_NOT_FOUND)
		return sc_fail(err, status,
			       "%s/key_simple_%s: does not exist: make it with generatekey (step 3.3)",
			       kmdata->local.path, ident);
	return status;
}

/*
 * The custodians consent to the very bytes that are then sent. NOT_LOADED does not use up the quorum, so the
 * request is repeated under the same one.
 */
static sc_status replace_acl(const struct sc_ceremony *ceremony, struct sc_client *client,
			     const struct sc_client_key *key, const struct sc_acl_replace_request *request,
			     struct sc_bytes *reply, struct sc_acl_replace_response *response,
			     struct sc_error *err)
{
	struct sc_client_key_request call = { .command = SC_COMMAND_ACL_REPLACE, .loads = LOADS };
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	sc_acl_replace_request_write(&body, request);
	SC_ENSURE(!body.failed, err, SC_ERR_TOO_LARGE, "a field is longer than the module accepts");
	call.body = sc_writer_view(&body);
	SC_TRY(sc_ceremony_quorum(ceremony, client, call.command, call.body, &call.authority, err));
	SC_TRY(sc_client_key_call(client, key, &call, reply, err));
	SC_ENSURE(sc_acl_replace_response_read(sc_bytes_view(reply), response) == SC_OK, err, SC_ERR_PROTOCOL,
		  "%s: the module's answer is malformed", sc_client_path(client));
	return SC_OK;
}

static sc_status store_copy(const struct sc_kmdata *kmdata, const struct sc_byok_transfer_request *transfer,
			    const struct sc_key_file *original, struct sc_view blob,
			    struct sc_byok_reduced_copy *out, struct sc_error *err)
{
	SC_CLEANUP(sc_key_blob) copy = NULL;
	struct sc_byok_reduced_copy stored = { 0 };

	SC_TRY(sc_key_blob_decode(blob, &copy, err));
	SC_ENSURE(sc_text_equals(&copy->header->application, "xferacld") &&
		      !sc_acl_has(copy->header->acl, SC_ACTION_REPLACE_ACL) &&
		      sc_acl_uses(copy->header->acl) == 0,
		  err, SC_ERR_ACL, "the module answered with a key that is not a reduced copy");
	stored.key_hash = copy->header->key_hash;
	SC_TRY(sc_kmdata_key_write(kmdata, "xferacld", transfer->ident, original->name.s,
				   sc_bytes_view(&copy->header->spki), blob, stored.path, err));
	*out = stored;
	return SC_OK;
}

sc_status sc_byok_transfer_modify_acls(const struct sc_byok_transfer_request *transfer,
				       const struct sc_byok_package_pair *packages,
				       const struct sc_ceremony *ceremony, const struct sc_kmdata *kmdata,
				       struct sc_client *client, struct sc_byok_reduced_copy *out,
				       struct sc_error *err)
{
	SC_CLEANUP(sc_key_file) file = NULL;
	SC_CLEANUP(sc_client_key) key = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_acl_replace_request request;
	struct sc_acl_replace_response response;

	SC_TRY(refuse_existing_copy(kmdata, transfer->ident, err));
	SC_TRY(load_original(kmdata, client, transfer->ident, &file, &key, err));
	request = (struct sc_acl_replace_request){
		.key = key.digest,
		.kek_package = sc_bytes_view(&packages->kek_package),
		.world_package = sc_bytes_view(&packages->world_package),
		.subscription = sc_view_text(transfer->subscription),
		.not_after = (uint64_t)transfer->not_after,
	};
	SC_TRY(replace_acl(ceremony, client, &key, &request, &reply, &response, err));
	return store_copy(kmdata, transfer, file, response.blob, out, err);
}

/* -- step 4.3 ---------------------------------------------------------------------------------- */

static sc_status load_copy(const struct sc_kmdata *kmdata, struct sc_client *client, const char *ident,
			   struct sc_client_key *key, struct sc_error *err)
{
	SC_CLEANUP(sc_key_file) file = NULL;
	sc_status status = load(kmdata, client, "xferacld", ident, &file, key, err);

	if (status == SC_ERR_NOT_FOUND)
		return sc_fail(err, status,
			       "%s/key_xferacld_%s: does not exist: make it with -ModifyAcls (step 4.1)",
			       kmdata->local.path, ident);
	return status;
}

static sc_status make_package(struct sc_client *client, const struct sc_client_key *key,
			      const struct sc_transfer_package_request *request, struct sc_bytes *reply,
			      struct sc_transfer_package_response *response, struct sc_error *err)
{
	struct sc_client_key_request call = { .command = SC_COMMAND_TRANSFER_PACKAGE, .loads = LOADS };
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	sc_transfer_package_request_write(&body, request);
	SC_ENSURE(!body.failed, err, SC_ERR_TOO_LARGE, "a field is longer than the module accepts");
	call.body = sc_writer_view(&body);
	SC_TRY(sc_client_key_call(client, key, &call, reply, err));
	SC_ENSURE(sc_transfer_package_response_read(sc_bytes_view(reply), response) == SC_OK, err,
		  SC_ERR_PROTOCOL, "%s: the module's answer is malformed", sc_client_path(client));
	return SC_OK;
}

/* The header is public. If it is not what was ordered, nothing is written for the vault. */
static sc_status check_package(struct sc_view der, const struct sc_byok_transfer_request *transfer,
			       const struct sc_byok_package_pair *packages, struct sc_byok_packed_key *out,
			       struct sc_error *err)
{
	SC_CLEANUP(sc_transfer_package) package = NULL;
	const struct sc_transfer_header *header;

	SC_TRY(sc_transfer_package_decode(der, &package, err));
	header = package->header;
	SC_ENSURE(sc_text_equals(&header->subscription, transfer->subscription) &&
		      sc_text_equals(&header->friendly_name, transfer->friendly_name) &&
		      sc_hash_equals(&header->kek, &packages->kek) &&
		      sc_hash_equals(&header->world, &packages->world),
		  err, SC_ERR_PROTOCOL, "the module answered with a package that was not ordered");
	SC_TRY(sc_sha256(der, &out->digest, err));
	out->key_hash = header->key_hash;
	out->not_after = header->not_after;
	return SC_OK;
}

sc_status sc_byok_transfer_package(const struct sc_byok_transfer_request *transfer,
				   const struct sc_byok_package_pair *packages,
				   const struct sc_kmdata *kmdata, struct sc_client *client,
				   struct sc_byok_packed_key *out, struct sc_error *err)
{
	SC_CLEANUP(sc_client_key) key = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_transfer_package_request request;
	struct sc_transfer_package_response response;
	struct sc_byok_packed_key packed = { 0 };

	SC_TRY(load_copy(kmdata, client, transfer->ident, &key, err));
	request = (struct sc_transfer_package_request){
		.key = key.digest,
		.kek_package = sc_bytes_view(&packages->kek_package),
		.world_package = sc_bytes_view(&packages->world_package),
		.subscription = sc_view_text(transfer->subscription),
		.friendly_name = sc_view_text(transfer->friendly_name),
		.not_after = (uint64_t)transfer->not_after,
	};
	SC_TRY(make_package(client, &key, &request, &reply, &response, err));
	SC_TRY(check_package(response.package, transfer, packages, &packed, err));
	snprintf(packed.file, sizeof packed.file, "TransferPackage-%s.byok", transfer->friendly_name);
	SC_TRY(sc_file_write_path(packed.file, response.package, SC_FILE_NEW, 0600, err));
	*out = packed;
	return SC_OK;
}
