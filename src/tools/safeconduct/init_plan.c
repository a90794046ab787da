/*
 * The plan of `safeconduct init`, made from the command line. Every name and path is checked before anything
 * is made, because names go into certificates, URLs and configuration files.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/options.h"
#include "base/os.h"
#include "base/visible.h"
#include "formats/region.h"
#include "formats/vault_name.h"
#include "tools/safeconduct/init.h"

static void free_text(char *text)
{
	free(text);
}
SC_CLEANUP_POINTER(text, char, free_text)

void sc_init_plan_free(struct sc_init_plan *plan)
{
	for (size_t i = 0; i < plan->region_count; i++) {
		free(plan->regions[i].code);
		free(plan->regions[i].module);
		free(plan->regions[i].directory);
	}
	free(plan->dir);
	free(plan->partial);
	free(plan->domain);
	free(plan->signin_module);
	free(plan->vault_module);
	*plan = (struct sc_init_plan){ 0 };
}

/* True if the text can be a quoted word in a line of a configuration file. */
static bool can_be_written(const char *text)
{
	char visible[PATH_MAX];

	sc_visible(text, visible, sizeof visible);
	return strcmp(visible, text) == 0 && !strchr(text, '"');
}

/* The absolute path of something that exists, if it fits into a line of a configuration file. */
static sc_status find_path(const char *path, const char *option, char **out, struct sc_error *err)
{
	char *absolute = realpath(path, NULL);

	if (!absolute)
		return sc_fail_errno(err, errno == ENOENT ? SC_ERR_NOT_FOUND : SC_ERR_SYSTEM, "%s: %s",
				     option, sc_shown(path).s);
	*out = absolute;
	SC_ENSURE(can_be_written(absolute), err, SC_ERR_ARGUMENT,
		  "%s: %s: the path must not contain double quotes, or characters that cannot be seen",
		  option, sc_shown(path).s);
	return SC_OK;
}

/* DIR itself does not exist yet; its parent must. */
static sc_status plan_directory(const char *dir, struct sc_init_plan *plan, struct sc_error *err)
{
	SC_CLEANUP(text) before = strdup(dir);
	SC_CLEANUP(text) parent = NULL;
	const char *name;
	char *slash;
	size_t len;

	SC_TRY(sc_check_allocated(before, err));
	for (len = strlen(before); len > 1 && before[len - 1] == '/'; len--)
		before[len - 1] = '\0';
	slash = strrchr(before, '/');
	name = dir + (slash ? slash + 1 - before : 0);
	len -= (size_t)(name - dir);
	if (slash)
		*slash = '\0';
	SC_TRY(find_path(slash ? (*before ? before : "/") : ".", "--dir", &parent, err));
	SC_TRY(sc_check_allocated(
	    asprintf(&plan->dir, "%s/%.*s", strcmp(parent, "/") == 0 ? "" : parent, (int)len, name) >= 0 &&
		asprintf(&plan->partial, "%s.partial", plan->dir) >= 0,
	    err));
	SC_ENSURE(sc_file_name_is_safe(strrchr(plan->dir, '/') + 1) && can_be_written(plan->dir), err,
		  SC_ERR_ARGUMENT,
		  "--dir: %s: the name must have at most 200 bytes, no double quotes, and no leading '.'",
		  sc_shown(dir).s);
	return SC_OK;
}

/* Labels of letters, digits and hyphens. The domain goes into URLs and certificates, in lower case. */
static sc_status plan_domain(const char *domain, struct sc_init_plan *plan, struct sc_error *err)
{
	size_t len = strlen(domain);

	SC_ENSURE(len > 0 && len <= SC_INIT_DOMAIN_MAX && strspn(domain, SC_LETTERS_DIGITS "-.") == len &&
		      domain[0] != '.' && domain[len - 1] != '.' && !strstr(domain, ".."),
		  err, SC_ERR_ARGUMENT, "--domain: %s: not a domain name of at most %d characters",
		  sc_shown(domain).s, SC_INIT_DOMAIN_MAX);
	plan->domain = strdup(domain);
	SC_TRY(sc_check_allocated(plan->domain, err));
	for (char *c = plan->domain; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return SC_OK;
}

static sc_status plan_port(const char *text, const char *option, uint16_t standard, uint16_t *out,
			   struct sc_error *err)
{
	uint64_t number = standard;

	if (text)
		SC_TRY(sc_number_read(text, option, 1, UINT16_MAX, &number, err));
	*out = (uint16_t)number;
	return SC_OK;
}

static sc_status refuse_region(const char *code, struct sc_error *err)
{
	char known[SC_REGION_LIST_SIZE];

	sc_region_list(known);
	return sc_fail(err, SC_ERR_ARGUMENT, "--region: %s: there is no such region: the regions are %s",
		       sc_shown(code).s, known);
}

/* "EU:/run/eu/service:/srv/regions/EU" */
static sc_status plan_region(const char *spec, struct sc_init_plan *plan, struct sc_error *err)
{
	struct sc_init_region *region = &plan->regions[plan->region_count++];
	SC_CLEANUP(text) parts = strdup(spec);
	char *module, *directory;

	SC_TRY(sc_check_allocated(parts, err));
	module = strchr(parts, ':');
	directory = module ? strchr(module + 1, ':') : NULL;
	SC_ENSURE(directory && !strchr(directory + 1, ':'), err, SC_ERR_USAGE,
		  "--region: %s: not CODE:SOCKET:DIR", sc_shown(spec).s);
	*module++ = '\0';
	*directory++ = '\0';
	if (!sc_region_by_code(parts))
		return refuse_region(parts, err);
	for (size_t i = 0; i + 1 < plan->region_count; i++)
		SC_ENSURE(strcmp(plan->regions[i].code, parts) != 0, err, SC_ERR_USAGE,
			  "--region: %s: given twice", parts);
	SC_TRY(find_path(module, "--region", &region->module, err));
	SC_TRY(find_path(directory, "--region", &region->directory, err));
	region->code = sc_steal(parts);
	return SC_OK;
}

sc_status sc_init_plan_make(const struct sc_init_options *options, struct sc_init_plan *plan,
			    struct sc_error *err)
{
	static const struct sc_tenant_names standard = { .name = "Contoso",
							 .user = "admin@contoso",
							 .app = "application" };

	SC_TRY(plan_directory(options->dir, plan, err));
	SC_TRY(plan_domain(options->domain ? options->domain : "localhost", plan, err));
	SC_TRY(plan_port(options->signin_port, "--signin-port", 8444, &plan->signin_port, err));
	SC_TRY(plan_port(options->vault_port, "--vault-port", 8443, &plan->vault_port, err));
	SC_ENSURE(plan->signin_port != plan->vault_port, err, SC_ERR_USAGE,
		  "signind and vaultd cannot both use port %u", plan->vault_port);
	SC_TRY(find_path(options->signin_module, "--signin-module", &plan->signin_module, err));
	SC_TRY(find_path(options->vault_module, "--vault-module", &plan->vault_module, err));
	for (size_t i = 0; i < options->region_count; i++)
		SC_TRY(plan_region(options->regions[i], plan, err));
	return sc_tenant_plan(&options->tenant, &standard, &plan->tenant, err);
}
