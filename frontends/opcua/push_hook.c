#include "push_hook.h"

#include <stdlib.h>

#include <open62541/types_generated_handling.h>

#include "push.h"

/* UA_AsyncManager_init(): the first that a server registers. */
#define INTERVAL_MS 1000.0
#define KEY	    UA_QUALIFIEDNAME(1, (char *)(uintptr_t) "push-hook")

typedef UA_StatusCode add_fn(UA_EventLoop *loop, UA_Callback callback, void *application,
			     void *data, UA_Double interval_ms, UA_DateTime *base_time,
			     UA_TimerPolicy policy, UA_UInt64 *ret_id);

struct hook {
	add_fn *add; /* the loop's own */
	UA_Callback callback;
	void *application, *data;
	bool owns_params;
};

/* The loop's parameters are the only place that a loop has for what is not its own. */
static struct hook *find(const UA_EventLoop *loop)
{
	const UA_UInt64 *value = loop->params ? UA_KeyValueMap_getScalar(loop->params, KEY,
									 &UA_TYPES[UA_TYPES_UINT64])
					      : NULL;

	return value ? (struct hook *)(uintptr_t)*value : NULL;
}

static UA_StatusCode on_add(UA_EventLoop *loop, UA_Callback callback, void *application, void *data,
			    UA_Double interval_ms, UA_DateTime *base_time, UA_TimerPolicy policy,
			    UA_UInt64 *ret_id)
{
	struct hook *hook = find(loop);

	loop->addCyclicCallback = hook->add;
	if (interval_ms == INTERVAL_MS && !data) {
		hook->callback = callback;
		hook->application = application;
		hook->data = data;
	}
	return hook->add(loop, callback, application, data, interval_ms, base_time, policy, ret_id);
}

void push_prepare(UA_ServerConfig *config)
{
	UA_EventLoop *loop = config->eventLoop;
	struct hook *hook = calloc(1, sizeof *hook);
	UA_UInt64 value = (UA_UInt64)(uintptr_t)hook;

	if (hook && !loop->params) {
		loop->params = UA_KeyValueMap_new();
		hook->owns_params = true;
	}
	if (!hook || !loop->params ||
	    UA_KeyValueMap_setScalar(loop->params, KEY, &value, &UA_TYPES[UA_TYPES_UINT64]) !=
		    UA_STATUSCODE_GOOD) {
		free(hook);
		return;
	}
	hook->add = loop->addCyclicCallback;
	loop->addCyclicCallback = on_add;
}

void push_hook_flush(UA_EventLoop *loop)
{
	const struct hook *hook = find(loop);

	if (hook && hook->callback)
		hook->callback(hook->application, hook->data);
}

void push_hook_clear(UA_EventLoop *loop)
{
	struct hook *hook = find(loop);

	if (!hook)
		return;
	(void)UA_KeyValueMap_remove(loop->params, KEY);
	if (hook->owns_params) {
		UA_KeyValueMap_delete(loop->params);
		loop->params = NULL;
	}
	free(hook);
}
