/*
 * hsmd: the module. Reads the command line and does what must happen before anything else: libcrypto's
 * memory, the first step of the sandbox, the arena. Everything after that is in hsmd_run.c or initialise.c.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "base/descriptors.h"
#include "base/log.h"
#include "base/options.h"
#include "base/print.h"
#include "base/visible.h"
#include "hsmd/os/hsmd_run.h"
#include "hsmd/os/initialise.h"
#include "hsmd/os/libraries.h"

#define PROGRAM       "hsmd"
#define CACHE_DEFAULT 1024
#define CACHE_MAX     1000000

/* The options as typed. */
struct typed {
	const char *state;
	bool initialise;
	const char *request;
	const char *warrant;
	const char *root;
	const char *cache;
	const char *arena;
	const char *ready_fd;
	bool allow_erase;
	bool foreground;
};

static const char notes[] =
    "A socket's SPEC is role=custody|service|use,path=PATH, plus, for a service socket,\n"
    "make=APP+APP, load=APP+APP and owner=DAEMON. mode=0600 and group=NAME|GID set who may\n"
    "connect. APP is one of simple, xferacld, vault, kek, token, tls.\n"
    "\n"
    "  hsmd --state=DIR --initialise            make a new module and its warrant request\n"
    "  hsmd --state=DIR --install-warrant=FILE --root=HASH\n"
    "                                           install the output of `factory warrant`; HASH is\n"
    "                                           the root's, as the factory publishes it\n"
    "  hsmd --state=DIR --socket=SPEC...        serve until SIGTERM or SIGINT\n"
    "\n"
    "The unlock key (32 bytes, or 64 hexadecimal digits) seals the state. If you give none,\n"
    "--initialise makes DIR/unlock.key, next to the state it opens.\n"
    "\n"
    "Serving takes 2,304 descriptors (ulimit -n), fewer with an arena of less than 8 MiB.";

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
		  .help = "maximum number of loaded keys (1024)",
		  .value = &typed->cache },
		{ .name = "arena",
		  .argument = "MIB",
		  .help = "protected memory (64, or what can be locked)",
		  .value = &typed->arena },
		{ .name = "unlock-key-file",
		  .argument = "FILE",
		  .help = "read the unlock key from this file, mode 0600",
		  .value = &settings->unlock.file },
		{ .name = "unlock-key-fd",
		  .argument = "N",
		  .help = "read the unlock key from this open descriptor",
		  .value = &settings->unlock.fd },
		{ .name = "allow-erase",
		  .help = "let custodians erase the module's world without a quorum",
		  .flag = &typed->allow_erase },
		{ .name = "ready-fd",
		  .argument = "N",
		  .help = "write \"READY\" to this descriptor once serving",
		  .value = &typed->ready_fd },
		{ .name = "foreground",
		  .help = "no effect: hsmd always runs in the foreground",
		  .flag = &typed->foreground },
		{ .name = "initialise", .help = "make a new module", .flag = &typed->initialise },
		{ .name = "request",
		  .argument = "FILE",
		  .help = "write the warrant request here, with --initialise",
		  .value = &typed->request },
		{ .name = "install-warrant",
		  .argument = "FILE",
		  .help = "install the factory's answer",
		  .value = &typed->warrant },
		{ .name = "root",
		  .argument = "HASH",
		  .help = "the root's hash, with --install-warrant",
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

/* Checks that exactly one of hsmd's three tasks is asked for, with the options that belong to it. */
static sc_status check_line(const struct typed *typed, const struct sc_hsmd_settings *settings,
			    struct sc_error *err)
{
	int modes = typed->initialise + !!typed->warrant + (settings->socket_count > 0);

	SC_ENSURE(typed->state, err, SC_ERR_USAGE, "--state=DIR is missing (see hsmd --help)");
	SC_ENSURE(modes == 1, err, SC_ERR_USAGE,
		  "give exactly one of --socket, --initialise or --install-warrant (see hsmd --help)");
	SC_ENSURE(!typed->request || typed->initialise, err, SC_ERR_USAGE, "--request needs --initialise");
	SC_ENSURE(!typed->warrant == !typed->root, err, SC_ERR_USAGE,
		  "--install-warrant and --root go together: give both");
	SC_ENSURE(!typed->allow_erase || settings->socket_count, err, SC_ERR_USAGE,
		  "--allow-erase needs --socket");
	SC_ENSURE(!settings->unlock.file || !settings->unlock.fd, err, SC_ERR_USAGE,
		  "--unlock-key-file and --unlock-key-fd: give only one");
	return SC_OK;
}

/* If `text` is NULL, *out keeps its value. */
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
		  "--root: %s: not a SHA-256 hash (64 hexadecimal digits)", sc_shown(typed->root).s);
	if (typed->ready_fd)
		SC_TRY(sc_fd_ensure_given((int)ready, "--ready-fd", err));
	SC_TRY(sc_hsmd_unlock_check_given(&settings->unlock, err));
	settings->state = typed->state;
	settings->request = typed->request;
	settings->warrant = typed->warrant;
	settings->module.cache_keys = (uint32_t)cache;
	settings->module.allow_erase = typed->allow_erase;
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
	/*
	 * Replaces the inherited umask: a file created with mode 0644 gets 0644, and nobody else can write.
	 */
	umask(022);
	sc_log_start(PROGRAM, SC_LOG_NOTICE);
	status = read_line(argc, argv, &typed, &settings, &done, &err);
	if (status == SC_OK && done)
		return sc_program_end(PROGRAM, status, &err);
	if (status == SC_OK)
		status = settle(&typed, &settings, &arena, &err);
	if (status == SC_OK)
		status = run(&settings, &typed, (size_t)arena << 20, &err);
	if (status != SC_OK)
		sc_log(SC_LOG_ERROR, "%s", err.message);
	/* The arena stays mapped: libcrypto frees its memory on exit. */
	return status == SC_OK && !settings.socket_count ? sc_program_end(PROGRAM, status, &err)
							 : sc_status_exit(status);
}
