#include <stdlib.h>
#include <string.h>

#include "api_private.h"
#include "api_watch.h"

struct mapping {
	enum ks_status status;
	unsigned http;
};

static const struct mapping mappings[] = {
	{KS_INVALID, 400},     {KS_UNSUPPORTED, 422},	 {KS_DENIED, 403},
	{KS_NOT_FOUND, 404},   {KS_EXISTS, 409},	 {KS_LIMIT, 507},
	{KS_BUSY, 503},	       {KS_UNAVAILABLE, 503},	 {KS_DEADLINE, 504},
	{KS_CONFLICT, 409},    {KS_DECRYPT_FAILED, 422}, {KS_STORAGE, 500},
	{KS_TPM, 502},	       {KS_INTERNAL, 500},	 {KS_NOMEM, 503},
	{KS_UNREACHABLE, 503}, {KS_DISCONNECTED, 503},	 {KS_PROTOCOL, 502},
};

struct title {
	unsigned status;
	const char *title;
};

/* RFC 9110 15. */
static const struct title titles[] = {
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{409, "Conflict"},
	{411, "Length Required"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{415, "Unsupported Media Type"},
	{421, "Misdirected Request"},
	{422, "Unprocessable Content"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
	{504, "Gateway Timeout"},
	{507, "Insufficient Storage"},
};

static const char *title_of(unsigned status)
{
	for (size_t i = 0; i < sizeof(titles) / sizeof(*titles); i++) {
		if (titles[i].status == status)
			return titles[i].title;
	}
	return "Error";
}

static struct http_response *response_of(unsigned status, const char *type, const json_t *object,
					 bool is_secret)
{
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

	return text ? http_response_new(status, type, text, strlen(text), is_secret) : NULL;
}

static bool add_headers(struct http_response *response, unsigned status)
{
	if (status == 401)
		return http_response_add(response, "WWW-Authenticate", "Bearer realm=\"keystore\"");
	if (status == 503 || status == 429)
		return http_response_add(response, "Retry-After", "1");
	return true;
}

struct http_response *api_problem(unsigned status, const char *code, const char *member,
				  const char *detail)
{
	json_t *object = json_pack("{ss si ss ss}", "title", title_of(status), "status",
				   (int)status, "detail", detail, "code", code);
	struct http_response *response = NULL;

	if (object && (!member || json_object_set_new(object, "member", json_string(member)) == 0))
		response = response_of(status, "application/problem+json", object, false);
	json_decref(object);
	if (response && !add_headers(response, status)) {
		http_response_free(response);
		response = NULL;
	}
	return response;
}

void api_answer_problem(struct api_call *call, unsigned status, const char *code,
			const char *member, const char *detail)
{
	struct http_response *response = api_problem(status, code, member, detail);

	/* The browser need not send again what is worth nothing. */
	if (response && status == 401 && call->login.len && call->login.is_cookie)
		(void)api_login_set_cookie(response, &(struct api_login){0});
	api_call_end(call, response);
}

static void answer_with_cookie(struct api_call *call, unsigned status, json_t *object,
			       const struct api_login *cookie)
{
	struct http_response *response =
		response_of(status, "application/json", object, cookie != NULL);

	json_decref(object);
	if (response && cookie && !api_login_set_cookie(response, cookie)) {
		http_response_free(response);
		response = NULL;
	}
	api_call_end(call, response);
}

void api_answer(struct api_call *call, unsigned status, json_t *object)
{
	answer_with_cookie(call, status, object, NULL);
}

void api_answer_login(struct api_call *call, json_t *object, const struct api_login *login)
{
	answer_with_cookie(call, 200, object, login);
}

void api_answer_nothing(struct api_call *call)
{
	api_call_end(call, http_response_static(204, NULL, NULL, 0));
}

void api_answer_logout(struct api_call *call)
{
	struct http_response *response = http_response_static(204, NULL, NULL, 0);

	if (response && !api_login_set_cookie(response, &(struct api_login){0})) {
		http_response_free(response);
		response = NULL;
	}
	api_call_end(call, response);
}

/* A name of a key or group, or what was made of one: as it may stand between quotes. */
static bool add_disposition(struct http_response *response, const char *name)
{
	static const char kept[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789._-";
	char value[300] = "attachment; filename=\"";
	size_t used = strlen(value);

	for (; *name && used < sizeof(value) - 2; name++)
		value[used++] = strchr(kept, *name) ? *name : '_';
	value[used++] = '"';
	value[used] = '\0';
	return http_response_add(response, "Content-Disposition", value);
}

void api_answer_file(struct api_call *call, const char *type, const char *name, const void *bytes,
		     size_t len, bool is_secret)
{
	struct http_response *response = NULL;
	void *copy = malloc(len ? len : 1);

	if (copy) {
		memcpy(copy, bytes, len);
		response = http_response_new(200, type, copy, len, is_secret);
	}
	if (response && !add_disposition(response, name)) {
		http_response_free(response);
		response = NULL;
	}
	api_call_end(call, response);
}

static void answer_status(struct api_call *call, enum ks_status status, const char *message)
{
	char code[32];
	size_t len = 0;
	unsigned http = 500;

	for (size_t i = 0; i < sizeof(mappings) / sizeof(*mappings); i++) {
		if (mappings[i].status == status)
			http = mappings[i].http;
	}
	for (const char *at = ks_status_name(status); *at && len < sizeof(code) - 1; at++)
		code[len++] = *at;
	code[len] = '\0';
	for (char *at = code; *at; at++) {
		if (*at == ' ')
			*at = '-';
	}
	api_answer_problem(call, http, code, NULL, message);
}

static void login_checked(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	char *refusal = call->refusal;

	call->refusal = NULL;
	if (result->status == KS_DENIED)
		api_answer_problem(call, 401, "no-login", NULL, "the login is over: log in again");
	else if (result->status == KS_OK)
		answer_status(call, KS_DENIED, refusal);
	else
		answer_status(call, result->status, result->message);
	free(refusal);
}

/*
 * keystored denies the same way what a token does not allow and a token that is none any more.
 * Who is logged in, everybody may ask who is.
 */
static void ask_for_login(struct api_call *call, const char *refusal)
{
	struct ks_client *client;

	call->refusal = strdup(refusal);
	if (!call->refusal) {
		api_call_end(call, NULL);
		return;
	}
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_whoami_start(client, login_checked, call));
}

bool api_result_has(struct api_call *call, bool is_there)
{
	if (!is_there)
		api_answer_problem(call, 502, "protocol", NULL,
				   "keystored has answered in a way that this server does not "
				   "know: bring both to the same version");
	return is_there;
}

bool api_result_is_good(struct api_call *call, const struct ks_result *result)
{
	if (result->status == KS_OK)
		return true;
	if (result->status == KS_DENIED && call->asks_as_user)
		ask_for_login(call, result->message);
	else if (result->status == KS_DISCONNECTED && call->api->hangs)
		api_answer_problem(call, 504, "unanswered", NULL, API_WATCH_HANGS);
	else
		answer_status(call, result->status, result->message);
	return false;
}
