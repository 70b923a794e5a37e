/* Users, roles and logins of libkeystore. A part of keystore.h, which includes it. */
#ifndef KEYSTORE_USERS_H
#define KEYSTORE_USERS_H

#include "keystore.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* Bits: what roles give. The service itself asks for those up to KS_RIGHT_READ_AUDIT. */
enum ks_right {
	KS_RIGHT_VIEW = 1 << 1, /* keys, certificates, trust, services: what there is */
	KS_RIGHT_MANAGE_KEYS = 1 << 2,
	KS_RIGHT_MANAGE_CERTS = 1 << 3,
	KS_RIGHT_MANAGE_TRUST = 1 << 4,
	KS_RIGHT_MANAGE_SERVICES = 1 << 5,
	KS_RIGHT_MANAGE_USERS = 1 << 6,
	KS_RIGHT_READ_AUDIT = 1 << 7,
	KS_RIGHT_OPCUA_ACCESS = 1 << 8,
	KS_RIGHT_READ_DIAGNOSTICS = 1 << 9,
	KS_RIGHT_READ_PROCESS_DATA = 1 << 10,
	KS_RIGHT_WRITE_PROCESS_DATA = 1 << 11,
	KS_RIGHT_USER_PAGES = 1 << 12,
};
#define KS_RIGHT_BITS 13

struct ks_user {
	uint64_t id; /* never reused */
	const char *name;
	const char *const *roles;
	size_t role_count;
	unsigned rights; /* of all of them */
	bool disabled;
	bool must_change; /* the password, before anything else */
	int64_t created;  /* Unix time, seconds */
	uint32_t created_by;
	int64_t password_set;
	int64_t last_login; /* 0: never */
};

struct ks_role {
	const char *name;
	unsigned rights;
	bool predefined;
	uint64_t users;
};

struct ks_session {
	uint64_t id;
	const char *user;
	uint32_t uid;
	int64_t since; /* Unix time, seconds */
	uint32_t idle_seconds;
};

struct ks_login {
	const uint8_t *token;
	size_t token_len;
	uint32_t idle_seconds; /* without a request the login ends */
	uint32_t life_seconds; /* after that it ends in any case; 0: a lasting one */
};

struct ks_whoami {
	uint32_t uid;
	const char *user; /* "": nobody is logged in */
	const char *const *roles;
	size_t role_count;
	unsigned rights;
	bool has_users; /* managing takes a login */
	/* of the login: when it ends if it is not used, and in any case (0: a lasting one) */
	uint32_t idle_left_seconds;
	uint32_t life_left_seconds;
	uint32_t idle_seconds; /* after its last use it ends */
};

/* A name of a command line: "manage-keys"; NULL and 0 where there is none. */
const char *ks_right_name(enum ks_right right);
unsigned ks_right_from_name(const char *name);

/* For all requests from now on; NULL: none. Copied, and wiped by ks_close(). */
void ks_set_token(struct ks_client *client, const uint8_t *token, size_t len);

struct ks_password_change {
	const char *user;
	const uint8_t *old_password;
	size_t old_password_len;
	const uint8_t *new_password;
	size_t new_password_len;
	const char *origin; /* as of ks_login() */
};

struct ks_user_change {
	bool set_roles; /* or they stay; a new user has none, then */
	const char *const *roles;
	size_t role_count;
	bool set_disabled; /* or it stays */
	bool disabled;
	const uint8_t *password; /* NULL: it stays; not for a new user */
	size_t password_len;
	bool must_change; /* the password, at the next login */
};

/*
 * Checks a password, and brings a token for ks_set_token(): this uid's alone, and for as long as
 * the result's login says. @origin: where the user is, if not here, as an address; wrong passwords
 * from there slow down that origin alone. NULL: here.
 */
enum ks_status ks_login(struct ks_client *client, const char *name, const uint8_t *password,
			size_t password_len, const char *origin, struct ks_result **ret_result);
enum ks_status ks_login_start(struct ks_client *client, const char *name, const uint8_t *password,
			      size_t password_len, const char *origin, ks_done_fn *done,
			      void *user);

/* Somebody who is to be logged in. What is not there is NULL, and 0. */
struct ks_login_order {
	bool lasting;	    /* it ends by not being used alone */
	const char *origin; /* as of ks_login() */
	/* by a password: */
	const char *user;
	const uint8_t *password;
	size_t password_len;
	/* by a certificate, whose common name is the user's name: */
	const char *group;	    /* that has to trust it: the service's own, or "opcua-user" */
	const uint8_t *certificate; /* DER; NULL: by a password */
	size_t certificate_len;
	const uint8_t *const *chain; /* what came along, in any order */
	const size_t *chain_lens;
	size_t chain_count;  /* up to 64 */
	const uint8_t *data; /* that the user signed, up to 8192 bytes: with a nonce of one's own */
	size_t data_len;
	const uint8_t *signature; /* as of ks_sign() */
	size_t signature_len;
	enum ks_hash hash;
	enum ks_padding padding;
};

/*
 * What ks_login() does, for OPC UA servers, whose sessions last for weeks: a lasting login, and one
 * by certificate, take a caller that is the user of a service of the kind opcua-server, and are
 * KS_DENIED to all others. By certificate: KS_DENIED also where the group refuses it, which goes to
 * the rejected list, or no user who may log in has its name; KS_INVALID where the signature is not
 * its key's.
 */
enum ks_status ks_login_order(struct ks_client *client, const struct ks_login_order *order,
			      struct ks_result **ret_result);
enum ks_status ks_login_order_start(struct ks_client *client, const struct ks_login_order *order,
				    ks_done_fn *done, void *user);

/* Ends the login of the token. */
enum ks_status ks_logout(struct ks_client *client, struct ks_result **ret_result);
enum ks_status ks_logout_start(struct ks_client *client, ks_done_fn *done, void *user);

/* What this client may do, by its token or without one. */
enum ks_status ks_whoami(struct ks_client *client, struct ks_result **ret_result);
enum ks_status ks_whoami_start(struct ks_client *client, ks_done_fn *done, void *user);

/* Ends the user's other logins. */
enum ks_status ks_password_change(struct ks_client *client, const struct ks_password_change *change,
				  struct ks_result **ret_result);
enum ks_status ks_password_change_start(struct ks_client *client,
					const struct ks_password_change *change, ks_done_fn *done,
					void *user);

/* The same check without a login; brings the user, with its rights. */
enum ks_status ks_user_verify(struct ks_client *client, const char *name, const uint8_t *password,
			      size_t password_len, const char *origin,
			      struct ks_result **ret_result);
enum ks_status ks_user_verify_start(struct ks_client *client, const char *name,
				    const uint8_t *password, size_t password_len,
				    const char *origin, ks_done_fn *done, void *user);

/* With a password and roles; the first user has to be an administrator. */
enum ks_status ks_user_create(struct ks_client *client, const char *name,
			      const struct ks_user_change *change, struct ks_result **ret_result);
enum ks_status ks_user_create_start(struct ks_client *client, const char *name,
				    const struct ks_user_change *change, ks_done_fn *done,
				    void *user);

/* A page of users in order of names, after the name @after (NULL: from the start). */
enum ks_status ks_user_list(struct ks_client *client, const char *after, uint32_t limit,
			    struct ks_result **ret_result);
enum ks_status ks_user_list_start(struct ks_client *client, const char *after, uint32_t limit,
				  ks_done_fn *done, void *user);

/* Changes what @change says. */
enum ks_status ks_user_set(struct ks_client *client, const char *name,
			   const struct ks_user_change *change, struct ks_result **ret_result);
enum ks_status ks_user_set_start(struct ks_client *client, const char *name,
				 const struct ks_user_change *change, ks_done_fn *done, void *user);

enum ks_status ks_user_delete(struct ks_client *client, const char *name,
			      struct ks_result **ret_result);
enum ks_status ks_user_delete_start(struct ks_client *client, const char *name, ks_done_fn *done,
				    void *user);

/*
 * For root and the service's own user: a new password for an administrator, or, where none can log
 * in, a new administrator.
 */
enum ks_status ks_user_recover(struct ks_client *client, const char *name, const uint8_t *password,
			       size_t password_len, struct ks_result **ret_result);
enum ks_status ks_user_recover_start(struct ks_client *client, const char *name,
				     const uint8_t *password, size_t password_len, ks_done_fn *done,
				     void *user);

enum ks_status ks_role_list(struct ks_client *client, struct ks_result **ret_result);
enum ks_status ks_role_list_start(struct ks_client *client, ks_done_fn *done, void *user);

/* Makes a role, or replaces its rights: enum ks_right bits. */
enum ks_status ks_role_set(struct ks_client *client, const char *name, unsigned rights,
			   struct ks_result **ret_result);
enum ks_status ks_role_set_start(struct ks_client *client, const char *name, unsigned rights,
				 ks_done_fn *done, void *user);

enum ks_status ks_role_delete(struct ks_client *client, const char *name,
			      struct ks_result **ret_result);
enum ks_status ks_role_delete_start(struct ks_client *client, const char *name, ks_done_fn *done,
				    void *user);

enum ks_status ks_session_list(struct ks_client *client, struct ks_result **ret_result);
enum ks_status ks_session_list_start(struct ks_client *client, ks_done_fn *done, void *user);

enum ks_status ks_session_end(struct ks_client *client, uint64_t id, struct ks_result **ret_result);
enum ks_status ks_session_end_start(struct ks_client *client, uint64_t id, ks_done_fn *done,
				    void *user);

/* Which mode the service is in; switching keeps everything. */
enum ks_status ks_mode_show(struct ks_client *client, struct ks_result **ret_result);
enum ks_status ks_mode_show_start(struct ks_client *client, ks_done_fn *done, void *user);

enum ks_status ks_mode_set(struct ks_client *client, enum ks_mode mode,
			   struct ks_result **ret_result);
enum ks_status ks_mode_set_start(struct ks_client *client, enum ks_mode mode, ks_done_fn *done,
				 void *user);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
