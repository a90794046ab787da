/*
 * Quorums (rule M5, invariant 3): ACL_REPLACE with everything that is not K cards for this command with these
 * arguments, on this connection, once. Attacks that need two cards run on `ws`. The others run on `solo`,
 * whose card set is one of one, because stretching a PIN takes a second.
 */
#include <stdio.h>
#include <string.h>

#include "attack.h"
#include "formats/key_type.h"

/* The request that every quorum here is for, on a simple key of that module. */
struct order {
	const char *module;
	unsigned k;
	struct sc_client *client;
	struct sc_bytes kek;
	struct sc_bytes world;
	struct sc_bytes blob; /* the key's blob, loaded only when an attack says so */
	struct sc_acl_replace_request request;
	struct sc_bytes body;
};

static struct order prepare(const char *module, unsigned k)
{
	struct order o = { .module = module,
			   .k = k,
			   .client = attack_connect(module, "custody"),
			   .kek = attack_read(attack_path("published/BYOK-KEK-pkg-EU-1")),
			   .world = attack_read(attack_path("published/BYOK-SecurityWorld-pkg-EU-1")) };
	const struct sc_key_generate_request generate = { .application = sc_view_text("simple"),
							  .algorithm = SC_ALGORITHM_RSA,
							  .bits = 2048 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_key_generate_response generated = { 0 };
	struct sc_error err = { 0 };

	attack_must("KEY_GENERATE", sc_call_key_generate(o.client, 0, &generate, &reply, &generated, &err),
		    &err);
	attack_must("memory", sc_bytes_copy(generated.blob, &o.blob, &err), &err);
	attack_must("digest", sc_sha256(generated.blob, &o.request.key, &err), &err);
	o.request.kek_package = sc_bytes_view(&o.kek);
	o.request.world_package = sc_bytes_view(&o.world);
	o.body = attack_acl_replace_body(&o.request);
	return o;
}

static void load(const struct order *o)
{
	SC_CLEANUP(sc_bytes) reply = { 0 };
	const struct sc_key_load_request request = { sc_bytes_view(&o->blob) };
	struct sc_key_load_response response;
	struct sc_error err = { 0 };

	attack_must("KEY_LOAD", sc_call_key_load(o->client, 0, &request, &reply, &response, &err), &err);
}

static void finish(struct order *o)
{
	sc_client_free(o->client);
	sc_bytes_free(&o->kek);
	sc_bytes_free(&o->world);
	sc_bytes_free(&o->blob);
	sc_bytes_free(&o->body);
}

static uint64_t complete(const struct order *o)
{
	return attack_quorum(o->client, o->module, o->k, SC_COMMAND_ACL_REPLACE, sc_bytes_view(&o->body));
}

static sc_status use(const struct order *o, struct sc_client *client, uint64_t authority,
		     struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) reply = { 0 };

	return sc_client_call(client, SC_COMMAND_ACL_REPLACE, authority, sc_bytes_view(&o->body), &reply,
			      err);
}

/* -- cards that are not valid ------------------------------------------------------------------ */

static bool is_refusal_of_a_record(sc_status status)
{
	return status == SC_ERR_CARD_ALTERED || status == SC_ERR_CARD_FOREIGN || status == SC_ERR_CARD_OLD;
}

/*
 * Every byte flipped, every length cut: refused before the PIN is stretched. Otherwise the card's delay would
 * have started, and the unchanged card, which is given next, would be refused.
 */
static void attack_the_record(const struct order *o, uint64_t authority, const struct sc_bytes *card)
{
	struct sc_error err = { 0 };
	size_t bad = 0;

	for (size_t i = 0; i < card->len; i++) {
		card->data[i] ^= (uint8_t)(1u << i % 8);
		sc_status status =
		    attack_quorum_card(o->client, authority, sc_bytes_view(card), attack_pin(1), &err);

		card->data[i] ^= (uint8_t)(1u << i % 8);
		bad += !is_refusal_of_a_record(status);
	}
	attack_result("card-every-byte-flipped", bad ? "some were not refused as altered or foreign" : NULL);
	bad = 0;
	for (size_t len = 0; len < card->len; len++)
		bad += attack_quorum_card(o->client, authority, sc_view_of(card->data, len), attack_pin(1),
					  &err) != SC_ERR_CARD_ALTERED;
	attack_result("card-every-length-cut", bad ? "some were not refused as altered" : NULL);
}

static void attack_with_other_cards(const struct order *o, uint64_t authority)
{
	SC_CLEANUP(sc_bytes) foreign = attack_card("eu", 1);
	const uint8_t garbage[64] = "what a card was written over with";
	struct sc_error err = { 0 };

	attack_expect("card-of-another-world", SC_ERR_CARD_FOREIGN,
		      attack_quorum_card(o->client, authority, sc_bytes_view(&foreign), attack_pin(1), &err),
		      &err);
	attack_expect("card-blank", SC_ERR_CARD_ALTERED,
		      attack_quorum_card(o->client, authority, (struct sc_view){ 0 }, attack_pin(1), &err),
		      &err);
	attack_expect("card-garbage", SC_ERR_CARD_ALTERED,
		      attack_quorum_card(o->client, authority, sc_view_of(garbage, sizeof garbage),
					 attack_pin(1), &err),
		      &err);
}

/*
 * One card of two, in every way that might make it count as more. The next attack shows that both cards are
 * enough.
 */
static void attack_with_too_few_cards(const struct order *o)
{
	SC_CLEANUP(sc_bytes) first = attack_card(o->module, 1);
	SC_CLEANUP(sc_bytes) third = attack_card(o->module, 3);
	uint64_t authority = attack_quorum_open(o->client, SC_COMMAND_ACL_REPLACE, sc_bytes_view(&o->body));
	struct sc_error err = { 0 };

	attack_with_other_cards(o, authority);
	attack_the_record(o, authority, &first);
	attack_expect("card-itself", SC_OK,
		      attack_quorum_card(o->client, authority, sc_bytes_view(&first), attack_pin(1), &err),
		      &err);
	attack_expect("card-given-twice", SC_ERR_CARD_DUPLICATE,
		      attack_quorum_card(o->client, authority, sc_bytes_view(&first), attack_pin(1), &err),
		      &err);
	attack_expect(
	    "card-with-a-wrong-pin", SC_ERR_CARD_PIN,
	    attack_quorum_card(o->client, authority, sc_bytes_view(&third), "custodian 4's passphrase", &err),
	    &err);
	attack_expect("replace-with-one-card-of-two", SC_ERR_QUORUM, use(o, o->client, authority, &err),
		      &err);
	attack_expect("card-for-a-spent-quorum", SC_ERR_QUORUM,
		      attack_quorum_card(o->client, authority, sc_bytes_view(&first), attack_pin(1), &err),
		      &err);
}

/* -- a complete quorum ------------------------------------------------------------------------- */

static void attack_around_a_quorum(const struct order *o)
{
	SC_CLEANUP(sc_bytes) third = attack_card(o->module, 3);
	SC_CLEANUP(sc_client) other = attack_connect(o->module, "custody");
	uint64_t authority = complete(o);
	struct sc_error err = { 0 };

	attack_expect("card-more-than-are-needed", SC_ERR_QUORUM,
		      attack_quorum_card(o->client, authority, sc_bytes_view(&third), attack_pin(3), &err),
		      &err);
	attack_expect("card-for-a-quorum-of-another-connection", SC_ERR_QUORUM,
		      attack_quorum_card(other, authority, sc_bytes_view(&third), attack_pin(3), &err), &err);
	attack_expect("replace-with-a-quorum-of-another-connection", SC_ERR_QUORUM,
		      use(o, other, authority, &err), &err);
	attack_expect("replace-with-no-authority", SC_ERR_QUORUM, use(o, o->client, 0, &err), &err);
	attack_expect("replace-with-an-invented-authority", SC_ERR_QUORUM,
		      use(o, o->client, authority ^ 1, &err), &err);
	attack_expect("replace-a-key-that-is-not-loaded", SC_ERR_NOT_LOADED,
		      use(o, o->client, authority, &err), &err);
	load(o);
	attack_expect("replace-with-that-very-quorum", SC_OK, use(o, o->client, authority, &err), &err);
	attack_expect("replace-with-a-spent-quorum", SC_ERR_QUORUM, use(o, o->client, authority, &err), &err);
}

static void attack_with_a_lost_connection(const struct order *o)
{
	uint64_t authority = complete(o);
	struct sc_error err = { 0 };

	attack_must("a new connection", sc_client_reconnect(o->client, &err), &err);
	attack_expect("replace-with-the-quorum-of-a-lost-connection", SC_ERR_QUORUM,
		      use(o, o->client, authority, &err), &err);
}

/* The quorum consented to `o`. Each field changed alone makes it a different request. */
static void attack_with_other_arguments(const struct order *o)
{
	SC_CLEANUP(sc_bytes) kek = attack_read(attack_path("published/BYOK-KEK-pkg-NA-1"));
	struct sc_acl_replace_request changed[5];
	static const char *const names[] = { "key", "kek-package", "world-package", "subscription", "date" };
	struct sc_error err = { 0 };
	char name[64];

	for (size_t i = 0; i < 5; i++)
		changed[i] = o->request;
	changed[0].key.b[0] ^= 1;
	changed[1].kek_package = sc_bytes_view(&kek);
	changed[2].world_package.len--;
	changed[3].subscription = sc_view_text(ATTACK_SUBSCRIPTION);
	changed[4].not_after = INT64_C(4000000000);
	for (size_t i = 0; i < 5; i++) {
		SC_CLEANUP(sc_bytes) body = attack_acl_replace_body(&changed[i]);
		SC_CLEANUP(sc_bytes) reply = { 0 };
		uint64_t authority = complete(o);

		snprintf(name, sizeof name, "replace-with-a-quorum-for-another-%s", names[i]);
		attack_expect(name, SC_ERR_QUORUM,
			      sc_client_call(o->client, SC_COMMAND_ACL_REPLACE, authority,
					     sc_bytes_view(&body), &reply, &err),
			      &err);
	}
	uint64_t authority = complete(o);

	attack_expect("replace-with-a-quorum-for-these-arguments", SC_OK, use(o, o->client, authority, &err),
		      &err);
}

/* A quorum for another command: with the digest of this one, then with the same body under that command. */
static void attack_with_another_command(const struct order *o)
{
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_quorum_open_request request = { .command = SC_COMMAND_REGION_INIT };
	struct sc_quorum_open_response opened = { 0 };
	SC_CLEANUP(sc_bytes) card = attack_card(o->module, 1);
	struct sc_error err = { 0 };

	attack_must(
	    "digest",
	    sc_wire_authority_digest(SC_COMMAND_ACL_REPLACE, sc_bytes_view(&o->body), &request.digest, &err),
	    &err);
	attack_must("QUORUM_OPEN", sc_call_quorum_open(o->client, 0, &request, &reply, &opened, &err), &err);
	attack_must(
	    "QUORUM_CARD",
	    attack_quorum_card(o->client, opened.authority, sc_bytes_view(&card), attack_pin(1), &err), &err);
	attack_expect("replace-with-a-quorum-for-another-command", SC_ERR_QUORUM,
		      use(o, o->client, opened.authority, &err), &err);
	uint64_t authority =
	    attack_quorum(o->client, o->module, o->k, SC_COMMAND_REGION_INIT, sc_bytes_view(&o->body));

	attack_expect("replace-with-a-quorum-for-the-body-of-another-command", SC_ERR_QUORUM,
		      use(o, o->client, authority, &err), &err);
}

/* -- without cards ----------------------------------------------------------------------------- */

static void attack_the_opening(const struct order *o)
{
	SC_CLEANUP(sc_client) client = attack_connect(o->module, "custody");
	struct sc_quorum_open_request request = { .command = SC_COMMAND_ACL_REPLACE };
	struct sc_quorum_open_response opened;
	struct sc_error err = { 0 };
	char name[64];

	for (unsigned i = 1; i <= 5; i++) {
		SC_CLEANUP(sc_bytes) reply = { 0 };

		snprintf(name, sizeof name, "quorum-number-%u-on-one-connection", i);
		attack_expect(name, i <= 4 ? SC_OK : SC_ERR_QUORUM_LIMIT,
			      sc_call_quorum_open(client, 0, &request, &reply, &opened, &err), &err);
	}
	SC_CLEANUP(sc_client) another = attack_connect(o->module, "custody");
	SC_CLEANUP(sc_bytes) reply = { 0 };

	request.command = SC_COMMAND_KEY_GENERATE;
	attack_expect("quorum-for-a-command-that-takes-none", SC_ERR_QUORUM,
		      sc_call_quorum_open(another, 0, &request, &reply, &opened, &err), &err);
	request.command = 0x7f;
	attack_expect("quorum-for-no-command", SC_ERR_QUORUM,
		      sc_call_quorum_open(another, 0, &request, &reply, &opened, &err), &err);
	attack_expect("authority-for-a-command-that-takes-none", SC_ERR_QUORUM,
		      sc_client_call(another, SC_COMMAND_ENQUIRE, 1, (struct sc_view){ 0 }, &reply, &err),
		      &err);
	attack_result("the-same-without-authority", attack_is_alive(another) ? NULL : "ENQUIRE is refused");
}

int main(int argc, char **argv)
{
	attack_begin(argc, argv);

	struct order two = prepare("ws", 2);
	struct order one = prepare("solo", 1);

	attack_with_too_few_cards(&two);
	attack_around_a_quorum(&two);
	load(&one);
	attack_with_other_arguments(&one);
	attack_with_another_command(&one);
	attack_with_a_lost_connection(&one);
	attack_the_opening(&one);
	finish(&two);
	finish(&one);
	return attack_end();
}
