/* Users and roles. */
#include "client.h"
#include "request.h"

#define BLOCKING (&(struct reply_to){.ret_result = ret_result})
#define STARTED	 (&(struct reply_to){.done = done, .user = user})

/* Packing only reads, but protobuf-c's structs have no const. */
static char **list_of(const struct ks_user_change *change)
{
	return (char **)(uintptr_t)change->roles;
}

/* @list has room for KS_RIGHT_BITS. */
static size_t rights_list(unsigned rights, Keystore__V1__Right *list)
{
	size_t count = 0;

	for (unsigned right = 1; right < KS_RIGHT_BITS; right++) {
		if (rights & 1u << right)
			list[count++] = (Keystore__V1__Right)right;
	}
	return count;
}

static enum ks_status user_create(struct ks_client *client, const char *name,
				  const struct ks_user_change *change, const struct reply_to *to)
{
	Keystore__V1__UserCreateRequest body = KEYSTORE__V1__USER_CREATE_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.name = request_text(name);
	body.password = request_bytes(change->password, change->password_len);
	body.roles = list_of(change);
	body.n_roles = change->role_count;
	body.must_change = change->must_change;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_USER_CREATE;
	request.user_create = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_user_create(struct ks_client *client, const char *name,
			      const struct ks_user_change *change, struct ks_result **ret_result)
{
	return user_create(client, name, change, BLOCKING);
}

enum ks_status ks_user_create_start(struct ks_client *client, const char *name,
				    const struct ks_user_change *change, ks_done_fn *done,
				    void *user)
{
	return user_create(client, name, change, STARTED);
}

static enum ks_status user_list(struct ks_client *client, const char *after, uint32_t limit,
				const struct reply_to *to)
{
	Keystore__V1__UserListRequest body = KEYSTORE__V1__USER_LIST_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.after = request_text(after);
	body.limit = limit;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_USER_LIST;
	request.user_list = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_user_list(struct ks_client *client, const char *after, uint32_t limit,
			    struct ks_result **ret_result)
{
	return user_list(client, after, limit, BLOCKING);
}

enum ks_status ks_user_list_start(struct ks_client *client, const char *after, uint32_t limit,
				  ks_done_fn *done, void *user)
{
	return user_list(client, after, limit, STARTED);
}

static enum ks_status user_set(struct ks_client *client, const char *name,
			       const struct ks_user_change *change, const struct reply_to *to)
{
	Keystore__V1__UserSetRequest body = KEYSTORE__V1__USER_SET_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.name = request_text(name);
	body.set_roles = change->set_roles;
	body.roles = list_of(change);
	body.n_roles = change->set_roles ? change->role_count : 0;
	body.set_disabled = change->set_disabled;
	body.disabled = change->disabled;
	body.password = request_bytes(change->password, change->password_len);
	body.must_change = change->must_change;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_USER_SET;
	request.user_set = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_user_set(struct ks_client *client, const char *name,
			   const struct ks_user_change *change, struct ks_result **ret_result)
{
	return user_set(client, name, change, BLOCKING);
}

enum ks_status ks_user_set_start(struct ks_client *client, const char *name,
				 const struct ks_user_change *change, ks_done_fn *done, void *user)
{
	return user_set(client, name, change, STARTED);
}

static enum ks_status user_delete(struct ks_client *client, const char *name,
				  const struct reply_to *to)
{
	Keystore__V1__UserDeleteRequest body = KEYSTORE__V1__USER_DELETE_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.name = request_text(name);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_USER_DELETE;
	request.user_delete = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_user_delete(struct ks_client *client, const char *name,
			      struct ks_result **ret_result)
{
	return user_delete(client, name, BLOCKING);
}

enum ks_status ks_user_delete_start(struct ks_client *client, const char *name, ks_done_fn *done,
				    void *user)
{
	return user_delete(client, name, STARTED);
}

static enum ks_status user_recover(struct ks_client *client, const char *name,
				   const uint8_t *password, size_t password_len,
				   const struct reply_to *to)
{
	Keystore__V1__UserRecoverRequest body = KEYSTORE__V1__USER_RECOVER_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.name = request_text(name);
	body.password = request_bytes(password, password_len);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_USER_RECOVER;
	request.user_recover = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_user_recover(struct ks_client *client, const char *name, const uint8_t *password,
			       size_t password_len, struct ks_result **ret_result)
{
	return user_recover(client, name, password, password_len, BLOCKING);
}

enum ks_status ks_user_recover_start(struct ks_client *client, const char *name,
				     const uint8_t *password, size_t password_len, ks_done_fn *done,
				     void *user)
{
	return user_recover(client, name, password, password_len, STARTED);
}

static enum ks_status role_list(struct ks_client *client, const struct reply_to *to)
{
	Keystore__V1__RoleListRequest body = KEYSTORE__V1__ROLE_LIST_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	request.body_case = KEYSTORE__V1__REQUEST__BODY_ROLE_LIST;
	request.role_list = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_role_list(struct ks_client *client, struct ks_result **ret_result)
{
	return role_list(client, BLOCKING);
}

enum ks_status ks_role_list_start(struct ks_client *client, ks_done_fn *done, void *user)
{
	return role_list(client, STARTED);
}

static enum ks_status role_set(struct ks_client *client, const char *name, unsigned rights,
			       const struct reply_to *to)
{
	Keystore__V1__RoleSetRequest body = KEYSTORE__V1__ROLE_SET_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	Keystore__V1__Right list[KS_RIGHT_BITS];

	body.name = request_text(name);
	body.rights = list;
	body.n_rights = rights_list(rights, list);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_ROLE_SET;
	request.role_set = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_role_set(struct ks_client *client, const char *name, unsigned rights,
			   struct ks_result **ret_result)
{
	return role_set(client, name, rights, BLOCKING);
}

enum ks_status ks_role_set_start(struct ks_client *client, const char *name, unsigned rights,
				 ks_done_fn *done, void *user)
{
	return role_set(client, name, rights, STARTED);
}

static enum ks_status role_delete(struct ks_client *client, const char *name,
				  const struct reply_to *to)
{
	Keystore__V1__RoleDeleteRequest body = KEYSTORE__V1__ROLE_DELETE_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.name = request_text(name);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_ROLE_DELETE;
	request.role_delete = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_role_delete(struct ks_client *client, const char *name,
			      struct ks_result **ret_result)
{
	return role_delete(client, name, BLOCKING);
}

enum ks_status ks_role_delete_start(struct ks_client *client, const char *name, ks_done_fn *done,
				    void *user)
{
	return role_delete(client, name, STARTED);
}

static enum ks_status mode_show(struct ks_client *client, const struct reply_to *to)
{
	Keystore__V1__ModeShowRequest body = KEYSTORE__V1__MODE_SHOW_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	request.body_case = KEYSTORE__V1__REQUEST__BODY_MODE_SHOW;
	request.mode_show = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_mode_show(struct ks_client *client, struct ks_result **ret_result)
{
	return mode_show(client, BLOCKING);
}

enum ks_status ks_mode_show_start(struct ks_client *client, ks_done_fn *done, void *user)
{
	return mode_show(client, STARTED);
}

static enum ks_status mode_set(struct ks_client *client, enum ks_mode mode,
			       const struct reply_to *to)
{
	Keystore__V1__ModeSetRequest body = KEYSTORE__V1__MODE_SET_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.mode = (Keystore__V1__Mode)mode;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_MODE_SET;
	request.mode_set = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_mode_set(struct ks_client *client, enum ks_mode mode,
			   struct ks_result **ret_result)
{
	return mode_set(client, mode, BLOCKING);
}

enum ks_status ks_mode_set_start(struct ks_client *client, enum ks_mode mode, ks_done_fn *done,
				 void *user)
{
	return mode_set(client, mode, STARTED);
}
