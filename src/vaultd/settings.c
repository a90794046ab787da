/* Reads the configuration: see settings.h. */
#include "vaultd/settings.h"

/* Values that are still to be parsed. */
struct typed {
	const char *config;
	const char *port;
	const char *threads;
	const char *ready_fd;
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
		TEXT("config", "FILE", "the configuration file; it may set every other option",
		     &typed->config),
		TEXT("domain", "NAME", "serve management.NAME and <vault>.vault.NAME", &settings->domain),
		TEXT("port", "N", "the TLS port", &typed->port),
		LIST("address", "ADDRESS", "listen on this numeric address; may be repeated",
		     settings->addresses, settings->address_count),
		TEXT("threads", "N", "HTTP threads per address (2)", &typed->threads),
		TEXT("tls-certificate", "FILE", "the server's certificate and its chain, PEM",
		     &settings->tls_certificate),
		TEXT("tls-key", "FILE", "the certificate's key, as a blob", &settings->tls_key),
		TEXT("tls-module", "SOCKET", "socket of the module that holds that key",
		     &settings->tls_module),
		TEXT("database", "FILE", "the database of vaults and keys", &settings->database),
		TEXT("audit-log", "FILE", "the log of all decisions", &settings->audit_log),
		LIST("issuer", "URL",
		     "a tenant's token issuer, a URL that ends in the tenant's id; may be repeated",
		     settings->issuers, settings->issuer_count),
		TEXT("issuer-keys", "URL", "the issuers' signing keys (JWKS)", &settings->issuer_keys),
		TEXT("issuer-ca", "FILE", "the authority trusted for that URL, PEM", &settings->issuer_ca),
		LIST("administrator", "\"ISSUER OID\"",
		     "may change the resources of its tenant; may be repeated", typed->administrators,
		     typed->administrator_count),
		LIST("region", "SPEC", "a region: \"CODE SOCKET DIRECTORY\"; may be repeated", typed->regions,
		     typed->region_count),
		TEXT("ready-fd", "N", "write \"READY\" to this descriptor once serving", &typed->ready_fd),
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

	return sc_web_config_read(&line, argc, argv, &settings->config, done, err);
}

static sc_status need_all(const struct sc_vaultd_settings *s, const struct typed *typed, struct sc_error *err)
{
	const struct {
		const char *name;
		const char *value;
	} needed[] = {
		{ "domain", s->domain },
		{ "port", typed->port },
		{ "tls-certificate", s->tls_certificate },
		{ "tls-key", s->tls_key },
		{ "tls-module", s->tls_module },
		{ "database", s->database },
		{ "audit-log", s->audit_log },
		{ "issuer", s->issuers[0] },
		{ "issuer-keys", s->issuer_keys },
		{ "issuer-ca", s->issuer_ca },
		{ "region", typed->regions[0] },
	};

	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
		SC_TRY(sc_web_config_need(s->config, needed[i].name, needed[i].value, err));
	return SC_OK;
}

static sc_status find_paths(struct sc_vaultd_settings *s, struct sc_error *err)
{
	const char **const paths[] = { &s->tls_certificate, &s->tls_key,   &s->tls_module,
				       &s->database,        &s->audit_log, &s->issuer_ca };

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		SC_TRY(sc_web_config_path(s->config, *paths[i], paths[i], err));
	return SC_OK;
}

static sc_status read_regions(struct sc_vaultd_settings *s, const struct typed *typed, struct sc_error *err)
{
	const char *words[3];

	for (size_t i = 0; i < typed->region_count; i++) {
		struct sc_vaultd_region_settings *region = &s->regions[i];

		SC_TRY(sc_web_config_words(s->config, "region", typed->regions[i], "CODE SOCKET DIRECTORY",
					   words, 3, err));
		region->code = words[0];
		SC_TRY(sc_web_config_path(s->config, words[1], &region->module, err));
		SC_TRY(sc_web_config_path(s->config, words[2], &region->directory, err));
	}
	s->region_count = typed->region_count;
	return SC_OK;
}

static sc_status read_administrators(struct sc_vaultd_settings *s, const struct typed *typed,
				     struct sc_error *err)
{
	const char *words[2];

	for (size_t i = 0; i < typed->administrator_count; i++) {
		SC_TRY(sc_web_config_words(s->config, "administrator", typed->administrators[i],
					   "ISSUER OBJECT-ID", words, 2, err));
		s->administrators[i] = (struct sc_vaultd_principal){ words[0], words[1] };
	}
	s->administrator_count = typed->administrator_count;
	return SC_OK;
}

static sc_status read_numbers(struct sc_vaultd_settings *s, const struct typed *typed, struct sc_error *err)
{
	uint64_t port = 0;
	uint64_t threads = 0;
	uint64_t ready = 0;

	SC_TRY(sc_web_config_number(s->config, "port", typed->port, 1, UINT16_MAX, &port, err));
	if (typed->threads)
		SC_TRY(sc_web_config_number(s->config, "threads", typed->threads, 1, 256, &threads, err));
	if (typed->ready_fd)
		SC_TRY(
		    sc_web_config_number(s->config, "ready-fd", typed->ready_fd, 1, INT32_MAX, &ready, err));
	s->port = (uint16_t)port;
	s->threads = (unsigned)threads;
	s->ready_fd = typed->ready_fd ? (int)ready : -1;
	return SC_OK;
}

sc_status sc_vaultd_settings_read(int argc, char **argv, struct sc_vaultd_settings *out, bool *done,
				  struct sc_error *err)
{
	SC_CLEANUP(sc_vaultd_settings) settings = { .ready_fd = -1 };
	struct typed typed = { 0 };

	SC_TRY(read_table(argc, argv, &typed, &settings, done, err));
	if (*done)
		return SC_OK;
	if (settings.address_count == 0) {
		settings.addresses[settings.address_count++] = "127.0.0.1";
		settings.addresses[settings.address_count++] = "::1";
	}
	SC_TRY(need_all(&settings, &typed, err));
	SC_TRY(find_paths(&settings, err));
	SC_TRY(read_regions(&settings, &typed, err));
	SC_TRY(read_administrators(&settings, &typed, err));
	SC_TRY(read_numbers(&settings, &typed, err));
	*out = settings;
	settings.config = NULL;
	return SC_OK;
}

void sc_vaultd_settings_free(struct sc_vaultd_settings *settings)
{
	sc_web_config_free(settings->config);
	settings->config = NULL;
}
