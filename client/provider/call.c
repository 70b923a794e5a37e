#include "call.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct bell {
	atomic_uint owners;
	int fd;
};

struct call {
	atomic_uint owners;
	atomic_bool is_done;
	sem_t done;
	struct bell *bell;
	struct call_request request;
	struct call_answer answer;
};

struct bell *bell_new(void)
{
	struct bell *bell = malloc(sizeof(*bell));

	if (!bell)
		return NULL;
	atomic_init(&bell->owners, 1);
	bell->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (bell->fd >= 0)
		return bell;
	free(bell);
	return NULL;
}

struct bell *bell_share(struct bell *bell)
{
	if (bell)
		atomic_fetch_add(&bell->owners, 1);
	return bell;
}

void bell_drop(struct bell *bell)
{
	if (!bell || atomic_fetch_sub(&bell->owners, 1) > 1)
		return;
	close(bell->fd);
	free(bell);
}

int bell_fd(const struct bell *bell)
{
	return bell->fd;
}

static void bell_ring(struct bell *bell)
{
	const uint64_t one = 1;

	/* It can only fail when it rings already. */
	if (write(bell->fd, &one, sizeof(one)) < 0)
		return;
}

void bell_silence(struct bell *bell)
{
	uint64_t count;

	if (read(bell->fd, &count, sizeof(count)) < 0)
		return; /* it did not ring */
}

struct call *call_new(const struct call_request *request, struct bell *bell)
{
	struct call *call = malloc(sizeof(*call));

	if (!call)
		return NULL;
	if (sem_init(&call->done, 0, 0) < 0) {
		free(call);
		return NULL;
	}
	atomic_init(&call->owners, 1);
	atomic_init(&call->is_done, false);
	call->bell = bell_share(bell);
	call->request = *request;
	call->answer.data_len = 0;
	return call;
}

struct call *call_share(struct call *call)
{
	atomic_fetch_add(&call->owners, 1);
	return call;
}

void call_drop(struct call *call)
{
	if (!call || atomic_fetch_sub(&call->owners, 1) > 1)
		return;
	bell_drop(call->bell);
	sem_destroy(&call->done);
	if (call->request.kind == CALL_DECRYPT)
		explicit_bzero(call, sizeof(*call));
	free(call);
}

const struct call_request *call_request(const struct call *call)
{
	return &call->request;
}

static void announce(struct call *call)
{
	/* Who sees is_done may drop its share at once. */
	call_share(call);
	atomic_store(&call->is_done, true);
	sem_post(&call->done);
	if (call->bell)
		bell_ring(call->bell);
	call_drop(call);
}

void call_finish(struct call *call, const struct call_answer *answer)
{
	call->answer = *answer;
	announce(call);
}

void call_fail(struct call *call, enum ks_status status, const char *message)
{
	call->answer.status = status;
	snprintf(call->answer.message, sizeof(call->answer.message), "%s", message);
	announce(call);
}

bool call_is_done(const struct call *call)
{
	return atomic_load(&call->is_done);
}

void call_wait(struct call *call)
{
	while (!call_is_done(call))
		while (sem_wait(&call->done) < 0 && errno == EINTR)
			;
}

const struct call_answer *call_answer(const struct call *call)
{
	return &call->answer;
}
