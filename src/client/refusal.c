/* A refusal's code and numbers in words: see refusal.h. */
#include "client/refusal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/version.h"

/* The sockets through which a command is taken, as a person would ask for one: "a custody or service socket".
 */
static const char *socket_for(uint32_t roles)
{
	switch (roles) {
	case SC_ROLE_CUSTODY:
		return "the module's custody socket";
	case SC_ROLE_SERVICE:
		return "a service socket";
	case SC_ROLE_CUSTODY | SC_ROLE_SERVICE:
		return "the custody socket, or a service socket that lists the application";
	default:
		return "a socket whose lists name the key's application";
	}
}

/* What to do, where the status table's sentence does not say it already; NULL where there is nothing to add.
 */
static const char *advice(sc_status status)
{
	switch (status) {
	case SC_ERR_PROTOCOL:
	case SC_ERR_COMMAND:
		return "the module and this program (" SC_VERSION ") are of different versions";
	case SC_ERR_STATE:
		return "`enquiry` shows its mode";
	case SC_ERR_NOT_LOADED:
		return "more keys are in use at once than its cache holds";
	case SC_ERR_MODULE_FULL:
		return "raise its locked-memory limit, or load fewer keys";
	case SC_ERR_BUSY:
		return "try again in a moment";
	case SC_ERR_HAS_WORLD:
		return "a new world takes a module that is in none";
	case SC_ERR_ROLLED_BACK:
		return "use the newest world file";
	case SC_ERR_QUORUM:
		return "ask for the cards again";
	case SC_ERR_SYSTEM:
		return "the module's own log says which";
	case SC_ERR_ACL:
		return "`kmfile-dump` shows them";
	default:
		return NULL;
	}
}

/* "in 4 s", "in 1 h 2 min": how long until a card's next try. */
static void duration(uint64_t seconds, char *text, size_t size)
{
	if (seconds < 120)
		snprintf(text, size, "%" PRIu64 " s", seconds);
	else if (seconds < UINT64_C(2) * 60 * 60)
		snprintf(text, size, "%" PRIu64 " min %" PRIu64 " s", seconds / 60, seconds % 60);
	else
		snprintf(text, size, "%" PRIu64 " h %" PRIu64 " min", seconds / 3600, seconds / 60 % 60);
}

/* Refusals of a card (rules C1, C2); numbers: the card's index, seconds until its next try. */
static sc_status explain_card(sc_status status, const uint64_t *numbers, struct sc_error *err)
{
	char wait[48];

	duration(numbers[1], wait, sizeof wait);
	switch (status) {
	case SC_ERR_CARD_PIN:
		return sc_fail(err, status, "wrong PIN (next try in %s)", wait);
	case SC_ERR_CARD_WAIT:
		return sc_fail(err, status, "too soon after a wrong PIN or an interrupted try (next try in %s)", wait);
	case SC_ERR_CARD_DUPLICATE:
		return sc_fail(err, status,
			       "administrator card %" PRIu64 " was given already: insert another",
			       numbers[0]);
	case SC_ERR_CARD_FOREIGN:
		return sc_fail(err, status,
			       "the card belongs to another world or card set than this module's");
	case SC_ERR_CARD_OLD:
		return sc_fail(err, status,
			       "the card is of a generation that has been replaced: use the new one");
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
			       "%s: this socket's role does not include %s: it takes %s (config/modules)",
			       path, name, socket_for(info ? info->roles : 0));
	if (more)
		return sc_fail(err, status, "%s: %s: %s", path, sc_status_sentence(status), more);
	return sc_fail(err, status, "%s: %s", path, sc_status_sentence(status));
}

sc_status sc_client_refusal_explain(const char *path, uint32_t command, sc_status status,
			     const uint64_t numbers[SC_ERROR_NUMBERS], struct sc_error *err)
{
	if (is_about_a_card(status))
		(void)explain_card(status, numbers, err);
	else
		(void)explain_other(path, command, status, err);
	if (err)
		memcpy(err->numbers, numbers, sizeof err->numbers);
	return status;
}
