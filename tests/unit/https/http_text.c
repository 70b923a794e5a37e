#include "http_text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static char decoded[64];

static bool decodes(const char *text, bool is_form)
{
	return http_text_decode(text, strlen(text), is_form, decoded);
}

Test(http_text, decodes_what_is_utf_8)
{
	cr_assert(decodes("a%20b+c%2b", false));
	cr_assert_str_eq(decoded, "a b+c+");
	cr_assert(decodes("a%20b+c%2b", true));
	cr_assert_str_eq(decoded, "a b c+");
	cr_assert(decodes("%c3%a4%E2%82%AC%f0%9f%94%91\x7f", false));
	cr_assert_str_eq(decoded, "ä€🔑\x7f");
	cr_assert(decodes("%2525", false));
	cr_assert_str_eq(decoded, "%25");
}

Test(http_text, refuses_what_two_readers_could_read_differently)
{
	static const char *const bad[] = {
		"%",	     "%2",	     "a%2",	     "%2g",    "%g2",
		"%00",	     "%c3",	     "%c3a",	     "%c0%af", "%e0%80%af",
		"%ed%a0%80", "%f4%90%80%80", "%f5%80%80%80", "%80",    "%f0%9f%94",
		"%e2%28%a1", "%u0041",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(!decodes(bad[i], true), "%s", bad[i]);
}

Test(http_query, finds_names_and_values)
{
	struct http_query query;
	char text[] = "a=1&&b=c%20d&e&=f&g=h=i";

	cr_assert(http_query_parse(text, &query));
	cr_assert_str_eq(http_query_find(&query, "a"), "1");
	cr_assert_str_eq(http_query_find(&query, "b"), "c d");
	cr_assert_str_eq(http_query_find(&query, "e"), "");
	cr_assert_str_eq(http_query_find(&query, ""), "f");
	cr_assert_str_eq(http_query_find(&query, "g"), "h=i");
	cr_assert_null(http_query_find(&query, "h"));
}

Test(http_query, takes_as_many_as_are_allowed_and_each_once)
{
	struct http_query query;
	char text[256] = "";
	char twice[] = "a=1&b=2&a=3", encoded[] = "a=1&%61=2";

	for (int i = 0; i < HTTP_PARAMETERS_MAX; i++)
		sprintf(text + strlen(text), "p%d=%d&", i, i);
	cr_assert(http_query_parse(text, &query));
	cr_assert_eq(query.count, HTTP_PARAMETERS_MAX);
	*text = '\0';
	for (int i = 0; i <= HTTP_PARAMETERS_MAX; i++)
		sprintf(text + strlen(text), "p%d=%d&", i, i);
	cr_assert(!http_query_parse(text, &query));
	cr_assert(!http_query_parse(twice, &query));
	cr_assert(!http_query_parse(encoded, &query));
}

Test(http_host, is_a_name_or_an_address)
{
	static const struct {
		const char *host, *name;
	} rows[] = {
		{"localhost", "localhost"},
		{"Plant.Example:8443", "plant.example"},
		{"plant.example.", "plant.example"},
		{"192.0.2.1:1", "192.0.2.1"},
		{"[2001:DB8::1]", "2001:db8::1"},
		{"[::1]:65535", "::1"},
		{"a:", "a"},
	};
	char name[HTTP_HOST_MAX + 1];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect(http_host_parse(rows[i].host, name), "%s", rows[i].host);
		cr_expect_str_eq(name, rows[i].name);
	}
}

Test(http_host, is_nothing_else)
{
	static const char *const bad[] = {
		"",	":443", "a b",	    "a:65536",	 "a:1:2", "a/b",	  "a@b",
		"[::1", "[]",	"[::1]443", "::1",	 "a:-1",  "a:000080",	  "a\"",
		"a?b",	"a#b",	"a\\b",	    "ä.example", "a,b",	  "[::1%25eth0]", "a: 80",
	};
	char name[HTTP_HOST_MAX + 1], longest[HTTP_HOST_MAX + 2];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(!http_host_parse(bad[i], name), "%s", bad[i]);
	memset(longest, 'a', sizeof(longest));
	longest[HTTP_HOST_MAX + 1] = '\0';
	cr_assert(!http_host_parse(longest, name));
	longest[HTTP_HOST_MAX] = '\0';
	cr_assert(http_host_parse(longest, name));
}

Test(http_host, is_named_whatever_its_case)
{
	static const char *const names[] = {"plant.example", "::1"};

	cr_assert(http_host_is_named("plant.example", names, 2));
	cr_assert(http_host_is_named("::1", names, 2));
	cr_assert(!http_host_is_named("plant.example.evil", names, 2));
	cr_assert(http_host_is_named("anything", NULL, 0));
}

Test(http_etag, matches_any_of_a_list_weakly)
{
	static const char tag[] = "\"12ab\"";

	cr_assert(http_etag_matches("\"12ab\"", tag));
	cr_assert(http_etag_matches("*", tag));
	cr_assert(http_etag_matches("\"x\" , W/\"12ab\",\"y\"", tag));
	cr_assert(!http_etag_matches("", tag));
	cr_assert(!http_etag_matches("12ab", tag));
	cr_assert(!http_etag_matches("\"12a\",,\"12abc\"", tag));
}

Test(http_coding, is_accepted_by_name_and_not_with_weight_zero)
{
	cr_assert(http_accepts_coding("gzip", "gzip"));
	cr_assert(http_accepts_coding("deflate, GZIP;q=0.5", "gzip"));
	cr_assert(http_accepts_coding("br ,gzip ; q=1", "gzip"));
	cr_assert(!http_accepts_coding("gzip;q=0", "gzip"));
	cr_assert(!http_accepts_coding("gzip; q=0.000", "gzip"));
	cr_assert(!http_accepts_coding("x-gzip, gzipped", "gzip"));
	cr_assert(!http_accepts_coding("", "gzip"));
}
