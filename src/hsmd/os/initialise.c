/* A module's first steps: see initialise.h. */
#include "hsmd/os/initialise.h"

#include <limits.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/print.h"
#include "evidence/warrant_answer.h"
#include "hsmd/os/scrub.h"

/* A new identity. As after every request, nothing of its keys stays on the stack (rule M9). */
static sc_status create(struct sc_hsmd_host *host, const struct sc_hsmd_settings *settings,
			struct sc_module **out, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) unlock = { 0 };
	sc_status status;

	SC_TRY(sc_hsmd_unlock_read_or_make(&settings->unlock, sc_hsmd_state_dir(host->store), &unlock, err));
	status = sc_module_create(&host->host, &unlock, &settings->module, out, err);
	sc_scrub();
	return status;
}

/* The existing identity, if it has no warrant yet, or a new one. */
static sc_status find_or_create(struct sc_hsmd_host *host, const struct sc_hsmd_settings *settings,
				struct sc_module **out, struct sc_error *err)
{
	SC_CLEANUP(sc_module) module = NULL;

	if (!sc_hsmd_state_exists(host->store))
		return create(host, settings, out, err);
	SC_TRY(sc_hsmd_host_load(host, settings, err));
	SC_TRY(sc_hsmd_host_open_module(host, settings, &module, err));
	SC_ENSURE(sc_module_mode(module) == SC_MODE_UNWARRANTED, err, SC_ERR_EXISTS,
		  "%s: already holds module %s, which has its warrant", settings->state,
		  sc_module_esn(module));
	*out = sc_steal(module);
	return SC_OK;
}

static sc_status write_request(const struct sc_hsmd_host *host, const char *path, struct sc_view request,
			       struct sc_error *err)
{
	/* It holds no secret, and someone has to carry it to the factory. */
	if (path)
		return sc_file_write_path(path, request, SC_FILE_REPLACE, 0644, err);
	return sc_file_write(sc_hsmd_state_dir(host->store), SC_HSMD_REQUEST_FILE, request, SC_FILE_REPLACE,
			     0644, err);
}

sc_status sc_hsmd_initialise(const struct sc_hsmd_settings *settings, struct sc_error *err)
{
	SC_CLEANUP(sc_hsmd_host) host = { 0 };
	SC_CLEANUP(sc_module) module = NULL;
	SC_CLEANUP(sc_bytes) request = { 0 };
	sc_status status;

	SC_TRY(sc_hsmd_host_open(settings, true, &host, err));
	SC_TRY(find_or_create(&host, settings, &module, err));
	status = sc_module_warrant_request(module, &request, err);
	sc_scrub();
	SC_TRY(status);
	SC_TRY(write_request(&host, settings->request, sc_bytes_view(&request), err));
	sc_print("ESN             %s\n", sc_module_esn(module));
	if (settings->request)
		sc_print("warrant request %s\n", settings->request);
	else
		sc_print("warrant request %s/%s\n", settings->state, SC_HSMD_REQUEST_FILE);
	return SC_OK;
}

/*
 * Reads the factory's file. Whether the root is the expected one and the warrant this module's is for core/
 * to decide.
 */
static sc_status read_answer(const char *path, struct sc_bytes *root, struct sc_bytes *warrant,
			     struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) text = { 0 };
	SC_CLEANUP(sc_x509) root_certificate = NULL;
	SC_CLEANUP(sc_x509) warrant_certificate = NULL;
	sc_status status;

	SC_TRY(sc_file_read_path(path, SC_WARRANT_ANSWER_MAX, &text, err));
	status = sc_warrant_answer_read(sc_bytes_view(&text), sc_clock_now(), &root_certificate,
					&warrant_certificate, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "%s", path);
	SC_TRY(sc_x509_encode(root_certificate, root, err));
	return sc_x509_encode(warrant_certificate, warrant, err);
}

sc_status sc_hsmd_install_warrant(const struct sc_hsmd_settings *settings, struct sc_error *err)
{
	SC_CLEANUP(sc_hsmd_host) host = { 0 };
	SC_CLEANUP(sc_module) module = NULL;
	SC_CLEANUP(sc_bytes) root = { 0 };
	SC_CLEANUP(sc_bytes) warrant = { 0 };
	char grouped[SC_HASH_GROUPED_SIZE];
	sc_status status;

	SC_TRY(read_answer(settings->warrant, &root, &warrant, err));
	SC_TRY(sc_hsmd_host_open(settings, false, &host, err));
	SC_TRY(sc_hsmd_host_load(&host, settings, err));
	SC_TRY(sc_hsmd_host_open_module(&host, settings, &module, err));
	status = sc_module_install_warrant(module, sc_bytes_view(&root), sc_bytes_view(&warrant),
					   &settings->root_hash, err);
	sc_scrub();
	SC_TRY(status);
	sc_hash_grouped(&settings->root_hash, grouped);
	sc_print("ESN         %s\nroot pinned %s\n", sc_module_esn(module), grouped);
	return SC_OK;
}
