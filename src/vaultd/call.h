/*
 * One call of vaultd, from its token to its answer: who calls, what it is about, what was decided. Keys API
 * and Resource Manager share it. What differs between them, the forms of errors and challenges and where a
 * call's object is looked up, is in a table of functions, struct sc_vaultd_api.
 *
 * A call begins on its HTTP thread, which never waits and never reads the database: token, api-version, path,
 * and, if the object is in memory, the decision. A call that is not refused there continues as one job on a
 * worker, which looks up what was not in memory, decides, and does the work from top to bottom. Work that
 * only reads runs on a quick worker, a change on a slow one, because it waits for the disk. So no change
 * delays a use of a key. One of the answering functions ends the call, exactly once, on any thread.
 */
#ifndef SC_VAULTD_CALL_H
#define SC_VAULTD_CALL_H

#include "vaultd/vaultd.h"

struct sc_vaultd_call;

/* The work of an operation. It ends the call, or leaves that to a module's answer. */
typedef void (*sc_vaultd_work)(struct sc_vaultd_call *call);

/* An HTTP interface of vaultd. */
struct sc_vaultd_api {
	/* The audience that tokens must have. */
	const char *(*audience)(const struct sc_vaultd *vaultd);
	/* The message for a request without a token. */
	const char *token_missing;
	/* Sets call->scope as far as the request names it: for the audit lines of refusals. */
	void (*name_scope)(struct sc_vaultd_call *call);
	/* Checks api-version and path. False if the request has been answered. */
	bool (*check_request)(struct sc_vaultd_call *call);
	/*
	 * Finds what the call is about, and whose grants decide: recall in memory without waiting (false: not
	 * there), find in the database (worker threads only). Both set call->grants and complete call->scope,
	 * and set whatever else the API's work needs. While call->unauthorized is set, they need find only
	 * what the challenge names. SC_ERR_NOT_FOUND: see answer_absent.
	 */
	bool (*recall)(struct sc_vaultd_call *call);
	sc_status (*find)(struct sc_vaultd_call *call, struct sc_error *err);
	/* Answers 401 with the challenge. */
	void (*answer_challenge)(struct sc_vaultd_call *call, const char *message);
	/* Answers 404: what the call is about does not exist, or is another tenant's (rule P6). */
	void (*answer_absent)(struct sc_vaultd_call *call);
	/* Answers a failure. Internal ones (5xx) are logged, and the client gets only a general message. */
	void (*answer_failure)(struct sc_web_request *request, sc_status status, const struct sc_error *err);
};

struct sc_vaultd_call {
	struct sc_vaultd *vaultd;
	struct sc_web_request *request;
	const struct sc_vaultd_api *api;
	sc_vaultd_work work;
	struct sc_access access;
	char unauthorized[SC_ERROR_MESSAGE_MAX]; /* why the caller must sign in; "": the token is valid */

	/* Set by the API's recall or find. */
	const struct sc_access_grants *grants;
	struct sc_access_scope scope;
	struct sc_web_gate *gate; /* of the resource that the work may wait for; NULL: none */

	/* Of the keys API. */
	struct sc_vaultd_vault *vault;
	const struct sc_vaultd_region *region; /* the vault's */
	char name[SC_KEY_NAME_SIZE];
	char version[SC_KEY_VERSION_SIZE]; /* "": the newest */
	struct sc_store_key_row key;       /* once found */

	/* Of the Resource Manager. */
	struct sc_store_subscription_row subscription; /* empty if the path names none */
	json_t *body;                                  /* of a request that has one */
};

/*
 * Begins a call on its HTTP thread, and continues it with `work` on a worker if it is allowed: at once, or
 * after what is not in memory was read there. A refusal, a failure or a challenge has been answered, and
 * noted in the audit log, without `work`.
 */
void sc_vaultd_call_begin(struct sc_web_request *request, struct sc_vaultd *vaultd,
			  const struct sc_vaultd_api *api, enum sc_operation operation, sc_vaultd_work work);

/*
 * Call this before the work makes a change: as sc_access_begin(), and SC_ERR_TIMEOUT if nobody awaits the
 * change any more. In both cases it must not be made.
 */
sc_status sc_vaultd_call_start_change(struct sc_vaultd_call *call, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Notes the success in the audit log, answers with the body, and frees the call. The body is released here;
 * NULL means that there was no memory for one.
 */
void sc_vaultd_call_answer(struct sc_vaultd_call *call, unsigned http, json_t *body);

/* The same without a body. */
void sc_vaultd_call_answer_bare(struct sc_vaultd_call *call, unsigned http);

/* Notes the failure in the audit log, answers it, and frees the call. */
void sc_vaultd_call_fail(struct sc_vaultd_call *call, sc_status status, const struct sc_error *err);

/* The same for a failure that has its own HTTP status and code. */
void sc_vaultd_call_refuse(struct sc_vaultd_call *call, unsigned http, const char *code, const char *format,
			   ...) __attribute__((format(printf, 4, 5)));

/* Frees a call whose request has been answered. */
void sc_vaultd_call_free(struct sc_vaultd_call *call);

#endif
