/* The customer's own key: see source_key.h. */
#include "byok/source_key.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/libcrypto.h"
#include "base/line_ends.h"
#include "formats/damage.h"
#include "formats/key_blob.h"

#define PEM_MAX  16384
#define SEQUENCE 0x30 /* DER begins with it, and no text here does */

bool sc_byok_source_key_is_in_kmdata(const char *file)
{
	return !strchr(file, '/');
}

static sc_status read_key_file(const struct sc_kmdata *kmdata, const char *file, struct sc_key_file **out,
			       struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	sc_status status;

	if (sc_byok_source_key_is_in_kmdata(file))
		SC_TRY(sc_file_read(&kmdata->local, file, SC_KEY_FILE_MAX, &der, err));
	else
		SC_TRY(sc_file_read_path(file, SC_KEY_FILE_MAX, &der, err));
	status = sc_key_file_decode(sc_bytes_view(&der), out, err);
	if (status != SC_OK)
		return sc_damage_refuse(sc_bytes_view(&der), file, "key file", status, err);
	return SC_OK;
}

sc_status sc_byok_source_key_of_file(const struct sc_kmdata *kmdata, struct sc_client *client,
				     const char *file, struct sc_hash *out, struct sc_error *err)
{
	SC_CLEANUP(sc_key_file) decoded = NULL;
	SC_CLEANUP(sc_client_key) key = { 0 };
	SC_CLEANUP(sc_key_blob) blob = NULL;
	struct sc_view no_owner = { NULL, 0 };
	sc_status status;

	SC_TRY(read_key_file(kmdata, file, &decoded, err));
	status = sc_client_key_load(client, sc_bytes_view(&decoded->blob), no_owner, &key, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "%s", file);
	/* The module has opened the blob, so every byte of its header is authentic (rule F3). */
	SC_TRY(sc_key_blob_decode(sc_bytes_view(&decoded->blob), &blob, err));
	*out = blob->header->key_hash;
	return SC_OK;
}

sc_status sc_byok_source_key_of_pem(const char *path, struct sc_hash *out, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) file = { 0 };
	SC_CLEANUP(sc_bytes) spki = { 0 };
	SC_CLEANUP(sc_bio) bio = NULL;
	SC_CLEANUP(sc_pkey) key = NULL;

	SC_TRY(sc_file_read_path(path, PEM_MAX, &file, err));
	if (file.len > 0 && file.data[0] != SEQUENCE)
		SC_TRY(sc_line_ends_settle(&file, path, err));
	bio = BIO_new_mem_buf(file.data, (int)file.len);
	/* "": libcrypto must not ask for a passphrase. */
	key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, "") : NULL;
	ERR_clear_error();
	if (!key)
		return sc_damage_refuse(sc_bytes_view(&file), path, "public key in PEM", SC_ERR_ENCODING,
					err);
	SC_TRY(sc_spki_of(key, &spki, err));
	return sc_key_hash(sc_bytes_view(&spki), out, err);
}
