/*
 * Regions: the module's answer is stored in an order that can be interrupted anywhere and repeated, and what
 * is published is what a customer's module accepts.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "base/os.h"
#include "byok/regions.h"
#include "forge.h"
#include "formats/key_blob.h"

#define NOW INT64_C(1795517120)

/* One region for all tests, and a kmdata directory for each. */
static struct sc_forge *forge;

struct fixture {
	char path[64];
	struct sc_kmdata kmdata;
	struct sc_bytes world; /* as new-world leaves it; as REGION_INIT signs it again */
	struct sc_bytes region_world;
	struct sc_bytes kek_blob;
	struct sc_bytes kek_certificate;
	struct sc_bytes kek_statement;
};

static int make_forge(void **state)
{
	(void)state;
	forge = sc_forge_new(NOW, "EU");
	return 0;
}

static int free_forge(void **state)
{
	(void)state;
	sc_forge_free(forge);
	return 0;
}

static void set_octets(struct sc_bytes *field, struct sc_view value)
{
	struct sc_error err = { 0 };

	assert_ok(sc_octets_set(field, value, &err), &err);
}

static void fill_wrapped(struct sc_wrapped_key *wrapped)
{
	memset(wrapped->salt.b, 1, sizeof wrapped->salt.b);
	set_octets(&wrapped->ciphertext, sc_view_text("thirty-two bytes of a wrapped key"));
	set_octets(&wrapped->tag, sc_view_text("sixteen bytes..."));
}

/* Signed by the forge's KNSO, as the module does it. */
static struct sc_bytes make_world(X509 *region_certificate, uint64_t sequence)
{
	SC_CLEANUP(sc_world_file) file = sc_world_file_new();
	SC_CLEANUP(sc_bytes) statement = sc_forge_world_statement(forge);
	SC_CLEANUP(sc_bytes) certificate = { 0 };
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(forge->knso, NULL);
	struct sc_world_body *body = sc_world_body_new();
	struct sc_bytes der = { 0 };
	struct sc_error err = { 0 };
	uint8_t signature[256];
	size_t len = sizeof signature;
	struct sc_hash digest;

	sc_world_body_free(file->body);
	file->body = body;
	body->suite = forge->world->suite;
	body->id = forge->world->world;
	body->hkm = forge->world->hkm;
	body->km_generation = 1;
	body->set_generation = 1;
	body->k = forge->world->k;
	body->n = forge->world->n;
	body->sequence = sequence;
	body->created = NOW;
	set_octets(&body->knso, sc_bytes_view(&forge->world->knso));
	set_octets(&body->statement, sc_bytes_view(&statement));
	fill_wrapped(&body->wrapped_km);
	fill_wrapped(&body->wrapped_knso);
	if (region_certificate) {
		assert_ok(sc_x509_encode(region_certificate, &certificate, &err), &err);
		set_octets(&body->region_certificate, sc_bytes_view(&certificate));
	}
	assert_ok(sc_world_digest(body, &digest, &err), &err);
	assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
	assert_int_equal(EVP_PKEY_sign(ctx, signature, &len, digest.b, sizeof digest.b), 1);
	EVP_PKEY_CTX_free(ctx);
	set_octets(&file->signature, sc_view_of(signature, len));
	assert_ok(sc_world_file_encode(file, &der, &err), &err);
	return der;
}

static struct sc_bytes make_blob(const char *application)
{
	SC_CLEANUP(sc_key_blob) blob = sc_key_blob_new();
	struct sc_key_blob_header *header = sc_key_blob_header_new();
	struct sc_permission_group *group = NULL;
	struct sc_bytes der = { 0 };
	struct sc_error err = { 0 };

	sc_key_blob_header_free(blob->header);
	blob->header = header;
	sc_acl_free(header->acl);
	header->acl = sc_acl_new();
	header->suite = forge->world->suite;
	header->world = forge->world->world;
	header->km_generation = 1;
	header->type = forge->key->type;
	header->key_hash = forge->key->key_hash;
	header->origin = SC_ORIGIN_GENERATED;
	header->created = NOW;
	assert_ok(sc_text_set(&header->application, application, "application", &err), &err);
	set_octets(&header->spki, sc_bytes_view(&forge->key->spki));
	assert_ok(sc_acl_add_group(header->acl, 1, SC_AUTHORITY_NONE, &group, &err), &err);
	assert_ok(sc_acl_add_use(group, SC_USE_IMPORT_TRANSFER, &err), &err);
	set_octets(&blob->ciphertext, sc_view_text("sealed"));
	set_octets(&blob->tag, sc_view_text("sixteen bytes..."));
	assert_ok(sc_key_blob_encode(blob, &der, &err), &err);
	return der;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct sc_error err = { 0 };

	strcpy(f->path, "/tmp/safeconduct-regions.XXXXXX");
	assert_non_null(mkdtemp(f->path));
	setenv("NFAST_KMDATA", f->path, 1);
	f->kmdata = (struct sc_kmdata)SC_KMDATA_NONE;
	assert_ok(sc_kmdata_make(&f->kmdata, &err), &err);
	f->world = make_world(NULL, 1);
	f->region_world = make_world(forge->region_certificate, 2);
	f->kek_blob = make_blob("kek");
	f->kek_statement = sc_forge_kek_package(forge);
	assert_ok(sc_x509_encode(forge->kek_certificate, &f->kek_certificate, &err), &err);
	assert_ok(sc_kmdata_world_write(&f->kmdata, sc_bytes_view(&f->world), SC_FILE_NEW, &err), &err);
	*state = f;
	return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
	(void)info, (void)type, (void)where;
	return remove(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sc_kmdata_close(&f->kmdata);
	nftw(f->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	sc_bytes_free(&f->world);
	sc_bytes_free(&f->region_world);
	sc_bytes_free(&f->kek_blob);
	sc_bytes_free(&f->kek_certificate);
	sc_bytes_free(&f->kek_statement);
	free(f);
	return 0;
}

static struct sc_region_init_response answer_of(const struct fixture *f)
{
	return (struct sc_region_init_response){
		.world_file = sc_bytes_view(&f->region_world),
		.kek_blob = sc_bytes_view(&f->kek_blob),
		.kek_certificate = sc_bytes_view(&f->kek_certificate),
		.kek_statement = sc_bytes_view(&f->kek_statement),
	};
}

static void store(const struct fixture *f)
{
	struct sc_region_init_response answer = answer_of(f);
	struct sc_hash kek;
	struct sc_error err = { 0 };

	assert_ok(sc_byok_region_store(&f->kmdata, "EU", &answer, &kek, &err), &err);
	assert_true(sc_hash_equals(&kek, &forge->key->key_hash));
}

static struct sc_bytes read_published(const struct fixture *f, const char *name)
{
	char path[PATH_MAX];
	struct sc_bytes content = { 0 };
	struct sc_error err = { 0 };

	snprintf(path, sizeof path, "%s/out/%s", f->path, name);
	assert_ok(sc_file_read_path(path, 65536, &content, &err), &err);
	return content;
}

static sc_status publish(const struct fixture *f, const char *region)
{
	char directory[PATH_MAX];
	struct sc_error err = { 0 };

	snprintf(directory, sizeof directory, "%s/out", f->path);
	return sc_byok_region_publish(&f->kmdata, region, directory, &err);
}

/* -- publishing -------------------------------------------------------------------------------- */

static void what_is_published_is_believed(void **state)
{
	struct fixture *f = *state;
	struct sc_evidence_trust trust = sc_forge_trust(forge);
	SC_CLEANUP(sc_bytes) kek = { 0 };
	SC_CLEANUP(sc_bytes) world = { 0 };
	SC_CLEANUP(sc_evidence_target) target = NULL;
	struct sc_error err = { 0 };

	store(f);
	assert_int_equal(publish(f, "EU"), SC_OK);
	kek = read_published(f, "BYOK-KEK-pkg-EU-1");
	world = read_published(f, "BYOK-SecurityWorld-pkg-EU-1");
	assert_ok(sc_evidence_packages_verify(sc_bytes_view(&kek), sc_bytes_view(&world), &trust, NULL,
					      &target, &err),
		  &err);
	assert_string_equal(target->region.s, "EU");
}

static void the_vaults_daemon_gets_blob_and_certificates(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_bytes) blob = { 0 };
	SC_CLEANUP(sc_bytes) kek = { 0 };
	SC_CLEANUP(sc_bytes) region = { 0 };
	SC_CLEANUP(sc_bytes) expected = { 0 };
	struct sc_error err = { 0 };

	store(f);
	assert_int_equal(publish(f, "EU"), SC_OK);
	blob = read_published(f, "regions/EU/kek.blob");
	kek = read_published(f, "regions/EU/kek.cer");
	region = read_published(f, "regions/EU/region.cer");
	assert_ok(sc_x509_encode(forge->region_certificate, &expected, &err), &err);
	assert_view_equal(sc_bytes_view(&blob), sc_bytes_view(&f->kek_blob));
	assert_view_equal(sc_bytes_view(&kek), sc_bytes_view(&f->kek_certificate));
	assert_view_equal(sc_bytes_view(&region), sc_bytes_view(&expected));
}

static void publishing_again_changes_nothing_and_never_overwrites(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX];
	struct sc_error err = { 0 };

	store(f);
	assert_int_equal(publish(f, "EU"), SC_OK);
	assert_int_equal(publish(f, "EU"), SC_OK);
	snprintf(path, sizeof path, "%s/out/BYOK-KEK-pkg-EU-1", f->path);
	assert_ok(sc_file_write_path(path, sc_view_text("another"), SC_FILE_REPLACE, 0600, &err), &err);
	assert_int_equal(publish(f, "EU"), SC_ERR_EXISTS);
}

static void a_world_that_is_no_region_or_another_is_not_published(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(publish(f, "EU"), SC_ERR_NO_REGION);
	store(f);
	assert_int_equal(publish(f, "NA"), SC_ERR_EVIDENCE_REGION);
	assert_int_equal(publish(f, "eu"), SC_ERR_ARGUMENT);
	assert_int_equal(publish(f, "EU"), SC_OK);
}

static void a_kek_certificate_of_another_key_is_not_published(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX];
	SC_CLEANUP(sc_bytes) other = { 0 };
	struct sc_error err = { 0 };

	store(f);
	assert_ok(sc_x509_encode(forge->warrant, &other, &err), &err);
	snprintf(path, sizeof path, "%s/local/region-EU/kek-1.cer", f->path);
	assert_ok(sc_file_write_path(path, sc_bytes_view(&other), SC_FILE_REPLACE, 0600, &err), &err);
	assert_int_equal(publish(f, "EU"), SC_ERR_EVIDENCE_KEY);
	assert_ok(sc_file_write_path(path, sc_bytes_view(&f->kek_certificate), SC_FILE_REPLACE, 0600, &err),
		  &err);
	assert_int_equal(publish(f, "EU"), SC_OK);
}

/* -- storing ----------------------------------------------------------------------------------- */

static void an_answer_that_is_no_kek_is_not_kept(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_bytes) blob = make_blob("simple");
	struct sc_region_init_response answer = answer_of(f);
	struct sc_hash kek;
	struct sc_error err = { 0 };

	answer.kek_blob = sc_bytes_view(&blob);
	assert_status(sc_byok_region_store(&f->kmdata, "EU", &answer, &kek, &err), SC_ERR_PROTOCOL, &err);
	assert_int_equal(publish(f, "EU"), SC_ERR_NO_REGION);
	store(f);
}

/* Calls that change something on disk: the n-th and all later ones fail, as after a kill. */
static int calls_left;

static bool is_dead(void)
{
	if (calls_left > 0) {
		calls_left--;
		return false;
	}
	errno = EIO;
	return true;
}

static int dying_openat(int directory, const char *name, int flags, mode_t mode)
{
	return flags & O_CREAT && is_dead() ? -1 : sc_os_system.openat(directory, name, flags, mode);
}

static ssize_t dying_write(int fd, const void *data, size_t len)
{
	return is_dead() ? -1 : sc_os_system.write(fd, data, len);
}

static int dying_fsync(int fd)
{
	return is_dead() ? -1 : sc_os_system.fsync(fd);
}

static int dying_renameat2(int from_directory, const char *from, int to_directory, const char *to,
			   unsigned flags)
{
	return is_dead() ? -1 : sc_os_system.renameat2(from_directory, from, to_directory, to, flags);
}

static int dying_unlinkat(int directory, const char *name, int flags)
{
	return is_dead() ? -1 : sc_os_system.unlinkat(directory, name, flags);
}

static int dying_mkdirat(int directory, const char *name, mode_t mode)
{
	return is_dead() ? -1 : sc_os_system.mkdirat(directory, name, mode);
}

static sc_status store_and_die_after(const struct fixture *f, int calls)
{
	struct sc_os dying = sc_os_system;
	struct sc_region_init_response answer = answer_of(f);
	struct sc_hash kek;
	struct sc_error err = { 0 };
	sc_status status;

	dying.openat = dying_openat;
	dying.write = dying_write;
	dying.fsync = dying_fsync;
	dying.renameat2 = dying_renameat2;
	dying.unlinkat = dying_unlinkat;
	dying.mkdirat = dying_mkdirat;
	calls_left = calls;
	sc_os = &dying;
	status = sc_byok_region_store(&f->kmdata, "EU", &answer, &kek, &err);
	sc_os = &sc_os_system;
	return status;
}

/*
 * At every point, either the old world is intact and the command can be run again, or the region is complete.
 */
static void an_init_killed_anywhere_is_run_again(void **state)
{
	int calls = 0;
	bool is_complete = false;

	for (; !is_complete; calls++) {
		struct fixture *f;

		assert_int_equal(setup(state), 0);
		f = *state;
		is_complete = store_and_die_after(f, calls) == SC_OK;
		if (publish(f, "EU") != SC_OK) {
			assert_false(is_complete);
			assert_int_equal(publish(f, "EU"), SC_ERR_NO_REGION);
			store(f);
			assert_int_equal(publish(f, "EU"), SC_OK);
		}
		assert_int_equal(teardown(state), 0);
		assert_true(calls < 100);
	}
	assert_true(calls > 16); /* four files, each at least openat, write, fsync, rename and fsync */
}

/* -- the request and the certificate's file ---------------------------------------------------- */

static void the_request_names_region_operator_and_world(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_region_request) request = NULL;
	SC_CLEANUP(sc_world_file) world = NULL;
	struct sc_error err = { 0 };

	assert_ok(sc_world_file_decode(sc_bytes_view(&f->world), &world, &err), &err);
	assert_ok(sc_byok_region_request(sc_bytes_view(&f->world), "EU", "Contoso", &der, &err), &err);
	assert_ok(sc_region_request_decode(sc_bytes_view(&der), &request, &err), &err);
	assert_string_equal(request->region.s, "EU");
	assert_string_equal(request->operator_name.s, "Contoso");
	assert_view_equal(sc_bytes_view(&request->statement), sc_bytes_view(&world->body->statement));
}

static void a_request_that_cannot_be_certified_is_not_made(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_bytes) der = { 0 };
	struct sc_error err = { 0 };

	assert_status(sc_byok_region_request(sc_bytes_view(&f->world), "Europe", "Contoso", &der, &err),
		      SC_ERR_ARGUMENT, &err);
	assert_status(sc_byok_region_request(sc_bytes_view(&f->world), "EU", "", &der, &err), SC_ERR_ARGUMENT,
		      &err);
	assert_status(sc_byok_region_request(sc_bytes_view(&f->region_world), "EU", "Contoso", &der, &err),
		      SC_ERR_EXISTS, &err);
	assert_ok(sc_byok_region_request(sc_bytes_view(&f->world), "EU", "Contoso", &der, &err), &err);
}

static sc_status read_certificate(const struct fixture *f, struct sc_view content,
				  struct sc_byok_region_certificate *out)
{
	char path[PATH_MAX];
	struct sc_error err = { 0 };

	snprintf(path, sizeof path, "%s/certificate", f->path);
	assert_ok(sc_file_write_path(path, content, SC_FILE_REPLACE, 0600, &err), &err);
	return sc_byok_region_certificate_read(path, out, &err);
}

static struct sc_bytes pem_of(X509 *certificate, int times)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct sc_bytes pem = { 0 };
	struct sc_error err = { 0 };
	char *text = NULL;
	long len;

	for (int i = 0; i < times; i++)
		assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
	len = BIO_get_mem_data(bio, &text);
	assert_ok(sc_bytes_copy(sc_view_of(text, (size_t)len), &pem, &err), &err);
	BIO_free_all(bio);
	return pem;
}

static void a_region_certificate_is_read_from_pem_and_der(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_bytes) pem = pem_of(forge->region_certificate, 1);
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_byok_region_certificate) from_pem = { 0 };
	SC_CLEANUP(sc_byok_region_certificate) from_der = { 0 };
	struct sc_error err = { 0 };

	assert_ok(sc_x509_encode(forge->region_certificate, &der, &err), &err);
	assert_int_equal(read_certificate(f, sc_bytes_view(&pem), &from_pem), SC_OK);
	assert_int_equal(read_certificate(f, sc_bytes_view(&der), &from_der), SC_OK);
	assert_view_equal(sc_bytes_view(&from_pem.der), sc_bytes_view(&der));
	assert_view_equal(sc_bytes_view(&from_der.der), sc_bytes_view(&der));
	assert_string_equal(from_pem.region.s, "EU");
	assert_true(from_der.not_after > NOW);
}

static void what_is_no_region_certificate_is_refused(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_bytes) warrant = pem_of(forge->warrant, 1);
	SC_CLEANUP(sc_bytes) twice = pem_of(forge->region_certificate, 2);
	SC_CLEANUP(sc_byok_region_certificate) out = { 0 };

	assert_int_equal(read_certificate(f, sc_bytes_view(&warrant), &out), SC_ERR_EVIDENCE_USAGE);
	assert_int_equal(read_certificate(f, sc_bytes_view(&twice), &out), SC_ERR_ENCODING);
	assert_int_equal(read_certificate(f, sc_view_text("-----BEGIN CERTIFICATE-----\n"), &out),
			 SC_ERR_ENCODING);
	assert_int_equal(read_certificate(f, sc_view_text("rubbish"), &out), SC_ERR_ENCODING);
	assert_int_not_equal(read_certificate(f, sc_view_text(""), &out), SC_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_is_published_is_believed),
		TEST(the_vaults_daemon_gets_blob_and_certificates),
		TEST(publishing_again_changes_nothing_and_never_overwrites),
		TEST(a_world_that_is_no_region_or_another_is_not_published),
		TEST(a_kek_certificate_of_another_key_is_not_published),
		TEST(an_answer_that_is_no_kek_is_not_kept),
		cmocka_unit_test(an_init_killed_anywhere_is_run_again),
		TEST(the_request_names_region_operator_and_world),
		TEST(a_request_that_cannot_be_certified_is_not_made),
		TEST(a_region_certificate_is_read_from_pem_and_der),
		TEST(what_is_no_region_certificate_is_refused),
	};

	return cmocka_run_group_tests(tests, make_forge, free_forge);
}
