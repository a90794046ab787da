/* The parts of `safeconduct tenant add`: see tenant_part.h. */
#include "tools/safeconduct/tenant_part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/os.h"
#include "base/visible.h"
#include "store/signin_store.h"
#include "tools/safeconduct/child_message.h"
#include "tools/safeconduct/init.h"
#include "web/config.h"
#include "web/issuer_name.h"

#define ISSUERS_MAX 64

/* -- configurations and databases --------------------------------------------------------------- */

static sc_status open_config(const char *directory, const char *name, const struct sc_option *options,
			     struct sc_web_config **out, struct sc_error *err)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	return sc_web_config_read_some(path, options, out, err);
}

/* The daemon has made it: opening it must not make another. */
static sc_status find_database(struct sc_web_config *config, const char *value, const char **out,
			       struct sc_error *err)
{
	struct stat entry;

	SC_TRY(sc_web_config_need(config, "database", value, err));
	SC_TRY(sc_web_config_path(config, value, out, err));
	if (sc_os->fstatat(AT_FDCWD, *out, &entry, AT_SYMLINK_NOFOLLOW) != 0)
		return sc_fail_errno(err, errno == ENOENT ? SC_ERR_NOT_FOUND : SC_ERR_SYSTEM, "%s", *out);
	return SC_OK;
}

/* *out is signind's database; it lives as long as *config. */
static sc_status find_signind_database(const char *directory, struct sc_web_config **config, const char **out,
				       struct sc_error *err)
{
	const char *database = NULL;
	const struct sc_option options[] = { { .name = "database", .value = &database }, { 0 } };

	SC_TRY(open_config(directory, "signind.conf", options, config, err));
	return find_database(*config, database, out, err);
}

struct vaultd_config {
	const char *domain;
	const char *port;
	const char *database;
	const char *issuers[ISSUERS_MAX];
	size_t issuer_count;
	const char *pattern; /* the issuer of all tenants */
};

static sc_status read_vaultd_config(const char *directory, struct sc_web_config **config,
				    struct vaultd_config *out, struct sc_error *err)
{
	const struct sc_option options[] = {
		{ .name = "domain", .value = &out->domain },
		{ .name = "port", .value = &out->port },
		{ .name = "database", .value = &out->database },
		{ .name = "issuer",
		  .list = out->issuers,
		  .list_max = ISSUERS_MAX,
		  .list_count = &out->issuer_count },
		{ 0 },
	};

	SC_TRY(open_config(directory, "vaultd.conf", options, config, err));
	SC_TRY(sc_web_config_need(*config, "domain", out->domain, err));
	SC_TRY(sc_web_config_need(*config, "port", out->port, err));
	SC_TRY(find_database(*config, out->database, &out->database, err));
	for (size_t i = 0; i < out->issuer_count; i++)
		if (!out->pattern && sc_web_issuer_is_pattern(out->issuers[i]))
			out->pattern = out->issuers[i];
	SC_ENSURE(out->pattern, err, SC_ERR_STATE,
		  "%s/vaultd.conf: no `issuer` contains " SC_WEB_ISSUER_TENANT
		  ", so vaultd would accept no token of another tenant",
		  directory);
	return SC_OK;
}

/* -- the parts ---------------------------------------------------------------------------------- */

static sc_status check_is_free(sc_status found, const char *what, const char *name, struct sc_error *err)
{
	SC_ENSURE(found != SC_OK, err, SC_ERR_EXISTS, "%s %s: already exists", what, sc_shown(name).s);
	return found == SC_ERR_NOT_FOUND ? SC_OK : found;
}

sc_status sc_tenant_part_check(const char *directory, struct sc_tenant_addition *addition,
			       struct sc_error *err)
{
	SC_CLEANUP(sc_web_config) config = NULL;
	SC_CLEANUP(sc_store_signin_db) store = NULL;
	SC_CLEANUP(sc_store_signin_tenant_row) tenant = { 0 };
	SC_CLEANUP(sc_store_user_row) user = { 0 };
	const char *database = NULL;

	SC_TRY(find_signind_database(directory, &config, &database, err));
	SC_TRY(sc_store_signin_db_open(database, &store, err));
	SC_TRY(check_is_free(sc_store_signin_tenant_find_by_name(store, addition->tenant.name, &tenant, err),
			     "tenant", addition->tenant.name, err));
	return check_is_free(sc_store_user_find_by_upn(store, NULL, addition->tenant.user, &user, err),
			     "user", addition->tenant.user, err);
}

static void write_places(const struct vaultd_config *config, struct sc_tenant_addition *addition)
{
	char *end;

	sc_web_issuer_write(config->pattern, "adfs", addition->login, sizeof addition->login);
	end = addition->login + strlen(addition->login) - 1;
	if (*end == '/')
		*end = '\0';
	snprintf(addition->management, sizeof addition->management, "https://management.%s%s%s",
		 config->domain, strcmp(config->port, "443") == 0 ? "" : ":",
		 strcmp(config->port, "443") == 0 ? "" : config->port);
}

sc_status sc_tenant_part_vaultd(const char *directory, struct sc_tenant_addition *addition,
				struct sc_error *err)
{
	SC_CLEANUP(sc_web_config) config = NULL;
	struct vaultd_config settings = { .domain = NULL };

	SC_TRY(read_vaultd_config(directory, &config, &settings, err));
	write_places(&settings, addition);
	return sc_tenant_add_to_vaultd(settings.database, settings.pattern, &addition->tenant, err);
}

sc_status sc_tenant_part_signind(const char *directory, struct sc_tenant_addition *addition,
				 struct sc_error *err)
{
	SC_CLEANUP(sc_web_config) config = NULL;
	const char *database = NULL;

	SC_TRY(find_signind_database(directory, &config, &database, err));
	return sc_tenant_add_to_signind(database, &addition->tenant, &addition->secrets, err);
}

/* -- the child ---------------------------------------------------------------------------------- */

struct result {
	sc_status status;
	char message[SC_ERROR_MESSAGE_MAX];
	struct sc_tenant_addition addition;
};

static int run_child(const char *directory, const struct sc_init_identity *identity, sc_tenant_part *part,
		     struct result *result, int socket)
{
	struct sc_error err = { 0 };
	sc_status status = sc_init_identity_take(identity, &err);

	if (status == SC_OK)
		status = part(directory, &result->addition, &err);
	result->status = status;
	snprintf(result->message, sizeof result->message, "%s", err.message);
	/* If the parent is gone, nobody can be told. */
	(void)sc_child_message_send(socket, result, sizeof *result);
	OPENSSL_cleanse(result, sizeof *result);
	return status == SC_OK ? 0 : 1;
}

/* Root becomes the owner; anyone else stays who they are. */
static sc_status find_owner(const char *directory, struct sc_init_identity *out, struct sc_error *err)
{
	struct stat entry;

	if (sc_os->fstatat(AT_FDCWD, directory, &entry, AT_SYMLINK_NOFOLLOW) != 0)
		return sc_fail_errno(err, errno == ENOENT ? SC_ERR_NOT_FOUND : SC_ERR_SYSTEM,
				     "%s: --dir must be what `safeconduct init` made", directory);
	SC_ENSURE(S_ISDIR(entry.st_mode), err, SC_ERR_ARGUMENT, "%s: is not a directory", directory);
	*out = (struct sc_init_identity){ geteuid() == 0, entry.st_uid, entry.st_gid };
	return SC_OK;
}

static sc_status take_result(const char *daemon, struct result *result, ssize_t len,
			     struct sc_tenant_addition *addition, struct sc_error *err)
{
	SC_ENSURE(len == (ssize_t)sizeof *result, err, SC_ERR_SYSTEM,
		  "the process that works for %s ended without an error message", daemon);
	result->message[sizeof result->message - 1] = '\0';
	SC_ENSURE(result->status == SC_OK, err, result->status, "%s: %s", daemon, result->message);
	*addition = result->addition;
	return SC_OK;
}

static sc_status run_in_child(const char *directory, const char *daemon, sc_tenant_part *part,
			      const struct sc_init_identity *identity, struct sc_tenant_addition *addition,
			      struct sc_error *err)
{
	struct result result = { .addition = *addition };
	sc_status status;
	int ends[2];
	ssize_t len;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot make a socket for %s's part", daemon);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		(void)sc_os->close(ends[0]);
		_exit(run_child(directory, identity, part, &result, ends[1]));
	}
	(void)sc_os->close(ends[1]);
	if (pid < 0) {
		(void)sc_os->close(ends[0]);
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot start a process for %s's part", daemon);
	}
	len = sc_child_message_receive(ends[0], &result, sizeof result);
	status = take_result(daemon, &result, len, addition, err);
	(void)sc_os->close(ends[0]);
	OPENSSL_cleanse(&result, sizeof result);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return status;
}

sc_status sc_tenant_part_run(const char *dir, const char *daemon, sc_tenant_part *part,
			     struct sc_tenant_addition *addition, struct sc_error *err)
{
	struct sc_init_identity owner = { 0 };
	char directory[4096];
	int len = snprintf(directory, sizeof directory, "%s/%s", dir, daemon);

	SC_ENSURE(len > 0 && (size_t)len < sizeof directory, err, SC_ERR_TOO_LARGE, "--dir: is too long");
	SC_TRY(find_owner(directory, &owner, err));
	return run_in_child(directory, daemon, part, &owner, addition, err);
}
