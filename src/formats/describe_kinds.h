/*
 * The kinds of files that describe.c knows, one function for each, and what several of them print. Each
 * prints the name of its kind and its entries. It sets *is_recognised once the file is known to be of its
 * kind; an error after that is an error in the file. Nothing has been printed while *is_recognised is false.
 */
#ifndef SC_FORMATS_DESCRIBE_KINDS_H
#define SC_FORMATS_DESCRIBE_KINDS_H

#include "formats/acl.h"
#include "formats/entry.h"
#include "formats/owner.h"

typedef sc_status sc_describe_kind(struct sc_view der, const struct sc_entry_list *list, bool *is_recognised,
				   struct sc_error *err);

/* describe_key.c. A key file whose blob cannot be read is still a key file: its other entries are printed. */
sc_describe_kind sc_describe_key_file;
sc_describe_kind sc_describe_key_blob;

/* describe_world.c */
sc_describe_kind sc_describe_world_file;
sc_describe_kind sc_describe_card;

/* describe_transfer.c */
sc_describe_kind sc_describe_transfer_package;
sc_describe_kind sc_describe_region_request;

/* describe_statement.c. Control characters in the names of a certificate are escaped. */
sc_describe_kind sc_describe_statement;
sc_describe_kind sc_describe_certificate;

/* "EU (Europe)" */
void sc_describe_region(const struct sc_entry_list *list, const char *name, const struct sc_text *code);

/* One entry for each part of an owner; a single one if it is empty. */
void sc_describe_owner(const struct sc_entry_list *list, const struct sc_owner *owner);

/* `name` on a line, then the ACL in words. */
sc_status sc_describe_acl(const struct sc_entry_list *list, const char *name, const struct sc_acl *acl,
			  struct sc_error *err) SC_WARN_UNUSED;

#endif
