/*
 * verifykeypackage: article step 3.2. evidence/packages.h checks what the two packages prove. This program
 * asks the connected module which roots it trusts, prints each check with what it found, and compares the
 * root with the hash that the custodian has from the manufacturer. python/verifykeypackage.py reaches the
 * same verdicts and shares no code with it.
 */
#include <stdio.h>

#include "base/options.h"
#include "base/print.h"
#include "byok/file_beside.h"
#include "byok/module_trust.h"
#include "byok/toolset_parts.h"
#include "evidence/packages.h"
#include "formats/damage.h"
#include "world/kmdata.h"

#define PACKAGE_MAX SC_SIGNED_DATA_MAX
#define PROGRAM     SC_BYOK_PROGRAM_NAME

struct arguments {
	const char *kek;
	const char *world;
	const char *module;
	const char *root_hash;
};

static void print_check(void *context, const char *check, const char *found)
{
	(void)context;
	sc_print("%-17s %s\n", check, found);
}

/* -- the module -------------------------------------------------------------------------------- */

static sc_status ask_module(uint64_t number, struct sc_byok_trust **out, struct sc_error *err)
{
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;
	SC_CLEANUP(sc_client) client = NULL;
	SC_CLEANUP(sc_byok_trust) module = NULL;

	SC_TRY(sc_kmdata_open_config(&kmdata, err));
	SC_TRY(sc_kmdata_connect(&kmdata, number, SC_ROLE_USE, &client, err));
	SC_TRY(sc_byok_trust_read(client, &module, err));
	SC_ENSURE(module->mode >= SC_MODE_WORLD, err, SC_ERR_NO_WORLD,
		  "the module has no security world on it: make one first (see new-world)");
	*out = sc_steal(module);
	return SC_OK;
}

/* The article: the HSM must be connected, powered on, and must have a security world on it. */
static sc_status check_module(uint64_t number, struct sc_byok_trust **out, struct sc_error *err)
{
	sc_status status = ask_module(number, out, err);

	if (status != SC_OK)
		return sc_fail_context(err, status,
				       "Module: the HSM must be connected, powered on, and have a "
				       "security world on it");
	print_check(NULL, "Module", (*out)->esn.s);
	return SC_OK;
}

/* -- the verdict ------------------------------------------------------------------------------- */

/* Whether the root is this module's own or one that its world's custodians chose to trust. */
static sc_status check_pin(const struct sc_byok_trust *module, const struct sc_hash *root,
			   const struct sc_hash *pin, struct sc_error *err)
{
	bool is_own = sc_hash_equals(root, &module->root);

	print_check(NULL, "Root",
		    is_own ? "this module's own"
			   : "not this module's own, but trusted by the custodians of its security world");
	SC_ENSURE(!pin || sc_hash_equals(root, pin), err, SC_ERR_EVIDENCE_ROOT,
		  "Pinned root: the packages' root does not have the given hash");
	print_check(NULL, "Pinned root",
		    pin ? "matches" : "none given: compare the hash above with the manufacturer's");
	return SC_OK;
}

/* -- the transfer program ---------------------------------------------------------------------- */

/*
 * A toolset encloses KeyTransferRemote, which takes the custodians' PINs, but you must run the one that is
 * installed. A difference is reported and does not change the verdict on the packages. If no program is
 * enclosed, nothing is printed.
 */
static void compare_programs(const char *kek_path)
{
	SC_CLEANUP(sc_bytes) enclosed = { 0 };
	SC_CLEANUP(sc_bytes) installed = { 0 };
	sc_status status = sc_byok_file_beside_read(kek_path, PROGRAM, SC_BYOK_PROGRAM_MAX, &enclosed, NULL);

	if (status == SC_ERR_NOT_FOUND)
		return;
	if (sc_byok_file_installed_read(PROGRAM, SC_BYOK_PROGRAM_MAX, &installed, NULL) != SC_OK)
		print_check(NULL, "Program",
			    "the enclosed " PROGRAM " is not compared: none is installed here");
	else if (status == SC_OK && sc_view_equals(sc_bytes_view(&enclosed), sc_bytes_view(&installed)))
		print_check(NULL, "Program", "the enclosed " PROGRAM " is the installed one");
	else
		print_check(NULL, "Program",
			    "the enclosed " PROGRAM " is NOT the installed one: run the installed one");
}

/* Says how a package is damaged, before it is judged. */
static sc_status check_package(const struct sc_bytes *package, const char *path, const char *kind,
			       struct sc_error *err)
{
	SC_CLEANUP(sc_signed_data) wrapper = NULL;
	sc_status status = sc_signed_data_decode(sc_bytes_view(package), &wrapper, err);

	return status == SC_OK ? SC_OK : sc_damage_refuse(sc_bytes_view(package), path, kind, status, err);
}

static sc_status verify(const struct arguments *a, struct sc_error *err)
{
	const struct sc_evidence_report report = { print_check, NULL };
	SC_CLEANUP(sc_bytes) kek = { 0 };
	SC_CLEANUP(sc_bytes) world = { 0 };
	SC_CLEANUP(sc_byok_trust) module = NULL;
	SC_CLEANUP(sc_evidence_target) target = NULL;
	struct sc_hash pin = { 0 };
	uint64_t number = 1;

	if (a->module)
		SC_TRY(sc_number_read(a->module, "-m", 1, UINT32_MAX, &number, err));
	SC_ENSURE(!a->root_hash || sc_hash_read(a->root_hash, &pin), err, SC_ERR_ARGUMENT,
		  "--root-hash: not a SHA-256 in 64 hexadecimal digits");
	SC_TRY(sc_file_read_path(a->kek, PACKAGE_MAX, &kek, err));
	SC_TRY(sc_file_read_path(a->world, PACKAGE_MAX, &world, err));
	SC_TRY(check_module(number, &module, err));
	SC_TRY(check_package(&kek, a->kek, "Key Exchange Key package", err));
	SC_TRY(check_package(&world, a->world, "security world package", err));
	SC_TRY(sc_evidence_packages_verify(sc_bytes_view(&kek), sc_bytes_view(&world), &module->trust,
					   &report, &target, err));
	SC_TRY(check_pin(module, &target->root, a->root_hash ? &pin : NULL, err));
	compare_programs(a->kek);
	return SC_OK;
}

static sc_status read_arguments(int argc, char **argv, struct arguments *a, bool *done, struct sc_error *err)
{
	const struct sc_option options[] = {
		{ .name = "kek-package",
		  .letter = 'k',
		  .argument = "FILE",
		  .help = "BYOK-KEK-pkg-REGION-1",
		  .value = &a->kek },
		{ .name = "world-package",
		  .letter = 'w',
		  .argument = "FILE",
		  .help = "BYOK-SecurityWorld-pkg-REGION-1",
		  .value = &a->world },
		{ .name = "module",
		  .letter = 'm',
		  .argument = "MODULE",
		  .help = "ask this module (default 1)",
		  .value = &a->module },
		{ .name = "root-hash",
		  .argument = "HASH",
		  .help = "require this hash of the manufacturer's root",
		  .value = &a->root_hash },
		{ 0 },
	};
	const struct sc_command_line line = {
		"verifykeypackage",
		"-k KEK-PACKAGE -w WORLD-PACKAGE [-m MODULE] [--root-hash=HASH]",
		"Verifies that a Key Exchange Key was made in, and cannot leave, a region's modules.",
		options,
		NULL,
	};
	size_t count = 0;

	SC_TRY(sc_options_read(&line, argc, argv, NULL, 0, &count, done, err));
	SC_ENSURE(*done || (a->kek && a->world), err, SC_ERR_USAGE, "both packages are required: -k and -w");
	return SC_OK;
}

int main(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct sc_error err = { 0 };
	bool done = false;
	sc_status status = read_arguments(argc, argv, &a, &done, &err);

	if (status != SC_OK || done)
		return sc_program_end("verifykeypackage", status, &err);
	status = verify(&a, &err);
	return sc_program_end_result("verifykeypackage", status, &err);
}
