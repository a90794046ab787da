/*
 * kmfile-dump (article step 4.2): prints every entry of a file of the security world, so that you can see
 * what a key may do before it leaves. The kind of file is found by trying the decoders, which refuse anything
 * that is not in its one canonical form. Nothing is verified, and the last line says so. Sealed data is shown
 * only by length and hash; no module is needed.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/libcrypto.h"
#include "base/log.h"
#include "base/options.h"
#include "formats/card.h"
#include "formats/key_blob.h"
#include "formats/key_file.h"
#include "formats/oid.h"
#include "formats/region.h"
#include "formats/region_request.h"
#include "formats/signed_data.h"
#include "formats/statement.h"
#include "formats/suite.h"
#include "formats/transfer_package.h"
#include "formats/world_file.h"

#define PROGRAM  "kmfile-dump"
#define FILE_MAX SC_SIGNED_DATA_MAX /* the largest kind of file */

/* -- entries ----------------------------------------------------------------------------------- */

static void print(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void print(const char *name, const char *format, ...)
{
	va_list args;

	printf(" %-22s ", name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static void print_text(const char *name, const struct sc_text *text)
{
	print(name, "%s", text->s[0] ? text->s : "(none)");
}

static void print_hash(const char *name, const struct sc_hash *hash)
{
	char hex[2 * SC_HASH_SIZE + 1];

	sc_hex(sc_hash_view(hash), hex);
	print(name, "%s", hex);
}

static void print_optional_hash(const char *name, const struct sc_hash *hash)
{
	if (!sc_hash_is_zero(hash))
		print_hash(name, hash);
}

static void print_time(const char *name, int64_t time)
{
	char text[SC_CLOCK_TEXT_SIZE];

	sc_clock_text(time, text);
	print(name, "%s UTC", text);
}

/* Data that is sealed or of no use to a reader: only its length and hash. */
static void print_blob(const char *name, const struct sc_bytes *bytes)
{
	char hex[2 * SC_HASH_SIZE + 1] = "?";
	struct sc_hash hash;

	if (sc_sha256(sc_bytes_view(bytes), &hash, NULL) == SC_OK)
		sc_hex(sc_hash_view(&hash), hex);
	print(name, "%zu bytes, SHA-256 %s", bytes->len, hex);
}

/* Short public data, in full. */
static void print_bytes(const char *name, const struct sc_bytes *bytes)
{
	char hex[2 * 64 + 1];

	if (bytes->len == 0 || bytes->len > 64) {
		print_blob(name, bytes);
		return;
	}
	sc_hex(sc_bytes_view(bytes), hex);
	print(name, "%s", hex);
}

static void print_region(const char *name, const struct sc_text *code)
{
	print(name, "%s (%s)", code->s, sc_region_name(code->s));
}

static void print_owner(const struct sc_owner *owner)
{
	if (sc_owner_is_empty(owner)) {
		print("owner", "(none)");
		return;
	}
	print_text("owner: daemon", &owner->daemon);
	print_text("owner: tenant", &owner->tenant);
	print_text("owner: subscription", &owner->subscription);
	print_text("owner: vault", &owner->vault);
	print_text("owner: name", &owner->name);
	print_text("owner: version", &owner->version);
}

static sc_status print_acl(const char *name, const struct sc_acl *acl, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) text = { 0 };

	SC_TRY(sc_acl_print(acl, "   ", &text, err));
	printf(" %s\n%.*s", name, (int)text.len, (const char *)text.data);
	return SC_OK;
}

/* -- keys -------------------------------------------------------------------------------------- */

static sc_status print_key_blob(const struct sc_key_blob *blob, struct sc_error *err)
{
	const struct sc_key_blob_header *h = blob->header;

	print_text("format", &h->format);
	print("suite", "%s", sc_suite_name(h->suite));
	print_hash("world", &h->world);
	print("module key generation", "%u", h->km_generation);
	print_hash("salt", &h->salt);
	print_text("application", &h->application);
	print("type", "%s", sc_key_type_name(&h->type));
	print_blob("public key", &h->spki);
	print_hash("key hash", &h->key_hash);
	print("origin", "%s", sc_origin_name(h->origin));
	print_optional_hash("transfer package", &h->package);
	print_time("created", h->created);
	print("state counter", "%" PRIu64, h->state_counter);
	print_owner(&h->owner);
	SC_TRY(print_acl("acl", h->acl, err));
	print_blob("key material, sealed", &blob->ciphertext);
	print_bytes("tag", &blob->tag);
	print_hash("commitment", &blob->commitment);
	return SC_OK;
}

static sc_status dump_key_blob(struct sc_view der, bool *is_it, struct sc_error *err)
{
	SC_CLEANUP(sc_key_blob) blob = NULL;

	SC_TRY(sc_key_blob_decode(der, &blob, err));
	*is_it = true;
	printf("key blob\n");
	return print_key_blob(blob, err);
}

/* A key file whose blob cannot be read is still a key file: its other entries are printed. */
static sc_status dump_key_file(struct sc_view der, bool *is_it, struct sc_error *err)
{
	SC_CLEANUP(sc_key_file) file = NULL;
	SC_CLEANUP(sc_key_blob) blob = NULL;
	sc_status status;

	SC_TRY(sc_key_file_decode(der, &file, err));
	*is_it = true;
	printf("key file\n");
	print_text("format", &file->format);
	print_text("application", &file->application);
	print_text("ident", &file->ident);
	print_text("name", &file->name);
	print_time("created", file->created);
	print_blob("public key", &file->spki);
	print_blob("blob", &file->blob);
	status = sc_key_blob_decode(sc_bytes_view(&file->blob), &blob, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "its blob");
	printf("\nits blob\n");
	return print_key_blob(blob, err);
}

/* -- the world and its cards ------------------------------------------------------------------- */

static void print_wrapped(const char *name, const struct sc_wrapped_key *wrapped)
{
	print_blob(name, &wrapped->ciphertext);
	print_hash(" salt", &wrapped->salt);
	print_bytes(" tag", &wrapped->tag);
}

static sc_status dump_world(struct sc_view der, bool *is_it, struct sc_error *err)
{
	SC_CLEANUP(sc_world_file) file = NULL;
	const struct sc_world_body *b;

	SC_TRY(sc_world_file_decode(der, &file, err));
	*is_it = true;
	b = file->body;
	printf("world file\n");
	print_text("format", &b->format);
	print("suite", "%s", sc_suite_name(b->suite));
	print_hash("world id", &b->id);
	print_blob("knso", &b->knso);
	print_hash("hkm", &b->hkm);
	print("module key generation", "%u", b->km_generation);
	print_hash("card set", &b->set);
	print("card set generation", "%u", b->set_generation);
	print("k-out-of-n", "%u/%u", b->k, b->n);
	print("sequence", "%" PRIu64, b->sequence);
	print_time("created", b->created);
	print_wrapped("km, wrapped", &b->wrapped_km);
	print_wrapped("knso, wrapped", &b->wrapped_knso);
	print_blob("world statement", &b->statement);
	if (b->region_certificate.data)
		print_blob("region certificate", &b->region_certificate);
	for (int i = 0; i < sk_sc_source_root_num(b->roots); i++)
		print_blob("source root", &sk_sc_source_root_value(b->roots, i)->certificate);
	for (int i = 0; i < sk_sc_revoked_esn_num(b->revoked); i++)
		print_text("revoked module", &sk_sc_revoked_esn_value(b->revoked, i)->esn);
	print_blob("signature", &file->signature);
	return SC_OK;
}

static sc_status dump_card(struct sc_view der, bool *is_it, struct sc_error *err)
{
	SC_CLEANUP(sc_card) card = NULL;
	const struct sc_card_body *b;

	SC_TRY(sc_card_decode(der, &card, err));
	*is_it = true;
	b = card->body;
	printf("administrator card\n");
	print_text("format", &b->format);
	print_hash("world id", &b->world);
	print_hash("card set", &b->set);
	print("card set generation", "%u", b->set_generation);
	print("card", "%u of %u, quorum %u", b->index, b->n, b->k);
	print_text("custodian", &b->custodian);
	print("argon2id", "%u passes, %u KiB", b->argon2_passes, b->argon2_memory);
	print_hash("salt", &b->salt);
	print_blob("share, masked", &b->masked_share);
	print_hash("share tag", &b->share_tag);
	print_hash("record tag", &card->record_tag);
	return SC_OK;
}

/* -- transfer ---------------------------------------------------------------------------------- */

static sc_status dump_transfer(struct sc_view der, bool *is_it, struct sc_error *err)
{
	SC_CLEANUP(sc_transfer_package) package = NULL;
	const struct sc_transfer_header *h;

	SC_TRY(sc_transfer_package_decode(der, &package, err));
	*is_it = true;
	h = package->header;
	printf("transfer package\n");
	print_text("format", &h->format);
	print("suite", "%u", h->suite);
	print_region("region", &h->region);
	print_hash("world", &h->world);
	print_hash("key exchange key", &h->kek);
	print_text("subscription", &h->subscription);
	print_text("key friendly name", &h->friendly_name);
	print("type", "%s", sc_key_type_name(&h->type));
	print_hash("key hash", &h->key_hash);
	SC_TRY(print_acl("arrives with", h->arrival, err));
	print_bytes("package id", &h->package_id);
	print_time("created", h->created);
	print_time("not after", h->not_after);
	print_hash("source world", &h->source_world);
	print_text("source module", &h->source_esn);
	print_blob("content key, encrypted", &package->encrypted_key);
	print_blob("content, encrypted", &package->ciphertext);
	print_bytes("tag", &package->tag);
	return SC_OK;
}

static sc_status dump_region_request(struct sc_view der, bool *is_it, struct sc_error *err)
{
	SC_CLEANUP(sc_region_request) request = NULL;

	SC_TRY(sc_region_request_decode(der, &request, err));
	*is_it = true;
	printf("region request\n");
	print_text("format", &request->format);
	print_region("region", &request->region);
	print_text("operator", &request->operator_name);
	print_blob("world statement", &request->statement);
	return SC_OK;
}

/* -- certificates and statements --------------------------------------------------------------- */

static const struct {
	const char *oid;
	const char *name;
} usages[] = {
	{ SC_OID_WARRANT, "warrant" },
	{ SC_OID_REGION, "region certificate" },
	{ SC_OID_MEMBER, "member certificate" },
	{ SC_OID_KEK, "KEK certificate" },
};

/* The kind that the certificate claims by its extended key usage; evidence/ does the checks. */
static const char *stated_kind(X509 *certificate)
{
	SC_CLEANUP(sc_extended_key_usage) stated =
	    X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
	char oid[80] = "";

	if (stated && sk_ASN1_OBJECT_num(stated) == 1)
		OBJ_obj2txt(oid, sizeof oid, sk_ASN1_OBJECT_value(stated, 0), 1);
	for (size_t i = 0; i < sizeof usages / sizeof usages[0]; i++)
		if (strcmp(usages[i].oid, oid) == 0)
			return usages[i].name;
	return "certificate";
}

/* Control characters in names are escaped (RFC 2253), so that none reaches the terminal. */
static void print_certificate(X509 *certificate)
{
	SC_CLEANUP(sc_bio) out = BIO_new_fp(stdout, BIO_NOCLOSE);
	SC_CLEANUP(sc_bytes) spki = { 0 };
	EVP_PKEY *key = X509_get0_pubkey(certificate);

	if (!out)
		return;
	printf("%s\n", stated_kind(certificate));
	fflush(stdout);
	BIO_printf(out, " %-22s ", "subject");
	X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
	BIO_printf(out, "\n %-22s ", "issuer");
	X509_NAME_print_ex(out, X509_get_issuer_name(certificate), 0, XN_FLAG_RFC2253);
	BIO_printf(out, "\n %-22s ", "not before");
	ASN1_TIME_print(out, X509_get0_notBefore(certificate));
	BIO_printf(out, "\n %-22s ", "not after");
	ASN1_TIME_print(out, X509_get0_notAfter(certificate));
	BIO_printf(out, "\n");
	(void)BIO_flush(out);
	if (key && sc_spki_of(key, &spki, NULL) == SC_OK)
		print_blob("public key", &spki);
}

static sc_status print_key_statement(struct sc_view content, struct sc_error *err)
{
	SC_CLEANUP(sc_key_statement) s = NULL;

	SC_TRY(sc_key_statement_decode(content, &s, err));
	printf("%s\n", sc_hash_is_zero(&s->package) ? "key statement" : "receipt of a transfer package");
	print_text("format", &s->format);
	print_blob("public key", &s->spki);
	print_hash("key hash", &s->key_hash);
	print("type", "%s", sc_key_type_name(&s->type));
	print_text("application", &s->application);
	print("origin", "%s", sc_origin_name(s->origin));
	print("exportable", "%s", s->exportable ? "yes" : "no");
	print_owner(&s->owner);
	SC_TRY(print_acl("acl", s->acl, err));
	print_text("protection", &s->protection);
	print("suite", "%s", sc_suite_name(s->suite));
	print_hash("world", &s->world);
	if (s->region.s[0])
		print_region("region", &s->region);
	print_hash("hkm", &s->hkm);
	print_text("module", &s->esn);
	print_text("code version", &s->code_version);
	print_time("time", s->time);
	print_bytes("nonce", &s->nonce);
	print_optional_hash("transfer package", &s->package);
	return SC_OK;
}

static sc_status print_world_statement(struct sc_view content, struct sc_error *err)
{
	SC_CLEANUP(sc_world_statement) s = NULL;

	SC_TRY(sc_world_statement_decode(content, &s, err));
	printf("world statement\n");
	print_text("format", &s->format);
	print_blob("knso", &s->knso);
	print_hash("world id", &s->world);
	print_hash("hkm", &s->hkm);
	print("suite", "%s", sc_suite_name(s->suite));
	print("k-out-of-n", "%u/%u", s->k, s->n);
	print("card set generation", "%u", s->set_generation);
	print_text("generated in module", &s->esn);
	print_text("code version", &s->code_version);
	print_time("time", s->time);
	return SC_OK;
}

static sc_status dump_statement(struct sc_view der, bool *is_it, struct sc_error *err)
{
	SC_CLEANUP(sc_signed_data) wrapper = NULL;

	SC_TRY(sc_signed_data_decode(der, &wrapper, err));
	*is_it = true;
	if (strcmp(wrapper->content_type, SC_OID_KEY_STATEMENT) == 0)
		SC_TRY(print_key_statement(sc_bytes_view(&wrapper->content), err));
	else if (strcmp(wrapper->content_type, SC_OID_WORLD_STATEMENT) == 0)
		SC_TRY(print_world_statement(sc_bytes_view(&wrapper->content), err));
	else
		return sc_fail(err, SC_ERR_FORMAT, "signed data of an unknown kind, %s",
			       wrapper->content_type);
	print_blob("signature", &wrapper->signature);
	for (int i = 0; i < sk_X509_num(wrapper->certificates); i++) {
		X509 *certificate = sk_X509_value(wrapper->certificates, i);

		printf("\nenclosed%s: ", certificate == sc_signed_data_signer(wrapper) ? " (signer)" : "");
		print_certificate(certificate);
	}
	return SC_OK;
}

static sc_status dump_certificate(struct sc_view der, bool *is_it, struct sc_error *err)
{
	SC_CLEANUP(sc_x509) certificate = NULL;

	SC_TRY(sc_x509_decode(der, &certificate, err));
	*is_it = true;
	print_certificate(certificate);
	return SC_OK;
}

/* -- which kind it is -------------------------------------------------------------------------- */

static const struct {
	const char *what;
	/* Sets *is_it once the file is known to be of this kind. A failure after that is the file's. */
	sc_status (*dump)(struct sc_view der, bool *is_it, struct sc_error *err);
} kinds[] = {
	{ "key file", dump_key_file },
	{ "key blob", dump_key_blob },
	{ "world file", dump_world },
	{ "administrator card", dump_card },
	{ "transfer package", dump_transfer },
	{ "region request", dump_region_request },
	{ "statement, package or receipt", dump_statement },
	{ "certificate (DER)", dump_certificate },
};

static sc_status dump(const char *path, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) file = { 0 };
	char known[256] = "";

	SC_TRY(sc_file_read_path(path, FILE_MAX, &file, err));
	printf("%s: ", path);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		size_t used = strlen(known);
		bool is_it = false;
		sc_status status = kinds[i].dump(sc_bytes_view(&file), &is_it, err);

		if (is_it)
			return status == SC_OK ? SC_OK : sc_fail_context(err, status, "%s", path);
		snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", kinds[i].what);
	}
	printf("unknown\n");
	return sc_fail(err, SC_ERR_FORMAT, "%s: not a whole and unaltered file of any known kind: %s", path,
		       known);
}

int main(int argc, char **argv)
{
	const struct sc_option options[] = { { 0 } };
	const struct sc_command_line line = {
		PROGRAM, "FILE",
		"Shows every entry of a key file, world file, card, package, statement or receipt.", options,
		"It verifies nothing and needs no module."
	};
	struct sc_error err = { 0 };
	const char *operands[1];
	size_t count = 0;
	bool done = false;
	sc_status status;

	sc_log_start(PROGRAM, SC_LOG_NOTICE);
	status = sc_options_read(&line, argc, argv, operands, 1, &count, &done, &err);
	if (status == SC_OK && !done && count == 0)
		status = sc_fail(&err, SC_ERR_USAGE, "no file is given (see " PROGRAM " --help)");
	if (status == SC_OK && !done)
		status = dump(operands[0], &err);
	if (status == SC_OK && !done)
		printf("\nThis is what the file says; none of it has been verified. A module verifies blobs, "
		       "cards and worlds;\n"
		       "verifykeypackage and verifyreceipt verify statements.\n");
	fflush(stdout);
	if (status != SC_OK)
		fprintf(stderr, PROGRAM ": %s\n", err.message);
	return sc_status_exit(status);
}
