/*
 * What a small arena, whose part for keys is full, leaves to a daemon next to peers that never read
 * (invariant 10): messages do not take the room of keys, and keys not that of messages. Europe's module runs
 * with --arena=8.
 */
#include <stdio.h>

#include "bystander.h"
#include "crowd.h"
#include "formats/key_type.h"

#define KEYS    512  /* that are loaded in turn, most of which others have evicted meanwhile */
#define MOST    8192 /* to fill the part */
#define IMPORTS 5

static const char *const module = "eu";

static struct sc_client *tls; /* another daemon's socket, which nobody attacks either */
static struct sc_bytes tls_owner;
static struct sc_bytes blobs[KEYS];

static sc_status make_key(struct sc_bytes *blob, struct sc_error *err)
{
	const struct sc_key_generate_request request = { .application = sc_view_text("tls"),
							 .owner = sc_bytes_view(&tls_owner),
							 .algorithm = SC_ALGORITHM_EC,
							 .bits = 256 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_key_generate_response made = { 0 };

	SC_TRY(sc_call_key_generate(tls, 0, &request, &reply, &made, err));
	sc_bytes_free(blob);
	return sc_bytes_copy(made.blob, blob, err);
}

static sc_status load(const struct sc_bytes *blob, struct sc_error *err)
{
	const struct sc_key_load_request request = { sc_bytes_view(blob) };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_key_load_response response;

	return sc_call_key_load(tls, 0, &request, &reply, &response, err);
}

static uint32_t loaded_keys(uint32_t *most)
{
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_enquire_response response = { 0 };
	struct sc_error err = { 0 };

	attack_must("ENQUIRE",
		    sc_call_enquire(tls, 0, &(struct sc_enquire_request){}, &reply, &response, &err), &err);
	*most = response.cache;
	return response.loaded;
}

/* Loads new keys until some of the last KEYS have evicted others. NULL once it is so. */
static const char *fill(void)
{
	uint32_t most = 0;

	for (unsigned made = 0; made < MOST; made += KEYS) {
		uint32_t before = loaded_keys(&most);
		struct sc_error err = { 0 };

		for (unsigned i = 0; i < KEYS; i++) {
			attack_must("KEY_GENERATE", make_key(&blobs[i], &err), &err);
			attack_must("KEY_LOAD", load(&blobs[i], &err), &err);
		}
		if (loaded_keys(&most) < before + KEYS) {
			printf("  %u keys of at most %u are loaded, after %u\n", loaded_keys(&most), most,
			       made + KEYS);
			return loaded_keys(&most) < most ? NULL : "it is their number that is limited";
		}
	}
	return "no key was evicted";
}

/* Loads each of the last keys again. Returns how often that was refused. */
static unsigned refused_loads(void)
{
	unsigned refused = 0;

	for (unsigned i = 0; i < KEYS; i++)
		refused += load(&blobs[i], NULL) != SC_OK;
	return refused;
}

static unsigned refused_imports(void)
{
	unsigned refused = 0;

	for (unsigned i = 0; i < IMPORTS; i++)
		refused += bystander_import(NULL) != SC_OK;
	return refused;
}

int main(int argc, char **argv)
{
	const struct sc_owner owner = { .daemon = { "signind" } };
	struct crowd *crowds[2];
	struct bystander_idle idle = { 0 };
	double operation;

	attack_begin(argc, argv);
	bystander_begin(module);
	tls = attack_connect(module, "tls");
	tls_owner = attack_owner_der(&owner);
	attack_result("isolation-full-the-keys-part-is-full", fill());
	idle.sign = bystander_median(bystander_sign);
	operation = bystander_median(bystander_ask_at_length);

	crowds[0] = crowd_start_deaf(module, "use", 40, 0);
	crowds[1] = crowd_start_deaf(module, "custody", 50, 0);
	attack_result("isolation-full-the-deaf-crowd-was-full",
		      crowd_await_full(crowds[0]) && crowd_await_full(crowds[1]) ? NULL
										 : "all was taken from some");
	bystander_judge_quick("a-full-arena", &idle, operation);
	attack_result("isolation-full-keys-that-were-evicted-are-loaded",
		      refused_loads() ? "some were refused" : NULL);
	attack_result("isolation-full-imports-are-not-refused",
		      refused_imports() ? "some were refused" : NULL);
	(void)crowd_stop(crowds[0]);
	(void)crowd_stop(crowds[1]);
	for (unsigned i = 0; i < KEYS; i++)
		sc_bytes_free(&blobs[i]);
	sc_bytes_free(&tls_owner);
	sc_client_free(tls);
	bystander_end();
	return attack_end();
}
