/* Who is logged in. */
#include "client.h"
#include "request.h"

#define BLOCKING (&(struct reply_to){.ret_result = ret_result})
#define STARTED	 (&(struct reply_to){.done = done, .user = user})

#define CHAIN_MAX 64

static enum ks_status log_in(struct ks_client *client, const struct ks_login_order *order,
			     const struct reply_to *to)
{
	Keystore__V1__LoginRequest body = KEYSTORE__V1__LOGIN_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.user = request_text(order->user);
	body.password = request_bytes(order->password, order->password_len);
	body.origin = request_text(order->origin);
	body.lasting = order->lasting;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_LOGIN;
	request.login = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_login(struct ks_client *client, const char *name, const uint8_t *password,
			size_t password_len, const char *origin, struct ks_result **ret_result)
{
	struct ks_login_order order = {
		.user = name, .password = password, .password_len = password_len, .origin = origin};

	return log_in(client, &order, BLOCKING);
}

enum ks_status ks_login_start(struct ks_client *client, const char *name, const uint8_t *password,
			      size_t password_len, const char *origin, ks_done_fn *done, void *user)
{
	struct ks_login_order order = {
		.user = name, .password = password, .password_len = password_len, .origin = origin};

	return log_in(client, &order, STARTED);
}

static enum ks_status log_in_by_certificate(struct ks_client *client,
					    const struct ks_login_order *order,
					    const struct reply_to *to)
{
	Keystore__V1__LoginCertificateRequest body = KEYSTORE__V1__LOGIN_CERTIFICATE_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	ProtobufCBinaryData chain[CHAIN_MAX];

	if (order->chain_count > CHAIN_MAX)
		return client_refuse(to, KS_LIMIT, "a chain has at most 64 certificates");
	for (size_t i = 0; i < order->chain_count; i++)
		chain[i] = request_bytes(order->chain[i], order->chain_lens[i]);
	body.group = request_text(order->group);
	body.certificate = request_bytes(order->certificate, order->certificate_len);
	body.n_chain = order->chain_count;
	body.chain = chain;
	body.data = request_bytes(order->data, order->data_len);
	body.signature = request_bytes(order->signature, order->signature_len);
	body.hash = (Keystore__V1__Hash)order->hash;
	body.padding = (Keystore__V1__Padding)order->padding;
	body.origin = request_text(order->origin);
	body.lasting = order->lasting;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_LOGIN_CERTIFICATE;
	request.login_certificate = &body;
	return client_submit(client, &request, to);
}

static enum ks_status log_in_as_ordered(struct ks_client *client,
					const struct ks_login_order *order,
					const struct reply_to *to)
{
	return order->certificate ? log_in_by_certificate(client, order, to)
				  : log_in(client, order, to);
}

enum ks_status ks_login_order(struct ks_client *client, const struct ks_login_order *order,
			      struct ks_result **ret_result)
{
	return log_in_as_ordered(client, order, BLOCKING);
}

enum ks_status ks_login_order_start(struct ks_client *client, const struct ks_login_order *order,
				    ks_done_fn *done, void *user)
{
	return log_in_as_ordered(client, order, STARTED);
}

static enum ks_status log_out(struct ks_client *client, const struct reply_to *to)
{
	Keystore__V1__LogoutRequest body = KEYSTORE__V1__LOGOUT_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	request.body_case = KEYSTORE__V1__REQUEST__BODY_LOGOUT;
	request.logout = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_logout(struct ks_client *client, struct ks_result **ret_result)
{
	return log_out(client, BLOCKING);
}

enum ks_status ks_logout_start(struct ks_client *client, ks_done_fn *done, void *user)
{
	return log_out(client, STARTED);
}

static enum ks_status whoami(struct ks_client *client, const struct reply_to *to)
{
	Keystore__V1__WhoamiRequest body = KEYSTORE__V1__WHOAMI_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	request.body_case = KEYSTORE__V1__REQUEST__BODY_WHOAMI;
	request.whoami = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_whoami(struct ks_client *client, struct ks_result **ret_result)
{
	return whoami(client, BLOCKING);
}

enum ks_status ks_whoami_start(struct ks_client *client, ks_done_fn *done, void *user)
{
	return whoami(client, STARTED);
}

static enum ks_status password_change(struct ks_client *client,
				      const struct ks_password_change *change,
				      const struct reply_to *to)
{
	Keystore__V1__PasswordChangeRequest body = KEYSTORE__V1__PASSWORD_CHANGE_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.user = request_text(change->user);
	body.old_password = request_bytes(change->old_password, change->old_password_len);
	body.new_password = request_bytes(change->new_password, change->new_password_len);
	body.origin = request_text(change->origin);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_PASSWORD_CHANGE;
	request.password_change = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_password_change(struct ks_client *client, const struct ks_password_change *change,
				  struct ks_result **ret_result)
{
	return password_change(client, change, BLOCKING);
}

enum ks_status ks_password_change_start(struct ks_client *client,
					const struct ks_password_change *change, ks_done_fn *done,
					void *user)
{
	return password_change(client, change, STARTED);
}

static enum ks_status user_verify(struct ks_client *client, const char *name,
				  const uint8_t *password, size_t password_len, const char *origin,
				  const struct reply_to *to)
{
	Keystore__V1__UserVerifyRequest body = KEYSTORE__V1__USER_VERIFY_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.user = request_text(name);
	body.password = request_bytes(password, password_len);
	body.origin = request_text(origin);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_USER_VERIFY;
	request.user_verify = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_user_verify(struct ks_client *client, const char *name, const uint8_t *password,
			      size_t password_len, const char *origin,
			      struct ks_result **ret_result)
{
	return user_verify(client, name, password, password_len, origin, BLOCKING);
}

enum ks_status ks_user_verify_start(struct ks_client *client, const char *name,
				    const uint8_t *password, size_t password_len,
				    const char *origin, ks_done_fn *done, void *user)
{
	return user_verify(client, name, password, password_len, origin, STARTED);
}

static enum ks_status session_list(struct ks_client *client, const struct reply_to *to)
{
	Keystore__V1__SessionListRequest body = KEYSTORE__V1__SESSION_LIST_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	request.body_case = KEYSTORE__V1__REQUEST__BODY_SESSION_LIST;
	request.session_list = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_session_list(struct ks_client *client, struct ks_result **ret_result)
{
	return session_list(client, BLOCKING);
}

enum ks_status ks_session_list_start(struct ks_client *client, ks_done_fn *done, void *user)
{
	return session_list(client, STARTED);
}

static enum ks_status session_end(struct ks_client *client, uint64_t id, const struct reply_to *to)
{
	Keystore__V1__SessionEndRequest body = KEYSTORE__V1__SESSION_END_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.id = id;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_SESSION_END;
	request.session_end = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_session_end(struct ks_client *client, uint64_t id, struct ks_result **ret_result)
{
	return session_end(client, id, BLOCKING);
}

enum ks_status ks_session_end_start(struct ks_client *client, uint64_t id, ks_done_fn *done,
				    void *user)
{
	return session_end(client, id, STARTED);
}
