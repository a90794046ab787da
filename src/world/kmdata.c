/*
 * The key management data directory: see kmdata.h. Files are only checked for being complete and in the right
 * place. Whether they are genuine is the module's decision.
 */
#include "world/kmdata.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include <openssl/pem.h>

#include "base/clock.h"
#include "base/libcrypto.h"
#include "base/os.h"
#include "base/visible.h"
#include "formats/damage.h"
#include "world/module_map.h"

#define LOCAL  "local"
#define CONFIG "config"

#define APPLICATION_MAX 32 /* letters in a name like "xferacld" */

/* -- the directory ----------------------------------------------------------------------------- */

static sc_status subdirectory_path(const char *name, char path[PATH_MAX], struct sc_error *err)
{
	const char *root = getenv("NFAST_KMDATA");
	int len;

	SC_ENSURE(root && root[0], err, SC_ERR_USAGE,
		  "NFAST_KMDATA is not set: it names the key management data directory (env.sh sets it)");
	len = snprintf(path, PATH_MAX, "%s/%s", root, name);
	SC_ENSURE(len > 0 && len < PATH_MAX, err, SC_ERR_ARGUMENT, "NFAST_KMDATA: the path is too long");
	return SC_OK;
}

static sc_status make_subdirectory(const char *name, struct sc_dir *out, struct sc_error *err)
{
	char path[PATH_MAX];

	SC_TRY(subdirectory_path(name, path, err));
	return sc_dir_make(path, out, err);
}

sc_status sc_kmdata_make(struct sc_kmdata *out, struct sc_error *err)
{
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;

	SC_TRY(make_subdirectory(LOCAL, &kmdata.local, err));
	SC_TRY(make_subdirectory(CONFIG, &kmdata.config, err));
	*out = kmdata;
	kmdata = (struct sc_kmdata)SC_KMDATA_NONE;
	return SC_OK;
}

static sc_status open_config(struct sc_dir *out, struct sc_error *err)
{
	char path[PATH_MAX];
	sc_status status;

	SC_TRY(subdirectory_path(CONFIG, path, err));
	status = sc_dir_open(path, out, err);
	return status == SC_ERR_NOT_FOUND ? sc_kmdata_fail_no_module_map(path, err) : status;
}

static sc_status open_local(struct sc_dir *out, struct sc_error *err)
{
	char path[PATH_MAX];
	sc_status status;

	SC_TRY(subdirectory_path(LOCAL, path, err));
	status = sc_dir_open(path, out, err);
	SC_ENSURE(status != SC_ERR_NOT_FOUND, err, SC_ERR_NO_WORLD,
		  "%s: does not exist: make a security world with new-world, or restore the directory from a "
		  "backup",
		  path);
	return status;
}

sc_status sc_kmdata_open(struct sc_kmdata *out, struct sc_error *err)
{
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;

	SC_TRY(open_config(&kmdata.config, err));
	SC_TRY(open_local(&kmdata.local, err));
	*out = kmdata;
	kmdata = (struct sc_kmdata)SC_KMDATA_NONE;
	return SC_OK;
}

sc_status sc_kmdata_open_config(struct sc_kmdata *out, struct sc_error *err)
{
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;

	SC_TRY(open_config(&kmdata.config, err));
	*out = kmdata;
	kmdata = (struct sc_kmdata)SC_KMDATA_NONE;
	return SC_OK;
}

void sc_kmdata_close(struct sc_kmdata *kmdata)
{
	sc_dir_close(&kmdata->local);
	sc_dir_close(&kmdata->config);
}

/* "<local>/<name>" into a buffer of PATH_MAX, for messages. */
static void local_path(const struct sc_kmdata *kmdata, const char *name, char *path)
{
	snprintf(path, PATH_MAX, "%s/%s", kmdata->local.path, name);
}

/* -- the world --------------------------------------------------------------------------------- */

/* Decodes a world file and checks it against itself. */
static sc_status read_world(struct sc_view der, const char *path, struct sc_world_file **out,
			    struct sc_error *err)
{
	SC_CLEANUP(sc_world_file) file = NULL;
	sc_status status = sc_world_file_decode(der, &file, err);

	if (status != SC_OK)
		return sc_damage_refuse(der, path, "world file", status, err);
	status = sc_world_file_verify(file, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "%s", path);
	*out = sc_steal(file);
	return SC_OK;
}

sc_status sc_kmdata_world_read(const struct sc_kmdata *kmdata, struct sc_bytes *der, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) content = { 0 };
	SC_CLEANUP(sc_world_file) file = NULL;
	char path[PATH_MAX];
	sc_status status = sc_file_read(&kmdata->local, SC_WORLD_FILE_NAME, SC_WORLD_MAX, &content, err);

	local_path(kmdata, SC_WORLD_FILE_NAME, path);
	if (status == SC_ERR_NOT_FOUND)
		return sc_fail(
		    err, SC_ERR_NO_WORLD,
		    "%s: does not exist: make a security world with new-world, or restore the file from a "
		    "backup",
		    path);
	SC_TRY(status);
	SC_TRY(read_world(sc_bytes_view(&content), path, &file, err));
	*der = sc_steal(content);
	return SC_OK;
}

/* A world file that was signed again may replace an older file of the same world, and nothing else. */
static sc_status check_successor(const struct sc_kmdata *kmdata, const struct sc_world_body *body,
				 const char *path, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_world_file) old = NULL;

	SC_TRY(sc_kmdata_world_read(kmdata, &der, err));
	SC_TRY(read_world(sc_bytes_view(&der), path, &old, err));
	SC_ENSURE(sc_hash_equals(&old->body->id, &body->id), err, SC_ERR_INTEGRITY,
		  "%s: belongs to another security world and is not overwritten", path);
	SC_ENSURE(body->sequence >= old->body->sequence, err, SC_ERR_ROLLED_BACK,
		  "%s: is newer than its replacement", path);
	return SC_OK;
}

sc_status sc_kmdata_world_write(const struct sc_kmdata *kmdata, struct sc_view der, enum sc_file_mode mode,
				struct sc_error *err)
{
	SC_CLEANUP(sc_world_file) file = NULL;
	char path[PATH_MAX];

	local_path(kmdata, SC_WORLD_FILE_NAME, path);
	SC_TRY(read_world(der, path, &file, err));
	if (mode == SC_FILE_REPLACE)
		SC_TRY(check_successor(kmdata, file->body, path, err));
	return sc_file_write(&kmdata->local, SC_WORLD_FILE_NAME, der, mode, 0600, err);
}

/* -- keys -------------------------------------------------------------------------------------- */

static bool application_is_valid(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz");

	return len >= 1 && len <= APPLICATION_MAX && text[len] == '\0';
}

sc_status sc_kmdata_key_file_name(const char *application, const char *ident,
				  char name[SC_KEY_FILE_NAME_SIZE], struct sc_error *err)
{
	SC_ENSURE(application_is_valid(application), err, SC_ERR_ARGUMENT,
		  "application %s: must be 1 to %d lower case letters, for example `simple`",
		  sc_shown(application).s, APPLICATION_MAX);
	SC_ENSURE(sc_ident_is_valid(ident), err, SC_ERR_ARGUMENT,
		  "ident %s: must contain only numbers, dashes, and lower case letters (1 to 64 characters)",
		  sc_shown(ident).s);
	snprintf(name, SC_KEY_FILE_NAME_SIZE, "key_%s_%s", application, ident);
	return SC_OK;
}

sc_status sc_kmdata_key_read(const struct sc_kmdata *kmdata, const char *application, const char *ident,
			     struct sc_key_file **out, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_key_file) file = NULL;
	char name[SC_KEY_FILE_NAME_SIZE];
	sc_status status;

	SC_TRY(sc_kmdata_key_file_name(application, ident, name, err));
	SC_TRY(sc_file_read(&kmdata->local, name, SC_KEY_FILE_MAX, &der, err));
	status = sc_key_file_decode(sc_bytes_view(&der), &file, err);
	if (status != SC_OK) {
		char path[PATH_MAX];

		local_path(kmdata, name, path);
		return sc_damage_refuse(sc_bytes_view(&der), path, "key file", status, err);
	}
	SC_ENSURE(sc_text_equals(&file->application, application) && sc_text_equals(&file->ident, ident), err,
		  SC_ERR_INTEGRITY, "%s/%s: belongs to another key, key_%s_%s", kmdata->local.path, name,
		  file->application.s, file->ident.s);
	*out = sc_steal(file);
	return SC_OK;
}

static sc_status encode_key(const char *application, const char *ident, const char *name, struct sc_view spki,
			    struct sc_view blob, struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_key_file) file = sc_key_file_new();

	SC_ENSURE(file, err, SC_ERR_MEMORY, "out of memory for a key file");
	SC_TRY(sc_text_set(&file->application, application, "application", err));
	SC_TRY(sc_text_set(&file->ident, ident, "ident", err));
	SC_TRY(sc_text_set(&file->name, name, "plainname", err));
	file->created = sc_clock_now();
	SC_TRY(sc_octets_set(&file->spki, spki, err));
	SC_TRY(sc_octets_set(&file->blob, blob, err));
	return sc_key_file_encode(file, out, err);
}

sc_status sc_kmdata_key_write(const struct sc_kmdata *kmdata, const char *application, const char *ident,
			      const char *name, struct sc_view spki, struct sc_view blob, char *path,
			      struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	char file_name[SC_KEY_FILE_NAME_SIZE];

	SC_TRY(sc_kmdata_key_file_name(application, ident, file_name, err));
	local_path(kmdata, file_name, path);
	SC_TRY(encode_key(application, ident, name, spki, blob, &der, err));
	return sc_file_write(&kmdata->local, file_name, sc_bytes_view(&der), SC_FILE_NEW, 0600, err);
}

/* -- a key and its public half ----------------------------------------------------------------- */

static sc_status encode_pem(struct sc_view spki, struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_bio) bio = BIO_new(BIO_s_mem());

	if (!bio || PEM_write_bio(bio, PEM_STRING_PUBLIC, "", spki.data, (long)spki.len) <= 0)
		return sc_fail_crypto(err, "the public key cannot be written as PEM");
	return sc_bytes_of_bio(bio, out, err);
}

/* Other writers wait here. The lock is on the directory itself, so it leaves no file behind. */
static sc_status lock(const struct sc_kmdata *kmdata, struct sc_error *err)
{
	while (sc_os->flock(kmdata->local.fd, LOCK_EX))
		if (errno != EINTR)
			return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be locked", kmdata->local.path);
	return SC_OK;
}

/*
 * Called with the lock held. Writes the PEM first, then the key. Removes the PEM if the key cannot be
 * written.
 */
static sc_status write_pair(const struct sc_kmdata *kmdata, const char *key_name, struct sc_view key,
			    const char *pem_name, struct sc_view pem, struct sc_error *err)
{
	sc_status status;

	SC_ENSURE(!sc_file_exists(&kmdata->local, key_name), err, SC_ERR_EXISTS,
		  "%s/%s: already exists and is not overwritten", kmdata->local.path, key_name);
	SC_TRY(sc_file_write(&kmdata->local, pem_name, pem, SC_FILE_REPLACE, 0644, err));
	status = sc_file_write(&kmdata->local, key_name, key, SC_FILE_NEW, 0600, err);
	if (status != SC_OK && !sc_file_exists(&kmdata->local, key_name))
		(void)!sc_file_remove(&kmdata->local, pem_name, NULL);
	return status;
}

sc_status sc_kmdata_key_pair_write(const struct sc_kmdata *kmdata, const char *application, const char *ident,
				   const char *name, struct sc_view spki, struct sc_view blob, char *path,
				   char *pem_path, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_bytes) pem = { 0 };
	char key_name[SC_KEY_FILE_NAME_SIZE];
	char pem_name[SC_KEY_FILE_NAME_SIZE + sizeof ".pem"];
	sc_status status;

	SC_TRY(sc_kmdata_key_file_name(application, ident, key_name, err));
	snprintf(pem_name, sizeof pem_name, "%s.pem", key_name);
	local_path(kmdata, key_name, path);
	local_path(kmdata, pem_name, pem_path);
	SC_TRY(encode_key(application, ident, name, spki, blob, &der, err));
	SC_TRY(encode_pem(spki, &pem, err));
	SC_TRY(lock(kmdata, err));
	status = write_pair(kmdata, key_name, sc_bytes_view(&der), pem_name, sc_bytes_view(&pem), err);
	(void)sc_os->flock(kmdata->local.fd, LOCK_UN);
	return status;
}
