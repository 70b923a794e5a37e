#include "reply_user.h"

#include <stdint.h>

/* Packing only reads, but protobuf-c's structs have no const. */
static char *text(const char *borrowed)
{
	return (char *)(uintptr_t)borrowed;
}

struct reply_rights reply_rights(unsigned rights)
{
	struct reply_rights reply = {0};

	for (int right = RIGHT_VIEW; right < RIGHT_GIVEN_END; right++) {
		if (rights & RIGHT_BIT(right))
			reply.list[reply.count++] = (Keystore__V1__Right)right;
	}
	return reply;
}

bool reply_rights_parse(const Keystore__V1__Right *list, size_t count, unsigned *ret_rights)
{
	unsigned rights = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned right = (unsigned)list[i];

		if (right < RIGHT_VIEW || right >= RIGHT_GIVEN_END)
			return false;
		rights |= RIGHT_BIT(right);
	}
	*ret_rights = rights;
	return true;
}

void reply_user_build(struct reply_user *reply, const struct store_user *user)
{
	Keystore__V1__UserInfo *info = &reply->info;

	reply->rights = reply_rights(user->rights);
	keystore__v1__user_info__init(info);
	info->id = user->id;
	info->name = text(user->name);
	for (size_t i = 0; i < user->role_count; i++)
		reply->roles[i] = text(user->roles[i]);
	info->roles = reply->roles;
	info->n_roles = user->role_count;
	info->rights = reply->rights.list;
	info->n_rights = reply->rights.count;
	info->disabled = user->is_disabled;
	info->must_change = user->must_change;
	info->created = user->created;
	info->created_by = user->created_by;
	info->password_set = user->password_set;
	info->last_login = user->last_login;
}

void reply_role_build(struct reply_role *reply, const struct store_role *role)
{
	Keystore__V1__RoleInfo *info = &reply->info;

	reply->rights = reply_rights(role->rights);
	keystore__v1__role_info__init(info);
	info->name = text(role->name);
	info->rights = reply->rights.list;
	info->n_rights = reply->rights.count;
	info->predefined = role->is_predefined;
	info->users = role->users;
}
