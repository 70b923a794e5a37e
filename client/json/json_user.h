/* Users, roles and logins as keystorectl(1) documents them. */
#ifndef JSON_USER_H
#define JSON_USER_H

#include <jansson.h>

#include "keystore.h"
#include "keystore_users.h"

/* New references. NULL: no memory. */
json_t *json_user(const struct ks_user *user);
json_t *json_role(const struct ks_role *role);
json_t *json_session(const struct ks_session *session);
json_t *json_whoami(const struct ks_whoami *who);
/* The user, and how long the login lasts: not its token. */
json_t *json_login(const struct ks_user *user, const struct ks_login *login);
/* ["view", "manage-keys"] */
json_t *json_rights(unsigned rights);

/* The same names, static; how many, at most KS_RIGHT_BITS. */
size_t right_names(unsigned rights, const char *ret_names[KS_RIGHT_BITS]);

#endif
