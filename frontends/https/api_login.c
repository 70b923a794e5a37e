#include "api_login.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base64.h"

#define TOKEN_MIN      16
#define TOKEN_TEXT_MAX ((API_TOKEN_MAX * 4 + 2) / 3)
#define ATTRIBUTES     "; Path=/; Secure; HttpOnly; SameSite=Strict"

static const char csrf_label[] = "keystore-https csrf 1";

static void take_token(const char *text, size_t len, struct api_login *login)
{
	uint8_t bytes[BASE64_BYTES_MAX(TOKEN_TEXT_MAX)];
	size_t used = 0;

	if (len <= TOKEN_TEXT_MAX && base64url_decode(text, len, bytes, &used) &&
	    used >= TOKEN_MIN && used <= API_TOKEN_MAX) {
		memcpy(login->token, bytes, used);
		login->len = used;
	}
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

/* RFC 6265 4.2.1. Two of the same name: whose is the second? None is taken. */
static void take_cookie(const char *header, struct api_login *login)
{
	static const char name[] = API_COOKIE "=";
	const char *found = NULL;

	for (const char *at = header; *at; at += strcspn(at, ";")) {
		at += strspn(at, "; \t");
		if (strncmp(at, name, sizeof(name) - 1) != 0)
			continue;
		if (found)
			return;
		found = at + sizeof(name) - 1;
	}
	if (found)
		take_token(found, strcspn(found, "; \t"), login);
}

struct api_login api_login_of(const struct http_request *request)
{
	static const char scheme[] = "Bearer ";
	const char *authorization = http_request_header(request, "Authorization");
	const char *cookie = http_request_header(request, "Cookie");
	struct api_login login = {.is_cookie = !authorization};

	if (authorization && strncasecmp(authorization, scheme, sizeof(scheme) - 1) == 0)
		take_token(authorization + sizeof(scheme) - 1,
			   strlen(authorization + sizeof(scheme) - 1), &login);
	else if (!authorization && cookie)
		take_cookie(cookie, &login);
	return login;
}

void api_login_csrf(const struct api_login *login, char ret_text[API_CSRF_TEXT])
{
	uint8_t labelled[sizeof(csrf_label) + API_TOKEN_MAX];
	uint8_t digest[32] = {0};

	memcpy(labelled, csrf_label, sizeof(csrf_label));
	memcpy(labelled + sizeof(csrf_label), login->token, login->len);
	/* Without the digest nothing is right. */
	if (login->len && EVP_Digest(labelled, sizeof(csrf_label) + login->len, digest, NULL,
				     EVP_sha256(), NULL) == 1)
		base64url_encode(digest, sizeof(digest), ret_text);
	else
		*ret_text = '\0';
	OPENSSL_cleanse(labelled, sizeof(labelled));
}

static bool csrf_is_right(const struct http_request *request, const struct api_login *login)
{
	const char *sent = http_request_header(request, "Keystore-CSRF");
	char expected[API_CSRF_TEXT];
	size_t len;

	api_login_csrf(login, expected);
	len = strlen(expected);
	return sent && len && strlen(sent) == len && CRYPTO_memcmp(sent, expected, len) == 0;
}

static bool origin_is_ours(const struct http_request *request)
{
	static const char scheme[] = "https://";
	const char *origin = http_request_header(request, "Origin");
	const char *host = http_request_header(request, "Host");

	return !origin || (host && strncasecmp(origin, scheme, sizeof(scheme) - 1) == 0 &&
			   strcasecmp(origin + sizeof(scheme) - 1, host) == 0);
}

static bool site_is_ours(const struct http_request *request)
{
	const char *site = http_request_header(request, "Sec-Fetch-Site");

	return !site || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
}

const char *api_login_forgery(const struct http_request *request, enum api_access access,
			      const struct api_login *login)
{
	enum http_method method = http_request_method(request);
	bool is_reading = method == HTTP_GET || method == HTTP_HEAD;

	if (access == API_PUBLIC)
		return NULL;
	if (!origin_is_ours(request) || !site_is_ours(request))
		return "another site's page has asked for this: open this device's own pages";
	if (access == API_LOGIN && !is_reading && login->len && login->is_cookie &&
	    !csrf_is_right(request, login))
		return "the header Keystore-CSRF is missing or not that of this login: GET "
		       "/api/v1/session tells it; a page that is open since before the login has "
		       "to be loaded again";
	return NULL;
}

bool api_login_set_cookie(struct http_response *response, const struct api_login *login)
{
	char text[sizeof(API_COOKIE) + TOKEN_TEXT_MAX + sizeof(ATTRIBUTES) + 16] = API_COOKIE "=";
	bool is_set;

	if (login->len) {
		base64url_encode(login->token, login->len, text + strlen(text));
		strcat(text, ATTRIBUTES);
	} else {
		strcat(text, ATTRIBUTES "; Max-Age=0");
	}
	is_set = http_response_add(response, "Set-Cookie", text);
	OPENSSL_cleanse(text, sizeof(text));
	return is_set;
}
