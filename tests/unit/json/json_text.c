#include "json_text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void expect(json_t *value, const char *expected)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	cr_expect_str_eq(text ? text : "no memory", expected);
	free(text);
	json_decref(value);
}

Test(json_text, hostile_bytes_stay_one_string)
{
	expect(json_text("a\"b\\\n\x1b[31m"), "\"a\\\"b\\\\\\n\\u001B[31m\"");
	expect(json_text("M\xc3\xbcller"), "\"M\xc3\xbcller\"");
	expect(json_text("M\xfcller\xff"), "\"M?ller?\"");
	expect(json_text("\xed\xa0\x80"), "\"???\"");
	expect(json_text(""), "\"\"");
	expect(json_text_or_null(""), "null");
	expect(json_text_or_null("\xff"), "\"?\"");
}

Test(json_text, a_time_is_in_utc_and_zero_may_mean_none)
{
	expect(json_time(1772366400), "\"2026-03-01T12:00:00Z\"");
	expect(json_time(0), "\"1970-01-01T00:00:00Z\"");
	expect(json_time_or_null(0), "null");
	expect(json_time(INT64_MAX), "\"unknown\"");
	expect(json_time(INT64_MIN), "\"unknown\"");
}

Test(json_text, a_time_has_milliseconds_where_they_are_told)
{
	static const struct {
		int64_t milliseconds;
		const char *text;
	} times[] = {
		{1772366400005, "2026-03-01T12:00:00.005Z"},
		{0, "1970-01-01T00:00:00.000Z"},
		{-1, "1969-12-31T23:59:59.999Z"},
		{-1000, "1969-12-31T23:59:59.000Z"},
		{INT64_MIN, "-292275055-05-16T16:47:04.192Z"},
		{INT64_MAX, "292278994-08-17T07:12:55.807Z"},
	};
	char text[TIME_BYTES];

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		time_text_ms(times[i].milliseconds, text);
		cr_expect_str_eq(text, times[i].text);
	}
}

Test(json_text, a_fingerprint_is_lower_case_digits)
{
	uint8_t fingerprint[FINGERPRINT_BYTES];
	json_t *value;

	memset(fingerprint, 0xa5, sizeof(fingerprint));
	fingerprint[0] = 0x0f;
	value = json_fingerprint(fingerprint);
	cr_expect_eq(json_string_length(value), 64);
	cr_expect(strncmp(json_string_value(value), "0fa5a5", 6) == 0);
	json_decref(value);
	expect(json_fingerprint(NULL), "null");
	expect(json_hex(fingerprint, 0), "\"\"");
}

Test(json_text, names_are_a_list)
{
	const char *const names[] = {"operator", "a\xff"};

	expect(json_names(names, 2), "[\"operator\",\"a?\"]");
	expect(json_names(NULL, 0), "[]");
}

Test(json_text, a_member_that_fails_takes_the_object_along)
{
	json_t *object = json_object();
	json_t *kept = json_string("x");
	json_t *list = json_array();

	json_add(&object, "a", json_true());
	cr_assert_not_null(object);
	json_add(&object, "b", NULL);
	cr_expect_null(object);
	json_add(&object, "c", json_incref(kept));
	cr_expect_null(object);
	cr_expect_eq(kept->refcount, 1);
	json_decref(kept);
	json_append(&list, json_true());
	cr_assert_not_null(list);
	json_append(&list, NULL);
	cr_expect_null(list);
	json_append(&list, json_true());
	cr_expect_null(list);
}
