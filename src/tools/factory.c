/*
 * factory: the command line of the manufacturer's offline root. factory/factory_root.h does the work; here
 * are the four subcommands and the passphrase, which is typed without echo or read from a descriptor.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/descriptors.h"
#include "base/options.h"
#include "base/os.h"
#include "base/print.h"
#include "base/terminal.h"
#include "base/visible.h"
#include "factory/factory_root.h"
#include "formats/region.h"

struct arguments {
	const char *dir;
	const char *name;
	const char *passphrase_from_fd; /* as it was typed */
	int passphrase_fd;
	const char *output;
	const char *request;
};

/* -- the passphrase ---------------------------------------------------------------------------- */

static sc_status ask_twice(struct sc_secret *out, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) first = { 0 };
	SC_CLEANUP(sc_secret) second = { 0 };

	SC_TRY(sc_terminal_read_secret("New passphrase for the root key: ", "passphrase", &first, err));
	SC_TRY(sc_terminal_read_secret("Repeat the passphrase: ", "passphrase", &second, err));
	SC_ENSURE(sc_secret_equals(&first, &second), err, SC_ERR_ARGUMENT, "the two passphrases differ");
	*out = sc_steal(first);
	return SC_OK;
}

static sc_status get_passphrase(const struct arguments *a, bool is_new, struct sc_secret *out,
				struct sc_error *err)
{
	if (a->passphrase_from_fd)
		return sc_fd_read_secret_line(a->passphrase_fd, "passphrase", out, err);
	SC_ENSURE(sc_terminal_is_there(), err, SC_ERR_USAGE,
		  "no terminal to ask for the passphrase: give --passphrase-from-fd");
	if (is_new)
		return ask_twice(out, err);
	return sc_terminal_read_secret("Passphrase for the root key: ", "passphrase", out, err);
}

static sc_status open_factory(const struct arguments *a, struct sc_factory *out, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) passphrase = { 0 };

	SC_TRY(get_passphrase(a, false, &passphrase, err));
	return sc_factory_open(a->dir, &passphrase, out, err);
}

/* -- the subcommands --------------------------------------------------------------------------- */

static void print_hash(const struct sc_hash *hash)
{
	char grouped[SC_HASH_GROUPED_SIZE];

	sc_hash_grouped(hash, grouped);
	sc_print("Root key hash: %s\n", grouped);
}

static sc_status init(const struct arguments *a, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) passphrase = { 0 };
	SC_CLEANUP(sc_factory) factory = SC_FACTORY_NONE;

	SC_ENSURE(a->name, err, SC_ERR_USAGE, "--name: the manufacturer's name is missing");
	SC_TRY(get_passphrase(a, true, &passphrase, err));
	SC_TRY(sc_factory_init(a->dir, a->name, &passphrase, &factory, err));
	sc_print("Root \"%s\" made in %s.\n", factory.name.s, a->dir);
	print_hash(&factory.hash);
	sc_print("Publish this hash separately from anything that the root signs: others rely on it.\n");
	return SC_OK;
}

static sc_status read_request(const struct arguments *a, struct sc_bytes *out, struct sc_error *err)
{
	struct stat file;

	SC_ENSURE(a->request, err, SC_ERR_USAGE, "the request file is missing");
	SC_ENSURE(a->output, err, SC_ERR_USAGE, "-o: the output file is missing");
	/* Checked first, so that nothing is signed and recorded in vain. Writing the file checks again. */
	SC_ENSURE(sc_os->fstatat(AT_FDCWD, a->output, &file, 0) != 0, err, SC_ERR_EXISTS,
		  "-o: %s: already exists and is not overwritten", a->output);
	return sc_file_read_path(a->request, SC_FACTORY_REQUEST_MAX, out, err);
}

static sc_status warrant(const struct arguments *a, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) request = { 0 };
	SC_CLEANUP(sc_bytes) answer = { 0 };
	SC_CLEANUP(sc_factory) factory = SC_FACTORY_NONE;
	sc_status status;

	SC_TRY(read_request(a, &request, err));
	SC_TRY(open_factory(a, &factory, err));
	status = sc_factory_warrant(&factory, sc_bytes_view(&request), &answer, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "%s", a->request);
	SC_TRY(sc_file_write_path(a->output, sc_bytes_view(&answer), SC_FILE_NEW, 0644, err));
	sc_print("Warrant written to %s.\n", a->output);
	print_hash(&factory.hash);
	return SC_OK;
}

/* Shows the holder of the root whom they have just vouched for. */
static sc_status print_region(struct sc_view der, struct sc_error *err)
{
	SC_CLEANUP(sc_x509) certificate = NULL;
	SC_CLEANUP(sc_region_info) region = NULL;
	struct sc_text knso = { 0 };

	SC_TRY(sc_x509_decode(der, &certificate, err));
	SC_TRY(sc_certificate_region(certificate, &region, err));
	SC_TRY(sc_certificate_subject(certificate, &knso, err));
	sc_print("Region %s (%s), operated by %s: %s\n", region->region.s, sc_region_name(region->region.s),
		 region->operator_name.s, knso.s);
	return SC_OK;
}

static sc_status certify_region(const struct arguments *a, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) request = { 0 };
	SC_CLEANUP(sc_bytes) certificate = { 0 };
	SC_CLEANUP(sc_factory) factory = SC_FACTORY_NONE;
	sc_status status;

	SC_TRY(read_request(a, &request, err));
	SC_TRY(open_factory(a, &factory, err));
	status = sc_factory_certify_region(&factory, sc_bytes_view(&request), &certificate, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "%s", a->request);
	SC_TRY(sc_file_write_path(a->output, sc_bytes_view(&certificate), SC_FILE_NEW, 0644, err));
	sc_print("Region certificate written to %s.\n", a->output);
	return print_region(sc_bytes_view(&certificate), err);
}

static sc_status root_hash(const struct arguments *a, struct sc_error *err)
{
	struct sc_hash hash = { 0 };
	char grouped[SC_HASH_GROUPED_SIZE];

	SC_TRY(sc_factory_root_hash(a->dir, &hash, err));
	sc_hash_grouped(&hash, grouped);
	sc_print("%s\n", grouped);
	return SC_OK;
}

#define SUBCOMMANDS "init, warrant, certify-region or root-hash"

static const struct subcommand {
	const char *name;
	sc_status (*run)(const struct arguments *a, struct sc_error *err);
	bool answers_a_request;
	bool makes_a_root;
	bool needs_the_passphrase;
} subcommands[] = {
	{ .name = "init", .run = init, .makes_a_root = true, .needs_the_passphrase = true },
	{ .name = "warrant", .run = warrant, .answers_a_request = true, .needs_the_passphrase = true },
	{ .name = "certify-region",
	  .run = certify_region,
	  .answers_a_request = true,
	  .needs_the_passphrase = true },
	{ .name = "root-hash", .run = root_hash },
};

/* What belongs to another subcommand is refused: it would have no effect. */
static sc_status check_arguments(const struct subcommand *subcommand, const struct arguments *a,
				 struct sc_error *err)
{
	SC_ENSURE(!a->request || subcommand->answers_a_request, err, SC_ERR_USAGE,
		  "%s: too many arguments: %s answers no request", sc_shown(a->request).s, subcommand->name);
	SC_ENSURE(!a->output || subcommand->answers_a_request, err, SC_ERR_USAGE, "-o: %s writes no answer",
		  subcommand->name);
	SC_ENSURE(!a->name || subcommand->makes_a_root, err, SC_ERR_USAGE, "--name: belongs to init");
	SC_ENSURE(!a->passphrase_from_fd || subcommand->needs_the_passphrase, err, SC_ERR_USAGE,
		  "--passphrase-from-fd: %s needs no passphrase", subcommand->name);
	SC_ENSURE(a->dir, err, SC_ERR_USAGE, "--dir: the factory's directory is missing");
	return SC_OK;
}

static sc_status run(const char *name, const struct arguments *a, struct sc_error *err)
{
	for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0]; i++) {
		if (strcmp(subcommands[i].name, name) != 0)
			continue;
		SC_TRY(check_arguments(&subcommands[i], a, err));
		return subcommands[i].run(a, err);
	}
	return sc_fail(err, SC_ERR_USAGE, "%s: no such subcommand: give " SUBCOMMANDS, sc_shown(name).s);
}

static sc_status start(int argc, char **argv, struct sc_error *err)
{
	struct arguments a = { 0 };
	const struct sc_option options[] = {
		{ .name = "dir", .argument = "DIR", .help = "the factory's directory", .value = &a.dir },
		{ .name = "name",
		  .argument = "NAME",
		  .help = "init: the manufacturer's name",
		  .value = &a.name },
		{ .name = "output",
		  .letter = 'o',
		  .argument = "FILE",
		  .help = "write the answer to this file",
		  .value = &a.output },
		{ .name = "passphrase-from-fd",
		  .argument = "N",
		  .help = "read the passphrase from this descriptor",
		  .value = &a.passphrase_from_fd },
		{ 0 },
	};
	const struct sc_command_line line = {
		"factory",
		"init|warrant|certify-region|root-hash --dir=DIR [OPTIONS] [REQUEST]",
		"The manufacturer's offline root: warrants for modules, certificates for regions.",
		options,
		"  factory init --dir=DIR --name=NAME\n"
		"  factory warrant --dir=DIR REQUEST -o ANSWER\n"
		"  factory certify-region --dir=DIR REQUEST -o CERTIFICATE\n"
		"  factory root-hash --dir=DIR",
	};
	const char *operands[2] = { 0 };
	size_t count = 0;
	bool done = false;

	SC_TRY(sc_options_read(&line, argc, argv, operands, 2, &count, &done, err));
	if (done)
		return SC_OK;
	SC_ENSURE(count > 0, err, SC_ERR_USAGE, "the subcommand is missing: give " SUBCOMMANDS);
	a.request = operands[1];
	if (a.passphrase_from_fd)
		SC_TRY(sc_fd_given_read(a.passphrase_from_fd, "--passphrase-from-fd", &a.passphrase_fd, err));
	return run(operands[0], &a, err);
}

int main(int argc, char **argv)
{
	struct sc_error err = { 0 };
	sc_status status;

	/*
	 * The root key will be in memory: allow no core file, and no other process of this user to read it.
	 */
	if (prctl(PR_SET_DUMPABLE, 0)) {
		status = sc_fail_errno(&err, SC_ERR_SYSTEM, "core dumps cannot be disabled");
		return sc_program_end("factory", status, &err);
	}
	status = start(argc, argv, &err);
	return sc_program_end("factory", status, &err);
}
