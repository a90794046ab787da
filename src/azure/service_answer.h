/* A service's answer: its JSON, or its refusal as an error message. */
#ifndef SC_AZURE_SERVICE_ANSWER_H
#define SC_AZURE_SERVICE_ANSWER_H

#include "azure/https.h"
#include "web/json.h"

/*
 * Reads the JSON object of a 2xx answer; the caller releases it. Any other answer is a failure in the
 * service's own words, made visible: "what: 400 BadParameter: made for Europe".
 * SC_ERR_TOKEN (401), SC_ERR_FORBIDDEN (403), SC_ERR_NOT_FOUND (404), SC_ERR_CONFLICT (409), SC_ERR_THROTTLED
 * (429), SC_ERR_UNAVAILABLE (503), SC_ERR_HTTP (others), SC_ERR_JSON (2xx, but not a JSON object).
 */
sc_status sc_azure_answer_read(const struct sc_azure_https_answer *answer, const char *what, json_t **out,
			       struct sc_error *err) SC_WARN_UNUSED;

/* Like sc_json_text, for text that will be shown: SC_ERR_JSON also if it contains control characters. */
sc_status sc_azure_answer_text(const json_t *object, const char *name, size_t max, enum sc_json_need need,
			       const char **out, struct sc_error *err) SC_WARN_UNUSED;

#endif
