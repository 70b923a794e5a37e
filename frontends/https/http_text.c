#include "http_text.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The length of the sequence at @bytes, which ends with a NUL; 0: it is none (RFC 3629 4). */
static size_t sequence_len(const uint8_t *bytes)
{
	static const struct {
		uint8_t first, last; /* of lead bytes */
		uint8_t low, high;   /* of the byte after */
		uint8_t len;
	} rows[] = {
		{0x01, 0x7f, 0x00, 0xff, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (bytes[0] < rows[i].first || bytes[0] > rows[i].last)
			continue;
		if (rows[i].len > 1 && (bytes[1] < rows[i].low || bytes[1] > rows[i].high))
			return 0;
		for (size_t k = 2; k < rows[i].len; k++)
			if ((bytes[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].len;
	}
	return 0;
}

static bool is_utf8(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len) {
		size_t step = sequence_len((const uint8_t *)text + at);

		if (!step)
			return false;
		at += step;
	}
	return true;
}

bool http_text_decode(const char *text, size_t len, bool is_form, char *to)
{
	size_t done = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '%') {
			int high = i + 2 < len ? digit_of(text[i + 1]) : -1;
			int low = i + 2 < len ? digit_of(text[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+' && is_form) {
			c = ' ';
		}
		to[done++] = c;
	}
	to[done] = '\0';
	return is_utf8(to, done);
}

static bool add_parameter(struct http_query *query, char *text)
{
	char *value = strchr(text, '=');

	if (query->count == HTTP_PARAMETERS_MAX)
		return false;
	if (value)
		*value++ = '\0';
	else
		value = text + strlen(text);
	if (!http_text_decode(text, strlen(text), true, text) ||
	    !http_text_decode(value, strlen(value), true, value) || http_query_find(query, text))
		return false;
	query->parameters[query->count].name = text;
	query->parameters[query->count++].value = value;
	return true;
}

bool http_query_parse(char *text, struct http_query *ret_query)
{
	struct http_query query = {0};
	char *part;

	while ((part = strsep(&text, "&")))
		if (*part && !add_parameter(&query, part))
			return false;
	*ret_query = query;
	return true;
}

const char *http_query_find(const struct http_query *query, const char *name)
{
	for (size_t i = 0; i < query->count; i++)
		if (strcmp(query->parameters[i].name, name) == 0)
			return query->parameters[i].value;
	return NULL;
}

static bool is_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits <= 5 && !text[digits] && strtoul(text, NULL, 10) <= UINT16_MAX;
}

bool http_host_parse(const char *host, char ret_name[HTTP_HOST_MAX + 1])
{
	static const char address[] = "0123456789abcdefABCDEF:.";
	static const char name[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._";
	bool is_address = *host == '[';
	size_t len;

	host += is_address;
	len = strspn(host, is_address ? address : name);
	if (!len || len > HTTP_HOST_MAX || (is_address && host[len] != ']'))
		return false;
	if (host[len + is_address] && host[len + is_address] != ':')
		return false;
	if (host[len + is_address] && !is_port(host + len + is_address + 1))
		return false;
	for (size_t i = 0; i < len; i++)
		ret_name[i] = (char)tolower((unsigned char)host[i]);
	if (!is_address && len > 1 && ret_name[len - 1] == '.')
		len--;
	ret_name[len] = '\0';
	return true;
}

bool http_host_is_named(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return !names;
}

static size_t trimmed(const char **text, size_t len)
{
	while (len && (**text == ' ' || **text == '\t')) {
		(*text)++;
		len--;
	}
	while (len && ((*text)[len - 1] == ' ' || (*text)[len - 1] == '\t'))
		len--;
	return len;
}

bool http_etag_matches(const char *value, const char *etag)
{
	size_t etag_len = strlen(etag);

	while (*value) {
		size_t len = strcspn(value, ",");
		const char *item = value;
		size_t item_len = trimmed(&item, len);

		/* Compared weakly: for a cache, the same meaning will do. */
		if (item_len > 2 && strncmp(item, "W/", 2) == 0) {
			item += 2;
			item_len -= 2;
		}
		if ((item_len == 1 && *item == '*') ||
		    (item_len == etag_len && memcmp(item, etag, etag_len) == 0))
			return true;
		value += len + (value[len] != '\0');
	}
	return false;
}

/* "q=0", "q=0.000": not at all. */
static bool is_refused(const char *weight, size_t len)
{
	const char *at = memchr(weight, '=', len);
	size_t left = at ? len - (size_t)(at - weight) - 1 : 0;
	bool is_zero = left > 0;

	for (size_t i = 0; i < left; i++)
		is_zero &= strchr("0. \t", at[1 + i]) != NULL;
	return is_zero;
}

bool http_accepts_coding(const char *value, const char *coding)
{
	size_t coding_len = strlen(coding);

	while (*value) {
		size_t len = strcspn(value, ",");
		size_t name_len = strcspn(value, ",;");
		const char *name = value;
		size_t trimmed_len = trimmed(&name, name_len);

		if (trimmed_len == coding_len && strncasecmp(name, coding, coding_len) == 0)
			return name_len == len || !is_refused(value + name_len, len - name_len);
		value += len + (value[len] != '\0');
	}
	return false;
}
