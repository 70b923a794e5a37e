#include "api_route.h"

#include <criterion/criterion.h>

#include "fake_http.h"

static void run(struct api_call *call)
{
	(void)call;
}

static const struct api_operation some[] = {
	{"certList", HTTP_GET, "/certs", .run = run},
	{"certCreate", HTTP_POST, "/certs", .run = run},
	{"certShow", HTTP_GET, "/certs/{id}", .run = run},
	{"trustFile", HTTP_GET, "/groups/{name}/entries/{fingerprint}/file", .run = run},
	{0},
};
static const struct api_operation more[] = {
	{"certImport", HTTP_POST, "/certs/import", .run = run},
	{"groupDelete", HTTP_DELETE, "/groups/{name}", .run = run},
	{0},
};
static const struct api_operation *const tables[] = {some, more, NULL};
static struct api_route route;

static enum api_route_status find(enum http_method method, const char *path)
{
	memset(&route, 0, sizeof(route));
	return api_route_find(tables, method, path, &route);
}

static bool leads_to(enum http_method method, const char *path, const char *id)
{
	return find(method, path) == API_ROUTE_OK && strcmp(route.operation->id, id) == 0;
}

Test(api_route, finds_operations_by_method_and_path)
{
	cr_expect(leads_to(HTTP_GET, "/certs", "certList"));
	cr_expect(leads_to(HTTP_HEAD, "/certs", "certList"));
	cr_expect(leads_to(HTTP_POST, "/certs", "certCreate"));
	cr_expect(leads_to(HTTP_GET, "/certs/12", "certShow"));
	cr_expect_str_eq(route.parameters[0], "12");
	cr_expect(leads_to(HTTP_GET, "/groups/a/entries/00ff/file", "trustFile"));
	cr_expect_str_eq(route.parameters[0], "a");
	cr_expect_str_eq(route.parameters[1], "00ff");
}

Test(api_route, prefers_what_is_said_literally)
{
	cr_expect(leads_to(HTTP_POST, "/certs/import", "certImport"));
	cr_expect_eq(find(HTTP_GET, "/certs/import"), API_ROUTE_METHOD);
	cr_expect_str_eq(route.allow, "POST");
}

Test(api_route, says_what_may_be_done_at_a_path)
{
	cr_expect_eq(find(HTTP_DELETE, "/certs"), API_ROUTE_METHOD);
	cr_expect_str_eq(route.allow, "GET, HEAD, POST");
	cr_expect_eq(find(HTTP_OTHER, "/certs/1"), API_ROUTE_METHOD);
	cr_expect_str_eq(route.allow, "GET, HEAD");
}

Test(api_route, knows_no_other_paths)
{
	static const char *const paths[] = {"",		"/",	   "//certs",	"/certs/",
					    "/Certs",	"/cert",   "/certs/1/", "/certs//1",
					    "/%63erts", "/groups", "/certsx",	"/certs/1/2"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		cr_expect_eq(find(HTTP_GET, paths[i]), API_ROUTE_UNKNOWN, "%s", paths[i]);
}

Test(api_route, decodes_a_part_once)
{
	cr_expect(leads_to(HTTP_DELETE, "/groups/a%20b%C3%BC%2B+", "groupDelete"));
	cr_expect_str_eq(route.parameters[0], "a bü++");
	cr_expect(leads_to(HTTP_DELETE, "/groups/100%25", "groupDelete"));
	cr_expect_str_eq(route.parameters[0], "100%");
}

Test(api_route, refuses_what_others_could_read_differently)
{
	static const char *const parts[] = {
		"%2F",
		"a%2fb",
		"%5C",
		"%00",
		"a%00b",
		"%",
		"%4",
		"%4g",
		".",
		"..",
		"%2e",
		"%2E.",
		".%2e",
		"%252e",
		"%252Fa",
		"%25%32%35%32e",
		"%0a",
		"%1f",
		"%7f",
		"%C3",
		"%c0%af",
		"%ed%a0%80",
		"%f5%80%80%80",
		"%C2%85",
		"\xff",
		"a\\b",
		"%e2%82",
		"%80",
		"%2500",
		"%f0%80%80%af",
	};
	char path[64];

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		snprintf(path, sizeof(path), "/groups/%s", parts[i]);
		cr_expect_eq(find(HTTP_DELETE, path), API_ROUTE_MALFORMED, "%s", path);
		snprintf(path, sizeof(path), "/none/%s/here", parts[i]);
		cr_expect_eq(find(HTTP_GET, path), API_ROUTE_MALFORMED, "%s", path);
	}
}

Test(api_route, takes_parameters_of_a_named_length_and_no_longer)
{
	char path[8 + API_PARAMETER_MAX + 2] = "/groups/";

	memset(path + 8, 'a', API_PARAMETER_MAX + 1);
	cr_expect_eq(find(HTTP_DELETE, path), API_ROUTE_MALFORMED);
	path[8 + API_PARAMETER_MAX] = '\0';
	cr_expect(leads_to(HTTP_DELETE, path, "groupDelete"));
	cr_expect_eq(strlen(route.parameters[0]), API_PARAMETER_MAX);
}
