/* Users, roles and logins of a reply, as the public structs. Hides their memory. */
#ifndef CLIENT_RESULT_USER_H
#define CLIENT_RESULT_USER_H

#include <stdbool.h>

#include "codec.h"
#include "keystore.h"

struct result_users {
	struct ks_user *users;
	struct ks_role *roles;
	struct ks_session *sessions;
	struct ks_login login;
	struct ks_whoami whoami;
};

/* Into @result, pointing into @reply and @users. False: it hasn't the shape. */
bool result_users_read(struct result_users *users, const ks_pb_reply *reply,
		       struct ks_result *result);
void result_users_wipe(struct result_users *users);

#endif
