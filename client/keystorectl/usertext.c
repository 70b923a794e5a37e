#include "usertext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

static char *join(const char *const *names, size_t count)
{
	size_t size = sizeof("none");
	char *text;
	size_t len = 0;

	for (size_t i = 0; i < count; i++)
		size += strlen(names[i]) + 2;
	text = malloc(size);
	if (!text)
		return NULL;
	strcpy(text, "none");
	for (size_t i = 0; i < count; i++)
		len += (size_t)sprintf(text + len, "%s%s", i ? ", " : "", names[i]);
	return text;
}

static size_t right_names(unsigned rights, const char *names[KS_RIGHT_BITS])
{
	size_t count = 0;

	for (unsigned i = 1; i < KS_RIGHT_BITS; i++)
		if (rights & 1u << i)
			names[count++] = ks_right_name((enum ks_right)(1u << i));
	return count;
}

char *rights_text(unsigned rights)
{
	const char *names[KS_RIGHT_BITS];

	return join(names, right_names(rights, names));
}

json_t *rights_json(unsigned rights)
{
	const char *names[KS_RIGHT_BITS];

	return names_json(names, right_names(rights, names));
}

char *names_text(const char *const *names, size_t count)
{
	return join(names, count);
}

json_t *names_json(const char *const *names, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_text(names[i]));
	return list;
}

static json_t *moment_json(int64_t seconds)
{
	char time[TIME_BYTES];

	time_text(seconds, time);
	return seconds ? json_string(time) : json_null();
}

json_t *user_json(const struct ks_user *user)
{
	return json_pack(
		"{s:I, s:o, s:o, s:o, s:b, s:b, s:o, s:I, s:o, s:o}", "id", (json_int_t)user->id,
		"name", json_text(user->name), "roles", names_json(user->roles, user->role_count),
		"rights", rights_json(user->rights), "disabled", (int)user->disabled, "must_change",
		(int)user->must_change, "created", moment_json(user->created), "created_by",
		(json_int_t)user->created_by, "password_set", moment_json(user->password_set),
		"last_login", moment_json(user->last_login));
}

enum exit_code user_print(const struct ctl *ctl, const struct ks_user *user)
{
	char created[TIME_BYTES];
	char set[TIME_BYTES];
	char login[TIME_BYTES] = "never";
	char *roles;
	char *rights;

	if (ctl->json)
		return ctl_print_json(ctl, user_json(user));
	roles = names_text(user->roles, user->role_count);
	rights = rights_text(user->rights);
	time_text(user->created, created);
	time_text(user->password_set, set);
	if (user->last_login)
		time_text(user->last_login, login);
	fact_print(stdout, "user", "%s%s", user->name, user->disabled ? " (disabled)" : "");
	fact_print(stdout, "roles", "%s", roles ? roles : "");
	fact_print(stdout, "rights", "%s", rights ? rights : "");
	fact_print(stdout, "created", "%s by uid %u", created, user->created_by);
	fact_print(stdout, "password", "set %s%s", set,
		   user->must_change ? ", to be changed at the next login" : "");
	fact_print(stdout, "last login", "%s", login);
	free(roles);
	free(rights);
	return EXIT_OK;
}
