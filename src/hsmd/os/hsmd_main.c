/*
 * hsmd: the module. Its command line, and what has to happen before anything else: libcrypto's memory, the
 * first step of the sandbox, the arena. Everything after that is daemon.c's or initialise.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/options.h"
#include "hsmd/os/daemon.h"
#include "hsmd/os/initialise.h"
#include "hsmd/os/libraries.h"

#define PROGRAM       "hsmd"
#define CACHE_DEFAULT 1024
#define CACHE_MAX     1000000

/* The options as they were typed. */
struct typed {
	const char *state;
	bool initialise;
	const char *request;
	const char *warrant;
	const char *root;
	const char *cache;
	const char *arena;
	const char *ready_fd;
	bool foreground;
};

static const char notes[] =
    "A socket's SPEC is role=custody|service|use,path=PATH, and for a service socket\n"
    "make=APP+APP, load=APP+APP and owner=DAEMON; mode=0600 and group=NAME|GID say who may\n"
    "connect. APP is one of simple, xferacld, vault, kek, token, tls.\n"
    "\n"
    "  hsmd --state=DIR --initialise            a new module and its request for a warrant\n"
    "  hsmd --state=DIR --install-warrant=FILE --root=HASH\n"
    "                                           what `factory warrant` answered; HASH is the\n"
    "                                           root's, as the factory publishes it\n"
    "  hsmd --state=DIR --socket=SPEC...        serves until SIGTERM or SIGINT\n"
    "\n"
    "The unlock key (32 bytes, or 64 hexadecimal digits) seals the state. Without one given,\n"
    "DIR/unlock.key is made, and lies beside what it opens.";

static sc_status read_line(int argc, char **argv, struct typed *typed, struct sc_hsmd_settings *settings,
			   bool *done, struct sc_error *err)
{
	const struct sc_option options[] = {
		{ .name = "state",
		  .argument = "DIR",
		  .help = "the module's state directory",
		  .value = &typed->state },
		{ .name = "socket",
		  .argument = "SPEC",
		  .help = "serve on this socket; may be repeated",
		  .list = settings->sockets,
		  .list_max = sizeof settings->sockets / sizeof settings->sockets[0],
		  .list_count = &settings->socket_count },
		{ .name = "cache",
		  .argument = "KEYS",
		  .help = "how many keys stay loaded (1024)",
		  .value = &typed->cache },
		{ .name = "arena",
		  .argument = "MIB",
		  .help = "protected memory (64, or what may be locked)",
		  .value = &typed->arena },
		{ .name = "unlock-key-file",
		  .argument = "FILE",
		  .help = "the unlock key, in a file of mode 0600",
		  .value = &settings->unlock.file },
		{ .name = "unlock-key-fd",
		  .argument = "N",
		  .help = "the unlock key, from an open descriptor",
		  .value = &settings->unlock.fd },
		{ .name = "ready-fd",
		  .argument = "N",
		  .help = "write \"READY\" to this descriptor when serving",
		  .value = &typed->ready_fd },
		{ .name = "foreground",
		  .help = "the only mode there is; accepted for clarity",
		  .flag = &typed->foreground },
		{ .name = "initialise", .help = "make a new module", .flag = &typed->initialise },
		{ .name = "request",
		  .argument = "FILE",
		  .help = "where --initialise writes the warrant request",
		  .value = &typed->request },
		{ .name = "install-warrant",
		  .argument = "FILE",
		  .help = "adopt the factory's answer",
		  .value = &typed->warrant },
		{ .name = "root",
		  .argument = "HASH",
		  .help = "the root's hash, for --install-warrant",
		  .value = &typed->root },
		{ 0 },
	};
	const struct sc_command_line line = {
		.program = PROGRAM,
		.synopsis =
		    "--state=DIR --socket=SPEC... | --initialise | --install-warrant=FILE --root=HASH",
		.purpose = "Runs a module: the one process that holds keys.",
		.options = options,
		.notes = notes,
	};
	size_t operands;

	return sc_options_read(&line, argc, argv, NULL, 0, &operands, done, err);
}

/* Exactly one of the three things that hsmd does, with the options that belong to it. */
static sc_status check_line(const struct typed *typed, const struct sc_hsmd_settings *settings,
			    struct sc_error *err)
{
	int modes = typed->initialise + !!typed->warrant + (settings->socket_count > 0);

	SC_ENSURE(typed->state, err, SC_ERR_USAGE, "--state=DIR is missing (see hsmd --help)");
	SC_ENSURE(modes == 1, err, SC_ERR_USAGE,
		  "give --socket, --initialise or --install-warrant, and one of them only (see hsmd --help)");
	SC_ENSURE(!typed->request || typed->initialise, err, SC_ERR_USAGE,
		  "--request belongs to --initialise");
	SC_ENSURE(!typed->warrant == !typed->root, err, SC_ERR_USAGE,
		  "--install-warrant and --root belong together");
	SC_ENSURE(!settings->unlock.file || !settings->unlock.fd, err, SC_ERR_USAGE,
		  "--unlock-key-file and --unlock-key-fd: give one of them");
	return SC_OK;
}

/* `text` NULL leaves *out as it is. */
static sc_status read_number(const char *text, const char *what, uint64_t min, uint64_t max, uint64_t *out,
			     struct sc_error *err)
{
	return text ? sc_number_read(text, what, min, max, out, err) : SC_OK;
}

static sc_status settle(const struct typed *typed, struct sc_hsmd_settings *settings, uint64_t *arena,
			struct sc_error *err)
{
	uint64_t cache = CACHE_DEFAULT;
	uint64_t ready = 0;

	SC_TRY(check_line(typed, settings, err));
	SC_TRY(read_number(typed->cache, "--cache", 1, CACHE_MAX, &cache, err));
	SC_TRY(read_number(typed->arena, "--arena", SC_ARENA_MIN >> 20, SC_ARENA_MAX >> 20, arena, err));
	SC_TRY(read_number(typed->ready_fd, "--ready-fd", 1, INT32_MAX, &ready, err));
	SC_ENSURE(!typed->root || sc_hash_read(typed->root, &settings->root_hash), err, SC_ERR_USAGE,
		  "--root: not a SHA-256 of 64 hexadecimal digits: %s", typed->root);
	settings->state = typed->state;
	settings->request = typed->request;
	settings->warrant = typed->warrant;
	settings->module.cache_keys = (uint32_t)cache;
	settings->ready_fd = typed->ready_fd ? (int)ready : -1;
	return SC_OK;
}

static sc_status run(struct sc_hsmd_settings *settings, const struct typed *typed, size_t arena,
		     struct sc_error *err)
{
	SC_TRY(sc_sandbox_begin(&settings->sandbox, err));
	SC_TRY(sc_arena_new_best(arena, &settings->arena, err));
	sc_arena_give_libcrypto(settings->arena);
	SC_TRY(sc_hsmd_libraries_prepare(err));
	if (typed->initialise)
		return sc_hsmd_initialise(settings, err);
	if (typed->warrant)
		return sc_hsmd_install_warrant(settings, err);
	return sc_hsmd_run(settings, err);
}

int main(int argc, char **argv)
{
	struct sc_hsmd_settings settings = { .ready_fd = -1 };
	struct typed typed = { 0 };
	struct sc_error err = { 0 };
	uint64_t arena = 0;
	bool done = false;
	sc_status status;

	sc_arena_claim_libcrypto();
	/* Whatever the starter's is: files that say more than 0600 mean it, and nobody else writes. */
	umask(022);
	sc_log_start(PROGRAM, SC_LOG_NOTICE);
	status = read_line(argc, argv, &typed, &settings, &done, &err);
	if (status == SC_OK && done)
		return EXIT_SUCCESS;
	if (status == SC_OK)
		status = settle(&typed, &settings, &arena, &err);
	if (status == SC_OK)
		status = run(&settings, &typed, (size_t)arena << 20, &err);
	if (status != SC_OK)
		sc_log(SC_LOG_ERROR, "%s", err.message);
	/* The arena stays mapped: libcrypto empties it when the process ends. */
	return sc_status_exit(status);
}
