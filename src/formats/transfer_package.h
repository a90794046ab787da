/*
 * The transfer package, TransferPackage-<name>.byok (rule F4): a key encrypted to one Key Exchange Key.
 *
 *   TransferPackage ::= SEQUENCE { header TransferHeader, encryptedKey OCTET STRING, ciphertext OCTET STRING,
 *                                  tag OCTET STRING (16) }
 *
 * The SHA-256 of the header's DER is used three times: as the label of RSA-OAEP-SHA-256, which encrypts the
 * content key; as the associated data of AES-256-GCM, which encrypts a TransferContent; and as a field of
 * that content, right after its format.
 */
#ifndef SC_FORMATS_TRANSFER_PACKAGE_H
#define SC_FORMATS_TRANSFER_PACKAGE_H

#include "formats/acl.h"
#include "formats/key_type.h"

/* The only suite so far: RSA-OAEP with SHA-256 and MGF1-SHA-256, AES-256-GCM, SHA-256. */
#define SC_TRANSFER_SUITE 1

#define SC_PACKAGE_ID_SIZE 16

struct sc_transfer_header {
	struct sc_text format; /* "safeconduct.transfer.1" */
	uint32_t suite;        /* SC_TRANSFER_SUITE */
	struct sc_text region; /* code */
	struct sc_hash world;  /* id of the target world */
	struct sc_hash kek;    /* key hash of the target Key Exchange Key */
	struct sc_text subscription;
	struct sc_text friendly_name;
	struct sc_key_type type;
	struct sc_hash key_hash;
	struct sc_acl *arrival;
	struct sc_bytes package_id; /* 16 random bytes */
	int64_t created;
	int64_t not_after;
	struct sc_hash source_world;
	struct sc_text source_esn;
};

struct sc_transfer_package {
	struct sc_transfer_header *header;
	struct sc_bytes encrypted_key;
	struct sc_bytes ciphertext;
	struct sc_bytes tag;
};

/* What AES-256-GCM encrypts. Only ever decoded inside a module. */
struct sc_transfer_content {
	struct sc_text format;     /* "safeconduct.transfer-content.1" */
	struct sc_hash header;     /* SHA-256 of the header's DER */
	struct sc_bytes key;       /* as a blob seals it: hsmd/core/material.h */
	uint32_t origin;           /* enum sc_origin, in the source module */
	struct sc_bytes statement; /* the source module's key statement; its nonce is the header's digest */
};

#define SC_TRANSFER_MAX 32768
SC_DER_DECLARE(sc_transfer_header)
SC_DER_DECLARE(sc_transfer_package)
SC_DER_DECLARE(sc_transfer_content)

/* SHA-256 of the header's DER. */
sc_status sc_transfer_header_digest(const struct sc_transfer_header *header, struct sc_hash *out,
				    struct sc_error *err) SC_WARN_UNUSED;

/*
 * True for a name that is safe in a file name: 1 to 64 letters, digits and hyphens, like the vault's key
 * names (article step 4.3: "a label that is used for your output file name").
 */
bool sc_friendly_name_is_valid(const char *text);

#endif
