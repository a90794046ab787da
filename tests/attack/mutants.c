/*
 * Makes pairs of packages in SITE/mutants for the two verifiers to judge (verifiers.sh): of regions that
 * appear certified by the site's manufacturer, changed as in changes.h; and Europe's own packages with a bit
 * flipped or the end cut. Prints one line per pair, its name and "good" or "bad".
 */
#include <stdio.h>
#include <sys/stat.h>

#include "attack.h"
#include "base/clock.h"
#include "changes.h"

#define EVERY 4 /* use every fourth change; tests/unit/test_two_verifiers.c uses them all */
#define FLIPS 6

static void put(const char *name, struct sc_view kek, struct sc_view world, bool is_good)
{
	attack_write(attack_path("mutants/%s.kek", name), kek);
	attack_write(attack_path("mutants/%s.world", name), world);
	printf("%s %s\n", name, is_good ? "good" : "bad");
}

static void put_changed(const struct sc_forge *f, const struct sc_forge *other,
			const struct sc_forge_change *change)
{
	SC_CLEANUP(sc_forge) changed = sc_forge_again(f);

	change->apply(changed, other);
	SC_CLEANUP(sc_bytes) kek = sc_forge_kek_package(changed);
	SC_CLEANUP(sc_bytes) world = sc_forge_world_package(changed);

	put(change->name, sc_bytes_view(&kek), sc_bytes_view(&world), change->packages == SC_OK);
}

static void put_flipped(struct sc_bytes *kek, struct sc_bytes *world)
{
	char name[32];

	for (size_t i = 0; i < FLIPS; i++) {
		struct sc_bytes *one = i % 2 ? world : kek;
		size_t at = (i + 1) * one->len / (FLIPS + 1);

		one->data[at] ^= (uint8_t)(1u << i);
		snprintf(name, sizeof name, "flipped-%zu", i);
		put(name, sc_bytes_view(kek), sc_bytes_view(world), false);
		one->data[at] ^= (uint8_t)(1u << i);
	}
	kek->len--;
	put("cut", sc_bytes_view(kek), sc_bytes_view(world), false);
	kek->len++;
}

int main(int argc, char **argv)
{
	SC_CLEANUP(sc_pkey) root_key = NULL;
	SC_CLEANUP(sc_x509) root = NULL;
	size_t count = 0;
	const struct sc_forge_change *changes = sc_forge_changes(&count);

	attack_begin(argc, argv);
	attack_root(&root_key, &root);
	mkdir(attack_path("mutants"), 0700);
	SC_CLEANUP(sc_forge) f = sc_forge_new_under(sc_clock_now(), "EU", root_key, root);
	SC_CLEANUP(sc_forge) other = sc_forge_new(f->now, "EU");
	SC_CLEANUP(sc_bytes) kek = attack_read(attack_path("published/BYOK-KEK-pkg-EU-1"));
	SC_CLEANUP(sc_bytes) world = attack_read(attack_path("published/BYOK-SecurityWorld-pkg-EU-1"));

	for (size_t i = 0; i < count; i += EVERY)
		put_changed(f, other, &changes[i]);
	put_flipped(&kek, &world);
	return attack_end();
}
