/* Files that are handed on: see publish.h. */
#include "byok/publish.h"

sc_status sc_publish_file(const struct sc_dir *dir, const char *name, struct sc_view content, mode_t bits,
			  struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) present = { 0 };

	if (!sc_file_exists(dir, name))
		return sc_file_write(dir, name, content, SC_FILE_NEW, bits, err);
	/* A longer file is another one: no more than the content's length has to be read. */
	if (sc_file_read(dir, name, content.len, &present, NULL) == SC_OK &&
	    sc_view_equals(sc_bytes_view(&present), content))
		return SC_OK;
	return sc_fail(err, SC_ERR_EXISTS, "%s/%s is there with another content: move it away first",
		       dir->path, name);
}
