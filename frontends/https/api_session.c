#include <openssl/crypto.h>
#include <string.h>
#include <unistd.h>

#include "api_events.h"
#include "api_private.h"
#include "json_text.h"
#include "json_user.h"

#define NAME_MAX_BYTES	   64
#define PASSWORD_MAX_BYTES 256

static bool keystored_is_up(const struct api *api)
{
	return api->options.uplink && uplink_client(api->options.uplink);
}

static void answer_identification(struct api_call *call, bool is_up)
{
	const struct api *api = api_of(call);
	char host[HOST_NAME_MAX + 1] = "";

	if (gethostname(host, sizeof(host) - 1) < 0)
		*host = '\0';
	api_answer(call, 200,
		   json_pack("{s:o, s:o, s:o, s:s, s:b, s:s}", "name", json_text(api->options.name),
			     "location", json_text(api->options.location), "host", json_text(host),
			     "version", KEYSTORE_VERSION, "has_users", (int)!api->has_no_users,
			     "keystored", is_up ? "up" : "down"));
}

static void identification_done(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	bool is_up = result->status == KS_OK;

	if (is_up)
		api_of(call)->has_no_users = !result->whoami->has_users;
	answer_identification(call, is_up);
}

static void identification(struct api_call *call)
{
	struct ks_client *client;

	if (!keystored_is_up(api_of(call))) {
		answer_identification(call, false);
		return;
	}
	client = api_client_own(call);
	if (client)
		(void)api_start(call, ks_whoami_start(client, identification_done, call));
}

struct session {
	const char *user; /* "": nobody */
	const char *const *roles;
	size_t role_count;
	unsigned rights;
	uint32_t idle_seconds, idle_left_seconds, life_left_seconds;
};

static json_t *json_of_session(const struct session *session, const struct api_login *login)
{
	char csrf[API_CSRF_TEXT];

	api_login_csrf(login, csrf);
	return json_pack("{s:o, s:o, s:o, s:b, s:I, s:I, s:I, s:s}", "user",
			 json_text(session->user), "roles",
			 json_names(session->roles, session->role_count), "rights",
			 json_rights(session->rights), "must_change", 0, "idle_seconds",
			 (json_int_t)session->idle_seconds, "idle_left_seconds",
			 (json_int_t)session->idle_left_seconds, "life_left_seconds",
			 (json_int_t)session->life_left_seconds, "csrf", csrf);
}

static void answer_nobody(struct api_call *call)
{
	json_t *object = json_pack("{s:n}", "user");

	if (call->login.len && call->login.is_cookie)
		api_answer_login(call, object, &(struct api_login){0});
	else
		api_answer(call, 200, object);
}

static void session_show_done(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	const struct ks_whoami *who = result->whoami;

	/* Nobody is an answer too, other than for what takes a login. */
	if (result->status == KS_DENIED || (result->status == KS_OK && !*who->user)) {
		answer_nobody(call);
		return;
	}
	if (!api_result_is_good(call, result))
		return;
	const struct session session = {.user = who->user,
					.roles = who->roles,
					.role_count = who->role_count,
					.rights = who->rights,
					.idle_seconds = who->idle_seconds,
					.idle_left_seconds = who->idle_left_seconds,
					.life_left_seconds = who->life_left_seconds};

	api_answer(call, 200, json_of_session(&session, &call->login));
}

static void session_show(struct api_call *call)
{
	struct ks_client *client;

	if (!api_has_login(call)) {
		answer_nobody(call);
		return;
	}
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_whoami_start(client, session_show_done, call));
}

/* Where a password is given: what is meant is in the status. True: it was answered. */
static bool answered_attempt(struct api_call *call, const struct ks_result *result)
{
	if (result->status != KS_BUSY)
		return false;
	api_answer_problem(call, 429, "busy", NULL, result->message);
	return true;
}

static void session_create_done(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	const struct ks_login *made = result->login;
	struct api_login login = {.is_cookie = true};

	if (result->status == KS_CONFLICT) {
		api_answer_problem(call, 403, "must-change", NULL,
				   "another password has to be chosen first, since this one was "
				   "given by somebody else");
		return;
	}
	if (answered_attempt(call, result) || !api_result_is_good(call, result))
		return;
	if (!api_result_has(call, made && made->token_len && made->token_len <= API_TOKEN_MAX &&
					  result->user_count))
		return;
	const struct ks_user *who = &result->users[0];
	const struct session session = {.user = who->name,
					.roles = who->roles,
					.role_count = who->role_count,
					.rights = who->rights,
					.idle_seconds = made->idle_seconds,
					.idle_left_seconds = made->idle_seconds,
					.life_left_seconds = made->life_seconds};

	memcpy(login.token, made->token, made->token_len);
	login.len = made->token_len;
	api_answer_login(call, json_of_session(&session, &login), &login);
	OPENSSL_cleanse(&login, sizeof(login));
}

static void session_create(struct api_call *call)
{
	const char *user = NULL, *password = NULL;
	struct ks_client *client;

	if (!api_members_are(call, "user", "password", NULL) ||
	    !api_member_string(call, "user", NAME_MAX_BYTES, &user) ||
	    !api_member_string(call, "password", PASSWORD_MAX_BYTES, &password))
		return;
	client = api_client_own(call);
	if (client)
		(void)api_start(call, ks_login_start(client, user, (const uint8_t *)password,
						     strlen(password),
						     http_request_address(call->request),
						     session_create_done, call));
}

static void session_delete_done(const struct ks_result *result, void *user)
{
	struct api_call *call = user;

	if (!api_result_is_good(call, result))
		return;
	api_events_check(api_of(call)->events);
	api_answer_logout(call);
}

static void session_delete(struct api_call *call)
{
	struct ks_client *client = api_client(call);

	if (client)
		(void)api_start(call, ks_logout_start(client, session_delete_done, call));
}

static void password_done(const struct ks_result *result, void *user)
{
	struct api_call *call = user;

	if (answered_attempt(call, result) || !api_result_is_good(call, result))
		return;
	api_events_check(api_of(call)->events);
	api_answer_nothing(call);
}

static void password_change(struct api_call *call)
{
	struct ks_password_change change = {.origin = http_request_address(call->request)};
	const char *old_password = NULL, *new_password = NULL;
	struct ks_client *client;

	if (!api_members_are(call, "user", "old_password", "new_password", NULL) ||
	    !api_member_string(call, "user", NAME_MAX_BYTES, &change.user) ||
	    !api_member_string(call, "old_password", PASSWORD_MAX_BYTES, &old_password) ||
	    !api_member_string(call, "new_password", PASSWORD_MAX_BYTES, &new_password))
		return;
	change.old_password = (const uint8_t *)old_password;
	change.old_password_len = strlen(old_password);
	change.new_password = (const uint8_t *)new_password;
	change.new_password_len = strlen(new_password);
	/* With its token a login outlives the change; the user's others end. */
	client = api_has_login(call) ? api_client(call) : api_client_own(call);
	if (client)
		(void)api_start(call,
				ks_password_change_start(client, &change, password_done, call));
}

const struct api_operation api_session_operations[] = {
	{"identification", HTTP_GET, "/identification", API_PUBLIC, .run = identification},
	{"openapi", HTTP_GET, "/openapi.json", API_PUBLIC, .run = api_openapi_run},
	{"sessionShow", HTTP_GET, "/session", API_PUBLIC, .run = session_show},
	{"sessionCreate", HTTP_POST, "/session", API_ENTRY, .takes_body = true,
	 .run = session_create},
	{"sessionDelete", HTTP_DELETE, "/session", API_LOGIN, .run = session_delete},
	{"passwordChange", HTTP_POST, "/password", API_ENTRY, .takes_body = true,
	 .run = password_change},
	{0},
};
