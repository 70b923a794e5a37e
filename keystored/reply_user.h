/* Protobuf messages of users, roles and rights. Hides their memory. */
#ifndef REPLY_USER_H
#define REPLY_USER_H

#include <keystore.pb-c.h>
#include <stdbool.h>

#include "policy.h"
#include "store_user.h"

struct reply_rights {
	Keystore__V1__Right list[RIGHT_GIVEN_END];
	size_t count;
};

/* RIGHT_BIT()s as a list. */
struct reply_rights reply_rights(unsigned rights);

/* False: one that roles cannot give. */
bool reply_rights_parse(const Keystore__V1__Right *list, size_t count, unsigned *ret_rights);

struct reply_user {
	Keystore__V1__UserInfo info;
	struct reply_rights rights;
	char *roles[STORE_USER_ROLES_MAX];
};

/* Borrows from @user, and points into itself. */
void reply_user_build(struct reply_user *reply, const struct store_user *user);

struct reply_role {
	Keystore__V1__RoleInfo info;
	struct reply_rights rights;
};

/* The same. */
void reply_role_build(struct reply_role *reply, const struct store_role *role);

#endif
