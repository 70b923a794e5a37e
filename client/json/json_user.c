#include "json_user.h"

#include "json_text.h"

size_t right_names(unsigned rights, const char *ret_names[KS_RIGHT_BITS])
{
	size_t count = 0;

	for (unsigned i = 1; i < KS_RIGHT_BITS; i++)
		if (rights & 1u << i)
			ret_names[count++] = ks_right_name((enum ks_right)(1u << i));
	return count;
}

json_t *json_rights(unsigned rights)
{
	const char *names[KS_RIGHT_BITS];

	return json_names(names, right_names(rights, names));
}

json_t *json_user(const struct ks_user *user)
{
	return json_pack(
		"{s:I, s:o, s:o, s:o, s:b, s:b, s:o, s:I, s:o, s:o}", "id", (json_int_t)user->id,
		"name", json_text(user->name), "roles", json_names(user->roles, user->role_count),
		"rights", json_rights(user->rights), "disabled", (int)user->disabled, "must_change",
		(int)user->must_change, "created", json_time_or_null(user->created), "created_by",
		(json_int_t)user->created_by, "password_set", json_time_or_null(user->password_set),
		"last_login", json_time_or_null(user->last_login));
}

json_t *json_role(const struct ks_role *role)
{
	return json_pack("{s:o, s:o, s:b, s:I}", "name", json_text(role->name), "rights",
			 json_rights(role->rights), "predefined", (int)role->predefined, "users",
			 (json_int_t)role->users);
}

json_t *json_session(const struct ks_session *session)
{
	return json_pack("{s:I, s:o, s:I, s:o, s:I}", "id", (json_int_t)session->id, "user",
			 json_text(session->user), "uid", (json_int_t)session->uid, "since",
			 json_time(session->since), "idle_seconds",
			 (json_int_t)session->idle_seconds);
}

json_t *json_whoami(const struct ks_whoami *who)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:b, s:I, s:I, s:I}", "uid", (json_int_t)who->uid, "user",
			 json_text_or_null(who->user), "roles",
			 json_names(who->roles, who->role_count), "rights",
			 json_rights(who->rights), "has_users", (int)who->has_users,
			 "idle_left_seconds", (json_int_t)who->idle_left_seconds,
			 "life_left_seconds", (json_int_t)who->life_left_seconds, "idle_seconds",
			 (json_int_t)who->idle_seconds);
}

json_t *json_login(const struct ks_user *user, const struct ks_login *login)
{
	json_t *object = json_user(user);

	json_add(&object, "idle_seconds", json_integer(login->idle_seconds));
	json_add(&object, "life_seconds", json_integer(login->life_seconds));
	return object;
}
