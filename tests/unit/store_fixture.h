/* A directory with the sample vault's store in it: what the tests of that store share. */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include "sample_vault.h"
#include "scratch.h"

struct fixture {
	struct scratch scratch;
	struct sc_store_vault_db *store;
};

/* Of a test; its state is a struct fixture. */
int set_up(void **state);
int tear_down(void **state);

/* The store's file, as scratch_path gives it. */
const char *path_of(const struct fixture *f);

/* Closes the store and opens it again. */
void reopen(struct fixture *f);

/* As another program would, on the closed store's file. */
void run_sql(const struct fixture *f, const char *sql);

#endif
