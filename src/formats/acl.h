/*
 * Access control lists: what the module allows to be done with a key, no matter who asks. An ACL is a list of
 * permission groups (nCore's PermissionGroup). A group lists actions and may require an authority for them.
 * No action yields a key in the clear (rule M2).
 *
 *   Acl ::= SEQUENCE { format UTF8String ("safeconduct.acl.1"), groups SEQUENCE OF PermissionGroup }
 */
#ifndef SC_FORMATS_ACL_H
#define SC_FORMATS_ACL_H

#include <openssl/safestack.h>

#include "formats/der.h"
#include "formats/key_type.h"

/* Uses, one bit each; encoded as an INTEGER. */
enum sc_use {
	SC_USE_SIGN = 1 << 0,
	SC_USE_VERIFY = 1 << 1,
	SC_USE_ENCRYPT = 1 << 2,
	SC_USE_DECRYPT = 1 << 3,
	SC_USE_WRAP_KEY = 1 << 4,
	SC_USE_UNWRAP_KEY = 1 << 5,
	SC_USE_IMPORT_TRANSFER = 1 << 6, /* a region's KEK: open transfer packages, nothing else (M3) */
	SC_USE_IMPORT_NEUTRAL = 1 << 7,  /* reserved for the vendor-neutral blob */
	SC_USE_TLS_SERVER = 1 << 8,      /* sign the hash of a TLS handshake */
	SC_USE_TOKEN = 1 << 9,           /* sign an access token */
};
#define SC_USE_ALL ((1u << 10) - 1)

/*
 * Who must consent before a group's actions are allowed. 2 is reserved for a caller's credential that the
 * module itself checks.
 */
enum sc_authority {
	SC_AUTHORITY_NONE = 0,
	SC_AUTHORITY_QUORUM = 1, /* K administrator cards */
};

/* The context tags of the CHOICE in acl.c. */
enum sc_action_kind {
	SC_ACTION_USE,
	SC_ACTION_MAKE_BLOB,
	SC_ACTION_TRANSFER,
	SC_ACTION_REDUCE_ACL,
	SC_ACTION_REPLACE_ACL,
};

struct sc_acl;

/* The key may leave for one Key Exchange Key in one world and region, and arrives there with this ACL. */
struct sc_transfer_action {
	struct sc_hash kek;          /* key hash */
	struct sc_hash world;        /* world id */
	struct sc_text region;       /* code */
	struct sc_text subscription; /* "" if the custodians named none */
	int64_t not_after;           /* 0 if the custodians named none */
	struct sc_acl *arrival;
};

struct sc_action {
	int type; /* enum sc_action_kind */
	union {
		uint32_t *use;                       /* [0] enum sc_use bits */
		struct sc_make_blob *make_blob;      /* [1] */
		struct sc_transfer_action *transfer; /* [2] */
		ASN1_NULL *reduce_acl;               /* [3] */
		ASN1_NULL *replace_acl;              /* [4] */
	} value;
};
typedef struct sc_action sc_action;
DEFINE_STACK_OF(sc_action)

/*
 * The id is for counting limits once, however often a key is sealed again. Modules do not count limits yet,
 * so a limit other than 0 is refused.
 */
struct sc_permission_group {
	uint32_t id;         /* not 0, unique in its ACL */
	uint32_t authority;  /* enum sc_authority */
	uint32_t use_limit;  /* reserved: 0, no limit */
	uint32_t time_limit; /* reserved: 0, no limit */
	STACK_OF(sc_action) *actions;
};
typedef struct sc_permission_group sc_permission_group;
DEFINE_STACK_OF(sc_permission_group)

struct sc_acl {
	struct sc_text format;
	STACK_OF(sc_permission_group) *groups;
};

/* makeBlob: only under the module key of the world with this id. */
struct sc_make_blob {
	struct sc_hash world;
};

/*
 * Bytes of DER. Its elements are at most SC_DER_ELEMENTS, many more than the lists that are made here have.
 * More are possible in so many bytes, if the arrival ACLs of several transfers are long: such a list is
 * valid, but encoding it fails with SC_ERR_TOO_LARGE, which names that limit. A structure that contains it
 * has no more than that itself.
 */
#define SC_ACL_MAX 4096
SC_DER_DECLARE(sc_acl)

/* What decoding checks beyond the encoding, for structures that contain an ACL. */
bool sc_acl_is_valid(const struct sc_acl *acl);

/* A copy; NULL when out of memory. */
struct sc_acl *sc_acl_dup(const struct sc_acl *acl);

/* True if both encode to the same bytes. False if either is not a valid ACL. */
bool sc_acl_equals(const struct sc_acl *a, const struct sc_acl *b);

/*
 * True if `part` permits nothing that `whole` does not (rule M5): each of its groups has the id, authority
 * and limits of one there and a part of its actions, a use a part of its bits.
 */
bool sc_acl_is_part(const struct sc_acl *part, const struct sc_acl *whole);

/* Building: each function adds to the ACL. SC_ERR_MEMORY: the ACL may be incomplete and must be freed. */
sc_status sc_acl_add_group(struct sc_acl *acl, uint32_t id, enum sc_authority authority,
			   struct sc_permission_group **out, struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_acl_add_use(struct sc_permission_group *group, uint32_t uses,
			 struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_acl_add_make_blob(struct sc_permission_group *group, const struct sc_hash *world,
			       struct sc_error *err) SC_WARN_UNUSED;
/* Takes ownership of the action, including `arrival`, even on failure, when it is freed. */
sc_status sc_acl_add_transfer(struct sc_permission_group *group, struct sc_transfer_action *action,
			      struct sc_error *err) SC_WARN_UNUSED;
/* kind: SC_ACTION_REDUCE_ACL or SC_ACTION_REPLACE_ACL. */
sc_status sc_acl_add_plain(struct sc_permission_group *group, enum sc_action_kind kind,
			   struct sc_error *err) SC_WARN_UNUSED;

/* A new, empty transfer action; NULL when out of memory. Free it unless it has been added to an ACL. */
struct sc_transfer_action *sc_transfer_action_new(void);
void sc_transfer_action_free(struct sc_transfer_action *action);
SC_CLEANUP_POINTER(sc_transfer_action, struct sc_transfer_action, sc_transfer_action_free)

/* -- questions about the whole ACL: is something possible, under any authority ------------------ */

/* The union of the uses that any group lists. */
uint32_t sc_acl_uses(const struct sc_acl *acl);

/* True if any group lists an action of that kind. */
bool sc_acl_has(const struct sc_acl *acl, enum sc_action_kind kind);

/* True if the key can leave its world or be given permission to: a transfer or replaceAcl action. */
bool sc_acl_is_exportable(const struct sc_acl *acl);

/*
 * The uses of a `simple` or `vault` key of this type: sign and verify, unless AES; for RSA and AES encrypt …
 * unwrapKey.
 */
uint32_t sc_uses_of_type(const struct sc_key_type *type);

/*
 * The ACL with which a key arrives in world `world`: one group with the uses of its type and makeBlob in that
 * world. An import accepts no other ACL. The caller frees *out.
 */
sc_status sc_acl_arrival(const struct sc_key_type *type, const struct sc_hash *world, struct sc_acl **out,
			 struct sc_error *err) SC_WARN_UNUSED;

/*
 * The ACL in words, for kmfile-dump: one line per group and action, more for a transfer. Each line begins
 * with `indent` and ends with a newline. The text is NUL-terminated; the caller frees *out.
 */
sc_status sc_acl_print(const struct sc_acl *acl, const char *indent, struct sc_bytes *out,
		       struct sc_error *err) SC_WARN_UNUSED;

#endif
