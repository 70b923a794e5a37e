#include "worker.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct {
	sd_event *event;
	struct worker *worker;
	pthread_mutex_t gate; /* held: jobs that run wait there */
	char order[2 * WORKER_JOBS_MAX];
	size_t done;
	size_t freed;
} bench = {.gate = PTHREAD_MUTEX_INITIALIZER};

struct letter {
	struct worker_job job;
	char name;
	bool has_run;
	bool waits; /* at the gate */
};

static void run(struct worker_job *job)
{
	struct letter *letter = (struct letter *)job;

	if (letter->waits) {
		pthread_mutex_lock(&bench.gate);
		pthread_mutex_unlock(&bench.gate);
	}
	letter->has_run = true;
}

static void done(struct worker_job *job)
{
	struct letter *letter = (struct letter *)job;

	cr_assert(letter->has_run);
	bench.order[bench.done++] = letter->name;
}

static void letter_free(struct worker_job *job)
{
	bench.freed++;
	free(job);
}

static struct letter *letter_new(uint32_t group, char name)
{
	struct letter *letter = calloc(1, sizeof *letter);

	letter->job =
		(struct worker_job){.run = run, .done = done, .free = letter_free, .group = group};
	letter->name = name;
	letter->waits = true;
	return letter;
}

static struct letter *submit(uint32_t group, char name)
{
	struct letter *letter = letter_new(group, name);

	cr_assert_eq(worker_submit(bench.worker, &letter->job), WORKER_OK);
	return letter;
}

static void wait_for(size_t freed)
{
	while (bench.freed < freed)
		cr_assert_geq(sd_event_run(bench.event, UINT64_MAX), 0);
}

static void up(void)
{
	cr_assert_geq(sd_event_new(&bench.event), 0);
	bench.worker = worker_new(bench.event);
	cr_assert(bench.worker);
	bench.done = bench.freed = 0;
	memset(bench.order, 0, sizeof bench.order);
}

static void down(void)
{
	worker_free(bench.worker);
	sd_event_unref(bench.event);
}

TestSuite(worker, .init = up, .fini = down, .timeout = 60);

Test(worker, runs_one_groups_jobs_in_order)
{
	submit(1, 'a');
	submit(1, 'b');
	submit(1, 'c');
	wait_for(3);
	cr_assert_str_eq(bench.order, "abc");
}

Test(worker, gives_each_group_its_turn)
{
	pthread_mutex_lock(&bench.gate);
	for (int i = 0; i < WORKER_GROUP_MAX; i++)
		submit(1, 'a');
	submit(2, 'b');
	submit(2, 'c');
	submit(3, 'd');
	pthread_mutex_unlock(&bench.gate);
	wait_for(WORKER_GROUP_MAX + 3);
	/* At most one more of the flood goes before a newcomer, and one besides that ran already. */
	cr_assert_leq(strchr(bench.order, 'b') - bench.order, 2);
	cr_assert_leq(strchr(bench.order, 'd') - bench.order, 3);
	cr_assert_leq(strchr(bench.order, 'c') - bench.order, 5);
}

Test(worker, takes_so_many_of_a_group_and_no_more)
{
	struct letter *surplus = letter_new(1, 'x');

	pthread_mutex_lock(&bench.gate);
	for (int i = 0; i < WORKER_GROUP_MAX; i++)
		submit(1, 'a');
	cr_assert_eq(worker_submit(bench.worker, &surplus->job), WORKER_BUSY);
	submit(2, 'b');
	pthread_mutex_unlock(&bench.gate);
	wait_for(WORKER_GROUP_MAX + 1);
	cr_assert_eq(worker_submit(bench.worker, &surplus->job), WORKER_OK);
	wait_for(WORKER_GROUP_MAX + 2);
}

Test(worker, takes_so_many_in_all_and_no_more)
{
	struct letter *surplus = letter_new(WORKER_JOBS_MAX, 'x');

	pthread_mutex_lock(&bench.gate);
	for (uint32_t i = 0; i < WORKER_JOBS_MAX; i++)
		submit(i, 'a');
	cr_assert_eq(worker_submit(bench.worker, &surplus->job), WORKER_BUSY);
	pthread_mutex_unlock(&bench.gate);
	wait_for(WORKER_JOBS_MAX);
	letter_free(&surplus->job);
}

Test(worker, does_not_tell_of_what_was_cancelled)
{
	pthread_mutex_lock(&bench.gate);
	struct letter *first = submit(1, 'a');
	struct letter *second = submit(1, 'b');

	submit(1, 'c');
	worker_cancel(bench.worker, &second->job);
	worker_cancel(bench.worker, &first->job);
	pthread_mutex_unlock(&bench.gate);
	wait_for(3);
	cr_assert_str_eq(bench.order, "c");
}

Test(worker, frees_what_waits_when_it_ends)
{
	for (int i = 0; i < WORKER_GROUP_MAX; i++)
		submit(1, 'a');
	worker_free(bench.worker);
	bench.worker = NULL;
	cr_assert_eq(bench.freed, (size_t)WORKER_GROUP_MAX);
}
