/* Quorums: see quorum.h. */
#include "hsmd/core/quorum.h"

#include <string.h>

#include "base/clock.h"
#include "base/os.h"
#include "hsmd/core/acs.h"
#include "hsmd/core/pin_try.h"
#include "hsmd/core/handlers.h"
#include "hsmd/core/pin.h"

void sc_quorum_free(struct sc_quorum *quorum)
{
	if (!quorum)
		return;
	for (size_t i = 0; i < SC_CARDS_MAX; i++)
		sc_secret_free(&quorum->shares[i].value);
	sc_secret_free(&quorum->token);
	OPENSSL_clear_free(quorum, sizeof *quorum);
}

static bool is_expired(const struct sc_quorum *quorum)
{
	return sc_clock_monotonic() >= quorum->expires;
}

/* The slot of the quorum with that authority, or -1. The caller holds the session's lock. */
static int find_quorum(const struct sc_core_session *session, uint64_t authority)
{
	for (int i = 0; i < SC_QUORUMS_MAX; i++)
		if (session->quorums[i] && session->quorums[i]->authority == authority)
			return i;
	return -1;
}

/* -- QUORUM_OPEN ------------------------------------------------------------------------------- */

static sc_status place_quorum(struct sc_core_session *session, struct sc_quorum *quorum, struct sc_error *err)
{
	for (int i = 0; i < SC_QUORUMS_MAX; i++) {
		struct sc_quorum **place = &session->quorums[i];

		if (*place && !is_expired(*place))
			continue;
		sc_quorum_free(*place);
		*place = quorum;
		return SC_OK;
	}
	return sc_fail(err, SC_ERR_BUSY, "this connection already has %d open quorums", SC_QUORUMS_MAX);
}

sc_status sc_handle_quorum_open(struct sc_core_request *request, const struct sc_quorum_open_request *in,
				struct sc_quorum_open_response *out, struct sc_error *err)
{
	const struct sc_command_info *info = sc_command_find(in->command);
	struct sc_core_session *session = request->session;
	SC_CLEANUP(sc_quorum) quorum = OPENSSL_zalloc(sizeof *quorum);
	uint64_t authority = 0;
	sc_status status;

	SC_TRY(sc_check_allocated(quorum, err));
	SC_ENSURE(info && info->needs_quorum, err, SC_ERR_QUORUM, "command %u does not take a quorum",
		  in->command);
	while (authority == 0)
		SC_TRY(sc_random((uint8_t *)&authority, sizeof authority, err));
	quorum->authority = authority;
	quorum->command = in->command;
	quorum->digest = in->digest;
	quorum->k = request->snapshot->k;
	quorum->expires = sc_clock_monotonic() + SC_QUORUM_SECONDS * SC_SECOND;
	*out = (struct sc_quorum_open_response){ authority, quorum->k, SC_QUORUM_SECONDS };
	pthread_mutex_lock(&session->lock);
	status = place_quorum(session, quorum, err);
	pthread_mutex_unlock(&session->lock);
	if (status == SC_OK)
		(void)sc_steal(quorum);
	return status;
}

/* -- QUORUM_CARD ------------------------------------------------------------------------------- */

/* Takes the quorum out of the session while a card is checked, so that no two requests fill the same slot. */
static sc_status borrow_quorum(struct sc_core_session *session, uint64_t authority, struct sc_quorum **out,
			       struct sc_error *err)
{
	int at;

	pthread_mutex_lock(&session->lock);
	at = authority ? find_quorum(session, authority) : -1;
	if (at >= 0)
		*out = sc_steal(session->quorums[at]);
	pthread_mutex_unlock(&session->lock);
	SC_ENSURE(at >= 0, err, SC_ERR_QUORUM,
		  "no such quorum on this connection, or one of its cards is being checked");
	SC_ENSURE(!is_expired(*out), err, SC_ERR_QUORUM, "the quorum has expired");
	return SC_OK;
}

static struct sc_acs acs_of(const struct sc_snapshot *s)
{
	return (struct sc_acs){ s->world, s->set, s->set_generation, s->k, s->n };
}

static sc_status check_not_given(const struct sc_quorum *quorum, uint32_t index, struct sc_error *err)
{
	for (uint32_t i = 0; i < quorum->accepted; i++)
		SC_ENSURE(quorum->shares[i].index != index, err, SC_ERR_CARD_DUPLICATE,
			  "card %u was already presented", index);
	return SC_OK;
}

/* Checks everything about the card but its PIN, then the PIN. Sets *seconds for the refusals with a wait. */
static sc_status open_card(struct sc_core_request *request, const struct sc_quorum *quorum,
			   const struct sc_card *card, struct sc_view pin, struct sc_shamir_share *share,
			   uint64_t *seconds, struct sc_error *err)
{
	const struct sc_snapshot *s = request->snapshot;
	const struct sc_module_options *options = &request->module->options;
	struct sc_acs acs = acs_of(s);

	SC_TRY(sc_acs_check_card(&acs, &s->km, card, options->argon2_passes, options->argon2_memory, err));
	SC_TRY(check_not_given(quorum, card->body->index, err));
	SC_TRY(sc_pin_try_begin(request->module, card->body, request->now, seconds, err));
	SC_TRY(sc_acs_open_card(&s->km, card, pin, share, err));
	return sc_pin_try_succeed(request->module, card->body, err);
}

/* After the last card: makes the token and frees the shares, which are no longer needed. */
static sc_status complete(struct sc_quorum *quorum, const struct sc_acs *acs, struct sc_error *err)
{
	SC_TRY(sc_acs_combine(acs, quorum->shares, quorum->k, &quorum->token, err));
	for (uint32_t i = 0; i < quorum->k; i++)
		sc_secret_free(&quorum->shares[i].value);
	return SC_OK;
}

static sc_status accept_card(struct sc_core_request *request, struct sc_quorum *quorum,
			     const struct sc_quorum_card_request *in, struct sc_quorum_card_response *out,
			     struct sc_error *err)
{
	SC_CLEANUP(sc_card) card = NULL;
	SC_CLEANUP(sc_bytes) custodian = { 0 };
	struct sc_acs acs = acs_of(request->snapshot);
	uint64_t seconds = 0;
	sc_status status;

	SC_ENSURE(quorum->accepted < quorum->k, err, SC_ERR_QUORUM, "the quorum is already complete");
	if (sc_card_decode(in->card, &card, err) != SC_OK)
		return sc_fail(err, SC_ERR_CARD_ALTERED, "not an administrator card's record");
	SC_TRY(sc_bytes_copy(sc_view_text(card->body->custodian.s), &custodian, err));
	status = open_card(request, quorum, card, in->pin, &quorum->shares[quorum->accepted], &seconds, err);
	if (status == SC_OK && quorum->accepted + 1 == quorum->k)
		status = complete(quorum, &acs, err);
	if (status != SC_OK) {
		sc_secret_free(&quorum->shares[quorum->accepted].value);
		err->numbers[0] = card->body->index;
		err->numbers[1] = seconds;
		return status;
	}
	quorum->accepted++;
	out->index = card->body->index;
	out->custodian = sc_core_request_keep(request, &custodian);
	out->accepted = quorum->accepted;
	return SC_OK;
}

sc_status sc_handle_quorum_card(struct sc_core_request *request, const struct sc_quorum_card_request *in,
				struct sc_quorum_card_response *out, struct sc_error *err)
{
	SC_CLEANUP(sc_quorum) quorum = NULL;
	sc_status status;

	SC_TRY(borrow_quorum(request->session, in->authority, &quorum, err));
	status = accept_card(request, quorum, in, out, err);
	sc_quorum_return(request->session, sc_steal(quorum));
	return status;
}

/* -- use --------------------------------------------------------------------------------------- */

sc_status sc_quorum_take(struct sc_core_session *session, uint64_t authority, uint32_t command,
			 struct sc_view body, struct sc_quorum **out, struct sc_error *err)
{
	SC_CLEANUP(sc_quorum) quorum = NULL;
	struct sc_hash digest;

	SC_TRY(borrow_quorum(session, authority, &quorum, err));
	SC_TRY(sc_wire_authority_digest(command, body, &digest, err));
	SC_ENSURE(quorum->accepted == quorum->k && quorum->token.len, err, SC_ERR_QUORUM,
		  "only %u of %u cards were presented", quorum->accepted, quorum->k);
	SC_ENSURE(quorum->command == command && sc_hash_equals(&digest, &quorum->digest), err, SC_ERR_QUORUM,
		  "the quorum was given for another command or other arguments");
	*out = sc_steal(quorum);
	return SC_OK;
}

void sc_quorum_return(struct sc_core_session *session, struct sc_quorum *quorum)
{
	sc_status status;

	pthread_mutex_lock(&session->lock);
	status = place_quorum(session, quorum, NULL);
	pthread_mutex_unlock(&session->lock);
	if (status != SC_OK)
		sc_quorum_free(quorum);
}
