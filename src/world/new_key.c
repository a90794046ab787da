/* Generating a key: see new_key.h. */
#include "world/new_key.h"

#include "formats/key_blob.h"

sc_status sc_new_key_check_unused(const struct sc_kmdata *kmdata, const struct sc_key_parameters *parameters,
				  struct sc_error *err)
{
	char name[SC_KEY_FILE_NAME_SIZE];

	SC_TRY(
	    sc_kmdata_key_file_name(parameters->application, sc_key_parameters_ident(parameters), name, err));
	SC_ENSURE(!sc_file_exists(&kmdata->local, name), err, SC_ERR_EXISTS,
		  "%s/%s: already exists and is not overwritten: choose another ident", kmdata->local.path,
		  name);
	return SC_OK;
}

/* The module must have made one key of the requested kind, the same in blob and public half (rule P1). */
static sc_status check_key(const struct sc_key_parameters *parameters, uint64_t module,
			   const struct sc_key_generate_response *key, struct sc_error *err)
{
	SC_CLEANUP(sc_key_blob) blob = NULL;
	SC_CLEANUP(sc_pkey) public_key = NULL;
	struct sc_key_type type = { 0 };
	struct sc_hash hash;

	SC_TRY(sc_spki_read(key->spki, &public_key, err));
	SC_TRY(sc_key_type_of(public_key, &type, err));
	SC_TRY(sc_key_hash(key->spki, &hash, err));
	SC_TRY(sc_key_blob_decode(key->blob, &blob, err));
	SC_ENSURE(type.algorithm == SC_ALGORITHM_RSA && type.bits == parameters->bits &&
		      sc_hash_equals(&hash, &key->key_hash) && sc_hash_equals(&hash, &blob->header->key_hash),
		  err, SC_ERR_PROTOCOL, "module #%llu: made a different key from the one requested",
		  (unsigned long long)module);
	return SC_OK;
}

sc_status sc_new_key_make(const struct sc_kmdata *kmdata, struct sc_client *client, uint64_t module,
			  const struct sc_key_parameters *parameters, struct sc_new_key *out,
			  struct sc_error *err)
{
	const struct sc_key_generate_request request = {
		.application = sc_view_text(parameters->application),
		.algorithm = SC_ALGORITHM_RSA,
		.bits = (uint32_t)parameters->bits,
		.exponent = sc_view_of(parameters->exponent, parameters->exponent_len),
	};
	struct sc_key_generate_response key = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_new_key made;

	SC_TRY(sc_call_key_generate(client, 0, &request, &reply, &key, err));
	SC_TRY(check_key(parameters, module, &key, err));
	SC_TRY(sc_kmdata_key_pair_write(kmdata, parameters->application, sc_key_parameters_ident(parameters),
					sc_key_parameters_plainname(parameters), key.spki, key.blob,
					made.path, made.pem_path, err));
	made.key_hash = key.key_hash;
	*out = made;
	return SC_OK;
}
