#include "usertext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_user.h"
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

char *rights_text(unsigned rights)
{
	const char *names[KS_RIGHT_BITS];

	return join(names, right_names(rights, names));
}

char *names_text(const char *const *names, size_t count)
{
	return join(names, count);
}

enum exit_code user_print(const struct ctl *ctl, const struct ks_user *user)
{
	char created[TIME_BYTES];
	char set[TIME_BYTES];
	char login[TIME_BYTES] = "never";
	char *roles;
	char *rights;

	if (ctl->json)
		return ctl_print_json(ctl, json_user(user));
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
