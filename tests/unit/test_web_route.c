/* From target and host to a row of the tables, without a server. */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "web/route.h"

static void one(struct sc_web_request *request, void *context)
{
	(void)request, (void)context;
}

static const struct sc_web_route keys[] = {
	{ "GET", "/", one },
	{ "GET", "/keys", one },
	{ "GET", "/keys/{name}/versions", one },
	{ "POST", "/keys/{name}/{version?}/sign", one },
	{ "POST", "/keys/{name}/sign", one },
	{ "GET", "/keys/{name}/{version?}", one },
	{ "PUT", "/keys/{name}", one },
	{ 0 },
};
static const struct sc_web_route resources[] = {
	{ "GET", "/", one },
	{ "PUT", "/subscriptions/{id}/resourceGroups/{group}", one },
	{ 0 },
};
static const struct sc_web_host hosts[] = {
	{ .name = "login", .routes = keys },
	{ .name = "management", .is_relaxed = true, .routes = resources },
	{ .name = "vault", .routes = keys },
	{ .name = "*.vault", .routes = keys },
	{ 0 },
};

/* The matched pattern, "-" for none, "405" for another method. */
static const char *find(const struct sc_web_host *host, const char *method, const char *raw,
			struct sc_web_route_match *match, struct sc_web_target *target)
{
	struct sc_error err = { 0 };

	sc_web_target_free(target);
	*target = (struct sc_web_target){ 0 };
	*match = (struct sc_web_route_match){ 0 };
	assert_ok(sc_web_target_read(raw, target, &err), &err);
	if (sc_web_route_find(host, method, target, match))
		return match->route->path;
	return match->has_path ? "405" : "-";
}

static void the_first_row_that_fits_wins(void **state)
{
	static const struct {
		const char *method;
		const char *raw;
		const char *path;
		const char *parameter;
	} cases[] = {
		{ "GET", "/", "/", NULL },
		{ "GET", "/keys", "/keys", NULL },
		{ "GET", "/keys/", "-", NULL },
		{ "GET", "/keys/a/versions", "/keys/{name}/versions", "a" },
		{ "GET", "/keys/a/", "/keys/{name}/{version?}", "a" },
		{ "GET", "/keys/a/b", "/keys/{name}/{version?}", "a" },
		{ "GET", "/keys/a/b/", "-", NULL },
		{ "GET", "/keys//b", "-", NULL },
		{ "GET", "/Keys/a/b", "-", NULL },
		{ "POST", "/keys/a/sign", "/keys/{name}/sign", "a" },
		{ "POST", "/keys/a//sign", "/keys/{name}/{version?}/sign", "a" },
		{ "POST", "/keys/a/b/sign", "/keys/{name}/{version?}/sign", "a" },
		{ "POST", "/keys/a///sign", "-", NULL },
		{ "DELETE", "/keys/a", "405", NULL },
		{ "PUT", "/keys/%6Bey", "/keys/{name}", "key" },
		{ "PUT", "/%6Beys/a", "/keys/{name}", "a" },
	};
	struct sc_web_route_match match = { 0 };
	struct sc_web_target target = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *got = find(&hosts[0], cases[i].method, cases[i].raw, &match, &target);

		if (strcmp(got, cases[i].path) != 0)
			fail_msg("%s %s: %s", cases[i].method, cases[i].raw, got);
		if (cases[i].parameter)
			assert_string_equal(match.parameter[0].value, cases[i].parameter);
	}
	sc_web_target_free(&target);
}

static void the_resource_manager_is_relaxed_about_case_and_slashes(void **state)
{
	struct sc_web_route_match match = { 0 };
	struct sc_web_target target = { 0 };
	static const char *const same[] = {
		"/subscriptions/S/resourceGroups/G",
		"/Subscriptions/S/RESOURCEGROUPS/G",
		"//subscriptions//S/resourcegroups/G",
		"/subscriptions/S/resourceGroups/G/",
	};

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
		assert_string_equal(find(&hosts[1], "PUT", same[i], &match, &target), resources[1].path);
		assert_string_equal(match.parameter[0].value, "S");
		assert_string_equal(match.parameter[1].value, "G");
	}
	assert_string_equal(find(&hosts[1], "GET", "//", &match, &target), "/");
	assert_string_equal(find(&hosts[1], "PUT", "/subscriptions/S/resourceGroup/G", &match, &target), "-");
	assert_string_equal(find(&hosts[1], "PUT", "/subscriptions/S/resourceGroups", &match, &target), "-");
	sc_web_target_free(&target);
}

static const char *host_for(const char *name, char label[64])
{
	struct sc_view view;
	const struct sc_web_host *host = sc_web_route_host(hosts, "LocalHost", sc_view_text(name), &view);

	snprintf(label, 64, "%.*s", (int)view.len, view.len ? (const char *)view.data : "");
	return host ? host->name : "-";
}

static void a_host_is_one_of_the_table_under_the_domain(void **state)
{
	char label[64];

	(void)state;
	assert_string_equal(host_for("login.localhost", label), "login");
	assert_string_equal(host_for("vault.localhost", label), "vault");
	assert_string_equal(host_for("contoso.vault.localhost", label), "*.vault");
	assert_string_equal(label, "contoso");
	assert_string_equal(host_for("a.b.vault.localhost", label), "-");
	assert_string_equal(label, "");
	assert_string_equal(host_for("xvault.localhost", label), "-");
	assert_string_equal(host_for("login.localhostx", label), "-");
	assert_string_equal(host_for("login.xlocalhost", label), "-");
	assert_string_equal(host_for("localhost", label), "-");
	assert_string_equal(host_for(".localhost", label), "-");
}

static sc_status read_target(const char *raw)
{
	struct sc_web_target target = { 0 };
	struct sc_error err = { 0 };
	sc_status status = sc_web_target_read(raw, &target, &err);

	sc_web_target_free(&target);
	return status;
}

static void a_target_of_too_many_parts_is_refused(void **state)
{
	char raw[SC_WEB_TARGET_MAX + 2];
	size_t used = 0;

	(void)state;
	for (unsigned i = 0; i < SC_WEB_SEGMENTS_MAX; i++)
		used += (size_t)snprintf(raw + used, sizeof raw - used, "/a");
	assert_ok(read_target(raw), NULL);
	strcat(raw, "/a");
	assert_status(read_target(raw), SC_ERR_HTTP, NULL);
	used = (size_t)snprintf(raw, sizeof raw, "/?");
	for (unsigned i = 0; i < SC_WEB_PAIRS_MAX; i++)
		used += (size_t)snprintf(raw + used, sizeof raw - used, "p%u=1&", i);
	assert_ok(read_target(raw), NULL);
	strcat(raw, "x=1");
	assert_status(read_target(raw), SC_ERR_HTTP, NULL);
	memset(raw, 'a', sizeof raw - 1);
	raw[0] = '/';
	raw[SC_WEB_TARGET_MAX] = '\0';
	assert_ok(read_target(raw), NULL);
	raw[SC_WEB_TARGET_MAX] = 'a';
	raw[SC_WEB_TARGET_MAX + 1] = '\0';
	assert_status(read_target(raw), SC_ERR_HTTP, NULL);
}

/*
 * Every escape of one byte: only printable ASCII, without slashes and without the dot that would be a
 * relative segment, may be a segment of its own.
 */
static void every_escaped_byte_is_decoded_or_refused(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		struct sc_web_target target = { 0 };
		char raw[16];
		bool is_good = byte >= ' ' && byte < 0x7f && byte != '/' && byte != '\\' && byte != '.';

		snprintf(raw, sizeof raw, "/%%%02X", byte);
		if ((sc_web_target_read(raw, &target, NULL) == SC_OK) != is_good)
			fail_msg("%s", raw);
		if (is_good)
			assert_int_equal(target.segment[0].data[0], byte);
		sc_web_target_free(&target);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_row_that_fits_wins),
		cmocka_unit_test(the_resource_manager_is_relaxed_about_case_and_slashes),
		cmocka_unit_test(a_host_is_one_of_the_table_under_the_domain),
		cmocka_unit_test(a_target_of_too_many_parts_is_refused),
		cmocka_unit_test(every_escaped_byte_is_decoded_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
