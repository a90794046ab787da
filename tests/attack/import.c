/*
 * TRANSFER_IMPORT in Europe's module (invariants 5 and 6): the real package flipped at every byte and cut at
 * every length, offered to another region and under other names. Then packages that this program makes
 * itself, since the KEK is public, sealed correctly around what an attacker would put into them (rules F4,
 * M4, M6).
 *
 * To the outside, everything that depends on the KEK is one refusal (M6). Its reason is in the module's own
 * log, and is looked up there.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attack.h"
#include "base/clock.h"
#include "base/libcrypto.h"
#include "parcel.h"
#include "support/rsa_forge.h"

#define FLIPPERS 2

/* Where packages are sent, with everything correct but what an attack changes. */
struct target {
	struct sc_client *client;
	struct sc_hash kek;
	struct sc_bytes owner;
	struct sc_bytes kek_package;
};

static struct target aim(const char *module, const char *region)
{
	const struct sc_owner owner = attack_owner("vaultd");
	struct target t = { .client = attack_connect(module, "service"),
			    .owner = attack_owner_der(&owner),
			    .kek_package = attack_read(attack_path("published/BYOK-KEK-pkg-%s-1", region)) };

	t.kek = attack_load(t.client, attack_path("published/regions/%s/kek.blob", region));
	return t;
}

static void target_free(struct target *t)
{
	sc_client_free(t->client);
	sc_bytes_free(&t->owner);
	sc_bytes_free(&t->kek_package);
}

/* *origin (may be NULL): what the receipt states. */
static sc_status import(const struct target *t, struct sc_view package, uint32_t *origin,
			struct sc_error *err)
{
	const struct sc_transfer_import_request request = { t->kek, sc_bytes_view(&t->owner), package };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	SC_CLEANUP(sc_signed_data) receipt = NULL;
	SC_CLEANUP(sc_key_statement) stated = NULL;
	struct sc_transfer_import_response response = { 0 };

	SC_TRY(sc_call_transfer_import(t->client, 0, &request, &reply, &response, err));
	if (!origin)
		return SC_OK;
	SC_TRY(sc_signed_data_decode(response.receipt, &receipt, err));
	SC_TRY(sc_key_statement_decode(sc_bytes_view(&receipt->content), &stated, err));
	*origin = stated->origin;
	return SC_OK;
}

/* -- the real package -------------------------------------------------------------------------- */

/* One of the threads that split the positions among them. */
struct flipper {
	pthread_t thread;
	size_t first;
	size_t accepted;
	size_t odd; /* refused with a status that no package should cause */
};

static bool is_refusal_of_a_package(sc_status status)
{
	return status == SC_ERR_ENCODING || status == SC_ERR_FORMAT ||
	       (status >= SC_ERR_TRANSFER_REGION && status <= SC_ERR_TRANSFER_ACL);
}

static void *flip(void *argument)
{
	struct flipper *flipper = argument;
	struct target t = aim("eu", "EU");
	SC_CLEANUP(sc_bytes) package = attack_read(attack_path("travel/package.byok"));

	for (size_t i = flipper->first; i < package.len; i += FLIPPERS) {
		struct sc_error err = { 0 };
		sc_status status;

		package.data[i] ^= (uint8_t)(1u << i % 8);
		status = import(&t, sc_bytes_view(&package), NULL, &err);
		package.data[i] ^= (uint8_t)(1u << i % 8);
		flipper->accepted += status == SC_OK;
		flipper->odd += status != SC_OK && !is_refusal_of_a_package(status);
	}
	target_free(&t);
	return NULL;
}

static void attack_every_byte(void)
{
	struct flipper flippers[FLIPPERS] = { 0 };
	size_t accepted = 0;
	size_t odd = 0;

	for (size_t i = 0; i < FLIPPERS; i++) {
		flippers[i].first = i;
		if (pthread_create(&flippers[i].thread, NULL, flip, &flippers[i]))
			attack_must("a thread", SC_ERR_SYSTEM, NULL);
	}
	for (size_t i = 0; i < FLIPPERS; i++) {
		pthread_join(flippers[i].thread, NULL);
		accepted += flippers[i].accepted;
		odd += flippers[i].odd;
	}
	attack_result("import-any-byte-flipped", accepted ? "some were accepted" : NULL);
	attack_result("import-any-byte-flipped-refused-as-a-package",
		      odd ? "some were refused as something else" : NULL);
}

static void attack_every_length(const struct target *t, struct sc_view package)
{
	SC_CLEANUP(sc_bytes) longer = { 0 };
	struct sc_error err = { 0 };
	size_t bad = 0;

	for (size_t len = 0; len < package.len; len++)
		bad += import(t, sc_view_of(package.data, len), NULL, &err) != SC_ERR_ENCODING;
	attack_result("import-cut-at-any-length", bad ? "some were not refused as malformed" : NULL);
	attack_must("memory", sc_bytes_new(package.len + 1, &longer, &err), &err);
	memcpy(longer.data, package.data, package.len);
	err = (struct sc_error){ 0 };
	attack_expect("import-one-byte-too-long", SC_ERR_ENCODING,
		      import(t, sc_bytes_view(&longer), NULL, &err), &err);
}

static void attack_the_owner(struct target *t, struct sc_view package)
{
	struct sc_owner owner = attack_owner("vaultd");
	const struct {
		const char *name;
		struct sc_text *field;
		const char *value;
		sc_status expected;
	} changes[] = {
		{ "import-under-another-subscription", &owner.subscription, ATTACK_OTHER,
		  SC_ERR_TRANSFER_SUBSCRIPTION },
		{ "import-under-no-subscription", &owner.subscription, "", SC_ERR_OWNER },
		{ "import-for-another-daemon", &owner.daemon, "signind", SC_ERR_OWNER },
		{ "import-for-no-daemon", &owner.daemon, "", SC_ERR_OWNER },
		{ "import-for-no-tenant", &owner.tenant, "", SC_ERR_OWNER },
		{ "import-without-a-version", &owner.version, "", SC_ERR_OWNER },
		{ "import-under-another-name", &owner.name, "AnotherKey", SC_OK },
	};
	struct sc_bytes right = t->owner;
	struct sc_error err = { 0 };

	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct sc_text before = *changes[i].field;

		attack_must("field", sc_text_set(changes[i].field, changes[i].value, "field", &err), &err);
		t->owner = attack_owner_der(&owner);
		attack_expect(changes[i].name, changes[i].expected, import(t, package, NULL, &err), &err);
		sc_bytes_free(&t->owner);
		*changes[i].field = before;
	}
	attack_expect("import-for-nobody", SC_ERR_OWNER, import(t, package, NULL, &err), &err);
	t->owner = right;
	t->owner.len--;
	attack_expect("import-for-a-cut-owner", SC_ERR_ENCODING, import(t, package, NULL, &err), &err);
	t->owner.len++;
}

static void attack_the_place(struct target *eu, struct sc_view package)
{
	struct target na = aim("na", "NA");
	struct target other = *eu;
	SC_CLEANUP(sc_bytes) foreign = attack_read(attack_path("published/regions/NA/kek.blob"));
	SC_CLEANUP(sc_bytes) reply = { 0 };
	const struct sc_key_load_request load = { sc_bytes_view(&foreign) };
	struct sc_key_load_response loaded;
	struct sc_error err = { 0 };

	attack_expect("import-into-europe", SC_OK, import(eu, package, NULL, &err), &err);
	attack_expect("import-into-north-america", SC_ERR_TRANSFER_REGION, import(&na, package, NULL, &err),
		      &err);
	attack_expect("load-the-kek-of-north-america-in-europe", SC_ERR_INTEGRITY,
		      sc_call_key_load(eu->client, 0, &load, &reply, &loaded, &err), &err);
	other.kek.b[0] ^= 1;
	attack_expect("import-with-a-kek-that-is-not-loaded", SC_ERR_NOT_LOADED,
		      import(&other, package, NULL, &err), &err);
	other = *eu;
	other.client = attack_connect("eu", "tls");
	attack_expect("import-through-a-socket-that-makes-no-vault-keys", SC_ERR_OWNER,
		      import(&other, package, NULL, &err), &err);
	sc_client_free(other.client);
	other.client = attack_connect("eu", "other");
	attack_expect("import-through-another-daemons-socket", SC_ERR_OWNER,
		      import(&other, package, NULL, &err), &err);
	sc_client_free(other.client);
	target_free(&na);
}

/* -- packages of the attacker's own ------------------------------------------------------------ */

/* Where eu's log ended at the last call of log_mark. */
static long log_end;

static FILE *open_log(void)
{
	FILE *log = fopen(attack_path("eu/log"), "re");

	attack_must("eu/log", log ? SC_OK : SC_ERR_NOT_FOUND, NULL);
	return log;
}

static void log_mark(void)
{
	FILE *log = open_log();

	fseek(log, 0, SEEK_END);
	log_end = ftell(log);
	fclose(log);
}

static bool log_says(const char *reason)
{
	FILE *log = open_log();
	char text[4096];
	size_t len;

	fseek(log, log_end, SEEK_SET);
	len = fread(text, 1, sizeof text - 1, log);
	fclose(log);
	text[len] = '\0';
	return strstr(text, reason) != NULL;
}

/*
 * Imports a parcel and expects that status and, if `reason` is given, that reason in the log. On a connection
 * of its own, because each has a limited number of lines.
 */
static void expect_parcel(const struct target *t, const char *name, struct parcel *p, sc_status expected,
			  const char *reason)
{
	SC_CLEANUP(sc_bytes) package = parcel_seal(p);
	SC_CLEANUP(sc_client) client = attack_connect("eu", "service");
	struct target own = *t;
	struct sc_error err = { 0 };
	char full[128];

	own.client = client;

	snprintf(full, sizeof full, "import-%s", name);
	log_mark();
	attack_expect(full, expected, import(&own, sc_bytes_view(&package), NULL, &err), &err);
	if (!reason || log_says(reason))
		return;
	snprintf(full, sizeof full, "import-%s-for-that-reason", name);
	attack_result(full, "the module's log has a different reason");
}

static void set(struct sc_text *text, const char *value)
{
	attack_must(value, sc_text_set(text, value, "text", NULL), NULL);
}

static void another_region(struct parcel *p)
{
	set(&p->header->region, "NA");
}

static void another_world(struct parcel *p)
{
	p->header->world.b[0] ^= 1;
}

static void another_kek(struct parcel *p)
{
	p->header->kek.b[0] ^= 1;
}

static void an_expired_date(struct parcel *p)
{
	p->header->created = sc_clock_now() - 20;
	p->header->not_after = sc_clock_now() - 10;
}

static void another_subscription(struct parcel *p)
{
	set(&p->header->subscription, ATTACK_OTHER);
}

static struct sc_permission_group *arrival_group(const struct parcel *p)
{
	return sk_sc_permission_group_value(p->header->arrival->groups, 0);
}

static void arrival_as_a_kek(struct parcel *p)
{
	*sk_sc_action_value(arrival_group(p)->actions, 0)->value.use |= SC_USE_IMPORT_TRANSFER;
}

static void arrival_with_fewer_uses(struct parcel *p)
{
	*sk_sc_action_value(arrival_group(p)->actions, 0)->value.use &= ~(uint32_t)SC_USE_DECRYPT;
}

static void arrival_with_replace_acl(struct parcel *p)
{
	attack_must("ACL", sc_acl_add_plain(arrival_group(p), SC_ACTION_REPLACE_ACL, NULL), NULL);
}

static void arrival_with_blobs_for_another_world(struct parcel *p)
{
	sk_sc_action_value(arrival_group(p)->actions, 1)->value.make_blob->world.b[0] ^= 1;
}

static void arrival_with_a_way_out(struct parcel *p)
{
	struct sc_transfer_action *action = sc_transfer_action_new();

	attack_must("ACL", action ? SC_OK : SC_ERR_MEMORY, NULL);
	action->kek = p->header->kek;
	action->world = p->header->world;
	action->region = p->header->region;
	sc_acl_free(action->arrival);
	action->arrival = sc_acl_dup(p->header->arrival);
	attack_must("ACL", sc_acl_add_transfer(arrival_group(p), action, NULL), NULL);
}

static void arrival_under_a_second_group(struct parcel *p)
{
	struct sc_permission_group *group = NULL;

	attack_must("ACL", sc_acl_add_group(p->header->arrival, 2, SC_AUTHORITY_QUORUM, &group, NULL), NULL);
	attack_must("ACL", sc_acl_add_plain(group, SC_ACTION_REPLACE_ACL, NULL), NULL);
}

static void another_key_hash(struct parcel *p)
{
	p->header->key_hash.b[0] ^= 1;
}

static void another_size_announced(struct parcel *p)
{
	p->header->type.bits = 3072;
}

static void an_ec_key_announced(struct parcel *p)
{
	p->header->type = (struct sc_key_type){ SC_ALGORITHM_EC, 256 };
	parcel_arrival_again(p);
}

static void an_aes_key_announced(struct parcel *p)
{
	p->header->type = (struct sc_key_type){ SC_ALGORITHM_AES, 256 };
	parcel_arrival_again(p);
}

static void another_header_inside(struct parcel *p)
{
	p->has_own_digest = true;
	memset(p->content->header.b, 7, sizeof p->content->header.b);
}

static void bytes_behind_the_key(struct parcel *p)
{
	SC_CLEANUP(sc_bytes) longer = { 0 };

	attack_must("memory", sc_bytes_new(p->content->key.len + 1, &longer, NULL), NULL);
	memcpy(longer.data, p->content->key.data, p->content->key.len);
	attack_must("memory", sc_octets_set(&p->content->key, sc_bytes_view(&longer), NULL), NULL);
}

static void no_key(struct parcel *p)
{
	attack_must("memory", sc_octets_set(&p->content->key, sc_view_text("no key at all"), NULL), NULL);
}

/* The statement is about a different key from the one the header names. */
static void another_key_stated(struct parcel *p)
{
	p->said->key_hash.b[0] ^= 1;
}

static void a_statement_for_another_package(struct parcel *p)
{
	p->has_own_nonce = true;
	attack_must("nonce",
		    sc_octets_set(&p->said->nonce, sc_view_text("another package's digest, or so"), NULL),
		    NULL);
}

static void another_source_world(struct parcel *p)
{
	p->header->source_world.b[0] ^= 1;
}

static void another_source_module(struct parcel *p)
{
	set(&p->header->source_esn, "7E57-0000-00FF");
}

static void another_origin_than_stated(struct parcel *p)
{
	p->content->origin = SC_ORIGIN_BYOK;
}

static void the_wrong_label(struct parcel *p)
{
	p->has_another_label = true;
}

static void no_label(struct parcel *p)
{
	p->has_no_label = true;
}

static void a_sha1_label(struct parcel *p)
{
	p->has_sha1_label = true;
}

static void other_associated_data(struct parcel *p)
{
	p->has_other_associated_data = true;
}

static void a_short_content_key(struct parcel *p)
{
	p->has_a_short_key = true;
}

static void nothing(struct parcel *p)
{
	(void)p;
}

#define PUBLIC(name, status) { #name, name, status, NULL }
#define REFUSED              "transfer_import: refused: SC_ERR_TRANSFER_REFUSED: the package: "
#define SEALED(name, reason) { #name, name, SC_ERR_TRANSFER_REFUSED, REFUSED reason }

static const struct {
	const char *name;
	void (*change)(struct parcel *p);
	sc_status expected;
	const char *reason;
} changes[] = {
	PUBLIC(nothing, SC_OK),
	PUBLIC(another_region, SC_ERR_TRANSFER_REGION),
	PUBLIC(another_world, SC_ERR_TRANSFER_WORLD),
	PUBLIC(another_kek, SC_ERR_TRANSFER_KEK),
	PUBLIC(an_expired_date, SC_ERR_TRANSFER_EXPIRED),
	PUBLIC(another_subscription, SC_ERR_TRANSFER_SUBSCRIPTION),
	PUBLIC(arrival_as_a_kek, SC_ERR_TRANSFER_ACL),
	PUBLIC(arrival_with_fewer_uses, SC_ERR_TRANSFER_ACL),
	PUBLIC(arrival_with_replace_acl, SC_ERR_TRANSFER_ACL),
	PUBLIC(arrival_with_blobs_for_another_world, SC_ERR_TRANSFER_ACL),
	PUBLIC(arrival_with_a_way_out, SC_ERR_TRANSFER_ACL),
	PUBLIC(arrival_under_a_second_group, SC_ERR_TRANSFER_ACL),
	SEALED(another_key_hash, "not the key that the header names"),
	SEALED(another_size_announced, "private key: not RSA-3072"),
	SEALED(an_ec_key_announced, "private key: not EC-P-256"),
	SEALED(an_aes_key_announced, "secret key: not a salt"),
	SEALED(another_header_inside, "the content belongs to another header"),
	SEALED(bytes_behind_the_key, "not a PKCS#8 private key"),
	SEALED(no_key, "not a PKCS#8 private key"),
	SEALED(a_statement_for_another_package, "the source module's statement is about something else"),
	SEALED(another_source_world, "the source module's statement is about something else"),
	SEALED(another_source_module, "the source module's statement is about something else"),
	SEALED(another_origin_than_stated, "the source module's statement is about something else"),
	SEALED(the_wrong_label, "altered, or sealed under another key"),
	SEALED(no_label, "altered, or sealed under another key"),
	SEALED(a_sha1_label, "altered, or sealed under another key"),
	SEALED(other_associated_data, "altered, or sealed under another key"),
	SEALED(a_short_content_key, "altered, or sealed under another key"),
};

static void attack_with_parcels(const struct target *t, const struct sc_forge *source, EVP_PKEY *key)
{
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		SC_CLEANUP(parcel) p = parcel_new(source, sc_bytes_view(&t->kek_package), key);

		changes[i].change(p);
		expect_parcel(t, changes[i].name, p, changes[i].expected, changes[i].reason);
	}
}

static void attack_with_another_kek(const struct target *t, const struct sc_forge *source, EVP_PKEY *key)
{
	SC_CLEANUP(parcel) p = parcel_new(source, sc_bytes_view(&t->kek_package), key);
	SC_CLEANUP(sc_bytes) kek_na = attack_read(attack_path("published/BYOK-KEK-pkg-NA-1"));
	SC_CLEANUP(parcel) na = parcel_new(source, sc_bytes_view(&kek_na), key);
	SC_CLEANUP(sc_pkey) small = EVP_RSA_gen(2048);

	p->another_kek = na->kek;
	expect_parcel(t, "encrypted-to-another-regions-kek", p, SC_ERR_TRANSFER_REFUSED,
		      REFUSED "altered, or sealed under another key");
	p->another_kek = small;
	expect_parcel(t, "encrypted-to-a-smaller-kek", p, SC_ERR_ENCODING, NULL);
}

/* -- where the key comes from, recorded permanently (rule F4) -------------------------------- */

static void expect_origin(const struct target *t, const char *name, struct parcel *p, uint32_t expected)
{
	SC_CLEANUP(sc_bytes) package = parcel_seal(p);
	struct sc_error err = { 0 };
	uint32_t origin = 0;
	char why[128];

	attack_must(name, import(t, sc_bytes_view(&package), &origin, &err), &err);
	snprintf(why, sizeof why, "the receipt says %s, not %s", sc_origin_name(origin),
		 sc_origin_name(expected));
	attack_result(name, origin == expected ? NULL : why);
}

static void attack_the_origin(const struct target *t, const struct sc_forge *source, EVP_PKEY *key)
{
	struct sc_view kek = sc_bytes_view(&t->kek_package);
	SC_CLEANUP(sc_forge) unwarranted = sc_forge_new(source->now, "EU");
	SC_CLEANUP(parcel) proven = parcel_new(source, kek, key);
	SC_CLEANUP(parcel) of_another_root = parcel_new(unwarranted, kek, key);
	SC_CLEANUP(parcel) by_a_stranger = parcel_new(source, kek, key);
	SC_CLEANUP(parcel) without = parcel_new(source, kek, key);
	SC_CLEANUP(parcel) in_clear = parcel_new(source, kek, key);
	SC_CLEANUP(parcel) not_generated = parcel_new(source, kek, key);

	expect_origin(t, "origin-proven", proven, SC_ORIGIN_BYOK);
	expect_origin(t, "origin-by-a-module-of-another-root", of_another_root, SC_ORIGIN_BYOK_UNPROVEN);
	by_a_stranger->is_by_another = true;
	expect_origin(t, "origin-signed-by-a-stranger", by_a_stranger, SC_ORIGIN_BYOK_UNPROVEN);
	without->has_own_statement = true;
	attack_must("memory", sc_octets_set(&without->content->statement, sc_view_text("trust me"), NULL),
		    NULL);
	expect_origin(t, "origin-without-a-statement", without, SC_ORIGIN_BYOK_UNPROVEN);
	in_clear->content->origin = SC_ORIGIN_IMPORTED_IN_CLEAR;
	expect_origin(t, "origin-once-in-the-clear", in_clear, SC_ORIGIN_IMPORTED_IN_CLEAR);
	not_generated->content->origin = not_generated->said->origin = SC_ORIGIN_BYOK_UNPROVEN;
	expect_origin(t, "origin-not-generated", not_generated, SC_ORIGIN_BYOK_UNPROVEN);
}

/*
 * A statement whose key hash does not match its key is not valid: the key is imported, but with unproven
 * origin.
 */
static void attack_the_stated_key(const struct target *t, const struct sc_forge *source, EVP_PKEY *key)
{
	SC_CLEANUP(sc_pkey) another = EVP_RSA_gen(2048);
	SC_CLEANUP(parcel) broken = parcel_new(source, sc_bytes_view(&t->kek_package), key);
	SC_CLEANUP(parcel) stolen = parcel_new(source, sc_bytes_view(&t->kek_package), another);
	SC_CLEANUP(parcel) p = parcel_new(source, sc_bytes_view(&t->kek_package), key);

	another_key_stated(broken);
	expect_origin(t, "origin-stated-of-no-key", broken, SC_ORIGIN_BYOK_UNPROVEN);
	sc_key_statement_free(p->said);
	p->said = sc_steal(stolen->said);
	expect_parcel(t, "a-statement-about-another-key", p, SC_ERR_TRANSFER_REFUSED,
		      REFUSED "the source module's statement is about something else");
	stolen->said = sc_key_statement_new();
}

/* -- unsound keys (rule M4), each correctly named in header and statement -------------------- */

static EVP_PKEY *key_of(const struct forged_rsa *numbers)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	const unsigned char *at;
	EVP_PKEY *key;

	forged_rsa_encode(numbers, &der);
	at = der.data;
	key = d2i_AutoPrivateKey(NULL, &at, (long)der.len);
	attack_must("a forged key", key ? SC_OK : SC_ERR_CRYPTO, NULL);
	return key;
}

static void expect_key(const struct target *t, const struct sc_forge *source, const char *name,
		       const struct forged_rsa *numbers, sc_status expected, const char *reason)
{
	SC_CLEANUP(sc_pkey) key = key_of(numbers);
	SC_CLEANUP(parcel) p = parcel_new(source, sc_bytes_view(&t->kek_package), key);

	expect_parcel(t, name, p, expected, reason);
}

static void attack_with_primes(const struct target *t, const struct sc_forge *source, const char *name,
			       const BIGNUM *p, const BIGNUM *q, const BIGNUM *e, const char *reason)
{
	struct forged_rsa key;

	forged_rsa_from(&key, p, q, e);
	expect_key(t, source, name, &key, SC_ERR_TRANSFER_REFUSED, reason);
	forged_rsa_free(&key);
}

static BIGNUM *next_prime(const BIGNUM *prime)
{
	BIGNUM *next = BN_dup(prime);

	do
		BN_add_word(next, 2);
	while (BN_check_prime(next, NULL, NULL) != 1);
	return next;
}

/* A product of two primes, each a quarter of the modulus long: 1024 bits, the two highest set. */
static BIGNUM *composite(void)
{
	BIGNUM *product = BN_new();
	BN_CTX *ctx = BN_CTX_new();

	do {
		BIGNUM *a = forged_prime(512);
		BIGNUM *b = forged_prime(512);

		BN_mul(product, a, b, ctx);
		BN_free(a);
		BN_free(b);
	} while (!BN_is_bit_set(product, 1023) || !BN_is_bit_set(product, 1022));
	BN_CTX_free(ctx);
	return product;
}

static void attack_with_unsound_keys(const struct target *t, const struct sc_forge *source)
{
	BIGNUM *p = forged_prime(1024);
	BIGNUM *q = forged_prime(1024);
	BIGNUM *close = next_prime(p);
	BIGNUM *factor = composite();
	BIGNUM *e = BN_new();
	struct forged_rsa key;

	BN_set_word(e, 65537);
	forged_rsa_from(&key, p, q, e);
	expect_key(t, source, "a-sound-key", &key, SC_OK, NULL);
	BN_add_word(key.dp, 2);
	expect_key(t, source, "a-wrong-crt-exponent", &key, SC_ERR_TRANSFER_REFUSED,
		   "a CRT exponent is wrong");
	BN_sub_word(key.dp, 2);
	BN_add_word(key.qinv, 1);
	expect_key(t, source, "a-wrong-crt-coefficient", &key, SC_ERR_TRANSFER_REFUSED,
		   "the CRT coefficient is wrong");
	BN_sub_word(key.qinv, 1);
	BN_set_word(key.d, 5);
	expect_key(t, source, "a-small-private-exponent", &key, SC_ERR_TRANSFER_REFUSED,
		   "the private exponent is too small");
	forged_rsa_free(&key);
	attack_with_primes(t, source, "close-primes", p, close, e, "the primes are too close");
	attack_with_primes(t, source, "a-composite-factor", factor, q, e, "a factor is not prime");
	BN_set_word(e, 3);
	attack_with_primes(t, source, "a-public-exponent-of-3", p, q, e,
			   "the public exponent is even, below 65537");
	BN_set_word(e, 65538);
	attack_with_primes(t, source, "an-even-public-exponent", p, q, e,
			   "the public exponent is even, below 65537");
	BN_free(p);
	BN_free(q);
	BN_free(close);
	BN_free(factor);
	BN_free(e);
}

int main(int argc, char **argv)
{
	attack_begin(argc, argv);

	struct target eu = aim("eu", "EU");
	SC_CLEANUP(sc_bytes) package = attack_read(attack_path("travel/package.byok"));
	SC_CLEANUP(sc_pkey) key = EVP_RSA_gen(2048);
	SC_CLEANUP(sc_pkey) root_key = NULL;
	SC_CLEANUP(sc_x509) root = NULL;

	attack_root(&root_key, &root);
	SC_CLEANUP(sc_forge) source = sc_forge_new_under(sc_clock_now(), "EU", root_key, root);

	attack_the_place(&eu, sc_bytes_view(&package));
	attack_the_owner(&eu, sc_bytes_view(&package));
	attack_with_parcels(&eu, source, key);
	attack_with_another_kek(&eu, source, key);
	attack_the_origin(&eu, source, key);
	attack_the_stated_key(&eu, source, key);
	attack_with_unsound_keys(&eu, source);
	attack_every_length(&eu, sc_bytes_view(&package));
	attack_every_byte();
	struct sc_error err = { 0 };
	attack_expect("import-after-all-that", SC_OK, import(&eu, sc_bytes_view(&package), NULL, &err), &err);
	target_free(&eu);
	return attack_end();
}
