/*
 * Writes each sample to DIRECTORY/NAME.TYPE.der for other decoders; TYPE is its name in
 * docs/safeconduct.asn1.
 */
#include <stdio.h>

#include "base/file.h"
#include "support/samples.h"

static sc_status write_sample(const struct sc_dir *dir, const struct sc_sample *sample, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	char name[200];

	if (!sample->asn1)
		return SC_OK;
	SC_TRY(sample->make(&der, err));
	snprintf(name, sizeof name, "%s.%s.der", sample->name, sample->asn1);
	return sc_file_write(dir, name, sc_bytes_view(&der), SC_FILE_REPLACE, 0600, err);
}

int main(int argc, char **argv)
{
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;
	struct sc_error err = { 0 };
	size_t count;
	const struct sc_sample *samples = sc_sample_all(&count);
	sc_status status;

	if (argc != 2) {
		fprintf(stderr, "Usage: write_samples DIRECTORY\n");
		return 2;
	}
	status = sc_dir_make(argv[1], &dir, &err);
	for (size_t i = 0; status == SC_OK && i < count; i++)
		status = write_sample(&dir, &samples[i], &err);
	if (status != SC_OK)
		fprintf(stderr, "write_samples: %s\n", err.message);
	return sc_status_exit(status);
}
