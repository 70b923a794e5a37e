/*
 * The pages, which are in the program: nothing of the file system is looked at. Hides types,
 * compression, and what a browser has already.
 */
#ifndef HTTPS_PAGES_H
#define HTTPS_PAGES_H

#include <stddef.h>
#include <stdint.h>

#include "http.h"

struct page_file {
	const char *path; /* "/ui/table.js" */
	const uint8_t *bytes, *bytes_end;
	const uint8_t *packed, *packed_end; /* the same by gzip */
};

/* Those of web/. */
extern const struct page_file page_files[];
extern const size_t page_file_count;

struct pages;

/* @files outlive it; "/index.html" is "/", too, and "/404.html" is for what there is not. NULL: no memory. */
struct pages *pages_new(const struct page_file *files, size_t count);
void pages_free(struct pages *pages); /* NULL is fine */

/* Answers at once. */
void pages_answer(const struct pages *pages, struct http_request *request);

const char *pages_type(const char *path); /* "text/css; charset=utf-8" */

#endif
