#include "fake_api.h"

#include "api_login.h"

#define TOKEN "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" /* 0, 1, 2, … 31 */

TestSuite(api, .init = fake_api_new, .fini = fake_api_free);

static unsigned ask(enum http_method method, const char *path)
{
	fake_request_end(&fake);
	fake.method = method;
	fake.path = path;
	cr_assert(api_take(fake_api, &fake), "%s", path);
	cr_assert_eq(fake.answers, 1, "%s", path);
	return fake.status;
}

static void with(const char *name, const char *value)
{
	fake_set(fake.headers, name, value);
}

static void csrf_of_token(char text[API_CSRF_TEXT])
{
	struct http_request request = {0};
	struct api_login login;

	fake_set(request.headers, "Authorization", "Bearer " TOKEN);
	login = api_login_of(&request);
	api_login_csrf(&login, text);
}

Test(api, takes_what_is_below_its_root_and_leaves_the_rest)
{
	fake.path = "/index.html";
	cr_expect_not(api_take(fake_api, &fake));
	fake.path = "/apix";
	cr_expect_not(api_take(fake_api, &fake));
	cr_expect_eq(ask(HTTP_GET, "/api"), 404);
	cr_expect_eq(ask(HTTP_GET, "/api/v1"), 404);
	cr_expect_eq(ask(HTTP_GET, "/api/v2/session"), 404);
	cr_expect_eq(ask(HTTP_GET, "/api/v1/nothing"), 404);
	cr_expect_str_eq(fake_problem("code"), "not-found");
	cr_expect_eq(ask(HTTP_GET, "/api/v1/users/%2e%2e/session"), 400);
	cr_expect_eq(ask(HTTP_PUT, "/api/v1/session"), 405);
	cr_expect_str_eq(fake_get(fake.answered, "Allow"), "GET, HEAD, POST, DELETE");
}

Test(api, tells_anybody_what_the_device_is_though_keystored_is_away)
{
	json_t *object;

	cr_expect_eq(ask(HTTP_GET, "/api/v1/identification"), 200);
	object = json_loads(fake.text, 0, NULL);
	cr_expect_str_eq(json_string_value(json_object_get(object, "keystored")), "down");
	json_decref(object);
	cr_expect_eq(ask(HTTP_GET, "/api/v1/openapi.json"), 200);
	cr_expect_eq(ask(HTTP_GET, "/api/v1/session"), 200);
	cr_expect_str_eq(fake.text, "{\"user\":null}");
	cr_expect_eq(ask(HTTP_GET, "/api/v1/root-certificates"), 503);
}

Test(api, sends_nobody_without_a_login_on_to_keystored)
{
	cr_expect_eq(ask(HTTP_GET, "/api/v1/users"), 401);
	cr_expect_str_eq(fake_problem("code"), "no-login");
	cr_expect_str_eq(fake_get(fake.answered, "WWW-Authenticate"), "Bearer realm=\"keystore\"");
	cr_expect_eq(ask(HTTP_GET, "/api/v1/status"), 401);
	cr_expect_eq(ask(HTTP_GET, "/api/v1/events"), 401);
	cr_expect_eq(ask(HTTP_DELETE, "/api/v1/users/a"), 401);
}

Test(api, counts_what_is_no_token_as_none)
{
	static const char *const cookies[] = {
		"__Host-keystore=",
		"__Host-keystore=!",
		"__Host-keystore=AAEC",
		"x__Host-keystore=" TOKEN,
		"__Host-keystore=" TOKEN "; __Host-keystore=" TOKEN,
		"__host-keystore=" TOKEN,
		"a=__Host-keystore=" TOKEN,
		"__Host-keystore=" TOKEN TOKEN TOKEN,
		";;;=",
	};
	static const char *const headers[] = {"Bearer",	      "Bearer ", "Bearer !",
					      "Basic " TOKEN, TOKEN,	 "Bearer " TOKEN " "};

	for (size_t i = 0; i < sizeof(cookies) / sizeof(*cookies); i++) {
		with("Cookie", cookies[i]);
		cr_expect_eq(ask(HTTP_GET, "/api/v1/users"), 401, "%s", cookies[i]);
	}
	with("Cookie", "a=b; __Host-keystore=" TOKEN "; c");
	cr_expect_eq(ask(HTTP_GET, "/api/v1/users"), 503);
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		with("Authorization", headers[i]);
		cr_expect_eq(ask(HTTP_GET, "/api/v1/users"), 401, "%s", headers[i]);
	}
	with("Authorization", "bearer " TOKEN);
	cr_expect_eq(ask(HTTP_GET, "/api/v1/users"), 503);
}

Test(api, wants_the_pages_own_value_where_a_cookie_changes_something)
{
	char csrf[API_CSRF_TEXT];

	csrf_of_token(csrf);
	with("Cookie", "__Host-keystore=" TOKEN);
	cr_expect_eq(ask(HTTP_GET, "/api/v1/users"), 503, "reading needs none");
	cr_expect_eq(ask(HTTP_HEAD, "/api/v1/users"), 503);
	cr_expect_eq(ask(HTTP_DELETE, "/api/v1/users/a"), 403);
	cr_expect_str_eq(fake_problem("code"), "forged");
	with("Keystore-CSRF", "");
	cr_expect_eq(ask(HTTP_DELETE, "/api/v1/users/a"), 403);
	with("Keystore-CSRF", TOKEN);
	cr_expect_eq(ask(HTTP_DELETE, "/api/v1/users/a"), 403);
	with("Keystore-CSRF", csrf);
	cr_expect_eq(ask(HTTP_DELETE, "/api/v1/users/a"), 503);
	cr_expect_null(strstr(csrf, "AAEC"));
	with("Keystore-CSRF", "");
	with("Authorization", "Bearer " TOKEN);
	cr_expect_eq(ask(HTTP_DELETE, "/api/v1/users/a"), 503, "no browser sends that by itself");
}

Test(api, refuses_what_another_sites_page_asks_for)
{
	char csrf[API_CSRF_TEXT];

	csrf_of_token(csrf);
	with("Cookie", "__Host-keystore=" TOKEN);
	with("Keystore-CSRF", csrf);
	with("Host", "plc.example:8443");
	with("Origin", "https://plc.example:8443");
	cr_expect_eq(ask(HTTP_DELETE, "/api/v1/users/a"), 503);
	with("Origin", "https://PLC.example:8443");
	cr_expect_eq(ask(HTTP_DELETE, "/api/v1/users/a"), 503);
	with("Origin", "https://plc.example");
	cr_expect_eq(ask(HTTP_DELETE, "/api/v1/users/a"), 403);
	with("Origin", "http://plc.example:8443");
	cr_expect_eq(ask(HTTP_DELETE, "/api/v1/users/a"), 403);
	with("Origin", "null");
	cr_expect_eq(ask(HTTP_GET, "/api/v1/users"), 403);
	with("Origin", "https://plc.example:8443");
	with("Sec-Fetch-Site", "same-site");
	cr_expect_eq(ask(HTTP_GET, "/api/v1/users"), 403);
	with("Sec-Fetch-Site", "cross-site");
	cr_expect_eq(ask(HTTP_DELETE, "/api/v1/users/a"), 403);
	cr_expect_eq(ask(HTTP_GET, "/api/v1/identification"), 200, "anybody may see it");
	with("Content-Type", "application/json");
	fake.body = "{\"user\":\"a\",\"password\":\"b\"}";
	cr_expect_eq(ask(HTTP_POST, "/api/v1/session"), 403, "nor logs it anybody in");
	with("Sec-Fetch-Site", "same-origin");
	cr_expect_eq(ask(HTTP_POST, "/api/v1/session"), 503);
	with("Content-Type", "text/plain");
	cr_expect_eq(ask(HTTP_POST, "/api/v1/session"), 415);
}

Test(api, names_the_member_of_a_login_that_is_wrong)
{
	static const struct {
		const char *body, *member;
	} wrong[] = {
		{"{\"user\":1,\"password\":\"b\"}", "user"},
		{"{\"user\":\"a\"}", "password"},
		{"{\"user\":\"a\",\"password\":[]}", "password"},
		{"{\"user\":\"a\",\"password\":\"b\",\"admin\":true}", "admin"},
	};

	with("Content-Type", "application/json");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		fake.body = wrong[i].body;
		cr_expect_eq(ask(HTTP_POST, "/api/v1/session"), 400, "%s", wrong[i].body);
		cr_expect_str_eq(fake_problem("member"), wrong[i].member);
	}
}

Test(api, has_a_sentence_while_keystored_is_away)
{
	with("Authorization", "Bearer " TOKEN);
	cr_expect_eq(ask(HTTP_GET, "/api/v1/users"), 503);
	cr_expect_str_eq(fake_problem("code"), "unreachable");
	cr_expect_not_null(strstr(fake_problem("detail"), "keystored"));
	cr_expect_str_eq(fake_get(fake.answered, "Retry-After"), "1");
	cr_expect_str_eq(fake_get(fake.answered, "Content-Type"), "application/problem+json");
}
