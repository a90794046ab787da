/*
 * The signed content of a checkpoint: what a module has done for one daemon since it started, next to a hash
 * that the daemon gave (rule F6). A daemon whose log of uses is shorter than the module's counts has lost
 * lines or made uses that it did not log.
 */
#ifndef SC_FORMATS_CHECKPOINT_H
#define SC_FORMATS_CHECKPOINT_H

#include <openssl/safestack.h>

#include "formats/der.h"

/* How often a command was done. */
struct sc_command_count {
	uint32_t command; /* enum sc_command */
	uint64_t done;    /* at least 1 */
};
typedef struct sc_command_count sc_command_count;
DEFINE_STACK_OF(sc_command_count)

struct sc_checkpoint {
	struct sc_text format; /* "safeconduct.checkpoint.1" */
	struct sc_hash digest; /* from the caller */
	struct sc_text daemon;
	struct sc_hash start; /* drawn at random when the module started */
	int64_t started;
	uint64_t sequence;                /* of this daemon's checkpoints since the start, from 1 */
	STACK_OF(sc_command_count) *done; /* for this daemon since the start, by rising command number */
	struct sc_hash world;
	struct sc_text region; /* code; absent if the world is not a region */
	struct sc_hash hkm;
	struct sc_text esn;
	struct sc_text code_version;
	int64_t time;
};

#define SC_CHECKPOINT_MAX 4096
SC_DER_DECLARE(sc_checkpoint)

/* Adds a count, whose command is higher than those before it. */
sc_status sc_checkpoint_add(struct sc_checkpoint *checkpoint, uint32_t command, uint64_t done,
			    struct sc_error *err) SC_WARN_UNUSED;

#endif
