/*
 * Requests about users, roles and logins. Hides how passwords are checked without keeping the
 * loop waiting, and that somebody is always left who can manage users.
 */
#ifndef SERVICE_USER_H
#define SERVICE_USER_H

#include <stdbool.h>

#include "keyring.h"
#include "password.h"
#include "store_user.h"
#include "worker.h"

struct request;
struct service;

#define SERVICE_USER_PAGE 100 /* users of a list, within a frame */

void service_login(struct request *request, const void *body, const struct keyring_key *key);
void service_login_certificate(struct request *request, const void *body,
			       const struct keyring_key *key);
void service_logout(struct request *request, const void *body, const struct keyring_key *key);
void service_whoami(struct request *request, const void *body, const struct keyring_key *key);
void service_password_change(struct request *request, const void *body,
			     const struct keyring_key *key);
void service_user_verify(struct request *request, const void *body, const struct keyring_key *key);
void service_session_list(struct request *request, const void *body, const struct keyring_key *key);
void service_session_end(struct request *request, const void *body, const struct keyring_key *key);

void service_user_create(struct request *request, const void *body, const struct keyring_key *key);
void service_user_list(struct request *request, const void *body, const struct keyring_key *key);
void service_user_set(struct request *request, const void *body, const struct keyring_key *key);
void service_user_delete(struct request *request, const void *body, const struct keyring_key *key);
void service_user_recover(struct request *request, const void *body, const struct keyring_key *key);

void service_role_list(struct request *request, const void *body, const struct keyring_key *key);
void service_role_set(struct request *request, const void *body, const struct keyring_key *key);
void service_role_delete(struct request *request, const void *body, const struct keyring_key *key);

/* Whether there are users, and who is logged in with what rights: as stored now. */
bool service_users_refresh(struct service *service);

/* Passwords on the worker's thread; wiped when done. */
struct password_work {
	struct worker_job job;
	struct request *request;
	void (*then)(struct request *request, struct password_work *work);
	bool verifies; /* @given against @kept, "" for nobody's */
	struct password given;
	char kept[PASSWORD_HASH_MAX];
	bool is_right;
	bool hashes; /* @fresh, once what is verified is right */
	struct password fresh;
	char hash[PASSWORD_HASH_MAX];
	bool is_hashed;
};

/* NULL: answered. */
struct password_work *service_password_work(struct request *request,
					    void (*then)(struct request *request,
							 struct password_work *work));
/* Takes @work, also when it returns false: answered. */
bool service_password_run(struct request *request, struct password_work *work);
/* Puts a new password for user @name into @work. False: it breaks a rule; answered. */
bool service_password_take(struct request *request, struct password_work *work, const char *name,
			   const uint8_t *bytes, size_t len);

/*
 * Ends a change of users or roles with its audit record, and brings the service up to date.
 * False: it failed, or nobody would be left who can manage users; rolled back and answered.
 */
bool service_users_commit(struct request *request, enum store_status so_far, const char *detail);

/* Answers with the user as stored. */
void service_user_reply(struct request *request, uint64_t id);
/* What a store failure about users is answered with. */
void service_user_fail(struct request *request, const char *name, enum store_status status);

/* Whether the caller may give and take @rights himself. False: answered. */
bool service_user_may_give(struct request *request, const char *what, unsigned rights);

#endif
