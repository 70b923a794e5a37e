#include "account.h"

#include <grp.h>
#include <pwd.h>
#include <stddef.h>

#define DATABASE_BYTES 4096

static bool user_find(const char *text, uint32_t *ret_id)
{
	char buf[DATABASE_BYTES];
	struct passwd *found = NULL;
	struct passwd user;

	if (parse_number(text, ret_id))
		return true;
	if (getpwnam_r(text, &user, buf, sizeof(buf), &found) != 0 || !found)
		return false;
	*ret_id = user.pw_uid;
	return true;
}

static bool group_find(const char *text, uint32_t *ret_id)
{
	char buf[DATABASE_BYTES];
	struct group *found = NULL;
	struct group group;

	if (parse_number(text, ret_id))
		return true;
	if (getgrnam_r(text, &group, buf, sizeof(buf), &found) != 0 || !found)
		return false;
	*ret_id = group.gr_gid;
	return true;
}

bool account_id(const struct ctl *ctl, const char *text, bool is_group, uint32_t *ret_id)
{
	if (is_group ? group_find(text, ret_id) : user_find(text, ret_id))
		return true;
	(void)ctl_fail(ctl, EXIT_USAGE, "%s %s: there is no such %s",
		       option_name(is_group ? OPTION_GID : OPTION_UID), text,
		       is_group ? "group" : "user");
	return false;
}
