/*
 * Cleanup by attribute: a local declared with SC_CLEANUP(type) is released on every way out of its block,
 * so no error path can leak memory or leave a secret behind. A header enables this for its type with one of
 * the two SC_CLEANUP_* macros below. sc_steal() keeps a value from being released.
 */
#ifndef SC_BASE_CLEANUP_H
#define SC_BASE_CLEANUP_H

/* Declares a local of a type named by one of the two macros below. */
#define SC_CLEANUP(name) __attribute__((cleanup(name##_cleanup))) name##_auto

/* For a struct kept by value: release(struct name *). */
#define SC_CLEANUP_VALUE(name, release)                                                                      \
	typedef struct name name##_auto;                                                                     \
	static inline void name##_cleanup(struct name *value)                                                \
	{                                                                                                    \
		release(value);                                                                              \
	}

/* For an object held by pointer: release(struct name *), which must accept NULL. */
#define SC_CLEANUP_POINTER(name, type, release)                                                              \
	typedef type *name##_auto;                                                                           \
	static inline void name##_cleanup(type **value)                                                      \
	{                                                                                                    \
		release(*value);                                                                             \
	}

/*
 * Takes the content out of a variable, a pointer or a struct kept by value: the caller owns it, and the
 * variable is left NULL or all zero, which its cleanup accepts.
 */
#define sc_steal(variable)                                                                                   \
	__extension__({                                                                                      \
		__typeof__(variable) sc_stolen = (variable);                                                 \
		(variable) = (__typeof__(variable)){ 0 };                                                    \
		sc_stolen;                                                                                   \
	})

#endif
