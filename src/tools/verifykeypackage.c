/*
 * verifykeypackage: article step 3.2. What the two packages prove is evidence/packages.h's to say; here the
 * connected module is asked which roots it trusts, each check is printed with what it found, and the root is
 * compared with the hash that the custodian has from the manufacturer. python/verifykeypackage.py gives the
 * same verdicts and shares nothing with this.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/options.h"
#include "evidence/packages.h"
#include "world/kmdata.h"

#define PACKAGE_MAX SC_SIGNED_DATA_MAX
#define ROOTS_MAX   (1 + SC_LIST_MAX)

struct arguments {
	const char *kek;
	const char *world;
	const char *module;
	const char *root_hash;
};

/* What the connected module carries. */
struct module {
	struct sc_text esn;
	X509 *roots[ROOTS_MAX]; /* its own first */
	size_t count;
	struct sc_hash own; /* hash of the first */
};

static void module_free(struct module *module)
{
	for (size_t i = 0; i < module->count; i++)
		X509_free(module->roots[i]);
	module->count = 0;
}
SC_CLEANUP_VALUE(module, module_free)

static void print_check(void *context, const char *check, const char *found)
{
	(void)context;
	printf("%-17s %s\n", check, found);
}

/* -- the module -------------------------------------------------------------------------------- */

static sc_status add_root(struct module *module, struct sc_view der, struct sc_error *err)
{
	SC_CLEANUP(sc_x509) root = NULL;
	enum sc_certificate_kind kind;

	SC_TRY(sc_certificate_decode(der, &root, err));
	SC_TRY(sc_certificate_kind_of(root, &kind, err));
	SC_ENSURE(kind == SC_CERTIFICATE_ROOT, err, SC_ERR_EVIDENCE_USAGE, "a %s stands where a root belongs",
		  sc_certificate_kind_name(kind));
	module->roots[module->count++] = sc_steal(root);
	return SC_OK;
}

/* The article: the HSM must be connected, powered on, and must have a security world on it. */
static sc_status enquire(struct sc_client *client, struct module *module, struct sc_hash *root,
			 struct sc_error *err)
{
	const struct sc_enquire_request request = {};
	struct sc_enquire_response response;
	SC_CLEANUP(sc_bytes) reply = { 0 };

	SC_TRY(sc_module_enquire(client, 0, &request, &reply, &response, err));
	SC_ENSURE(response.mode >= SC_MODE_WORLD, err, SC_ERR_NO_WORLD,
		  "it has no security world on it: make one first (see new-world)");
	*root = response.root;
	return sc_text_set_view(&module->esn, response.esn, "the module's serial number", err);
}

static sc_status ask_roots(struct sc_client *client, struct module *module, struct sc_error *err)
{
	const struct sc_evidence_request request = {};
	struct sc_evidence_response response;
	SC_CLEANUP(sc_bytes) reply = { 0 };

	SC_TRY(sc_module_evidence(client, 0, &request, &reply, &response, err));
	SC_TRY(add_root(module, response.root, err));
	for (uint32_t i = 0; i < response.source_roots.count; i++)
		SC_TRY(add_root(module, response.source_roots.item[i], err));
	return SC_OK;
}

static sc_status ask_module(uint64_t number, struct module *module, struct sc_error *err)
{
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;
	SC_CLEANUP(sc_client) client = NULL;
	struct sc_hash stated = { 0 };

	SC_TRY(sc_kmdata_open(&kmdata, err));
	SC_TRY(sc_kmdata_connect(&kmdata, number, SC_ROLE_USE, &client, err));
	SC_TRY(enquire(client, module, &stated, err));
	SC_TRY(ask_roots(client, module, err));
	SC_TRY(sc_certificate_key_hash(module->roots[0], &module->own, err));
	SC_ENSURE(sc_hash_equals(&module->own, &stated), err, SC_ERR_EVIDENCE_ROOT,
		  "its root certificate is not that of the root it has pinned");
	return SC_OK;
}

static sc_status check_module(uint64_t number, struct module *module, struct sc_error *err)
{
	sc_status status = ask_module(number, module, err);

	if (status != SC_OK)
		return sc_fail_context(err, status,
				       "Module: the HSM must be connected, powered on, and have a "
				       "security world on it");
	print_check(NULL, "Module", module->esn.s);
	return SC_OK;
}

/* -- the verdict ------------------------------------------------------------------------------- */

/* Whose root it is: the custodians' own module's, or one that their world's custodians chose to trust. */
static sc_status check_pin(const struct module *module, const struct sc_hash *root, const struct sc_hash *pin,
			   struct sc_error *err)
{
	bool is_own = sc_hash_equals(root, &module->own);

	print_check(NULL, "Root",
		    is_own ? "the one that this module carries"
			   : "not this module's own: trusted by the custodians of its security world");
	SC_ENSURE(!pin || sc_hash_equals(root, pin), err, SC_ERR_EVIDENCE_ROOT,
		  "Pinned root: the packages' root is another one than was given");
	print_check(NULL, "Pinned root",
		    pin ? "the same" : "none was given: compare the hash above with the manufacturer's");
	return SC_OK;
}

static sc_status verify(const struct arguments *a, struct sc_error *err)
{
	const struct sc_check_report report = { print_check, NULL };
	SC_CLEANUP(sc_bytes) kek = { 0 };
	SC_CLEANUP(sc_bytes) world = { 0 };
	SC_CLEANUP(module) module = { 0 };
	SC_CLEANUP(sc_target) target = NULL;
	struct sc_trust trust = { .now = sc_clock_now() };
	struct sc_hash pin = { 0 };
	uint64_t number = 1;

	if (a->module)
		SC_TRY(sc_number_read(a->module, "-m", 1, UINT32_MAX, &number, err));
	SC_ENSURE(!a->root_hash || sc_hash_read(a->root_hash, &pin), err, SC_ERR_ARGUMENT,
		  "--root-hash: not the 64 hexadecimal digits of a SHA-256");
	SC_TRY(sc_file_read_path(a->kek, PACKAGE_MAX, &kek, err));
	SC_TRY(sc_file_read_path(a->world, PACKAGE_MAX, &world, err));
	SC_TRY(check_module(number, &module, err));
	trust.roots = module.roots;
	trust.root_count = module.count;
	SC_TRY(sc_packages_verify(sc_bytes_view(&kek), sc_bytes_view(&world), &trust, &report, &target, err));
	return check_pin(&module, &target->root, a->root_hash ? &pin : NULL, err);
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
		  .help = "the manufacturer's root must have this hash",
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
	SC_ENSURE(*done || (a->kek && a->world), err, SC_ERR_USAGE, "both packages are needed: -k and -w");
	return SC_OK;
}

int main(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct sc_error err = { 0 };
	bool done = false;
	sc_status status = read_arguments(argc, argv, &a, &done, &err);

	if (status != SC_OK)
		fprintf(stderr, "verifykeypackage: %s\n", err.message);
	if (status != SC_OK || done)
		return sc_status_exit(status);
	status = verify(&a, &err);
	if (status == SC_OK)
		printf("Result: SUCCESS\n");
	else
		printf("Result: FAILURE: %s\n", err.message);
	return sc_status_exit(status);
}
