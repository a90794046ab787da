/* Shared by the tests of the vault's store: a directory with the sample vault's store in it. */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include "sample_vault.h"
#include "scratch.h"

struct fixture {
	struct scratch scratch;
	struct sc_store_vault_db *store;
};

/* For a test whose state is a struct fixture. */
int set_up(void **state);
int tear_down(void **state);

/* The store's file, as returned by scratch_path. */
const char *path_of(const struct fixture *f);

/* Closes the store and opens it again. */
void reopen(struct fixture *f);

/* Runs SQL on the closed store's file, as another program would. */
void run_sql(const struct fixture *f, const char *sql);

/* The same in any database. */
void run_sql_in(const char *path, const char *sql);

#endif
