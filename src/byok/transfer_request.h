/*
 * What KeyTransferRemote is asked to do (article steps 4.1 and 4.3): its arguments as typed, and the checked
 * request that results. Nothing here talks to a module.
 */
#ifndef SC_BYOK_TRANSFER_REQUEST_H
#define SC_BYOK_TRANSFER_REQUEST_H

#include <stdbool.h>

#include "base/error.h"
#include "formats/guid.h"

enum sc_byok_transfer_step {
	SC_BYOK_TRANSFER_MODIFY_ACLS, /* step 4.1: a copy with reduced permissions */
	SC_BYOK_TRANSFER_PACKAGE,     /* step 4.3: the copy, encrypted to the Key Exchange Key */
};

/* As typed. NULL or false if not given. */
struct sc_byok_transfer_arguments {
	bool modify_acls;
	bool package;
	const char *key_app_name;
	const char *key_identifier;
	const char *exchange_key_package;
	const char *new_security_world_package;
	const char *subscription_id;
	const char *key_friendly_name;
	const char *not_after;
	const char *module;
	const char *cards;
	const char *pins_from_fd;
};

/* Checked. The texts point into the arguments. */
struct sc_byok_transfer_request {
	enum sc_byok_transfer_step step;
	const char *ident;
	const char *kek_path;
	const char *world_path;
	const char *friendly_name;       /* NULL for -ModifyAcls */
	char subscription[SC_GUID_SIZE]; /* lower case; "" for any */
	int64_t not_after;               /* 0: none given */
	uint64_t module;
};

/*
 * Requires exactly one step, with everything that it needs and nothing that belongs to the other. -NotAfter
 * must be later than `now`. SC_ERR_USAGE, SC_ERR_ARGUMENT.
 */
sc_status sc_byok_transfer_request_read(const struct sc_byok_transfer_arguments *arguments, int64_t now,
					struct sc_byok_transfer_request *out,
					struct sc_error *err) SC_WARN_UNUSED;

/*
 * Reads a subscription id as Get-AzureSubscription prints it, in upper or lower case, and returns it in lower
 * case. SC_ERR_ARGUMENT, naming `what`.
 */
sc_status sc_byok_subscription_read(const char *text, const char *what, char out[SC_GUID_SIZE],
				    struct sc_error *err) SC_WARN_UNUSED;

/* The last second (UTC) of a day written YYYY-MM-DD. SC_ERR_ARGUMENT, naming `what`. */
sc_status sc_byok_day_end_read(const char *text, const char *what, int64_t *out,
			       struct sc_error *err) SC_WARN_UNUSED;

#endif
