/*
 * What a request does to the store once everything for it is made: applied in one transaction
 * together with its audit record, or, with others, with those of all of them. Hides when.
 */
#ifndef CHANGE_H
#define CHANGE_H

#include <stdint.h>
#include <sys/queue.h>

#include <status.h>

#include "names.h"
#include "store.h"

struct request;
struct service;

#define CHANGE_TEXT_MAX 384 /* bytes of a sentence, with its NUL */

struct change;

struct change_kind {
	/*
	 * Before any of a transaction's changes is applied: whether what it is about is as it was
	 * when it was made. NULL: apply() finds out what matters.
	 */
	enum store_status (*check)(struct service *service, struct change *change);
	/*
	 * In a store transaction, and so without effect where that fails. What it relies on may
	 * have changed since it was made: it looks again.
	 */
	enum store_status (*apply)(struct service *service, struct change *change);
	/* It is committed: caches and events. NULL: nothing to do. */
	void (*applied)(struct service *service, struct change *change);
	/* It never will be: what was made in the TPM goes. NULL: nothing was. */
	void (*dropped)(struct service *service, struct change *change);
	/* Answers the request whose change was applied at once. NULL: without a body. */
	void (*reply)(struct request *request, struct change *change);
	void (*free)(struct change *change);
};

/* The first member of what a handler makes. */
struct change {
	const struct change_kind *kind;
	/* its audit record; who and what is request_change()'s, the rest of apply() too */
	uint32_t uid;
	int32_t pid;
	char user[NAMES_KEY_MAX + 1]; /* logged in; "": nobody */
	const char *operation;	      /* a literal */
	char object[NAMES_KEY_MAX + 1];
	char detail[192];
	size_t bytes; /* that it holds besides itself: transactions have a bound */
	/* why it could not be applied, where apply() knows better than the store's status */
	enum status status;
	char sentence[CHANGE_TEXT_MAX];
	TAILQ_ENTRY(change) entry;
};

TAILQ_HEAD(change_list, change);

/* Says why, for apply() to return: EXISTS, which rolls back. */
__attribute__((format(printf, 3, 4))) enum store_status
change_refuse(struct change *change, enum status status, const char *format, ...);

/*
 * All of the list or nothing, in its order. STORE_OK: applied, and told to everyone; the list
 * is as it was. Else *ret_failed is the one that could not be, or NULL where none was to blame.
 */
[[nodiscard]] enum store_status change_apply_all(struct service *service,
						 const struct change_list *list,
						 struct change **ret_failed);

/* Applied or not: dropped() has been called where it was due. NULL is fine. */
void change_free(struct change *change);

#endif
