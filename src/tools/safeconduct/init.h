/*
 * What the files of `safeconduct init` share. The parent makes the plan of a deployment from its command
 * line. For each daemon, a child process carries the plan out: it takes the daemon's user id and talks to the
 * module through the daemon's own socket. So each daemon's files and keys belong to it from the first byte.
 */
#ifndef SC_TOOLS_SAFECONDUCT_INIT_H
#define SC_TOOLS_SAFECONDUCT_INIT_H

#include <sys/types.h>

#include "base/file.h"
#include "formats/key_type.h"
#include "tools/safeconduct/tenant.h"

#define SC_INIT_DOMAIN_MAX   200
#define SC_INIT_REGIONS_MAX  32
#define SC_INIT_CONFIG_MAX   65536
#define SC_INIT_SERVER_NAMES 3

struct sc_init_region {
	char *code;
	char *module;    /* socket, an absolute path */
	char *directory; /* an absolute path */
};

struct sc_init_plan {
	char *dir;     /* the final path, absolute */
	char *partial; /* where it is built: DIR.partial */
	char *domain;  /* lower case */
	uint16_t signin_port;
	uint16_t vault_port;
	char *signin_module; /* an absolute path */
	char *vault_module;
	struct sc_init_region regions[SC_INIT_REGIONS_MAX];
	size_t region_count;
	struct sc_tenant tenant; /* the first one */
};

/* The command line. NULL: not given. */
struct sc_init_options {
	const char *dir;
	const char *domain;
	const char *signin_port;
	const char *vault_port;
	const char *signin_module;
	const char *vault_module;
	const char *regions[SC_INIT_REGIONS_MAX]; /* CODE:SOCKET:DIR */
	size_t region_count;
	const char *signin_user;
	const char *vault_user;
	struct sc_tenant_names tenant;
};

/*
 * Reads the command line into *out, which must be all zeros. SC_ERR_USAGE: something is missing. *done is set
 * if only --help or --version was asked for.
 */
sc_status sc_init_options_read(int argc, char **argv, struct sc_init_options *out, bool *done,
			       struct sc_error *err) SC_WARN_UNUSED;

/*
 * Checks what was given and fills in defaults. The texts of `options` must live as long as the plan. The
 * caller frees the plan, also after a failure.
 */
sc_status sc_init_plan_make(const struct sc_init_options *options, struct sc_init_plan *out,
			    struct sc_error *err) SC_WARN_UNUSED;

/* Releases the texts; a plan of zeros is allowed. */
void sc_init_plan_free(struct sc_init_plan *plan);
SC_CLEANUP_VALUE(sc_init_plan, sc_init_plan_free)

/* What a daemon's child reports to the parent, once its keys are made and its database is filled. */
struct sc_init_report {
	sc_status status;
	char message[SC_ERROR_MESSAGE_MAX];
	uint8_t spki[SC_SPKI_MAX]; /* of its TLS key */
	size_t spki_len;
	struct sc_tenant_secrets secrets; /* signind only */
};

/* A daemon, and how its part is done. */
struct sc_init_daemon {
	const char *name; /* of its directory, and of the owner of its keys in the module: "signind" */
	const char *server_names[SC_INIT_SERVER_NAMES]; /* domain prefixes like "login."; the rest NULL */
	/* Runs in the child. Makes further keys, the database and the configuration in `dir`. */
	sc_status (*make)(const struct sc_init_plan *plan, const struct sc_dir *dir,
			  struct sc_init_report *report, struct sc_error *err);
};

extern const struct sc_init_daemon sc_init_signind;
extern const struct sc_init_daemon sc_init_vaultd;

/* The user that a child becomes. It stays the same user if `is_given` is false. */
struct sc_init_identity {
	bool is_given;
	uid_t uid;
	gid_t gid;
};

/*
 * The user with that name or number, and the group of its account (without an account, the group of that
 * number). NULL: none is given, and *out stays as it is. SC_ERR_USAGE: this process is not root's.
 * SC_ERR_ARGUMENT, naming the option: there is no such user.
 */
sc_status sc_init_identity_find(const char *user, const char *option, struct sc_init_identity *out,
				struct sc_error *err) SC_WARN_UNUSED;

/* Makes this process run as that user, permanently. */
sc_status sc_init_identity_take(const struct sc_init_identity *identity, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Makes DIR.partial and, in it, the directory of each daemon, which belongs to that daemon's user.
 * SC_ERR_EXISTS: DIR or DIR.partial already exists.
 */
sc_status sc_init_directories_make(const struct sc_init_plan *plan,
				   const struct sc_init_identity *signin_user,
				   const struct sc_init_identity *vault_user,
				   struct sc_error *err) SC_WARN_UNUSED;

/* Durably renames DIR.partial to DIR, in one step. SC_ERR_EXISTS, SC_ERR_NOT_DURABLE. */
sc_status sc_init_directories_name(const struct sc_init_plan *plan, struct sc_error *err) SC_WARN_UNUSED;

struct sc_init_child {
	const struct sc_init_daemon *daemon;
	pid_t pid;  /* 0: not started */
	int socket; /* the parent's end; -1: closed */
	struct sc_init_report report;
};

/*
 * Starts the daemon's child. Its directory must exist and belong to the daemon. `other` is a descriptor that
 * the child must close (the parent's end of another child's socket), or -1.
 */
sc_status sc_init_child_start(const struct sc_init_plan *plan, const struct sc_init_daemon *daemon,
			      const char *module, const struct sc_init_identity *identity, int other,
			      struct sc_init_child *out, struct sc_error *err) SC_WARN_UNUSED;

/* Waits for the child's report. If the child failed, returns its error with the daemon's name in front. */
sc_status sc_init_child_report(struct sc_init_child *child, struct sc_error *err) SC_WARN_UNUSED;

/* Sends the child its certificate and waits until it is written. */
sc_status sc_init_child_finish(struct sc_init_child *child, struct sc_view certificate,
			       struct sc_error *err) SC_WARN_UNUSED;

/* Ends the child if it still runs, and wipes its report. */
void sc_init_child_end(struct sc_init_child *child);

/*
 * Makes a key of an application in the module and writes its blob to a file in the daemon's directory. The
 * caller frees *spki.
 */
sc_status sc_init_make_key(const char *module, const char *daemon, const char *application,
			   const struct sc_key_type *type, const struct sc_dir *dir, const char *file,
			   struct sc_bytes *spki, struct sc_error *err) SC_WARN_UNUSED;

#define SC_INIT_URL_SIZE (SC_INIT_DOMAIN_MAX + 64)

/* "https://login.localhost:8444"; port 443 is left out, as is usual. */
void sc_init_url(const struct sc_init_plan *plan, const char *host, uint16_t port,
		 char out[SC_INIT_URL_SIZE]);

/* A configuration file, written line by line. */
struct sc_init_config {
	char text[SC_INIT_CONFIG_MAX];
	size_t used;
	bool is_full;
};

/* Adds text. What does not fit is noted, and refused by sc_init_config_write. */
void sc_init_config_add(struct sc_init_config *config, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Writes the file (0600). SC_ERR_TOO_LARGE, SC_ERR_EXISTS. */
sc_status sc_init_config_write(const struct sc_init_config *config, const struct sc_dir *dir,
			       const char *name, struct sc_error *err) SC_WARN_UNUSED;

#endif
