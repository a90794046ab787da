/* Statements and certificates in words: see describe.h. */
#include <inttypes.h>
#include <string.h>

#include "base/libcrypto.h"
#include "base/print.h"
#include "formats/checkpoint.h"
#include "formats/describe_kinds.h"
#include "formats/oid.h"
#include "formats/signed_data.h"
#include "formats/statement.h"
#include "formats/suite.h"

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

/* What libcrypto has written. */
static sc_status print_bio(const struct sc_entry_list *list, const char *name, BIO *bio, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) text = { 0 };

	SC_TRY(sc_bytes_of_bio(bio, &text, err));
	sc_entry_print(list, name, "%.*s", (int)text.len, (const char *)text.data);
	return SC_OK;
}

/* Control characters in names are escaped (RFC 2253), so that none reaches the terminal. */
static sc_status print_x509_name(const struct sc_entry_list *list, const char *name, const X509_NAME *value,
				 struct sc_error *err)
{
	SC_CLEANUP(sc_bio) bio = BIO_new(BIO_s_mem());

	SC_TRY(sc_check_allocated(bio, err));
	(void)X509_NAME_print_ex(bio, value, 0, XN_FLAG_RFC2253);
	return print_bio(list, name, bio, err);
}

/* libcrypto writes "Bad time value" for a time that it cannot read. */
static sc_status print_asn1_time(const struct sc_entry_list *list, const char *name, const ASN1_TIME *value,
				 struct sc_error *err)
{
	SC_CLEANUP(sc_bio) bio = BIO_new(BIO_s_mem());

	SC_TRY(sc_check_allocated(bio, err));
	(void)ASN1_TIME_print(bio, value);
	return print_bio(list, name, bio, err);
}

static sc_status print_certificate(const struct sc_entry_list *list, X509 *certificate, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) spki = { 0 };
	EVP_PKEY *key = X509_get0_pubkey(certificate);

	sc_print_to(list->out, "%s\n", stated_kind(certificate));
	SC_TRY(print_x509_name(list, "subject", X509_get_subject_name(certificate), err));
	SC_TRY(print_x509_name(list, "issuer", X509_get_issuer_name(certificate), err));
	SC_TRY(print_asn1_time(list, "not before", X509_get0_notBefore(certificate), err));
	SC_TRY(print_asn1_time(list, "not after", X509_get0_notAfter(certificate), err));
	if (key && sc_spki_of(key, &spki, NULL) == SC_OK)
		sc_entry_data(list, "public key", &spki);
	return SC_OK;
}

static sc_status print_key_statement(const struct sc_entry_list *list, struct sc_view content,
				     struct sc_error *err)
{
	SC_CLEANUP(sc_key_statement) statement = NULL;

	SC_TRY(sc_key_statement_decode(content, &statement, err));
	sc_print_to(list->out, "%s\n",
		    sc_hash_is_zero(&statement->package) ? "key statement" : "receipt of a transfer package");
	sc_entry_text(list, "format", &statement->format);
	sc_entry_data(list, "public key", &statement->spki);
	sc_entry_hash(list, "key hash", &statement->key_hash);
	sc_entry_print(list, "type", "%s", sc_key_type_name(&statement->type));
	sc_entry_text(list, "application", &statement->application);
	sc_entry_print(list, "origin", "%s", sc_origin_name(statement->origin));
	sc_entry_print(list, "exportable", "%s", statement->exportable ? "yes" : "no");
	sc_describe_owner(list, &statement->owner);
	SC_TRY(sc_describe_acl(list, "acl", statement->acl, err));
	sc_entry_text(list, "protection", &statement->protection);
	sc_entry_print(list, "suite", "%s", sc_suite_name(statement->suite));
	sc_entry_hash(list, "world", &statement->world);
	if (statement->region.s[0])
		sc_describe_region(list, "region", &statement->region);
	sc_entry_hash(list, "hkm", &statement->hkm);
	sc_entry_text(list, "module", &statement->esn);
	sc_entry_text(list, "code version", &statement->code_version);
	sc_entry_time(list, "time", statement->time);
	sc_entry_short_data(list, "nonce", &statement->nonce);
	sc_entry_optional_hash(list, "transfer package", &statement->package);
	return SC_OK;
}

static sc_status print_world_statement(const struct sc_entry_list *list, struct sc_view content,
				       struct sc_error *err)
{
	SC_CLEANUP(sc_world_statement) statement = NULL;

	SC_TRY(sc_world_statement_decode(content, &statement, err));
	sc_print_to(list->out, "world statement\n");
	sc_entry_text(list, "format", &statement->format);
	sc_entry_data(list, "knso", &statement->knso);
	sc_entry_hash(list, "world id", &statement->world);
	sc_entry_hash(list, "hkm", &statement->hkm);
	sc_entry_print(list, "suite", "%s", sc_suite_name(statement->suite));
	sc_entry_print(list, "k-out-of-n", "%u/%u", statement->k, statement->n);
	sc_entry_print(list, "card set generation", "%u", statement->set_generation);
	sc_entry_text(list, "generated in module", &statement->esn);
	sc_entry_text(list, "code version", &statement->code_version);
	sc_entry_time(list, "time", statement->time);
	return SC_OK;
}

static sc_status print_checkpoint(const struct sc_entry_list *list, struct sc_view content,
				  struct sc_error *err)
{
	SC_CLEANUP(sc_checkpoint) checkpoint = NULL;

	SC_TRY(sc_checkpoint_decode(content, &checkpoint, err));
	sc_print_to(list->out, "checkpoint\n");
	sc_entry_text(list, "format", &checkpoint->format);
	sc_entry_hash(list, "over", &checkpoint->digest);
	sc_entry_text(list, "daemon", &checkpoint->daemon);
	sc_entry_hash(list, "start", &checkpoint->start);
	sc_entry_time(list, "started", checkpoint->started);
	sc_entry_print(list, "sequence", "%" PRIu64, checkpoint->sequence);
	for (int i = 0; i < sk_sc_command_count_num(checkpoint->done); i++) {
		const struct sc_command_count *count = sk_sc_command_count_value(checkpoint->done, i);

		sc_entry_print(list, "done", "command 0x%02x: %" PRIu64, count->command, count->done);
	}
	sc_entry_hash(list, "world", &checkpoint->world);
	if (checkpoint->region.s[0])
		sc_describe_region(list, "region", &checkpoint->region);
	sc_entry_hash(list, "hkm", &checkpoint->hkm);
	sc_entry_text(list, "module", &checkpoint->esn);
	sc_entry_text(list, "code version", &checkpoint->code_version);
	sc_entry_time(list, "time", checkpoint->time);
	return SC_OK;
}

sc_status sc_describe_statement(struct sc_view der, const struct sc_entry_list *list, bool *is_recognised,
				struct sc_error *err)
{
	SC_CLEANUP(sc_signed_data) wrapper = NULL;

	SC_TRY(sc_signed_data_decode(der, &wrapper, err));
	*is_recognised = true;
	if (strcmp(wrapper->content_type, SC_OID_KEY_STATEMENT) == 0)
		SC_TRY(print_key_statement(list, sc_bytes_view(&wrapper->content), err));
	else if (strcmp(wrapper->content_type, SC_OID_WORLD_STATEMENT) == 0)
		SC_TRY(print_world_statement(list, sc_bytes_view(&wrapper->content), err));
	else if (strcmp(wrapper->content_type, SC_OID_CHECKPOINT) == 0)
		SC_TRY(print_checkpoint(list, sc_bytes_view(&wrapper->content), err));
	else
		return sc_fail(err, SC_ERR_FORMAT, "signed data of an unknown kind, %s",
			       wrapper->content_type);
	sc_entry_data(list, "signature", &wrapper->signature);
	for (int i = 0; i < sk_X509_num(wrapper->certificates); i++) {
		X509 *certificate = sk_X509_value(wrapper->certificates, i);

		sc_print_to(list->out, "\nenclosed%s: ",
			    certificate == sc_signed_data_signer(wrapper) ? " (signer)" : "");
		SC_TRY(print_certificate(list, certificate, err));
	}
	return SC_OK;
}

sc_status sc_describe_certificate(struct sc_view der, const struct sc_entry_list *list, bool *is_recognised,
				  struct sc_error *err)
{
	SC_CLEANUP(sc_x509) certificate = NULL;

	SC_TRY(sc_x509_decode(der, &certificate, err));
	*is_recognised = true;
	return print_certificate(list, certificate, err);
}
