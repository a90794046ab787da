/*
 * KeyTransferRemote's two commands to the module: see transfer_steps.h. This side chooses files and carries
 * bytes. It holds no key: it loads sealed blobs, and it receives a blob or an encrypted package. The module's
 * answers are parsed as strictly as anything else from outside (rule P1).
 */
#include "byok/transfer_steps.h"

#include <stdio.h>

#include "formats/key_blob.h"
#include "formats/transfer_package.h"

/* How often to load a key if other clients' keys keep pushing it out of the module's cache. */
#define LOADS_MAX 4

static sc_status load(const struct sc_kmdata *kmdata, struct sc_client *client, const char *application,
		      const char *ident, struct sc_key_file **file, struct sc_client_key *key,
		      struct sc_error *err)
{
	struct sc_view no_owner = { NULL, 0 };

	SC_TRY(sc_kmdata_key_read(kmdata, application, ident, file, err));
	return sc_client_key_load(client, sc_bytes_view(&(*file)->blob), no_owner, key, err);
}

static sc_status load_again(struct sc_client *client, const struct sc_client_key *key, struct sc_error *err)
{
	SC_CLEANUP(sc_client_key) same = { 0 };

	return sc_client_key_load(client, sc_bytes_view(&key->blob), sc_bytes_view(&key->owner), &same, err);
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

static sc_status open_quorum(const struct sc_ceremony *ceremony, struct sc_client *client,
			     const struct sc_acl_replace_request *request, uint64_t *authority,
			     struct sc_error *err)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	sc_acl_replace_request_write(&body, request);
	SC_TRY(sc_check_allocated(!body.failed, err));
	return sc_ceremony_quorum(ceremony, client, SC_COMMAND_ACL_REPLACE, sc_writer_view(&body), authority,
				  err);
}

/* NOT_LOADED does not use up the quorum: load the key again and repeat the command under the same quorum. */
static sc_status replace_acl(struct sc_client *client, uint64_t authority, const struct sc_client_key *key,
			     const struct sc_acl_replace_request *request, struct sc_bytes *reply,
			     struct sc_acl_replace_response *response, struct sc_error *err)
{
	sc_status status = sc_call_acl_replace(client, authority, request, reply, response, err);

	for (int loads = 1; status == SC_ERR_NOT_LOADED && loads < LOADS_MAX; loads++) {
		SC_TRY(load_again(client, key, err));
		sc_bytes_free(reply);
		status = sc_call_acl_replace(client, authority, request, reply, response, err);
	}
	return status;
}

static sc_status store_copy(const struct sc_kmdata *kmdata, const struct sc_byok_transfer_request *order,
			    const struct sc_key_file *original, struct sc_view blob,
			    struct sc_byok_reduced_copy *out, struct sc_error *err)
{
	SC_CLEANUP(sc_key_blob) copy = NULL;

	SC_TRY(sc_key_blob_decode(blob, &copy, err));
	SC_ENSURE(sc_text_equals(&copy->header->application, "xferacld") &&
		      !sc_acl_has(copy->header->acl, SC_ACTION_REPLACE_ACL) &&
		      sc_acl_uses(copy->header->acl) == 0,
		  err, SC_ERR_ACL, "the module answered with a key that is not a reduced copy");
	out->key_hash = copy->header->key_hash;
	return sc_kmdata_key_write(kmdata, "xferacld", order->ident, original->name.s,
				   sc_bytes_view(&copy->header->spki), blob, out->path, err);
}

sc_status sc_byok_transfer_modify_acls(const struct sc_byok_transfer_request *order,
				       const struct sc_byok_package_pair *target,
				       const struct sc_ceremony *ceremony, const struct sc_kmdata *kmdata,
				       struct sc_client *client, struct sc_byok_reduced_copy *out,
				       struct sc_error *err)
{
	SC_CLEANUP(sc_key_file) file = NULL;
	SC_CLEANUP(sc_client_key) key = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_acl_replace_request request;
	struct sc_acl_replace_response response = { 0 };
	uint64_t authority = 0;

	SC_TRY(refuse_existing_copy(kmdata, order->ident, err));
	SC_TRY(load_original(kmdata, client, order->ident, &file, &key, err));
	request = (struct sc_acl_replace_request){
		.key = key.digest,
		.kek_package = sc_bytes_view(&target->kek_package),
		.world_package = sc_bytes_view(&target->world_package),
		.subscription = sc_view_text(order->subscription),
		.not_after = (uint64_t)order->not_after,
	};
	SC_TRY(open_quorum(ceremony, client, &request, &authority, err));
	SC_TRY(replace_acl(client, authority, &key, &request, &reply, &response, err));
	return store_copy(kmdata, order, file, response.blob, out, err);
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
	sc_status status = sc_call_transfer_package(client, 0, request, reply, response, err);

	for (int loads = 1; status == SC_ERR_NOT_LOADED && loads < LOADS_MAX; loads++) {
		SC_TRY(load_again(client, key, err));
		sc_bytes_free(reply);
		status = sc_call_transfer_package(client, 0, request, reply, response, err);
	}
	return status;
}

/* The header is public. If it is not what was requested, nothing is written for the vault. */
static sc_status check_package(struct sc_view der, const struct sc_byok_transfer_request *order,
			       const struct sc_byok_package_pair *target, struct sc_byok_packed_key *out,
			       struct sc_error *err)
{
	SC_CLEANUP(sc_transfer_package) package = NULL;
	const struct sc_transfer_header *header;

	SC_TRY(sc_transfer_package_decode(der, &package, err));
	header = package->header;
	SC_ENSURE(sc_text_equals(&header->subscription, order->subscription) &&
		      sc_text_equals(&header->friendly_name, order->friendly_name) &&
		      sc_hash_equals(&header->kek, &target->kek) &&
		      sc_hash_equals(&header->world, &target->world),
		  err, SC_ERR_PROTOCOL, "the module answered with a package that was not requested");
	out->key_hash = header->key_hash;
	out->not_after = header->not_after;
	return sc_sha256(der, &out->digest, err);
}

sc_status sc_byok_transfer_package(const struct sc_byok_transfer_request *order,
				   const struct sc_byok_package_pair *target, const struct sc_kmdata *kmdata,
				   struct sc_client *client, struct sc_byok_packed_key *out,
				   struct sc_error *err)
{
	SC_CLEANUP(sc_client_key) key = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_transfer_package_request request;
	struct sc_transfer_package_response response = { 0 };

	SC_TRY(load_copy(kmdata, client, order->ident, &key, err));
	request = (struct sc_transfer_package_request){
		.key = key.digest,
		.kek_package = sc_bytes_view(&target->kek_package),
		.world_package = sc_bytes_view(&target->world_package),
		.subscription = sc_view_text(order->subscription),
		.friendly_name = sc_view_text(order->friendly_name),
		.not_after = (uint64_t)order->not_after,
	};
	SC_TRY(make_package(client, &key, &request, &reply, &response, err));
	SC_TRY(check_package(response.package, order, target, out, err));
	snprintf(out->file, sizeof out->file, "TransferPackage-%s.byok", order->friendly_name);
	return sc_file_write_path(out->file, response.package, SC_FILE_NEW, 0600, err);
}
