/* Users, roles and the mode, as stored. Who may do what with that, policy.c says. */
#ifndef STORE_USER_H
#define STORE_USER_H

#include "store.h"

#define STORE_USER_ROLES_MAX 16
#define STORE_PASSWORD_MAX   128 /* of crypt(3), with its NUL */

struct store_user {
	uint64_t id; /* never reused */
	char name[NAMES_KEY_MAX + 1];
	char password[STORE_PASSWORD_MAX]; /* its hash; not in lists */
	bool is_disabled;
	bool must_change; /* the password, before anything else */
	int64_t created;  /* Unix time, seconds */
	uint32_t created_by;
	int64_t password_set;
	int64_t last_login; /* 0: never. Not written by store_user_add() and _set(). */
	char roles[STORE_USER_ROLES_MAX][NAMES_KEY_MAX + 1];
	size_t role_count;
	unsigned rights; /* of the roles together. Not written. */
};

struct store_role {
	char name[NAMES_KEY_MAX + 1];
	unsigned rights;
	bool is_predefined;
	uint64_t users; /* how many have it. Not written. */
};

/* Wipes the hash. */
void store_user_wipe(struct store_user *user);

/* In a transaction, as all that changes something here. EXISTS: the name. NOT_FOUND: a role. */
[[nodiscard]] enum store_status store_user_add(struct store *store, const struct store_user *user,
					       uint64_t *ret_id);
/* All but name, password, creation and logins. NOT_FOUND: the user, or a role. */
[[nodiscard]] enum store_status store_user_set(struct store *store, const struct store_user *user);
[[nodiscard]] enum store_status store_user_set_password(struct store *store, uint64_t id,
							const char *password, bool must_change,
							int64_t now);
[[nodiscard]] enum store_status store_user_logged_in(struct store *store, uint64_t id, int64_t now);
[[nodiscard]] enum store_status store_user_delete(struct store *store, uint64_t id);

/* @name NULL: by @id. */
[[nodiscard]] enum store_status store_user_get(struct store *store, const char *name, uint64_t id,
					       struct store_user *ret_user);
/* After @after in order of names, until @each returns false. */
[[nodiscard]] enum store_status
store_user_list(struct store *store, const char *after,
		bool (*each)(const struct store_user *user, void *context), void *context);
[[nodiscard]] enum store_status store_user_count(struct store *store, uint64_t *ret_count);
/* Of those that are not disabled, how many have a role that gives one of @rights. */
[[nodiscard]] enum store_status store_user_count_with(struct store *store, unsigned rights,
						      uint64_t *ret_count);

/* Adds it, or replaces its rights. */
[[nodiscard]] enum store_status store_role_set(struct store *store, const char *name,
					       unsigned rights);
/* EXISTS: users have it. */
[[nodiscard]] enum store_status store_role_delete(struct store *store, const char *name);
[[nodiscard]] enum store_status store_role_get(struct store *store, const char *name,
					       struct store_role *ret_role);
/* The predefined ones first, then in order of names. */
[[nodiscard]] enum store_status
store_role_list(struct store *store, bool (*each)(const struct store_role *role, void *context),
		void *context);
[[nodiscard]] enum store_status store_role_count(struct store *store, uint64_t *ret_count);

/* Of a new database: local; of one from before there were modes: whether it has a CA. */
[[nodiscard]] enum store_status store_mode_get(struct store *store, bool *ret_is_project);
[[nodiscard]] enum store_status store_mode_set(struct store *store, bool is_project);

#endif
