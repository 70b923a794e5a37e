/*
 * Who asks: the token of a login, as a cookie or a header carries it. Hides both, and what keeps
 * other sites' pages from asking in a user's name: SameSite, the page's own value in
 * Keystore-CSRF, and what browsers say of where a request comes from.
 */
#ifndef HTTPS_API_LOGIN_H
#define HTTPS_API_LOGIN_H

#include "api.h"

#define API_COOKIE    "__Host-keystore"
#define API_TOKEN_MAX 64 /* bytes */
#define API_CSRF_TEXT 44 /* with the NUL */

struct api_login {
	uint8_t token[API_TOKEN_MAX];
	size_t len;	/* 0: none */
	bool is_cookie; /* sent by the browser, whoever made the request */
};

/* What is no token counts as none. Wipe it. */
struct api_login api_login_of(const struct http_request *request);

/* What the page of @login sends back: it tells nothing of the token. */
void api_login_csrf(const struct api_login *login, char ret_text[API_CSRF_TEXT]);

/* NULL: a page of this server asks, or no browser. Else why not, static. */
const char *api_login_forgery(const struct http_request *request, enum api_access access,
			      const struct api_login *login);

/* Sets the cookie for this browser's session; @login without a token: takes it away. */
bool api_login_set_cookie(struct http_response *response, const struct api_login *login);

#endif
