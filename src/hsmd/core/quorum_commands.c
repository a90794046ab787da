/* QUORUM_OPEN and QUORUM_CARD: the custodians' consent, card by card (rules M5, C1). */
#include "hsmd/core/acs.h"
#include "hsmd/core/handlers.h"
#include "hsmd/core/pin_try.h"

static struct sc_acs acs_of(const struct sc_snapshot *s)
{
	return (struct sc_acs){ s->world, s->set, s->set_generation, s->k, s->n };
}

/* -- QUORUM_OPEN ------------------------------------------------------------------------------- */

/*
 * The card set that a module without a world asks for: that of the world file which it is to be programmed
 * with. The file proves only that it is intact; K cards that open it prove the rest.
 */
static sc_status acs_of_file(struct sc_view der, struct sc_acs *out, struct sc_error *err)
{
	SC_CLEANUP(sc_world_file) file = NULL;
	const struct sc_world_body *body;

	SC_TRY(sc_world_file_decode(der, &file, err));
	SC_TRY(sc_world_file_verify(file, err));
	body = file->body;
	*out = (struct sc_acs){ body->id, body->set, body->set_generation, body->k, body->n };
	return SC_OK;
}

static sc_status find_acs(const struct sc_core_request *request, const struct sc_command_info *info,
			  struct sc_view world_file, struct sc_acs *out, struct sc_error *err)
{
	enum sc_mode mode = request->snapshot->mode;

	SC_ENSURE(info->modes & 1u << mode, err,
		  mode == SC_MODE_WARRANTED ? SC_ERR_NO_WORLD : SC_ERR_HAS_WORLD,
		  "the command is not for a module %s a world", mode == SC_MODE_WARRANTED ? "without" : "in");
	if (mode == SC_MODE_WARRANTED)
		return acs_of_file(world_file, out, err);
	SC_ENSURE(world_file.len == 0, err, SC_ERR_ARGUMENT, "a module in a world asks for its own cards");
	*out = acs_of(request->snapshot);
	return SC_OK;
}

sc_status sc_handle_quorum_open(struct sc_core_request *request, const struct sc_quorum_open_request *in,
				struct sc_quorum_open_response *out, struct sc_error *err)
{
	const struct sc_command_info *info = sc_command_find(in->command);
	SC_CLEANUP(sc_quorum) quorum = NULL;
	struct sc_quorum_open_response answer = { .seconds = SC_QUORUM_SECONDS };
	struct sc_acs acs = { 0 };

	SC_ENSURE(info && info->needs_quorum != SC_NO_QUORUM, err, SC_ERR_QUORUM,
		  "command %u does not take a quorum", in->command);
	SC_TRY(find_acs(request, info, in->world_file, &acs, err));
	SC_TRY(sc_quorum_new(in->command, &in->digest, &acs, &quorum, err));
	answer.k = acs.k;
	answer.authority = quorum->authority;
	SC_TRY(sc_quorum_add(&request->session->quorums, &quorum, err));
	*out = answer;
	return SC_OK;
}

/* -- QUORUM_CARD ------------------------------------------------------------------------------- */

static sc_status check_not_given(const struct sc_quorum *quorum, uint32_t index, struct sc_error *err)
{
	for (uint32_t i = 0; i < quorum->accepted; i++)
		SC_ENSURE(quorum->shares[i].index != index, err, SC_ERR_CARD_DUPLICATE,
			  "card %u was already presented", index);
	return SC_OK;
}

/* Stretches the PIN. Whatever fails here is the module's own failure, and says nothing about the PIN. */
static sc_status stretch(const struct sc_module *module, struct sc_acs_opening *opening, struct sc_view pin,
			 struct sc_error *err)
{
	sc_status status = sc_acs_opening_stretch(opening, pin, err);

	/* Without memory, libcrypto may return a wrong result as good. */
	SC_TRY(sc_module_check_memory(module, err));
	return status;
}

/* The verdict, and the end of the try. */
static sc_status judge(struct sc_acs_opening *opening, struct sc_pin_try *attempt,
		       struct sc_shamir_share *out, struct sc_error *err)
{
	SC_CLEANUP(sc_shamir_share) share = { 0 };
	sc_status status = sc_acs_opening_judge(opening, &share, err);

	if (status != SC_OK) {
		/* If this cannot be saved, the wait from the beginning of the try remains. */
		(void)!sc_pin_try_fail(attempt, NULL);
		/* Nor does a lack of memory there change the verdict. */
		(void)sc_module_ran_out(attempt->module);
		return status;
	}
	SC_TRY(sc_pin_try_succeed(attempt, err));
	*out = sc_steal(share);
	return SC_OK;
}

/*
 * The share under the PIN. Everything that the check takes is reserved before the try is counted, and a try
 * whose PIN was not checked is taken back (rule C1).
 */
static sc_status try_pin(struct sc_core_request *request, const struct sc_card_body *card, struct sc_view pin,
			 struct sc_shamir_share *out, struct sc_error *err)
{
	struct sc_module *module = request->module;
	SC_CLEANUP(sc_acs_opening) opening = { 0 };
	SC_CLEANUP(sc_pin_try) attempt = { 0 };
	sc_status status;

	SC_TRY(sc_pin_try_check(module, card, err));
	SC_TRY(sc_acs_opening_begin(&request->snapshot->km, card, &request->session->is_abandoned, &opening,
				    err));
	SC_TRY(sc_module_check_memory(module, err));
	SC_TRY(sc_pin_try_begin(module, card, &attempt, err));
	status = stretch(module, &opening, pin, err);
	if (status != SC_OK) {
		(void)!sc_pin_try_withdraw(&attempt, NULL);
		return status;
	}
	return judge(&opening, &attempt, out, err);
}

/* Checks everything about the card but its PIN, then the PIN. */
static sc_status open_card(struct sc_core_request *request, const struct sc_quorum *quorum,
			   const struct sc_card *card, struct sc_view pin, struct sc_shamir_share *out,
			   struct sc_error *err)
{
	const struct sc_snapshot *s = request->snapshot;
	const struct sc_module_options *options = &request->module->options;

	SC_TRY(sc_acs_check_card(&quorum->acs, &s->km, card, options->argon2_passes, options->argon2_memory,
				 err));
	SC_TRY(check_not_given(quorum, card->body->index, err));
	return try_pin(request, card->body, pin, out, err);
}

static void free_shares(struct sc_quorum *quorum)
{
	for (uint32_t i = 0; i < quorum->acs.k; i++)
		sc_secret_free(&quorum->shares[i].value);
}

/* After the last card: makes the token and frees the shares, which are no longer needed. */
static sc_status complete(struct sc_quorum *quorum, struct sc_error *err)
{
	SC_TRY(sc_acs_combine(&quorum->acs, quorum->shares, quorum->acs.k, &quorum->token, err));
	free_shares(quorum);
	return SC_OK;
}

/*
 * The verdict on K cards in a module without KM, and the end of the last one's try. If one of them is wrong,
 * nobody learns which: all K are presented again.
 */
static sc_status judge_set(struct sc_quorum *quorum, struct sc_pin_try *attempt, struct sc_error *err)
{
	struct sc_module *module = attempt->module;
	sc_status status = complete(quorum, err);

	if (status != SC_OK) {
		SC_TRY(sc_module_check_memory(module, err));
		if (status != SC_ERR_CARD_SET)
			return status;
		(void)!sc_pin_try_fail(attempt, NULL);
	} else {
		/* If this cannot be saved, the waits remain. */
		(void)!sc_pin_try_forget_set(module, &quorum->acs, quorum->shares, quorum->acs.k, NULL);
	}
	/* A lack of memory there does not change the verdict. */
	(void)sc_module_ran_out(module);
	return status;
}

/* Stretches the PIN of a card whose share only the whole set can judge. The share moves into the quorum. */
static sc_status try_bare_pin(struct sc_core_request *request, struct sc_quorum *quorum,
			      const struct sc_card_body *card, struct sc_view pin, struct sc_pin_try *attempt,
			      struct sc_shamir_share *out, struct sc_error *err)
{
	struct sc_module *module = request->module;
	SC_CLEANUP(sc_acs_opening) opening = { 0 };
	const bool is_last = quorum->accepted + 1 == quorum->acs.k;

	SC_TRY(sc_acs_opening_begin(&request->snapshot->km, card, &request->session->is_abandoned, &opening,
				    err));
	SC_TRY(sc_module_check_memory(module, err));
	SC_TRY(sc_pin_try_begin(module, card, attempt, err));
	SC_TRY(stretch(module, &opening, pin, err));
	sc_acs_opening_take(&opening, out);
	return is_last ? judge_set(quorum, attempt, err) : sc_pin_try_fail(attempt, err);
}

static sc_status open_bare_card(struct sc_core_request *request, struct sc_quorum *quorum,
				const struct sc_card *card, struct sc_view pin, struct sc_shamir_share *out,
				struct sc_error *err)
{
	const struct sc_module_options *options = &request->module->options;
	SC_CLEANUP(sc_pin_try) attempt = { 0 };
	sc_status status;

	SC_TRY(
	    sc_acs_check_bare_card(&quorum->acs, card, options->argon2_passes, options->argon2_memory, err));
	SC_TRY(check_not_given(quorum, card->body->index, err));
	SC_TRY(sc_pin_try_check(request->module, card->body, err));
	status = try_bare_pin(request, quorum, card->body, pin, &attempt, out, err);
	if (status == SC_ERR_CARD_SET) {
		free_shares(quorum);
		quorum->accepted = 0;
	} else if (status != SC_OK && attempt.module) {
		(void)!sc_pin_try_withdraw(&attempt, NULL);
	}
	return status;
}

/* Adds the card's share to the quorum, which is unchanged if that fails. */
static sc_status add_share(struct sc_core_request *request, struct sc_quorum *quorum,
			   const struct sc_card *card, struct sc_view pin, struct sc_error *err)
{
	struct sc_shamir_share *share = &quorum->shares[quorum->accepted];
	const bool is_bare = request->snapshot->mode == SC_MODE_WARRANTED;
	sc_status status = is_bare ? open_bare_card(request, quorum, card, pin, share, err)
				   : open_card(request, quorum, card, pin, share, err);

	if (status == SC_OK && !is_bare && quorum->accepted + 1 == quorum->acs.k)
		status = complete(quorum, err);
	if (status != SC_OK) {
		sc_shamir_share_free(share);
		err->numbers[0] = card->body->index;
		err->numbers[1] = sc_pin_try_wait(request->module, card->body);
		return status;
	}
	quorum->accepted++;
	return SC_OK;
}

static bool is_of_this_world(const struct sc_snapshot *s, const struct sc_quorum *quorum)
{
	return s->mode == SC_MODE_WARRANTED || (sc_hash_equals(&quorum->acs.world, &s->world) &&
						quorum->acs.set_generation == s->set_generation);
}

static sc_status accept_card(struct sc_core_request *request, struct sc_quorum *quorum,
			     const struct sc_quorum_card_request *in, struct sc_quorum_card_response *out,
			     struct sc_error *err)
{
	SC_CLEANUP(sc_card) card = NULL;
	SC_CLEANUP(sc_bytes) custodian = { 0 };

	SC_ENSURE(is_of_this_world(request->snapshot, quorum), err, SC_ERR_QUORUM,
		  "the module's world or its cards have changed since the quorum was opened");
	SC_ENSURE(quorum->accepted < quorum->acs.k, err, SC_ERR_QUORUM, "the quorum is already complete");
	if (sc_card_decode(in->card, &card, err) != SC_OK)
		return sc_fail(err, SC_ERR_CARD_ALTERED, "not an administrator card's record");
	SC_TRY(sc_bytes_copy(sc_view_text(card->body->custodian.s), &custodian, err));
	SC_TRY(add_share(request, quorum, card, in->pin, err));
	out->index = card->body->index;
	out->custodian = sc_core_request_keep(request, &custodian);
	out->accepted = quorum->accepted;
	return SC_OK;
}

sc_status sc_handle_quorum_card(struct sc_core_request *request, const struct sc_quorum_card_request *in,
				struct sc_quorum_card_response *out, struct sc_error *err)
{
	struct sc_quorum_table *table = &request->session->quorums;
	struct sc_quorum *quorum = NULL;
	sc_status status;

	SC_TRY(sc_quorum_use(table, in->authority, &quorum, err));
	status = accept_card(request, quorum, in, out, err);
	sc_quorum_release(table, quorum);
	return status;
}
