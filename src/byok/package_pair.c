/* What the packages state before anyone has verified it: see package_pair.h. */
#include "byok/package_pair.h"

#include "base/file.h"
#include "evidence/certificate.h"
#include "formats/damage.h"
#include "formats/oid.h"

void sc_byok_package_pair_free(struct sc_byok_package_pair *packages)
{
	sc_bytes_free(&packages->kek_package);
	sc_bytes_free(&packages->world_package);
}

/* Reads a file's wrapper, which must carry a statement of the given kind. */
static sc_status read_package(const char *path, const char *content_type, const char *kind,
			      struct sc_bytes *file, struct sc_signed_data **out, struct sc_error *err)
{
	SC_CLEANUP(sc_signed_data) wrapper = NULL;
	sc_status status;

	SC_TRY(sc_file_read_path(path, SC_BYOK_PACKAGE_MAX, file, err));
	status = sc_signed_data_decode(sc_bytes_view(file), &wrapper, err);
	if (status != SC_OK)
		return sc_damage_refuse(sc_bytes_view(file), path, kind, status, err);
	SC_ENSURE(sc_view_equals(sc_view_text(wrapper->content_type), sc_view_text(content_type)), err,
		  SC_ERR_FORMAT, "%s: not a %s but a statement of another kind", path, kind);
	*out = sc_steal(wrapper);
	return SC_OK;
}

SC_CLEANUP_POINTER(sc_info, struct sc_region_info, sc_region_info_free)

/* Reads region and operator from the region certificate that the world package encloses. */
static sc_status read_region(const struct sc_signed_data *wrapper, struct sc_byok_package_pair *packages,
			     struct sc_error *err)
{
	for (int i = 0; i < sk_X509_num(wrapper->certificates); i++) {
		X509 *certificate = sk_X509_value(wrapper->certificates, i);
		SC_CLEANUP(sc_info) info = NULL;
		enum sc_certificate_kind kind = SC_CERTIFICATE_ROOT;

		SC_TRY(sc_certificate_kind_of(certificate, &kind, err));
		if (kind != SC_CERTIFICATE_REGION)
			continue;
		SC_TRY(sc_certificate_region(certificate, &info, err));
		packages->region = info->region;
		packages->operator_name = info->operator_name;
		return SC_OK;
	}
	return sc_fail(err, SC_ERR_EVIDENCE_REGION, "no region certificate is enclosed");
}

static sc_status read_world(const char *path, struct sc_byok_package_pair *packages, struct sc_error *err)
{
	SC_CLEANUP(sc_signed_data) wrapper = NULL;
	SC_CLEANUP(sc_world_statement) statement = NULL;
	sc_status status;

	SC_TRY(read_package(path, SC_OID_WORLD_STATEMENT, "security world package", &packages->world_package,
			    &wrapper, err));
	status = sc_world_statement_decode(sc_bytes_view(&wrapper->content), &statement, err);
	if (status == SC_OK)
		status = read_region(wrapper, packages, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "%s", path);
	packages->world = statement->world;
	return SC_OK;
}

static sc_status read_kek(const char *path, const char *world_path, struct sc_byok_package_pair *packages,
			  struct sc_error *err)
{
	SC_CLEANUP(sc_signed_data) wrapper = NULL;
	SC_CLEANUP(sc_key_statement) statement = NULL;
	sc_status status;

	SC_TRY(read_package(path, SC_OID_KEY_STATEMENT, "Key Exchange Key package", &packages->kek_package,
			    &wrapper, err));
	status = sc_key_statement_decode(sc_bytes_view(&wrapper->content), &statement, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "%s", path);
	SC_ENSURE(sc_text_equals(&statement->region, packages->region.s), err, SC_ERR_EVIDENCE_REGION,
		  "%s is for region %s, but %s is for %s: use two packages of one region", path,
		  statement->region.s[0] ? statement->region.s : "none", world_path, packages->region.s);
	SC_ENSURE(sc_hash_equals(&statement->world, &packages->world), err, SC_ERR_EVIDENCE_WORLD,
		  "%s names a different security world from %s: use two packages of one toolset", path,
		  world_path);
	packages->kek = statement->key_hash;
	return SC_OK;
}

sc_status sc_byok_package_pair_read(const char *kek_path, const char *world_path,
				    struct sc_byok_package_pair *out, struct sc_error *err)
{
	SC_CLEANUP(sc_byok_package_pair) packages = { 0 };

	SC_TRY(read_world(world_path, &packages, err));
	SC_TRY(read_kek(kek_path, world_path, &packages, err));
	*out = sc_steal(packages);
	return SC_OK;
}
