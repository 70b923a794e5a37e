/*
 * What all ways to log in have in common: how often somebody may try, and what follows when it is
 * proved who it is. Hides sessions and their tokens.
 */
#ifndef SERVICE_LOGIN_H
#define SERVICE_LOGIN_H

#include "names.h"
#include "store_user.h"

struct request;

#define SERVICE_LOGIN_ORIGIN_MAX 64

/* Somebody whose proof is being looked at. */
struct login_attempt {
	char user[NAMES_KEY_MAX + 1];
	char origin[SERVICE_LOGIN_ORIGIN_MAX + 1];
	uint64_t id; /* 0: there is no such user */
	bool is_lasting;
};

bool service_login_origin_is_good(const char *origin);

/* It counts as a failure until throttle_right(). False: too soon; answered. */
bool service_login_may_try(struct request *request, const struct login_attempt *attempt);

/* Whether the caller is an OPC UA server's user. False: DENIED, as @what is for these alone. */
bool service_login_serves_opcua(struct request *request, const char *what);

/* Whether @user may log in with the password that he has. False: answered. */
bool service_login_is_current(struct request *request, const struct store_user *user);

/* Logs @user in, with an audit record, and answers. */
void service_login_begin(struct request *request, const struct store_user *user, bool is_lasting,
			 const char *detail);

#endif
