/*
 * enquiry: shows what each module is and what protects it, as the module itself reports. A protection that is
 * not in force is named as plainly as one that is: if you run a software module, you should see where its
 * boundary lies.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include "base/version.h"
#include "formats/region.h"
#include "formats/suite.h"
#include "wire/role.h"
#include "world/module_map.h"

#define PROGRAM "enquiry"

/* -- one line ---------------------------------------------------------------------------------- */

static void print(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void print(const char *name, const char *format, ...)
{
	va_list args;

	printf(" %-20s ", name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* A text from the module: printed only if it is valid. */
static void print_text(const char *name, struct sc_view view)
{
	struct sc_text text = { "" };

	if (sc_text_set_view(&text, view, name, NULL) != SC_OK)
		print(name, "(not valid text)");
	else
		print(name, "%s", text.s);
}

static void print_hash(const char *name, const struct sc_hash *hash)
{
	char hex[2 * SC_HASH_SIZE + 1];

	sc_hex(sc_hash_view(hash), hex);
	print(name, "%s", hex);
}

/* -- a module ---------------------------------------------------------------------------------- */

static const char *mode_name(uint32_t mode)
{
	switch (mode) {
	case SC_MODE_UNWARRANTED:
		return "no warrant yet: see `factory warrant`";
	case SC_MODE_WARRANTED:
		return "warranted, no security world yet: see `new-world`";
	case SC_MODE_WORLD:
		return "operational, in a security world";
	case SC_MODE_REGION:
		return "operational, in the security world of a region";
	default:
		return "unknown";
	}
}

static void print_world(const struct sc_enquire_response *m)
{
	struct sc_text region = { "" };

	print_hash("world id", &m->world);
	print_hash("hkm", &m->hkm);
	print_hash("hknso", &m->hknso);
	print("ciphersuite", "%s", sc_suite_name(m->suite));
	print("k-out-of-n", "%u/%u, cards of generation %u", m->k, m->n, m->set_generation);
	if (m->mode != SC_MODE_REGION)
		return;
	if (sc_text_set_view(&region, m->region, "region", NULL) == SC_OK)
		print("region", "%s (%s)", region.s, sc_region_name(region.s));
	else
		print("region", "(not valid text)");
}

/* Every protection is listed, in force or not, so that a missing one is not overlooked. */
static const struct {
	uint32_t bit;
	const char *name;
} sandbox[] = {
	{ SC_PROTECTION_SECCOMP, "seccomp" },           { SC_PROTECTION_LANDLOCK, "landlock" },
	{ SC_PROTECTION_NO_NEW_PRIVS, "no-new-privs" }, { SC_PROTECTION_NOT_DUMPABLE, "not dumpable" },
	{ SC_PROTECTION_NO_CORE, "no core files" },
};

static void print_protection(const struct sc_enquire_response *m)
{
	char on[160] = "";
	char off[160] = "";

	for (size_t i = 0; i < sizeof sandbox / sizeof sandbox[0]; i++) {
		char *list = m->protection & sandbox[i].bit ? on : off;
		size_t used = strlen(list);

		snprintf(list + used, sizeof on - used, "%s%s", used ? ", " : "", sandbox[i].name);
	}
	print("sandbox", "%s; NOT in force: %s", on[0] ? on : "none", off[0] ? off : "none");
	if (m->protection & SC_PROTECTION_SANITIZER)
		print("build",
		      "a TEST build with sanitizers: its sandbox is weaker; do not use it for real keys");
	if (m->landlock_abi)
		print("landlock abi", "%u", m->landlock_abi);
	else
		print("landlock abi", "none: this kernel has no landlock");
	print("arena", "%s, %" PRIu64 " of %" PRIu64 " bytes in use",
	      m->protection & SC_PROTECTION_MEMFD_SECRET
		  ? "memfd_secret (no other process can read it)"
		  : "locked memory, kept out of dumps (NOT memfd_secret: root can read it)",
	      m->arena_used, m->arena_size);
	print("unlock key", "%s",
	      m->protection & SC_PROTECTION_UNLOCK_GIVEN
		  ? "given from outside the state directory"
		  : "in the state directory: anyone who copies that directory can open the module's state");
	print("user ids", "%s",
	      m->protection & SC_PROTECTION_USERS_APART
		  ? "apart: you are not running as the module's user"
		  : "NOT apart: you are running as the module's own user");
}

static void print_module(const struct sc_enquire_response *m)
{
	char grouped[SC_HASH_GROUPED_SIZE];
	char time[SC_CLOCK_TEXT_SIZE];

	print("mode", "%s", mode_name(m->mode));
	print_text("version", m->version);
	print_text("serial number", m->esn);
	if (m->mode == SC_MODE_UNWARRANTED) {
		print("root", "none pinned");
	} else {
		sc_hash_grouped(&m->root, grouped);
		print("root", "%s", grouped);
	}
	if (m->mode == SC_MODE_WORLD || m->mode == SC_MODE_REGION)
		print_world(m);
	print("loaded keys", "%u of at most %u", m->loaded, m->cache);
	print_protection(m);
	print("state counter", "%" PRIu64, m->counter);
	sc_clock_text((int64_t)m->time, time);
	print("clock", "%s UTC", time);
}

/* Asks through the first of the module's sockets that answers; a socket of any role will do. */
static sc_status enquire(const struct sc_kmdata_module_map *map, uint64_t number, struct sc_error *err)
{
	const struct sc_enquire_request request = {};
	struct sc_enquire_response response = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	const struct sc_kmdata_module_socket *socket = NULL;
	sc_status status = SC_ERR_NOT_FOUND;

	for (size_t i = 0; status != SC_OK && i < map->count; i++) {
		SC_CLEANUP(sc_client) client = NULL;

		if (map->sockets[i].number != number)
			continue;
		socket = &map->sockets[i];
		status = sc_client_open(socket->path, &client, err);
		if (status == SC_OK)
			status = sc_call_enquire(client, 0, &request, &reply, &response, err);
	}
	SC_TRY(status);
	print("socket", "%s (%s)", socket->path, sc_role_name(response.role));
	print_module(&response);
	return SC_OK;
}

/* -- all of them ------------------------------------------------------------------------------- */

static sc_status show_module(const struct sc_kmdata_module_map *map, uint64_t number, struct sc_error *err)
{
	sc_status status;

	printf("\nModule #%" PRIu64 ":\n", number);
	status = enquire(map, number, err);
	if (status == SC_OK)
		return SC_OK;
	print("mode", "failed: %s", err->message);
	return sc_fail_context(err, status, "module #%" PRIu64, number);
}

static bool is_in_map(const struct sc_kmdata_module_map *map, uint64_t number)
{
	for (size_t i = 0; i < map->count; i++)
		if (map->sockets[i].number == number)
			return true;
	return false;
}

SC_CLEANUP_POINTER(sc_kmdata_module_map, struct sc_kmdata_module_map, free)

/* Shows all modules even if some fail. The first failure becomes the exit status. */
static sc_status run(uint64_t only, struct sc_error *err)
{
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;
	SC_CLEANUP(sc_kmdata_module_map) map = calloc(1, sizeof *map);
	sc_status first = SC_OK;

	SC_ENSURE(map, err, SC_ERR_MEMORY, "out of memory for the map of modules");
	SC_TRY(sc_kmdata_open(&kmdata, err));
	SC_TRY(sc_kmdata_module_map_read(&kmdata, map, err));
	SC_ENSURE(!only || is_in_map(map, only), err, SC_ERR_NOT_FOUND, "%s/%s: has no module %" PRIu64,
		  kmdata.config.path, SC_KMDATA_MODULES_FILE_NAME, only);
	printf("Server:\n");
	print("version", "%s", SC_VERSION);
	print("module map", "%s/%s", kmdata.config.path, SC_KMDATA_MODULES_FILE_NAME);
	for (uint64_t n = sc_kmdata_next_module(&kmdata, 0); n; n = sc_kmdata_next_module(&kmdata, n)) {
		struct sc_error why = { 0 };
		sc_status status = only && n != only ? SC_OK : show_module(map, n, &why);

		if (status != SC_OK && first == SC_OK) {
			first = status;
			if (err)
				*err = why;
		}
	}
	return first;
}

int main(int argc, char **argv)
{
	const char *module = NULL;
	uint64_t only = 0;
	struct sc_error err = { 0 };
	bool done = false;
	size_t operands;
	sc_status status;
	const struct sc_option options[] = {
		{ .name = "module",
		  .letter = 'm',
		  .argument = "N",
		  .help = "show only this module",
		  .value = &module },
		{ 0 },
	};
	const struct sc_command_line line = {
		PROGRAM, "[OPTIONS]",
		"Shows each module in $NFAST_KMDATA/config/modules and what protects it.", options,
		"The exit status is 0 only if every module answered."
	};

	sc_log_start(PROGRAM, SC_LOG_NOTICE);
	status = sc_options_read(&line, argc, argv, NULL, 0, &operands, &done, &err);
	if (status == SC_OK && module)
		status = sc_number_read(module, "--module", 1, UINT32_MAX, &only, &err);
	if (status == SC_OK && !done)
		status = run(only, &err);
	if (status != SC_OK)
		fprintf(stderr, PROGRAM ": %s\n", err.message);
	return sc_status_exit(status);
}
