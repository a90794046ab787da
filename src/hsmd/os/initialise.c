/* A module's first steps: see initialise.h. */
#include "hsmd/os/initialise.h"

#include <limits.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "formats/signed_data.h"

#define REQUEST_FILE "warrant-request.der"
#define ANSWER_MAX   32768 /* bytes of the factory's file */

SC_CLEANUP_POINTER(sc_bio, BIO, BIO_free_all)

/* The identity that is there, if its warrant has not been installed, or a new one. */
static sc_status find_or_create(struct sc_host *host, const struct sc_settings *settings,
				struct sc_module **out, struct sc_error *err)
{
	SC_CLEANUP(sc_module) module = NULL;
	SC_CLEANUP(sc_secret) unlock = { 0 };

	if (!sc_state_is_there(host->store)) {
		SC_TRY(sc_unlock_read_or_make(&settings->unlock, sc_state_dir(host->store), &unlock, err));
		return sc_module_create(&host->host, &unlock, &settings->module, out, err);
	}
	SC_TRY(sc_host_load(host, settings, err));
	SC_TRY(sc_host_open_module(host, settings, &module, err));
	SC_ENSURE(sc_module_mode(module) == SC_MODE_UNWARRANTED, err, SC_ERR_EXISTS,
		  "%s: holds module %s already, with its warrant", settings->state, sc_module_esn(module));
	*out = sc_steal(module);
	return SC_OK;
}

static sc_status write_request(const struct sc_host *host, const char *path, struct sc_view request,
			       struct sc_error *err)
{
	/* Nothing in it is secret, and somebody has to carry it away. */
	if (path)
		return sc_file_write_path(path, request, SC_FILE_REPLACE, 0644, err);
	return sc_file_write(sc_state_dir(host->store), REQUEST_FILE, request, SC_FILE_REPLACE, 0644, err);
}

sc_status sc_initialise(const struct sc_settings *settings, struct sc_error *err)
{
	SC_CLEANUP(sc_host) host = { 0 };
	SC_CLEANUP(sc_module) module = NULL;
	SC_CLEANUP(sc_bytes) request = { 0 };

	SC_TRY(sc_host_open(settings, true, &host, err));
	SC_TRY(find_or_create(&host, settings, &module, err));
	SC_TRY(sc_module_warrant_request(module, &request, err));
	SC_TRY(write_request(&host, settings->request, sc_bytes_view(&request), err));
	printf("ESN             %s\n", sc_module_esn(module));
	if (settings->request)
		printf("warrant request %s\n", settings->request);
	else
		printf("warrant request %s/%s\n", settings->state, REQUEST_FILE);
	return SC_OK;
}

/* Reads the next certificate of the file; NULL at its end. */
static sc_status next_certificate(BIO *file, const char *name, X509 **out, struct sc_error *err)
{
	X509 *certificate = PEM_read_bio_X509(file, NULL, NULL, NULL);
	unsigned long reason = ERR_peek_last_error();

	ERR_clear_error();
	SC_ENSURE(certificate || ERR_GET_REASON(reason) == PEM_R_NO_START_LINE, err, SC_ERR_FORMAT,
		  "%s: a certificate in it cannot be read", name);
	*out = certificate;
	return SC_OK;
}

static bool names_itself(X509 *certificate)
{
	return X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0;
}

/* Exactly a root and a warrant, in either order. */
static sc_status read_answer(const char *path, struct sc_bytes *root, struct sc_bytes *warrant,
			     struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) text = { 0 };
	SC_CLEANUP(sc_x509) first = NULL;
	SC_CLEANUP(sc_x509) second = NULL;
	SC_CLEANUP(sc_x509) third = NULL;
	SC_CLEANUP(sc_bio) file = NULL;

	SC_TRY(sc_file_read_path(path, ANSWER_MAX, &text, err));
	file = BIO_new_mem_buf(text.data, (int)text.len);
	if (!file)
		return sc_fail_crypto(err, path);
	SC_TRY(next_certificate(file, path, &first, err));
	if (first)
		SC_TRY(next_certificate(file, path, &second, err));
	if (second)
		SC_TRY(next_certificate(file, path, &third, err));
	SC_ENSURE(second && !third && names_itself(first) != names_itself(second), err, SC_ERR_FORMAT,
		  "%s: is not the root's certificate and a warrant, as `factory warrant` writes them", path);
	SC_TRY(sc_certificate_encode(names_itself(first) ? first : second, root, err));
	return sc_certificate_encode(names_itself(first) ? second : first, warrant, err);
}

sc_status sc_install_warrant(const struct sc_settings *settings, struct sc_error *err)
{
	SC_CLEANUP(sc_host) host = { 0 };
	SC_CLEANUP(sc_module) module = NULL;
	SC_CLEANUP(sc_bytes) root = { 0 };
	SC_CLEANUP(sc_bytes) warrant = { 0 };
	char grouped[SC_HASH_GROUPED_SIZE];

	SC_TRY(read_answer(settings->warrant, &root, &warrant, err));
	SC_TRY(sc_host_open(settings, false, &host, err));
	SC_TRY(sc_host_load(&host, settings, err));
	SC_TRY(sc_host_open_module(&host, settings, &module, err));
	SC_TRY(sc_module_install_warrant(module, sc_bytes_view(&root), sc_bytes_view(&warrant),
					 &settings->root_hash, err));
	sc_hash_grouped(&settings->root_hash, grouped);
	printf("ESN         %s\nroot pinned %s\n", sc_module_esn(module), grouped);
	return SC_OK;
}
