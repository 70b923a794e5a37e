/*
 * What a request says in its target and in Host. Hides percent-encoding, and what two readers could
 * read differently. Pure.
 */
#ifndef HTTPS_HTTP_TEXT_H
#define HTTPS_HTTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "http.h"

#define HTTP_HOST_MAX 255

/*
 * RFC 3986 2.1, in place or not; @is_form: "+" is a space. @to: @len + 1 bytes. False: what it stands for is
 * no UTF-8, has a NUL, or "%" is not followed by two digits.
 */
[[nodiscard]] bool http_text_decode(const char *text, size_t len, bool is_form, char *to);

struct http_query {
	size_t count;
	struct {
		const char *name, *value;
	} parameters[HTTP_PARAMETERS_MAX];
};

/*
 * "a=1&b=c%20d": names and values are in @text, which is changed. False: one cannot be decoded, is
 * there twice, or there are too many.
 */
[[nodiscard]] bool http_query_parse(char *text, struct http_query *ret_query);
const char *http_query_find(const struct http_query *query, const char *name); /* NULL: none */

/*
 * "Plant.example:8443", "[2001:DB8::1]": the name, "plant.example" or "2001:db8::1". False: it is
 * neither a name nor an address with or without a port.
 */
[[nodiscard]] bool http_host_parse(const char *host, char ret_name[HTTP_HOST_MAX + 1]);
bool http_host_is_named(const char *name, const char *const *names, size_t count);

/* Whether a value of If-None-Match names @etag, which has its quotes (RFC 9110 13.1.2). */
bool http_etag_matches(const char *value, const char *etag);

/* Whether a value of Accept-Encoding allows @coding (RFC 9110 12.5.3). */
bool http_accepts_coding(const char *value, const char *coding);

#endif
