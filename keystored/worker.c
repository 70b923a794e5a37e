#include "worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

TAILQ_HEAD(job_list, worker_job);

struct worker {
	sd_event_source *source;
	int event; /* an eventfd: something is done */
	pthread_t thread;
	bool has_thread;

	pthread_mutex_t lock; /* what follows */
	pthread_cond_t work;
	struct job_list waiting;
	struct job_list done;
	struct worker_job *running;
	size_t count; /* submitted and not yet done */
	bool is_stopping;
};

/* With the lock held: the group's jobs that wait or run. */
static size_t jobs_of(const struct worker *worker, uint32_t group)
{
	size_t count = worker->running && worker->running->group == group;
	const struct worker_job *job;

	TAILQ_FOREACH(job, &worker->waiting, entry)
	count += job->group == group;
	return count;
}

/*
 * With the lock held: the first to wait, of a group whose turn it is. The list is in the order
 * of turns: a job stands behind as many of each other group as its own has before it.
 */
static void enqueue(struct worker *worker, struct worker_job *job)
{
	size_t before = jobs_of(worker, job->group);
	struct worker_job *other;

	/* Of another group, and with more of its own before it: that one comes later. */
	TAILQ_FOREACH(other, &worker->waiting, entry)
	{
		size_t rank = worker->running && worker->running->group == other->group;
		const struct worker_job *earlier;

		TAILQ_FOREACH(earlier, &worker->waiting, entry)
		{
			if (earlier == other)
				break;
			rank += earlier->group == other->group;
		}
		if (rank > before) {
			TAILQ_INSERT_BEFORE(other, job, entry);
			return;
		}
	}
	TAILQ_INSERT_TAIL(&worker->waiting, job, entry);
}

static void *thread_main(void *user)
{
	struct worker *worker = user;
	uint64_t one = 1;

	pthread_mutex_lock(&worker->lock);
	while (!worker->is_stopping) {
		struct worker_job *job = TAILQ_FIRST(&worker->waiting);

		if (!job) {
			pthread_cond_wait(&worker->work, &worker->lock);
			continue;
		}
		TAILQ_REMOVE(&worker->waiting, job, entry);
		worker->running = job;
		pthread_mutex_unlock(&worker->lock);
		job->run(job);
		pthread_mutex_lock(&worker->lock);
		worker->running = NULL;
		TAILQ_INSERT_TAIL(&worker->done, job, entry);
		/* A counter at its limit wakes the loop as well. */
		if (write(worker->event, &one, sizeof one) < 0)
			continue;
	}
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

static int on_done(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct worker *worker = user;
	struct worker_job *job;
	uint64_t count;

	(void)source;
	(void)events;
	if (read(fd, &count, sizeof count) < 0)
		return 0;
	pthread_mutex_lock(&worker->lock);
	while ((job = TAILQ_FIRST(&worker->done))) {
		TAILQ_REMOVE(&worker->done, job, entry);
		worker->count--;
		pthread_mutex_unlock(&worker->lock);
		if (!job->is_cancelled)
			job->done(job);
		job->free(job);
		pthread_mutex_lock(&worker->lock);
	}
	pthread_mutex_unlock(&worker->lock);
	return 0;
}

struct worker *worker_new(sd_event *event)
{
	struct worker *worker = calloc(1, sizeof *worker);

	if (!worker)
		return NULL;
	TAILQ_INIT(&worker->waiting);
	TAILQ_INIT(&worker->done);
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->work, NULL);
	worker->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->event < 0 ||
	    sd_event_add_io(event, &worker->source, worker->event, EPOLLIN, on_done, worker) < 0) {
		worker_free(worker);
		return NULL;
	}
	return worker;
}

static void free_all(struct job_list *list)
{
	struct worker_job *job;

	while ((job = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, job, entry);
		job->free(job);
	}
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	pthread_mutex_lock(&worker->lock);
	worker->is_stopping = true;
	pthread_cond_signal(&worker->work);
	pthread_mutex_unlock(&worker->lock);
	if (worker->has_thread)
		pthread_join(worker->thread, NULL);
	sd_event_source_disable_unref(worker->source);
	if (worker->event >= 0)
		close(worker->event);
	free_all(&worker->waiting);
	free_all(&worker->done);
	pthread_cond_destroy(&worker->work);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}

enum worker_status worker_submit(struct worker *worker, struct worker_job *job)
{
	enum worker_status status = WORKER_BUSY;

	if (!worker->has_thread && pthread_create(&worker->thread, NULL, thread_main, worker) != 0)
		return WORKER_NOMEM;
	worker->has_thread = true;
	pthread_mutex_lock(&worker->lock);
	if (worker->count < WORKER_JOBS_MAX && jobs_of(worker, job->group) < WORKER_GROUP_MAX) {
		job->is_cancelled = false;
		worker->count++;
		enqueue(worker, job);
		pthread_cond_signal(&worker->work);
		status = WORKER_OK;
	}
	pthread_mutex_unlock(&worker->lock);
	return status;
}

void worker_cancel(struct worker *worker, struct worker_job *job)
{
	struct worker_job *waiting;

	pthread_mutex_lock(&worker->lock);
	TAILQ_FOREACH(waiting, &worker->waiting, entry)
	{
		if (waiting == job)
			break;
	}
	if (waiting) {
		TAILQ_REMOVE(&worker->waiting, job, entry);
		worker->count--;
	}
	/* What runs, or has run, comes to the loop by itself. */
	job->is_cancelled = true;
	pthread_mutex_unlock(&worker->lock);
	if (waiting)
		job->free(job);
}
