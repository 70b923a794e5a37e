#include "pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "http_text.h"

#define ETAG_BYTES 16

/* A file as it is, or by gzip, which is another representation with a tag of its own. */
struct form {
	char etag[2 * ETAG_BYTES + 6];
	struct http_response *whole, *unchanged; /* NULL: there is no such form */
};

struct page {
	const char *path;
	struct form plain, packed;
};

struct pages {
	struct page *pages; /* in order of their paths */
	size_t count;
	struct http_response *missing, *wrong_method;
};

static const struct {
	const char *ending, *type;
} types[] = {
	{".html", "text/html; charset=utf-8"},
	{".css", "text/css; charset=utf-8"},
	{".js", "text/javascript; charset=utf-8"},
	{".json", "application/json"},
	{".svg", "image/svg+xml"},
	{".png", "image/png"},
	{".ico", "image/vnd.microsoft.icon"},
	{".woff2", "font/woff2"},
	{".txt", "text/plain; charset=utf-8"},
};

const char *pages_type(const char *path)
{
	const char *ending = strrchr(path, '.');

	for (size_t i = 0; ending && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].ending, ending) == 0)
			return types[i].type;
	return "application/octet-stream";
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct page *)a)->path, ((const struct page *)b)->path);
}

static const struct page *find(const struct pages *pages, const char *path)
{
	const struct page key = {.path = path};

	return bsearch(&key, pages->pages, pages->count, sizeof(key), compare);
}

static bool set_etag(struct form *form, const uint8_t *bytes, size_t len, const char *suffix)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t at = 0;

	if (EVP_Digest(bytes, len, digest, NULL, EVP_sha256(), NULL) != 1)
		return false;
	form->etag[at++] = '"';
	for (size_t i = 0; i < ETAG_BYTES; i++, at += 2)
		snprintf(form->etag + at, 3, "%02x", digest[i]);
	snprintf(form->etag + at, sizeof(form->etag) - at, "%s\"", suffix);
	return true;
}

/* What is the same in both answers (RFC 9110 15.4.5). */
static bool describe(struct http_response *response, const struct form *form)
{
	return response && http_response_add(response, "Cache-Control", "no-cache") &&
	       http_response_add(response, "Vary", "Accept-Encoding") &&
	       http_response_add(response, "ETag", form->etag);
}

static bool make_form(struct form *form, const char *type, const uint8_t *bytes, size_t len,
		      const char *coding)
{
	form->whole = http_response_static(200, type, bytes, len);
	form->unchanged = http_response_static(304, NULL, "", 0);
	return describe(form->whole, form) && describe(form->unchanged, form) &&
	       (!coding || http_response_add(form->whole, "Content-Encoding", coding));
}

static bool make_page(struct page *page, const struct page_file *file)
{
	size_t len = (size_t)(file->bytes_end - file->bytes);
	size_t packed_len = (size_t)(file->packed_end - file->packed);
	const char *type = pages_type(file->path);

	page->path = file->path;
	if (!set_etag(&page->plain, file->bytes, len, "") ||
	    !make_form(&page->plain, type, file->bytes, len, NULL))
		return false;
	return packed_len >= len ||
	       (set_etag(&page->packed, file->bytes, len, "-gz") &&
		make_form(&page->packed, type, file->packed, packed_len, "gzip"));
}

static bool make_others(struct pages *pages, const struct page_file *files, size_t count)
{
	static const char missing[] = "There is no such page.\n";
	static const char wrong[] = "Pages can only be read: use GET.\n";
	const struct page_file *file = NULL;

	for (size_t i = 0; i < count; i++)
		if (strcmp(files[i].path, "/404.html") == 0)
			file = &files[i];
	pages->missing =
		file ? http_response_static(404, pages_type(file->path), file->bytes,
					    (size_t)(file->bytes_end - file->bytes))
		     : http_response_static(404, pages_type(".txt"), missing, strlen(missing));
	pages->wrong_method = http_response_static(405, pages_type(".txt"), wrong, strlen(wrong));
	return pages->missing && pages->wrong_method &&
	       http_response_add(pages->wrong_method, "Allow", "GET, HEAD");
}

struct pages *pages_new(const struct page_file *files, size_t count)
{
	struct pages *pages = calloc(1, sizeof(*pages));

	if (!pages)
		return NULL;
	pages->pages = calloc(count + 1, sizeof(*pages->pages));
	if (!pages->pages || !make_others(pages, files, count))
		goto failed;
	for (size_t i = 0; i < count; i++)
		if (!make_page(&pages->pages[pages->count++], &files[i]))
			goto failed;
	qsort(pages->pages, pages->count, sizeof(*pages->pages), compare);
	return pages;
failed:
	pages_free(pages);
	return NULL;
}

static void clear_form(struct form *form)
{
	http_response_free(form->whole);
	http_response_free(form->unchanged);
}

void pages_free(struct pages *pages)
{
	if (!pages)
		return;
	for (size_t i = 0; i < pages->count; i++) {
		clear_form(&pages->pages[i].plain);
		clear_form(&pages->pages[i].packed);
	}
	http_response_free(pages->missing);
	http_response_free(pages->wrong_method);
	free(pages->pages);
	free(pages);
}

void pages_answer(const struct pages *pages, struct http_request *request)
{
	const char *path = http_request_path(request);
	const char *codings = http_request_header(request, "Accept-Encoding");
	const char *known = http_request_header(request, "If-None-Match");
	const struct page *page = find(pages, strcmp(path, "/") == 0 ? "/index.html" : path);
	const struct form *form;

	if (http_request_method(request) != HTTP_GET) {
		http_answer(request, pages->wrong_method);
		return;
	}
	if (!page) {
		http_answer(request, pages->missing);
		return;
	}
	form = page->packed.whole && codings && http_accepts_coding(codings, "gzip") ? &page->packed
										     : &page->plain;
	http_answer(request,
		    known && http_etag_matches(known, form->etag) ? form->unchanged : form->whole);
}
