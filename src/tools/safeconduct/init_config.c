/* The configuration files that `safeconduct init` writes for the daemons, line by line. */
#include <stdarg.h>
#include <stdio.h>

#include "tools/safeconduct/init.h"

void sc_init_url(const struct sc_init_plan *plan, const char *host, uint16_t port, char out[SC_INIT_URL_SIZE])
{
	char suffix[8] = "";

	if (port != 443)
		snprintf(suffix, sizeof suffix, ":%u", port);
	snprintf(out, SC_INIT_URL_SIZE, "https://%s.%.*s%s", host, SC_INIT_DOMAIN_MAX, plan->domain, suffix);
}

void sc_init_config_add(struct sc_init_config *config, const char *format, ...)
{
	size_t room = sizeof config->text - config->used;
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(config->text + config->used, room, format, arguments);
	va_end(arguments);
	config->is_full = config->is_full || len < 0 || (size_t)len >= room;
	if (!config->is_full)
		config->used += (size_t)len;
}

sc_status sc_init_config_write(const struct sc_init_config *config, const struct sc_dir *dir,
			       const char *name, struct sc_error *err)
{
	SC_ENSURE(!config->is_full, err, SC_ERR_TOO_LARGE, "%s: more than %d bytes", name,
		  SC_INIT_CONFIG_MAX);
	return sc_file_write(dir, name, sc_view_of(config->text, config->used), SC_FILE_NEW, 0600, err);
}
