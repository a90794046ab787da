/* Reads the configuration: see settings.h. */
#include "vaultd/settings.h"

#define SEGMENT_MEBIBYTES     64
#define SEGMENT_MEBIBYTES_MAX 1048576
#define RETENTION_DAYS        365
#define RETENTION_DAYS_MAX    36500

/* Values that are still to be parsed. */
struct typed {
	const char *audit_segment_mebibytes;
	const char *audit_retention_days;
	const char *regions[SC_VAULTD_REGIONS_MAX];
	size_t region_count;
	const char *administrators[SC_VAULTD_ADMINISTRATORS_MAX];
	size_t administrator_count;
};

static sc_status read_table(int argc, char **argv, struct typed *typed, struct sc_vaultd_settings *settings,
			    bool *done, struct sc_error *err)
{
#define TEXT(option, shown, says, to) { .name = option, .argument = shown, .help = says, .value = to }
#define LIST(option, shown, says, to, count)                                                                 \
	{ .name = option,                                                                                    \
	  .argument = shown,                                                                                 \
	  .help = says,                                                                                      \
	  .list = to,                                                                                        \
	  .list_max = sizeof to / sizeof to[0],                                                              \
	  .list_count = &count }
	const struct sc_option options[] = {
		TEXT("database", "FILE", "the database of vaults and keys", &settings->database),
		TEXT("audit-log", "FILE", "the log of all decisions", &settings->audit.path),
		TEXT("audit-segment-mebibytes", "N", "the size at which a segment of that log ends (64)",
		     &typed->audit_segment_mebibytes),
		TEXT("audit-retention-days", "N", "age at which a segment of that log is removed (365)",
		     &typed->audit_retention_days),
		LIST("issuer", "URL",
		     "whose tokens are accepted: a URL with the tenant's id or {tenantid}; may be repeated",
		     settings->issuers, settings->issuer_count),
		TEXT("issuer-keys", "URL", "the issuers' signing keys (JWKS)", &settings->issuer_keys),
		TEXT("issuer-ca", "FILE", "the authority trusted for that URL, PEM", &settings->issuer_ca),
		LIST("administrator", "\"ISSUER OID\"",
		     "may change the resources of its tenant, as those in the database; may be repeated",
		     typed->administrators, typed->administrator_count),
		LIST("region", "SPEC", "a region: \"CODE SOCKET DIRECTORY\"; may be repeated", typed->regions,
		     typed->region_count),
		{ 0 },
	};
#undef TEXT
#undef LIST
	const struct sc_command_line line = {
		.program = "vaultd",
		.synopsis = "--config=FILE",
		.purpose = "Serves vaults: the Resource Manager, and the keys of <vault>.vault.DOMAIN.",
		.options = options,
	};

	return sc_web_daemon_settings_read(&line, argc, argv, &settings->web, done, err);
}

static sc_status need_all(const struct sc_vaultd_settings *s, const struct typed *typed, struct sc_error *err)
{
	const struct {
		const char *name;
		const char *value;
	} needed[] = {
		{ "database", s->database },   { "audit-log", s->audit.path },
		{ "issuer", s->issuers[0] },   { "issuer-keys", s->issuer_keys },
		{ "issuer-ca", s->issuer_ca }, { "region", typed->regions[0] },
	};

	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
		SC_TRY(sc_web_config_need(s->web.config, needed[i].name, needed[i].value, err));
	return SC_OK;
}

static sc_status find_paths(struct sc_vaultd_settings *s, struct sc_error *err)
{
	const char **const paths[] = { &s->database, &s->audit.path, &s->issuer_ca };

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		SC_TRY(sc_web_config_path(s->web.config, *paths[i], paths[i], err));
	return SC_OK;
}

static sc_status read_audit(struct sc_vaultd_settings *s, const struct typed *typed, struct sc_error *err)
{
	uint64_t mebibytes = SEGMENT_MEBIBYTES;
	uint64_t days = RETENTION_DAYS;

	if (typed->audit_segment_mebibytes)
		SC_TRY(sc_web_config_number(s->web.config, "audit-segment-mebibytes",
					    typed->audit_segment_mebibytes, 1, SEGMENT_MEBIBYTES_MAX,
					    &mebibytes, err));
	if (typed->audit_retention_days)
		SC_TRY(sc_web_config_number(s->web.config, "audit-retention-days",
					    typed->audit_retention_days, 1, RETENTION_DAYS_MAX, &days, err));
	s->audit.segment_bytes = mebibytes << 20;
	s->audit.retention_days = (unsigned)days;
	return SC_OK;
}

static sc_status read_regions(struct sc_vaultd_settings *s, const struct typed *typed, struct sc_error *err)
{
	const char *words[3];

	for (size_t i = 0; i < typed->region_count; i++) {
		struct sc_vaultd_region_settings *region = &s->regions[i];

		SC_TRY(sc_web_config_words(s->web.config, "region", typed->regions[i],
					   "CODE SOCKET DIRECTORY", words, 3, err));
		region->code = words[0];
		SC_TRY(sc_web_config_path(s->web.config, words[1], &region->module, err));
		SC_TRY(sc_web_config_path(s->web.config, words[2], &region->directory, err));
	}
	s->region_count = typed->region_count;
	return SC_OK;
}

static sc_status read_administrators(struct sc_vaultd_settings *s, const struct typed *typed,
				     struct sc_error *err)
{
	const char *words[2];

	for (size_t i = 0; i < typed->administrator_count; i++) {
		SC_TRY(sc_web_config_words(s->web.config, "administrator", typed->administrators[i],
					   "ISSUER OBJECT-ID", words, 2, err));
		s->administrators[i] = (struct sc_vaultd_principal){ words[0], words[1] };
	}
	s->administrator_count = typed->administrator_count;
	return SC_OK;
}

sc_status sc_vaultd_settings_read(int argc, char **argv, struct sc_vaultd_settings *out, bool *done,
				  struct sc_error *err)
{
	SC_CLEANUP(sc_vaultd_settings) settings = { 0 };
	struct typed typed = { 0 };

	SC_TRY(read_table(argc, argv, &typed, &settings, done, err));
	if (*done)
		return SC_OK;
	SC_TRY(need_all(&settings, &typed, err));
	SC_TRY(find_paths(&settings, err));
	SC_TRY(read_audit(&settings, &typed, err));
	SC_TRY(read_regions(&settings, &typed, err));
	SC_TRY(read_administrators(&settings, &typed, err));
	*out = sc_steal(settings);
	return SC_OK;
}

void sc_vaultd_settings_free(struct sc_vaultd_settings *settings)
{
	sc_web_config_free(settings->web.config);
	settings->web.config = NULL;
}
