#include "tls_get.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADERS_MAX = 16 * 1024 };

/* Behind the headers; 0: they never end. */
static size_t read_headers(SSL *ssl, char *bytes, size_t *ret_len)
{
	size_t len = 0;
	const char *end = NULL;

	while (!end) {
		int got = SSL_read(ssl, bytes + len, (int)(HEADERS_MAX - len));

		if (got <= 0)
			return 0;
		len += (size_t)got;
		bytes[len] = '\0';
		end = strstr(bytes, "\r\n\r\n");
	}
	*ret_len = len;
	return (size_t)(end - bytes) + 4;
}

static bool skip(SSL *ssl, size_t len)
{
	char bytes[HEADERS_MAX];

	while (len) {
		int got = SSL_read(ssl, bytes, (int)(len < sizeof(bytes) ? len : sizeof(bytes)));

		if (got <= 0)
			return false;
		len -= (size_t)got;
	}
	return true;
}

bool tls_get(SSL *ssl, const char *path, const char *header)
{
	char bytes[HEADERS_MAX + 1];
	int len = snprintf(bytes, sizeof(bytes), "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n",
			   path, header);
	size_t start, got, size;
	const char *announced;

	if (len >= (int)sizeof(bytes) || SSL_write(ssl, bytes, len) != len)
		return false;
	start = read_headers(ssl, bytes, &got);
	announced = start ? strcasestr(bytes, "\r\nContent-Length:") : NULL;
	if (!announced || announced >= bytes + start || strncmp(bytes, "HTTP/1.1 200 ", 13) != 0)
		return false;
	size = strtoul(strchr(announced, ':') + 1, NULL, 10);
	return got - start <= size && skip(ssl, size - (got - start));
}
