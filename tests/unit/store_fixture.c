/* See store_fixture.h. */
#include "support/test.h"

#include <stdlib.h>

#include <sqlite3.h>

#include "store_fixture.h"

const char *path_of(const struct fixture *f)
{
	return scratch_path(&f->scratch, "vault.db");
}

int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	f->scratch = scratch_make();
	f->store = sample_vault_store(path_of(f));
	*state = f;
	return 0;
}

int tear_down(void **state)
{
	struct fixture *f = *state;

	sc_store_vault_db_close(f->store);
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

void reopen(struct fixture *f)
{
	sc_store_vault_db_close(f->store);
	f->store = NULL;
	assert_ok(sc_store_vault_db_open(path_of(f), &f->store, NULL), NULL);
}

void run_sql_in(const char *path, const char *sql)
{
	sqlite3 *handle = NULL;

	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

void run_sql(const struct fixture *f, const char *sql)
{
	run_sql_in(path_of(f), sql);
}
