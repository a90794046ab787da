/*
 * A key transfer as it should go, with the protocol alone: a key made in the module `solo`, its copy for
 * Europe, the package, and its import into Europe's module. The attacks start from what this leaves in
 * SITE/travel, and each of its steps is the correct counterpart of an attack.
 */
#include <sys/stat.h>

#include "attack.h"
#include "formats/key_type.h"

static void generate(struct sc_client *solo)
{
	const struct sc_key_generate_request request = { .application = sc_view_text("simple"),
							 .algorithm = SC_ALGORITHM_RSA,
							 .bits = 2048 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_key_generate_response response = { 0 };
	struct sc_error err = { 0 };

	attack_must("KEY_GENERATE", sc_call_key_generate(solo, 0, &request, &reply, &response, &err), &err);
	attack_write(attack_path("travel/simple.blob"), response.blob);
	attack_write(attack_path("travel/spki.der"), response.spki);
}

static void replace(struct sc_client *solo, struct sc_view kek, struct sc_view world)
{
	const struct sc_acl_replace_request request = { .key = attack_load(solo,
									   attack_path("travel/simple.blob")),
							.kek_package = kek,
							.world_package = world };
	SC_CLEANUP(sc_bytes) body = attack_acl_replace_body(&request);
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_acl_replace_response response = { 0 };
	struct sc_error err = { 0 };

	attack_expect("travel-acl-replace", SC_OK,
		      attack_call_with_quorum(solo, "solo", 1, SC_COMMAND_ACL_REPLACE, sc_bytes_view(&body),
					      &reply, &err),
		      &err);
	attack_must("ACL_REPLACE's answer", sc_acl_replace_response_read(sc_bytes_view(&reply), &response),
		    NULL);
	attack_write(attack_path("travel/copy.blob"), response.blob);
}

static void package(struct sc_client *solo, struct sc_view kek, struct sc_view world)
{
	const struct sc_transfer_package_request request = {
		.key = attack_load(solo, attack_path("travel/copy.blob")),
		.kek_package = kek,
		.world_package = world,
		.subscription = sc_view_text(ATTACK_SUBSCRIPTION),
		.friendly_name = sc_view_text("ContosoFirstHSMkey"),
	};
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_transfer_package_response response = { 0 };
	struct sc_error err = { 0 };

	attack_expect("travel-package", SC_OK,
		      sc_call_transfer_package(solo, 0, &request, &reply, &response, &err), &err);
	attack_write(attack_path("travel/package.byok"), response.package);
}

static void import(struct sc_client *eu)
{
	const struct sc_owner owner = attack_owner("vaultd");
	SC_CLEANUP(sc_bytes) place = attack_owner_der(&owner);
	SC_CLEANUP(sc_bytes) byok = attack_read(attack_path("travel/package.byok"));
	const struct sc_transfer_import_request request = {
		attack_load(eu, attack_path("published/regions/EU/kek.blob")), sc_bytes_view(&place),
		sc_bytes_view(&byok)
	};
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_transfer_import_response response = { 0 };
	struct sc_error err = { 0 };

	attack_expect("travel-import", SC_OK,
		      sc_call_transfer_import(eu, 0, &request, &reply, &response, &err), &err);
	attack_write(attack_path("travel/imported.blob"), response.blob);
	attack_write(attack_path("travel/receipt"), response.receipt);
}

int main(int argc, char **argv)
{
	attack_begin(argc, argv);
	mkdir(attack_path("travel"), 0700);

	SC_CLEANUP(sc_client) solo = attack_connect("solo", "custody");
	SC_CLEANUP(sc_client) eu = attack_connect("eu", "service");
	SC_CLEANUP(sc_bytes) kek = attack_read(attack_path("published/BYOK-KEK-pkg-EU-1"));
	SC_CLEANUP(sc_bytes) world = attack_read(attack_path("published/BYOK-SecurityWorld-pkg-EU-1"));

	generate(solo);
	replace(solo, sc_bytes_view(&kek), sc_bytes_view(&world));
	package(solo, sc_bytes_view(&kek), sc_bytes_view(&world));
	import(eu);
	return attack_end();
}
