/*
 * Tries the command table: every command, through the sockets of every role, in modules of every mode. The
 * table below repeats by hand what is allowed, so that a change of the command table must be made twice; a
 * command without a row here fails. All bodies are empty, because what role, mode or quorum forbid is refused
 * before the body is read.
 */
#include <stdio.h>
#include <string.h>

#include "attack.h"

#define CUSTODY SC_ROLE_CUSTODY
#define SERVICE SC_ROLE_SERVICE
#define USE     SC_ROLE_USE
#define ANY     (CUSTODY | SERVICE | USE)

/* The roles of each command, and the first and last mode that allow it. */
static const struct row {
	const char *name;
	uint32_t roles;
	enum sc_mode from;
	enum sc_mode until;
	bool needs_quorum;
} rows[] = {
	{ "enquire", ANY, SC_MODE_UNWARRANTED, SC_MODE_REGION, false },
	{ "evidence", ANY, SC_MODE_UNWARRANTED, SC_MODE_REGION, false },
	{ "checkpoint", SERVICE, SC_MODE_WORLD, SC_MODE_REGION, false },
	{ "world_begin", CUSTODY, SC_MODE_WARRANTED, SC_MODE_WARRANTED, false },
	{ "world_commit", CUSTODY, SC_MODE_WARRANTED, SC_MODE_WARRANTED, false },
	{ "world_program", CUSTODY, SC_MODE_WARRANTED, SC_MODE_WARRANTED, true },
	{ "world_erase", CUSTODY, SC_MODE_WORLD, SC_MODE_REGION, true },
	{ "quorum_open", CUSTODY, SC_MODE_WARRANTED, SC_MODE_REGION, false },
	{ "quorum_card", CUSTODY, SC_MODE_WARRANTED, SC_MODE_REGION, false },
	{ "key_generate", CUSTODY | SERVICE, SC_MODE_WORLD, SC_MODE_REGION, false },
	{ "key_load", ANY, SC_MODE_WORLD, SC_MODE_REGION, false },
	{ "key_info", ANY, SC_MODE_WORLD, SC_MODE_REGION, false },
	{ "key_attest", ANY, SC_MODE_WORLD, SC_MODE_REGION, false },
	{ "acl_replace", CUSTODY, SC_MODE_WORLD, SC_MODE_REGION, true },
	{ "key_import", CUSTODY | SERVICE, SC_MODE_WORLD, SC_MODE_REGION, false },
	{ "acl_reduce", CUSTODY | SERVICE, SC_MODE_WORLD, SC_MODE_REGION, false },
	{ "key_forget", CUSTODY | SERVICE, SC_MODE_WORLD, SC_MODE_REGION, false },
	{ "sign", ANY, SC_MODE_WORLD, SC_MODE_REGION, false },
	{ "decrypt", ANY, SC_MODE_WORLD, SC_MODE_REGION, false },
	{ "region_init", CUSTODY, SC_MODE_WORLD, SC_MODE_REGION, true },
	{ "transfer_package", CUSTODY, SC_MODE_WORLD, SC_MODE_REGION, false },
	{ "transfer_import", SERVICE, SC_MODE_REGION, SC_MODE_REGION, false },
};

static const struct row *row_of(const struct sc_command_info *command)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].name, command->name) == 0)
			return &rows[i];
	return NULL;
}

/* An empty body is a complete request for ENQUIRE and EVIDENCE only. */
static sc_status expected_status(const struct row *row, enum sc_mode mode, uint32_t role)
{
	if (!(row->roles & role))
		return SC_ERR_ROLE;
	if (mode < row->from && mode == SC_MODE_UNWARRANTED)
		return SC_ERR_NO_WARRANT;
	if (mode < row->from && mode == SC_MODE_WARRANTED)
		return SC_ERR_NO_WORLD;
	if (mode < row->from)
		return SC_ERR_NO_REGION;
	if (mode > row->until)
		return SC_ERR_HAS_WORLD;
	if (row->needs_quorum)
		return SC_ERR_QUORUM;
	return row->from == SC_MODE_UNWARRANTED ? SC_OK : SC_ERR_ENCODING;
}

static const struct {
	const char *module;
	enum sc_mode mode;
} modules[] = { { "raw", SC_MODE_UNWARRANTED },
		{ "bare", SC_MODE_WARRANTED },
		{ "ws", SC_MODE_WORLD },
		{ "eu", SC_MODE_REGION } };

static const struct {
	const char *socket;
	uint32_t role;
} sockets[] = { { "custody", CUSTODY }, { "service", SERVICE }, { "use", USE } };

/* Checks that module and socket have the mode and role that the table says. */
static void check_place(struct sc_client *client, const char *place, enum sc_mode mode, uint32_t role)
{
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_enquire_request nothing;
	struct sc_enquire_response response = { 0 };
	struct sc_error err = { 0 };

	memset(&nothing, 0, sizeof nothing);
	attack_must(place, sc_call_enquire(client, 0, &nothing, &reply, &response, &err), &err);
	attack_result(
	    place, response.mode == (uint32_t)mode && response.role == role ? NULL : "another mode or role");
}

static void try_all(const char *module, enum sc_mode mode, const char *socket, uint32_t role)
{
	SC_CLEANUP(sc_client) client = attack_connect(module, socket);
	size_t count;
	const struct sc_command_info *command = sc_command_all(&count);
	struct sc_error err = { 0 };
	char name[128];

	snprintf(name, sizeof name, "%s-%s", module, socket);
	check_place(client, name, mode, role);
	for (size_t i = 0; i < count; i++, command++) {
		const struct row *row = row_of(command);
		SC_CLEANUP(sc_bytes) reply = { 0 };

		snprintf(name, sizeof name, "%s-%s-%s", module, socket, command->name);
		if (!row) {
			attack_result(name, "the command has no row in this attack's table");
			continue;
		}
		attack_expect(
		    name, expected_status(row, mode, role),
		    sc_client_call(client, command->command, 0, (struct sc_view){ 0 }, &reply, &err), &err);
	}
}

int main(int argc, char **argv)
{
	size_t count;

	attack_begin(argc, argv);
	(void)sc_command_all(&count);
	attack_result("every-row-is-a-command", count == sizeof rows / sizeof rows[0]
						    ? NULL
						    : "this attack's table has another length");
	for (size_t i = 0; i < sizeof modules / sizeof modules[0]; i++)
		for (size_t j = 0; j < sizeof sockets / sizeof sockets[0]; j++)
			try_all(modules[i].module, modules[i].mode, sockets[j].socket, sockets[j].role);
	return attack_end();
}
