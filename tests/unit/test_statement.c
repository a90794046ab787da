/* Statements: what a verifier requires before it believes one (evidence/signed_statement.h, rule F6). */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>

#include "base/clock.h"
#include "base/file.h"
#include "formats/oid.h"
#include "changes.h"

#define NOW INT64_C(1800000000)

extern char **environ;

static sc_status verify(const struct sc_forge *f, const struct sc_bytes *statement, const char *type,
			enum sc_evidence_time judged)
{
	const struct sc_evidence_trust trust = sc_forge_trust(f);
	SC_CLEANUP(sc_evidence) evidence = NULL;
	struct sc_error err = { 0 };
	sc_status status =
	    sc_statement_verify(sc_bytes_view(statement), type, &trust, judged, &evidence, &err);

	assert_true((status == SC_OK) == (evidence != NULL));
	assert_true(status == SC_OK || strlen(err.message) > 0);
	return status;
}

static sc_status verify_kek(const struct sc_forge *f)
{
	SC_CLEANUP(sc_bytes) package = sc_forge_kek_package(f);

	return verify(f, &package, SC_OID_KEY_STATEMENT, SC_EVIDENCE_TIME_NOW);
}

static sc_status verify_world(const struct sc_forge *f)
{
	SC_CLEANUP(sc_bytes) package = sc_forge_world_package(f);

	return verify(f, &package, SC_OID_WORLD_STATEMENT, SC_EVIDENCE_TIME_STATED);
}

/* -- what is believed -------------------------------------------------------------------------- */

static void what_a_module_signs_is_believed(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(NOW, "EU");
	const struct sc_statement_signer signer = { f->module_key, f->warrant, f->member,
						    f->region_certificate };
	const struct sc_evidence_trust trust = sc_forge_trust(f);
	SC_CLEANUP(sc_bytes) statement = { 0 };
	SC_CLEANUP(sc_evidence) evidence = NULL;

	(void)state;
	assert_int_equal(sc_statement_sign_key(&signer, f->key, f->kek_certificate, &statement, NULL), SC_OK);
	assert_int_equal(sc_statement_verify(sc_bytes_view(&statement), SC_OID_KEY_STATEMENT, &trust,
					     SC_EVIDENCE_TIME_NOW, &evidence, NULL),
			 SC_OK);
	assert_ptr_equal(evidence->root, f->root);
	assert_int_equal(X509_cmp(evidence->warrant, f->warrant), 0);
	assert_int_equal(X509_cmp(evidence->member, f->member), 0);
	assert_int_equal(X509_cmp(evidence->region, f->region_certificate), 0);
	assert_int_equal(X509_cmp(evidence->kek, f->kek_certificate), 0);
	assert_string_equal(evidence->region_info->region.s, "EU");
	assert_null(evidence->world);
	assert_true(sc_hash_equals(&evidence->key->key_hash, &f->key->key_hash));
}

static void a_world_statement_takes_its_region_certificate_later(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(NOW, "EU");
	const struct sc_statement_signer signer = { f->module_key, f->warrant, NULL, NULL };
	SC_CLEANUP(sc_bytes) statement = { 0 };
	SC_CLEANUP(sc_bytes) package = { 0 };

	(void)state;
	assert_int_equal(sc_statement_sign_world(&signer, f->world, &statement, NULL), SC_OK);
	assert_int_equal(verify(f, &statement, SC_OID_WORLD_STATEMENT, SC_EVIDENCE_TIME_STATED), SC_OK);
	assert_int_equal(
	    sc_statement_enclose(sc_bytes_view(&statement), f->region_certificate, &package, NULL), SC_OK);
	assert_int_equal(verify(f, &package, SC_OID_WORLD_STATEMENT, SC_EVIDENCE_TIME_STATED), SC_OK);
}

static void forget(X509 **certificate)
{
	sc_forge_put(certificate, NULL);
}

static void a_world_without_a_region_speaks_under_its_warrant(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(NOW, "EU");

	(void)state;
	forget(&f->member);
	forget(&f->region_certificate);
	forget(&f->kek_certificate);
	f->key->region = (struct sc_text){ "" };
	f->key->suite = SC_SUITE_DLF1024;
	assert_int_equal(verify_kek(f), SC_OK);
}

static void a_module_does_not_sign_under_anothers_certificate(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(NOW, "EU");
	SC_CLEANUP(sc_forge) other = sc_forge_new(NOW, "EU");
	struct sc_statement_signer signer = { f->module_key, f->warrant, f->member, f->region_certificate };
	SC_CLEANUP(sc_bytes) statement = { 0 };

	(void)state;
	assert_int_equal(sc_statement_sign_key(&signer, f->key, NULL, &statement, NULL), SC_OK);
	signer.key = other->module_key;
	assert_int_equal(sc_statement_sign_key(&signer, f->key, NULL, &statement, NULL), SC_ERR_EVIDENCE_KEY);
}

static void an_old_statement_is_judged_at_the_time_that_it_names(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(NOW, "EU");
	SC_CLEANUP(sc_bytes) receipt = sc_forge_kek_package(f);
	SC_CLEANUP(sc_bytes) world = sc_forge_world_statement(f);

	(void)state;
	f->now = NOW + 15 * SC_YEAR; /* the warrant ended five years ago */
	assert_int_equal(verify(f, &receipt, SC_OID_KEY_STATEMENT, SC_EVIDENCE_TIME_STATED), SC_OK);
	assert_int_equal(verify(f, &receipt, SC_OID_KEY_STATEMENT, SC_EVIDENCE_TIME_NOW),
			 SC_ERR_EVIDENCE_TIME);
	assert_int_equal(verify(f, &world, SC_OID_WORLD_STATEMENT, SC_EVIDENCE_TIME_STATED), SC_OK);
}

static void a_second_trusted_root_is_as_good_as_the_first(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(NOW, "EU");
	SC_CLEANUP(sc_forge) other = sc_forge_new(NOW, "EU");
	SC_CLEANUP(sc_bytes) package = sc_forge_kek_package(f);
	X509 *const roots[] = { other->root, f->root };
	struct sc_evidence_trust trust = { .roots = roots, .root_count = 1, .now = NOW };
	SC_CLEANUP(sc_evidence) evidence = NULL;

	(void)state;
	assert_int_equal(sc_statement_verify(sc_bytes_view(&package), SC_OID_KEY_STATEMENT, &trust,
					     SC_EVIDENCE_TIME_NOW, &evidence, NULL),
			 SC_ERR_EVIDENCE_ROOT);
	trust.root_count = 2;
	assert_int_equal(sc_statement_verify(sc_bytes_view(&package), SC_OID_KEY_STATEMENT, &trust,
					     SC_EVIDENCE_TIME_NOW, &evidence, NULL),
			 SC_OK);
	assert_ptr_equal(evidence->root, f->root);
}

/* -- what is not ------------------------------------------------------------------------------- */

/* Each change by itself, after the same statement without it was accepted. */
static void check_changes(bool is_world)
{
	sc_status (*const verify_it)(const struct sc_forge *) = is_world ? verify_world : verify_kek;
	SC_CLEANUP(sc_forge) other = sc_forge_new(NOW, "EU");
	size_t count = 0;
	const struct sc_forge_change *change = sc_forge_changes(&count);

	for (; count > 0; count--, change++) {
		SC_CLEANUP(sc_forge) f = sc_forge_new(NOW, "EU");
		sc_status wanted = is_world ? change->world : change->key;
		sc_status status;

		assert_int_equal(verify_it(f), SC_OK);
		change->apply(f, other);
		status = verify_it(f);
		if (status != wanted)
			fail_msg("%s: %s, not %s", change->name, sc_status_name(status),
				 sc_status_name(wanted));
	}
}

static void a_key_statement_is_refused_for_what_is_wrong_with_it(void **state)
{
	(void)state;
	check_changes(false);
}

static void a_world_statement_is_refused_for_what_is_wrong_with_it(void **state)
{
	(void)state;
	check_changes(true);
}

static void a_revoked_module_is_not_believed(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(NOW, "EU");
	SC_CLEANUP(sc_bytes) package = sc_forge_kek_package(f);
	const char *const revoked[] = { "0000-0000-0000", f->esn.s };
	struct sc_evidence_trust trust = sc_forge_trust(f);
	SC_CLEANUP(sc_evidence) evidence = NULL;

	(void)state;
	trust.revoked = revoked;
	trust.revoked_count = 1;
	assert_int_equal(sc_statement_verify(sc_bytes_view(&package), SC_OID_KEY_STATEMENT, &trust,
					     SC_EVIDENCE_TIME_NOW, &evidence, NULL),
			 SC_OK);
	sc_evidence_free(evidence);
	evidence = NULL;
	trust.revoked_count = 2;
	assert_int_equal(sc_statement_verify(sc_bytes_view(&package), SC_OID_KEY_STATEMENT, &trust,
					     SC_EVIDENCE_TIME_NOW, &evidence, NULL),
			 SC_ERR_EVIDENCE_REVOKED);
}

static struct sc_bytes wrapped(const struct sc_forge *f, const char *type, const struct sc_bytes *content,
			       X509 *named, X509 *one_more)
{
	X509 *const certificates[] = { f->warrant, f->member, f->region_certificate, f->kek_certificate,
				       one_more };

	return sc_forge_wrap(type, sc_bytes_view(content), f->module_key, named, certificates, 5);
}

static void certificates_and_types_stand_where_they_belong(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(NOW, "EU");
	SC_CLEANUP(sc_x509) second_warrant = NULL;
	SC_CLEANUP(sc_bytes) content = { 0 };
	X509 *first;
	struct sc_bytes package;

	(void)state;
	assert_int_equal(sc_key_statement_encode(f->key, &content, NULL), SC_OK);
	package = wrapped(f, SC_OID_KEY_STATEMENT, &content, f->member, NULL);
	assert_int_equal(verify(f, &package, SC_OID_KEY_STATEMENT, SC_EVIDENCE_TIME_NOW), SC_OK);
	assert_int_equal(verify(f, &package, SC_OID_WORLD_STATEMENT, SC_EVIDENCE_TIME_NOW), SC_ERR_FORMAT);
	sc_bytes_free(&package);

	package = wrapped(f, SC_OID_WORLD_STATEMENT, &content, f->member, NULL);
	assert_int_equal(verify(f, &package, SC_OID_WORLD_STATEMENT, SC_EVIDENCE_TIME_NOW), SC_ERR_ENCODING);
	sc_bytes_free(&package);

	package = wrapped(f, SC_OID_KEY_STATEMENT, &content, f->member, f->root);
	assert_int_equal(verify(f, &package, SC_OID_KEY_STATEMENT, SC_EVIDENCE_TIME_NOW),
			 SC_ERR_EVIDENCE_USAGE);
	sc_bytes_free(&package);

	/*
	 * The warrant has the signer's name and key too, but a region's statement must be signed as member.
	 */
	package = wrapped(f, SC_OID_KEY_STATEMENT, &content, f->warrant, NULL);
	assert_int_equal(verify(f, &package, SC_OID_KEY_STATEMENT, SC_EVIDENCE_TIME_NOW),
			 SC_ERR_EVIDENCE_SIGNATURE);
	sc_bytes_free(&package);

	first = f->warrant;
	f->warrant = NULL;
	sc_forge_warrant_again(f);
	second_warrant = f->warrant;
	f->warrant = first;
	package = wrapped(f, SC_OID_KEY_STATEMENT, &content, f->member, second_warrant);
	assert_int_equal(verify(f, &package, SC_OID_KEY_STATEMENT, SC_EVIDENCE_TIME_NOW),
			 SC_ERR_EVIDENCE_USAGE);
	sc_bytes_free(&package);

	sc_forge_put(&f->warrant, NULL);
	package = wrapped(f, SC_OID_KEY_STATEMENT, &content, f->member, NULL);
	assert_int_equal(verify(f, &package, SC_OID_KEY_STATEMENT, SC_EVIDENCE_TIME_NOW),
			 SC_ERR_EVIDENCE_CHAIN);
	sc_bytes_free(&package);
}

static void a_world_statement_encloses_no_member(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(NOW, "EU");
	SC_CLEANUP(sc_bytes) content = { 0 };
	X509 *const certificates[] = { f->warrant, f->region_certificate, f->member };
	struct sc_bytes package;

	(void)state;
	assert_int_equal(sc_world_statement_encode(f->world, &content, NULL), SC_OK);
	package = sc_forge_wrap(SC_OID_WORLD_STATEMENT, sc_bytes_view(&content), f->module_key, f->warrant,
				certificates, 2);
	assert_int_equal(verify(f, &package, SC_OID_WORLD_STATEMENT, SC_EVIDENCE_TIME_STATED), SC_OK);
	sc_bytes_free(&package);
	package = sc_forge_wrap(SC_OID_WORLD_STATEMENT, sc_bytes_view(&content), f->module_key, f->warrant,
				certificates, 3);
	assert_int_equal(verify(f, &package, SC_OID_WORLD_STATEMENT, SC_EVIDENCE_TIME_STATED),
			 SC_ERR_EVIDENCE_USAGE);
	sc_bytes_free(&package);
}

/* -- every byte counts ------------------------------------------------------------------------- */

static void check_flip(const struct sc_forge *f, struct sc_bytes *statement, const char *type, size_t at,
		       uint8_t flip)
{
	statement->data[at] ^= flip;
	if (verify(f, statement, type, SC_EVIDENCE_TIME_STATED) == SC_OK)
		fail_msg("byte %zu, flipped by %02x, is not noticed", at, flip);
	statement->data[at] ^= flip;
}

static void check_every_byte(const struct sc_forge *f, struct sc_bytes *statement, const char *type)
{
	struct sc_bytes cut;

	assert_int_equal(verify(f, statement, type, SC_EVIDENCE_TIME_STATED), SC_OK);
	for (size_t i = 0; i < statement->len; i++) {
		check_flip(f, statement, type, i, 0x01);
		if (isalpha(statement->data[i])) /* libcrypto ignores case in names */
			check_flip(f, statement, type, i, 0x20);
		/* A buffer of exactly that length, so that a sanitizer sees a read past its end. */
		assert_int_equal(sc_bytes_copy(sc_view_of(statement->data, i), &cut, NULL), SC_OK);
		if (verify(f, &cut, type, SC_EVIDENCE_TIME_STATED) == SC_OK)
			fail_msg("cut to %zu bytes", i);
		sc_bytes_free(&cut);
	}
	assert_int_equal(sc_bytes_new(statement->len + 1, &cut, NULL), SC_OK);
	memcpy(cut.data, statement->data, statement->len);
	assert_int_not_equal(verify(f, &cut, type, SC_EVIDENCE_TIME_STATED), SC_OK);
	sc_bytes_free(&cut);
}

static void any_byte_of_a_kek_package_matters(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(NOW, "EU");
	SC_CLEANUP(sc_bytes) package = sc_forge_kek_package(f);

	(void)state;
	check_every_byte(f, &package, SC_OID_KEY_STATEMENT);
}

static void any_byte_of_a_world_package_matters(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(NOW, "EU");
	SC_CLEANUP(sc_bytes) package = sc_forge_world_package(f);

	(void)state;
	check_every_byte(f, &package, SC_OID_WORLD_STATEMENT);
}

/* -- stock openssl ----------------------------------------------------------------------------- */

static char directory[] = "/tmp/test_statement.XXXXXX";

static const char *path_of(const char *name, char path[64])
{
	snprintf(path, 64, "%s/%s", directory, name);
	return path;
}

static void write_to(const char *name, struct sc_view content)
{
	char path[64];

	assert_int_equal(sc_file_write_path(path_of(name, path), content, SC_FILE_REPLACE, 0600, NULL),
			 SC_OK);
}

/* The verdict of `openssl cms -verify -purpose any`, at the forge's time. */
static int openssl_exit(const struct sc_bytes *statement)
{
	char in[64];
	char root[64];
	char out[64];
	char time[32];
	char *argv[] = { "openssl",
			 "cms",
			 "-verify",
			 "-purpose",
			 "any",
			 "-inform",
			 "DER",
			 "-attime",
			 time,
			 "-in",
			 path_of("statement", in) ? in : NULL,
			 "-CAfile",
			 path_of("root.pem", root) ? root : NULL,
			 "-out",
			 path_of("content", out) ? out : NULL,
			 NULL };
	pid_t child;
	int status = 0;

	snprintf(time, sizeof time, "%lld", (long long)NOW);
	write_to("statement", sc_bytes_view(statement));
	assert_int_equal(posix_spawnp(&child, "openssl", NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void stock_openssl_reads_what_we_sign(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(NOW, "EU");
	SC_CLEANUP(sc_bytes) kek = sc_forge_kek_package(f);
	SC_CLEANUP(sc_bytes) world = sc_forge_world_package(f);
	SC_CLEANUP(sc_bytes) content = { 0 };
	SC_CLEANUP(sc_bytes) stated = { 0 };
	char path[64];
	FILE *root;

	(void)state;
	assert_non_null(mkdtemp(directory));
	root = fopen(path_of("root.pem", path), "w");
	assert_non_null(root);
	assert_int_equal(PEM_write_X509(root, f->root), 1);
	fclose(root);
	assert_int_equal(openssl_exit(&kek), 0);
	assert_int_equal(sc_file_read_path(path_of("content", path), 65536, &content, NULL), SC_OK);
	assert_int_equal(sc_key_statement_encode(f->key, &stated, NULL), SC_OK);
	assert_true(sc_view_equals(sc_bytes_view(&content), sc_bytes_view(&stated)));
	assert_int_equal(openssl_exit(&world), 0);
	world.data[world.len - 1] ^= 1;
	assert_int_not_equal(openssl_exit(&world), 0);
	for (size_t i = 0; i < 3; i++)
		unlink(path_of((const char *[]){ "statement", "root.pem", "content" }[i], path));
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_module_signs_is_believed),
		cmocka_unit_test(a_world_statement_takes_its_region_certificate_later),
		cmocka_unit_test(a_world_without_a_region_speaks_under_its_warrant),
		cmocka_unit_test(a_module_does_not_sign_under_anothers_certificate),
		cmocka_unit_test(an_old_statement_is_judged_at_the_time_that_it_names),
		cmocka_unit_test(a_second_trusted_root_is_as_good_as_the_first),
		cmocka_unit_test(a_key_statement_is_refused_for_what_is_wrong_with_it),
		cmocka_unit_test(a_world_statement_is_refused_for_what_is_wrong_with_it),
		cmocka_unit_test(a_revoked_module_is_not_believed),
		cmocka_unit_test(certificates_and_types_stand_where_they_belong),
		cmocka_unit_test(a_world_statement_encloses_no_member),
		cmocka_unit_test(any_byte_of_a_kek_package_matters),
		cmocka_unit_test(any_byte_of_a_world_package_matters),
		cmocka_unit_test(stock_openssl_reads_what_we_sign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
