/*
 * Calls to keystored whose answers come later, perhaps when those who asked are gone. Hides how the
 * answer is kept from them then.
 */
#ifndef OPCUA_SPACE_CALL_H
#define OPCUA_SPACE_CALL_H

#include <stdlib.h>
#include <sys/queue.h>

#include "keystore.h"

struct space_call {
	LIST_ENTRY(space_call) entry;
	void *owner; /* NULL: gone */
	uint64_t id; /* what it is about */
};

LIST_HEAD(space_calls, space_call);

/* For a _start call. NULL: no memory. */
static inline struct space_call *space_call_new(struct space_calls *calls, void *owner, uint64_t id)
{
	struct space_call *call = malloc(sizeof(*call));

	if (!call)
		return NULL;
	*call = (struct space_call){.owner = owner, .id = id};
	LIST_INSERT_HEAD(calls, call, entry);
	return call;
}

/* It is answered, or was not started: its owner, or NULL. */
static inline void *space_call_end(struct space_call *call)
{
	void *owner = call->owner;

	if (owner)
		LIST_REMOVE(call, entry);
	free(call);
	return owner;
}

/* Who asked goes. */
static inline void space_calls_orphan(struct space_calls *calls)
{
	struct space_call *call;

	while ((call = LIST_FIRST(calls))) {
		LIST_REMOVE(call, entry);
		call->owner = NULL;
	}
}

#endif
