/* Templates of a checkpoint: see checkpoint.h. */
#include "formats/checkpoint.h"

#define FORMAT      "safeconduct.checkpoint.1"
#define DONE_MAX    40 /* commands that there may be (rule M1) */
#define COMMAND_MAX 255

ASN1_SEQUENCE(sc_command_count) = {
	ASN1_EMBED(struct sc_command_count, command, UINT32),
	ASN1_EMBED(struct sc_command_count, done, UINT64),
} static_ASN1_SEQUENCE_END_name(struct sc_command_count, sc_command_count)

ASN1_SEQUENCE(sc_checkpoint) = {
	ASN1_EMBED(struct sc_checkpoint, format, SC_DER_TEXT),
	ASN1_EMBED(struct sc_checkpoint, digest, SC_DER_HASH),
	ASN1_EMBED(struct sc_checkpoint, daemon, SC_DER_TEXT),
	ASN1_EMBED(struct sc_checkpoint, start, SC_DER_HASH),
	ASN1_EMBED(struct sc_checkpoint, started, SC_DER_TIME),
	ASN1_EMBED(struct sc_checkpoint, sequence, UINT64),
	ASN1_SEQUENCE_OF(struct sc_checkpoint, done, sc_command_count),
	ASN1_EMBED(struct sc_checkpoint, world, SC_DER_HASH),
	ASN1_IMP_OPT_EMBED(struct sc_checkpoint, region, SC_DER_OPT_TEXT, 0),
	ASN1_EMBED(struct sc_checkpoint, hkm, SC_DER_HASH),
	ASN1_EMBED(struct sc_checkpoint, esn, SC_DER_TEXT),
	ASN1_EMBED(struct sc_checkpoint, code_version, SC_DER_TEXT),
	ASN1_EMBED(struct sc_checkpoint, time, SC_DER_TIME),
} ASN1_SEQUENCE_END_name(struct sc_checkpoint, sc_checkpoint)

static bool counts_are_valid(const STACK_OF(sc_command_count) *counts)
{
	uint32_t before = 0;

	if (sk_sc_command_count_num(counts) > DONE_MAX)
		return false;
	for (int i = 0; i < sk_sc_command_count_num(counts); i++) {
		const struct sc_command_count *count = sk_sc_command_count_value(counts, i);

		if (count->command <= before || count->command > COMMAND_MAX || count->done == 0)
			return false;
		before = count->command;
	}
	return true;
}

static bool is_valid(const void *value)
{
	const struct sc_checkpoint *checkpoint = value;

	return checkpoint->daemon.s[0] && checkpoint->esn.s[0] && checkpoint->sequence >= 1 &&
	       counts_are_valid(checkpoint->done);
}

SC_DER_IMPLEMENT(sc_checkpoint, FORMAT, "checkpoint", SC_CHECKPOINT_MAX, SC_DER_ELEMENTS, is_valid)

sc_status sc_checkpoint_add(struct sc_checkpoint *checkpoint, uint32_t command, uint64_t done,
			    struct sc_error *err)
{
	struct sc_command_count *count =
	    (struct sc_command_count *)ASN1_item_new(ASN1_ITEM_rptr(sc_command_count));

	if (!count || sk_sc_command_count_push(checkpoint->done, count) <= 0) {
		ASN1_item_free((ASN1_VALUE *)count, ASN1_ITEM_rptr(sc_command_count));
		return sc_fail_plain(err, SC_ERR_MEMORY);
	}
	count->command = command;
	count->done = done;
	return SC_OK;
}
