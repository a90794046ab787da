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

/* What both commands answer. */
struct made {
	struct sc_view blob;
	struct sc_view spki;
	struct sc_hash key_hash;
};

/* The type and hash of a public key. */
static sc_status look_at(struct sc_view spki, struct sc_key_type *type, struct sc_hash *hash,
			 struct sc_error *err)
{
	SC_CLEANUP(sc_pkey) public_key = NULL;

	SC_TRY(sc_spki_read(spki, &public_key, err));
	SC_TRY(sc_key_type_of(public_key, type, err));
	return sc_key_hash(spki, hash, err);
}

/*
 * The module must have made one key of the requested kind, the same in blob and public half (rule P1). A
 * secret key has no public half, and only the module can compute its hash.
 */
static sc_status check_key(const struct sc_key_type *wanted, uint64_t module, const struct made *key,
			   struct sc_error *err)
{
	SC_CLEANUP(sc_key_blob) blob = NULL;
	struct sc_key_type type = *wanted;
	struct sc_hash hash = key->key_hash;

	SC_TRY(sc_key_blob_decode(key->blob, &blob, err));
	if (!sc_key_type_is_secret(wanted))
		SC_TRY(look_at(key->spki, &type, &hash, err));
	SC_ENSURE(type.algorithm == wanted->algorithm && type.bits == wanted->bits &&
		      blob->header->type.algorithm == wanted->algorithm &&
		      blob->header->type.bits == wanted->bits && sc_hash_equals(&hash, &key->key_hash) &&
		      sc_hash_equals(&hash, &blob->header->key_hash),
		  err, SC_ERR_PROTOCOL, "module #%llu: made a different key from the one requested",
		  (unsigned long long)module);
	return SC_OK;
}

static sc_status write_key(const struct sc_kmdata *kmdata, const struct sc_key_parameters *parameters,
			   const struct made *key, struct sc_new_key *out, struct sc_error *err)
{
	const char *ident = sc_key_parameters_ident(parameters);
	const char *name = sc_key_parameters_plainname(parameters);
	struct sc_new_key made = { .key_hash = key->key_hash };

	if (key->spki.len == 0)
		SC_TRY(sc_kmdata_key_write(kmdata, parameters->application, ident, name, key->spki, key->blob,
					   made.path, err));
	else
		SC_TRY(sc_kmdata_key_pair_write(kmdata, parameters->application, ident, name, key->spki,
						key->blob, made.path, made.pem_path, err));
	*out = made;
	return SC_OK;
}

sc_status sc_new_key_make(const struct sc_kmdata *kmdata, struct sc_client *client, uint64_t module,
			  const struct sc_key_parameters *parameters, struct sc_new_key *out,
			  struct sc_error *err)
{
	const struct sc_key_generate_request request = {
		.application = sc_view_text(parameters->application),
		.algorithm = parameters->type.algorithm,
		.bits = parameters->type.bits,
		.exponent = sc_view_of(parameters->exponent, parameters->exponent_len),
	};
	struct sc_key_generate_response answer = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct made key;

	SC_TRY(sc_call_key_generate(client, 0, &request, &reply, &answer, err));
	key = (struct made){ answer.blob, answer.spki, answer.key_hash };
	SC_TRY(check_key(&parameters->type, module, &key, err));
	return write_key(kmdata, parameters, &key, out, err);
}

sc_status sc_new_key_import(const struct sc_kmdata *kmdata, struct sc_client *client, uint64_t module,
			    const struct sc_key_parameters *parameters, const struct sc_clear_key *clear,
			    struct sc_new_key *out, struct sc_error *err)
{
	const struct sc_key_import_request request = {
		.application = sc_view_text(parameters->application),
		.algorithm = clear->type.algorithm,
		.bits = clear->type.bits,
		.material = sc_secret_view(&clear->material),
	};
	struct sc_key_import_response answer = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct made key;

	SC_TRY(sc_call_key_import(client, 0, &request, &reply, &answer, err));
	key = (struct made){ answer.blob, answer.spki, answer.key_hash };
	SC_TRY(check_key(&clear->type, module, &key, err));
	return write_key(kmdata, parameters, &key, out, err);
}
