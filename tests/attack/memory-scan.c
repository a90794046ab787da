/*
 * Searches the memory of a running process for keys (invariant 1).
 *
 *   memory-scan PID FILE…
 *   memory-scan --self-test
 *
 * Each FILE holds needles in hexadecimal, one per line: for a prime, its big-endian bytes, as openssl prints
 * it. Each needle is searched for as it is, reversed, and as libcrypto's big numbers store it in memory; and
 * in pieces, so that one partly overwritten is found, too. Exits with 0 if none was found, 1 if any was, 2 if
 * the search failed.
 *
 * With --self-test it must find the keys that it plants in child processes, and find none where it planted
 * none.
 *
 * It needs the right to trace the process. If the kernel has memfd_secret, hsmd's arena is in such memory,
 * which nobody can read. Mappings that cannot be read are listed, and prove nothing.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "base/bytes.h"
#include "base/file.h"

#define PIECE      16         /* bytes: too many to match by chance */
#define CHUNK      (1u << 20) /* bytes read at once */
#define NEEDLES    64
#define NEEDLE_MAX 512 /* bytes */
#define FILE_MAX   (1u << 20)
/* Bytes: a mapping this large is a sanitizer's and holds no data of the program. */
#define SHADOW (UINT64_C(64) << 30)
#define FORMS  3

enum { NONE = 0, FOUND = 1, FAILED = 2 };

static const char *const forms[FORMS] = { "as it is", "reversed", "as a big number's limbs" };

struct needle {
	char name[256]; /* "FILE line 3" */
	size_t len;
	uint8_t form[FORMS][NEEDLE_MAX];
};

struct search {
	pid_t pid;
	struct needle needles[NEEDLES];
	size_t count;
	size_t found;
	uint64_t searched;
	int pagemap;
	bool is_quiet;
};

/* -- needles ----------------------------------------------------------------------------------- */

/* False for bytes that would match everywhere, such as zeroes. */
static bool is_distinct(const uint8_t *piece)
{
	size_t different = 0;

	for (size_t i = 0; i < PIECE; i++)
		different += memchr(piece, piece[i], i) == NULL;
	return different >= PIECE / 2;
}

static void make_limbs(const uint8_t *big_endian, size_t len, uint8_t *out)
{
	const size_t limb = sizeof(BN_ULONG);

	for (size_t i = 0; i < len; i += limb) {
		BN_ULONG value = 0;

		for (size_t j = 0; j < limb && i + j < len; j++)
			value |= (BN_ULONG)big_endian[len - 1 - i - j] << 8 * j;
		memcpy(out + i, &value, len - i < limb ? len - i : limb);
	}
}

static bool add_needle(struct search *search, const char *name, const uint8_t *bytes, size_t len)
{
	struct needle *needle = &search->needles[search->count];

	if (search->count == NEEDLES || len < PIECE || len > NEEDLE_MAX || !is_distinct(bytes))
		return false;
	snprintf(needle->name, sizeof needle->name, "%s", name);
	needle->len = len;
	memcpy(needle->form[0], bytes, len);
	for (size_t i = 0; i < len; i++)
		needle->form[1][i] = bytes[len - 1 - i];
	make_limbs(bytes, len, needle->form[2]);
	search->count++;
	return true;
}

static bool add_line(struct search *search, const char *name, const char *line)
{
	uint8_t bytes[NEEDLE_MAX];
	size_t len = strlen(line) / 2;

	/* openssl prints a zero byte before a number whose highest bit is set. */
	if (strncmp(line, "00", 2) == 0) {
		line += 2;
		len--;
	}
	return len <= sizeof bytes && strlen(line) == 2 * len && sc_hex_read(line, bytes, len) &&
	       add_needle(search, name, bytes, len);
}

static bool read_needles(struct search *search, const char *path)
{
	SC_CLEANUP(sc_bytes) content = { 0 };
	struct sc_error err = { 0 };
	SC_CLEANUP(sc_bytes) text = { 0 };
	unsigned number = 0;
	char *rest;
	char *line;

	if (sc_file_read_path(path, FILE_MAX, &content, &err) != SC_OK ||
	    sc_bytes_new(content.len + 1, &text, &err) != SC_OK) {
		fprintf(stderr, "memory-scan: %s\n", err.message);
		return false;
	}
	memcpy(text.data, content.data, content.len);
	rest = (char *)text.data;
	while ((line = strsep(&rest, "\n"))) {
		char name[256];

		number++;
		if (!*line)
			continue;
		snprintf(name, sizeof name, "%s, line %u", path, number);
		if (!add_line(search, name, line)) {
			fprintf(stderr, "memory-scan: %s: not a needle of %d to %d bytes in hexadecimal\n",
				name, PIECE, NEEDLE_MAX);
			return false;
		}
	}
	return true;
}

/* -- the search -------------------------------------------------------------------------------- */

static void search_piece(struct search *search, const struct needle *needle, size_t form, size_t at,
			 struct sc_view memory, uint64_t address)
{
	const uint8_t *hit = memmem(memory.data, memory.len, needle->form[form] + at, PIECE);

	if (!hit)
		return;
	search->found++;
	if (!search->is_quiet)
		printf("found: %s, bytes %zu to %zu, %s, at %#" PRIx64 "\n", needle->name, at, at + PIECE,
		       forms[form], address + (uint64_t)(hit - memory.data));
}

static void search_chunk(struct search *search, struct sc_view memory, uint64_t address)
{
	for (size_t i = 0; i < search->count; i++)
		for (size_t form = 0; form < FORMS; form++)
			for (size_t at = 0; at + PIECE <= search->needles[i].len; at += PIECE)
				search_piece(search, &search->needles[i], form, at, memory, address);
	search->searched += memory.len;
}

/*
 * True if any page of it is in memory or swapped out, or if that is unknown. A page never touched holds no
 * key.
 */
static bool is_present(const struct search *search, uint64_t at, size_t len)
{
	static uint64_t entries[CHUNK / 4096 + 2];
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t first = at / page;
	size_t count = (size_t)((at + len - 1) / page - first + 1);
	ssize_t got =
	    pread(search->pagemap, entries, count * sizeof entries[0], (off_t)(first * sizeof entries[0]));

	if (got != (ssize_t)(count * sizeof entries[0]))
		return true;
	for (size_t i = 0; i < count; i++)
		if (entries[i] >> 62)
			return true;
	return false;
}

/* Chunks overlap, so that nothing is missed between them. False if the mapping cannot be read. */
static bool search_mapping(struct search *search, int memory, uint64_t from, uint64_t until)
{
	static uint8_t chunk[CHUNK];
	ssize_t got;

	for (uint64_t at = from; at < until; at += (uint64_t)got - (PIECE - 1)) {
		size_t wanted = until - at < sizeof chunk ? (size_t)(until - at) : sizeof chunk;

		got = (ssize_t)wanted;
		if (is_present(search, at, wanted)) {
			got = pread(memory, chunk, wanted, (off_t)at);
			if (got < PIECE)
				return at > from && until - at < PIECE;
			search_chunk(search, sc_view_of(chunk, (size_t)got), at);
		}
		/* Only the overlap is left. */
		if (at + (uint64_t)got >= until)
			return true;
	}
	return true;
}

/* Searches the mapping on one line of /proc/PID/maps. */
static void search_line(struct search *search, int memory, const char *line)
{
	uint64_t from;
	uint64_t until;
	int name = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %*s %n", &from, &until, &name) < 2)
		return;
	/* the kernel's own pages for the clock */
	if (strstr(line, "[vvar") || strstr(line, "[vsyscall]"))
		return;
	if (until - from >= SHADOW || !search_mapping(search, memory, from, until)) {
		if (!search->is_quiet)
			printf("not readable: %#" PRIx64 ", %" PRIu64 " KiB%s%s", from, (until - from) >> 10,
			       strstr(line, "/secretmem") ? ", as expected: " : " ",
			       name && line[name] ? line + name : "\n");
	}
}

static int search_process(struct search *search)
{
	char path[64];
	char line[4096];
	int memory;
	FILE *maps;

	snprintf(path, sizeof path, "/proc/%d/mem", (int)search->pid);
	memory = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof path, "/proc/%d/pagemap", (int)search->pid);
	search->pagemap = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof path, "/proc/%d/maps", (int)search->pid);
	maps = fopen(path, "re");
	if (memory >= 0 && maps)
		while (fgets(line, sizeof line, maps))
			search_line(search, memory, line);
	else
		fprintf(stderr, "memory-scan: cannot read process %d: %s\n", (int)search->pid,
			strerror(errno));
	if (maps)
		fclose(maps);
	if (search->pagemap >= 0)
		close(search->pagemap);
	if (memory >= 0)
		close(memory);
	if (!search->searched)
		return FAILED;
	return search->found ? FOUND : NONE;
}

/* -- the self-test ----------------------------------------------------------------------------- */

#define SAMPLE 128 /* bytes: a prime of RSA-2048 */

/* What a child keeps in its memory, and what it reports to the parent. `told` is wiped before it waits. */
struct planted {
	uint8_t *kept;
	uint8_t told[SAMPLE];
};

static void must(bool ok)
{
	if (!ok)
		_exit(3);
}

static void random_sample(uint8_t *bytes)
{
	must(RAND_bytes(bytes, SAMPLE) == 1);
}

/* Reports a needle that it does not keep. */
static void plant_nothing(struct planted *planted)
{
	random_sample(planted->told);
}

static uint8_t *zeroes(size_t len)
{
	uint8_t *memory = calloc(1, len);

	must(memory);
	return memory;
}

static void plant_as_it_is(struct planted *planted)
{
	planted->kept = zeroes(SAMPLE);
	random_sample(planted->kept);
	memcpy(planted->told, planted->kept, SAMPLE);
}

static void plant_reversed(struct planted *planted)
{
	planted->kept = zeroes(SAMPLE);
	random_sample(planted->kept);
	for (size_t i = 0; i < SAMPLE; i++)
		planted->told[i] = planted->kept[SAMPLE - 1 - i];
}

static void plant_a_big_number(struct planted *planted)
{
	BIGNUM *number = BN_new();

	must(number && BN_rand(number, 8 * SAMPLE, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD) == 1 &&
	     BN_bn2binpad(number, planted->told, SAMPLE) == SAMPLE);
}

/* Keeps only the third piece of what it reports. */
static void plant_a_piece(struct planted *planted)
{
	planted->kept = zeroes(PIECE);
	random_sample(planted->told);
	memcpy(planted->kept, planted->told + 2 * PIECE, PIECE);
}

/* Keeps one piece across the first two chunks of a mapping that has no neighbours. */
static void plant_across_chunks(struct planted *planted)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *guarded = mmap(NULL, 2 * CHUNK + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(guarded != MAP_FAILED && mprotect(guarded + page, 2 * CHUNK, PROT_READ | PROT_WRITE) == 0);
	planted->kept = guarded + page;
	random_sample(planted->told);
	memcpy(planted->kept + CHUNK - PIECE / 2, planted->told, PIECE);
}

/* Keeps only what libcrypto has in memory of a key that it generated. */
static void plant_a_key(struct planted *planted)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	BIGNUM *prime = NULL;

	must(key && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_FACTOR1, &prime) == 1 &&
	     BN_bn2binpad(prime, planted->told, SAMPLE) == SAMPLE);
	BN_clear_free(prime);
}

static void child(void (*plant)(struct planted *planted), int out)
{
	static struct planted planted;

	plant(&planted);
	must(write(out, planted.told, SAMPLE) == SAMPLE);
	OPENSSL_cleanse(planted.told, SAMPLE);
	must(write(out, "", 1) == 1);
	pause();
	_exit(0);
}

/* Forks before the needle exists, so that the child can have it only from `plant`. */
static void self_test(const char *name, void (*plant)(struct planted *planted), int expected, bool *ok)
{
	static struct search search;
	uint8_t needle[SAMPLE + 1];
	int pipes[2];
	size_t len = 0;
	int status;

	search = (struct search){ .is_quiet = true };
	must(pipe(pipes) == 0);
	fflush(stdout);
	search.pid = fork();
	must(search.pid >= 0);
	if (search.pid == 0)
		child(plant, pipes[1]);
	close(pipes[1]);
	while (len < sizeof needle) {
		ssize_t got = read(pipes[0], needle + len, sizeof needle - len);

		must(got > 0);
		len += (size_t)got;
	}
	close(pipes[0]);
	must(add_needle(&search, name, needle, SAMPLE));
	status = search_process(&search);
	kill(search.pid, SIGKILL);
	waitpid(search.pid, NULL, 0);
	OPENSSL_cleanse(&search, sizeof search);
	OPENSSL_cleanse(needle, sizeof needle);
	printf(status == expected ? "ok memory-scan-%s\n" : "FAIL memory-scan-%s: it ended with %d\n", name,
	       status);
	*ok = *ok && status == expected;
}

static int self_tests(void)
{
	bool ok = true;

	self_test("finds-nothing-where-nothing-is", plant_nothing, NONE, &ok);
	self_test("finds-bytes", plant_as_it_is, FOUND, &ok);
	self_test("finds-bytes-reversed", plant_reversed, FOUND, &ok);
	self_test("finds-a-big-number", plant_a_big_number, FOUND, &ok);
	self_test("finds-a-piece", plant_a_piece, FOUND, &ok);
	self_test("finds-across-chunks", plant_across_chunks, FOUND, &ok);
	self_test("finds-the-prime-of-a-key", plant_a_key, FOUND, &ok);
	return ok ? NONE : FOUND;
}

int main(int argc, char **argv)
{
	static struct search search;
	char *end = NULL;
	int status;

	if (argc == 2 && strcmp(argv[1], "--self-test") == 0)
		return self_tests();
	if (argc < 3 || !isdigit((unsigned char)argv[1][0]) ||
	    (search.pid = (pid_t)strtol(argv[1], &end, 10)) <= 0 || *end) {
		fprintf(stderr, "usage: memory-scan PID FILE...\n       memory-scan --self-test\n");
		return FAILED;
	}
	for (int i = 2; i < argc; i++)
		if (!read_needles(&search, argv[i]))
			return FAILED;
	if (!search.count) {
		fprintf(stderr, "memory-scan: no needles\n");
		return FAILED;
	}
	status = search_process(&search);
	printf("process %d: %zu needles, %" PRIu64 " MiB searched, %zu pieces found\n", (int)search.pid,
	       search.count, search.searched >> 20, search.found);
	return status;
}
