/*
 * Users of the service in this process (fake_service.h): made by root, logged in by whoever.
 * Tokens are kept in the test's hands.
 */
#ifndef FAKE_USERS_H
#define FAKE_USERS_H

#include "fake_service.h"
#include "session.h"

#define FAKE_PASSWORD "correct horse"

struct login {
	uint8_t token[SESSION_TOKEN_SIZE];
	int status;
	char message[512];
};

static inline ProtobufCBinaryData fake_bytes(const char *text)
{
	return (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)text, .len = strlen(text)};
}

static inline void fake_token(ks_pb_request *request, const struct login *login)
{
	if (login)
		request->token = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)login->token,
						       .len = sizeof login->token};
}

/* @by NULL: without a token. */
static inline int fake_user_create(struct client *client, const struct login *by, const char *name,
				   const char *role, const char *password)
{
	Keystore__V1__UserCreateRequest create = KEYSTORE__V1__USER_CREATE_REQUEST__INIT;
	ks_pb_request request = REQUEST(USER_CREATE, user_create, &create);
	char *roles[] = {(char *)(uintptr_t)role};

	create.name = (char *)(uintptr_t)name;
	create.password = fake_bytes(password);
	create.roles = roles;
	create.n_roles = role != NULL;
	fake_token(&request, by);
	return client_try(client, &request);
}

static inline struct login fake_login_from(struct client *client, const char *name,
					   const char *password, const char *origin)
{
	Keystore__V1__LoginRequest body = KEYSTORE__V1__LOGIN_REQUEST__INIT;
	ks_pb_request request = REQUEST(LOGIN, login, &body);
	struct login login = {.status = -1};

	body.user = (char *)(uintptr_t)name;
	body.password = fake_bytes(password);
	body.origin = (char *)(uintptr_t)origin;
	ks_pb_reply *reply = client_ask(client, &request);

	if (!reply)
		return login;
	login.status = (int)reply->status;
	snprintf(login.message, sizeof login.message, "%s", reply->message);
	if (reply->body_case == KEYSTORE__V1__REPLY__BODY_LOGIN &&
	    reply->login->token.len == sizeof login.token)
		memcpy(login.token, reply->login->token.data, sizeof login.token);
	codec_reply_free(reply);
	return login;
}

static inline struct login fake_login(struct client *client, const char *name, const char *password)
{
	return fake_login_from(client, name, password, "");
}

static inline int fake_logout(struct client *client, const struct login *login)
{
	Keystore__V1__LogoutRequest body = KEYSTORE__V1__LOGOUT_REQUEST__INIT;
	ks_pb_request request = REQUEST(LOGOUT, logout, &body);

	fake_token(&request, login);
	return client_try(client, &request);
}

#endif
