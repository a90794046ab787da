/*
 * Names of issuers. An issuer of many tenants, like the sign-in service, has one for each tenant: a URL that
 * contains the tenant's id. All of them are written as one pattern,
 * "https://login.localhost:8444/{tenantid}/", so that a tenant that is added needs no change of a
 * configuration.
 */
#ifndef SC_WEB_ISSUER_NAME_H
#define SC_WEB_ISSUER_NAME_H

#include "formats/guid.h"

#define SC_WEB_ISSUER_TENANT "{tenantid}" /* in a pattern: the place of a tenant's id */

bool sc_web_issuer_is_pattern(const char *issuer);

/*
 * The tenant whose issuer, by that pattern, this is. False if no tenant has it: ids are GUIDs in lower case.
 */
bool sc_web_issuer_read(const char *pattern, const char *issuer, char tenant[SC_GUID_SIZE]);

/*
 * Puts `name`, usually a tenant's id, into a pattern; without a place for it the issuer is copied as it is.
 * Cut to `size`, as snprintf() does.
 */
void sc_web_issuer_write(const char *pattern, const char *name, char *out, size_t size);

#endif
