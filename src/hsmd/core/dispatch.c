/*
 * From a message to its handler and back. This is the only place that reads the command table's columns. A
 * command that role, mode or quorum does not allow is refused before its body is examined.
 */
#include <string.h>

#include "hsmd/core/handlers.h"

/* -- one function per command, from the table: decodes, calls the handler, encodes ------------- */

#define RUN(NAME, name, number, roles, modes, quorum, lane)                                                  \
	static sc_status run_##name(struct sc_core_request *request, struct sc_view body,                    \
				    struct sc_writer *answer, struct sc_error *err)                          \
	{                                                                                                    \
		struct sc_##name##_request in;                                                               \
		struct sc_##name##_response out;                                                             \
                                                                                                             \
		memset(&out, 0, sizeof out);                                                                 \
		if (sc_##name##_request_read(body, &in) != SC_OK)                                            \
			return sc_fail(err, SC_ERR_ENCODING, "the request's fields are malformed");          \
		SC_TRY(sc_handle_##name(request, &in, &out, err));                                           \
		sc_##name##_response_write(answer, &out);                                                    \
		return SC_OK;                                                                                \
	}
SC_COMMAND_TABLE(RUN)

static sc_status run(enum sc_command command, struct sc_core_request *request, struct sc_view body,
		     struct sc_writer *answer, struct sc_error *err)
{
	switch (command) {
#define CASE(NAME, name, number, roles, modes, quorum, lane)                                                 \
	case SC_COMMAND_##NAME:                                                                              \
		return run_##name(request, body, answer, err);
		SC_COMMAND_TABLE(CASE)
	}
	return sc_fail_plain(err, SC_ERR_COMMAND);
}

/* -- permission -------------------------------------------------------------------------------- */

static sc_status check_mode(const struct sc_command_info *info, enum sc_mode mode, struct sc_error *err)
{
	if (info->modes & 1u << mode)
		return SC_OK;
	if (mode == SC_MODE_UNWARRANTED)
		return sc_fail_plain(err, SC_ERR_NO_WARRANT);
	if (mode == SC_MODE_WARRANTED)
		return sc_fail_plain(err, SC_ERR_NO_WORLD);
	if (info->modes & SC_IN_WARRANTED)
		return sc_fail_plain(err, SC_ERR_HAS_WORLD);
	return sc_fail_plain(err, SC_ERR_NO_REGION);
}

/* Runs the command under its quorum, which is in use until end_quorum. */
static sc_status run_with_quorum(const struct sc_command_info *info, uint64_t authority,
				 struct sc_core_request *request, struct sc_view body,
				 struct sc_writer *answer, struct sc_error *err)
{
	SC_TRY(sc_quorum_use_for(&request->session->quorums, authority, (uint32_t)info->command, body,
				 &request->quorum, err));
	request->token = &request->quorum->token;
	return run(info->command, request, body, answer, err);
}

/*
 * A quorum is spent by its one use. A command that the module could not do, or could not answer for lack of
 * room, does not count as a use, unless it has already changed the state.
 */
static void end_quorum(struct sc_core_request *request, sc_status status, bool is_answered)
{
	struct sc_quorum_table *table = &request->session->quorums;

	if (!request->quorum)
		return;
	request->token = NULL;
	if (!request->has_changed && (sc_wire_is_module_failure(status) || !is_answered))
		sc_quorum_release(table, request->quorum);
	else
		sc_quorum_spend(table, request->quorum);
	request->quorum = NULL;
}

static sc_status permit_and_run(const struct sc_wire_request_header *header, struct sc_core_request *request,
				struct sc_view body, struct sc_writer *answer, struct sc_error *err)
{
	const struct sc_command_info *info = sc_command_find(header->command);

	SC_ENSURE(info, err, SC_ERR_COMMAND, "command %u is unknown", header->command);
	SC_ENSURE(info->roles & (uint32_t)request->session->policy.role, err, SC_ERR_ROLE,
		  "this socket's role does not include the command");
	SC_TRY(check_mode(info, request->snapshot->mode, err));
	if (info->needs_quorum == SC_QUORUM || (info->needs_quorum != SC_NO_QUORUM && header->authority))
		return run_with_quorum(info, header->authority, request, body, answer, err);
	SC_ENSURE(header->authority == 0, err, SC_ERR_QUORUM, "the command does not take a quorum");
	SC_ENSURE(info->needs_quorum == SC_NO_QUORUM || request->module->options.allow_erase, err,
		  SC_ERR_QUORUM, "the command needs a quorum, unless hsmd runs with --allow-erase");
	return run(info->command, request, body, answer, err);
}

/* -- the message ------------------------------------------------------------------------------- */

static void answer_with(const struct sc_wire_request_header *header, const struct sc_error *err,
			struct sc_view body, struct sc_writer *out)
{
	struct sc_wire_response_header response = { header->command, header->id, err->status, { 0 } };

	memcpy(response.numbers, err->numbers, sizeof response.numbers);
	sc_wire_response_header_write(out, &response, body.len);
	sc_write_raw(out, body);
}

/*
 * NOT_LOADED is routine and not logged: the client sends the blob and repeats the request. CANCELLED refuses
 * nobody: the peer has left. Of the others, a connection has a limited number of lines. That bounds a
 * connection, not a peer: one that connects again has as many more.
 */
static void log_refusal(struct sc_core_session *session, const struct sc_wire_request_header *header,
			const struct sc_error *err)
{
	const struct sc_command_info *info = sc_command_find(header->command);

	if (err->status == SC_ERR_NOT_LOADED || err->status == SC_ERR_CANCELLED)
		return;
	sc_core_session_log(session, "%s: refused: %s: %s", info ? info->name : "unknown command",
			    sc_status_name(err->status), err->message);
}

void sc_module_handle(struct sc_core_session *session, const struct sc_wire_request_header *header,
		      struct sc_view body, struct sc_writer *out)
{
	struct sc_module *module = session->module;
	SC_CLEANUP(sc_snapshot) snapshot = sc_core_state_snapshot(module->state);
	SC_CLEANUP(sc_core_request) request = { .module = module,
						.session = session,
						.snapshot = snapshot,
						.now = sc_core_state_now(module->state) };
	SC_CLEANUP(sc_writer) answer = sc_writer_new(SC_WIRE_BODY_MAX);
	struct sc_error err = { 0 };
	sc_status status;

	/* Reserve room first, so that a refusal, which is a header only, is never lost for lack of memory. */
	if (!sc_writer_reserve(out, SC_WIRE_RESPONSE_HEADER_SIZE))
		return;
	(void)sc_module_ran_out(module);
	status = permit_and_run(header, &request, body, &answer, &err);
	if (status == SC_OK && answer.failed)
		status = sc_fail_plain(&err, SC_ERR_MEMORY);
	/* With the command's own numbers, which are true whatever the reason. */
	if (sc_module_lacks_memory(module, status))
		status =
		    sc_fail_context(&err, SC_ERR_MODULE_FULL, "%s", sc_status_sentence(SC_ERR_MODULE_FULL));
	err.status = status;
	if (status == SC_OK)
		sc_operations_count(session->operations, header->command);
	else
		log_refusal(session, header, &err);
	answer_with(header, &err, status == SC_OK ? sc_writer_view(&answer) : (struct sc_view){ 0 }, out);
	end_quorum(&request, status, !out->failed);
}
