/*
 * The key imported in Europe (invariants 2 and 6), and the region's Key Exchange Key (rule M3), asked for
 * everything that their ACLs do not allow, under every name and through every socket.
 */
#include <stdio.h>
#include <string.h>

#include "attack.h"
#include "formats/acl.h"

/* How a key is asked: through which client, by which digest, for which owner. */
struct asker {
	struct sc_client *client;
	struct sc_hash key;
	struct sc_view owner;
};

static sc_status sign(const struct asker *a, uint32_t mechanism, struct sc_view data, struct sc_error *err)
{
	const struct sc_sign_request request = { a->key, a->owner, mechanism, data };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_sign_response response;

	return sc_call_sign(a->client, 0, &request, &reply, &response, err);
}

static sc_status sign_digest(const struct asker *a, uint32_t mechanism, struct sc_error *err)
{
	static const uint8_t digest[32] = { 1 };

	return sign(a, mechanism, sc_view_of(digest, sizeof digest), err);
}

static sc_status decrypt(const struct asker *a, size_t len, struct sc_error *err)
{
	static const uint8_t block[512] = { 0, 2 };
	const struct sc_decrypt_request request = { a->key, a->owner, SC_MECHANISM_RSA_OAEP_256,
						    sc_view_of(block, len) };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_decrypt_response response;

	return sc_call_decrypt(a->client, 0, &request, &reply, &response, err);
}

static sc_status info(const struct asker *a, struct sc_error *err)
{
	const struct sc_key_info_request request = { a->key, a->owner };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_key_info_response response;

	return sc_call_key_info(a->client, 0, &request, &reply, &response, err);
}

static sc_status attest(const struct asker *a, struct sc_error *err)
{
	const struct sc_key_attest_request request = { a->key, a->owner, { 0 } };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_key_attest_response response;

	return sc_call_key_attest(a->client, 0, &request, &reply, &response, err);
}

static sc_status load(struct sc_client *client, struct sc_view blob, struct sc_error *err)
{
	const struct sc_key_load_request request = { blob };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_key_load_response response;

	return sc_call_key_load(client, 0, &request, &reply, &response, err);
}

static sc_status generate(struct sc_client *client, const char *application, struct sc_view owner,
			  uint32_t bits, uint32_t uses, struct sc_error *err)
{
	const struct sc_key_generate_request request = { .application = sc_view_text(application),
							 .owner = owner,
							 .algorithm =
							     bits < 2048 ? SC_ALGORITHM_EC : SC_ALGORITHM_RSA,
							 .bits = bits,
							 .uses = uses };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_key_generate_response response;

	return sc_call_key_generate(client, 0, &request, &reply, &response, err);
}

/* First what the ACL allows, then what it does not. DECRYPT itself refuses a garbage OAEP block. */
static void attack_the_uses(const struct asker *a)
{
	struct asker stranger = *a;
	struct sc_error err = { 0 };

	attack_expect("imported-signs", SC_OK, sign_digest(a, SC_MECHANISM_PS256, &err), &err);
	attack_expect("imported-decrypts", SC_ERR_DECRYPT, decrypt(a, 256, &err), &err);
	attack_expect("imported-decrypts-a-cut-block", SC_ERR_DATA_SIZE, decrypt(a, 255, &err), &err);
	attack_expect("imported-signs-a-handshake", SC_ERR_ACL, sign_digest(a, SC_MECHANISM_TLS_ECDSA, &err),
		      &err);
	attack_expect("imported-signs-a-token", SC_ERR_ACL,
		      sign(a, SC_MECHANISM_TOKEN_RS256, sc_view_text("eyJhIjoxfQ.eyJhIjoxfQ"), &err), &err);
	attack_expect("imported-signs-with-no-mechanism", SC_ERR_MECHANISM, sign_digest(a, 0, &err), &err);
	attack_expect("imported-signs-with-a-mechanism-of-decrypt", SC_ERR_MECHANISM,
		      sign_digest(a, SC_MECHANISM_RSA_OAEP, &err), &err);
	attack_expect("imported-signs-no-digest", SC_ERR_DATA_SIZE,
		      sign(a, SC_MECHANISM_PS256, sc_view_text("text"), &err), &err);
	stranger.key.b[0] ^= 1;
	attack_expect("a-key-that-is-not-loaded", SC_ERR_NOT_LOADED,
		      sign_digest(&stranger, SC_MECHANISM_PS256, &err), &err);
}

/* Each part of the owner changed alone, and owners that are not owners. */
static void attack_the_owner(const struct asker *a)
{
	struct sc_owner owner = attack_owner("vaultd");
	struct sc_text *const fields[] = { &owner.daemon, &owner.tenant, &owner.subscription,
					   &owner.vault,  &owner.name,   &owner.version };
	static const char *const names[] = { "daemon", "tenant", "subscription", "vault", "name", "version" };
	struct sc_error err = { 0 };
	char name[64];

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		struct sc_text before = *fields[i];

		attack_must("field", sc_text_set(fields[i], "another", "field", &err), &err);
		SC_CLEANUP(sc_bytes) der = attack_owner_der(&owner);
		const struct asker other = { a->client, a->key, sc_bytes_view(&der) };

		snprintf(name, sizeof name, "imported-signs-for-another-%s", names[i]);
		attack_expect(name, SC_ERR_OWNER, sign_digest(&other, SC_MECHANISM_PS256, &err), &err);
		snprintf(name, sizeof name, "imported-shown-to-another-%s", names[i]);
		attack_expect(name, SC_ERR_OWNER, info(&other, &err), &err);
		snprintf(name, sizeof name, "imported-attested-for-another-%s", names[i]);
		attack_expect(name, SC_ERR_OWNER, attest(&other, &err), &err);
		snprintf(name, sizeof name, "imported-decrypts-for-another-%s", names[i]);
		attack_expect(name, SC_ERR_OWNER, decrypt(&other, 256, &err), &err);
		*fields[i] = before;
	}
	const struct asker nobody = { a->client, a->key, { 0 } };
	const struct asker cut = { a->client, a->key, sc_view_of(a->owner.data, a->owner.len - 1) };

	attack_expect("imported-signs-for-nobody", SC_ERR_OWNER,
		      sign_digest(&nobody, SC_MECHANISM_PS256, &err), &err);
	attack_expect("imported-signs-for-a-cut-owner", SC_ERR_ENCODING,
		      sign_digest(&cut, SC_MECHANISM_PS256, &err), &err);
	attack_expect("imported-signs-for-its-owner", SC_OK, sign_digest(a, SC_MECHANISM_PS256, &err), &err);
}

/*
 * The key is loaded and named by its digest, through sockets that do not list its application or its daemon.
 */
static void attack_the_sockets(const struct asker *a, struct sc_view blob)
{
	static const char *const sockets[] = { "custody", "use", "tls" };
	struct sc_error err = { 0 };
	char name[64];

	for (size_t i = 0; i < sizeof sockets / sizeof sockets[0]; i++) {
		SC_CLEANUP(sc_client) client = attack_connect("eu", sockets[i]);
		const struct asker other = { client, a->key, a->owner };

		snprintf(name, sizeof name, "imported-loaded-through-%s", sockets[i]);
		attack_expect(name, SC_ERR_OWNER, load(client, blob, &err), &err);
		snprintf(name, sizeof name, "imported-signs-through-%s", sockets[i]);
		attack_expect(name, SC_ERR_OWNER, sign_digest(&other, SC_MECHANISM_PS256, &err), &err);
		snprintf(name, sizeof name, "imported-decrypts-through-%s", sockets[i]);
		attack_expect(name, SC_ERR_OWNER, decrypt(&other, 256, &err), &err);
		snprintf(name, sizeof name, "imported-shown-through-%s", sockets[i]);
		attack_expect(name, SC_ERR_OWNER, info(&other, &err), &err);
	}
	SC_CLEANUP(sc_client) signind = attack_connect("eu", "other");
	const struct asker other = { signind, a->key, a->owner };

	attack_expect("imported-signs-through-another-daemons-socket", SC_ERR_OWNER,
		      sign_digest(&other, SC_MECHANISM_PS256, &err), &err);
}

/* Tries the only two ways out of the module, as someone with the custody socket and the cards would. */
static void attack_to_take_it_out(const struct asker *a)
{
	SC_CLEANUP(sc_client) custody = attack_connect("eu", "custody");
	SC_CLEANUP(sc_bytes) kek = attack_read(attack_path("published/BYOK-KEK-pkg-NA-1"));
	SC_CLEANUP(sc_bytes) world = attack_read(attack_path("published/BYOK-SecurityWorld-pkg-NA-1"));
	const struct sc_transfer_package_request package = { .key = a->key,
							     .kek_package = sc_bytes_view(&kek),
							     .world_package = sc_bytes_view(&world),
							     .subscription =
								 sc_view_text(ATTACK_SUBSCRIPTION),
							     .friendly_name = sc_view_text("stolen") };
	const struct sc_acl_replace_request replace = { .key = a->key,
							.kek_package = sc_bytes_view(&kek),
							.world_package = sc_bytes_view(&world) };
	SC_CLEANUP(sc_bytes) body = attack_acl_replace_body(&replace);
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_transfer_package_response packaged;
	struct sc_error err = { 0 };

	attack_expect("imported-packaged", SC_ERR_OWNER,
		      sc_call_transfer_package(custody, 0, &package, &reply, &packaged, &err), &err);
	attack_expect("imported-packaged-by-its-daemon", SC_ERR_ROLE,
		      sc_call_transfer_package(a->client, 0, &package, &reply, &packaged, &err), &err);
	attack_expect("imported-given-another-acl", SC_ERR_OWNER,
		      attack_call_with_quorum(custody, "eu", 2, SC_COMMAND_ACL_REPLACE, sc_bytes_view(&body),
					      NULL, &err),
		      &err);
	attack_expect(
	    "imported-given-another-acl-by-its-daemon", SC_ERR_ROLE,
	    sc_client_call(a->client, SC_COMMAND_ACL_REPLACE, 0, sc_bytes_view(&body), &reply, &err), &err);
}

/* Uses the key as a KEK, to open a package. */
static void attack_to_import_with_it(const struct asker *a)
{
	SC_CLEANUP(sc_bytes) byok = attack_read(attack_path("travel/package.byok"));
	const struct sc_transfer_import_request request = { a->key, a->owner, sc_bytes_view(&byok) };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_transfer_import_response response;
	struct sc_error err = { 0 };

	attack_expect("imported-opens-a-package", SC_ERR_OWNER,
		      sc_call_transfer_import(a->client, 0, &request, &reply, &response, &err), &err);
}

/* Every byte flipped, every length cut, and in the modules of other worlds. */
static void attack_the_blob(const struct asker *a, struct sc_bytes *blob)
{
	SC_CLEANUP(sc_client) na = attack_connect("na", "service");
	struct sc_error err = { 0 };
	size_t accepted = 0;
	size_t odd = 0;

	for (size_t i = 0; i < blob->len; i++) {
		blob->data[i] ^= (uint8_t)(1u << i % 8);
		sc_status status = load(a->client, sc_bytes_view(blob), &err);

		blob->data[i] ^= (uint8_t)(1u << i % 8);
		accepted += status == SC_OK;
		odd += status != SC_OK && status != SC_ERR_ENCODING && status != SC_ERR_FORMAT &&
		       status != SC_ERR_INTEGRITY;
	}
	attack_result("blob-any-byte-flipped", accepted ? "some were loaded"
					       : odd    ? "some were refused otherwise"
							: NULL);
	accepted = 0;
	for (size_t len = 0; len < blob->len; len++)
		accepted += load(a->client, sc_view_of(blob->data, len), &err) != SC_ERR_ENCODING;
	attack_result("blob-cut-at-any-length", accepted ? "some were not refused as malformed" : NULL);
	err = (struct sc_error){ 0 };
	attack_expect("blob-in-another-world", SC_ERR_INTEGRITY, load(na, sc_bytes_view(blob), &err), &err);
	attack_expect("blob-in-its-world", SC_OK, load(a->client, sc_bytes_view(blob), &err), &err);
}

/* -- the Key Exchange Key ---------------------------------------------------------------------- */

static void attack_the_kek(struct sc_client *service, struct sc_view owner)
{
	const struct asker kek = { service,
				   attack_load(service, attack_path("published/regions/EU/kek.blob")),
				   { 0 } };
	SC_CLEANUP(sc_client) custody = attack_connect("eu", "custody");
	SC_CLEANUP(sc_client) tls = attack_connect("eu", "tls");
	SC_CLEANUP(sc_bytes) blob = attack_read(attack_path("published/regions/EU/kek.blob"));
	const struct asker owned = { service, kek.key, owner };
	const struct asker by_custodians = { custody, kek.key, { 0 } };
	struct sc_error err = { 0 };

	attack_expect("kek-signs", SC_ERR_ACL, sign_digest(&kek, SC_MECHANISM_PS256, &err), &err);
	attack_expect("kek-signs-a-token", SC_ERR_ACL,
		      sign(&kek, SC_MECHANISM_TOKEN_RS256, sc_view_text("eyJhIjoxfQ.eyJhIjoxfQ"), &err),
		      &err);
	attack_expect("kek-decrypts", SC_ERR_ACL, decrypt(&kek, 512, &err), &err);
	attack_expect("kek-attested", SC_ERR_ACL, attest(&kek, &err), &err);
	attack_expect("kek-shown", SC_ERR_ACL, info(&kek, &err), &err);
	attack_expect("kek-decrypts-for-an-owner", SC_ERR_OWNER, decrypt(&owned, 512, &err), &err);
	attack_expect("kek-decrypts-through-custody", SC_ERR_OWNER, decrypt(&by_custodians, 512, &err), &err);
	attack_expect("kek-loaded-through-custody", SC_ERR_OWNER, load(custody, sc_bytes_view(&blob), &err),
		      &err);
	attack_expect("kek-loaded-through-a-socket-without-it", SC_ERR_OWNER,
		      load(tls, sc_bytes_view(&blob), &err), &err);
}

/* -- keys that nobody may make ----------------------------------------------------------------- */

static void attack_generation(struct sc_client *service, struct sc_view owner)
{
	SC_CLEANUP(sc_client) custody = attack_connect("eu", "custody");
	SC_CLEANUP(sc_client) tls = attack_connect("eu", "tls");
	struct sc_view nobody = { 0 };
	struct sc_error err = { 0 };

	attack_expect("make-a-vault-key", SC_OK, generate(service, "vault", owner, 2048, 0, &err), &err);
	attack_expect("make-a-vault-key-for-nobody", SC_ERR_OWNER,
		      generate(service, "vault", nobody, 2048, 0, &err), &err);
	attack_expect("make-a-vault-key-that-imports", SC_ERR_ACL,
		      generate(service, "vault", owner, 2048, SC_USE_IMPORT_TRANSFER, &err), &err);
	attack_expect("make-a-vault-key-of-1024-bits", SC_ERR_KEY_TYPE,
		      generate(service, "vault", owner, 1024, 0, &err), &err);
	attack_expect("make-a-kek", SC_ERR_OWNER, generate(service, "kek", nobody, 4096, 0, &err), &err);
	attack_expect("make-a-simple-key-for-a-daemon", SC_ERR_OWNER,
		      generate(service, "simple", nobody, 2048, 0, &err), &err);
	attack_expect("make-a-token-key-where-none-is-listed", SC_ERR_OWNER,
		      generate(service, "token", owner, 2048, 0, &err), &err);
	attack_expect("make-a-vault-key-through-custody", SC_ERR_OWNER,
		      generate(custody, "vault", owner, 2048, 0, &err), &err);
	attack_expect("make-a-kek-through-custody", SC_ERR_OWNER,
		      generate(custody, "kek", nobody, 4096, 0, &err), &err);
	attack_expect("make-a-reduced-copy-through-custody", SC_ERR_OWNER,
		      generate(custody, "xferacld", nobody, 2048, 0, &err), &err);
	attack_expect("make-a-tls-key-for-a-vaults-place", SC_ERR_OWNER,
		      generate(tls, "tls", owner, 256, 0, &err), &err);
	attack_expect("make-a-key-of-no-application", SC_ERR_ARGUMENT,
		      generate(service, "", nobody, 2048, 0, &err), &err);
}

/* The daemon's own TLS key signs handshakes, which the imported key does not, and nothing else. */
static void attack_the_tls_key(void)
{
	SC_CLEANUP(sc_client) tls = attack_connect("eu", "tls");
	struct sc_owner daemon = { .daemon = { "vaultd" } };
	SC_CLEANUP(sc_bytes) owner = attack_owner_der(&daemon);
	const struct sc_key_generate_request request = { .application = sc_view_text("tls"),
							 .owner = sc_bytes_view(&owner),
							 .algorithm = SC_ALGORITHM_EC,
							 .bits = 256 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_key_generate_response made = { 0 };
	struct asker a = { .client = tls, .owner = sc_bytes_view(&owner) };
	struct sc_error err = { 0 };

	attack_must("a TLS key", sc_call_key_generate(tls, 0, &request, &reply, &made, &err), &err);
	attack_must("its digest", sc_sha256(made.blob, &a.key, &err), &err);
	attack_must("its blob", load(tls, made.blob, &err), &err);
	attack_expect("tls-key-signs-a-handshake", SC_OK, sign_digest(&a, SC_MECHANISM_TLS_ECDSA, &err),
		      &err);
	attack_expect("tls-key-signs-as-a-vault-key", SC_ERR_ACL, sign_digest(&a, SC_MECHANISM_RS256, &err),
		      &err);
	attack_expect("tls-key-decrypts", SC_ERR_ACL, decrypt(&a, 256, &err), &err);
}

/* -- KEY_IMPORT ---------------------------------------------------------------------------------- */

static sc_status import(struct sc_client *client, const char *application, struct sc_view owner, size_t len,
			struct sc_error *err)
{
	static const uint8_t clear[64] = { 1 };
	const struct sc_key_import_request request = {
		sc_view_text(application), owner, SC_ALGORITHM_AES, 256, 0, sc_view_of(clear, len)
	};
	struct sc_key_import_response response;
	SC_CLEANUP(sc_bytes) reply = { 0 };

	return sc_call_key_import(client, 0, &request, &reply, &response, err);
}

static void attack_the_import_of_clear_keys(const struct asker *vault)
{
	SC_CLEANUP(sc_client) custody = attack_connect("eu", "custody");
	struct sc_error err = { 0 };

	attack_expect("import-a-vault-key", SC_OK, import(vault->client, "vault", vault->owner, 32, &err),
		      &err);
	attack_expect("import-for-nobody", SC_ERR_OWNER,
		      import(vault->client, "vault", (struct sc_view){ 0 }, 32, &err), &err);
	attack_expect("import-a-tls-key", SC_ERR_OWNER, import(vault->client, "tls", vault->owner, 32, &err),
		      &err);
	attack_expect("import-a-kek", SC_ERR_OWNER, import(custody, "kek", (struct sc_view){ 0 }, 32, &err),
		      &err);
	attack_expect("import-a-key-that-is-too-long", SC_ERR_KEY_INVALID,
		      import(vault->client, "vault", vault->owner, 33, &err), &err);
	attack_expect("import-nothing", SC_ERR_KEY_INVALID,
		      import(vault->client, "vault", vault->owner, 0, &err), &err);
}

/* -- ACL_REDUCE and KEY_FORGET ------------------------------------------------------------------- */

static sc_status reduce(const struct asker *a, struct sc_view acl, struct sc_bytes *reply,
			struct sc_error *err)
{
	const struct sc_acl_reduce_request request = { a->key, a->owner, acl };
	struct sc_acl_reduce_response response;

	return sc_call_acl_reduce(a->client, 0, &request, reply, &response, err);
}

static sc_status forget(const struct asker *a, struct sc_error *err)
{
	const struct sc_key_forget_request request = { a->key, a->owner };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_key_forget_response response;

	return sc_call_key_forget(a->client, 0, &request, &reply, &response, err);
}

/* A key made here has reduceAcl; the imported key has not. */
static void attack_the_reduction(const struct asker *imported)
{
	const struct sc_key_generate_request request = { .application = sc_view_text("vault"),
							 .owner = imported->owner,
							 .algorithm = SC_ALGORITHM_RSA,
							 .bits = 2048,
							 .uses = SC_USE_SIGN };
	const struct sc_key_type type = { SC_ALGORITHM_RSA, 2048 };
	const struct sc_hash world = { { 1 } };
	struct asker a = *imported;
	SC_CLEANUP(sc_bytes) made_reply = { 0 };
	SC_CLEANUP(sc_bytes) info_reply = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	SC_CLEANUP(sc_acl) more = NULL;
	SC_CLEANUP(sc_bytes) more_der = { 0 };
	struct sc_key_generate_response made = { 0 };
	struct sc_key_info_response facts = { 0 };
	struct sc_error err = { 0 };

	attack_must("a vault key", sc_call_key_generate(a.client, 0, &request, &made_reply, &made, &err),
		    &err);
	attack_must("its digest", sc_sha256(made.blob, &a.key, &err), &err);
	attack_must("its blob", load(a.client, made.blob, &err), &err);
	attack_must("its facts",
		    sc_call_key_info(a.client, 0, &(struct sc_key_info_request){ a.key, a.owner },
				     &info_reply, &facts, &err),
		    &err);
	attack_must("more uses", sc_acl_arrival(&type, &world, &more, &err), &err);
	attack_must("more uses", sc_acl_encode(more, &more_der, &err), &err);
	attack_expect("reduce-to-a-part", SC_OK, reduce(&a, facts.acl, &reply, &err), &err);
	attack_expect("reduce-to-more", SC_ERR_ACL, reduce(&a, sc_bytes_view(&more_der), &reply, &err), &err);
	attack_expect("reduce-to-no-list", SC_ERR_ENCODING, reduce(&a, (struct sc_view){ 0 }, &reply, &err),
		      &err);
	attack_expect("reduce-the-imported-key", SC_ERR_ACL, reduce(imported, facts.acl, &reply, &err), &err);
	a.owner = (struct sc_view){ 0 };
	attack_expect("reduce-as-nobody", SC_ERR_OWNER, reduce(&a, facts.acl, &reply, &err), &err);
	attack_expect("forget-as-nobody", SC_ERR_OWNER, forget(&a, &err), &err);
	a.owner = imported->owner;
	attack_expect("forgotten", SC_OK, forget(&a, &err), &err);
	attack_expect("use-what-is-forgotten", SC_ERR_NOT_LOADED, sign_digest(&a, SC_MECHANISM_PS256, &err),
		      &err);
}

int main(int argc, char **argv)
{
	attack_begin(argc, argv);

	SC_CLEANUP(sc_client) service = attack_connect("eu", "service");
	SC_CLEANUP(sc_bytes) blob = attack_read(attack_path("travel/imported.blob"));
	const struct sc_owner owner = attack_owner("vaultd");
	SC_CLEANUP(sc_bytes) der = attack_owner_der(&owner);
	const struct asker imported = { service, attack_load(service, attack_path("travel/imported.blob")),
					sc_bytes_view(&der) };

	attack_the_uses(&imported);
	attack_the_owner(&imported);
	attack_the_sockets(&imported, sc_bytes_view(&blob));
	attack_to_import_with_it(&imported);
	attack_to_take_it_out(&imported);
	attack_the_blob(&imported, &blob);
	attack_the_kek(service, sc_bytes_view(&der));
	attack_generation(service, sc_bytes_view(&der));
	attack_the_import_of_clear_keys(&imported);
	attack_the_reduction(&imported);
	attack_the_tls_key();
	return attack_end();
}
