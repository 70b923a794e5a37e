#include "push_worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct queue {
	struct push_job *first, **end;
	size_t count;
};

struct push_worker {
	struct push_work work;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t mutex;
	pthread_cond_t more;
	bool is_ending; /* these are under the mutex: */
	struct queue waiting, finished;
	int wake_fd;
	sd_event_source *source;
	void (*done)(struct push_job *job, void *user);
	void *user;
};

static void put(struct queue *queue, struct push_job *job)
{
	job->next = NULL;
	*queue->end = job;
	queue->end = &job->next;
	queue->count++;
}

static struct push_job *take(struct queue *queue)
{
	struct push_job *job = queue->first;

	if (!job)
		return NULL;
	queue->first = job->next;
	if (!queue->first)
		queue->end = &queue->first;
	queue->count--;
	return job;
}

void push_worker_wake(struct push_worker *worker)
{
	const uint64_t one = 1;

	while (write(worker->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
		;
}

static void *run(void *user)
{
	struct push_worker *worker = user;

	pthread_mutex_lock(&worker->mutex);
	while (!worker->is_ending) {
		struct push_job *job = take(&worker->waiting);

		if (!job) {
			pthread_cond_wait(&worker->more, &worker->mutex);
			continue;
		}
		pthread_mutex_unlock(&worker->mutex);
		push_work_do(&worker->work, job);
		pthread_mutex_lock(&worker->mutex);
		put(&worker->finished, job);
		push_worker_wake(worker);
	}
	pthread_mutex_unlock(&worker->mutex);
	return NULL;
}

static struct push_job *take_finished(struct push_worker *worker)
{
	struct push_job *job;

	pthread_mutex_lock(&worker->mutex);
	job = take(&worker->finished);
	pthread_mutex_unlock(&worker->mutex);
	return job;
}

static int on_wake(sd_event_source *source, int fd, uint32_t revents, void *user)
{
	struct push_worker *worker = user;
	struct push_job *job;
	uint64_t count;

	(void)source;
	(void)revents;
	(void)!read(fd, &count, sizeof count);
	while ((job = take_finished(worker)))
		worker->done(job, worker->user);
	worker->done(NULL, worker->user);
	return 0;
}

/* Signals are the main thread's. */
static bool start(struct push_worker *worker)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&worker->thread, NULL, run, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	worker->has_thread = !error;
	return !error;
}

struct push_worker *push_worker_new(sd_event *event, const char *socket,
				    const struct push_place_names *names,
				    void (*done)(struct push_job *job, void *user), void *user)
{
	struct push_worker *worker = calloc(1, sizeof *worker);

	if (!worker)
		return NULL;
	worker->done = done;
	worker->user = user;
	worker->waiting.end = &worker->waiting.first;
	worker->finished.end = &worker->finished.first;
	pthread_mutex_init(&worker->mutex, NULL);
	pthread_cond_init(&worker->more, NULL);
	worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->wake_fd < 0 ||
	    sd_event_add_io(event, &worker->source, worker->wake_fd, EPOLLIN, on_wake, worker) <
		    0 ||
	    !push_work_open(&worker->work, socket, names) || !start(worker)) {
		push_worker_free(worker);
		return NULL;
	}
	return worker;
}

void push_worker_free(struct push_worker *worker)
{
	struct push_job *job;

	if (!worker)
		return;
	if (worker->has_thread) {
		pthread_mutex_lock(&worker->mutex);
		worker->is_ending = true;
		pthread_cond_signal(&worker->more);
		pthread_mutex_unlock(&worker->mutex);
		pthread_join(worker->thread, NULL);
	}
	while ((job = take(&worker->waiting)) || (job = take(&worker->finished)))
		push_job_free(job);
	push_work_close(&worker->work);
	sd_event_source_disable_unref(worker->source);
	if (worker->wake_fd >= 0)
		close(worker->wake_fd);
	pthread_cond_destroy(&worker->more);
	pthread_mutex_destroy(&worker->mutex);
	free(worker);
}

bool push_worker_add(struct push_worker *worker, struct push_job *job)
{
	bool has_room;

	pthread_mutex_lock(&worker->mutex);
	has_room = worker->waiting.count < PUSH_JOBS_MAX || job->method >= PUSH_METHODS;
	if (has_room) {
		put(&worker->waiting, job);
		pthread_cond_signal(&worker->more);
	}
	pthread_mutex_unlock(&worker->mutex);
	return has_room;
}
