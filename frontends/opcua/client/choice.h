/*
 * Which of a server's endpoints to take, and in which way a user logs in there. Pure, and without
 * open62541. Hides what is safer than what.
 */
#ifndef CLIENT_CHOICE_H
#define CLIENT_CHOICE_H

#include "opn.h"
#include "policy_kind.h"

enum choice_token { CHOICE_ANONYMOUS, CHOICE_USER_NAME, CHOICE_CERTIFICATE, CHOICE_ISSUED };

#define CHOICE_TOKENS_MAX 32

struct choice_token_policy {
	enum choice_token token;
	const struct policy_kind *kind; /* NULL: nobody knows it */
};

struct choice_endpoint {
	const struct policy_kind *kind; /* NULL: nobody knows it */
	enum opn_mode mode;
	bool is_binary; /* opc.tcp */
	struct choice_token_policy tokens[CHOICE_TOKENS_MAX];
	size_t token_count;
};

/* What the user wants. */
struct choice_wish {
	const struct policy_kind *kind; /* NULL: the safest */
	enum opn_mode mode;		/* 0: the safest */
	enum choice_token token;
	unsigned kinds; /* that the own key can, bits 1 << enum policy_id */
};

enum choice_status {
	CHOICE_OK,
	CHOICE_NO_ENDPOINT,   /* none with that policy and mode */
	CHOICE_ONLY_NONE,     /* only without security, which has to be asked for */
	CHOICE_ONLY_OLD,      /* only with deprecated policies, which have to be asked for */
	CHOICE_NO_TOKEN,      /* nobody can log in so there */
	CHOICE_OPEN_PASSWORD, /* the password would be readable on the way */
};

/* Indices of the endpoint, and of the token policy in it. */
[[nodiscard]] enum choice_status choice_make(const struct choice_endpoint *endpoints, size_t count,
					     const struct choice_wish *wish, size_t *ret_endpoint,
					     size_t *ret_token);

/* "SignAndEncrypt" */
const char *choice_mode_name(enum opn_mode mode);
/* 0: no such. */
enum opn_mode choice_mode_from_name(const char *name);

#endif
