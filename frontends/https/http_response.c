#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "http_private.h"

/* docs/https.md says what each is for. */
static const struct {
	const char *name, *value;
} safety[] = {
	{"Strict-Transport-Security", "max-age=31536000"},
	{"Content-Security-Policy",
	 "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
	 "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
	 "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Permissions-Policy",
	 "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
	 "magnetometer=(), microphone=(), midi=(), payment=(), usb=()"},
};

struct secret {
	void *bytes;
	size_t len;
};

static void on_secret_done(void *user)
{
	struct secret *secret = user;

	OPENSSL_cleanse(secret->bytes, secret->len);
	free(secret->bytes);
	free(secret);
}

struct http_response *http_response_wrap(unsigned status, const char *type,
					 struct MHD_Response *mhd)
{
	struct http_response *response = mhd ? calloc(1, sizeof(*response)) : NULL;

	if (!response) {
		if (mhd)
			MHD_destroy_response(mhd);
		return NULL;
	}
	response->response = mhd;
	response->status = status;
	response->shares = 1;
	if (type && !http_response_add(response, "Content-Type", type)) {
		http_response_free(response);
		return NULL;
	}
	return response;
}

struct http_response *http_response_make_safe(struct http_response *response)
{
	bool is_safe = response != NULL;

	for (size_t i = 0; is_safe && i < sizeof(safety) / sizeof(safety[0]); i++)
		is_safe = http_response_add(response, safety[i].name, safety[i].value);
	if (is_safe)
		return response;
	http_response_free(response);
	return NULL;
}

static struct MHD_Response *secret_response(void *body, size_t len)
{
	struct secret *secret = malloc(sizeof(*secret));
	struct MHD_Response *response;

	if (!secret)
		return NULL;
	*secret = (struct secret){body, len};
	response = MHD_create_response_from_buffer_with_free_callback_cls(len, body, on_secret_done,
									  secret);
	if (!response)
		free(secret);
	return response;
}

struct http_response *http_response_new(unsigned status, const char *type, void *body, size_t len,
					bool is_secret)
{
	struct MHD_Response *response =
		is_secret && body
			? secret_response(body, len)
			: MHD_create_response_from_buffer(
				  len, body, body ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);

	if (!response && is_secret && body)
		OPENSSL_cleanse(body, len);
	if (!response)
		free(body);
	return http_response_make_safe(http_response_wrap(status, type, response));
}

struct http_response *http_response_static(unsigned status, const char *type, const void *body,
					   size_t len)
{
	/* It is only read. */
	return http_response_make_safe(
		http_response_wrap(status, type,
				   MHD_create_response_from_buffer(len, (void *)(uintptr_t)body,
								   MHD_RESPMEM_PERSISTENT)));
}

bool http_response_add(struct http_response *response, const char *name, const char *value)
{
	if (strpbrk(value, "\r\n") ||
	    MHD_add_response_header(response->response, name, value) != MHD_YES)
		return false;
	response->has_cache_control |= strcasecmp(name, "Cache-Control") == 0;
	return true;
}

struct http_response *http_response_share(struct http_response *response)
{
	response->shares++;
	return response;
}

void http_response_free(struct http_response *response)
{
	if (!response || --response->shares)
		return;
	MHD_destroy_response(response->response);
	free(response);
}

enum MHD_Result http_response_queue(struct http_response *response,
				    struct MHD_Connection *connection)
{
	if (!response->has_cache_control &&
	    !http_response_add(response, "Cache-Control", "no-store"))
		return MHD_NO;
	return MHD_queue_response(connection, response->status, response->response);
}
