#include "courier.h"

#include <openssl/async.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "link.h"

/* A program that resumes jobs over and over without waiting for the descriptor. */
#define PAUSES_MAX 10000

struct courier {
	char *socket_path;
	uint32_t timeout_ms;
	_Atomic(struct link *) link;
};

/* Its address is ours among those who put descriptors into an ASYNC_WAIT_CTX. */
static const char bell_key;

struct courier *courier_new(const char *socket_path, uint32_t timeout_ms)
{
	struct courier *courier = calloc(1, sizeof(*courier));

	if (!courier)
		return NULL;
	atomic_init(&courier->link, NULL);
	courier->timeout_ms = timeout_ms;
	courier->socket_path = socket_path ? strdup(socket_path) : NULL;
	if (courier->socket_path || !socket_path)
		return courier;
	free(courier);
	return NULL;
}

void courier_free(struct courier *courier)
{
	struct link *link;

	if (!courier)
		return;
	link = atomic_load(&courier->link);
	if (link && link_process(link) == getpid())
		link_free(link);
	else if (link)
		link_abandon(link);
	free(courier->socket_path);
	free(courier);
}

/* This process's link. NULL: no memory. */
static struct link *link_here(struct courier *courier)
{
	struct link *link = atomic_load(&courier->link);

	while (!link || link_process(link) != getpid()) {
		struct link *mine = link_new(courier->socket_path, courier->timeout_ms);

		if (!mine)
			return NULL;
		if (atomic_compare_exchange_strong(&courier->link, &link, mine)) {
			if (link)
				link_abandon(link);
			return mine;
		}
		link_free(mine);
	}
	return link;
}

static void on_wait_ctx_free(ASYNC_WAIT_CTX *ctx, const void *key, OSSL_ASYNC_FD fd, void *bell)
{
	(void)ctx;
	(void)key;
	(void)fd;
	bell_drop(bell);
}

/* The one bell of a job's wait context: HAProxy 2.6 dies of descriptors that come and go. */
static struct bell *bell_of(ASYNC_WAIT_CTX *ctx, bool *ret_is_new)
{
	OSSL_ASYNC_FD fd;
	void *found;

	*ret_is_new = !ASYNC_WAIT_CTX_get_fd(ctx, &bell_key, &fd, &found);
	return *ret_is_new ? bell_new() : found;
}

/*
 * A new bell comes into the wait context when the job pauses, and then it does pause: HAProxy 2.6
 * dies of a descriptor that it finds there and was never told to wait for.
 */
static void wait_paused(struct call *call, ASYNC_WAIT_CTX *ctx, struct bell *bell, bool is_new)
{
	int pauses = 0;

	if (is_new &&
	    (call_is_done(call) ||
	     !ASYNC_WAIT_CTX_set_wait_fd(ctx, &bell_key, bell_fd(bell), bell, on_wait_ctx_free))) {
		bell_drop(bell);
		call_wait(call);
		return;
	}
	/* Where pausing is not allowed just now it returns at once. */
	while ((is_new && pauses == 0) || (pauses < PAUSES_MAX && !call_is_done(call))) {
		if (!ASYNC_pause_job())
			break;
		pauses++;
	}
	call_wait(call);
}

enum ks_status courier_ask(struct courier *courier, const struct call_request *request,
			   struct call_answer *ret_answer)
{
	ASYNC_JOB *job = ASYNC_get_current_job();
	ASYNC_WAIT_CTX *ctx = job ? ASYNC_get_wait_ctx(job) : NULL;
	bool is_new = false;
	struct bell *bell = ctx ? bell_of(ctx, &is_new) : NULL;
	struct link *link = link_here(courier);
	struct call *call = NULL;

	if (bell && !is_new)
		bell_silence(bell);
	if (link)
		call = call_new(request, bell);
	if (!call) {
		if (is_new)
			bell_drop(bell);
		ret_answer->status = KS_NOMEM;
		snprintf(ret_answer->message, sizeof(ret_answer->message), "out of memory");
		return KS_NOMEM;
	}
	link_submit(link, call);
	if (bell)
		wait_paused(call, ctx, bell, is_new);
	else
		call_wait(call);
	*ret_answer = *call_answer(call);
	call_drop(call);
	return ret_answer->status;
}
