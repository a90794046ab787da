/*
 * Regions, the host's side: see regions.h. The module decides who may make a world a region and which key
 * becomes its Key Exchange Key. This side stores the module's answers in an order that lets a killed command
 * be repeated.
 */
#include "byok/regions.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/libcrypto.h"
#include "base/line_ends.h"
#include "base/visible.h"
#include "byok/publish.h"
#include "evidence/signed_statement.h"
#include "formats/damage.h"
#include "formats/key_blob.h"
#include "formats/region.h"
#include "formats/suite.h"

/* The KEK's number: the 1 at the end of every file name. */
#define KEK_NUMBER "1"

#define STATEMENT_FILE   "kek-" KEK_NUMBER ".statement"
#define CERTIFICATE_FILE "kek-" KEK_NUMBER ".cer"

/* A certificate file in either form; PEM may contain extra text. */
#define CERTIFICATE_FILE_MAX 32768

#define IDENT_SIZE 32

static sc_status check_code(const char *code, struct sc_error *err)
{
	char known[SC_REGION_LIST_SIZE];

	sc_region_list(known);
	SC_ENSURE(sc_region_code_is_valid(code), err, SC_ERR_ARGUMENT,
		  "%s: not a region code, which has 1 to 16 capital letters and digits: the regions are %s",
		  sc_shown(code).s, known);
	return SC_OK;
}

/* "eu-1" */
static void kek_ident(const char *code, char ident[IDENT_SIZE])
{
	size_t len = strlen(code);

	for (size_t i = 0; i < len; i++)
		ident[i] = (char)tolower((unsigned char)code[i]);
	snprintf(ident + len, IDENT_SIZE - len, "-" KEK_NUMBER);
}

sc_status sc_byok_package_names_of(const char *code, struct sc_byok_package_names *out, struct sc_error *err)
{
	SC_TRY(check_code(code, err));
	snprintf(out->kek, sizeof out->kek, "BYOK-KEK-pkg-%s-" KEK_NUMBER, code);
	snprintf(out->world, sizeof out->world, "BYOK-SecurityWorld-pkg-%s-" KEK_NUMBER, code);
	return SC_OK;
}

/* local/region-EU, the directory of the region's files. */
static sc_status region_directory_path(const struct sc_kmdata *kmdata, const char *code, char path[PATH_MAX],
				       struct sc_error *err)
{
	int len = snprintf(path, PATH_MAX, "%s/region-%s", kmdata->local.path, code);

	SC_ENSURE(len > 0 && len < PATH_MAX, err, SC_ERR_ARGUMENT, "%s: the path is too long",
		  kmdata->local.path);
	return SC_OK;
}

/* -- request ----------------------------------------------------------------------------------- */

static sc_status check_no_region(const struct sc_world_body *body, struct sc_error *err)
{
	SC_ENSURE(!body->region_certificate.data, err, SC_ERR_EXISTS,
		  "this security world is already a region");
	return SC_OK;
}

sc_status sc_byok_region_request(struct sc_view world_file, const char *code, const char *operator_name,
				 struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_world_file) world = NULL;
	SC_CLEANUP(sc_region_request) request = sc_region_request_new();
	const struct sc_suite_info *suite;

	SC_TRY(sc_check_allocated(request, err));
	SC_TRY(check_code(code, err));
	SC_ENSURE(operator_name[0], err, SC_ERR_ARGUMENT, "--operator: the operator's name is empty");
	SC_TRY(sc_world_file_decode(world_file, &world, err));
	SC_TRY(check_no_region(world->body, err));
	suite = sc_suite_by_number(world->body->suite);
	SC_ENSURE(suite && suite->may_be_region, err, SC_ERR_EVIDENCE_SUITE,
		  "this security world's suite, %s, is too weak for a region: make a world with "
		  "--cipher-suite=%s",
		  sc_suite_name(world->body->suite), sc_suite_name(SC_SUITE_ECP521));
	SC_TRY(sc_text_set(&request->region, code, "region", err));
	SC_TRY(sc_text_set(&request->operator_name, operator_name, "--operator", err));
	SC_TRY(sc_octets_set(&request->statement, sc_bytes_view(&world->body->statement), err));
	return sc_region_request_encode(request, out, err);
}

/* -- the region certificate's file ------------------------------------------------------------- */

void sc_byok_region_certificate_free(struct sc_byok_region_certificate *certificate)
{
	sc_bytes_free(&certificate->der);
}

SC_CLEANUP_POINTER(sc_info, struct sc_region_info, sc_region_info_free)

/* Accepts DER as it is, or text with exactly one certificate in PEM. */
static sc_status to_der(struct sc_bytes *file, const char *path, struct sc_bytes *der, struct sc_error *err)
{
	static const uint8_t sequence = 0x30;
	SC_CLEANUP(sc_bio) bio = NULL;
	SC_CLEANUP(sc_x509) certificate = NULL;
	SC_CLEANUP(sc_x509) second = NULL;

	if (file->len && file->data[0] == sequence)
		return sc_bytes_copy(sc_bytes_view(file), der, err);
	SC_TRY(sc_line_ends_settle(file, path, err));
	bio = BIO_new_mem_buf(file->data, (int)file->len);
	SC_TRY(sc_check_allocated(bio, err));
	/* "": libcrypto must not ask for a passphrase. */
	certificate = PEM_read_bio_X509(bio, NULL, NULL, "");
	second = certificate ? PEM_read_bio_X509(bio, NULL, NULL, "") : NULL;
	ERR_clear_error();
	if (!certificate)
		return sc_damage_refuse(sc_bytes_view(file), path, "certificate", SC_ERR_ENCODING, err);
	SC_ENSURE(!second, err, SC_ERR_ENCODING, "%s: more than one certificate", path);
	return sc_x509_encode(certificate, der, err);
}

static sc_status read_region_certificate(struct sc_byok_region_certificate *out, struct sc_error *err)
{
	SC_CLEANUP(sc_x509) certificate = NULL;
	SC_CLEANUP(sc_info) info = NULL;
	enum sc_certificate_kind kind = SC_CERTIFICATE_ROOT;
	int64_t not_before;

	SC_TRY(sc_x509_decode(sc_bytes_view(&out->der), &certificate, err));
	SC_TRY(sc_certificate_kind_of(certificate, &kind, err));
	SC_ENSURE(kind == SC_CERTIFICATE_REGION, err, SC_ERR_EVIDENCE_USAGE, "a %s, not a region certificate",
		  sc_certificate_kind_name(kind));
	SC_TRY(sc_certificate_region(certificate, &info, err));
	out->region = info->region;
	out->operator_name = info->operator_name;
	return sc_certificate_validity(certificate, &not_before, &out->not_after, err);
}

sc_status sc_byok_region_certificate_read(const char *path, struct sc_byok_region_certificate *out,
					  struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) file = { 0 };
	SC_CLEANUP(sc_byok_region_certificate) certificate = { 0 };
	sc_status status;

	SC_TRY(sc_file_read_path(path, CERTIFICATE_FILE_MAX, &file, err));
	SC_TRY(to_der(&file, path, &certificate.der, err));
	status = read_region_certificate(&certificate, err);
	if (status == SC_ERR_ENCODING)
		return sc_damage_refuse(sc_bytes_view(&file), path, "region certificate", status, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "%s", path);
	*out = sc_steal(certificate);
	return SC_OK;
}

/* -- init -------------------------------------------------------------------------------------- */

static sc_status check_world(const struct sc_kmdata *kmdata, struct sc_bytes *der, struct sc_error *err)
{
	SC_CLEANUP(sc_world_file) world = NULL;

	SC_TRY(sc_kmdata_world_read(kmdata, der, err));
	SC_TRY(sc_world_file_decode(sc_bytes_view(der), &world, err));
	return check_no_region(world->body, err);
}

static sc_status open_quorum(const struct sc_ceremony *ceremony, struct sc_client *client,
			     const struct sc_region_init_request *request, uint64_t *authority,
			     struct sc_error *err)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	sc_region_init_request_write(&body, request);
	SC_TRY(sc_check_allocated(!body.failed, err));
	return sc_ceremony_quorum(ceremony, client, SC_COMMAND_REGION_INIT, sc_writer_view(&body), authority,
				  err);
}

sc_status sc_byok_region_init(const struct sc_kmdata *kmdata, struct sc_client *client,
			      const struct sc_ceremony *ceremony, const char *code,
			      const struct sc_byok_region_certificate *certificate, struct sc_hash *kek,
			      struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) world = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_region_init_request request;
	struct sc_region_init_response answer = { 0 };
	uint64_t authority = 0;

	SC_TRY(check_code(code, err));
	SC_ENSURE(sc_text_equals(&certificate->region, code), err, SC_ERR_EVIDENCE_REGION,
		  "the certificate is for region %s, not for %s", certificate->region.s, code);
	SC_TRY(check_world(kmdata, &world, err));
	request = (struct sc_region_init_request){
		.world_file = sc_bytes_view(&world),
		.certificate = sc_bytes_view(&certificate->der),
	};
	SC_TRY(open_quorum(ceremony, client, &request, &authority, err));
	SC_TRY(sc_call_region_init(client, authority, &request, &reply, &answer, err));
	return sc_byok_region_store(kmdata, code, &answer, kek, err);
}

static sc_status store_evidence(const struct sc_kmdata *kmdata, const char *code,
				const struct sc_region_init_response *answer, struct sc_error *err)
{
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;
	char path[PATH_MAX];

	SC_TRY(region_directory_path(kmdata, code, path, err));
	SC_TRY(sc_dir_make(path, &dir, err));
	SC_TRY(sc_file_write(&dir, STATEMENT_FILE, answer->kek_statement, SC_FILE_REPLACE, 0600, err));
	return sc_file_write(&dir, CERTIFICATE_FILE, answer->kek_certificate, SC_FILE_REPLACE, 0600, err);
}

/*
 * Removes the key file of an earlier attempt that ended before local/world named the region. Its KEK was
 * never published.
 */
static sc_status remove_leftover(const struct sc_kmdata *kmdata, const char *ident, struct sc_error *err)
{
	char name[SC_KEY_FILE_NAME_SIZE];

	SC_TRY(sc_kmdata_key_file_name("kek", ident, name, err));
	if (!sc_file_exists(&kmdata->local, name))
		return SC_OK;
	return sc_file_remove(&kmdata->local, name, err);
}

static sc_status store_kek(const struct sc_kmdata *kmdata, const char *code, struct sc_view blob,
			   struct sc_hash *kek, struct sc_error *err)
{
	SC_CLEANUP(sc_key_blob) decoded = NULL;
	char ident[IDENT_SIZE];
	char name[IDENT_SIZE];
	char path[PATH_MAX];

	SC_TRY(sc_key_blob_decode(blob, &decoded, err));
	SC_ENSURE(sc_text_equals(&decoded->header->application, "kek"), err, SC_ERR_PROTOCOL,
		  "the module answered with a key that is not a Key Exchange Key");
	kek_ident(code, ident);
	snprintf(name, sizeof name, "BYOK-KEK-%s-" KEK_NUMBER, code);
	SC_TRY(remove_leftover(kmdata, ident, err));
	SC_TRY(sc_kmdata_key_write(kmdata, "kek", ident, name, sc_bytes_view(&decoded->header->spki), blob,
				   path, err));
	*kek = decoded->header->key_hash;
	return SC_OK;
}

sc_status sc_byok_region_store(const struct sc_kmdata *kmdata, const char *code,
			       const struct sc_region_init_response *answer, struct sc_hash *kek,
			       struct sc_error *err)
{
	SC_TRY(store_evidence(kmdata, code, answer, err));
	SC_TRY(store_kek(kmdata, code, answer->kek_blob, kek, err));
	return sc_kmdata_world_write(kmdata, answer->world_file, SC_FILE_REPLACE, err);
}

/* -- publish ----------------------------------------------------------------------------------- */

/* Everything that is published. */
struct region_files {
	struct sc_world_file *world;
	X509 *certificate;
	struct sc_key_file *kek;
	struct sc_bytes kek_statement;
	struct sc_bytes kek_certificate;
	struct sc_bytes world_package;
};

static void region_files_free(struct region_files *files)
{
	sc_world_file_free(files->world);
	X509_free(files->certificate);
	sc_key_file_free(files->kek);
	sc_bytes_free(&files->kek_statement);
	sc_bytes_free(&files->kek_certificate);
	sc_bytes_free(&files->world_package);
}
SC_CLEANUP_VALUE(region_files, region_files_free)

static sc_status read_world(const struct sc_kmdata *kmdata, const char *code, struct region_files *files,
			    struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_info) info = NULL;

	SC_TRY(sc_kmdata_world_read(kmdata, &der, err));
	SC_TRY(sc_world_file_decode(sc_bytes_view(&der), &files->world, err));
	SC_ENSURE(files->world->body->region_certificate.data, err, SC_ERR_NO_REGION,
		  "%s/world: not a region yet: see `safeconduct region init`", kmdata->local.path);
	SC_TRY(
	    sc_x509_decode(sc_bytes_view(&files->world->body->region_certificate), &files->certificate, err));
	SC_TRY(sc_certificate_region(files->certificate, &info, err));
	SC_ENSURE(sc_text_equals(&info->region, code), err, SC_ERR_EVIDENCE_REGION,
		  "%s/world: this is region %s, not %s", kmdata->local.path, info->region.s, code);
	return sc_statement_enclose(sc_bytes_view(&files->world->body->statement), files->certificate,
				    &files->world_package, err);
}

static sc_status read_kek(const struct sc_kmdata *kmdata, const char *code, struct region_files *files,
			  struct sc_error *err)
{
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;
	char ident[IDENT_SIZE];
	char path[PATH_MAX];

	kek_ident(code, ident);
	SC_TRY(sc_kmdata_key_read(kmdata, "kek", ident, &files->kek, err));
	SC_TRY(region_directory_path(kmdata, code, path, err));
	SC_TRY(sc_dir_open(path, &dir, err));
	SC_TRY(sc_file_read(&dir, STATEMENT_FILE, SC_SIGNED_DATA_MAX, &files->kek_statement, err));
	return sc_file_read(&dir, CERTIFICATE_FILE, CERTIFICATE_FILE_MAX, &files->kek_certificate, err);
}

/*
 * Blob, statement and certificate must be for one key and this world. It is better to find here what a
 * customer's module would refuse.
 */
static sc_status check_kek(const struct region_files *files, struct sc_error *err)
{
	SC_CLEANUP(sc_key_blob) blob = NULL;
	SC_CLEANUP(sc_signed_data) wrapper = NULL;
	SC_CLEANUP(sc_key_statement) statement = NULL;
	SC_CLEANUP(sc_x509) certificate = NULL;
	struct sc_hash certified;

	SC_TRY(sc_key_blob_decode(sc_bytes_view(&files->kek->blob), &blob, err));
	SC_TRY(sc_signed_data_decode(sc_bytes_view(&files->kek_statement), &wrapper, err));
	SC_TRY(sc_key_statement_decode(sc_bytes_view(&wrapper->content), &statement, err));
	SC_TRY(sc_x509_decode(sc_bytes_view(&files->kek_certificate), &certificate, err));
	SC_TRY(sc_certificate_key_hash(certificate, &certified, err));
	SC_ENSURE(sc_hash_equals(&blob->header->key_hash, &statement->key_hash) &&
		      sc_hash_equals(&blob->header->key_hash, &certified),
		  err, SC_ERR_EVIDENCE_KEY,
		  "the Key Exchange Key's blob, statement and certificate are for different keys");
	SC_ENSURE(sc_hash_equals(&blob->header->world, &files->world->body->id) &&
		      sc_hash_equals(&statement->world, &files->world->body->id),
		  err, SC_ERR_EVIDENCE_WORLD,
		  "the Key Exchange Key belongs to another security world, not to local/world");
	return SC_OK;
}

static sc_status publish_packages(const struct region_files *files, const char *code, const char *directory,
				  struct sc_error *err)
{
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;
	struct sc_byok_package_names names;

	SC_TRY(sc_byok_package_names_of(code, &names, err));
	SC_TRY(sc_dir_make(directory, &dir, err));
	SC_TRY(sc_byok_publish_file(&dir, names.kek, sc_bytes_view(&files->kek_statement), 0644, err));
	return sc_byok_publish_file(&dir, names.world, sc_bytes_view(&files->world_package), 0644, err);
}

static sc_status publish_for_vault(const struct region_files *files, const char *code, const char *directory,
				   struct sc_error *err)
{
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;
	char path[PATH_MAX];
	int len = snprintf(path, sizeof path, "%s/regions/%s", directory, code);
	struct sc_view region_certificate = sc_bytes_view(&files->world->body->region_certificate);

	SC_ENSURE(len > 0 && (size_t)len < sizeof path, err, SC_ERR_ARGUMENT, "%s: the path is too long",
		  directory);
	SC_TRY(sc_dir_make(path, &dir, err));
	SC_TRY(sc_byok_publish_file(&dir, "kek.blob", sc_bytes_view(&files->kek->blob), 0600, err));
	SC_TRY(sc_byok_publish_file(&dir, "kek.cer", sc_bytes_view(&files->kek_certificate), 0600, err));
	return sc_byok_publish_file(&dir, "region.cer", region_certificate, 0600, err);
}

sc_status sc_byok_region_publish(const struct sc_kmdata *kmdata, const char *code, const char *directory,
				 struct sc_error *err)
{
	SC_CLEANUP(region_files) files = { 0 };

	SC_TRY(check_code(code, err));
	SC_TRY(read_world(kmdata, code, &files, err));
	SC_TRY(read_kek(kmdata, code, &files, err));
	SC_TRY(check_kek(&files, err));
	SC_TRY(publish_packages(&files, code, directory, err));
	return publish_for_vault(&files, code, directory, err);
}
