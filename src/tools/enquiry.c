/*
 * enquiry: shows what each module is and what protects it, as the module itself reports. A protection that is
 * not in force is named as plainly as one that is: if you run a software module, you should see where its
 * boundary lies.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/options.h"
#include "base/print.h"
#include "base/version.h"
#include "formats/entry.h"
#include "formats/region.h"
#include "formats/suite.h"
#include "wire/role.h"
#include "world/module_map.h"

#define PROGRAM    "enquiry"
#define NAME_WIDTH 20

/* -- a module ---------------------------------------------------------------------------------- */

/* A text from the module: printed only if it is valid. */
static void print_text(const struct sc_entry_list *list, const char *name, struct sc_view view)
{
	struct sc_text text = { "" };

	if (sc_text_set_view(&text, view, name, NULL) != SC_OK)
		sc_entry_print(list, name, "(not valid text)");
	else
		sc_entry_print(list, name, "%s", text.s);
}

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

static void print_world(const struct sc_entry_list *list, const struct sc_enquire_response *module)
{
	struct sc_text region = { "" };

	sc_entry_hash(list, "world id", &module->world);
	sc_entry_hash(list, "hkm", &module->hkm);
	sc_entry_hash(list, "hknso", &module->hknso);
	sc_entry_print(list, "ciphersuite", "%s", sc_suite_name(module->suite));
	sc_entry_print(list, "k-out-of-n", "%u/%u, cards of generation %u", module->k, module->n,
		       module->set_generation);
	if (module->mode != SC_MODE_REGION)
		return;
	if (sc_text_set_view(&region, module->region, "region", NULL) == SC_OK)
		sc_entry_print(list, "region", "%s (%s)", region.s, sc_region_name(region.s));
	else
		sc_entry_print(list, "region", "(not valid text)");
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

static void print_sandbox(const struct sc_entry_list *list, uint32_t protection)
{
	char on[160] = "";
	char off[160] = "";

	for (size_t i = 0; i < sizeof sandbox / sizeof sandbox[0]; i++) {
		char *names = protection & sandbox[i].bit ? on : off;
		size_t used = strlen(names);

		snprintf(names + used, sizeof on - used, "%s%s", used ? ", " : "", sandbox[i].name);
	}
	sc_entry_print(list, "sandbox", "%s; NOT in force: %s", on[0] ? on : "none", off[0] ? off : "none");
}

static void print_protection(const struct sc_entry_list *list, const struct sc_enquire_response *module)
{
	print_sandbox(list, module->protection);
	if (module->protection & SC_PROTECTION_SANITIZER)
		sc_entry_print(
		    list, "build",
		    "a TEST build with sanitizers: its sandbox is weaker; do not use it for real keys");
	if (module->landlock_abi)
		sc_entry_print(list, "landlock abi", "%u", module->landlock_abi);
	else
		sc_entry_print(list, "landlock abi", "none: this kernel has no landlock");
	sc_entry_print(list, "arena", "%s, %" PRIu64 " of %" PRIu64 " bytes in use",
		       module->protection & SC_PROTECTION_MEMFD_SECRET
			   ? "memfd_secret (no other process can read it)"
			   : "locked memory, kept out of dumps (NOT memfd_secret: root can read it)",
		       module->arena_used, module->arena_size);
	sc_entry_print(
	    list, "unlock key", "%s",
	    module->protection & SC_PROTECTION_UNLOCK_GIVEN
		? "given from outside the state directory"
		: "in the state directory: anyone who copies that directory can open the module's state");
	sc_entry_print(list, "user ids", "%s",
		       module->protection & SC_PROTECTION_USERS_APART
			   ? "apart: you are not running as the module's user"
			   : "NOT apart: you are running as the module's own user");
}

static void print_module(const struct sc_entry_list *list, const struct sc_enquire_response *module)
{
	char grouped[SC_HASH_GROUPED_SIZE];

	sc_entry_print(list, "mode", "%s", mode_name(module->mode));
	print_text(list, "version", module->version);
	print_text(list, "serial number", module->esn);
	if (module->mode == SC_MODE_UNWARRANTED) {
		sc_entry_print(list, "root", "none pinned");
	} else {
		sc_hash_grouped(&module->root, grouped);
		sc_entry_print(list, "root", "%s", grouped);
	}
	if (module->mode == SC_MODE_WORLD || module->mode == SC_MODE_REGION)
		print_world(list, module);
	sc_entry_print(list, "loaded keys", "%u of at most %u", module->loaded, module->cache);
	print_protection(list, module);
	sc_entry_print(list, "state counter", "%" PRIu64, module->counter);
	sc_entry_time(list, "clock", (int64_t)module->time);
}

/* Asks through the first of the module's sockets that answers; a socket of any role will do. */
static sc_status enquire(const struct sc_entry_list *list, const struct sc_kmdata_module_map *map,
			 uint64_t number, struct sc_error *err)
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
	sc_entry_print(list, "socket", "%s (%s)", socket->path, sc_role_name(response.role));
	print_module(list, &response);
	return SC_OK;
}

/* -- all of them ------------------------------------------------------------------------------- */

static sc_status show_module(const struct sc_entry_list *list, const struct sc_kmdata_module_map *map,
			     uint64_t number, struct sc_error *err)
{
	sc_status status;

	sc_print("\nModule #%" PRIu64 ":\n", number);
	status = enquire(list, map, number, err);
	if (status == SC_OK)
		return SC_OK;
	sc_entry_print(list, "mode", "failed: %s", err->message);
	return sc_fail_context(err, status, "module #%" PRIu64, number);
}

static bool is_in_map(const struct sc_kmdata_module_map *map, uint64_t number)
{
	for (size_t i = 0; i < map->count; i++)
		if (map->sockets[i].number == number)
			return true;
	return false;
}

/* Shows all modules, or `only` that one, even if some fail. Returns the first failure. */
static sc_status show_modules(const struct sc_entry_list *list, const struct sc_kmdata *kmdata,
			      const struct sc_kmdata_module_map *map, uint64_t only, struct sc_error *err)
{
	sc_status first = SC_OK;

	for (uint64_t n = sc_kmdata_next_module(kmdata, 0); n; n = sc_kmdata_next_module(kmdata, n)) {
		struct sc_error why = { 0 };
		sc_status status = only && n != only ? SC_OK : show_module(list, map, n, &why);

		if (status != SC_OK && first == SC_OK) {
			first = status;
			if (err)
				*err = why;
		}
	}
	return first;
}

static sc_status run(uint64_t only, struct sc_error *err)
{
	const struct sc_entry_list list = { .out = stdout, .name_width = NAME_WIDTH };
	SC_CLEANUP(sc_kmdata) kmdata = SC_KMDATA_NONE;
	SC_CLEANUP(sc_kmdata_module_map) map = calloc(1, sizeof *map);

	SC_ENSURE(map, err, SC_ERR_MEMORY, "out of memory for the map of modules");
	SC_TRY(sc_kmdata_open_config(&kmdata, err));
	SC_TRY(sc_kmdata_module_map_read(&kmdata, map, err));
	SC_ENSURE(!only || is_in_map(map, only), err, SC_ERR_NOT_FOUND, "%s/%s: has no module %" PRIu64,
		  kmdata.config.path, SC_KMDATA_MODULES_FILE_NAME, only);
	sc_print("Server:\n");
	sc_entry_print(&list, "version", "%s", SC_VERSION);
	sc_entry_print(&list, "module map", "%s/%s", kmdata.config.path, SC_KMDATA_MODULES_FILE_NAME);
	return show_modules(&list, &kmdata, map, only, err);
}

static sc_status read_command_line(int argc, char **argv, uint64_t *only, bool *done, struct sc_error *err)
{
	const char *module = NULL;
	size_t operands;
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

	SC_TRY(sc_options_read(&line, argc, argv, NULL, 0, &operands, done, err));
	return module ? sc_number_read(module, "--module", 1, UINT32_MAX, only, err) : SC_OK;
}

int main(int argc, char **argv)
{
	uint64_t only = 0; /* every module */
	struct sc_error err = { 0 };
	bool done = false;
	sc_status status;

	sc_log_start(PROGRAM, SC_LOG_NOTICE);
	status = read_command_line(argc, argv, &only, &done, &err);
	if (status == SC_OK && !done)
		status = run(only, &err);
	return sc_program_end(PROGRAM, status, &err);
}
