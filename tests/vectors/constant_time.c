/*
 * What must take the same time whatever the secret (rule C2), one function per run:
 *
 *	valgrind --error-exitcode=N constant_time NAME
 *
 * Each secret is marked as undefined memory. memcheck follows it through every computation, and reports each
 * branch and each address that depends on it; constant-time.sh takes the status. Results become public, and
 * are marked as defined, before they are looked at. The planted functions do what must be found.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <valgrind/memcheck.h>

#include "base/os.h"
#include "hsmd/core/shamir.h"

#define SIZE 48 /* bytes of a secret: neither of the lengths that CRYPTO_memcmp treats specially */
#define K    3
#define N    5

static void make_secret(const void *data, size_t len)
{
	(void)VALGRIND_MAKE_MEM_UNDEFINED(data, len);
}

static void make_public(const void *data, size_t len)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(data, len);
}

/* A secret of SIZE bytes that the caller frees: base, base + 1, … */
static struct sc_secret secret_of(uint8_t base)
{
	struct sc_secret secret = { 0 };
	sc_status status = sc_secret_new(SIZE, &secret, NULL);

	assert(status == SC_OK);
	(void)status;
	for (size_t i = 0; i < SIZE; i++)
		secret.data[i] = (uint8_t)(base + i);
	make_secret(secret.data, SIZE);
	return secret;
}

/* -- the promises ------------------------------------------------------------------------------ */

static bool memory_equals(void)
{
	SC_CLEANUP(sc_secret) a = secret_of(1);
	SC_CLEANUP(sc_secret) same = secret_of(1);
	SC_CLEANUP(sc_secret) other = secret_of(2);
	bool found[] = { sc_memory_equals(a.data, same.data, SIZE),
			 !sc_memory_equals(a.data, other.data, SIZE),
			 sc_memory_equals(a.data, same.data, 16) };

	make_public(found, sizeof found);
	return found[0] && found[1] && found[2];
}

static bool secret_equals(void)
{
	SC_CLEANUP(sc_secret) a = secret_of(1);
	SC_CLEANUP(sc_secret) same = secret_of(1);
	SC_CLEANUP(sc_secret) other = secret_of(2);
	bool found[] = { sc_secret_equals(&a, &same), !sc_secret_equals(&a, &other) };

	make_public(found, sizeof found);
	return found[0] && found[1];
}

/* The coefficients are as secret as what they hide. */
static int random_secret(uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(7 * i);
	make_secret(out, len);
	return 0;
}

static bool split(struct sc_shamir_share shares[N])
{
	SC_CLEANUP(sc_secret) secret = secret_of(1);
	struct sc_os os = sc_os_system;
	sc_status status;

	os.random_secret = random_secret;
	sc_os = &os;
	status = sc_shamir_split(&secret, K, N, shares, NULL);
	sc_os = &sc_os_system;
	return status == SC_OK;
}

/* Of shares 2, 3 and 5, still secret. */
static bool combine(const struct sc_shamir_share shares[N])
{
	const struct sc_shamir_share chosen[K] = { shares[1], shares[2], shares[4] };
	SC_CLEANUP(sc_secret) expected = secret_of(1);
	SC_CLEANUP(sc_secret) combined = { 0 };

	if (sc_shamir_combine(chosen, K, &combined, NULL) != SC_OK || combined.len != SIZE)
		return false;
	make_public(combined.data, SIZE);
	make_public(expected.data, SIZE);
	return !memcmp(combined.data, expected.data, SIZE);
}

static bool split_and_combine(void)
{
	struct sc_shamir_share shares[N] = { 0 };
	bool is_good = split(shares) && combine(shares);

	for (size_t i = 0; i < N; i++)
		sc_secret_free(&shares[i].value);
	return is_good;
}

/* -- what must be found ------------------------------------------------------------------------ */

static volatile uint8_t seen;

static bool planted_branch(void)
{
	SC_CLEANUP(sc_secret) secret = secret_of(1);

	if (secret.data[0] & 1)
		seen = 1;
	return true;
}

static bool planted_index(void)
{
	static volatile const uint8_t table[256] = { 1, 2, 3 };
	SC_CLEANUP(sc_secret) secret = secret_of(1);

	seen = table[secret.data[0]];
	return true;
}

static bool planted_memcmp(void)
{
	SC_CLEANUP(sc_secret) a = secret_of(1);
	SC_CLEANUP(sc_secret) b = secret_of(2);

	seen = memcmp(a.data, b.data, SIZE) == 0;
	return true;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		bool (*run)(void);
	} all[] = {
		{ "memory-equals", memory_equals }, { "secret-equals", secret_equals },
		{ "shamir", split_and_combine },    { "planted-branch", planted_branch },
		{ "planted-index", planted_index }, { "planted-memcmp", planted_memcmp },
	};

	if (!RUNNING_ON_VALGRIND) {
		fprintf(stderr, "constant_time: run it under valgrind, or nothing is checked\n");
		return 2;
	}
	for (size_t i = 0; argc == 2 && i < sizeof all / sizeof all[0]; i++)
		if (!strcmp(argv[1], all[i].name))
			return all[i].run() ? 0 : 1;
	fprintf(stderr, "Usage: constant_time NAME\n");
	return 2;
}
