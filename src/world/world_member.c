/* Programming and erasing a module: see world_member.h. */
#include "world/world_member.h"

#include <stdio.h>
#include <string.h>

#include "base/print.h"
#include "base/visible.h"
#include "formats/key_type.h"
#include "world/prompt.h"

static unsigned long long number_of(const struct sc_ceremony *ceremony)
{
	return (unsigned long long)ceremony->module;
}

sc_status sc_world_member_ask(struct sc_client *client, struct sc_enquire_response *out, struct sc_error *err)
{
	const struct sc_enquire_request request = {};
	SC_CLEANUP(sc_bytes) reply = { 0 };

	SC_TRY(sc_call_enquire(client, 0, &request, &reply, out, err));
	/* The texts point into the reply, which is freed on return; nothing reads them. */
	out->esn = out->version = out->region = (struct sc_view){ 0 };
	return SC_OK;
}

/* Asks on a new connection: the old one may have ended. False if the module cannot be reached. */
static bool world_now(const struct sc_kmdata *kmdata, const struct sc_ceremony *ceremony, struct sc_hash *out)
{
	SC_CLEANUP(sc_client) client = NULL;
	struct sc_enquire_response module = { 0 };

	if (sc_kmdata_connect(kmdata, ceremony->module, SC_ROLE_CUSTODY, &client, NULL) != SC_OK ||
	    sc_world_member_ask(client, &module, NULL) != SC_OK)
		return false;
	*out = module.world;
	return true;
}

/* True if the call's failure leaves open whether the module did it. */
static bool is_answer_lost(sc_status status)
{
	return status == SC_ERR_TIMEOUT || status == SC_ERR_UNAVAILABLE || status == SC_ERR_SYSTEM ||
	       status == SC_ERR_PROTOCOL;
}

static sc_status fail_not_durable(const struct sc_ceremony *ceremony, const char *what, struct sc_error *err)
{
	return sc_fail(
	    err, SC_ERR_NOT_DURABLE,
	    "module #%llu %s, but its state may be lost if the power fails: see its log, then restart "
	    "it and look with enquiry",
	    number_of(ceremony), what);
}

/* -- programming ------------------------------------------------------------------------------- */

static sc_status check_free(const struct sc_ceremony *ceremony, struct sc_client *client,
			    const struct sc_hash *world, struct sc_error *err)
{
	struct sc_enquire_response module = { 0 };
	char hex[2 * SC_HASH_SIZE + 1];

	SC_TRY(sc_world_member_ask(client, &module, err));
	SC_ENSURE(module.mode != SC_MODE_UNWARRANTED, err, SC_ERR_NO_WARRANT,
		  "module #%llu (%s) has no warrant: see `factory warrant` and `hsmd --install-warrant`",
		  number_of(ceremony), sc_client_path(client));
	sc_hex(sc_hash_view(&module.world), hex);
	SC_ENSURE(module.mode == SC_MODE_WARRANTED, err, SC_ERR_HAS_WORLD,
		  "module #%llu (%s) is already in %s security world, %s", number_of(ceremony),
		  sc_client_path(client), sc_hash_equals(&module.world, world) ? "this" : "another", hex);
	SC_ENSURE(module.role & SC_ROLE_CUSTODY, err, SC_ERR_ROLE, "%s: not a custody socket",
		  sc_client_path(client));
	return SC_OK;
}

static sc_status program(const struct sc_ceremony *ceremony, struct sc_client *client, struct sc_view file,
			 struct sc_error *err)
{
	const struct sc_world_program_request request = { .world_file = file };
	struct sc_world_program_response response = { 0 };
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
	SC_CLEANUP(sc_bytes) reply = { 0 };
	uint64_t authority = 0;

	sc_world_program_request_write(&body, &request);
	SC_TRY(sc_check_allocated(!body.failed, err));
	SC_TRY(sc_ceremony_quorum_of(ceremony, client, SC_COMMAND_WORLD_PROGRAM, sc_writer_view(&body), file,
				     &authority, err));
	return sc_call_world_program(client, authority, &request, &reply, &response, err);
}

sc_status sc_world_member_program(const struct sc_kmdata *kmdata, const struct sc_ceremony *ceremony,
				  struct sc_hash *hknso, struct sc_error *err)
{
	SC_CLEANUP(sc_client) client = NULL;
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_world_file) file = NULL;
	struct sc_hash world;
	sc_status status;

	SC_TRY(sc_kmdata_world_read(kmdata, &der, err));
	SC_TRY(sc_world_file_decode(sc_bytes_view(&der), &file, err));
	SC_TRY(sc_kmdata_connect(kmdata, ceremony->module, SC_ROLE_CUSTODY, &client, err));
	SC_TRY(check_free(ceremony, client, &file->body->id, err));
	SC_TRY(sc_key_hash(sc_bytes_view(&file->body->knso), hknso, err));
	status = program(ceremony, client, sc_bytes_view(&der), err);
	if (status == SC_ERR_NOT_DURABLE)
		return fail_not_durable(ceremony, "is in the world", err);
	if (is_answer_lost(status) && world_now(kmdata, ceremony, &world) &&
	    sc_hash_equals(&world, &file->body->id))
		return SC_OK;
	return status;
}

/* -- erasing ----------------------------------------------------------------------------------- */

static sc_status confirm(const struct sc_ceremony *ceremony, const char *world, struct sc_error *err)
{
	char prompt[256];
	char line[16];

	SC_ENSURE(sc_prompt_has_terminal(), err, SC_ERR_USAGE,
		  "there is no terminal to confirm at: to erase the world of module #%llu, give --yes",
		  number_of(ceremony));
	snprintf(prompt, sizeof prompt,
		 "Module %llu: erase its security world %.16s…? Its keys stay unusable there until K cards "
		 "program it again. Type yes: ",
		 number_of(ceremony), world);
	SC_TRY(sc_prompt_read_line(prompt, line, sizeof line, err));
	SC_ENSURE(strcmp(line, "yes") == 0, err, SC_ERR_CANCELLED, "nothing was erased");
	return SC_OK;
}

/* First as a module allows it that was started with --allow-erase, otherwise with K cards. */
static sc_status erase(const struct sc_ceremony *ceremony, struct sc_client *client,
		       const struct sc_hash *world, struct sc_error *err)
{
	const struct sc_world_erase_request request = { .world = *world };
	struct sc_world_erase_response response = {};
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
	SC_CLEANUP(sc_bytes) reply = { 0 };
	uint64_t authority = 0;
	sc_status status = sc_call_world_erase(client, 0, &request, &reply, &response, err);

	if (status != SC_ERR_QUORUM)
		return status;
	sc_world_erase_request_write(&body, &request);
	SC_TRY(sc_check_allocated(!body.failed, err));
	SC_TRY(sc_ceremony_quorum(ceremony, client, SC_COMMAND_WORLD_ERASE, sc_writer_view(&body), &authority,
				  err));
	return sc_call_world_erase(client, authority, &request, &reply, &response, err);
}

sc_status sc_world_member_erase(const struct sc_kmdata *kmdata, const struct sc_ceremony *ceremony,
				bool is_confirmed, struct sc_hash *world, struct sc_error *err)
{
	SC_CLEANUP(sc_client) client = NULL;
	struct sc_enquire_response module = { 0 };
	struct sc_hash now;
	char hex[2 * SC_HASH_SIZE + 1];
	sc_status status;

	SC_TRY(sc_kmdata_connect(kmdata, ceremony->module, SC_ROLE_CUSTODY, &client, err));
	SC_TRY(sc_world_member_ask(client, &module, err));
	SC_ENSURE(module.mode >= SC_MODE_WORLD, err, SC_ERR_NO_WORLD,
		  "module #%llu (%s) is not in a security world: nothing to erase", number_of(ceremony),
		  sc_client_path(client));
	sc_hex(sc_hash_view(&module.world), hex);
	if (!is_confirmed)
		SC_TRY(confirm(ceremony, hex, err));
	status = erase(ceremony, client, &module.world, err);
	if (status == SC_ERR_NOT_DURABLE)
		return fail_not_durable(ceremony, "has left its world", err);
	if (is_answer_lost(status) && world_now(kmdata, ceremony, &now) &&
	    !sc_hash_equals(&now, &module.world))
		status = SC_OK;
	if (status == SC_OK)
		*world = module.world;
	return status;
}
