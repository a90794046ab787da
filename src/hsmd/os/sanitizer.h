/*
 * Which sanitizer this build is for, and what it is told about the arena. SC_SANITIZED is defined in
 * sanitizer builds only: there the sandbox is wider (sandbox_rules.c). With AddressSanitizer, the bytes of
 * the arena that are free or were not requested are poisoned, so that a use after free is detected just as on
 * the ordinary heap. In any other build, these functions do nothing.
 */
#ifndef SC_HSMD_OS_SANITIZER_H
#define SC_HSMD_OS_SANITIZER_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define SC_SANITIZED_ADDRESSES 1
#elif defined(__SANITIZE_THREAD__)
#define SC_SANITIZED_THREADS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SC_SANITIZED_ADDRESSES 1
#elif __has_feature(thread_sanitizer)
#define SC_SANITIZED_THREADS 1
#endif
#endif

#if defined(SC_SANITIZED_ADDRESSES) || defined(SC_SANITIZED_THREADS)
#define SC_SANITIZED 1
#endif

#ifdef SC_SANITIZED_ADDRESSES

#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>

/* Poisons these bytes: touching them is an error. */
static inline void sc_sanitizer_hide(const void *start, size_t size)
{
	ASAN_POISON_MEMORY_REGION(start, size);
}

/* Allows these bytes to be used again. */
static inline void sc_sanitizer_show(const void *start, size_t size)
{
	ASAN_UNPOISON_MEMORY_REGION(start, size);
}

/* The only pointer to a heap block may be in here, so LeakSanitizer must scan it. */
static inline void sc_sanitizer_adopt(const void *start, size_t size)
{
	__lsan_register_root_region(start, size);
}

static inline void sc_sanitizer_disown(const void *start, size_t size)
{
	__lsan_unregister_root_region(start, size);
}

#else

static inline void sc_sanitizer_hide(const void *start, size_t size)
{
	(void)start, (void)size;
}

static inline void sc_sanitizer_show(const void *start, size_t size)
{
	(void)start, (void)size;
}

static inline void sc_sanitizer_adopt(const void *start, size_t size)
{
	(void)start, (void)size;
}

static inline void sc_sanitizer_disown(const void *start, size_t size)
{
	(void)start, (void)size;
}

#endif
#endif
