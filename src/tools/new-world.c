/*
 * new-world (article step 3.1): makes a security world in a module, its administrator cards and its world
 * file; programs another module with it; erases a module. world/new_world.h and world_member.h do the work.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/options.h"
#include "base/print.h"
#include "base/visible.h"
#include "world/new_world.h"
#include "world/world_member.h"

#define PROGRAM       "new-world"
#define DEFAULT_SUITE "ECp521mAES"

enum task {
	TASK_INITIALIZE,
	TASK_PROGRAM,
	TASK_FACTORY,
};

struct arguments {
	enum task task;
	bool is_confirmed;
	struct sc_ceremony ceremony;
	struct sc_new_world_request world;
};

static sc_status read_suite(const char *name, const struct sc_suite_info **out, struct sc_error *err)
{
	char known[256] = "";
	size_t count = 0;
	const struct sc_suite_info *all = sc_suite_all(&count);
	const struct sc_suite_info *suite = sc_suite_by_name(name);

	if (suite) {
		*out = suite;
		return SC_OK;
	}
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(known);

		snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", all[i].name);
	}
	return sc_fail(err, SC_ERR_ARGUMENT, "--cipher-suite: %s: unknown suite: choose one of %s",
		       sc_shown(name).s, known);
}

/* "2/3" */
static sc_status read_quorum(const char *text, uint32_t *k, uint32_t *n, struct sc_error *err)
{
	const char *slash = strchr(text, '/');
	char first[16] = "";
	uint64_t cards = 0;
	uint64_t needed = 0;

	SC_ENSURE(slash && (size_t)(slash - text) < sizeof first, err, SC_ERR_ARGUMENT,
		  "--acs-quorum: %s: not of the form K/N, for example 2/3", sc_shown(text).s);
	memcpy(first, text, (size_t)(slash - text));
	SC_TRY(sc_number_read(slash + 1, "--acs-quorum, N", 1, SC_CARDS_MAX, &cards, err));
	SC_TRY(sc_number_read(first, "--acs-quorum, K", 1, cards, &needed, err));
	*k = (uint32_t)needed;
	*n = (uint32_t)cards;
	return SC_OK;
}

static sc_status read_command_line(int argc, char **argv, struct arguments *a, bool *done,
				   struct sc_error *err)
{
	const char *suite = NULL;
	const char *quorum = NULL;
	const char *module = NULL;
	bool initialize = false;
	bool program = false;
	bool factory = false;
	size_t operands;
	const struct sc_option options[] = {
		{ .name = "initialize",
		  .letter = 'i',
		  .help = "make a new security world",
		  .flag = &initialize },
		{ .name = "program",
		  .letter = 'l',
		  .help = "bring a module into the world of $NFAST_KMDATA, with K cards",
		  .flag = &program },
		{ .name = "factory", .letter = 'e', .help = "erase the module's world", .flag = &factory },
		{ .name = "yes",
		  .help = "with --factory: do not ask for confirmation",
		  .flag = &a->is_confirmed },
		{ .name = "module",
		  .letter = 'm',
		  .argument = "N",
		  .help = "the module (default 1)",
		  .value = &module },
		{ .name = "acs-quorum",
		  .letter = 'Q',
		  .argument = "K/N",
		  .help = "N administrator cards, any K of which form a quorum",
		  .value = &quorum },
		{ .name = "cipher-suite",
		  .letter = 'c',
		  .argument = "NAME",
		  .help = "cipher suite (default " DEFAULT_SUITE ")",
		  .value = &suite },
		SC_CEREMONY_OPTIONS(a->ceremony),
		{ .name = "custodians",
		  .argument = "A,B,C",
		  .help = "the custodians' names, one per card",
		  .value = &a->ceremony.custodians },
		{ 0 },
	};
	const struct sc_command_line line = {
		PROGRAM, "--initialize --acs-quorum=K/N | --program | --factory [OPTIONS]",
		"Makes a security world in a module, and writes its administrator "
		"cards and $NFAST_KMDATA/local/world. Or brings a module into that "
		"world, or erases a module's world.",
		options, NULL
	};

	SC_TRY(sc_options_read(&line, argc, argv, NULL, 0, &operands, done, err));
	if (*done)
		return SC_OK;
	SC_ENSURE(initialize + program + factory == 1, err, SC_ERR_USAGE,
		  "give exactly one of --initialize, --program or --factory (see " PROGRAM " --help)");
	SC_ENSURE(!a->is_confirmed || factory, err, SC_ERR_USAGE, "--yes needs --factory");
	SC_ENSURE(initialize || (!quorum && !suite && !a->ceremony.custodians), err, SC_ERR_USAGE,
		  "--acs-quorum, --cipher-suite and --custodians need --initialize: the world has its own");
	a->task = program ? TASK_PROGRAM : factory ? TASK_FACTORY : TASK_INITIALIZE;
	SC_TRY(sc_ceremony_check(&a->ceremony, err));
	SC_TRY(sc_number_read(module ? module : "1", "--module", 1, UINT32_MAX, &a->ceremony.module, err));
	if (!initialize)
		return SC_OK;
	SC_ENSURE(quorum, err, SC_ERR_USAGE,
		  "--acs-quorum=K/N is missing: N cards, any K of which form a quorum");
	SC_TRY(read_quorum(quorum, &a->world.k, &a->world.n, err));
	return read_suite(suite ? suite : DEFAULT_SUITE, &a->world.suite, err);
}

static sc_status run_program(const struct arguments *a, struct sc_error *err)
{
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;
	struct sc_hash hknso;
	char hex[2 * SC_HASH_SIZE + 1];

	SC_TRY(sc_kmdata_open(&kmdata, err));
	SC_TRY(sc_world_member_program(&kmdata, &a->ceremony, &hknso, err));
	sc_hex(sc_hash_view(&hknso), hex);
	sc_print("Security world loaded on module #%llu; hknso = %s\n",
		 (unsigned long long)a->ceremony.module, hex);
	return SC_OK;
}

static sc_status run_factory(const struct arguments *a, struct sc_error *err)
{
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;
	struct sc_hash world;
	char hex[2 * SC_HASH_SIZE + 1];

	SC_TRY(sc_kmdata_open_config(&kmdata, err));
	SC_TRY(sc_world_member_erase(&kmdata, &a->ceremony, a->is_confirmed, &world, err));
	sc_hex(sc_hash_view(&world), hex);
	sc_print("Module #%llu is no longer in security world %s.\n"
		 "Copies of its state directory, with its unlock key, still hold that world's module key.\n",
		 (unsigned long long)a->ceremony.module, hex);
	return SC_OK;
}

static sc_status run_initialize(const struct arguments *a, struct sc_error *err)
{
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;
	struct sc_hash hknso;
	char hex[2 * SC_HASH_SIZE + 1];

	SC_TRY(sc_kmdata_make(&kmdata, err));
	SC_TRY(sc_new_world_make(&kmdata, &a->ceremony, &a->world, &hknso, err));
	sc_hex(sc_hash_view(&hknso), hex);
	sc_print("Security world generated on module #%llu; hknso = %s\n",
		 (unsigned long long)a->ceremony.module, hex);
	sc_print("Path to world: %s/%s\n", kmdata.local.path, SC_WORLD_FILE_NAME);
	return SC_OK;
}

static sc_status run(const struct arguments *a, struct sc_error *err)
{
	switch (a->task) {
	case TASK_PROGRAM:
		return run_program(a, err);
	case TASK_FACTORY:
		return run_factory(a, err);
	default:
		return run_initialize(a, err);
	}
}

int main(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct sc_error err = { 0 };
	bool done = false;
	sc_status status;

	sc_log_start(PROGRAM, SC_LOG_NOTICE);
	status = read_command_line(argc, argv, &a, &done, &err);
	if (status == SC_OK && !done)
		status = run(&a, &err);
	return sc_program_end(PROGRAM, status, &err);
}
