/*
 * How much of a statement stock `openssl cms -verify` protects, and how much our verifier does (rule F6):
 *
 *	flip_statement DIRECTORY
 *
 * makes the KEK package of a test region, flips the lowest bit of each byte in turn, and judges each result
 * by both. It writes the statement (statement.der), its root (root.pem) and one line "POSITION STOCK OURS"
 * per byte (verdicts; 1 if it passed) to DIRECTORY, and prints the time at which it judged. flip-statement.sh
 * compares a sample of the lines with the openssl program.
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/file.h"
#include "forge.h"
#include "formats/oid.h"

#define NOW INT64_C(1800000000)

/* Nothing here is a check: a failure ends the program. */
static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "flip_statement: %s\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

/* The store of `openssl cms -verify -purpose any -attime NOW -CAfile root.pem`. */
static X509_STORE *new_store(X509 *root)
{
	X509_STORE *store = X509_STORE_new();

	must(store && X509_STORE_add_cert(store, root) == 1, "no store of certificates");
	must(X509_VERIFY_PARAM_set_purpose(X509_STORE_get0_param(store), X509_PURPOSE_ANY) == 1, "purpose");
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), NOW);
	return store;
}

/* What the program does with `-inform DER -in FILE -binary -out /dev/null`, in the same order. */
static bool stock_accepts(struct sc_view der, X509_STORE *store)
{
	BIO *in = BIO_new_mem_buf(der.data, (int)der.len);
	BIO *out = BIO_new(BIO_s_null());
	CMS_ContentInfo *message = in ? d2i_CMS_bio(in, NULL) : NULL;
	bool passes = message && CMS_verify(message, NULL, store, NULL, out, CMS_BINARY) == 1;

	CMS_ContentInfo_free(message);
	BIO_free(in);
	BIO_free(out);
	ERR_clear_error();
	return passes;
}

static bool ours_accepts(struct sc_view der, const struct sc_forge *forge)
{
	const struct sc_evidence_trust trust = sc_forge_trust(forge);
	SC_CLEANUP(sc_evidence) evidence = NULL;
	sc_status status =
	    sc_statement_verify(der, SC_OID_KEY_STATEMENT, &trust, SC_EVIDENCE_TIME_NOW, &evidence, NULL);

	ERR_clear_error();
	return status == SC_OK;
}

static FILE *create(const char *directory, const char *name)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	file = fopen(path, "w");
	must(file, path);
	return file;
}

static void write_files(const char *directory, const struct sc_bytes *statement, X509 *root)
{
	FILE *der = create(directory, "statement.der");
	FILE *pem = create(directory, "root.pem");

	must(fwrite(statement->data, 1, statement->len, der) == statement->len && !fclose(der),
	     "statement.der");
	must(PEM_write_X509(pem, root) == 1 && !fclose(pem), "root.pem");
}

int main(int argc, char **argv)
{
	SC_CLEANUP(sc_forge) forge = NULL;
	SC_CLEANUP(sc_bytes) statement = { 0 };
	X509_STORE *store;
	FILE *verdicts;

	if (argc != 2) {
		fprintf(stderr, "Usage: flip_statement DIRECTORY\n");
		return 2;
	}
	forge = sc_forge_new(NOW, "EU");
	statement = sc_forge_kek_package(forge);
	write_files(argv[1], &statement, forge->root);
	store = new_store(forge->root);
	must(stock_accepts(sc_bytes_view(&statement), store), "stock openssl refuses the statement itself");
	must(ours_accepts(sc_bytes_view(&statement), forge), "our verifier refuses the statement itself");
	verdicts = create(argv[1], "verdicts");
	for (size_t i = 0; i < statement.len; i++) {
		statement.data[i] ^= 1;
		fprintf(verdicts, "%zu %d %d\n", i, stock_accepts(sc_bytes_view(&statement), store),
			ours_accepts(sc_bytes_view(&statement), forge));
		statement.data[i] ^= 1;
	}
	must(!fclose(verdicts), "verdicts");
	X509_STORE_free(store);
	printf("%lld\n", (long long)NOW);
	return 0;
}
