#include <string.h>

#include "api_events.h"
#include "api_private.h"
#include "json_text.h"
#include "json_user.h"

#define NAME_MAX_BYTES	   64
#define PASSWORD_MAX_BYTES 256
#define ROLES_OF_USER_MAX  64
#define PAGE_MAX	   10000

static void user_list_done(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	json_t *list;

	if (!api_result_is_good(call, result))
		return;
	list = json_array();
	for (size_t i = 0; i < result->user_count; i++)
		json_append(&list, json_user(&result->users[i]));
	api_answer(call, 200, json_pack("{s:o, s:b}", "users", list, "more", (int)result->more));
}

static void user_list(struct api_call *call)
{
	struct ks_client *client;
	uint64_t limit = 0;

	if (!api_query_number(call, "limit", PAGE_MAX, 0, &limit))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_user_list_start(client, api_query(call, "after"),
							 (uint32_t)limit, user_list_done, call));
}

/* What was changed may have ended logins, or taken rights from them. */
static bool is_changed(struct api_call *call, const struct ks_result *result)
{
	if (!api_result_is_good(call, result))
		return false;
	api_events_check(api_of(call)->events);
	return true;
}

static void deleted(const struct ks_result *result, void *user)
{
	if (is_changed(user, result))
		api_answer_nothing(user);
}

static void user_create_done(const struct ks_result *result, void *user)
{
	if (api_result_is_good(user, result) && api_result_has(user, result->user_count))
		api_answer(user, 201, json_user(&result->users[0]));
}

/* What both of them may have. */
static bool read_change(struct api_call *call, struct ks_user_change *ret_change)
{
	struct ks_user_change change = {0};

	if (!api_member_names_optional(call, "roles", ROLES_OF_USER_MAX, &change.roles,
				       &change.role_count) ||
	    !api_member_bool_optional(call, "must_change", false, &change.must_change) ||
	    !api_member_bool_optional(call, "disabled", false, &change.disabled))
		return false;
	change.set_roles = change.roles;
	change.set_disabled = json_is_boolean(json_object_get(api_body(call), "disabled"));
	*ret_change = change;
	return true;
}

static void user_create(struct api_call *call)
{
	const char *name = NULL, *password = NULL;
	struct ks_user_change change;
	struct ks_client *client;

	if (!api_members_are(call, "name", "password", "roles", "must_change", NULL) ||
	    !api_member_string(call, "name", NAME_MAX_BYTES, &name) ||
	    !api_member_string(call, "password", PASSWORD_MAX_BYTES, &password) ||
	    !read_change(call, &change))
		return;
	change.password = (const uint8_t *)password;
	change.password_len = strlen(password);
	client = api_client(call);
	if (client)
		(void)api_start(
			call, ks_user_create_start(client, name, &change, user_create_done, call));
}

static void user_set_done(const struct ks_result *result, void *user)
{
	if (is_changed(user, result) && api_result_has(user, result->user_count))
		api_answer(user, 200, json_user(&result->users[0]));
}

static void user_set(struct api_call *call)
{
	struct ks_user_change change;
	const char *password = NULL;
	struct ks_client *client;

	if (!api_members_are(call, "roles", "disabled", "password", "must_change", NULL) ||
	    !api_member_string_optional(call, "password", PASSWORD_MAX_BYTES, &password) ||
	    !read_change(call, &change))
		return;
	change.password = (const uint8_t *)password;
	change.password_len = password ? strlen(password) : 0;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_user_set_start(client, api_parameter(call, 0), &change,
							user_set_done, call));
}

static void user_delete(struct api_call *call)
{
	struct ks_client *client = api_client(call);

	if (client)
		(void)api_start(
			call, ks_user_delete_start(client, api_parameter(call, 0), deleted, call));
}

static void role_list_done(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	json_t *list;

	if (!api_result_is_good(call, result))
		return;
	list = json_array();
	for (size_t i = 0; i < result->role_count; i++)
		json_append(&list, json_role(&result->roles[i]));
	api_answer(call, 200, json_pack("{s:o}", "roles", list));
}

static void role_list(struct api_call *call)
{
	struct ks_client *client = api_client(call);

	if (client)
		(void)api_start(call, ks_role_list_start(client, role_list_done, call));
}

static void role_set_done(const struct ks_result *result, void *user)
{
	if (is_changed(user, result) && api_result_has(user, result->role_count))
		api_answer(user, 200, json_role(&result->roles[0]));
}

static bool read_rights(struct api_call *call, unsigned *ret_rights)
{
	const char *const *names = NULL;
	size_t count = 0;
	unsigned rights = 0;

	if (!api_member_names_optional(call, "rights", KS_RIGHT_BITS, &names, &count))
		return false;
	if (!names) {
		api_answer_problem(call, 400, "invalid", "rights", "\"rights\" is missing");
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!ks_right_from_name(names[i])) {
			api_answer_problem(call, 400, "invalid", "rights",
					   "\"rights\" names one that there is not: they are those "
					   "of the role \"administrator\"");
			return false;
		}
		rights |= ks_right_from_name(names[i]);
	}
	*ret_rights = rights;
	return true;
}

static void role_set(struct api_call *call)
{
	struct ks_client *client;
	unsigned rights = 0;

	if (!api_members_are(call, "rights", NULL) || !read_rights(call, &rights))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_role_set_start(client, api_parameter(call, 0), rights,
							role_set_done, call));
}

static void role_delete(struct api_call *call)
{
	struct ks_client *client = api_client(call);

	if (client)
		(void)api_start(
			call, ks_role_delete_start(client, api_parameter(call, 0), deleted, call));
}

static void login_list_done(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	json_t *list;

	if (!api_result_is_good(call, result))
		return;
	list = json_array();
	for (size_t i = 0; i < result->session_count; i++)
		json_append(&list, json_session(&result->sessions[i]));
	api_answer(call, 200, json_pack("{s:o}", "logins", list));
}

static void login_list(struct api_call *call)
{
	struct ks_client *client = api_client(call);

	if (client)
		(void)api_start(call, ks_session_list_start(client, login_list_done, call));
}

static void login_end(struct api_call *call)
{
	struct ks_client *client;
	uint64_t id = 0;

	if (!api_parameter_id(call, 0, &id))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_session_end_start(client, id, deleted, call));
}

const struct api_operation api_user_operations[] = {
	{"userList", HTTP_GET, "/users", .run = user_list},
	{"userCreate", HTTP_POST, "/users", .takes_body = true, .run = user_create},
	{"userSet", HTTP_PATCH, "/users/{name}", .takes_body = true, .run = user_set},
	{"userDelete", HTTP_DELETE, "/users/{name}", .run = user_delete},
	{"roleList", HTTP_GET, "/roles", .run = role_list},
	{"roleSet", HTTP_PUT, "/roles/{name}", .takes_body = true, .run = role_set},
	{"roleDelete", HTTP_DELETE, "/roles/{name}", .run = role_delete},
	{"loginList", HTTP_GET, "/logins", .run = login_list},
	{"loginEnd", HTTP_DELETE, "/logins/{id}", .run = login_end},
	{0},
};
