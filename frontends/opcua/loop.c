#include "loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#define USEC_UNITS 10	/* UA_DateTime counts 100 ns */
#define STOP_TURNS 1000 /* what follows from what follows: far more than anybody's chain is long */

struct loop {
	sd_event *event;
	UA_EventLoop *el;    /* NULL: the server has freed it */
	UA_KeyValueMap mark; /* empty; el->params, by which this is found again */
	void (*add_delayed)(UA_EventLoop *el, UA_DelayedCallback *callback);
	UA_StatusCode (*run)(UA_EventLoop *el, UA_UInt32 timeout);
	UA_StatusCode (*free)(UA_EventLoop *el);
	sd_event_source *timer; /* always enabled, so that on_prepare() is called */
	sd_event_source *soon;
	UA_DateTime armed; /* what the timer is set for, of open62541's clock */
	bool has_delayed;
	bool is_running;
};

static struct loop *loop_of(const UA_EventLoop *el)
{
	return (struct loop *)((char *)el->params - offsetof(struct loop, mark));
}

static void add_delayed(UA_EventLoop *el, UA_DelayedCallback *callback)
{
	struct loop *loop = loop_of(el);

	loop->has_delayed = true;
	loop->add_delayed(el, callback);
}

/* Never waits: that is the program's loop's. */
static UA_StatusCode run_at_once(UA_EventLoop *el, UA_UInt32 timeout)
{
	struct loop *loop = loop_of(el);

	(void)timeout;
	loop->has_delayed = false;
	return loop->run(el, 0);
}

static UA_StatusCode free_once(UA_EventLoop *el)
{
	struct loop *loop = loop_of(el);
	UA_StatusCode status = loop->free(el);

	if (status == UA_STATUSCODE_GOOD)
		loop->el = NULL;
	return status;
}

static void run(struct loop *loop)
{
	if (loop->is_running || !loop->el)
		return;
	loop->is_running = true;
	(void)loop->el->run(loop->el, 0);
	loop->is_running = false;
}

/* open62541's clock is not slewed as sd-event's is, so only differences are taken from one to the
 * other. */
static void arm(struct loop *loop)
{
	UA_DateTime next = loop->el->nextCyclicTime(loop->el), left;

	if (next == loop->armed)
		return;
	loop->armed = next;
	if (next == UA_INT64_MAX) {
		(void)sd_event_source_set_time(loop->timer, UINT64_MAX);
		return;
	}
	left = next - loop->el->dateTime_nowMonotonic(loop->el);
	(void)sd_event_source_set_time_relative(loop->timer,
						left > 0 ? (uint64_t)left / USEC_UNITS + 1 : 0);
}

/* Before the program waits for events. */
static int on_prepare(sd_event_source *source, void *user)
{
	struct loop *loop = user;

	(void)source;
	if (!loop->el || (loop->el->state != UA_EVENTLOOPSTATE_STARTED &&
			  loop->el->state != UA_EVENTLOOPSTATE_STOPPING))
		return 0;
	if (loop->has_delayed)
		(void)sd_event_source_set_enabled(loop->soon, SD_EVENT_ONESHOT);
	arm(loop);
	return 0;
}

static int on_soon(sd_event_source *source, void *user)
{
	(void)source;
	run(user);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct loop *loop = user;

	(void)usec;
	/* Until on_prepare() knows better. */
	(void)sd_event_source_set_time(source, UINT64_MAX);
	loop->armed = UA_INT64_MAX;
	run(loop);
	return 0;
}

UA_StatusCode loop_shutdown(struct loop *loop, UA_Server *server)
{
	UA_ServerConfig *config = UA_Server_getConfig(server);

	if (loop->is_running)
		return UA_STATUSCODE_BADINVALIDSTATE;
	/* From now on it is the server's own. */
	config->externalEventLoop = false;
	return UA_Server_run_shutdown(server);
}

/* A server that did not start has not stopped it. */
static void stop(UA_EventLoop *el)
{
	if (el->state == UA_EVENTLOOPSTATE_STARTED)
		el->stop(el);
	for (int turn = 0; turn < STOP_TURNS && el->state == UA_EVENTLOOPSTATE_STOPPING; turn++)
		(void)el->run(el, 0);
}

UA_EventLoop *loop_event_loop(struct loop *loop)
{
	return loop->el;
}

struct loop *loop_new(sd_event *event, const UA_Logger *logger)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->event = sd_event_ref(event);
	loop->armed = UA_INT64_MAX;
	loop->el = UA_EventLoop_new_POSIX(logger);
	if (!loop->el ||
	    sd_event_add_time(event, &loop->timer, CLOCK_MONOTONIC, UINT64_MAX, 1, on_timer, loop) <
		    0 ||
	    sd_event_source_set_enabled(loop->timer, SD_EVENT_ON) < 0 ||
	    sd_event_source_set_prepare(loop->timer, on_prepare) < 0 ||
	    sd_event_add_defer(event, &loop->soon, on_soon, loop) < 0 ||
	    sd_event_source_set_enabled(loop->soon, SD_EVENT_OFF) < 0) {
		loop_free(loop);
		return NULL;
	}
	loop->el->params = &loop->mark;
	loop->add_delayed = loop->el->addDelayedCallback;
	loop->el->addDelayedCallback = add_delayed;
	loop->run = loop->el->run;
	loop->el->run = run_at_once;
	loop->free = loop->el->free;
	loop->el->free = free_once;
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->el) {
		stop(loop->el);
		(void)loop->el->free(loop->el);
	}
	sd_event_source_disable_unref(loop->timer);
	sd_event_source_disable_unref(loop->soon);
	sd_event_unref(loop->event);
	free(loop);
}
