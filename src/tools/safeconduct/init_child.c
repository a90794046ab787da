/*
 * A daemon's part of `safeconduct init`: the child process with the daemon's user id, and its messages to and
 * from the parent. The child sends a report, receives its certificate, and sends a last report.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/os.h"
#include "client/client.h"
#include "formats/owner.h"
#include "tools/safeconduct/child_message.h"
#include "tools/safeconduct/init.h"

#define CERTIFICATE_MAX 16384

/* -- in the child ------------------------------------------------------------------------------- */

static sc_status encode_owner(const char *daemon, struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_owner) owner = sc_owner_new();

	SC_TRY(sc_check_allocated(owner, err));
	SC_TRY(sc_text_set(&owner->daemon, daemon, "daemon", err));
	return sc_owner_encode(owner, out, err);
}

sc_status sc_init_make_key(const char *module, const char *daemon, const char *application,
			   const struct sc_key_type *type, const struct sc_dir *dir, const char *file,
			   struct sc_bytes *spki, struct sc_error *err)
{
	SC_CLEANUP(sc_client) client = NULL;
	SC_CLEANUP(sc_bytes) owner = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_key_generate_request request = { .application = sc_view_text(application),
						   .algorithm = type->algorithm,
						   .bits = type->bits };
	struct sc_key_generate_response made = { 0 };

	SC_TRY(encode_owner(daemon, &owner, err));
	request.owner = sc_bytes_view(&owner);
	SC_TRY(sc_client_open(module, &client, err));
	SC_TRY(sc_call_key_generate(client, 0, &request, &reply, &made, err));
	SC_TRY(sc_file_write(dir, file, made.blob, SC_FILE_NEW, 0600, err));
	return sc_bytes_copy(made.spki, spki, err);
}

static sc_status make_all(const struct sc_init_plan *plan, const struct sc_init_daemon *daemon,
			  const char *module, const struct sc_dir *dir, struct sc_init_report *report,
			  struct sc_error *err)
{
	const struct sc_key_type type = { SC_ALGORITHM_EC, 256 };
	SC_CLEANUP(sc_bytes) spki = { 0 };

	SC_TRY(sc_init_make_key(module, daemon->name, "tls", &type, dir, "tls.blob", &spki, err));
	SC_ENSURE(spki.len <= sizeof report->spki, err, SC_ERR_TOO_LARGE,
		  "the module's public key is too large");
	memcpy(report->spki, spki.data, spki.len);
	report->spki_len = spki.len;
	return daemon->make(plan, dir, report, err);
}

static void send_report(int socket, struct sc_init_report *report, sc_status status,
			const struct sc_error *err)
{
	report->status = status;
	snprintf(report->message, sizeof report->message, "%s", err->message);
	/* If the parent is gone, nobody can be told; the child ends all the same. */
	(void)sc_child_message_send(socket, report, sizeof *report);
	OPENSSL_cleanse(report, sizeof *report);
}

static sc_status open_directory(const struct sc_init_plan *plan, const char *name, struct sc_dir *out,
				struct sc_error *err)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", plan->partial, name);
	return sc_dir_open(path, out, err);
}

static sc_status receive_certificate(int socket, const struct sc_dir *dir, struct sc_error *err)
{
	uint8_t certificate[CERTIFICATE_MAX];
	ssize_t len = sc_child_message_receive(socket, certificate, sizeof certificate);

	SC_ENSURE(len > 0, err, SC_ERR_CANCELLED, "the parent sent no certificate");
	return sc_file_write(dir, "tls.pem", sc_view_of(certificate, (size_t)len), SC_FILE_NEW, 0600, err);
}

/* All that the child does; returns its exit status. */
static int run(const struct sc_init_plan *plan, const struct sc_init_daemon *daemon, const char *module,
	       const struct sc_init_identity *identity, int socket)
{
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;
	struct sc_init_report report = { 0 };
	struct sc_error err = { 0 };
	sc_status status = sc_init_identity_take(identity, &err);

	if (status == SC_OK)
		status = open_directory(plan, daemon->name, &dir, &err);
	if (status == SC_OK)
		status = make_all(plan, daemon, module, &dir, &report, &err);
	send_report(socket, &report, status, &err);
	if (status != SC_OK)
		return 1;
	status = receive_certificate(socket, &dir, &err);
	send_report(socket, &report, status, &err);
	return status == SC_OK ? 0 : 1;
}

/* -- in the parent ------------------------------------------------------------------------------ */

sc_status sc_init_child_start(const struct sc_init_plan *plan, const struct sc_init_daemon *daemon,
			      const char *module, const struct sc_init_identity *identity, int other,
			      struct sc_init_child *out, struct sc_error *err)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot make a socket for %s's set-up",
				     daemon->name);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		(void)sc_os->close(ends[0]);
		if (other >= 0)
			(void)sc_os->close(other);
		_exit(run(plan, daemon, module, identity, ends[1]));
	}
	(void)sc_os->close(ends[1]);
	if (pid < 0) {
		(void)sc_os->close(ends[0]);
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot start a process for %s's part",
				     daemon->name);
	}
	out->daemon = daemon;
	out->pid = pid;
	out->socket = ends[0];
	return SC_OK;
}

static sc_status receive_report(const struct sc_init_child *child, struct sc_init_report *out,
				struct sc_error *err)
{
	const char *name = child->daemon->name;
	ssize_t len = sc_child_message_receive(child->socket, out, sizeof *out);

	SC_ENSURE(len == (ssize_t)sizeof *out && out->spki_len <= sizeof out->spki, err, SC_ERR_SYSTEM,
		  "the process that sets up %s ended without an error message", name);
	out->message[sizeof out->message - 1] = '\0';
	SC_ENSURE(out->status == SC_OK, err, out->status, "%s: %s", name, out->message);
	return SC_OK;
}

sc_status sc_init_child_report(struct sc_init_child *child, struct sc_error *err)
{
	return receive_report(child, &child->report, err);
}

sc_status sc_init_child_finish(struct sc_init_child *child, struct sc_view certificate, struct sc_error *err)
{
	struct sc_init_report last;

	SC_ENSURE(certificate.len <= CERTIFICATE_MAX, err, SC_ERR_TOO_LARGE, "%s's certificate is too large",
		  child->daemon->name);
	if (!sc_child_message_send(child->socket, certificate.data, certificate.len))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s's part has ended", child->daemon->name);
	return receive_report(child, &last, err);
}

void sc_init_child_end(struct sc_init_child *child)
{
	OPENSSL_cleanse(&child->report, sizeof child->report);
	if (!child->pid)
		return;
	/* A waiting child ends by itself once its socket is closed. */
	(void)sc_os->close(child->socket);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
	child->pid = 0;
}
