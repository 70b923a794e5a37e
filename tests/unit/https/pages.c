#include "pages.h"

#include <criterion/criterion.h>

#include "fake_http.h"

static const char page[] = "<!doctype html><p>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static const char script[] = "let a;", packed[] = "packed", missing[] = "missing";

#define BYTES(text) (const uint8_t *)(text), (const uint8_t *)(text) + sizeof(text) - 1

static const struct page_file files[] = {
	{"/ui/a.js", BYTES(script), BYTES(packed)},
	{"/index.html", BYTES(page), BYTES(packed)},
	{"/404.html", BYTES(missing), BYTES(missing)},
};

static struct pages *pages;

static void set_up(void)
{
	pages = pages_new(files, sizeof(files) / sizeof(files[0]));
	cr_assert_not_null(pages);
}

static void tear_down(void)
{
	pages_free(pages);
}

static struct http_request asked(enum http_method method, const char *path, const char *header,
				 const char *value)
{
	struct http_request request = {.method = method, .path = path, .query = ""};

	if (header)
		fake_set(request.headers, header, value);
	pages_answer(pages, &request);
	cr_assert_eq(request.answers, 1);
	return request;
}

TestSuite(pages, .init = set_up, .fini = tear_down, .timeout = 30);

Test(pages, have_a_type_a_tag_and_are_asked_about_each_time)
{
	struct http_request request = asked(HTTP_GET, "/", NULL, NULL);

	cr_assert_eq(request.status, 200);
	cr_assert_str_eq(request.text, page);
	cr_assert_str_eq(fake_get(request.answered, "Cache-Control"), "no-cache");
	cr_assert_str_eq(fake_get(request.answered, "Vary"), "Accept-Encoding");
	cr_assert_eq(strlen(fake_get(request.answered, "ETag")), 34);
	cr_assert_null(fake_get(request.answered, "Content-Encoding"));
	cr_assert_str_eq(pages_type("/ui/a.js"), "text/javascript; charset=utf-8");
	cr_assert_str_eq(pages_type("/a.b/c"), "application/octet-stream");
	free(request.text);
}

Test(pages, come_packed_where_that_is_smaller_and_allowed)
{
	struct http_request request = asked(HTTP_GET, "/index.html", "Accept-Encoding", "br, gzip");

	cr_assert_str_eq(request.text, packed);
	cr_assert_str_eq(fake_get(request.answered, "Content-Encoding"), "gzip");
	cr_assert_not_null(strstr(fake_get(request.answered, "ETag"), "-gz\""));
	free(request.text);
	request = asked(HTTP_GET, "/ui/a.js", "Accept-Encoding", "gzip");
	cr_assert_str_eq(request.text, script);
	free(request.text);
}

Test(pages, are_not_sent_to_who_has_them)
{
	struct http_request request = asked(HTTP_GET, "/", NULL, NULL);
	char tag[64];

	snprintf(tag, sizeof(tag), "%s", fake_get(request.answered, "ETag"));
	free(request.text);
	request = asked(HTTP_GET, "/", "If-None-Match", tag);
	cr_assert_eq(request.status, 304);
	cr_assert_str_eq(fake_get(request.answered, "ETag"), tag);
	cr_assert_eq(strlen(request.text), 0);
	free(request.text);
	request = asked(HTTP_GET, "/ui/a.js", "If-None-Match", tag);
	cr_assert_eq(request.status, 200);
	free(request.text);
}

Test(pages, are_a_table_and_no_file_system)
{
	static const char *const paths[] = {"/ui",
					    "/ui/",
					    "//index.html",
					    "/./index.html",
					    "/ui/../index.html",
					    "/%69ndex.html",
					    "/..%2fetc/passwd",
					    "/%2e%2e/index.html",
					    "/index.html%00",
					    "/INDEX.HTML"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct http_request request = asked(HTTP_GET, paths[i], NULL, NULL);

		cr_expect_eq(request.status, 404, "%s", paths[i]);
		cr_expect_str_eq(request.text, missing);
		free(request.text);
	}
}

Test(pages, can_only_be_read)
{
	struct http_request request = asked(HTTP_POST, "/", NULL, NULL);

	cr_assert_eq(request.status, 405);
	cr_assert_str_eq(fake_get(request.answered, "Allow"), "GET, HEAD");
	free(request.text);
}

Test(pages, of_the_program_have_a_first_one)
{
	struct pages *own = pages_new(page_files, page_file_count);
	struct http_request request = {.method = HTTP_GET, .path = "/", .query = ""};

	pages_answer(own, &request);
	cr_assert_eq(request.status, 200);
	free(request.text);
	pages_free(own);
}
