/* What is answered before a handler sees it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http_private.h"

struct headers { /* that must not be read in two ways */
	unsigned hosts, lengths, encodings;
	const char *host, *length;
};

static enum MHD_Result on_header(void *user, enum MHD_ValueKind kind, const char *name,
				 const char *value)
{
	struct headers *headers = user;

	(void)kind;
	if (strcasecmp(name, "Host") == 0) {
		headers->hosts++;
		headers->host = value;
	} else if (strcasecmp(name, "Content-Length") == 0) {
		headers->lengths++;
		headers->length = value;
	} else if (strcasecmp(name, "Transfer-Encoding") == 0) {
		headers->encodings++;
	}
	return MHD_YES;
}

size_t http_header_bytes(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	return info ? info->header_size : 0;
}

struct refusal {
	unsigned status; /* 0: it is fine */
	const char *why;
};

static struct refusal judge_host(const struct http_server *server, const struct headers *headers,
				 char name[HTTP_HOST_MAX + 1])
{
	const struct http_options *options = &server->options;

	if (headers->hosts != 1 || !headers->host || !http_host_parse(headers->host, name))
		return (struct refusal){MHD_HTTP_BAD_REQUEST,
					"One Host header has to say which name was asked for."};
	if (!http_host_is_named(name, options->names, options->name_count))
		return (struct refusal){MHD_HTTP_MISDIRECTED_REQUEST,
					"This server has another name: use one of those that its "
					"configuration has in ServerNames."};
	return (struct refusal){0};
}

static struct refusal judge_body(const struct http_server *server, const struct headers *headers)
{
	if (headers->encodings)
		return (struct refusal){MHD_HTTP_LENGTH_REQUIRED,
					"Say the length of the body in Content-Length; bodies in "
					"chunks are not taken."};
	if (headers->lengths > 1)
		return (struct refusal){MHD_HTTP_BAD_REQUEST,
					"There is more than one Content-Length."};
	/* libmicrohttpd has refused what is no number. */
	if (headers->length &&
	    strtoull(headers->length, NULL, 10) > server->options.limits.body_bytes)
		return (struct refusal){MHD_HTTP_CONTENT_TOO_LARGE,
					"The body is larger than this server takes."};
	return (struct refusal){0};
}

static struct refusal judge(const struct http_server *server, struct MHD_Connection *connection,
			    const char *target)
{
	struct headers headers = {0};
	char name[HTTP_HOST_MAX + 1];
	struct refusal refusal;

	if (strlen(target) > HTTP_PATH_MAX)
		return (struct refusal){MHD_HTTP_URI_TOO_LONG, "The address is too long."};
	if (*target != '/')
		return (struct refusal){MHD_HTTP_BAD_REQUEST,
					"The address has to be a path, as \"/index.html\"."};
	if (http_header_bytes(connection) > HTTP_HEADERS_MAX)
		return (struct refusal){MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE,
					"The headers are too large: delete this site's cookies."};
	MHD_get_connection_values(connection, MHD_HEADER_KIND, on_header, &headers);
	refusal = judge_host(server, &headers, name);
	return refusal.status ? refusal : judge_body(server, &headers);
}

struct http_response *http_refusal(const struct http_server *server, const char *target,
				   unsigned status, const char *why)
{
	struct http_response *response =
		server->options.refusal ? server->options.refusal(target, status, why) : NULL;

	return response ? response
			: http_response_static(status, "text/plain; charset=utf-8", why,
					       strlen(why));
}

struct http_response *http_refuse(const struct http_server *server,
				  struct MHD_Connection *connection, const char *target,
				  bool *ret_has_failed)
{
	struct refusal refusal = judge(server, connection, target);
	struct http_response *response =
		refusal.status ? http_refusal(server, target, refusal.status, refusal.why) : NULL;

	*ret_has_failed = refusal.status && !response;
	return response;
}

/* What stands between the name and the target; its NUL may go as well. */
static void port_text(const struct http_server *server, char text[8])
{
	uint16_t port = server->options.place_count ? server->options.places[0].port : 443;

	*text = '\0';
	if (port != 443)
		snprintf(text, 8, ":%u", (unsigned)port);
}

static bool is_printable(const char *target)
{
	while (*target > ' ' && *target < 0x7f)
		target++;
	return !*target;
}

struct http_response *http_redirect(const struct http_server *server,
				    struct MHD_Connection *connection, const char *target)
{
	struct refusal refusal = judge(server, connection, target);
	struct headers headers = {0};
	char name[HTTP_HOST_MAX + 1], port[8], location[HTTP_HOST_MAX + HTTP_PATH_MAX + 32];
	struct http_response *response;
	bool is_address, is_good;

	/* Its body, whatever it is, is not read; and what it says elsewhere does not matter. */
	MHD_get_connection_values(connection, MHD_HEADER_KIND, on_header, &headers);
	if (refusal.status != MHD_HTTP_CONTENT_TOO_LARGE &&
	    refusal.status != MHD_HTTP_LENGTH_REQUIRED && refusal.status)
		return http_response_wrap(
			refusal.status, NULL,
			MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
	if (!is_printable(target) || !http_host_parse(headers.host, name))
		return http_response_wrap(
			MHD_HTTP_BAD_REQUEST, NULL,
			MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
	is_address = strchr(name, ':') != NULL;
	port_text(server, port);
	snprintf(location, sizeof(location), "https://%s%s%s%s%s", is_address ? "[" : "", name,
		 is_address ? "]" : "", port, target);
	response = http_response_wrap(
		MHD_HTTP_PERMANENT_REDIRECT, NULL,
		MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
	is_good = response && http_response_add(response, "Location", location) &&
		  http_response_add(response, "Connection", "close");
	if (is_good)
		return response;
	http_response_free(response);
	return NULL;
}
