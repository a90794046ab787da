/*
 * safeconduct toolset build: makes KeyVault-BYOK-Tools-<Region>.zip (article step 1.3). The root whose hash
 * goes into the script is the one that the connected module carries, and the packages must verify under it.
 * If --root-hash gives the root instead, nothing is verified, and a warning says so.
 */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/options.h"
#include "byok/module_trust.h"
#include "byok/publish.h"
#include "byok/regions.h"
#include "byok/package_pair.h"
#include "byok/toolset.h"
#include "evidence/packages.h"
#include "tools/safeconduct/subcommands.h"

#define SCRIPT_NAME  "verifykeypackage.py"
#define PROGRAM_NAME "KeyTransferRemote"

#define SCRIPT_MAX  (1024 * 1024)
#define PROGRAM_MAX (64 * 1024 * 1024)

struct arguments {
	const char *region;
	const char *packages;
	const char *output;
	const char *script;
	const char *program;
	const char *root_hash;
	const char *module;
};

/* The files that go into the toolset. */
struct parts {
	struct sc_bytes kek_package;
	struct sc_bytes world_package;
	struct sc_bytes script;
	struct sc_bytes program;
};

static void parts_free(struct parts *parts)
{
	sc_bytes_free(&parts->kek_package);
	sc_bytes_free(&parts->world_package);
	sc_bytes_free(&parts->script);
	sc_bytes_free(&parts->program);
}
SC_CLEANUP_VALUE(parts, parts_free)

static sc_status read_arguments(int argc, char **argv, struct arguments *a, bool *done, struct sc_error *err)
{
	const struct sc_option options[] = {
		{ .name = "packages",
		  .argument = "DIR",
		  .help = "where `region publish` wrote the packages",
		  .value = &a->packages },
		{ .name = "output",
		  .letter = 'o',
		  .argument = "DIR",
		  .help = "where to write the toolset",
		  .value = &a->output },
		{ .name = "script",
		  .argument = "FILE",
		  .help = "the verification script (" SCRIPT_NAME " next to this program)",
		  .value = &a->script },
		{ .name = "program",
		  .argument = "FILE",
		  .help = "the transfer program (" PROGRAM_NAME " next to this program)",
		  .value = &a->program },
		{ .name = "root-hash",
		  .argument = "HASH",
		  .help = "the root key's hash, instead of asking the module",
		  .value = &a->root_hash },
		{ .name = "module",
		  .letter = 'm',
		  .argument = "N",
		  .help = "module number (1)",
		  .value = &a->module },
		{ 0 },
	};
	const struct sc_command_line line = {
		"safeconduct toolset build", "REGION --packages=DIR -o DIR [OPTIONS]",
		"Makes the region's BYOK toolset. The same input gives the same bytes.", options,
		"SOURCE_DATE_EPOCH sets the time of its files."
	};
	size_t operands;

	SC_TRY(sc_options_read(&line, argc, argv, &a->region, 1, &operands, done, err));
	if (*done)
		return SC_OK;
	SC_ENSURE(operands == 1, err, SC_ERR_USAGE, "the region is missing: give its code, like EU");
	SC_ENSURE(a->packages, err, SC_ERR_USAGE,
		  "--packages is missing: give the directory that `region publish` wrote to");
	SC_ENSURE(a->output, err, SC_ERR_USAGE, "-o is missing: give the directory for the toolset");
	SC_ENSURE(!a->root_hash || !a->module, err, SC_ERR_USAGE, "give --root-hash or --module, not both");
	return SC_OK;
}

/* Reads `path` or, if that is NULL, the file `name` in this program's directory. */
static sc_status read_part(const char *path, const char *name, size_t max, struct sc_bytes *out,
			   struct sc_error *err)
{
	char beside[PATH_MAX + 64];
	ssize_t len;

	if (path)
		return sc_file_read_path(path, max, out, err);
	len = readlink("/proc/self/exe", beside, PATH_MAX - 1);
	if (len < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot find this program's own path");
	while (len > 0 && beside[len - 1] != '/')
		len--;
	snprintf(beside + len, sizeof beside - (size_t)len, "%s", name);
	return sc_file_read_path(beside, max, out, err);
}

static sc_status read_parts(const struct arguments *a, struct parts *out, struct sc_error *err)
{
	SC_CLEANUP(sc_dir) packages = SC_DIR_NONE;
	struct sc_byok_package_names names;

	SC_TRY(sc_byok_package_names_of(a->region, &names, err));
	SC_TRY(sc_dir_open(a->packages, &packages, err));
	SC_TRY(sc_file_read(&packages, names.kek, SC_BYOK_PACKAGE_MAX, &out->kek_package, err));
	SC_TRY(sc_file_read(&packages, names.world, SC_BYOK_PACKAGE_MAX, &out->world_package, err));
	SC_TRY(read_part(a->script, SCRIPT_NAME, SCRIPT_MAX, &out->script, err));
	return read_part(a->program, PROGRAM_NAME, PROGRAM_MAX, &out->program, err);
}

/* Verifies under the pinned root alone: it is what this operator's customers are told to trust. */
static sc_status verify_packages(const struct arguments *a, const struct parts *parts, struct sc_hash *root,
				 struct sc_error *err)
{
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;
	SC_CLEANUP(sc_client) client = NULL;
	SC_CLEANUP(sc_byok_trust) module = NULL;
	SC_CLEANUP(sc_evidence_target) target = NULL;
	struct sc_evidence_trust pinned;
	uint64_t number = 1;

	if (a->module)
		SC_TRY(sc_number_read(a->module, "--module", 1, UINT32_MAX, &number, err));
	SC_TRY(sc_kmdata_open(&kmdata, err));
	SC_TRY(sc_kmdata_connect(&kmdata, number, SC_ROLE_USE, &client, err));
	SC_TRY(sc_byok_trust_read(client, &module, err));
	pinned = module->trust;
	pinned.root_count = 1;
	SC_TRY(sc_evidence_packages_verify(sc_bytes_view(&parts->kek_package),
					   sc_bytes_view(&parts->world_package), &pinned, NULL, &target,
					   err));
	SC_ENSURE(sc_text_equals(&target->region, a->region), err, SC_ERR_EVIDENCE_REGION,
		  "the packages are for region %s, not for %s", target->region.s, a->region);
	*root = module->root;
	return SC_OK;
}

static sc_status find_root(const struct arguments *a, const struct parts *parts, struct sc_hash *root,
			   struct sc_error *err)
{
	if (!a->root_hash)
		return verify_packages(a, parts, root, err);
	SC_ENSURE(sc_hash_read(a->root_hash, root), err, SC_ERR_ARGUMENT,
		  "--root-hash: %s: not 64 hexadecimal digits", a->root_hash);
	sc_log(SC_LOG_WARNING, "no module was asked: the packages are included without verification");
	return SC_OK;
}

/* As in the article's list of downloads: the name, then the hash. */
static sc_status print_digest(const char *name, struct sc_view archive, struct sc_error *err)
{
	struct sc_hash digest;
	char hex[2 * SC_HASH_SIZE + 1];

	SC_TRY(sc_sha256(archive, &digest, err));
	sc_hex(sc_hash_view(&digest), hex);
	for (char *c = hex; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	printf("%s\n\n%s\n", name, hex);
	return SC_OK;
}

sc_status sc_subcommand_toolset_build(int argc, char **argv, bool *done, struct sc_error *err)
{
	SC_CLEANUP(parts) parts = { 0 };
	SC_CLEANUP(sc_dir) output = SC_DIR_NONE;
	SC_CLEANUP(sc_bytes) archive = { 0 };
	struct sc_byok_toolset toolset = { 0 };
	struct arguments a = { 0 };
	char name[SC_BYOK_TOOLSET_NAME_SIZE];

	SC_TRY(read_arguments(argc, argv, &a, done, err));
	if (*done)
		return SC_OK;
	SC_TRY(read_parts(&a, &parts, err));
	SC_TRY(find_root(&a, &parts, &toolset.root, err));
	SC_TRY(sc_byok_archive_time(&toolset.time, err));
	toolset.region = a.region;
	toolset.kek_package = sc_bytes_view(&parts.kek_package);
	toolset.world_package = sc_bytes_view(&parts.world_package);
	toolset.script = sc_bytes_view(&parts.script);
	toolset.program = sc_bytes_view(&parts.program);
	SC_TRY(sc_byok_toolset_make(&toolset, &archive, err));
	sc_byok_toolset_name(a.region, name);
	SC_TRY(sc_dir_make(a.output, &output, err));
	SC_TRY(sc_byok_publish_file(&output, name, sc_bytes_view(&archive), 0644, err));
	return print_digest(name, sc_bytes_view(&archive), err);
}
