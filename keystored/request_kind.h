/*
 * What each request is: one table, by the number of its body in the protocol. Hides the handlers
 * from what every request goes through.
 */
#ifndef REQUEST_KIND_H
#define REQUEST_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"

struct keyring_key;
struct request;

#define REQUEST_NOWHERE SIZE_MAX

typedef void request_handler(struct request *request, const void *body,
			     const struct keyring_key *key);

enum audit_kind { AUDIT_NONE, AUDIT_ENTRY };
enum vanish_kind { VANISH_CANCELS, VANISH_CONTINUES };

struct request_kind {
	const char *name;
	request_handler *handle;
	enum right right;
	size_t key_at;	/* offset of a KeyRef in the body; REQUEST_NOWHERE: it is about no key */
	size_t name_at; /* offset of a new key's name; REQUEST_NOWHERE: it makes none */
	enum audit_kind audit;
	enum vanish_kind vanish;
	bool is_creation; /* slow, so with a deadline of its own */
	bool is_staged;	  /* may be part of a transaction: it ends in request_change() */
	enum policy_scope scope;
};

/* Never NULL: of a number that nothing has, one without a handler. */
const struct request_kind *request_kind_of(size_t number);
/* Numbers are below that. */
size_t request_kind_count(void);

#endif
