/*
 * The world file and the region certificate, given to REGION_INIT of `victim`, each time under a quorum for
 * exactly that request (invariants 4 and 8). tests/unit/test_world_file.c shows on the parser that every byte
 * counts. Here a sample is enough, because each try stretches a PIN.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "attack.h"
#include "base/clock.h"
#include "forge.h"
#include "formats/world_file.h"

#define FLIPS 24

/* The module's own world file, and certificates for its KNSO from an attacker who holds the root. */
struct region {
	struct sc_client *client;
	struct sc_bytes file;
	struct sc_forge *forge; /* with its KNSO's public key, its world, the real root */
};

/* Waits until the card's delay is over, in case a kill left it waiting. */
static void wait_for_card(struct sc_client *client)
{
	SC_CLEANUP(sc_bytes) card = attack_card("victim", 1);
	struct sc_error err = { 0 };
	sc_status status;

	do {
		uint64_t authority =
		    attack_quorum_open(client, SC_COMMAND_REGION_INIT, (struct sc_view){ 0 });
		const struct timespec time = { (time_t)err.numbers[1], 0 };

		nanosleep(&time, NULL);
		err = (struct sc_error){ 0 };
		status = attack_quorum_card(client, authority, sc_bytes_view(&card), attack_pin(1), &err);
		attack_must("a new connection", sc_client_reconnect(client, NULL), NULL);
	} while (status == SC_ERR_CARD_WAIT);
	attack_must("a card of victim", status, &err);
}

static struct region open_region(void)
{
	struct region r = { .client = attack_connect("victim", "custody"),
			    .file = attack_read(attack_path("victim/world")) };
	SC_CLEANUP(sc_world_file) file = NULL;
	SC_CLEANUP(sc_pkey) root_key = NULL;
	SC_CLEANUP(sc_pkey) knso = NULL;
	SC_CLEANUP(sc_x509) root = NULL;
	struct sc_error err = { 0 };

	attack_root(&root_key, &root);
	attack_must("world file", sc_world_file_decode(sc_bytes_view(&r.file), &file, &err), &err);
	attack_must("KNSO", sc_spki_read(sc_bytes_view(&file->body->knso), &knso, &err), &err);
	r.forge = sc_forge_new_under(sc_clock_now(), "LAB", root_key, root);
	r.forge->world->world = file->body->id;
	EVP_PKEY_free(r.forge->knso);
	r.forge->knso = sc_steal(knso);
	sc_forge_region_again(r.forge);
	return r;
}

static sc_status init(const struct region *r, struct sc_view file, X509 *certificate, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	struct sc_region_init_request request = { .world_file = file };

	attack_must("certificate", sc_x509_encode(certificate, &der, err), err);
	request.certificate = sc_bytes_view(&der);
	SC_CLEANUP(sc_bytes) body = attack_region_init_body(&request);

	return attack_call_with_quorum(r->client, "victim", 1, SC_COMMAND_REGION_INIT, sc_bytes_view(&body),
				       NULL, err);
}

static void attack_the_file(struct region *r)
{
	SC_CLEANUP(sc_bytes) other = attack_read(attack_path("solo/kmdata/local/world"));
	X509 *certificate = r->forge->region_certificate;
	struct sc_error err = { 0 };
	size_t bad = 0;

	for (size_t i = 0; i < FLIPS; i++) {
		size_t at = i * r->file.len / FLIPS + i % 7;
		sc_status status;

		r->file.data[at] ^= (uint8_t)(1u << i % 8);
		status = init(r, sc_bytes_view(&r->file), certificate, &err);
		r->file.data[at] ^= (uint8_t)(1u << i % 8);
		bad += status != SC_ERR_ENCODING && status != SC_ERR_FORMAT && status != SC_ERR_INTEGRITY;
	}
	attack_result("region-world-file-flipped",
		      bad ? "some were not refused as altered or malformed" : NULL);
	err = (struct sc_error){ 0 };
	attack_expect("region-no-world-file", SC_ERR_ENCODING,
		      init(r, (struct sc_view){ 0 }, certificate, &err), &err);
	attack_expect("region-world-file-cut", SC_ERR_ENCODING,
		      init(r, sc_view_of(r->file.data, r->file.len - 1), certificate, &err), &err);
	attack_expect("region-world-file-of-another-world", SC_ERR_CARD_FOREIGN,
		      init(r, sc_bytes_view(&other), certificate, &err), &err);
}

/* A certificate for the module's own KNSO and that region, issued `age` seconds ago. The caller frees it. */
static X509 *certificate_for(const struct region *r, const char *code, int64_t age)
{
	struct sc_forge *f = r->forge;
	struct sc_text before = f->region->region;
	X509 *kept = sc_steal(f->region_certificate);
	X509 *made;
	struct sc_error err = { 0 };

	attack_must("region", sc_text_set(&f->region->region, code, "region", &err), &err);
	f->now -= age;
	sc_forge_region_again(f);
	made = f->region_certificate;
	f->now += age;
	f->region->region = before;
	f->region_certificate = kept;
	return made;
}

static void attack_the_certificate(struct region *r)
{
	struct sc_view file = sc_bytes_view(&r->file);
	SC_CLEANUP(sc_forge)
	other = sc_forge_new_under(r->forge->now, "LAB", r->forge->root_key, r->forge->root);
	SC_CLEANUP(sc_forge) foreign = sc_forge_new(r->forge->now, "LAB");
	SC_CLEANUP(sc_x509) expired = certificate_for(r, "LAB", 4 * SC_YEAR);
	SC_CLEANUP(sc_x509) elsewhere = certificate_for(r, "MOON", 0);
	SC_CLEANUP(sc_x509) renewed = certificate_for(r, "LAB", SC_DAY);
	struct sc_error err = { 0 };

	attack_expect("region-certificate-for-another-world", SC_ERR_EVIDENCE_WORLD,
		      init(r, file, other->region_certificate, &err), &err);
	attack_expect("region-certificate-of-another-root", SC_ERR_EVIDENCE_CHAIN,
		      init(r, file, foreign->region_certificate, &err), &err);
	attack_expect("region-certificate-that-is-a-warrant", SC_ERR_EVIDENCE_USAGE,
		      init(r, file, other->warrant, &err), &err);
	attack_expect("region-certificate-expired", SC_ERR_EVIDENCE_TIME, init(r, file, expired, &err), &err);
	attack_expect("region-certificate-for-another-region", SC_ERR_EVIDENCE_REGION,
		      init(r, file, elsewhere, &err), &err);
	attack_expect("region-certificate-renewed", SC_OK, init(r, file, renewed, &err), &err);
}

int main(int argc, char **argv)
{
	struct sc_error err = { 0 };
	struct region r;

	attack_begin(argc, argv);
	r = open_region();
	wait_for_card(r.client);
	attack_expect("region-init", SC_OK,
		      init(&r, sc_bytes_view(&r.file), r.forge->region_certificate, &err), &err);
	attack_the_file(&r);
	attack_the_certificate(&r);
	attack_result("victim-lives-on", attack_is_alive(r.client) ? NULL : "it does not answer");
	sc_client_free(r.client);
	sc_bytes_free(&r.file);
	sc_forge_free(r.forge);
	return attack_end();
}
