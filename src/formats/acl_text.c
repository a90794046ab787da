/* An ACL in words that custodians can compare with what they were promised: see acl.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/print.h"
#include "formats/acl.h"
#include "formats/region.h"

/* By bit; the names used in docs/formats.md. */
static const char *const use_names[] = { "sign",      "verify",    "encrypt",        "decrypt",
					 "wrapKey",   "unwrapKey", "importTransfer", "importNeutral",
					 "tlsServer", "token" };
#define USE_COUNT (sizeof use_names / sizeof use_names[0])

static void print_uses(FILE *out, uint32_t uses)
{
	for (size_t i = 0; i < USE_COUNT; i++)
		if (uses & 1u << i)
			sc_print_to(out, " %s", use_names[i]);
}

static void print_groups(FILE *out, const struct sc_acl *acl, const char *indent);

static void print_transfer(FILE *out, const struct sc_transfer_action *transfer, const char *indent)
{
	char hex[2 * SC_HASH_SIZE + 1];
	char deeper[64];

	sc_hex(sc_hash_view(&transfer->kek), hex);
	sc_print_to(out, "%s  transfer, to the Key Exchange Key %s\n", indent, hex);
	sc_hex(sc_hash_view(&transfer->world), hex);
	sc_print_to(out, "%s    of the security world %s\n", indent, hex);
	sc_print_to(out, "%s    in region %s (%s)\n", indent, transfer->region.s,
		    sc_region_name(transfer->region.s));
	sc_print_to(out, "%s    for subscription %s\n", indent,
		    transfer->subscription.s[0] ? transfer->subscription.s : "any");
	if (transfer->not_after) {
		char text[SC_CLOCK_TEXT_SIZE];

		sc_clock_text(transfer->not_after, text);
		sc_print_to(out, "%s    until %s\n", indent, text);
	}
	sc_print_to(out, "%s    arriving with:\n", indent);
	snprintf(deeper, sizeof deeper, "%s      ", indent);
	print_groups(out, transfer->arrival, deeper);
}

static void print_action(FILE *out, const struct sc_action *action, const char *indent)
{
	char hex[2 * SC_HASH_SIZE + 1];

	switch (action->type) {
	case SC_ACTION_USE:
		sc_print_to(out, "%s  use:", indent);
		print_uses(out, *action->value.use);
		sc_print_to(out, "\n");
		break;
	case SC_ACTION_MAKE_BLOB:
		sc_hex(sc_hash_view(&action->value.make_blob->world), hex);
		sc_print_to(out, "%s  makeBlob, only in the security world %s\n", indent, hex);
		break;
	case SC_ACTION_TRANSFER:
		print_transfer(out, action->value.transfer, indent);
		break;
	case SC_ACTION_REDUCE_ACL:
		sc_print_to(out, "%s  reduceAcl\n", indent);
		break;
	default:
		sc_print_to(out, "%s  replaceAcl\n", indent);
		break;
	}
}

static void print_groups(FILE *out, const struct sc_acl *acl, const char *indent)
{
	for (int i = 0; i < sk_sc_permission_group_num(acl->groups); i++) {
		const struct sc_permission_group *group = sk_sc_permission_group_value(acl->groups, i);

		sc_print_to(out, "%sgroup %u%s\n", indent, group->id,
			    group->authority == SC_AUTHORITY_QUORUM
				? ", under a quorum of the administrator cards"
				: "");
		for (int j = 0; j < sk_sc_action_num(group->actions); j++)
			print_action(out, sk_sc_action_value(group->actions, j), indent);
	}
}

sc_status sc_acl_print(const struct sc_acl *acl, const char *indent, struct sc_bytes *out,
		       struct sc_error *err)
{
	char *text = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);
	sc_status status;

	SC_TRY(sc_check_allocated(stream, err));
	print_groups(stream, acl, indent);
	if (fclose(stream)) {
		free(text);
		return sc_fail_plain(err, SC_ERR_MEMORY);
	}
	status = sc_bytes_copy(sc_view_of(text, len), out, err);
	free(text);
	return status;
}
