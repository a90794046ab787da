/* Published files: see publish.h. */
#include "byok/publish.h"

sc_status sc_byok_publish_file(const struct sc_dir *dir, const char *name, struct sc_view content,
			       mode_t bits, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) present = { 0 };
	sc_status status;

	if (!sc_file_exists(dir, name))
		return sc_file_write(dir, name, content, SC_FILE_NEW, bits, err);
	/* A longer file is different, so reading up to the content's length is enough. */
	status = sc_file_read(dir, name, content.len, &present, err);
	if (status == SC_OK && sc_view_equals(sc_bytes_view(&present), content))
		return SC_OK;
	if (status != SC_OK && status != SC_ERR_TOO_LARGE)
		return status;
	return sc_fail(err, SC_ERR_EXISTS, "%s/%s: already exists with different content: move it away first",
		       dir->path, name);
}
