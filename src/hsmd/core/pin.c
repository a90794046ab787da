/* Argon2id: see pin.h. */
#include "hsmd/core/pin.h"

#include <pthread.h>
#include <stdlib.h>

#include <argon2.h>
#include <openssl/crypto.h>

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static int allocate(uint8_t **memory, size_t size)
{
	*memory = malloc(size);
	return *memory ? ARGON2_OK : ARGON2_MEMORY_ALLOCATION_ERROR;
}

/* The memory is too large for the arena, so it is wiped here (rule M9). */
static void release(uint8_t *memory, size_t size)
{
	OPENSSL_cleanse(memory, size);
	free(memory);
}

/* libargon2's pointers are not const, but it wipes PIN and secret only when asked to. */
static uint8_t *unconst(struct sc_view view)
{
	return (uint8_t *)(uintptr_t)view.data;
}

sc_status sc_pin_stretch(struct sc_view pin, struct sc_view salt, struct sc_view context, uint32_t passes,
			 uint32_t memory, size_t len, struct sc_secret *out, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) stretched = { 0 };
	int result;

	SC_TRY(sc_secret_new(len, &stretched, err));
	argon2_context argon2 = {
		.out = stretched.data,
		.outlen = (uint32_t)len,
		.pwd = unconst(pin),
		.pwdlen = (uint32_t)pin.len,
		.salt = unconst(salt),
		.saltlen = (uint32_t)salt.len,
		.ad = unconst(context),
		.adlen = (uint32_t)context.len,
		.t_cost = passes,
		.m_cost = memory,
		.lanes = 1,
		.threads = 1,
		.version = ARGON2_VERSION_13,
		.allocate_cbk = allocate,
		.free_cbk = release,
		.flags = ARGON2_DEFAULT_FLAGS,
	};

	pthread_mutex_lock(&one_at_a_time);
	result = argon2id_ctx(&argon2);
	pthread_mutex_unlock(&one_at_a_time);
	SC_ENSURE(result != ARGON2_MEMORY_ALLOCATION_ERROR, err, SC_ERR_MEMORY,
		  "PIN stretching: cannot allocate %u KiB", memory);
	SC_ENSURE(result == ARGON2_OK, err, SC_ERR_CRYPTO, "PIN stretching: %s",
		  argon2_error_message(result));
	*out = sc_steal(stretched);
	return SC_OK;
}
