/*
 * Private keys that are damaged so that they still load: the public half is right, and nothing that they sign
 * verifies. A test uses them to see that no wrong signature leaves (rule M8).
 */
#ifndef SC_TESTS_MISMATCHED_KEY_H
#define SC_TESTS_MISMATCHED_KEY_H

#include <openssl/evp.h>

/* The public half of an EC key with another private number. The caller frees it. */
EVP_PKEY *mismatched_ec_key(EVP_PKEY *key);

/* The same for a DSA key. */
EVP_PKEY *mismatched_dsa_key(EVP_PKEY *key);

#endif
