/*
 * Get-FileHash (article step 1.3): prints the hashes of files in PowerShell's table, to compare with the one
 * on a download page. Files are read in pieces, so they may have any size.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/libcrypto.h"
#include "base/options.h"
#include "base/os.h"
#include "base/print.h"
#include "base/visible.h"

#define NAME "Get-FileHash"

#define FILES_MAX  1024
#define PIECE_SIZE 65536

/* PowerShell's columns; a longer hash is printed in full. */
#define ALGORITHM_WIDTH 15
#define HASH_WIDTH      70

#define HASH_TEXT_SIZE (2 * EVP_MAX_MD_SIZE + 1)

struct arguments {
	const char *algorithm;
	const char *files[FILES_MAX]; /* those given with -Path, then the operands */
	size_t count;
};

static sc_status read_arguments(int argc, char **argv, struct arguments *a, bool *done, struct sc_error *err)
{
	const struct sc_option options[] = {
		{ .name = "Algorithm",
		  .argument = "NAME",
		  .help = "SHA256 (the default), SHA384 or SHA512",
		  .value = &a->algorithm },
		{ .name = "Path",
		  .argument = "FILE",
		  .help = "a file; may be repeated",
		  .list = a->files,
		  .list_max = FILES_MAX,
		  .list_count = &a->count },
		{ 0 },
	};
	const struct sc_command_line line = { NAME, "[-Algorithm NAME] [-Path] FILE…",
					      "Prints the hash of files.", options, NULL };
	const char *operands[FILES_MAX];
	size_t operand_count = 0;

	SC_TRY(sc_options_read(&line, argc, argv, operands, FILES_MAX, &operand_count, done, err));
	if (*done)
		return SC_OK;
	SC_ENSURE(a->count + operand_count <= FILES_MAX, err, SC_ERR_USAGE, "too many files: at most %d",
		  FILES_MAX);
	for (size_t i = 0; i < operand_count; i++)
		a->files[a->count++] = operands[i];
	SC_ENSURE(a->count > 0, err, SC_ERR_USAGE, "no file is given (see " NAME " --help)");
	return SC_OK;
}

static sc_status find_algorithm(const char *name, const char **canonical, const EVP_MD **out,
				struct sc_error *err)
{
	static const struct {
		const char *name;
		const EVP_MD *(*md)(void);
	} algorithms[] = { { "SHA256", EVP_sha256 }, { "SHA384", EVP_sha384 }, { "SHA512", EVP_sha512 } };

	for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
		if (!name || strcasecmp(algorithms[i].name, name) == 0) {
			*canonical = algorithms[i].name;
			*out = algorithms[i].md();
			return SC_OK;
		}
	return sc_fail(err, SC_ERR_ARGUMENT, "-Algorithm: %s: unknown: use SHA256, SHA384 or SHA512",
		       sc_shown(name).s);
}

static sc_status hash_descriptor(int fd, const char *path, const EVP_MD *md, char text[HASH_TEXT_SIZE],
				 struct sc_error *err)
{
	SC_CLEANUP(sc_md_ctx) ctx = EVP_MD_CTX_new();
	unsigned char piece[PIECE_SIZE];
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	ssize_t got;

	if (!ctx || EVP_DigestInit_ex(ctx, md, NULL) != 1)
		return sc_fail_crypto(err, path);
	while ((got = sc_os->read(fd, piece, sizeof piece)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be read", sc_shown(path).s);
		if (EVP_DigestUpdate(ctx, piece, (size_t)got) != 1)
			return sc_fail_crypto(err, path);
	}
	if (EVP_DigestFinal_ex(ctx, hash, &len) != 1)
		return sc_fail_crypto(err, path);
	sc_hex(sc_view_of(hash, len), text);
	for (char *c = text; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return SC_OK;
}

static sc_status hash_file(const char *path, const EVP_MD *md, char text[HASH_TEXT_SIZE],
			   struct sc_error *err)
{
	int fd = sc_os->openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	sc_status status;

	if (fd < 0)
		return sc_fail_errno(err, errno == ENOENT ? SC_ERR_NOT_FOUND : SC_ERR_SYSTEM,
				     "%s: cannot be opened", sc_shown(path).s);
	status = hash_descriptor(fd, path, md, text, err);
	(void)sc_os->close(fd);
	return status;
}

static void print_row(const char *algorithm, const char *hash, const char *path)
{
	sc_print("%-*s %-*s %s\n", ALGORITHM_WIDTH, algorithm, HASH_WIDTH, hash, path);
}

/*
 * As in PowerShell, a file that cannot be read does not keep the others from being printed. The last failure
 * is returned; those before it have been reported.
 */
static sc_status print_hashes(const struct arguments *a, const char *algorithm, const EVP_MD *md,
			      struct sc_error *err)
{
	sc_status result = SC_OK;
	bool has_header = false;

	for (size_t i = 0; i < a->count; i++) {
		struct sc_error why = { 0 };
		char text[HASH_TEXT_SIZE];
		char absolute[PATH_MAX];
		sc_status status = hash_file(a->files[i], md, text, &why);

		if (status != SC_OK) {
			if (result != SC_OK)
				sc_print_to(stderr, NAME ": %s\n", err->message);
			*err = why;
			result = status;
			continue;
		}
		if (!has_header) {
			sc_print("\n");
			print_row("Algorithm", "Hash", "Path");
			print_row("---------", "----", "----");
			has_header = true;
		}
		print_row(algorithm, text, realpath(a->files[i], absolute) ? absolute : a->files[i]);
	}
	if (has_header)
		sc_print("\n");
	return result;
}

int main(int argc, char **argv)
{
	struct sc_error err = { 0 };
	struct arguments a = { 0 };
	const char *algorithm = NULL;
	const EVP_MD *md = NULL;
	bool done = false;
	sc_status status = read_arguments(argc, argv, &a, &done, &err);

	if (status == SC_OK && !done)
		status = find_algorithm(a.algorithm, &algorithm, &md, &err);
	if (status == SC_OK && !done)
		status = print_hashes(&a, algorithm, md, &err);
	return sc_program_end(NAME, status, &err);
}
