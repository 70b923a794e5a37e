#include "api_route.h"

#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The code point at @text, and how many bytes it has; 0: none. */
static size_t read_code_point(const unsigned char *text, size_t len, uint32_t *ret_value)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t size = text[0] < 0x80 ? 1 : text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
	uint32_t value = size == 1 ? text[0] : text[0] & (0x7fu >> size);

	if ((size > 1 && text[0] < 0xc0) || text[0] > 0xf4 || size > len)
		return 0;
	for (size_t i = 1; i < size; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (text[i] & 0x3fu);
	}
	if ((size > 1 && value < least[size]) || (value >= 0xd800 && value < 0xe000) ||
	    value > 0x10ffff)
		return 0;
	*ret_value = value;
	return size;
}

bool api_text_is_good(const char *text, size_t len)
{
	const unsigned char *bytes = (const unsigned char *)text;
	uint32_t value = 0;
	size_t size;

	for (size_t at = 0; at < len; at += size) {
		size = read_code_point(bytes + at, len - at, &value);
		if (!size || value < 0x20 || (value >= 0x7f && value < 0xa0))
			return false;
	}
	return true;
}

static bool is_encoded_twice(const char *text)
{
	for (const char *at = strchr(text, '%'); at; at = strchr(at + 1, '%')) {
		if (at[1] && hex_digit(at[1]) >= 0 && hex_digit(at[2]) >= 0)
			return true;
	}
	return false;
}

/* False: it is malformed. */
static bool decode_segment(const char *from, size_t len, char ret_text[API_PARAMETER_MAX + 1])
{
	char text[API_PARAMETER_MAX + 1] = "";
	size_t used = 0;

	for (size_t at = 0; at < len; at++) {
		int high = -1, low = -1;
		char c = from[at];

		if (c == '%') {
			high = at + 2 < len ? hex_digit(from[at + 1]) : -1;
			low = at + 2 < len ? hex_digit(from[at + 2]) : -1;
			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
			at += 2;
		}
		if (used == API_PARAMETER_MAX || !c || c == '/' || c == '\\')
			return false;
		text[used++] = c;
	}
	if (!api_text_is_good(text, used) || is_encoded_twice(text) || strcmp(text, ".") == 0 ||
	    strcmp(text, "..") == 0)
		return false;
	memcpy(ret_text, text, sizeof(text));
	return true;
}

static size_t segment_length(const char *path)
{
	return strcspn(path, "/");
}

/* True: @path has the shape of @pattern. Both begin with '/'. */
static bool is_match(const char *pattern, const char *path)
{
	while (*pattern == '/' && *path == '/') {
		size_t expected = segment_length(++pattern);
		size_t len = segment_length(++path);

		if (len == 0 ||
		    (*pattern != '{' && (len != expected || strncmp(pattern, path, len) != 0)))
			return false;
		pattern += expected;
		path += len;
	}
	return !*pattern && !*path;
}

/* What is said literally goes before what anything may stand for: "/certs/csr", "/certs/{id}". */
static bool is_closer(const char *pattern, const char *than)
{
	size_t same = 0;

	while (pattern[same] && pattern[same] == than[same])
		same++;
	return than[same] == '{' && pattern[same] != '{';
}

static void allow(struct api_route *route, enum http_method method)
{
	const char *name = http_method_name(method);

	if (*route->allow)
		strcat(route->allow, ", ");
	strcat(route->allow, name);
	if (method == HTTP_GET)
		strcat(route->allow, ", HEAD");
}

static bool decode_parameters(const char *pattern, const char *path, struct api_route *route)
{
	size_t count = 0;

	while (*pattern) {
		size_t len = segment_length(++path);

		if (*++pattern == '{' && (count == API_PARAMETERS_MAX ||
					  !decode_segment(path, len, route->parameters[count++])))
			return false;
		pattern += segment_length(pattern);
		path += len;
	}
	return true;
}

static bool path_is_good(const char *path)
{
	char text[API_PARAMETER_MAX + 1];

	while (*path == '/') {
		size_t len = segment_length(++path);

		if (!decode_segment(path, len, text))
			return false;
		path += len;
	}
	return !*path;
}

enum api_route_status api_route_find(const struct api_operation *const *tables,
				     enum http_method method, const char *path,
				     struct api_route *ret_route)
{
	struct api_route route = {0};
	const char *pattern = NULL;

	if (!path_is_good(path))
		return API_ROUTE_MALFORMED;
	for (size_t i = 0; tables[i]; i++) {
		for (const struct api_operation *o = tables[i]; o->id; o++) {
			if (is_match(o->path, path) && (!pattern || is_closer(o->path, pattern)))
				pattern = o->path;
		}
	}
	if (!pattern)
		return API_ROUTE_UNKNOWN;
	if (method == HTTP_HEAD)
		method = HTTP_GET;
	for (size_t i = 0; tables[i]; i++) {
		for (const struct api_operation *o = tables[i]; o->id; o++) {
			if (strcmp(o->path, pattern) != 0)
				continue;
			allow(&route, o->method);
			if (o->method == method)
				route.operation = o;
		}
	}
	if (!route.operation) {
		*ret_route = route;
		return API_ROUTE_METHOD;
	}
	if (!decode_parameters(pattern, path, &route))
		return API_ROUTE_MALFORMED;
	*ret_route = route;
	return API_ROUTE_OK;
}
