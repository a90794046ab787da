/*
 * What a search of a process's memory looks for (invariant 1): the private numbers of keys that only a module knows.
 *
 *   needles STATE-DIRECTORY BLOB-OR-KEY-FILE…
 *
 * Opens a stopped or running module's sealed state with the unlock key that lies beside it, as whoever copied that
 * directory could, and with KM the blobs; prints a line of hexadecimal for each prime of an RSA key and for the value of
 * an EC key. For tests only: it is linked with hsmd's core, and no program that is installed is.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>

#include "base/file.h"
#include "formats/key_file.h"
#include "hsmd/core/blob.h"
#include "hsmd/core/internal.h"

SC_CLEANUP_POINTER(sc_bn, BIGNUM, BN_clear_free)

/* What is read is not written back. */
static sc_status save_nothing(void *context, struct sc_view state, struct sc_view mark, struct sc_error *err)
{
	(void)context, (void)state, (void)mark, (void)err;
	return SC_OK;
}

static void report_nothing(void *context, struct sc_enquire_response *out)
{
	(void)context, (void)out;
}

static bool never(void *context)
{
	(void)context;
	return false;
}

static sc_status open_module(const char *path, struct sc_module **out, struct sc_error *err)
{
	const struct sc_module_host host = { .save = save_nothing, .ran_out = never, .report = report_nothing };
	const struct sc_module_options options = { 0 };
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;
	SC_CLEANUP(sc_bytes) state = { 0 };
	SC_CLEANUP(sc_bytes) mark = { 0 };
	SC_CLEANUP(sc_bytes) unlock = { 0 };
	SC_CLEANUP(sc_secret) key = { 0 };

	SC_TRY(sc_dir_open(path, &dir, err));
	SC_TRY(sc_file_read(&dir, "state", SC_STATE_MAX, &state, err));
	SC_TRY(sc_file_read(&dir, "mark", SC_MARK_MAX, &mark, err));
	SC_TRY(sc_file_read(&dir, "unlock.key", SC_UNLOCK_KEY_SIZE, &unlock, err));
	SC_TRY(sc_secret_copy(sc_bytes_view(&unlock), &key, err));
	return sc_module_open(&host, sc_bytes_view(&state), sc_bytes_view(&mark), &key, &options, out, err);
}

static bool print_number(const EVP_PKEY *key, const char *name)
{
	SC_CLEANUP(sc_bn) number = NULL;
	char *hex;

	if (EVP_PKEY_get_bn_param(key, name, &number) != 1)
		return false;
	hex = BN_bn2hex(number);
	printf("%s\n", hex);
	OPENSSL_free(hex);
	return true;
}

static sc_status print_key(const struct sc_snapshot *snapshot, const char *path, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) content = { 0 };
	SC_CLEANUP(sc_key_file) file = NULL;
	SC_CLEANUP(sc_key) key = NULL;
	struct sc_view blob;
	bool printed;

	SC_TRY(sc_file_read_path(path, SC_KEY_FILE_MAX, &content, err));
	blob = sc_bytes_view(&content);
	if (sc_key_file_decode(blob, &file, NULL) == SC_OK)
		blob = sc_bytes_view(&file->blob);
	SC_TRY(sc_blob_open(snapshot, blob, &key, err));
	printed = EVP_PKEY_is_a(key->private_key, "RSA")
		      ? print_number(key->private_key, OSSL_PKEY_PARAM_RSA_FACTOR1) &&
			    print_number(key->private_key, OSSL_PKEY_PARAM_RSA_FACTOR2)
		      : print_number(key->private_key, OSSL_PKEY_PARAM_PRIV_KEY);
	SC_ENSURE(printed, err, SC_ERR_KEY_TYPE, "%s: no private numbers in it", path);
	return SC_OK;
}

static sc_status print_all(int argc, char **argv, struct sc_error *err)
{
	SC_CLEANUP(sc_module) module = NULL;
	SC_CLEANUP(sc_snapshot) snapshot = NULL;

	SC_ENSURE(argc > 2, err, SC_ERR_USAGE, "usage: needles STATE-DIRECTORY FILE…");
	SC_TRY(open_module(argv[1], &module, err));
	snapshot = sc_module_snapshot(module);
	for (int i = 2; i < argc; i++)
		SC_TRY(print_key(snapshot, argv[i], err));
	return SC_OK;
}

int main(int argc, char **argv)
{
	struct sc_error err = { 0 };
	sc_status status = print_all(argc, argv, &err);

	if (status != SC_OK)
		fprintf(stderr, "needles: %s\n", err.message);
	return sc_status_exit(status);
}
