/*
 * The module's commands, in one table from which both sides are compiled (rule M1). A command that is not
 * here does not exist. A command that the socket's role or the module's mode does not allow is refused before
 * its body is read.
 *
 * Fields are encoded in the order given, as F(kind, name, max):
 *   u32, u64   big-endian integers
 *   hash       32 bytes
 *   bytes      u32 length, at most max, then the bytes; texts are UTF-8
 *   list       u32 count, at most SC_WIRE_LIST_MAX, then that many `bytes` of at most max each
 * Nothing may follow the last field.
 */
#ifndef SC_WIRE_COMMANDS_H
#define SC_WIRE_COMMANDS_H

#include "base/bytes.h"
#include "base/digest.h"

#define SC_PROTOCOL_VERSION 1

/* clang-format off: tables, whose columns are read by people */
/* Which sockets may send a command (rule M1). */
enum sc_role {
	SC_ROLE_CUSTODY = 1 << 0, /* world, cards, quorum, key generation, ACL changes */
	SC_ROLE_SERVICE = 1 << 1, /* generate, import, load, use: for one daemon */
	SC_ROLE_USE = 1 << 2,     /* load, use */
};
#define SC_ROLE_ANY (SC_ROLE_CUSTODY | SC_ROLE_SERVICE | SC_ROLE_USE)

/* What a module has so far. In each mode it has all that the modes before give it. */
enum sc_mode {
	SC_MODE_UNWARRANTED = 0, /* has an identity and a request for a warrant */
	SC_MODE_WARRANTED = 1,   /* not yet in a world */
	SC_MODE_WORLD = 2,
	SC_MODE_REGION = 3, /* its world is certified as a region */
};

/* The modes in which a command is allowed. */
#define SC_IN_ANY       (1 << SC_MODE_UNWARRANTED | SC_IN_WARRANTED | SC_IN_WORLD)
#define SC_IN_WARRANTED (1 << SC_MODE_WARRANTED)
#define SC_IN_WORLD     (1 << SC_MODE_WORLD | 1 << SC_MODE_REGION)
#define SC_IN_REGION    (1 << SC_MODE_REGION)
#define SC_WITH_WARRANT (SC_IN_WARRANTED | SC_IN_WORLD)

/* Whether the header must carry a quorum's authority, given for exactly this command and body (rule M5). */
enum sc_needs_quorum {
	SC_NO_QUORUM,
	SC_QUORUM,
	SC_QUORUM_OR_SWITCH, /* or none, if hsmd was started with --allow-erase */
};

/* Quick commands never wait for slow ones: each lane has its own threads. */
enum sc_lane {
	SC_LANE_QUICK,
	SC_LANE_SLOW,
};

/* Mechanisms for SIGN and DECRYPT. */
enum sc_mechanism {
	/* SIGN: the data is a digest of that hash's length */
	SC_MECHANISM_RS256 = 1, /* RSASSA-PKCS1-v1_5, RFC 7518 section 3.3 */
	SC_MECHANISM_RS384 = 2,
	SC_MECHANISM_RS512 = 3,
	SC_MECHANISM_PS256 = 4, /* RSASSA-PSS, salt as long as the hash, section 3.5 */
	SC_MECHANISM_PS384 = 5,
	SC_MECHANISM_PS512 = 6,
	SC_MECHANISM_TLS_ECDSA = 7, /* DER-encoded ECDSA over a digest of 32, 48 or 64 bytes; tls keys only */
	/* SIGN: the data is a JWS signing input, checked and hashed by the module; token keys only */
	SC_MECHANISM_TOKEN_RS256 = 8,
	/* DECRYPT: the data is one RSA block */
	SC_MECHANISM_RSA_OAEP = 20,     /* SHA-1, MGF1-SHA-1, RFC 7518 section 4.3 */
	SC_MECHANISM_RSA_OAEP_256 = 21, /* SHA-256, MGF1-SHA-256 */
};

#define SC_WIRE_LIST_MAX   256
#define SC_PIN_MAX         256
#define SC_WIRE_TEXT_MAX   127
#define SC_TOKEN_INPUT_MAX 16384

/* -- ENQUIRE: what the module is, and what protects it. ---------------------------------------- */
#define SC_ENQUIRE_REQUEST(F)
#define SC_ENQUIRE_RESPONSE(F)                                                                               \
	F(bytes, esn, SC_WIRE_TEXT_MAX)                                                                      \
	F(bytes, version, SC_WIRE_TEXT_MAX)                                                                  \
	F(u32, mode, 0)   /* enum sc_mode */                                                                 \
	F(u32, role, 0)   /* of this socket: enum sc_role */                                                 \
	F(hash, root, 0)  /* SHA-256 of the pinned root's public key; zero without a warrant */              \
	F(hash, world, 0) /* zero without a world, like the following fields */                              \
	F(hash, hkm, 0)                                                                                      \
	F(hash, hknso, 0)                                                                                    \
	F(u32, suite, 0)                                                                                     \
	F(u32, k, 0)                                                                                         \
	F(u32, n, 0)                                                                                         \
	F(u32, set_generation, 0)                                                                            \
	F(bytes, region, SC_WIRE_TEXT_MAX)                                                                   \
	F(u32, loaded, 0)     /* keys in the cache */                                                        \
	F(u32, cache, 0)      /* capacity of the cache */                                                    \
	F(u64, arena_size, 0) /* bytes */                                                                    \
	F(u64, arena_used, 0)                                                                                \
	F(u32, protection, 0)   /* enum sc_protection bits */                                                \
	F(u32, landlock_abi, 0) /* 0: not available */                                                       \
	F(u64, counter, 0)      /* of the state file */                                                      \
	F(u64, time, 0)         /* the module's clock */

/* The protections in force (rules M9, M10); `enquiry` prints each. */
enum sc_protection {
	SC_PROTECTION_MEMFD_SECRET = 1 << 0, /* otherwise the arena is locked memory, excluded from dumps */
	SC_PROTECTION_NO_NEW_PRIVS = 1 << 1,
	SC_PROTECTION_NOT_DUMPABLE = 1 << 2,
	SC_PROTECTION_SECCOMP = 1 << 3,
	SC_PROTECTION_LANDLOCK = 1 << 4,
	SC_PROTECTION_NO_CORE = 1 << 5,
	SC_PROTECTION_UNLOCK_GIVEN = 1 << 6, /* the unlock key came from outside the state directory */
	SC_PROTECTION_USERS_APART = 1 << 7,  /* the peer's user id differs from the module's */
	SC_PROTECTION_SANITIZER = 1 << 8,    /* a test build: its sandbox is wider */
};

/*
 * -- EVIDENCE: the certificates that the module holds, in DER (empty if it has none), and whom it trusts. A
 *    program that verifies statements for the module's custodians uses the same trust as the module itself.
 */
#define SC_EVIDENCE_REQUEST(F)
#define SC_EVIDENCE_RESPONSE(F)                                                                              \
	F(bytes, root, 8192)                                                                                 \
	F(bytes, warrant, 8192)                                                                              \
	F(bytes, member, 8192)                                                                               \
	F(bytes, region_certificate, 8192)                                                                   \
	F(list, source_roots, 8192)        /* certificates of further roots that the world trusts */         \
	F(list, revoked, SC_WIRE_TEXT_MAX) /* ESNs of modules that it no longer trusts */

/*
 * -- CHECKPOINT: makes a statement over a hash that a daemon gives, with what the module has done for that daemon
 *    since it started (rule F6).
 */
#define SC_CHECKPOINT_REQUEST(F)  F(hash, digest, 0)
#define SC_CHECKPOINT_RESPONSE(F) F(bytes, statement, 65536)

/* -- WORLD_BEGIN: creates a world, pending on this connection (new-world --initialize). -------- */
#define SC_WORLD_BEGIN_REQUEST(F)                                                                            \
	F(u32, suite, 0)                                                                                     \
	F(u32, k, 0)                                                                                         \
	F(list, pins, SC_PIN_MAX)             /* one per card: N of them */                                  \
	F(list, custodians, SC_WIRE_TEXT_MAX) /* N names, any of which may be empty */
#define SC_WORLD_BEGIN_RESPONSE(F)                                                                           \
	F(hash, world, 0)                                                                                    \
	F(bytes, world_file, 32768)                                                                          \
	F(list, cards, 1024)

/* -- WORLD_COMMIT: the world file and the cards are durable; the module adopts KM. ------------- */
#define SC_WORLD_COMMIT_REQUEST(F) F(hash, world, 0)
#define SC_WORLD_COMMIT_RESPONSE(F)

/*
 * -- WORLD_PROGRAM: brings a module without a world into the world of that file, under a quorum of the file's
 *    card set (new-world --program). The file must be final.
 */
#define SC_WORLD_PROGRAM_REQUEST(F)  F(bytes, world_file, 32768)
#define SC_WORLD_PROGRAM_RESPONSE(F) F(hash, world, 0)

/* -- WORLD_ERASE: takes the module out of that world, its own (new-world --factory). ------------ */
#define SC_WORLD_ERASE_REQUEST(F) F(hash, world, 0)
#define SC_WORLD_ERASE_RESPONSE(F)

/*
 * -- QUORUM_OPEN: an authority for exactly one command, named by sc_wire_authority_digest(). A module without a
 *    world asks for the cards of `world_file`, which is empty otherwise.
 */
#define SC_QUORUM_OPEN_REQUEST(F)                                                                            \
	F(u32, command, 0)                                                                                   \
	F(hash, digest, 0)                                                                                   \
	F(bytes, world_file, 32768)
#define SC_QUORUM_OPEN_RESPONSE(F)                                                                           \
	F(u64, authority, 0)                                                                                 \
	F(u32, k, 0)                                                                                         \
	F(u32, seconds, 0) /* until it expires */

/*
 * -- QUORUM_CARD: one card and its PIN. A refusal's numbers are the card's index (0 if it cannot be read) and
 *    the seconds until its next try.
 */
#define SC_QUORUM_CARD_REQUEST(F)                                                                            \
	F(u64, authority, 0)                                                                                 \
	F(bytes, card, 1024)                                                                                 \
	F(bytes, pin, SC_PIN_MAX)
#define SC_QUORUM_CARD_RESPONSE(F)                                                                           \
	F(u32, index, 0)                                                                                     \
	F(bytes, custodian, SC_WIRE_TEXT_MAX)                                                                \
	F(u32, accepted, 0) /* cards so far; the authority is valid once this is k */

/*
 * -- KEY_GENERATE. Here and in every other command, an owner is given as its DER (formats/owner.h), or as no
 *    bytes at all for the empty owner, which `simple`, `xferacld` and `kek` keys have.
 */
#define SC_KEY_GENERATE_REQUEST(F)                                                                           \
	F(bytes, application, SC_WIRE_TEXT_MAX)                                                              \
	F(bytes, owner, 1024) /* DER */                                                                      \
	F(u32, algorithm, 0)  /* enum sc_algorithm */                                                        \
	F(u32, bits, 0)                                                                                      \
	F(bytes, exponent, 32) /* RSA: big-endian; empty is 65537 */                                         \
	F(u32, uses, 0)        /* enum sc_use: a subset of the default; 0: the default */
#define SC_KEY_GENERATE_RESPONSE(F)                                                                          \
	F(bytes, blob, 16384)                                                                                \
	F(bytes, spki, 1024)                                                                                 \
	F(hash, key_hash, 0)

/* -- KEY_LOAD: opens a blob. From then on its digest names the key, until it is evicted. ------- */
#define SC_KEY_LOAD_REQUEST(F)  F(bytes, blob, 16384)
#define SC_KEY_LOAD_RESPONSE(F) F(hash, key, 0)

/* -- KEY_INFO ---------------------------------------------------------------------------------- */
#define SC_KEY_INFO_REQUEST(F)                                                                               \
	F(hash, key, 0)                                                                                      \
	F(bytes, owner, 1024)
#define SC_KEY_INFO_RESPONSE(F)                                                                              \
	F(bytes, application, SC_WIRE_TEXT_MAX)                                                              \
	F(u32, algorithm, 0)                                                                                 \
	F(u32, bits, 0)                                                                                      \
	F(bytes, spki, 1024)                                                                                 \
	F(hash, key_hash, 0)                                                                                 \
	F(u32, origin, 0)                                                                                    \
	F(bytes, acl, 4096) /* DER */

/* -- KEY_ATTEST: makes a key statement (rule F6). ---------------------------------------------- */
#define SC_KEY_ATTEST_REQUEST(F)                                                                             \
	F(hash, key, 0)                                                                                      \
	F(bytes, owner, 1024)                                                                                \
	F(bytes, nonce, 64)
#define SC_KEY_ATTEST_RESPONSE(F) F(bytes, statement, 65536)

/*
 * -- ACL_REDUCE: makes a blob of the same key with fewer permissions (rule M5): a part of each group's
 *    actions, under the group's own id. Everything else in the blob stays.
 */
#define SC_ACL_REDUCE_REQUEST(F)                                                                             \
	F(hash, key, 0)                                                                                      \
	F(bytes, owner, 1024)                                                                                \
	F(bytes, acl, 4096) /* DER */
#define SC_ACL_REDUCE_RESPONSE(F) F(bytes, blob, 16384)

/* -- KEY_FORGET: evicts a loaded key. Its blob still loads. ------------------------------------- */
#define SC_KEY_FORGET_REQUEST(F)                                                                             \
	F(hash, key, 0)                                                                                      \
	F(bytes, owner, 1024)
#define SC_KEY_FORGET_RESPONSE(F)

/*
 * -- KEY_IMPORT: takes a key that its owner has in the clear: a `simple` key on a custody socket, a `vault` key
 *    on a service socket. The key is recorded permanently as imported in the clear.
 */
#define SC_KEY_IMPORT_REQUEST(F)                                                                             \
	F(bytes, application, SC_WIRE_TEXT_MAX)                                                              \
	F(bytes, owner, 1024)                                                                                \
	F(u32, algorithm, 0)                                                                                 \
	F(u32, bits, 0)                                                                                      \
	F(u32, uses, 0)          /* as in KEY_GENERATE */                                                    \
	F(bytes, material, 4096) /* PKCS#8 in DER, or the bytes of a secret key */
#define SC_KEY_IMPORT_RESPONSE(F)                                                                            \
	F(bytes, blob, 16384)                                                                                \
	F(bytes, spki, 1024)                                                                                 \
	F(hash, key_hash, 0)

/* -- SIGN -------------------------------------------------------------------------------------- */
#define SC_SIGN_REQUEST(F)                                                                                   \
	F(hash, key, 0)                                                                                      \
	F(bytes, owner, 1024)                                                                                \
	F(u32, mechanism, 0)                                                                                 \
	F(bytes, data, SC_TOKEN_INPUT_MAX)
#define SC_SIGN_RESPONSE(F) F(bytes, signature, 1024)

/* -- DECRYPT ----------------------------------------------------------------------------------- */
#define SC_DECRYPT_REQUEST(F)                                                                                \
	F(hash, key, 0)                                                                                      \
	F(bytes, owner, 1024)                                                                                \
	F(u32, mechanism, 0)                                                                                 \
	F(bytes, data, 1024)
#define SC_DECRYPT_RESPONSE(F) F(bytes, plaintext, 1024)

/* -- REGION_INIT: makes the world the region that the certificate names; generates its KEK. ---- */
#define SC_REGION_INIT_REQUEST(F)                                                                            \
	F(bytes, world_file, 32768)                                                                          \
	F(bytes, certificate, 8192)
#define SC_REGION_INIT_RESPONSE(F)                                                                           \
	F(bytes, world_file, 32768) /* with the certificate, signed again */                                 \
	F(bytes, kek_blob, 16384)                                                                            \
	F(bytes, kek_certificate, 8192)                                                                      \
	F(bytes, kek_statement, 65536)

/*
 * -- ACL_REPLACE: makes the blob of a copy with reduced permissions (KeyTransferRemote -ModifyAcls), from
 *    `simple` to `xferacld` only. The copy has one action: transfer to the KEK and world that the packages
 *    prove.
 */
#define SC_ACL_REPLACE_REQUEST(F)                                                                            \
	F(hash, key, 0)                                                                                      \
	F(bytes, kek_package, 24576)                                                                         \
	F(bytes, world_package, 24576)                                                                       \
	F(bytes, subscription, SC_WIRE_TEXT_MAX) /* empty: any */                                            \
	F(u64, not_after, 0)                     /* 0: no expiry */
#define SC_ACL_REPLACE_RESPONSE(F) F(bytes, blob, 16384)

/* -- TRANSFER_PACKAGE: the reduced copy, encrypted to the KEK (KeyTransferRemote -Package). ---- */
#define SC_TRANSFER_PACKAGE_REQUEST(F)                                                                       \
	F(hash, key, 0)                                                                                      \
	F(bytes, kek_package, 24576)                                                                         \
	F(bytes, world_package, 24576)                                                                       \
	F(bytes, subscription, SC_WIRE_TEXT_MAX)                                                             \
	F(bytes, friendly_name, SC_WIRE_TEXT_MAX)                                                            \
	F(u64, not_after, 0) /* 0: a year from now, or the copy's own expiry if that is earlier */
#define SC_TRANSFER_PACKAGE_RESPONSE(F) F(bytes, package, 32768)

/* -- TRANSFER_IMPORT: opens a transfer package. The key can never leave this world again. ------ */
#define SC_TRANSFER_IMPORT_REQUEST(F)                                                                        \
	F(hash, kek, 0)                                                                                      \
	F(bytes, owner, 1024) /* DER; its subscription must equal the package's */                           \
	F(bytes, package, 32768)
#define SC_TRANSFER_IMPORT_RESPONSE(F)                                                                       \
	F(bytes, blob, 16384)                                                                                \
	F(bytes, spki, 1024)                                                                                 \
	F(bytes, receipt, 65536) /* a key statement with the package's digest (rule F7) */

/*
 * The table: C(NAME, name, number, roles, modes, quorum, lane). Numbers never change their meaning. There are
 * forty commands at most (M1). The numbers that the table does not have yet are reserved:
 *
 *   0x14 WORLD_UPDATE
 *   0x15 WORLD_JOIN
 *   0x16 CLOCK_SET
 *   0x17 WORLD_TRUST
 *   0x22 CARDS_REPLACE
 *   0x23 CARDS_COMMIT
 *   0x24 CARD_PIN
 *   0x38 KEY_BACKUP
 *   0x39 KEY_RESTORE
 *   0x42 ENCRYPT
 *   0x43 VERIFY
 *   0x44 RANDOM
 *   0x51 REGION_RENEW
 *   0x52 KEK_RETIRE
 *   0x62 NEUTRAL_KEK
 *   0x63 NEUTRAL_IMPORT
 */
#define SC_COMMAND_TABLE(C)                                                                                  \
	C(ENQUIRE, enquire, 0x01, SC_ROLE_ANY, SC_IN_ANY, SC_NO_QUORUM, SC_LANE_QUICK)                       \
	C(EVIDENCE, evidence, 0x02, SC_ROLE_ANY, SC_IN_ANY, SC_NO_QUORUM, SC_LANE_QUICK)                     \
	C(CHECKPOINT, checkpoint, 0x03, SC_ROLE_SERVICE, SC_IN_WORLD, SC_NO_QUORUM, SC_LANE_QUICK)           \
	C(WORLD_BEGIN, world_begin, 0x10, SC_ROLE_CUSTODY, SC_IN_WARRANTED, SC_NO_QUORUM, SC_LANE_SLOW)      \
	C(WORLD_COMMIT, world_commit, 0x11, SC_ROLE_CUSTODY, SC_IN_WARRANTED, SC_NO_QUORUM, SC_LANE_SLOW)    \
	C(WORLD_PROGRAM, world_program, 0x12, SC_ROLE_CUSTODY, SC_IN_WARRANTED, SC_QUORUM, SC_LANE_SLOW)     \
	C(WORLD_ERASE, world_erase, 0x13, SC_ROLE_CUSTODY, SC_IN_WORLD, SC_QUORUM_OR_SWITCH, SC_LANE_SLOW)   \
	C(QUORUM_OPEN, quorum_open, 0x20, SC_ROLE_CUSTODY, SC_WITH_WARRANT, SC_NO_QUORUM, SC_LANE_QUICK)     \
	C(QUORUM_CARD, quorum_card, 0x21, SC_ROLE_CUSTODY, SC_WITH_WARRANT, SC_NO_QUORUM, SC_LANE_SLOW)      \
	C(KEY_GENERATE, key_generate, 0x30, SC_ROLE_CUSTODY | SC_ROLE_SERVICE, SC_IN_WORLD, SC_NO_QUORUM,    \
	  SC_LANE_SLOW)                                                                                      \
	C(KEY_LOAD, key_load, 0x31, SC_ROLE_ANY, SC_IN_WORLD, SC_NO_QUORUM, SC_LANE_QUICK)                   \
	C(KEY_INFO, key_info, 0x32, SC_ROLE_ANY, SC_IN_WORLD, SC_NO_QUORUM, SC_LANE_QUICK)                   \
	C(KEY_ATTEST, key_attest, 0x33, SC_ROLE_ANY, SC_IN_WORLD, SC_NO_QUORUM, SC_LANE_QUICK)               \
	C(ACL_REPLACE, acl_replace, 0x34, SC_ROLE_CUSTODY, SC_IN_WORLD, SC_QUORUM, SC_LANE_SLOW)             \
	C(KEY_IMPORT, key_import, 0x35, SC_ROLE_CUSTODY | SC_ROLE_SERVICE, SC_IN_WORLD, SC_NO_QUORUM,        \
	  SC_LANE_SLOW)                                                                                      \
	C(ACL_REDUCE, acl_reduce, 0x36, SC_ROLE_CUSTODY | SC_ROLE_SERVICE, SC_IN_WORLD, SC_NO_QUORUM,        \
	  SC_LANE_SLOW)                                                                                      \
	C(KEY_FORGET, key_forget, 0x37, SC_ROLE_CUSTODY | SC_ROLE_SERVICE, SC_IN_WORLD, SC_NO_QUORUM,        \
	  SC_LANE_QUICK)                                                                                     \
	C(SIGN, sign, 0x40, SC_ROLE_ANY, SC_IN_WORLD, SC_NO_QUORUM, SC_LANE_QUICK)                           \
	C(DECRYPT, decrypt, 0x41, SC_ROLE_ANY, SC_IN_WORLD, SC_NO_QUORUM, SC_LANE_QUICK)                     \
	C(REGION_INIT, region_init, 0x50, SC_ROLE_CUSTODY, SC_IN_WORLD, SC_QUORUM, SC_LANE_SLOW)             \
	C(TRANSFER_PACKAGE, transfer_package, 0x60, SC_ROLE_CUSTODY, SC_IN_WORLD, SC_NO_QUORUM,              \
	  SC_LANE_SLOW)                                                                                      \
	C(TRANSFER_IMPORT, transfer_import, 0x61, SC_ROLE_SERVICE, SC_IN_REGION, SC_NO_QUORUM, SC_LANE_SLOW)

/* A list of byte strings, as views. */
struct sc_views {
	uint32_t count;
	struct sc_view item[SC_WIRE_LIST_MAX];
};

/* enum sc_command, and struct sc_<name>_request and struct sc_<name>_response for each command. */
#define SC_COMMAND_ENUM(NAME, name, number, roles, modes, quorum, lane) SC_COMMAND_##NAME = (number),
enum sc_command { SC_COMMAND_TABLE(SC_COMMAND_ENUM) };
#undef SC_COMMAND_ENUM

#define SC_TYPE_u32                uint32_t
#define SC_TYPE_u64                uint64_t
#define SC_TYPE_hash               struct sc_hash
#define SC_TYPE_bytes              struct sc_view
#define SC_TYPE_list               struct sc_views
#define SC_FIELD(kind, field, max) SC_TYPE_##kind field;
#define SC_COMMAND_STRUCTS(NAME, name, number, roles, modes, quorum, lane)                                   \
	struct sc_##name##_request {                                                                         \
		SC_##NAME##_REQUEST(SC_FIELD)                                                                \
	};                                                                                                   \
	struct sc_##name##_response {                                                                        \
		SC_##NAME##_RESPONSE(SC_FIELD)                                                               \
	};
SC_COMMAND_TABLE(SC_COMMAND_STRUCTS)
#undef SC_COMMAND_STRUCTS
#undef SC_FIELD
/* clang-format on */

#endif
