/*
 * Measures what a private operation costs through the module's socket, next to bare libcrypto:
 *
 *   bench-module SOCKET KEY-FILE PID [COUNT]
 *
 * SOCKET is a use socket, KEY-FILE a simple key's file, PID the module's process. There are five rounds of
 * COUNT operations (400), one at a time, which alternate between bare EVP_PKEY_decrypt and EVP_PKEY_sign with
 * a key of its own, and DECRYPT and SIGN through the socket. Prints medians of CPU time per operation: of
 * this process for the bare ones, of this process and the module together for the others.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/file.h"
#include "client/client.h"
#include "formats/key_file.h"
#include "formats/key_type.h"

#define ROUNDS 5

static double own_cpu(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/*
 * CPU time of all threads of a process in microseconds: the first number of each
 * /proc/PID/task/TID/schedstat.
 */
static double cpu_of(const char *pid)
{
	char path[512];
	double sum = 0;
	DIR *tasks;

	snprintf(path, sizeof path, "/proc/%s/task", pid);
	tasks = opendir(path);
	for (struct dirent *entry; tasks && (entry = readdir(tasks));) {
		unsigned long long nanoseconds = 0;
		FILE *file;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/proc/%s/task/%s/schedstat", pid, entry->d_name);
		file = fopen(path, "r");
		if (file && fscanf(file, "%llu", &nanoseconds) == 1)
			sum += (double)nanoseconds / 1e3;
		if (file)
			fclose(file);
	}
	if (tasks)
		closedir(tasks);
	return sum;
}

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof *values, by_value);
	return values[ROUNDS / 2];
}

/* What the four operations need. */
struct bench {
	unsigned count;
	const char *pid;
	EVP_PKEY *bare;
	uint8_t bare_cipher[256];
	struct sc_client *client;
	struct sc_client_key key;
	uint8_t cipher[256];
	uint8_t digest[32];
};

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench-module: %s\n", what);
	exit(1);
}

static EVP_PKEY_CTX *oaep(EVP_PKEY *key, int (*init)(EVP_PKEY_CTX *))
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);

	must(ctx && init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
		 EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 &&
		 EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1,
	     "RSA-OAEP");
	return ctx;
}

static void encrypt_to(EVP_PKEY *key, uint8_t cipher[256])
{
	EVP_PKEY_CTX *ctx = oaep(key, EVP_PKEY_encrypt_init);
	size_t len = 256;

	must(EVP_PKEY_encrypt(ctx, cipher, &len, (const uint8_t *)"a content key", 13) == 1, "encrypting");
	EVP_PKEY_CTX_free(ctx);
}

static void bare_decrypt(struct bench *b)
{
	EVP_PKEY_CTX *ctx = oaep(b->bare, EVP_PKEY_decrypt_init);

	for (unsigned i = 0; i < b->count; i++) {
		uint8_t plain[256];
		size_t len = sizeof plain;

		must(EVP_PKEY_decrypt(ctx, plain, &len, b->bare_cipher, sizeof b->bare_cipher) == 1 &&
			 len == 13,
		     "bare decryption");
	}
	EVP_PKEY_CTX_free(ctx);
}

static void bare_sign(struct bench *b)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(b->bare, NULL);

	must(ctx && EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1,
	     "signing");
	for (unsigned i = 0; i < b->count; i++) {
		uint8_t signature[256];
		size_t len = sizeof signature;

		must(EVP_PKEY_sign(ctx, signature, &len, b->digest, sizeof b->digest) == 1, "bare signature");
	}
	EVP_PKEY_CTX_free(ctx);
}

static void module_decrypt(struct bench *b)
{
	for (unsigned i = 0; i < b->count; i++) {
		SC_CLEANUP(sc_bytes) plain = { 0 };

		must(sc_client_decrypt(b->client, &b->key, SC_MECHANISM_RSA_OAEP_256,
				       sc_view_of(b->cipher, sizeof b->cipher), &plain, NULL) == SC_OK &&
			 plain.len == 13,
		     "decryption through the module");
	}
}

static void module_sign(struct bench *b)
{
	for (unsigned i = 0; i < b->count; i++) {
		SC_CLEANUP(sc_bytes) signature = { 0 };

		must(sc_client_sign(b->client, &b->key, SC_MECHANISM_RS256,
				    sc_view_of(b->digest, sizeof b->digest), &signature, NULL) == SC_OK,
		     "signature through the module");
	}
}

static double measure(struct bench *b, void (*work)(struct bench *), bool with_module)
{
	double before = own_cpu() + (with_module ? cpu_of(b->pid) : 0);

	work(b);
	return (own_cpu() + (with_module ? cpu_of(b->pid) : 0) - before) / b->count;
}

static void set_up(struct bench *b, char **argv)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_key_file) file = NULL;
	SC_CLEANUP(sc_pkey) public_key = NULL;
	struct sc_error err = { 0 };

	must(sc_client_open(argv[1], &b->client, &err) == SC_OK &&
		 sc_file_read_path(argv[2], SC_KEY_FILE_MAX, &der, &err) == SC_OK &&
		 sc_key_file_decode(sc_bytes_view(&der), &file, &err) == SC_OK &&
		 sc_client_key_load(b->client, sc_bytes_view(&file->blob), (struct sc_view){ 0 }, &b->key,
				    &err) == SC_OK &&
		 sc_spki_read(sc_bytes_view(&file->spki), &public_key, &err) == SC_OK,
	     err.message);
	must(EVP_PKEY_get_bits(public_key) == 2048, "the key is not RSA-2048");
	encrypt_to(public_key, b->cipher);
	b->bare = EVP_RSA_gen(2048);
	must(b->bare != NULL, "no bare key");
	encrypt_to(b->bare, b->bare_cipher);
	memset(b->digest, 7, sizeof b->digest);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*bare)(struct bench *);
		void (*module)(struct bench *);
	} rows[] = { { "RSA-2048 decrypt (OAEP-256)", bare_decrypt, module_decrypt },
		     { "RSA-2048 sign (RS256)", bare_sign, module_sign } };
	struct bench b = { 0 };

	must(argc == 4 || argc == 5, "usage: bench-module SOCKET KEY-FILE PID [COUNT]");
	b.pid = argv[3];
	b.count = argc == 5 ? (unsigned)strtoul(argv[4], NULL, 10) : 400;
	must(b.count > 0, "COUNT must be 1 or more");
	set_up(&b, argv);
	printf("%-44s %10s %10s %7s\n", "CPU time per operation", "measured", "bare", "ratio");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		double bare[ROUNDS];
		double module[ROUNDS];

		for (int round = 0; round < ROUNDS; round++) {
			bare[round] = measure(&b, rows[i].bare, false);
			module[round] = measure(&b, rows[i].module, true);
		}
		printf("%-44s %7.1f us %7.1f us %7.2f\n", rows[i].name, median(module), median(bare),
		       median(module) / median(bare));
	}
	EVP_PKEY_free(b.bare);
	sc_client_key_free(&b.key);
	sc_client_free(b.client);
	return 0;
}
