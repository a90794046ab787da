/* Work for a peer that has left ends at its next step, and leaves nothing behind. */
#include "support/test.h"

#include "core_module.h"
#include "evidence/certificate.h"
#include "hsmd/core/pin.h"

#define CARDS 24

static struct core core;

/* -- the turn to stretch a PIN (ld's --wrap) ------------------------------------------------------ */

sc_status __real_sc_pin_reserve(uint32_t memory, const atomic_bool *is_abandoned, struct sc_pin_memory *out,
				struct sc_error *err);
sc_status __wrap_sc_pin_reserve(uint32_t memory, const atomic_bool *is_abandoned, struct sc_pin_memory *out,
				struct sc_error *err);

static unsigned reserved;
static unsigned leave_at; /* the peer leaves while this one waits for its turn; 0: never */

sc_status __wrap_sc_pin_reserve(uint32_t memory, const atomic_bool *is_abandoned, struct sc_pin_memory *out,
				struct sc_error *err)
{
	if (++reserved == leave_at)
		sc_core_session_abandon(core.custody);
	return __real_sc_pin_reserve(memory, is_abandoned, out, err);
}

/* -- Argon2's memory (ld's --wrap) --------------------------------------------------------------- */

#define ARGON2_MEMORY (8 * 1024) /* bytes, as core_module.c sets it */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static unsigned allocated;

void *__wrap_malloc(size_t size)
{
	allocated += size == ARGON2_MEMORY;
	return __real_malloc(size);
}

/* -- the moment after a key was made (ld's --wrap) ----------------------------------------------- */

sc_status __real_sc_certificate_make(const struct sc_certificate_request *request, X509 **out,
				     struct sc_error *err);
sc_status __wrap_sc_certificate_make(const struct sc_certificate_request *request, X509 **out,
				     struct sc_error *err);

static bool leave_at_kek; /* the peer leaves while the KEK is certified */

sc_status __wrap_sc_certificate_make(const struct sc_certificate_request *request, X509 **out,
				     struct sc_error *err)
{
	if (leave_at_kek && request->kind == SC_CERTIFICATE_KEK)
		sc_core_session_abandon(core.custody);
	return __real_sc_certificate_make(request, out, err);
}

/* -- long commands ------------------------------------------------------------------------------- */

static int setup(void **state)
{
	(void)state;
	leave_at = 0;
	leave_at_kek = false;
	core_start(&core);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	core_end(&core);
	return 0;
}

static sc_status begin_world(struct sc_hash *world)
{
	struct sc_world_begin_request in = {
		.suite = SC_SUITE_ECP521, .k = 2, .pins.count = CARDS, .custodians.count = CARDS
	};
	struct sc_world_begin_response out;
	SC_CLEANUP(core_answer) answer = { 0 };

	for (unsigned i = 0; i < CARDS; i++) {
		in.pins.item[i] = sc_view_text("a PIN of a card");
		in.custodians.item[i] = sc_view_text("");
	}
	reserved = 0;
	allocated = 0;
	SC_TRY(core_world_begin(core.custody, 0, &in, &out, &answer));
	*world = out.world;
	return SC_OK;
}

static void a_world_that_nobody_waits_for_ends_at_its_next_card(void **state)
{
	struct sc_hash world;

	(void)state;
	core_make_warranted(&core);
	assert_ok(begin_world(&world), NULL);
	assert_int_equal(reserved, CARDS);
	assert_int_equal(allocated, CARDS);
	leave_at = 3;
	assert_status(begin_world(&world), SC_ERR_CANCELLED, NULL);
	assert_int_equal(reserved, 3);
	assert_int_equal(allocated, 2);
	/* The world that was pending before still is: nothing took its place. */
	assert_ok(core_world_commit(core.custody, 0, &(struct sc_world_commit_request){ world }, NULL, NULL),
		  NULL);
}

static void a_key_that_nobody_waits_for_is_not_generated(void **state)
{
	const struct sc_key_generate_request in = { .application = sc_view_text("simple"),
						    .algorithm = SC_ALGORITHM_RSA,
						    .bits = 4096 };

	(void)state;
	core_make_world(&core);
	sc_core_session_abandon(core.custody);
	assert_status(core_key_generate(core.custody, 0, &in, NULL, NULL), SC_ERR_CANCELLED, NULL);
}

/*
 * REGION_INIT under a quorum. The peer is there until then, but leaves before the command if `leaves_first`.
 */
static sc_status init_region(bool leaves_first, unsigned *saves)
{
	SC_CLEANUP(sc_bytes) certificate = { 0 };
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
	struct sc_region_init_request in;
	uint64_t authority;
	sc_status status;

	core_region_certificate(&core, "EU", &certificate);
	in = (struct sc_region_init_request){ sc_bytes_view(&core.world_file), sc_bytes_view(&certificate) };
	sc_region_init_request_write(&body, &in);
	authority = core_quorum(&core, core.custody, SC_COMMAND_REGION_INIT, sc_writer_view(&body));
	*saves = core.saves;
	if (leaves_first)
		sc_core_session_abandon(core.custody);
	status = core_send(core.custody, SC_COMMAND_REGION_INIT, authority, sc_writer_view(&body), NULL);
	*saves = core.saves - *saves;
	return status;
}

static void a_region_that_nobody_waits_for_is_not_made(void **state)
{
	unsigned saves;

	(void)state;
	core_make_world(&core);
	assert_status(init_region(true, &saves), SC_ERR_CANCELLED, NULL);
	assert_int_equal(saves, 0);
	assert_int_equal(sc_module_mode(core.module), SC_MODE_WORLD);
}

static void a_region_whose_key_nobody_waits_for_is_not_adopted(void **state)
{
	unsigned saves;

	(void)state;
	core_make_world(&core);
	leave_at_kek = true;
	assert_status(init_region(false, &saves), SC_ERR_CANCELLED, NULL);
	assert_int_equal(saves, 0);
	assert_int_equal(sc_module_mode(core.module), SC_MODE_WORLD);
	/* A peer that stays gets it. */
	leave_at_kek = false;
	sc_core_session_free(core.custody);
	core.custody = core_session(&core, SC_ROLE_CUSTODY);
	assert_ok(init_region(false, &saves), NULL);
	assert_int_equal(saves, 1);
	assert_int_equal(sc_module_mode(core.module), SC_MODE_REGION);
}

/* Its turn may come only after those of many others. */
static void a_pin_that_nobody_waits_for_is_not_tried(void **state)
{
	uint64_t authority;
	unsigned saves;

	(void)state;
	core_make_world(&core);
	authority = core_open_quorum(core.custody, SC_COMMAND_ACL_REPLACE, (struct sc_view){ 0 });
	saves = core.saves;
	reserved = 0;
	allocated = 0;
	leave_at = 1;
	assert_status(core_present(&core, core.custody, authority, 0, "wrong PIN", NULL), SC_ERR_CANCELLED,
		      NULL);
	assert_int_equal(reserved, 1);
	assert_int_equal(allocated, 0);
	assert_int_equal(core.saves, saves);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(a_world_that_nobody_waits_for_ends_at_its_next_card),
		TEST(a_key_that_nobody_waits_for_is_not_generated),
		TEST(a_region_that_nobody_waits_for_is_not_made),
		TEST(a_region_whose_key_nobody_waits_for_is_not_adopted),
		TEST(a_pin_that_nobody_waits_for_is_not_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
