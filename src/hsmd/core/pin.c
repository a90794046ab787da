/* Argon2id: see pin.h. */
#include "hsmd/core/pin.h"

#include <pthread.h>
#include <stdlib.h>

#include <argon2.h>
#include <openssl/crypto.h>

#define KIB  1024
#define PAGE 4096

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static struct sc_pin_memory
    reserved; /* by the thread that has the turn: libargon2's callbacks get no context */

/* -- memory and turn --------------------------------------------------------------------------- */

uint32_t sc_pin_memory_kib(const struct sc_pin_memory *memory)
{
	return (uint32_t)(memory->size / KIB);
}

/*
 * The system may promise memory that it does not have. What is missing ends the process here, not in a try.
 */
static void touch(struct sc_pin_memory *memory)
{
	volatile uint8_t *page = memory->data;

	for (size_t at = 0; at < memory->size; at += PAGE)
		page[at] = 0;
}

sc_status sc_pin_reserve(uint32_t memory, const atomic_bool *is_abandoned, struct sc_pin_memory *out,
			 struct sc_error *err)
{
	size_t size = (size_t)memory * KIB;

	pthread_mutex_lock(&turn);
	if (atomic_load(is_abandoned)) {
		pthread_mutex_unlock(&turn);
		return sc_fail(err, SC_ERR_CANCELLED, "the peer has left");
	}
	reserved = (struct sc_pin_memory){ malloc(size), size };
	if (!reserved.data) {
		pthread_mutex_unlock(&turn);
		return sc_fail(err, SC_ERR_MEMORY, "PIN stretching: cannot allocate %u KiB", memory);
	}
	touch(&reserved);
	*out = reserved;
	return SC_OK;
}

void sc_pin_release(struct sc_pin_memory *memory)
{
	if (!memory->data)
		return;
	/* The memory is too large for the arena, so it is wiped here (rule M9). */
	OPENSSL_cleanse(memory->data, memory->size);
	free(memory->data);
	*memory = (struct sc_pin_memory){ 0 };
	reserved = *memory;
	pthread_mutex_unlock(&turn);
}

/* -- libargon2 --------------------------------------------------------------------------------- */

static int lend(uint8_t **memory, size_t size)
{
	if (size > reserved.size)
		return ARGON2_MEMORY_ALLOCATION_ERROR;
	*memory = reserved.data;
	return ARGON2_OK;
}

/* sc_pin_release does it. */
static void keep(uint8_t *memory, size_t size)
{
	(void)memory, (void)size;
}

/* libargon2's pointers are not const, but it wipes PIN and secret only when asked to. */
static uint8_t *unconst(struct sc_view view)
{
	return (uint8_t *)(uintptr_t)view.data;
}

sc_status sc_pin_stretch(const struct sc_pin_memory *memory, struct sc_view pin, struct sc_view salt,
			 struct sc_view context, uint32_t passes, struct sc_secret *out, struct sc_error *err)
{
	argon2_context argon2 = {
		.out = out->data,
		.outlen = (uint32_t)out->len,
		.pwd = unconst(pin),
		.pwdlen = (uint32_t)pin.len,
		.salt = unconst(salt),
		.saltlen = (uint32_t)salt.len,
		.ad = unconst(context),
		.adlen = (uint32_t)context.len,
		.t_cost = passes,
		.m_cost = sc_pin_memory_kib(memory),
		.lanes = 1,
		.threads = 1,
		.version = ARGON2_VERSION_13,
		.allocate_cbk = lend,
		.free_cbk = keep,
		.flags = ARGON2_DEFAULT_FLAGS,
	};
	int result = argon2id_ctx(&argon2);

	SC_ENSURE(result == ARGON2_OK, err, SC_ERR_CRYPTO, "PIN stretching: %s",
		  argon2_error_message(result));
	return SC_OK;
}
