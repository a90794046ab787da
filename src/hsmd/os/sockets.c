/* The module's sockets: see sockets.h. */
#include "hsmd/os/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/options.h"
#include "base/os.h"
#include "base/visible.h"
#include "wire/role.h"
#include "wire/socket.h"

#define SPEC_MAX 512 /* maximum length of one --socket, with its NUL */
#define BACKLOG  128
#define SUFFIX   4 /* random bytes in a temporary name */

/* -- what the command line says ---------------------------------------------------------------- */

/* A spec being read. */
struct reading {
	struct sc_hsmd_socket_spec *spec;
	bool has_service_key; /* make, load or owner was given */
};

static sc_status read_role(struct reading *reading, const char *value, struct sc_error *err)
{
	SC_ENSURE(sc_role_by_name(value, &reading->spec->policy.role), err, SC_ERR_ARGUMENT,
		  "--socket: role=%s is not one of custody, service, use", sc_shown(value).s);
	return SC_OK;
}

static sc_status read_path(struct reading *reading, const char *value, struct sc_error *err)
{
	size_t len = strlen(value);

	SC_ENSURE(len > 0 && len <= SC_HSMD_SOCKET_PATH_MAX, err, SC_ERR_ARGUMENT,
		  "--socket: a path must have 1 to %d bytes: %s", SC_HSMD_SOCKET_PATH_MAX, sc_shown(value).s);
	memcpy(reading->spec->path, value, len + 1);
	return SC_OK;
}

/* Reads "vault+kek" as bits. */
static sc_status read_applications(const char *value, uint32_t *out, struct sc_error *err)
{
	char copy[SPEC_MAX];
	char *rest = copy;

	memcpy(copy, value, strlen(value) + 1);
	for (char *name; (name = strsep(&rest, "+"));) {
		uint32_t application = sc_application_by_name(name);

		SC_ENSURE(application, err, SC_ERR_ARGUMENT, "--socket: \"%s\" is not an application", name);
		*out |= application;
	}
	return SC_OK;
}

static sc_status read_make(struct reading *reading, const char *value, struct sc_error *err)
{
	reading->has_service_key = true;
	return read_applications(value, &reading->spec->policy.make, err);
}

static sc_status read_load(struct reading *reading, const char *value, struct sc_error *err)
{
	reading->has_service_key = true;
	return read_applications(value, &reading->spec->policy.load, err);
}

static sc_status read_owner(struct reading *reading, const char *value, struct sc_error *err)
{
	reading->has_service_key = true;
	return sc_text_set(&reading->spec->policy.daemon, value, "--socket: owner", err);
}

static sc_status read_mode(struct reading *reading, const char *value, struct sc_error *err)
{
	size_t digits = strspn(value, "01234567");

	SC_ENSURE(digits > 0 && digits <= 4 && !value[digits], err, SC_ERR_ARGUMENT,
		  "--socket: mode=%s is not an octal number", sc_shown(value).s);
	reading->spec->mode = (mode_t)strtoul(value, NULL, 8);
	SC_ENSURE(!(reading->spec->mode & ~(mode_t)0666), err, SC_ERR_ARGUMENT,
		  "--socket: mode=%s: a socket has only read and write permissions (at most 0666)",
		  sc_shown(value).s);
	return SC_OK;
}

static sc_status read_group(struct reading *reading, const char *value, struct sc_error *err)
{
	const struct group *group = getgrnam(value);
	uint64_t number = 0;

	if (group) {
		reading->spec->group = group->gr_gid;
		return SC_OK;
	}
	/* A group without a name, as in containers. */
	SC_ENSURE(sc_number_read(value, "group", 0, INT32_MAX, &number, NULL) == SC_OK, err, SC_ERR_ARGUMENT,
		  "--socket: no such group: %s", sc_shown(value).s);
	reading->spec->group = (gid_t)number;
	return SC_OK;
}

static const struct {
	const char *name;
	sc_status (*read)(struct reading *reading, const char *value, struct sc_error *err);
} keys[] = { { "role", read_role },   { "path", read_path }, { "make", read_make },  { "load", read_load },
	     { "owner", read_owner }, { "mode", read_mode }, { "group", read_group } };
#define KEYS (sizeof keys / sizeof keys[0])

/* Reads one KEY=VALUE. `seen` has a bit for each key read so far. */
static sc_status read_pair(struct reading *reading, char *pair, unsigned *seen, struct sc_error *err)
{
	char *value = strchr(pair, '=');

	SC_ENSURE(value, err, SC_ERR_ARGUMENT, "--socket: \"%s\" is not KEY=VALUE", pair);
	*value++ = '\0';
	for (unsigned i = 0; i < KEYS; i++) {
		if (strcmp(pair, keys[i].name) != 0)
			continue;
		SC_ENSURE(!(*seen & 1u << i), err, SC_ERR_ARGUMENT, "--socket: %s is given twice", pair);
		*seen |= 1u << i;
		return keys[i].read(reading, value, err);
	}
	return sc_fail(err, SC_ERR_ARGUMENT,
		       "--socket: \"%s\" is not one of role, path, make, load, owner, mode, group", pair);
}

sc_status sc_hsmd_socket_spec_read(const char *text, struct sc_hsmd_socket_spec *out, struct sc_error *err)
{
	struct sc_hsmd_socket_spec spec = { .mode = 0600, .group = (gid_t)-1 };
	struct reading reading = { &spec, false };
	char copy[SPEC_MAX];
	char *rest = copy;
	unsigned seen = 0;

	SC_ENSURE(strlen(text) < sizeof copy, err, SC_ERR_ARGUMENT, "--socket: longer than %d characters",
		  SPEC_MAX - 1);
	memcpy(copy, text, strlen(text) + 1);
	for (char *pair; (pair = strsep(&rest, ","));)
		SC_TRY(read_pair(&reading, pair, &seen, err));
	SC_ENSURE(spec.policy.role && spec.path[0], err, SC_ERR_ARGUMENT,
		  "--socket: needs role= and path=: %s", text);
	SC_ENSURE(
	    !reading.has_service_key || spec.policy.role == SC_ROLE_SERVICE, err, SC_ERR_ARGUMENT,
	    "--socket: make, load and owner are for service sockets only; the other roles' lists are fixed");
	SC_TRY(sc_policy_check(&spec.policy, err));
	*out = spec;
	return SC_OK;
}

/* -- listening --------------------------------------------------------------------------------- */

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	return address;
}

/* Fails if the path is in use. A socket that nobody listens on was left behind by a process that ended. */
static sc_status check_free(const char *path, struct sc_error *err)
{
	struct sockaddr_un address = address_of(path);
	struct stat status;
	int failed;
	int fd;

	if (sc_os->fstatat(AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? SC_OK
				       : sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be examined", path);
	SC_ENSURE(S_ISSOCK(status.st_mode), err, SC_ERR_EXISTS, "%s: exists and is not a socket", path);
	fd = sc_os->socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "no socket");
	failed = sc_os->connect(fd, (const struct sockaddr *)&address, sizeof address) ? errno : 0;
	(void)sc_os->close(fd);
	SC_ENSURE(failed == ECONNREFUSED || failed == ENOENT, err, SC_ERR_EXISTS,
		  "%s: another process listens on it", path);
	return SC_OK;
}

/*
 * The directory is not made here: whose it is and who may pass through it is the administrator's decision.
 */
static sc_status fail_no_directory(const char *path, struct sc_error *err)
{
	const char *slash = strrchr(path, '/');
	int len = slash ? (int)(slash - path) : 0;

	return sc_fail(err, SC_ERR_NOT_FOUND,
		       "%s: there is no directory %.*s: create it so that this module can write in it and "
		       "its clients can pass through it",
		       path, len, path);
}

/* Binds at a temporary name, sets permissions and listens, and only then moves the socket into place. */
static sc_status bind_and_move(int fd, const struct sc_hsmd_socket_spec *spec, const char *temporary,
			       struct sc_error *err)
{
	struct sockaddr_un address = address_of(temporary);

	if (sc_os->bind(fd, (const struct sockaddr *)&address, sizeof address))
		return errno == ENOENT ? fail_no_directory(spec->path, err)
				       : sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot bind", spec->path);
	if (sc_os->fchmodat(AT_FDCWD, temporary, spec->mode, 0) ||
	    (spec->group != (gid_t)-1 && sc_os->fchownat(AT_FDCWD, temporary, (uid_t)-1, spec->group, 0)))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot set permissions", spec->path);
	if (sc_os->listen(fd, BACKLOG))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot listen", spec->path);
	if (sc_os->renameat2(AT_FDCWD, temporary, AT_FDCWD, spec->path, 0))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot move the socket into place", spec->path);
	return SC_OK;
}

sc_status sc_hsmd_socket_listen(const struct sc_hsmd_socket_spec *spec, int *out, struct sc_error *err)
{
	char temporary[SC_HSMD_SOCKET_PATH_MAX + 2 + 2 * SUFFIX];
	char hex[2 * SUFFIX + 1];
	uint8_t random[SUFFIX];
	sc_status status;
	int fd;

	SC_TRY(check_free(spec->path, err));
	SC_TRY(sc_random(random, sizeof random, err));
	sc_hex(sc_view_of(random, sizeof random), hex);
	snprintf(temporary, sizeof temporary, "%s.%s", spec->path, hex);
	fd = sc_os->socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "no socket");
	status = bind_and_move(fd, spec, temporary, err);
	if (status != SC_OK) {
		(void)sc_os->unlinkat(AT_FDCWD, temporary, 0);
		(void)sc_os->close(fd);
		return status;
	}
	*out = fd;
	return SC_OK;
}

/* -- accepting --------------------------------------------------------------------------------- */

static sc_status examine(struct sc_hsmd_peer *peer, struct sc_error *err)
{
	struct ucred who;
	socklen_t len = sizeof who;

	if (sc_os->getsockopt(peer->fd, SOL_SOCKET, SO_PEERCRED, &who, &len))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot read SO_PEERCRED");
	SC_TRY(sc_wire_make_room(peer->fd, err));
	peer->uid = who.uid;
	peer->is_other_user = who.uid != geteuid();
	return SC_OK;
}

sc_status sc_hsmd_socket_accept(int listener, struct sc_hsmd_peer *out, struct sc_error *err)
{
	struct sc_hsmd_peer peer = { .fd =
					 sc_os->accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) };
	sc_status status;

	if (peer.fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS))
		return sc_fail_errno(err, SC_ERR_BUSY, "cannot accept a connection");
	if (peer.fd < 0)
		return sc_fail_errno(err, SC_ERR_UNAVAILABLE, "no connection is waiting");
	status = examine(&peer, err);
	if (status != SC_OK) {
		(void)sc_os->close(peer.fd);
		return status;
	}
	*out = peer;
	return SC_OK;
}
