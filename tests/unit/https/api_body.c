#include "fake_api.h"

#define BYTES_MAX 10

static struct api_operation operation = {"x", HTTP_POST, "/x", .takes_body = true};
static struct api_call *call; /* until it is answered */

TestSuite(api_body, .init = fake_api_new, .fini = fake_api_free);

static void call_new(void)
{
	fake_request_end(&fake);
	call = calloc(1, sizeof(*call));
	cr_assert_not_null(call);
	call->api = fake_api;
	call->request = &fake;
	call->route.operation = &operation;
	LIST_INSERT_HEAD(&fake_api->calls, call, entry);
}

static void call_with(const char *body)
{
	call_new();
	fake.body = body;
	fake_set(fake.headers, "Content-Type", "application/json");
	cr_assert(api_body_read(call), "%s: %s", body, fake.text);
}

static void call_over(void)
{
	api_answer_nothing(call);
}

/* True: it was refused, and the problem names the member. */
static bool is_refused(const char *member)
{
	return fake.answers == 1 && fake.status == 400 &&
	       strcmp(fake_problem("member"), member) == 0;
}

static bool refuses_body(const char *type, const char *body, size_t len, unsigned status)
{
	bool is_good;

	call_new();
	fake.headers[0] = (struct fake_field){0};
	if (type)
		fake_set(fake.headers, "Content-Type", type);
	fake.body = body;
	fake.len = len;
	is_good = api_body_read(call);
	fake.len = 0;
	if (is_good)
		call_over();
	return !is_good && fake.status == status;
}

#define JSON "application/json"

Test(api_body, takes_an_object_of_json_and_nothing_else)
{
	cr_expect(refuses_body(NULL, "{}", 0, 415));
	cr_expect(refuses_body("text/plain", "{}", 0, 415));
	cr_expect(refuses_body("application/jsonx", "{}", 0, 415));
	cr_expect(refuses_body("application/x-www-form-urlencoded", "{}", 0, 415));
	cr_expect_not(refuses_body("application/json; charset=utf-8", "{}", 0, 0));
	cr_expect_not(refuses_body("Application/JSON", "{\"a\":1}", 0, 0));
	cr_expect(refuses_body(JSON, "", 0, 400));
	cr_expect(refuses_body(JSON, "[]", 0, 400));
	cr_expect(refuses_body(JSON, "1", 0, 400));
	cr_expect(refuses_body(JSON, "{", 0, 400));
	cr_expect(refuses_body(JSON, "{} {}", 0, 400));
	cr_expect(refuses_body(JSON, "{'a':1}", 0, 400));
	cr_expect(refuses_body(JSON, "{\"a\":NaN}", 0, 400));
	cr_expect(refuses_body(JSON, "{\"a\":1e999}", 0, 400));
	cr_expect(refuses_body(JSON, "{\"a\":99999999999999999999}", 0, 400));
	cr_expect(refuses_body(JSON, "{\"a\":\"\\u0000\"}", 0, 400));
	cr_expect(refuses_body(JSON, "{\"a\":\"\xc0\xaf\"}", 0, 400));
	cr_expect(refuses_body(JSON, "{\"a\":\"\\ud800\"}", 0, 400));
	cr_expect(refuses_body(JSON, "{}\0", 3, 400));
}

Test(api_body, refuses_a_member_that_comes_twice)
{
	cr_expect(refuses_body(JSON, "{\"role\":\"a\",\"role\":\"b\"}", 0, 400));
	cr_expect_not_null(strstr(fake.text, "twice"));
}

Test(api_body, does_not_repeat_what_it_could_not_read)
{
	cr_expect(refuses_body(JSON, "{\"password\":secret}", 0, 400));
	cr_expect_null(strstr(fake.text, "secret"));
}

Test(api_body, nests_as_deep_as_is_named_and_no_deeper)
{
	cr_expect_not(refuses_body(JSON, "{\"a\":[[[[[[[1]]]]]]]}", 0, 0));
	cr_expect(refuses_body(JSON, "{\"a\":[[[[[[[[1]]]]]]]]}", 0, 400));
	cr_expect_not(refuses_body(JSON, "{\"a\":\"[[[[[[[[[[[[\\\"[[[[\"}", 0, 0));
}

Test(api_body, is_for_those_alone_who_take_one)
{
	operation.takes_body = false;
	cr_expect(refuses_body(JSON, "{}", 0, 400));
	cr_expect_not(refuses_body(NULL, "", 0, 0));
	operation.takes_body = true;
}

Test(api_body, reads_texts_up_to_their_length)
{
	const char *text = NULL;

	call_with("{\"a\":\"12345\",\"n\":null}");
	cr_expect(api_member_string(call, "a", 5, &text));
	cr_expect_str_eq(text, "12345");
	cr_expect(api_member_string_optional(call, "n", 5, &text));
	cr_expect_null(text);
	cr_expect(api_member_string_optional(call, "none", 5, &text));
	cr_expect_null(text);
	cr_expect_not(api_member_string(call, "a", 4, &text));
	cr_expect(is_refused("a"));
	call_with("{\"n\":null}");
	cr_expect_not(api_member_string(call, "n", 5, &text));
	cr_expect(is_refused("n"));
	call_with("{}");
	cr_expect_not(api_member_string(call, "a", 5, &text));
	cr_expect(is_refused("a"));
}

Test(api_body, reads_numbers_up_to_their_end)
{
	static const char *const wrong[] = {"{\"a\":8}",     "{\"a\":-1}",   "{\"a\":1.0}",
					    "{\"a\":\"1\"}", "{\"a\":true}", "{\"a\":[1]}"};
	uint64_t value = 0;

	call_with("{\"a\":7,\"n\":null}");
	cr_expect(api_member_number_optional(call, "a", 7, 1, &value));
	cr_expect_eq(value, 7);
	cr_expect(api_member_number_optional(call, "n", 7, 3, &value));
	cr_expect_eq(value, 3);
	cr_expect(api_member_number_optional(call, "none", 7, 4, &value));
	cr_expect_eq(value, 4);
	call_over();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		call_with(wrong[i]);
		cr_expect_not(api_member_number_optional(call, "a", 7, 1, &value), "%s", wrong[i]);
		cr_expect(is_refused("a"));
	}
}

Test(api_body, reads_switches)
{
	bool value = false;

	call_with("{\"a\":true,\"n\":null}");
	cr_expect(api_member_bool_optional(call, "a", false, &value));
	cr_expect(value);
	cr_expect(api_member_bool_optional(call, "n", false, &value));
	cr_expect_not(value);
	cr_expect(api_member_bool_optional(call, "none", true, &value));
	cr_expect(value);
	call_over();
	call_with("{\"a\":1}");
	cr_expect_not(api_member_bool_optional(call, "a", false, &value));
	cr_expect(is_refused("a"));
}

Test(api_body, reads_lists_of_texts_up_to_their_length)
{
	const char *const *names = NULL;
	size_t count = 0;

	call_with("{\"a\":[\"x\",\"y\"],\"e\":[]}");
	cr_expect(api_member_names_optional(call, "a", 2, &names, &count));
	cr_assert_eq(count, 2);
	cr_expect_str_eq(names[1], "y");
	cr_expect(api_member_names_optional(call, "e", 2, &names, &count));
	cr_expect_eq(count, 0);
	cr_expect_not_null(names, "an empty list is one");
	cr_expect(api_member_names_optional(call, "none", 2, &names, &count));
	cr_expect_null(names);
	cr_expect_not(api_member_names_optional(call, "a", 1, &names, &count));
	cr_expect(is_refused("a"));
	call_with("{\"a\":[\"x\",1]}");
	cr_expect_not(api_member_names_optional(call, "a", 2, &names, &count));
	cr_expect(is_refused("a"));
	call_with("{\"a\":{}}");
	cr_expect_not(api_member_names_optional(call, "a", 2, &names, &count));
	cr_expect(is_refused("a"));
}

static bool reads_time(const char *text, int64_t expected)
{
	char body[128];
	int64_t seconds = 0;
	bool is_good;

	snprintf(body, sizeof(body), "{\"a\":\"%s\"}", text);
	call_with(body);
	is_good = api_member_time_optional(call, "a", &seconds);
	if (is_good)
		call_over();
	else
		cr_expect(is_refused("a"));
	return is_good && seconds == expected;
}

Test(api_body, reads_times_as_rfc_3339_has_them)
{
	static const char *const wrong[] = {
		"",
		"2026-03-01",
		"2026-03-01T12:00:00",
		"2026-02-30T12:00:00Z",
		"2026-13-01T12:00:00Z",
		"2026-03-01T24:00:00Z",
		"2026-03-01 12:00:00Z",
		"2026-03-01T12:00:00Zx",
		"2026-03-01T12:00:00+1:00",
		"+026-03-01T12:00:00Z",
		"2026-03-01T12:00:00+24:00",
	};
	int64_t seconds = 1;

	cr_expect(reads_time("2026-03-01T12:00:00Z", 1772366400));
	cr_expect(reads_time("2026-03-01T12:00:00.123Z", 1772366400));
	cr_expect(reads_time("2026-03-01T14:30:00+02:30", 1772366400));
	cr_expect(reads_time("2026-03-01T09:30:00-02:30", 1772366400));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		cr_expect_not(reads_time(wrong[i], 1772366400), "%s", wrong[i]);
	call_with("{\"a\":1772366400}");
	cr_expect_not(api_member_time_optional(call, "a", &seconds));
	cr_expect(is_refused("a"));
	call_with("{}");
	cr_expect(api_member_time_optional(call, "a", &seconds));
	cr_expect_eq(seconds, 0);
	call_over();
}

Test(api_body, reads_bytes_up_to_their_length)
{
	const uint8_t *bytes = NULL;
	size_t len = 0;

	call_with("{\"a\":\"MDEyMzQ1Njc4OQ==\",\"b\":\"MDEyMzQ1Njc4OTA=\",\"c\":\"x\"}");
	cr_expect(api_member_bytes(call, "a", BYTES_MAX, &bytes, &len));
	cr_assert_eq(len, BYTES_MAX);
	cr_expect_eq(memcmp(bytes, "0123456789", len), 0);
	cr_expect_not(api_member_bytes(call, "b", BYTES_MAX, &bytes, &len));
	cr_expect(is_refused("b"));
	call_with("{\"c\":\"x\"}");
	cr_expect_not(api_member_bytes(call, "c", BYTES_MAX, &bytes, &len));
	cr_expect(is_refused("c"));
}

Test(api_body, refuses_members_that_nothing_is_known_of)
{
	call_with("{\"a\":1,\"b\":2}");
	cr_expect(api_members_are(call, "b", "a", NULL));
	cr_expect_not(api_members_are(call, "a", NULL));
	cr_expect(is_refused("b"));
}

Test(api_body, reads_the_numbers_of_paths_and_queries)
{
	static const char *const ids[] = {"0",	"-1", "+1", "01",
					  "1x", "",   " 1", "9223372036854775808"};
	uint64_t value = 0;

	call_with("{}");
	strcpy(call->route.parameters[0], "9223372036854775807");
	cr_expect(api_parameter_id(call, 0, &value));
	cr_expect_eq(value, INT64_MAX);
	fake_set(fake.parameters, "limit", "10");
	cr_expect(api_query_number(call, "limit", 10, 1, &value));
	cr_expect_eq(value, 10);
	cr_expect(api_query_number(call, "none", 10, 1, &value));
	cr_expect_eq(value, 1);
	cr_expect_not(api_query_number(call, "limit", 9, 1, &value));
	cr_expect(is_refused("limit"));
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		call_with("{}");
		strcpy(call->route.parameters[0], ids[i]);
		cr_expect_not(api_parameter_id(call, 0, &value), "%s", ids[i]);
		cr_expect_eq(fake.status, 400);
	}
}
