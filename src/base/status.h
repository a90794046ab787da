/*
 * The table of results. A code's number is part of the module protocol and never changes its meaning. Logs
 * and tests use the name. The exit status is that of a tool that fails with this code. The sentence is what a
 * person reads if nothing more specific is known.
 *
 * SC_STATUS(code, number, exit status, sentence)
 */
#ifndef SC_BASE_STATUS_H
#define SC_BASE_STATUS_H

/* clang-format off */
#define SC_STATUS_TABLE(SC_STATUS) \
	SC_STATUS(SC_OK,                     0,   0, "success") \
	/* 1..: the caller, the machine */ \
	SC_STATUS(SC_ERR_USAGE,              1,   2, "the command line is not valid") \
	SC_STATUS(SC_ERR_ARGUMENT,           2,   2, "an argument is not valid") \
	SC_STATUS(SC_ERR_MEMORY,             3,  71, "out of memory") \
	SC_STATUS(SC_ERR_SYSTEM,             4,  71, "a system call failed") \
	SC_STATUS(SC_ERR_EXISTS,             5,  73, "it already exists and is not overwritten") \
	SC_STATUS(SC_ERR_NOT_FOUND,          6,  66, "it does not exist") \
	SC_STATUS(SC_ERR_CRYPTO,             7,  70, "the cryptographic library failed") \
	SC_STATUS(SC_ERR_CANCELLED,          8, 130, "cancelled") \
	SC_STATUS(SC_ERR_LOCKED,             9,  75, "another process holds the lock") \
	SC_STATUS(SC_ERR_NOT_DURABLE,       10,  74, "the data could not be made durable") \
	/* 20..: the input is not in its one canonical form (rule F1) */ \
	SC_STATUS(SC_ERR_ENCODING,          20,  65, "malformed, or not in canonical form") \
	SC_STATUS(SC_ERR_FORMAT,            21,  65, "not the expected type or version of structure") \
	SC_STATUS(SC_ERR_TOO_LARGE,         22,  65, "larger than the limit") \
	SC_STATUS(SC_ERR_INTEGRITY,         23,  65, "altered, or not sealed by this world") \
	/* 40..: the module and its protocol */ \
	SC_STATUS(SC_ERR_PROTOCOL,          40,  76, "the peer does not speak this protocol version") \
	SC_STATUS(SC_ERR_COMMAND,           41,  76, "no such command") \
	SC_STATUS(SC_ERR_ROLE,              42,  77, "this socket's role does not allow that") \
	SC_STATUS(SC_ERR_STATE,             43,  69, "the module's state does not allow that") \
	SC_STATUS(SC_ERR_NOT_LOADED,        44,  75, "the key is not loaded") \
	SC_STATUS(SC_ERR_MODULE_FULL,       45,  75, "the module's protected memory is full") \
	SC_STATUS(SC_ERR_UNAVAILABLE,       46,  69, "the module cannot be reached") \
	SC_STATUS(SC_ERR_BUSY,              47,  75, "too many requests are waiting") \
	SC_STATUS(SC_ERR_NO_WARRANT,        48,  69, "the module has no warrant: see `factory warrant`") \
	SC_STATUS(SC_ERR_NO_WORLD,          49,  69, "the module is not in a security world: see `new-world`") \
	SC_STATUS(SC_ERR_HAS_WORLD,         50,  73, "the module is already in a security world") \
	SC_STATUS(SC_ERR_NO_REGION,         51,  69, "the module's world is not a region: see `safeconduct region init`") \
	SC_STATUS(SC_ERR_TIMEOUT,           52,  75, "no answer came in time") \
	SC_STATUS(SC_ERR_ROLLED_BACK,       53,  70, "the state is older than the one last acknowledged") \
	SC_STATUS(SC_ERR_WORLD_FOREIGN,     56,  65, "the world file belongs to another security world") \
	SC_STATUS(SC_ERR_WORLD_DRAFT,       57,  65, "the world file was made by racs and is not committed") \
	SC_STATUS(SC_ERR_WORLD_DIVERGED,    58,  65, "another world file with the same sequence is in force") \
	SC_STATUS(SC_ERR_WORLD_LACKS,       59,  65, "the world file lacks a revocation, retired key or region that is in force") \
	/* 60..: authority, permissions */ \
	SC_STATUS(SC_ERR_ACL,               60,  77, "the key's permissions do not allow that") \
	SC_STATUS(SC_ERR_OWNER,             61,  77, "the key belongs to another owner or application") \
	SC_STATUS(SC_ERR_QUORUM,            62,  77, "the quorum is missing, used up, expired or was given for something else") \
	SC_STATUS(SC_ERR_SUITE,             63,  77, "the world's cipher suite does not allow that") \
	SC_STATUS(SC_ERR_LIMIT,             64,  77, "a use or time limit has been reached") \
	SC_STATUS(SC_ERR_QUORUM_LIMIT,      65,  75, "as many quorums are open on this connection as there can be") \
	SC_STATUS(SC_ERR_QUORUM_IN_USE,     66,  75, "another request is using the quorum") \
	/* 70..: cards (rules C1, C2) */ \
	SC_STATUS(SC_ERR_CARD_PIN,          70,  77, "wrong PIN") \
	SC_STATUS(SC_ERR_CARD_WAIT,         71,  75, "too soon after a wrong PIN or an interrupted attempt") \
	SC_STATUS(SC_ERR_CARD_ALTERED,      72,  65, "the card has been altered or damaged") \
	SC_STATUS(SC_ERR_CARD_FOREIGN,      73,  65, "the card belongs to another world or card set") \
	SC_STATUS(SC_ERR_CARD_OLD,          74,  65, "the card's generation has been replaced") \
	SC_STATUS(SC_ERR_CARD_DUPLICATE,    75,  65, "the card has already been presented") \
	SC_STATUS(SC_ERR_CARD_SET,          76,  77, "one of these cards or PINs is wrong") \
	SC_STATUS(SC_ERR_CARD_BLANK,        77,  65, "the card is blank") \
	SC_STATUS(SC_ERR_CARD_USED,         78,  73, "the card is not blank") \
	SC_STATUS(SC_ERR_PIN_SHORT,         79,   2, "the PIN is shorter than 6 characters") \
	/* 90..: evidence (rule F6) */ \
	SC_STATUS(SC_ERR_EVIDENCE_ROOT,     90,  65, "the chain does not end at a trusted root") \
	SC_STATUS(SC_ERR_EVIDENCE_CHAIN,    91,  65, "the certificate chain does not verify") \
	SC_STATUS(SC_ERR_EVIDENCE_USAGE,    92,  65, "a certificate is of the wrong kind") \
	SC_STATUS(SC_ERR_EVIDENCE_SIGNATURE,93,  65, "the statement's signature does not verify") \
	SC_STATUS(SC_ERR_EVIDENCE_TIME,     94,  65, "a certificate is not valid at the relevant time") \
	SC_STATUS(SC_ERR_EVIDENCE_ESN,      95,  65, "the statement and its warrant name different modules") \
	SC_STATUS(SC_ERR_EVIDENCE_MEMBER,   96,  65, "the signer is not a member of that world") \
	SC_STATUS(SC_ERR_EVIDENCE_WORLD,    97,  65, "the key, world and region certificate do not belong together") \
	SC_STATUS(SC_ERR_EVIDENCE_REGION,   98,  65, "the packages are for different regions") \
	SC_STATUS(SC_ERR_EVIDENCE_ORIGIN,   99,  65, "the key was not generated in a module of that world") \
	SC_STATUS(SC_ERR_EVIDENCE_EXPORTABLE,100,65, "the key's permissions let it be exported") \
	SC_STATUS(SC_ERR_EVIDENCE_KEY,      101, 65, "the certificate and the statement are for different keys") \
	SC_STATUS(SC_ERR_EVIDENCE_SUITE,    102, 65, "the suite is too weak for a region") \
	SC_STATUS(SC_ERR_EVIDENCE_REVOKED,  103, 65, "the module that signed is revoked") \
	SC_STATUS(SC_ERR_EVIDENCE_NONCE,    104, 65, "the statement answers a different request") \
	SC_STATUS(SC_ERR_EVIDENCE_KIND,     105, 65, "the key is not a Key Exchange Key") \
	/* 120..: keys and transfer */ \
	SC_STATUS(SC_ERR_KEY_INVALID,       120, 65, "the key is not a valid key of its type") \
	SC_STATUS(SC_ERR_KEY_TYPE,          121,  2, "that type or size of key is not supported") \
	SC_STATUS(SC_ERR_MECHANISM,         122,  2, "the algorithm cannot be used with this key") \
	SC_STATUS(SC_ERR_DATA_SIZE,         123,  2, "the data does not have the length that the algorithm requires") \
	SC_STATUS(SC_ERR_DECRYPT,           124, 65, "decryption failed") \
	SC_STATUS(SC_ERR_TRANSFER_REGION,   125, 65, "the package was made for another region") \
	SC_STATUS(SC_ERR_TRANSFER_WORLD,    126, 65, "the package was made for another security world") \
	SC_STATUS(SC_ERR_TRANSFER_KEK,      127, 65, "the package was made for another Key Exchange Key") \
	SC_STATUS(SC_ERR_TRANSFER_EXPIRED,  128, 65, "the package has expired") \
	SC_STATUS(SC_ERR_TRANSFER_SUBSCRIPTION,129,77, "the package was made for another subscription") \
	SC_STATUS(SC_ERR_TRANSFER_REFUSED,  130, 65, "the package cannot be opened") \
	SC_STATUS(SC_ERR_TRANSFER_ACL,      131, 65, "the package asks for permissions that an imported key may not have") \
	SC_STATUS(SC_ERR_EXPONENT,          132,  2, "the public exponent must be odd, 65537 or more, and below 2^256 (2^64 for RSA-4096)") \
	/* 150..: the services (HTTP and store) */ \
	SC_STATUS(SC_ERR_HTTP,              150, 76, "the service answered with an error") \
	SC_STATUS(SC_ERR_JSON,              151, 65, "malformed JSON") \
	SC_STATUS(SC_ERR_TOKEN,             152, 77, "the access token is not valid here") \
	SC_STATUS(SC_ERR_FORBIDDEN,         153, 77, "the caller is not permitted to do that") \
	SC_STATUS(SC_ERR_STORE,             154, 74, "the database failed") \
	SC_STATUS(SC_ERR_CONFLICT,          155, 73, "it conflicts with what already exists") \
	SC_STATUS(SC_ERR_THROTTLED,         156, 75, "too many attempts") \
	SC_STATUS(SC_ERR_PACKAGE_TAKEN,     157, 73, "the transfer package has already been used")
/* clang-format on */

#define SC_STATUS_ENUM(code, number, exit, sentence) code = (number),
typedef enum sc_status { SC_STATUS_TABLE(SC_STATUS_ENUM) } sc_status;
#undef SC_STATUS_ENUM

/* The code's stable name, "SC_ERR_CARD_PIN"; "SC_ERR_UNKNOWN" for a number that is not in the table. */
const char *sc_status_name(sc_status status);

/* One sentence for a person, without a full stop. */
const char *sc_status_sentence(sc_status status);

/*
 * A program's exit status: 0 only for SC_OK; else SC_EXIT_USAGE, 130 (cancelled) or one from sysexits.h.
 * README ("Exit status") says what each means.
 */
int sc_status_exit(sc_status status);

#define SC_EXIT_USAGE 2 /* the command line, an argument or a configuration file is not valid */

/* True if the number is in the table. Numbers that come from a socket are checked with this. */
_Bool sc_status_is_known(unsigned number);

#endif
