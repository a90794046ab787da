/* Turns a refusal's code and numbers into a message: see refusal.h. */
#include "client/refusal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/version.h"

/* The sockets that accept a command of these roles, as a phrase for a message. */
static const char *socket_for(uint32_t roles)
{
	switch (roles) {
	case SC_ROLE_CUSTODY:
		return "the module's custody socket";
	case SC_ROLE_SERVICE:
		return "a service socket";
	case SC_ROLE_CUSTODY | SC_ROLE_SERVICE:
		return "the module's custody socket, or a service socket that lists the application";
	default:
		return "a socket that lists the key's application";
	}
}

/* What to do, unless the status table's sentence already says it. NULL if there is nothing to add. */
static const char *advice(sc_status status)
{
	switch (status) {
	case SC_ERR_PROTOCOL:
	case SC_ERR_COMMAND:
		return "the module and this program (" SC_VERSION ") have different versions";
	case SC_ERR_STATE:
		return "see its mode with `enquiry`";
	case SC_ERR_NOT_LOADED:
		return "more keys are in use than the module's cache can hold: raise --cache";
	case SC_ERR_MODULE_FULL:
		return "raise its locked-memory limit or its --arena, or load fewer keys";
	case SC_ERR_BUSY:
		return "try again in a moment";
	case SC_ERR_HAS_WORLD:
		return "use a module that is not in one, or erase this one's world with new-world --factory";
	case SC_ERR_ROLLED_BACK:
		return "use the newest world file";
	case SC_ERR_WORLD_DRAFT:
		return "run racs again: it finishes what was interrupted";
	case SC_ERR_WORLD_DIVERGED:
		return "join the two files with `safeconduct world join`";
	case SC_ERR_WORLD_LACKS:
		return "join it with the file in force: `safeconduct world join`";
	case SC_ERR_WORLD_FOREIGN:
		return "compare its world id (kmfile-dump) with the module's (enquiry)";
	case SC_ERR_QUORUM_LIMIT:
		return "use one of them, connect again, or wait: each ends after ten minutes";
	case SC_ERR_QUORUM_IN_USE:
		return "wait for that request's answer";
	case SC_ERR_QUORUM:
		return "present the cards again";
	case SC_ERR_SYSTEM:
		return "see the module's log";
	case SC_ERR_ACL:
		return "see them with `kmfile-dump`";
	default:
		return NULL;
	}
}

/* "4 s", "2 min 5 s", "2 h 2 min": how long until the next try with a card. */
static void duration(uint64_t seconds, char *text, size_t size)
{
	if (seconds < 120)
		snprintf(text, size, "%" PRIu64 " s", seconds);
	else if (seconds < UINT64_C(2) * 60 * 60)
		snprintf(text, size, "%" PRIu64 " min %" PRIu64 " s", seconds / 60, seconds % 60);
	else
		snprintf(text, size, "%" PRIu64 " h %" PRIu64 " min", seconds / 3600, seconds / 60 % 60);
}

/* Refusals of a card (rules C1, C2). numbers: the card's index, and the seconds until its next try. */
static sc_status explain_card(sc_status status, const uint64_t *numbers, struct sc_error *err)
{
	char wait[48];

	duration(numbers[1], wait, sizeof wait);
	switch (status) {
	case SC_ERR_CARD_PIN:
		return sc_fail(err, status, "wrong PIN (next try in %s)", wait);
	case SC_ERR_CARD_WAIT:
		return sc_fail(err, status,
			       "too soon after a wrong PIN or an interrupted try (next try in %s)", wait);
	case SC_ERR_CARD_DUPLICATE:
		return sc_fail(err, status,
			       "administrator card %" PRIu64 " was already given: insert another",
			       numbers[0]);
	case SC_ERR_CARD_FOREIGN:
		return sc_fail(err, status, "the card does not belong to this module's world and card set");
	case SC_ERR_CARD_SET:
		return sc_fail(err, status,
			       "one of these cards or PINs is wrong; a module without this world cannot say "
			       "which: present all of them again (next try in %s)",
			       wait);
	case SC_ERR_CARD_OLD:
		return sc_fail(err, status, "the card's generation has been replaced: use the new card");
	default:
		return sc_fail_plain(err, status);
	}
}

static bool is_about_a_card(sc_status status)
{
	return status >= SC_ERR_CARD_PIN && status <= SC_ERR_PIN_SHORT;
}

static sc_status explain_other(const char *path, uint32_t command, sc_status status, struct sc_error *err)
{
	const struct sc_command_info *info = sc_command_find(command);
	const char *name = info ? info->name : "that command";
	const char *more = advice(status);

	if (status == SC_ERR_ROLE)
		return sc_fail(err, status,
			       "%s: this socket's role does not include %s: use %s (config/modules)", path,
			       name, socket_for(info ? info->roles : 0));
	if (more)
		return sc_fail(err, status, "%s: %s: %s", path, sc_status_sentence(status), more);
	return sc_fail(err, status, "%s: %s", path, sc_status_sentence(status));
}

static void add(const char *text, struct sc_error *err)
{
	size_t used = strlen(err->message);

	snprintf(err->message + used, sizeof err->message - used, "%s", text);
}

/*
 * The module keeps the quorum of what it could not do, but no longer than the connection, which a tool now
 * ends.
 */
static bool needs_cards_again(uint32_t command, sc_status status)
{
	const struct sc_command_info *info = sc_command_find(command);

	return info && info->needs_quorum != SC_NO_QUORUM && sc_wire_is_module_failure(status);
}

/* A try may have been counted although its PIN could not be checked: when the state cannot be saved. */
static void add_wait(uint64_t seconds, struct sc_error *err)
{
	char text[96];
	char wait[48];

	duration(seconds, wait, sizeof wait);
	snprintf(text, sizeof text, " (next try with this card in %s)", wait);
	add(text, err);
}

sc_status sc_client_refusal_explain(const char *path, uint32_t command, sc_status status,
				    const uint64_t numbers[SC_ERROR_NUMBERS], struct sc_error *err)
{
	if (is_about_a_card(status))
		(void)explain_card(status, numbers, err);
	else
		(void)explain_other(path, command, status, err);
	if (err && command == SC_COMMAND_QUORUM_CARD && numbers[1] && !is_about_a_card(status))
		add_wait(numbers[1], err);
	if (err && needs_cards_again(command, status))
		add(" (then present the cards again: their quorum ends with this program)", err);
	if (err)
		memcpy(err->numbers, numbers, sizeof err->numbers);
	return status;
}
