#include "api_route.h"

#include <string.h>

#include "http_text.h"

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Also the controls of Latin-1, which some terminals obey. */
static bool has_controls(const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		if (*at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0))
			return true;
	}
	return false;
}

static bool is_encoded_twice(const char *text)
{
	for (const char *at = strchr(text, '%'); at; at = strchr(at + 1, '%')) {
		if (is_hex(at[1]) && is_hex(at[2]))
			return true;
	}
	return false;
}

/* False: it is malformed. */
static bool decode_segment(const char *from, size_t len, char ret_text[API_PARAMETER_MAX + 1])
{
	char text[HTTP_PATH_MAX + 1];

	if (len > HTTP_PATH_MAX || !http_text_decode(from, len, false, text) ||
	    strlen(text) > API_PARAMETER_MAX || strpbrk(text, "/\\") || has_controls(text) ||
	    is_encoded_twice(text) || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return false;
	memcpy(ret_text, text, strlen(text) + 1);
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
