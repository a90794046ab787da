/*
 * The customer's module and the evidence it is shown (invariant 4): ACL_REPLACE and TRANSFER_PACKAGE with
 * regions that this program makes itself, since it holds the manufacturer's root key. A forged region
 * therefore differs from an acceptable one only in what the attack is about, and everything else is properly
 * signed.
 */
#include <stdio.h>

#include "attack.h"
#include "base/clock.h"
#include "changes.h"
#include "formats/key_type.h"
#include "formats/transfer_package.h"

/* What all attacks here work on. */
struct customer {
	struct sc_client *solo;
	struct sc_hash simple;
	struct sc_hash copy; /* its copy for Europe */
	struct sc_bytes kek; /* Europe's packages */
	struct sc_bytes world;
	struct sc_bytes kek_na; /* North America's */
	struct sc_bytes world_na;
};

static struct sc_bytes published(const char *kind, const char *region)
{
	return attack_read(attack_path("published/BYOK-%s-pkg-%s-1", kind, region));
}

/* -- ACL_REPLACE, each under a quorum for it --------------------------------------------------- */

static sc_status replace_request(const struct customer *c, const struct sc_acl_replace_request *request,
				 struct sc_hash *copy, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) body = attack_acl_replace_body(request);
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_acl_replace_response response = { 0 };

	SC_TRY(attack_call_with_quorum(c->solo, "solo", 1, SC_COMMAND_ACL_REPLACE, sc_bytes_view(&body),
				       &reply, err));
	SC_TRY(sc_acl_replace_response_read(sc_bytes_view(&reply), &response));
	if (copy) {
		attack_write(attack_path("travel/other-copy.blob"), response.blob);
		*copy = attack_load(c->solo, attack_path("travel/other-copy.blob"));
	}
	return SC_OK;
}

static sc_status replace(const struct customer *c, struct sc_view kek, struct sc_view world,
			 struct sc_hash *copy, struct sc_error *err)
{
	const struct sc_acl_replace_request request = { .key = c->simple,
							.kek_package = kek,
							.world_package = world };

	return replace_request(c, &request, copy, err);
}

static void attack_regions_do_not_mix(const struct customer *c)
{
	struct sc_error err = { 0 };

	attack_expect("replace-kek-of-eu-world-of-na", SC_ERR_EVIDENCE_REGION,
		      replace(c, sc_bytes_view(&c->kek), sc_bytes_view(&c->world_na), NULL, &err), &err);
	attack_expect("replace-kek-of-na-world-of-eu", SC_ERR_EVIDENCE_REGION,
		      replace(c, sc_bytes_view(&c->kek_na), sc_bytes_view(&c->world), NULL, &err), &err);
	attack_expect("replace-packages-exchanged", SC_ERR_FORMAT,
		      replace(c, sc_bytes_view(&c->world), sc_bytes_view(&c->kek), NULL, &err), &err);
	attack_expect("replace-no-packages", SC_ERR_ENCODING,
		      replace(c, (struct sc_view){ 0 }, (struct sc_view){ 0 }, NULL, &err), &err);
	attack_expect("replace-eu-again", SC_OK,
		      replace(c, sc_bytes_view(&c->kek), sc_bytes_view(&c->world), NULL, &err), &err);
}

static void attack_arguments(const struct customer *c)
{
	struct sc_acl_replace_request request = { .key = c->copy,
						  .kek_package = sc_bytes_view(&c->kek),
						  .world_package = sc_bytes_view(&c->world) };
	struct sc_error err = { 0 };

	attack_expect("replace-a-reduced-copy", SC_ERR_ACL, replace_request(c, &request, NULL, &err), &err);
	request.key = c->simple;
	request.subscription = sc_view_text("no GUID");
	attack_expect("replace-for-no-subscription", SC_ERR_ARGUMENT,
		      replace_request(c, &request, NULL, &err), &err);
	request.subscription = sc_view_text(ATTACK_SUBSCRIPTION);
	request.not_after = (uint64_t)sc_clock_now() - 10;
	attack_expect("replace-until-a-past-date", SC_ERR_ARGUMENT, replace_request(c, &request, NULL, &err),
		      &err);
}

/* A key of a real, warranted module, in a world of its own that is not a region, offered as Europe's KEK. */
static void attack_with_a_real_module(const struct customer *c)
{
	SC_CLEANUP(sc_client) ws = attack_connect("ws", "custody");
	const struct sc_key_generate_request generate = { .application = sc_view_text("simple"),
							  .algorithm = SC_ALGORITHM_RSA,
							  .bits = 4096 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	SC_CLEANUP(sc_bytes) statement = { 0 };
	struct sc_key_generate_response generated = { 0 };
	struct sc_key_attest_response attested = { 0 };
	struct sc_error err = { 0 };

	attack_must("a key in ws", sc_call_key_generate(ws, 0, &generate, &reply, &generated, &err), &err);
	attack_write(attack_path("travel/ws.blob"), generated.blob);
	const struct sc_key_attest_request attest = { .key = attack_load(ws, attack_path("travel/ws.blob")) };

	attack_must("its statement", sc_call_key_attest(ws, 0, &attest, &statement, &attested, &err), &err);
	attack_expect("replace-kek-of-a-real-module-in-no-region", SC_ERR_EVIDENCE_MEMBER,
		      replace(c, attested.statement, sc_bytes_view(&c->world), NULL, &err), &err);
}

/* The forge's current KEK package, together with a world package. */
static sc_status replace_for(const struct customer *c, const struct sc_forge *f, struct sc_view world,
			     struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) kek = sc_forge_kek_package(f);

	return replace(c, sc_bytes_view(&kek), world, NULL, err);
}

/* Makes the forge claim Europe's world and region, and enclose Europe's own certificates for them. */
static void claim_europe(struct sc_forge *f, const struct customer *c)
{
	SC_CLEANUP(sc_signed_data) wrapper = NULL;
	SC_CLEANUP(sc_key_statement) stated = NULL;
	struct sc_error err = { 0 };

	attack_must("Europe's package", sc_signed_data_decode(sc_bytes_view(&c->kek), &wrapper, &err), &err);
	attack_must("Europe's KEK", sc_key_statement_decode(sc_bytes_view(&wrapper->content), &stated, &err),
		    &err);
	f->key->world = f->world->world = stated->world;
	f->key->hkm = stated->hkm;
	f->key->region = stated->region;
	for (int i = 0; i < sk_X509_num(wrapper->certificates); i++) {
		X509 *certificate = sk_X509_value(wrapper->certificates, i);
		enum sc_certificate_kind kind;

		attack_must("kind", sc_certificate_kind_of(certificate, &kind, &err), &err);
		if (kind == SC_CERTIFICATE_REGION && X509_up_ref(certificate) == 1)
			sc_forge_put(&f->region_certificate, certificate);
		if (kind == SC_CERTIFICATE_MEMBER && X509_up_ref(certificate) == 1)
			sc_forge_put(&f->member, certificate);
	}
	sc_forge_put(&f->kek_certificate, NULL);
}

/*
 * A module warranted by the right manufacturer claims that one of its own keys is Europe's KEK, under
 * Europe's own region certificate. As proof of membership it shows the certificate of Europe's module, one it
 * made itself, or none.
 */
static void attack_as_a_stranger(const struct customer *c, const struct sc_forge *f)
{
	SC_CLEANUP(sc_forge) stranger = sc_forge_again(f);
	struct sc_view world = sc_bytes_view(&c->world);
	struct sc_error err = { 0 };

	claim_europe(stranger, c);
	attack_expect("replace-kek-by-a-stranger-under-a-members-name", SC_ERR_EVIDENCE_SIGNATURE,
		      replace_for(c, stranger, world, &err), &err);
	sc_forge_member_again(stranger);
	attack_expect("replace-kek-by-a-stranger-of-another-knso", SC_ERR_EVIDENCE_CHAIN,
		      replace_for(c, stranger, world, &err), &err);
	sc_forge_put(&stranger->member, NULL);
	attack_expect("replace-kek-by-no-member", SC_ERR_EVIDENCE_MEMBER,
		      replace_for(c, stranger, world, &err), &err);
}

/*
 * A region of this program's own under the manufacturer's root is accepted. Then the same with one thing
 * wrong each.
 */
static struct sc_hash attack_with_forged_regions(const struct customer *c, const struct sc_forge *f)
{
	SC_CLEANUP(sc_forge) more = sc_forge_again(f);
	SC_CLEANUP(sc_forge) foreign = sc_forge_new(f->now, "EU");
	SC_CLEANUP(sc_bytes) kek = sc_forge_kek_package(f);
	SC_CLEANUP(sc_bytes) world = sc_forge_world_package(f);
	SC_CLEANUP(sc_bytes) world_of_more = sc_forge_world_package(more);
	SC_CLEANUP(sc_bytes) foreign_world = sc_forge_world_package(foreign);
	struct sc_error err = { 0 };
	struct sc_hash copy = { 0 };

	attack_expect("replace-a-region-of-the-same-root", SC_OK,
		      replace(c, sc_bytes_view(&kek), sc_bytes_view(&world), &copy, &err), &err);
	attack_expect("replace-a-region-of-another-root", SC_ERR_EVIDENCE_ROOT,
		      replace_for(c, foreign, sc_bytes_view(&foreign_world), &err), &err);
	sc_forge_state_uses(more, SC_USE_IMPORT_TRANSFER | SC_USE_DECRYPT);
	attack_expect("replace-a-kek-with-one-more-permission", SC_ERR_EVIDENCE_EXPORTABLE,
		      replace_for(c, more, sc_bytes_view(&world_of_more), &err), &err);
	attack_as_a_stranger(c, f);
	return copy;
}

/* -- TRANSFER_PACKAGE, which checks the evidence again ---------------------------------------- */

static struct sc_transfer_package_request order(struct sc_hash key, struct sc_view kek, struct sc_view world)
{
	return (struct sc_transfer_package_request){ .key = key,
						     .kek_package = kek,
						     .world_package = world,
						     .subscription = sc_view_text(ATTACK_SUBSCRIPTION),
						     .friendly_name = sc_view_text("ContosoFirstHSMkey") };
}

static sc_status package(const struct customer *c, const struct sc_transfer_package_request *request,
			 struct sc_transfer_package **out, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_transfer_package_response response = { 0 };

	SC_TRY(sc_call_transfer_package(c->solo, 0, request, &reply, &response, err));
	return out ? sc_transfer_package_decode(response.package, out, err) : SC_OK;
}

/* Every change in the table, to a region for which the copy was made: each is refused for its own reason. */
static void attack_with_every_change(const struct customer *c, const struct sc_forge *f, struct sc_hash copy)
{
	SC_CLEANUP(sc_forge) other = sc_forge_new(f->now, "EU");
	size_t count = 0;
	const struct sc_forge_change *change = sc_forge_changes(&count);
	struct sc_error err = { 0 };
	char name[128];

	for (size_t i = 0; i < count; i++, change++) {
		SC_CLEANUP(sc_forge) changed = sc_forge_again(f);

		change->apply(changed, other);
		SC_CLEANUP(sc_bytes) kek = sc_forge_kek_package(changed);
		SC_CLEANUP(sc_bytes) world = sc_forge_world_package(changed);
		const struct sc_transfer_package_request request =
		    order(copy, sc_bytes_view(&kek), sc_bytes_view(&world));
		/* A region acceptable in itself is still a different region from the copy's. */
		sc_status expected = change->packages == SC_OK &&
					     !sc_text_equals(&changed->region->region, f->region->region.s)
					 ? SC_ERR_ACL
					 : change->packages;

		snprintf(name, sizeof name, "package-for-a-region-with-%s", change->name);
		attack_expect(name, expected, package(c, &request, NULL, &err), &err);
	}
}

static void attack_the_copys_target(const struct customer *c, const struct sc_forge *f,
				    struct sc_hash forged_copy)
{
	SC_CLEANUP(sc_bytes) kek = sc_forge_kek_package(f);
	SC_CLEANUP(sc_bytes) world = sc_forge_world_package(f);
	struct sc_transfer_package_request request =
	    order(c->copy, sc_bytes_view(&c->kek), sc_bytes_view(&c->world));
	struct sc_error err = { 0 };

	attack_expect("package-the-copy-for-europe", SC_OK, package(c, &request, NULL, &err), &err);
	request.key = c->simple;
	attack_expect("package-a-key-that-was-not-reduced", SC_ERR_ACL, package(c, &request, NULL, &err),
		      &err);
	request = order(c->copy, sc_bytes_view(&c->kek_na), sc_bytes_view(&c->world_na));
	attack_expect("package-the-copy-for-europe-to-north-america", SC_ERR_ACL,
		      package(c, &request, NULL, &err), &err);
	request = order(c->copy, sc_bytes_view(&kek), sc_bytes_view(&world));
	attack_expect("package-the-copy-for-europe-to-another-europe", SC_ERR_ACL,
		      package(c, &request, NULL, &err), &err);
	request.key = forged_copy;
	attack_expect("package-that-regions-own-copy", SC_OK, package(c, &request, NULL, &err), &err);
	request = order(forged_copy, sc_bytes_view(&c->kek), sc_bytes_view(&c->world));
	attack_expect("package-that-regions-copy-to-europe", SC_ERR_ACL, package(c, &request, NULL, &err),
		      &err);
}

/* A copy for one subscription, until a date. */
static void attack_the_copys_limits(const struct customer *c)
{
	uint64_t until = (uint64_t)(sc_clock_now() + 10 * SC_DAY);
	const struct sc_acl_replace_request bound = { .key = c->simple,
						      .kek_package = sc_bytes_view(&c->kek),
						      .world_package = sc_bytes_view(&c->world),
						      .subscription = sc_view_text(ATTACK_SUBSCRIPTION),
						      .not_after = until };
	struct sc_transfer_package_request request =
	    order((struct sc_hash){ 0 }, sc_bytes_view(&c->kek), sc_bytes_view(&c->world));
	SC_CLEANUP(sc_transfer_package) made = NULL;
	struct sc_error err = { 0 };

	attack_must("a bound copy", replace_request(c, &bound, &request.key, &err), &err);
	attack_expect("package-a-bound-copy", SC_OK, package(c, &request, &made, &err), &err);
	attack_result("package-a-bound-copy-ends-with-it", made && made->header->not_after == (int64_t)until
							       ? NULL
							       : "its date is not the copy's");
	request.subscription = sc_view_text(ATTACK_OTHER);
	attack_expect("package-for-another-subscription-than-the-copys", SC_ERR_ACL,
		      package(c, &request, NULL, &err), &err);
	request.subscription = sc_view_text(ATTACK_SUBSCRIPTION);
	request.not_after = until + 1;
	attack_expect("package-until-later-than-the-copy", SC_ERR_ACL, package(c, &request, NULL, &err),
		      &err);
	request.not_after = until;
	attack_expect("package-until-the-copys-date", SC_OK, package(c, &request, NULL, &err), &err);
	request.not_after = 1;
	attack_expect("package-until-a-past-date", SC_ERR_ARGUMENT, package(c, &request, NULL, &err), &err);
}

static void attack_the_fields(const struct customer *c)
{
	static const char *const names[] = {
		"", "../key", "a b", "key\n",
		"a-name-of-65-letters-a-name-of-65-letters-a-name-of-65-letters-65"
	};
	struct sc_transfer_package_request request =
	    order(c->copy, sc_bytes_view(&c->kek), sc_bytes_view(&c->world));
	struct sc_error err = { 0 };
	char name[64];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		request.friendly_name = sc_view_text(names[i]);
		snprintf(name, sizeof name, "package-under-a-bad-name-%zu", i);
		attack_expect(name, SC_ERR_ARGUMENT, package(c, &request, NULL, &err), &err);
	}
	request.friendly_name =
	    sc_view_text("a-name-of-64-letters-a-name-of-64-letters-a-name-of-64-letters-6");
	attack_expect("package-under-the-longest-name", SC_OK, package(c, &request, NULL, &err), &err);
	request.subscription = sc_view_text("");
	attack_expect("package-for-no-subscription", SC_ERR_ARGUMENT, package(c, &request, NULL, &err), &err);
	request.subscription = sc_view_text("6F1F1B46-1B62-4E3A-9D23-0D5B0C1B7A11");
	attack_expect("package-for-a-subscription-in-capitals", SC_ERR_ARGUMENT,
		      package(c, &request, NULL, &err), &err);
}

static struct customer meet(void)
{
	struct customer c = { .solo = attack_connect("solo", "custody"),
			      .kek = published("KEK", "EU"),
			      .world = published("SecurityWorld", "EU"),
			      .kek_na = published("KEK", "NA"),
			      .world_na = published("SecurityWorld", "NA") };

	c.simple = attack_load(c.solo, attack_path("travel/simple.blob"));
	c.copy = attack_load(c.solo, attack_path("travel/copy.blob"));
	return c;
}

static void part(struct customer *c)
{
	sc_client_free(c->solo);
	sc_bytes_free(&c->kek);
	sc_bytes_free(&c->world);
	sc_bytes_free(&c->kek_na);
	sc_bytes_free(&c->world_na);
}

int main(int argc, char **argv)
{
	attack_begin(argc, argv);

	struct customer c = meet();
	SC_CLEANUP(sc_pkey) root_key = NULL;
	SC_CLEANUP(sc_x509) root = NULL;

	attack_root(&root_key, &root);
	SC_CLEANUP(sc_forge) f = sc_forge_new_under(sc_clock_now(), "EU", root_key, root);
	struct sc_hash forged_copy = attack_with_forged_regions(&c, f);

	attack_regions_do_not_mix(&c);
	attack_with_a_real_module(&c);
	attack_arguments(&c);
	attack_the_copys_target(&c, f, forged_copy);
	attack_the_copys_limits(&c);
	attack_the_fields(&c);
	attack_with_every_change(&c, f, forged_copy);
	attack_result("solo-lives-on", attack_is_alive(c.solo) ? NULL : "it does not answer");
	part(&c);
	return attack_end();
}
