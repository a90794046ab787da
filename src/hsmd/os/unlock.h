/*
 * The unlock key, under which core/ seals the module's state: 32 raw bytes, or 64 hexadecimal digits with or
 * without an end of line, from a file or a descriptor that the host gives (a systemd credential, a TPM's
 * helper), else from `unlock.key` beside the state. Read before the sandbox is sealed.
 */
#ifndef SC_HSMD_OS_UNLOCK_H
#define SC_HSMD_OS_UNLOCK_H

#include "base/file.h"
#include "base/secret.h"

#define SC_HSMD_UNLOCK_FILE "unlock.key"

/* Where it is: at most one of the two is not NULL, as the command line has them. */
struct sc_hsmd_unlock_source {
	const char *file;
	const char *fd; /* decimal; read to its end and closed */
};

/* True if it does not lie beside what it opens. */
bool sc_hsmd_unlock_is_given(const struct sc_hsmd_unlock_source *source);

/*
 * SC_ERR_NOT_FOUND; SC_ERR_ARGUMENT: both are given, a file is open to group or others, or belongs to neither
 * this user nor root; SC_ERR_FORMAT: not a key.
 */
sc_status sc_hsmd_unlock_read(const struct sc_hsmd_unlock_source *source, const struct sc_dir *state,
			 struct sc_secret *out, struct sc_error *err) SC_WARN_UNUSED;

/* For a new module: the same, but a key that is neither given nor there is made (0600) beside the state. */
sc_status sc_hsmd_unlock_read_or_make(const struct sc_hsmd_unlock_source *source, const struct sc_dir *state,
				 struct sc_secret *out, struct sc_error *err) SC_WARN_UNUSED;

#endif
