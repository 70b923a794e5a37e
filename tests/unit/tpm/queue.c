#include <criterion/criterion.h>

#include "queue.h"

static struct tpm_job *job_of(uint32_t group, uint64_t client, enum tpm_level level)
{
	struct tpm_job *job = tpm_job_new(TPM_SIGN);

	job->group = group;
	job->client = client;
	job->level = level;
	return job;
}

static struct tpm_job *push(struct queue *queue, uint32_t group, uint64_t client,
			    enum tpm_level level)
{
	struct tpm_job *job = job_of(group, client, level);

	cr_assert(queue_push(queue, job));
	return job;
}

static void pop_is(struct queue *queue, struct tpm_job *expected)
{
	struct tpm_job *job = queue_pop(queue);

	cr_assert_eq(job, expected);
	tpm_job_free(job);
}

Test(queue, gives_one_clients_jobs_in_order)
{
	struct queue *queue = queue_new(8);
	struct tpm_job *a = push(queue, 1, 1, TPM_NORMAL);
	struct tpm_job *b = push(queue, 1, 1, TPM_NORMAL);

	pop_is(queue, a);
	pop_is(queue, b);
	cr_assert_null(queue_pop(queue));
	queue_free(queue);
}

Test(queue, lets_a_newcomer_wait_for_one_turn_of_a_flood)
{
	struct queue *queue = queue_new(128);
	struct tpm_job *first, *newcomer;

	first = push(queue, 1, 1, TPM_NORMAL);
	for (int i = 0; i < 100; i++)
		push(queue, 1, 1, TPM_NORMAL);
	newcomer = push(queue, 2, 2, TPM_NORMAL);

	pop_is(queue, first);
	pop_is(queue, newcomer);
	queue_free(queue);
}

Test(queue, gives_turns_to_users_before_connections)
{
	struct queue *queue = queue_new(128);
	struct tpm_job *other;

	/* One user opens many connections: the other one's turn comes second all the same. */
	for (uint64_t client = 0; client < 50; client++)
		push(queue, 1, client, TPM_NORMAL);
	other = push(queue, 2, 99, TPM_NORMAL);
	tpm_job_free(queue_pop(queue));

	pop_is(queue, other);
	queue_free(queue);
}

Test(queue, gives_turns_to_the_connections_of_a_user)
{
	struct queue *queue = queue_new(16);
	struct tpm_job *a1 = push(queue, 1, 1, TPM_NORMAL);
	struct tpm_job *a2 = push(queue, 1, 1, TPM_NORMAL);
	struct tpm_job *b1 = push(queue, 1, 2, TPM_NORMAL);

	pop_is(queue, a1);
	pop_is(queue, b1);
	pop_is(queue, a2);
	queue_free(queue);
}

Test(queue, serves_urgent_before_normal_before_bulk)
{
	struct queue *queue = queue_new(8);
	struct tpm_job *bulk = push(queue, 1, 1, TPM_BULK);
	struct tpm_job *normal = push(queue, 1, 1, TPM_NORMAL);
	struct tpm_job *urgent = push(queue, 1, 1, TPM_URGENT);

	pop_is(queue, urgent);
	pop_is(queue, normal);
	pop_is(queue, bulk);
	queue_free(queue);
}

Test(queue, does_not_let_urgent_work_starve_the_rest)
{
	struct queue *queue = queue_new(128);
	struct tpm_job *bulk = push(queue, 1, 1, TPM_BULK), *job;
	unsigned before = 0;

	for (int i = 0; i < 100; i++)
		push(queue, 2, 2, TPM_URGENT);
	while ((job = queue_pop(queue)) != bulk) {
		tpm_job_free(job);
		before++;
	}

	cr_assert_eq(before, QUEUE_PATIENCE);
	tpm_job_free(job);
	queue_free(queue);
}

/* Keys are compared, never followed: any two addresses do. */
static void key_set(struct tpm_job *job, const char *key)
{
	union {
		const char *from;
		struct tpm_key *to;
	} cast = {key};

	job->key = cast.to;
}

Test(queue, keeps_jobs_for_one_key_together_for_a_while)
{
	static const char a, b;
	struct queue *queue = queue_new(64);
	struct tpm_job *job;
	unsigned run = 0;

	key_set(push(queue, 1, 1, TPM_NORMAL), &a);
	key_set(push(queue, 1, 1, TPM_NORMAL), &b);
	for (int i = 0; i < 20; i++)
		key_set(push(queue, 1, 1, TPM_NORMAL), &a);
	while ((job = queue_pop(queue)) && (const char *)job->key == &a) {
		job->key = NULL;
		tpm_job_free(job);
		run++;
	}

	cr_assert_eq(run, 1 + QUEUE_PATIENCE);
	while (job) {
		job->key = NULL;
		tpm_job_free(job);
		job = queue_pop(queue);
	}
	queue_free(queue);
}

Test(queue, refuses_the_job_after_its_maximum)
{
	struct queue *queue = queue_new(2);
	struct tpm_job *surplus = job_of(1, 1, TPM_NORMAL);

	push(queue, 1, 1, TPM_NORMAL);
	push(queue, 2, 2, TPM_NORMAL);

	cr_assert_not(queue_push(queue, surplus));
	cr_assert_eq(queue_length(queue), 2);
	tpm_job_free(surplus);
	queue_free(queue);
}

Test(queue, puts_back_in_front_even_when_full)
{
	struct queue *queue = queue_new(1);
	struct tpm_job *first = push(queue, 1, 1, TPM_NORMAL), *second;

	first = queue_pop(queue);
	second = push(queue, 1, 1, TPM_URGENT);
	queue_push_front(queue, first);

	pop_is(queue, first);
	pop_is(queue, second);
	queue_free(queue);
}

Test(queue, removes_from_anywhere)
{
	struct queue *queue = queue_new(8);
	struct tpm_job *a = push(queue, 1, 1, TPM_NORMAL);
	struct tpm_job *b = push(queue, 1, 1, TPM_NORMAL);
	struct tpm_job *c = push(queue, 2, 1, TPM_NORMAL);

	queue_remove(queue, b);
	cr_assert_not(queue_holds(queue, b));
	queue_remove(queue, c);
	tpm_job_free(b);
	tpm_job_free(c);

	cr_assert(queue_holds(queue, a));
	pop_is(queue, a);
	cr_assert_eq(queue_length(queue), 0);
	queue_free(queue);
}

static bool waits(const struct tpm_job *job)
{
	return job->wait;
}

Test(queue, takes_what_fits_wherever_it_is)
{
	struct queue *queue = queue_new(8);
	struct tpm_job *a = push(queue, 1, 1, TPM_NORMAL);
	struct tpm_job *b = push(queue, 1, 2, TPM_NORMAL);
	struct tpm_job *c = push(queue, 2, 1, TPM_BULK);

	b->wait = c->wait = true;
	cr_assert_eq(queue_take(queue, waits), b);
	cr_assert_eq(queue_take(queue, waits), c);
	cr_assert_null(queue_take(queue, waits));
	tpm_job_free(b);
	tpm_job_free(c);

	pop_is(queue, a);
	queue_free(queue);
}
