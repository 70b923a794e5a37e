#include "lookup.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

enum lookup_state {
	LOOKUP_QUEUED,
	LOOKUP_RUNNING,
	LOOKUP_DONE,
	LOOKUP_ABANDONED, /* the thread frees it */
};

struct lookup {
	TAILQ_ENTRY(lookup) next;
	enum lookup_state state; /* under the pool's lock, … */
	char host[256];
	char port[8];
	int error; /* … which hands over these, too */
	size_t count;
	struct address addresses[LOOKUP_ADDRESSES_MAX];
	int fd; /* readable: it is done */
	sd_event_source *source;
	lookup_done_fn *done;
	void *user;
};

/* One for the process, since what is bounded is its threads. */
static struct {
	pthread_mutex_t lock;
	TAILQ_HEAD(, lookup) queue;
	unsigned threads;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .queue = TAILQ_HEAD_INITIALIZER(pool.queue)};

static void destroy(struct lookup *lookup)
{
	if (lookup->fd >= 0)
		close(lookup->fd);
	free(lookup);
}

static void resolve(struct lookup *lookup)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV,
	};
	struct addrinfo *all = NULL;

	lookup->error = getaddrinfo(lookup->host, lookup->port, &hints, &all);
	if (lookup->error)
		return;
	for (struct addrinfo *one = all; one && lookup->count < LOOKUP_ADDRESSES_MAX;
	     one = one->ai_next) {
		struct address *address = &lookup->addresses[lookup->count];

		if (one->ai_addrlen > sizeof(address->storage))
			continue;
		memcpy(&address->storage, one->ai_addr, one->ai_addrlen);
		address->len = one->ai_addrlen;
		lookup->count++;
	}
	freeaddrinfo(all);
	if (!lookup->count)
		lookup->error = EAI_NONAME;
}

static void *run(void *unused)
{
	struct lookup *lookup;

	pthread_mutex_lock(&pool.lock);
	while ((lookup = TAILQ_FIRST(&pool.queue))) {
		TAILQ_REMOVE(&pool.queue, lookup, next);
		lookup->state = LOOKUP_RUNNING;
		pthread_mutex_unlock(&pool.lock);
		resolve(lookup);
		pthread_mutex_lock(&pool.lock);
		if (lookup->state == LOOKUP_ABANDONED) {
			destroy(lookup);
			continue;
		}
		lookup->state = LOOKUP_DONE;
		/* Within the lock: afterwards it may be gone. */
		(void)eventfd_write(lookup->fd, 1);
	}
	pool.threads--;
	pthread_mutex_unlock(&pool.lock);
	return unused;
}

/* Signals are the loop's. */
static bool start_thread(void)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t thread;
	int error;

	if (pthread_attr_init(&attributes) != 0)
		return false;
	(void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, &attributes, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return error == 0;
}

static bool enqueue(struct lookup *lookup)
{
	bool has_thread = true;

	pthread_mutex_lock(&pool.lock);
	TAILQ_INSERT_TAIL(&pool.queue, lookup, next);
	if (pool.threads < LOOKUP_AT_ONCE) {
		if (start_thread())
			pool.threads++;
		else if (pool.threads == 0)
			has_thread = false;
	}
	if (!has_thread)
		TAILQ_REMOVE(&pool.queue, lookup, next);
	pthread_mutex_unlock(&pool.lock);
	return has_thread;
}

static int on_done(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct lookup *lookup = user;

	(void)fd;
	(void)events;
	(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	/* The thread wrote the result before it took the lock that it told us under. */
	pthread_mutex_lock(&pool.lock);
	pthread_mutex_unlock(&pool.lock);
	lookup->done(lookup->error, lookup->addresses, lookup->count, lookup->user);
	return 0;
}

struct lookup *lookup_start(sd_event *event, const char *host, uint16_t port, lookup_done_fn *done,
			    void *user)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));

	if (!lookup)
		return NULL;
	lookup->done = done;
	lookup->user = user;
	snprintf(lookup->host, sizeof(lookup->host), "%s", host);
	snprintf(lookup->port, sizeof(lookup->port), "%u", (unsigned)port);
	lookup->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (lookup->fd >= 0 &&
	    sd_event_add_io(event, &lookup->source, lookup->fd, EPOLLIN, on_done, lookup) >= 0) {
		if (enqueue(lookup))
			return lookup;
	}
	sd_event_source_disable_unref(lookup->source);
	destroy(lookup);
	return NULL;
}

void lookup_free(struct lookup *lookup)
{
	bool is_ours = true;

	if (!lookup)
		return;
	lookup->source = sd_event_source_disable_unref(lookup->source);
	pthread_mutex_lock(&pool.lock);
	if (lookup->state == LOOKUP_QUEUED)
		TAILQ_REMOVE(&pool.queue, lookup, next);
	if (lookup->state == LOOKUP_RUNNING) {
		lookup->state = LOOKUP_ABANDONED;
		is_ours = false;
	}
	pthread_mutex_unlock(&pool.lock);
	if (is_ours)
		destroy(lookup);
}
