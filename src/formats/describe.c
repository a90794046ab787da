/* Which kind of file it is, and what several kinds have in common: see describe.h. */
#include "formats/describe.h"

#include <string.h>

#include "base/print.h"
#include "formats/describe_kinds.h"
#include "formats/region.h"

#define NAME_WIDTH 22

static const struct {
	const char *name;
	sc_describe_kind *describe;
} kinds[] = {
	{ "key file", sc_describe_key_file },
	{ "key blob", sc_describe_key_blob },
	{ "world file", sc_describe_world_file },
	{ "administrator card", sc_describe_card },
	{ "transfer package", sc_describe_transfer_package },
	{ "region request", sc_describe_region_request },
	{ "statement, package or receipt", sc_describe_statement },
	{ "certificate (DER)", sc_describe_certificate },
};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

static sc_status refuse_unknown(FILE *out, struct sc_error *err)
{
	char known[256] = "";

	for (size_t i = 0; i < KIND_COUNT; i++) {
		size_t used = strlen(known);

		snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", kinds[i].name);
	}
	sc_print_to(out, "unknown\n");
	return sc_fail(err, SC_ERR_FORMAT, "the known kinds are %s", known);
}

sc_status sc_describe(struct sc_view der, FILE *out, struct sc_error *err)
{
	const struct sc_entry_list list = { .out = out, .name_width = NAME_WIDTH };

	for (size_t i = 0; i < KIND_COUNT; i++) {
		bool is_recognised = false;
		sc_status status = kinds[i].describe(der, &list, &is_recognised, err);

		if (is_recognised)
			return status;
	}
	return refuse_unknown(out, err);
}

void sc_describe_region(const struct sc_entry_list *list, const char *name, const struct sc_text *code)
{
	sc_entry_print(list, name, "%s (%s)", code->s, sc_region_name(code->s));
}

void sc_describe_owner(const struct sc_entry_list *list, const struct sc_owner *owner)
{
	if (sc_owner_is_empty(owner)) {
		sc_entry_print(list, "owner", "(none)");
		return;
	}
	sc_entry_text(list, "owner: daemon", &owner->daemon);
	sc_entry_text(list, "owner: tenant", &owner->tenant);
	sc_entry_text(list, "owner: subscription", &owner->subscription);
	sc_entry_text(list, "owner: vault", &owner->vault);
	sc_entry_text(list, "owner: name", &owner->name);
	sc_entry_text(list, "owner: version", &owner->version);
}

sc_status sc_describe_acl(const struct sc_entry_list *list, const char *name, const struct sc_acl *acl,
			  struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) text = { 0 };

	SC_TRY(sc_acl_print(acl, "   ", &text, err));
	sc_print_to(list->out, " %s\n", name);
	sc_print_lines(list->out, sc_bytes_view(&text));
	return SC_OK;
}
