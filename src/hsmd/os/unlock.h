/*
 * The unlock key, with which core/ seals the module's state: 32 raw bytes, or 64 hexadecimal digits with or
 * without a newline. It comes from a file or a descriptor that the host provides (a systemd credential, a TPM
 * helper), otherwise from `unlock.key` in the state directory. It is read before the sandbox is sealed.
 */
#ifndef SC_HSMD_OS_UNLOCK_H
#define SC_HSMD_OS_UNLOCK_H

#include "base/file.h"
#include "base/secret.h"

#define SC_HSMD_UNLOCK_FILE "unlock.key"

/* Where to read it, from the command line. At most one of the two is not NULL. */
struct sc_hsmd_unlock_source {
	const char *file;
	const char *fd; /* decimal; read to its end and closed */
};

/*
 * Checks that a descriptor is open before the program opens anything that could get its number. SC_ERR_USAGE,
 * SC_ERR_ARGUMENT: is not a number.
 */
sc_status sc_hsmd_unlock_check_given(const struct sc_hsmd_unlock_source *source,
				     struct sc_error *err) SC_WARN_UNUSED;

/* True if the key is not stored next to the state it opens. */
bool sc_hsmd_unlock_is_given(const struct sc_hsmd_unlock_source *source);

/*
 * SC_ERR_NOT_FOUND; SC_ERR_ARGUMENT: both are given, or the file is accessible to group or others, or belongs
 * to neither this user nor root; SC_ERR_FORMAT: not a key.
 */
sc_status sc_hsmd_unlock_read(const struct sc_hsmd_unlock_source *source, const struct sc_dir *state,
			      struct sc_secret *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * For a new module: the same, but if no key is given and none exists, makes one (0600) in the state
 * directory.
 */
sc_status sc_hsmd_unlock_read_or_make(const struct sc_hsmd_unlock_source *source, const struct sc_dir *state,
				      struct sc_secret *out, struct sc_error *err) SC_WARN_UNUSED;

#endif
