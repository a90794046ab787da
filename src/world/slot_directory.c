/*
 * The first card driver. A card is a directory, for instance the mount point of a USB stick; the card is
 * inserted while the directory exists. Its record is the file "safeconduct-card" in it.
 */
#include "world/slot_drivers.h"

#include <stdio.h>

#include "base/os.h"
#include "formats/card.h"

#define RECORD_NAME "safeconduct-card"

static sc_status open_slot(const char *where, struct sc_dir *out, struct sc_error *err)
{
	sc_status status = sc_dir_open(where, out, err);

	if (status == SC_ERR_NOT_FOUND)
		return sc_fail(err, status, "%s: no card in this slot (the directory does not exist)", where);
	return status;
}

static bool directory_is_present(const char *where)
{
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;

	return sc_dir_open(where, &dir, NULL) == SC_OK;
}

static sc_status directory_read(const char *where, struct sc_bytes *record, struct sc_error *err)
{
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;
	sc_status status;

	SC_TRY(open_slot(where, &dir, err));
	status = sc_file_read(&dir, RECORD_NAME, SC_CARD_MAX, record, err);
	if (status == SC_ERR_NOT_FOUND)
		return sc_fail(err, SC_ERR_CARD_BLANK, "%s: the card is blank (no " RECORD_NAME " on it)",
			       where);
	return status;
}

static sc_status directory_write(const char *where, struct sc_view record, struct sc_error *err)
{
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;
	sc_status status;

	SC_TRY(open_slot(where, &dir, err));
	status = sc_file_write(&dir, RECORD_NAME, record, SC_FILE_NEW, 0600, err);
	if (status == SC_ERR_EXISTS)
		return sc_fail(
		    err, SC_ERR_CARD_USED,
		    "%s: the card is not blank; if nobody needs it, erase it (remove %s/" RECORD_NAME ")",
		    where, where);
	return status;
}

static sc_status directory_erase(const char *where, struct sc_error *err)
{
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;

	SC_TRY(open_slot(where, &dir, err));
	return sc_file_remove(&dir, RECORD_NAME, err);
}

/* The two directories are open at the same time, so that neither's number can be reused. */
static bool directory_is_same(const char *where, const char *other)
{
	SC_CLEANUP(sc_dir) first = SC_DIR_NONE;
	SC_CLEANUP(sc_dir) second = SC_DIR_NONE;
	struct stat a;
	struct stat b;

	return sc_dir_open(where, &first, NULL) == SC_OK && sc_dir_open(other, &second, NULL) == SC_OK &&
	       sc_os->fstat(first.fd, &a) == 0 && sc_os->fstat(second.fd, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

const struct sc_slot_driver sc_slot_directory = {
	.prefix = "dir:",
	.is_present = directory_is_present,
	.read = directory_read,
	.write = directory_write,
	.is_same = directory_is_same,
	.erase = directory_erase,
};
