/* A daemon next to crowds: see bystander.h. */
#include "bystander.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "formats/key_type.h"

#define LOADS 164

static const uint8_t digest[32];

static struct {
	struct sc_client *client;
	struct sc_bytes owner;
	struct sc_bytes blob;
	struct sc_hash key; /* RSA-2048 */
	struct sc_hash kek;
	struct sc_bytes package;
} daemon_;

/* -- its requests ------------------------------------------------------------------------------ */

static struct sc_sign_request signature(const struct sc_hash *key)
{
	return (struct sc_sign_request){
		*key, sc_bytes_view(&daemon_.owner), SC_MECHANISM_RS256, { digest, sizeof digest }
	};
}

static sc_status load_key(const struct sc_bytes *blob, struct sc_hash *key, struct sc_error *err)
{
	const struct sc_key_load_request request = { sc_bytes_view(blob) };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_key_load_response response = { 0 };

	SC_TRY(sc_call_key_load(daemon_.client, 0, &request, &reply, &response, err));
	*key = response.key;
	return SC_OK;
}

static sc_status load(struct sc_error *err)
{
	return load_key(&daemon_.blob, &daemon_.key, err);
}

static void load_kek(void)
{
	daemon_.kek = attack_load(daemon_.client, attack_path("published/regions/EU/kek.blob"));
}

sc_status bystander_sign(struct sc_error *err)
{
	const struct sc_sign_request request = signature(&daemon_.key);
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_sign_response response;
	sc_status status = sc_call_sign(daemon_.client, 0, &request, &reply, &response, err);

	if (status != SC_ERR_NOT_LOADED)
		return status;
	SC_TRY(load(err));
	return sc_call_sign(daemon_.client, 0, &request, &reply, &response, err);
}

sc_status bystander_import(struct sc_error *err)
{
	const struct sc_transfer_import_request request = { daemon_.kek, sc_bytes_view(&daemon_.owner),
							    sc_bytes_view(&daemon_.package) };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_transfer_import_response response;
	sc_status status = sc_call_transfer_import(daemon_.client, 0, &request, &reply, &response, err);

	if (status != SC_ERR_NOT_LOADED)
		return status;
	load_kek();
	return sc_call_transfer_import(daemon_.client, 0, &request, &reply, &response, err);
}

sc_status bystander_ask_at_length(struct sc_error *err)
{
	static const uint8_t body[SC_WIRE_BODY_MAX];
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_error refusal = { 0 };
	sc_status status = sc_client_call(daemon_.client, SC_COMMAND_KEY_ATTEST, 0,
					  sc_view_of(body, sizeof body), &reply, &refusal);

	SC_ENSURE(status == SC_ERR_ENCODING, err, SC_ERR_PROTOCOL, "not refused as it should be: %s",
		  sc_status_name(status));
	return SC_OK;
}

struct sc_bytes bystander_sign_body(const struct sc_hash *key)
{
	const struct sc_sign_request request = signature(key);

	return attack_sign_body(&request);
}

struct sc_client *bystander_client(void)
{
	return daemon_.client;
}

/* -- its beginning and end --------------------------------------------------------------------- */

static struct sc_hash make_key(uint32_t bits, struct sc_bytes *blob)
{
	const struct sc_key_generate_request request = { .application = sc_view_text("vault"),
							 .owner = sc_bytes_view(&daemon_.owner),
							 .algorithm = SC_ALGORITHM_RSA,
							 .bits = bits };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_key_generate_response made = { 0 };
	struct sc_hash key = { 0 };
	struct sc_error err = { 0 };

	attack_must("KEY_GENERATE", sc_call_key_generate(daemon_.client, 0, &request, &reply, &made, &err),
		    &err);
	attack_must("memory", sc_bytes_copy(made.blob, blob, &err), &err);
	attack_must("KEY_LOAD", load_key(blob, &key, &err), &err);
	return key;
}

struct sc_hash bystander_make_key(uint32_t bits)
{
	SC_CLEANUP(sc_bytes) blob = { 0 };

	return make_key(bits, &blob);
}

void bystander_begin(const char *module)
{
	const struct sc_owner owner = attack_owner("vaultd");

	daemon_.client = attack_connect(module, "service");
	daemon_.owner = attack_owner_der(&owner);
	daemon_.key = make_key(2048, &daemon_.blob);
	load_kek();
	daemon_.package = attack_read(attack_path("travel/package.byok"));
}

void bystander_end(void)
{
	sc_client_free(daemon_.client);
	sc_bytes_free(&daemon_.owner);
	sc_bytes_free(&daemon_.blob);
	sc_bytes_free(&daemon_.package);
}

/* -- times ------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
	const double *x = a;
	const double *y = b;

	return (*x > *y) - (*x < *y);
}

/*
 * The median, in ms, or -1. It ends as soon as so many calls took more than `most` that the median does, too;
 * until then no call is too slow. 0: there is no limit.
 */
static double median(sc_status (*call)(struct sc_error *err), double most)
{
	double times[BYSTANDER_TIMES];
	unsigned over = 0;

	for (unsigned i = 0; i < BYSTANDER_TIMES; i++) {
		int64_t before = sc_clock_monotonic();
		struct sc_error err = { 0 };

		if (call(&err) != SC_OK) {
			printf("  no median: a call was refused: %s (%s)\n", sc_status_name(err.status),
			       err.message);
			return -1;
		}
		times[i] = (double)(sc_clock_monotonic() - before) / 1e6;
		over += most > 0 && times[i] > most;
		if (over > BYSTANDER_TIMES / 2) {
			printf("  no median: %u of %u calls took more than %.2f ms\n", over, i + 1, most);
			return -1;
		}
	}
	qsort(times, BYSTANDER_TIMES, sizeof times[0], by_size);
	return times[BYSTANDER_TIMES / 2];
}

double bystander_median(sc_status (*call)(struct sc_error *err))
{
	return median(call, 0);
}

/* Without the idle time and the operation there is no limit. */
static void judge(const char *what, const char *attack, sc_status (*call)(struct sc_error *err), double most,
		  bool has_limit)
{
	char name[80];
	char why[80];
	double got;

	snprintf(name, sizeof name, "isolation-%s-next-to-%s", what, attack);
	got = has_limit ? median(call, most) : -1;
	snprintf(why, sizeof why, "a median of %.2f ms, more than %.2f", got, most);
	printf("  %s: %.2f ms of at most %.2f\n", name, got, most);
	attack_result(name, got < 0 ? "there is no median within the limit" : got > most ? why : NULL);
}

/* Loads the key so many times. Returns how often that was refused. */
static unsigned refused_loads(unsigned times)
{
	unsigned refused = 0;

	for (unsigned i = 0; i < times; i++)
		refused += load(NULL) != SC_OK;
	return refused;
}

void bystander_judge_quick(const char *attack, const struct bystander_idle *idle, double operation)
{
	char name[80];
	char why[80];
	unsigned refused;

	judge("sign", attack, bystander_sign, 3 * idle->sign + operation, idle->sign >= 0 && operation >= 0);
	refused = refused_loads(LOADS);
	snprintf(name, sizeof name, "isolation-key-load-next-to-%s", attack);
	snprintf(why, sizeof why, "%u of %u were refused", refused, LOADS);
	attack_result(name, refused ? why : NULL);
}

void bystander_judge_import(const char *attack, const struct bystander_idle *idle)
{
	judge("import", attack, bystander_import, idle->import + idle->generation,
	      idle->import >= 0 && idle->generation >= 0);
}
