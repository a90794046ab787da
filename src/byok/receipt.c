/* Compares receipts with what the customer has: see receipt.h. */
#include "byok/receipt.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "base/clock.h"
#include "base/file.h"
#include "formats/damage.h"
#include "formats/oid.h"
#include "formats/region.h"
#include "formats/transfer_package.h"

sc_status sc_byok_sent_package_read(const char *path, struct sc_byok_sent_package *out, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) file = { 0 };
	SC_CLEANUP(sc_transfer_package) package = NULL;
	struct sc_byok_sent_package sent;
	sc_status status;

	SC_TRY(sc_file_read_path(path, SC_TRANSFER_MAX, &file, err));
	status = sc_transfer_package_decode(sc_bytes_view(&file), &package, err);
	if (status != SC_OK)
		return sc_damage_refuse(sc_bytes_view(&file), path, "transfer package", status, err);
	sent.world = package->header->world;
	sent.key_hash = package->header->key_hash;
	sent.region = package->header->region;
	sent.subscription = package->header->subscription;
	SC_TRY(sc_sha256(sc_bytes_view(&file), &sent.digest, err));
	*out = sent;
	return SC_OK;
}

/* -- the checks -------------------------------------------------------------------------------- */

static void held(const struct sc_evidence_report *report, const char *check, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void held(const struct sc_evidence_report *report, const char *check, const char *format, ...)
{
	char found[SC_ERROR_MESSAGE_MAX];
	va_list args;

	if (!report)
		return;
	va_start(args, format);
	vsnprintf(found, sizeof found, format, args);
	va_end(args);
	report->held(report->context, check, found);
}

static sc_status check_key(const struct sc_key_statement *s, const struct sc_byok_receipt_expected *expected,
			   const struct sc_evidence_report *report, struct sc_error *err)
{
	struct sc_hash hash;
	char stated[SC_HASH_GROUPED_SIZE];

	SC_TRY(sc_key_hash(sc_bytes_view(&s->spki), &hash, err));
	sc_hash_grouped(&s->key_hash, stated);
	SC_ENSURE(sc_hash_equals(&hash, &s->key_hash), err, SC_ERR_EVIDENCE_KEY,
		  "the receipt's public key does not have the hash that the receipt states");
	SC_ENSURE(sc_hash_equals(&expected->key_hash, &s->key_hash), err, SC_ERR_EVIDENCE_KEY,
		  "the receipt is for a different key from %s: its hash is %s", expected->key_name, stated);
	held(report, "key", "%s, the same as %s", stated, expected->key_name);
	return SC_OK;
}

static sc_status check_origin(const struct sc_key_statement *s, const struct sc_evidence_report *report,
			      struct sc_error *err)
{
	SC_ENSURE(s->origin == SC_ORIGIN_BYOK, err, SC_ERR_EVIDENCE_ORIGIN,
		  "the key's origin is %s, not byok: nothing proves where it was generated",
		  sc_origin_name(s->origin));
	held(report, "origin", "%s", sc_origin_name(s->origin));
	SC_ENSURE(!s->exportable && !sc_acl_is_exportable(s->acl), err, SC_ERR_EVIDENCE_EXPORTABLE,
		  "the key's permissions in the vault allow its export");
	held(report, "exportable", "no");
	return SC_OK;
}

/* Checks one part of the owner. A part that is not expected is still shown. */
static sc_status check_part(const char *part, const char *stated, const char *expected,
			    const struct sc_evidence_report *report, struct sc_error *err)
{
	SC_ENSURE(!expected || strcasecmp(stated, expected) == 0, err, SC_ERR_OWNER,
		  "the receipt is for the %s %s, not %s", part, stated[0] ? stated : "(none)", expected);
	held(report, part, "%s%s", stated, expected ? "" : " (not compared)");
	return SC_OK;
}

static sc_status check_owner(const struct sc_key_statement *s,
			     const struct sc_byok_receipt_expected *expected,
			     const struct sc_evidence_report *report, struct sc_error *err)
{
	const char *subscription = expected->subscription;

	if (!subscription && expected->package)
		subscription = expected->package->subscription.s;
	SC_ENSURE(sc_text_equals(&s->application, "vault"), err, SC_ERR_OWNER,
		  "the key's application is %s: the receipt does not come from a vault", s->application.s);
	SC_TRY(check_part("subscription", s->owner.subscription.s, subscription, report, err));
	SC_TRY(check_part("vault", s->owner.vault.s, expected->vault, report, err));
	SC_TRY(check_part("name", s->owner.name.s, expected->name, report, err));
	held(report, "version", "%s", s->owner.version.s);
	return SC_OK;
}

static sc_status check_package(const struct sc_key_statement *s, const struct sc_byok_sent_package *package,
			       const struct sc_evidence_report *report, struct sc_error *err)
{
	char hex[2 * SC_HASH_SIZE + 1];

	sc_hex(sc_hash_view(&s->package), hex);
	if (!package) {
		held(report, "package", "%s (not compared)", hex);
		return SC_OK;
	}
	SC_ENSURE(sc_hash_equals(&s->package, &package->digest), err, SC_ERR_INTEGRITY,
		  "the receipt is for another package, whose SHA-256 is %s", hex);
	SC_ENSURE(sc_hash_equals(&s->world, &package->world) && sc_text_equals(&s->region, package->region.s),
		  err, SC_ERR_EVIDENCE_WORLD,
		  "the receipt is not from the security world that the package was made for");
	SC_ENSURE(sc_hash_equals(&s->key_hash, &package->key_hash), err, SC_ERR_EVIDENCE_KEY,
		  "the package contains a different key from the receipt's");
	held(report, "package", "%s", hex);
	return SC_OK;
}

sc_status sc_byok_receipt_compare(const struct sc_key_statement *s,
				  const struct sc_byok_receipt_expected *expected,
				  const struct sc_evidence_report *report, struct sc_error *err)
{
	SC_ENSURE(!sc_hash_is_zero(&s->package), err, SC_ERR_FORMAT,
		  "a key statement but not a receipt: it names no transfer package");
	SC_TRY(check_key(s, expected, report, err));
	SC_TRY(check_origin(s, report, err));
	SC_TRY(check_owner(s, expected, report, err));
	return check_package(s, expected->package, report, err);
}

sc_status sc_byok_receipt_verify(struct sc_view receipt, const struct sc_evidence_trust *trust,
				 const struct sc_byok_receipt_expected *expected,
				 const struct sc_evidence_report *report, struct sc_error *err)
{
	SC_CLEANUP(sc_evidence) evidence = NULL;
	char root[SC_HASH_GROUPED_SIZE];
	char time[SC_CLOCK_TEXT_SIZE];
	struct sc_hash root_hash;

	SC_TRY(sc_statement_verify(receipt, SC_OID_KEY_STATEMENT, trust, SC_EVIDENCE_TIME_STATED, &evidence,
				   err));
	SC_ENSURE(evidence->region_info, err, SC_ERR_NO_REGION,
		  "the receipt does not come from a region's module");
	SC_TRY(sc_certificate_key_hash(evidence->root, &root_hash, err));
	sc_hash_grouped(&root_hash, root);
	sc_clock_text(evidence->key->time, time);
	held(report, "root", "%s", root);
	held(report, "module", "%s, at %s", evidence->key->esn.s, time);
	held(report, "region", "%s (%s), operated by %s", sc_region_name(evidence->region_info->region.s),
	     evidence->region_info->region.s, evidence->region_info->operator_name.s);
	return sc_byok_receipt_compare(evidence->key, expected, report, err);
}
