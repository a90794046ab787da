/*
 * The daemon: see hsmd_run.h. The start-up order is itself a protection. Whatever needs the file system or
 * the C library's files comes first (unlock key, sockets, groups), then landlock, then all threads, then the
 * seal. Only after the seal is the state parsed and KM in memory, and only then are connections accepted.
 */
#include "hsmd/os/hsmd_run.h"

#include <sched.h>
#include <string.h>

#include "base/daemon.h"
#include "base/log.h"
#include "hsmd/os/parts.h"
#include "hsmd/os/server.h"
#include "hsmd/os/sockets.h"

/* The number this process may use: in a container, fewer than the machine has. */
static unsigned processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set))
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

static sc_status read_specs(const struct sc_hsmd_settings *settings, struct sc_hsmd_socket_spec *specs,
			    struct sc_error *err)
{
	for (size_t i = 0; i < settings->socket_count; i++) {
		SC_TRY(sc_hsmd_socket_spec_read(settings->sockets[i], &specs[i], err));
		for (size_t j = 0; j < i; j++)
			SC_ENSURE(strcmp(specs[i].path, specs[j].path) != 0, err, SC_ERR_ARGUMENT,
				  "--socket: two sockets at %s", specs[i].path);
	}
	return SC_OK;
}

static sc_status add_sockets(struct sc_hsmd_server *server, const struct sc_hsmd_socket_spec *specs,
			     size_t count, struct sc_error *err)
{
	for (size_t i = 0; i < count; i++) {
		int fd = -1;

		SC_TRY(sc_hsmd_socket_listen(&specs[i], &fd, err));
		SC_TRY(sc_hsmd_server_add(server, fd, &specs[i].policy, err));
	}
	return SC_OK;
}

static sc_status new_server(const struct sc_hsmd_parts *parts, struct sc_hsmd_server **out,
			    struct sc_error *err)
{
	const struct sc_hsmd_server_options options = { .connections = parts->connections,
							.quick_workers = parts->workers,
							.slow_workers = parts->workers,
							.memory = parts->messages };

	return sc_hsmd_server_new(&options, out, err);
}

/* What `enquiry` shows on request, the log says at every start: which protection this host does not give. */
static void warn_of_what_is_missing(const struct sc_hsmd_host *host, const struct sc_hsmd_settings *settings)
{
	sc_sandbox_warn(host->sandbox, sc_hsmd_state_dir(host->store));
	if (sc_arena_count(host->arena).kind != SC_ARENA_SECRET)
		sc_log(
		    SC_LOG_WARNING,
		    "memory: memfd_secret is not available: keys are in locked memory, which the kernel and "
		    "root can read: use a kernel with CONFIG_SECRETMEM (before 6.5, boot it with "
		    "secretmem.enable=1)");
	if (settings->module.allow_erase)
		sc_log(SC_LOG_WARNING,
		       "--allow-erase: anyone who may open the custody socket can erase the module's world: "
		       "restart without it when that is done");
	if (!host->unlock_given)
		sc_log(SC_LOG_NOTICE,
		       "the unlock key is stored next to the state it opens: anyone who copies %s has both "
		       "(see --unlock-key-file, --unlock-key-fd)",
		       settings->state);
}

static unsigned custody_sockets(const struct sc_hsmd_socket_spec *specs, size_t count)
{
	unsigned custody = 0;

	for (size_t i = 0; i < count; i++)
		custody += specs[i].policy.role == SC_ROLE_CUSTODY;
	return custody;
}

/* Once all has been taken that is taken once: the sockets' memory, the threads, the module's state. */
static sc_status limit_keys(const struct sc_hsmd_settings *settings, const struct sc_hsmd_parts *parts,
			    struct sc_module *module, struct sc_error *err)
{
	struct sc_arena_numbers now = sc_arena_count(settings->arena);
	size_t keys = 0;

	SC_TRY(sc_hsmd_parts_keys(parts, now.size, now.used, &keys, err));
	sc_module_limit_keys(module, keys);
	return SC_OK;
}

static void announce(const struct sc_hsmd_settings *settings, struct sc_module *module)
{
	static const char *const modes[] = { "without a warrant", "in no world", "in its world",
					     "in its region" };

	sc_log(SC_LOG_NOTICE, "ready, ESN %s, %s", sc_module_esn(module), modes[sc_module_mode(module)]);
	sc_daemon_announce(settings->ready_fd);
}

static sc_status serve(struct sc_hsmd_host *host, const struct sc_hsmd_settings *settings,
		       const struct sc_hsmd_parts *parts, struct sc_hsmd_server *server, struct sc_error *err)
{
	SC_CLEANUP(sc_module) module = NULL;
	sc_status status;

	SC_TRY(sc_hsmd_host_open_module(host, settings, &module, err));
	SC_TRY(limit_keys(settings, parts, module, err));
	warn_of_what_is_missing(host, settings);
	announce(settings, module);
	status = sc_hsmd_server_run(server, module, err);
	if (status == SC_OK)
		sc_log(SC_LOG_NOTICE, "stopped");
	return status;
}

sc_status sc_hsmd_run(struct sc_hsmd_settings *settings, struct sc_error *err)
{
	SC_CLEANUP(sc_hsmd_host) host = { 0 };
	SC_CLEANUP(sc_hsmd_server) server = NULL;
	struct sc_hsmd_socket_spec specs[SC_HSMD_SOCKETS];
	struct sc_hsmd_parts parts;

	sc_daemon_survive_readers();
	SC_TRY(read_specs(settings, specs, err));
	SC_TRY(sc_hsmd_host_open(settings, false, &host, err));
	SC_TRY(sc_hsmd_host_load(&host, settings, err));
	parts = sc_hsmd_parts_of(sc_arena_count(settings->arena).size, processors(),
				 custody_sockets(specs, settings->socket_count));
	SC_TRY(new_server(&parts, &server, err));
	SC_TRY(add_sockets(server, specs, settings->socket_count, err));
	SC_TRY(sc_sandbox_files(&settings->sandbox, sc_hsmd_state_dir(host.store), err));
	SC_TRY(sc_hsmd_server_start(server, err));
	SC_TRY(sc_sandbox_seal(&settings->sandbox, sc_hsmd_state_dir(host.store), err));
	return serve(&host, settings, &parts, server, err);
}
