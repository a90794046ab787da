/*
 * safeconduct toolset build: makes KeyVault-BYOK-Tools-<Region>.zip (article step 1.3). The root whose hash
 * goes into the script is the one that the connected module carries, and the packages must verify under it.
 * If --root-hash gives the root instead, nothing is verified, and a warning says so.
 */
#include <ctype.h>
#include <stdio.h>

#include "base/log.h"
#include "base/options.h"
#include "base/print.h"
#include "base/visible.h"
#include "byok/publish.h"
#include "byok/toolset.h"
#include "byok/toolset_parts.h"
#include "tools/safeconduct/subcommands.h"
#include "world/kmdata.h"

struct arguments {
	const char *region;
	const char *packages;
	const char *output;
	const char *script;
	const char *program;
	const char *root_hash;
	const char *module;
};

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
		  .help = "the verification script (" SC_BYOK_SCRIPT_NAME " next to this program)",
		  .value = &a->script },
		{ .name = "program",
		  .argument = "FILE",
		  .help = "the transfer program (" SC_BYOK_PROGRAM_NAME " next to this program)",
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

static sc_status verify_packages(const struct arguments *a, const struct sc_byok_toolset_parts *parts,
				 struct sc_hash *root, struct sc_error *err)
{
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;
	SC_CLEANUP(sc_client) client = NULL;
	uint64_t number = 1;

	if (a->module)
		SC_TRY(sc_number_read(a->module, "--module", 1, UINT32_MAX, &number, err));
	SC_TRY(sc_kmdata_open_config(&kmdata, err));
	SC_TRY(sc_kmdata_connect(&kmdata, number, SC_ROLE_USE, &client, err));
	return sc_byok_toolset_parts_verify(parts, a->region, client, root, err);
}

static sc_status find_root(const struct arguments *a, const struct sc_byok_toolset_parts *parts,
			   struct sc_hash *root, struct sc_error *err)
{
	if (!a->root_hash)
		return verify_packages(a, parts, root, err);
	SC_ENSURE(sc_hash_read(a->root_hash, root), err, SC_ERR_ARGUMENT,
		  "--root-hash: %s: not 64 hexadecimal digits", sc_shown(a->root_hash).s);
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
	sc_print("%s\n\n%s\n", name, hex);
	return SC_OK;
}

sc_status sc_subcommand_toolset_build(int argc, char **argv, bool *done, struct sc_error *err)
{
	SC_CLEANUP(sc_byok_toolset_parts) parts = { 0 };
	SC_CLEANUP(sc_dir) output = SC_DIR_NONE;
	SC_CLEANUP(sc_bytes) archive = { 0 };
	struct sc_byok_toolset toolset = { 0 };
	struct arguments a = { 0 };
	char name[SC_BYOK_TOOLSET_NAME_SIZE];

	SC_TRY(read_arguments(argc, argv, &a, done, err));
	if (*done)
		return SC_OK;
	SC_TRY(sc_byok_toolset_parts_read(a.region, a.packages, a.script, a.program, &parts, err));
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
