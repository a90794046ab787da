/*
 * The arguments of KeyTransferRemote: see transfer_request.h. The module makes these checks too, where they
 * matter. They are made here so that a mistake is reported before anyone is asked for a card.
 */
#include "byok/transfer_request.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "base/options.h"
#include "base/visible.h"
#include "formats/key_file.h"
#include "formats/transfer_package.h"

sc_status sc_byok_subscription_read(const char *text, const char *option, char out[SC_GUID_SIZE],
				    struct sc_error *err)
{
	SC_ENSURE(sc_guid_read_typed(text, out), err, SC_ERR_ARGUMENT,
		  "%s: %s is not a subscription id (Get-AzureSubscription lists yours)", option,
		  sc_shown(text).s);
	return SC_OK;
}

/* True if the text has a digit where the shape has 'd', and the same character elsewhere. */
static bool has_shape(const char *text, const char *shape)
{
	for (; *shape; shape++, text++)
		if (*shape == 'd' ? *text < '0' || *text > '9' : *text != *shape)
			return false;
	return *text == '\0';
}

static int two_digits(const char *text)
{
	return (text[0] - '0') * 10 + (text[1] - '0');
}

sc_status sc_byok_day_end_read(const char *text, const char *option, int64_t *out, struct sc_error *err)
{
	struct tm day = { 0 };
	struct tm normal;
	time_t end;

	SC_ENSURE(has_shape(text, "dddd-dd-dd"), err, SC_ERR_ARGUMENT,
		  "%s: %s is not a date such as 2027-12-31", option, sc_shown(text).s);
	day.tm_year = two_digits(text) * 100 + two_digits(text + 2) - 1900;
	day.tm_mon = two_digits(text + 5) - 1;
	day.tm_mday = two_digits(text + 8);
	day.tm_hour = 23;
	day.tm_min = 59;
	day.tm_sec = 59;
	normal = day;
	end = timegm(&normal);
	/* timegm() carries 30 February over into March. If it changes the month, there is no such day. */
	SC_ENSURE(day.tm_year >= 70 && normal.tm_mon == day.tm_mon, err, SC_ERR_ARGUMENT,
		  "%s: there is no day %s", option, sc_shown(text).s);
	*out = end;
	return SC_OK;
}

static sc_status read_step(const struct sc_byok_transfer_arguments *a, enum sc_byok_transfer_step *out,
			   struct sc_error *err)
{
	SC_ENSURE(a->modify_acls != a->package, err, SC_ERR_USAGE,
		  "name one step: -ModifyAcls (article step 4.1) or -Package (step 4.3)");
	*out = a->modify_acls ? SC_BYOK_TRANSFER_MODIFY_ACLS : SC_BYOK_TRANSFER_PACKAGE;
	return SC_OK;
}

/* What both steps need. */
static sc_status read_common(const struct sc_byok_transfer_arguments *a,
			     struct sc_byok_transfer_request *request, struct sc_error *err)
{
	SC_ENSURE(a->key_identifier, err, SC_ERR_USAGE,
		  "-KeyIdentifier is missing: the key's identifier from step 3.3");
	SC_ENSURE(sc_ident_is_valid(a->key_identifier), err, SC_ERR_ARGUMENT,
		  "-KeyIdentifier: %s: use only numbers, dashes and lower case letters, at most 64",
		  sc_shown(a->key_identifier).s);
	SC_ENSURE(a->exchange_key_package, err, SC_ERR_USAGE,
		  "-ExchangeKeyPackage is missing: the toolset's BYOK-KEK-pkg-… file");
	SC_ENSURE(a->new_security_world_package, err, SC_ERR_USAGE,
		  "-NewSecurityWorldPackage is missing: the toolset's BYOK-SecurityWorld-pkg-… file");
	request->ident = a->key_identifier;
	request->kek_path = a->exchange_key_package;
	request->world_path = a->new_security_world_package;
	request->module = 1;
	if (a->module)
		SC_TRY(sc_number_read(a->module, "-Module", 1, UINT32_MAX, &request->module, err));
	if (a->subscription_id)
		SC_TRY(sc_byok_subscription_read(a->subscription_id, "-SubscriptionId", request->subscription,
						 err));
	return SC_OK;
}

static sc_status read_not_after(const char *text, int64_t now, struct sc_byok_transfer_request *request,
				struct sc_error *err)
{
	if (!text)
		return SC_OK;
	SC_TRY(sc_byok_day_end_read(text, "-NotAfter", &request->not_after, err));
	SC_ENSURE(request->not_after > now, err, SC_ERR_ARGUMENT, "-NotAfter: %s is in the past",
		  sc_shown(text).s);
	return SC_OK;
}

static sc_status check_modify_acls(const struct sc_byok_transfer_arguments *a, struct sc_error *err)
{
	SC_ENSURE(a->key_app_name, err, SC_ERR_USAGE, "-KeyAppName is missing: give -KeyAppName simple");
	SC_ENSURE(
	    strcmp(a->key_app_name, "simple") == 0, err, SC_ERR_ARGUMENT,
	    "-KeyAppName: %s: must be simple: only module-protected keys, in files key_simple_…, can be "
	    "transferred (article step 3.3: the toolset supports no other protection)",
	    sc_shown(a->key_app_name).s);
	SC_ENSURE(!a->key_friendly_name, err, SC_ERR_USAGE, "-KeyFriendlyName belongs to -Package");
	return SC_OK;
}

static sc_status check_package(const struct sc_byok_transfer_arguments *a, struct sc_error *err)
{
	SC_ENSURE(!a->key_app_name, err, SC_ERR_USAGE,
		  "-KeyAppName belongs to -ModifyAcls: -Package takes the copy that it made");
	SC_ENSURE(!a->cards && !a->pins_from_fd, err, SC_ERR_USAGE,
		  "-Package asks for no cards: --cards and --pins-from-fd belong to -ModifyAcls");
	SC_ENSURE(a->subscription_id, err, SC_ERR_USAGE,
		  "-SubscriptionId is missing: the subscription that contains your key vault (step 1.2)");
	SC_ENSURE(a->key_friendly_name, err, SC_ERR_USAGE,
		  "-KeyFriendlyName is missing: the label of TransferPackage-<label>.byok");
	SC_ENSURE(sc_friendly_name_is_valid(a->key_friendly_name), err, SC_ERR_ARGUMENT,
		  "-KeyFriendlyName: %s: use only letters, digits and dashes, at most 64",
		  sc_shown(a->key_friendly_name).s);
	return SC_OK;
}

sc_status sc_byok_transfer_request_read(const struct sc_byok_transfer_arguments *a, int64_t now,
					struct sc_byok_transfer_request *out, struct sc_error *err)
{
	struct sc_byok_transfer_request request = { 0 };

	SC_TRY(read_step(a, &request.step, err));
	SC_TRY(read_common(a, &request, err));
	SC_TRY(read_not_after(a->not_after, now, &request, err));
	if (request.step == SC_BYOK_TRANSFER_MODIFY_ACLS)
		SC_TRY(check_modify_acls(a, err));
	else
		SC_TRY(check_package(a, err));
	request.friendly_name = a->key_friendly_name;
	*out = request;
	return SC_OK;
}
