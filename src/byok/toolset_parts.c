/* The files of a toolset: see toolset_parts.h. */
#include "byok/toolset_parts.h"

#include "byok/file_beside.h"
#include "byok/module_trust.h"
#include "byok/package_pair.h"
#include "byok/regions.h"
#include "evidence/packages.h"

void sc_byok_toolset_parts_free(struct sc_byok_toolset_parts *parts)
{
	sc_bytes_free(&parts->kek_package);
	sc_bytes_free(&parts->world_package);
	sc_bytes_free(&parts->script);
	sc_bytes_free(&parts->program);
}

/* Reads `path` or, if that is NULL, the file `name` that is installed with this program. */
static sc_status read_part(const char *path, const char *name, size_t max, struct sc_bytes *out,
			   struct sc_error *err)
{
	return path ? sc_file_read_path(path, max, out, err)
		    : sc_byok_file_installed_read(name, max, out, err);
}

sc_status sc_byok_toolset_parts_read(const char *region, const char *packages, const char *script,
				     const char *program, struct sc_byok_toolset_parts *out,
				     struct sc_error *err)
{
	SC_CLEANUP(sc_byok_toolset_parts) parts = { 0 };
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;
	struct sc_byok_package_names names;

	SC_TRY(sc_byok_package_names_of(region, &names, err));
	SC_TRY(sc_dir_open(packages, &dir, err));
	SC_TRY(sc_file_read(&dir, names.kek, SC_BYOK_PACKAGE_MAX, &parts.kek_package, err));
	SC_TRY(sc_file_read(&dir, names.world, SC_BYOK_PACKAGE_MAX, &parts.world_package, err));
	SC_TRY(read_part(script, SC_BYOK_SCRIPT_NAME, SC_BYOK_SCRIPT_MAX, &parts.script, err));
	SC_TRY(read_part(program, SC_BYOK_PROGRAM_NAME, SC_BYOK_PROGRAM_MAX, &parts.program, err));
	*out = sc_steal(parts);
	return SC_OK;
}

sc_status sc_byok_toolset_parts_verify(const struct sc_byok_toolset_parts *parts, const char *region,
				       struct sc_client *client, struct sc_hash *root, struct sc_error *err)
{
	SC_CLEANUP(sc_byok_trust) module = NULL;
	SC_CLEANUP(sc_evidence_target) target = NULL;
	struct sc_evidence_trust pinned;

	SC_TRY(sc_byok_trust_read(client, &module, err));
	pinned = module->trust;
	pinned.root_count = 1;
	SC_TRY(sc_evidence_packages_verify(sc_bytes_view(&parts->kek_package),
					   sc_bytes_view(&parts->world_package), &pinned, NULL, &target,
					   err));
	SC_ENSURE(sc_text_equals(&target->region, region), err, SC_ERR_EVIDENCE_REGION,
		  "the packages are for region %s, not for %s", target->region.s, region);
	*root = module->root;
	return SC_OK;
}
