/*
 * Which operation a request is for. Hides how paths are matched and decoded, once: what could be
 * read differently by others (dots, encoded slashes, a second encoding) is no path here. Pure.
 */
#ifndef HTTPS_API_ROUTE_H
#define HTTPS_API_ROUTE_H

#include "api.h"

enum api_route_status {
	API_ROUTE_OK = 0,
	API_ROUTE_MALFORMED, /* 400 */
	API_ROUTE_UNKNOWN,   /* 404 */
	API_ROUTE_METHOD,    /* 405: @ret_route->allow has what there is */
};

#define API_ALLOW_MAX 64

struct api_route {
	const struct api_operation *operation;
	char parameters[API_PARAMETERS_MAX][API_PARAMETER_MAX + 1];
	char allow[API_ALLOW_MAX]; /* "GET, HEAD, POST" */
};

/* @tables: NULL at the end. @path: below API_ROOT, as it was sent, without query. HEAD is GET. */
[[nodiscard]] enum api_route_status api_route_find(const struct api_operation *const *tables,
						   enum http_method method, const char *path,
						   struct api_route *ret_route);

#endif
