#include "block_roles.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "data_block.h"

struct waiter {
	STAILQ_ENTRY(waiter) entry;
	block_roles_fn *done;
	void *user;
};

STAILQ_HEAD(waiters, waiter);

struct block_roles {
	struct ouc_client *client;
	struct waiters waiters; /* for one answer, while there are any */
};

struct block_roles *block_roles_new(struct ouc_client *client)
{
	struct block_roles *roles = calloc(1, sizeof(*roles));

	if (!roles)
		return NULL;
	roles->client = client;
	STAILQ_INIT(&roles->waiters);
	return roles;
}

static struct waiter *take_first(struct waiters *waiters)
{
	struct waiter *waiter = STAILQ_FIRST(waiters);

	if (waiter)
		STAILQ_REMOVE_HEAD(waiters, entry);
	return waiter;
}

void block_roles_free(struct block_roles *roles)
{
	struct waiter *waiter;

	if (!roles)
		return;
	while ((waiter = take_first(&roles->waiters)))
		free(waiter);
	free(roles);
}

static void answered(const struct ouc_reply *reply, void *user)
{
	struct block_roles *roles = user;
	struct waiters waiters = STAILQ_HEAD_INITIALIZER(waiters);
	const json_t *blocks = json_object_get(reply->line, "blocks");
	struct waiter *waiter;

	/* Who asks from now on is for the next. */
	STAILQ_CONCAT(&waiters, &roles->waiters);
	while ((waiter = take_first(&waiters))) {
		waiter->done(json_is_object(blocks) ? blocks : NULL, waiter->user);
		free(waiter);
	}
}

bool block_roles_ask(struct block_roles *roles, block_roles_fn *done, void *user)
{
	bool is_asked = !STAILQ_EMPTY(&roles->waiters);
	struct waiter *waiter = malloc(sizeof(*waiter));

	if (!waiter)
		return false;
	if (!is_asked && !ouc_client_ask(roles->client, json_pack("{s:s}", "command", "blocks"),
					 answered, roles)) {
		free(waiter);
		return false;
	}
	*waiter = (struct waiter){.done = done, .user = user};
	STAILQ_INSERT_TAIL(&roles->waiters, waiter, entry);
	return true;
}

static json_t *role_of(const json_t *roles, const char *block, const char *role)
{
	const char *name = json_string_value(json_object_get(json_object_get(roles, block), role));

	return name && data_name_is_valid(name) ? json_string(name) : json_null();
}

json_t *block_roles_receiver(const json_t *roles, const char *block)
{
	return role_of(roles, block, "received_by");
}

json_t *block_roles_sender(const json_t *roles, const char *block)
{
	return role_of(roles, block, "sent_by");
}
