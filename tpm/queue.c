#include "queue.h"

#include <stdlib.h>

#include "job.h"

/* One client's jobs of one level, in order. Turns of a group hang in a ring. */
struct queue_turn {
	struct queue_turn *next, *previous;
	struct group *group;
	uint64_t client;
	struct tpm_job *first, *last;
	unsigned passed_over; /* its first job */
};

struct group {
	struct group *next, *previous;
	enum tpm_level level;
	uint32_t id;
	struct queue_turn *turns; /* whose turn it is */
};

struct queue {
	size_t length, max;
	struct tpm_job *front; /* put back */
	struct group *groups[TPM_LEVEL_COUNT];
	unsigned passed_over[TPM_LEVEL_COUNT];
	const struct tpm_key *last_key; /* compared, never followed */
};

#define RING_INSERT_LAST(head, item)                                                               \
	do {                                                                                       \
		if (!(head)) {                                                                     \
			(item)->next = (item)->previous = (item);                                  \
			(head) = (item);                                                           \
		} else {                                                                           \
			(item)->next = (head);                                                     \
			(item)->previous = (head)->previous;                                       \
			(head)->previous->next = (item);                                           \
			(head)->previous = (item);                                                 \
		}                                                                                  \
	} while (0)

#define RING_REMOVE(head, item)                                                                    \
	do {                                                                                       \
		(item)->previous->next = (item)->next;                                             \
		(item)->next->previous = (item)->previous;                                         \
		if ((head) == (item))                                                              \
			(head) = (item)->next == (item) ? NULL : (item)->next;                     \
	} while (0)

struct queue *queue_new(size_t max)
{
	struct queue *queue = calloc(1, sizeof(*queue));

	if (queue)
		queue->max = max;
	return queue;
}

void queue_free(struct queue *queue)
{
	struct tpm_job *job;

	if (!queue)
		return;
	while ((job = queue_pop(queue)))
		tpm_job_free(job);
	free(queue);
}

static struct group *group_get(struct queue *queue, enum tpm_level level, uint32_t id)
{
	struct group *group = queue->groups[level];

	if (group) {
		do {
			if (group->id == id)
				return group;
			group = group->next;
		} while (group != queue->groups[level]);
	}
	group = calloc(1, sizeof(*group));
	if (group) {
		group->level = level;
		group->id = id;
		RING_INSERT_LAST(queue->groups[level], group);
	}
	return group;
}

static struct queue_turn *turn_get(struct group *group, uint64_t client)
{
	struct queue_turn *turn = group->turns;

	if (turn) {
		do {
			if (turn->client == client)
				return turn;
			turn = turn->next;
		} while (turn != group->turns);
	}
	turn = calloc(1, sizeof(*turn));
	if (turn) {
		turn->group = group;
		turn->client = client;
		RING_INSERT_LAST(group->turns, turn);
	}
	return turn;
}

static void drop_if_empty(struct queue *queue, struct queue_turn *turn)
{
	struct group *group = turn->group;

	if (turn->first)
		return;
	RING_REMOVE(group->turns, turn);
	free(turn);
	if (group->turns)
		return;
	RING_REMOVE(queue->groups[group->level], group);
	free(group);
}

bool queue_push(struct queue *queue, struct tpm_job *job)
{
	struct queue_turn *turn;
	struct group *group;

	if (queue->length >= queue->max)
		return false;
	group = group_get(queue, job->level, job->group);
	turn = group ? turn_get(group, job->client) : NULL;
	if (!turn) {
		if (group && !group->turns) {
			RING_REMOVE(queue->groups[group->level], group);
			free(group);
		}
		return false;
	}
	job->state->turn = turn;
	job->state->next = NULL;
	job->state->previous = turn->last;
	if (turn->last)
		turn->last->state->next = job;
	else
		turn->first = job;
	turn->last = job;
	queue->length++;
	return true;
}

void queue_push_front(struct queue *queue, struct tpm_job *job)
{
	job->state->turn = NULL;
	job->state->previous = NULL;
	job->state->next = queue->front;
	if (queue->front)
		queue->front->state->previous = job;
	queue->front = job;
	queue->length++;
}

void queue_remove(struct queue *queue, struct tpm_job *job)
{
	struct tpm_job_state *state = job->state;
	struct queue_turn *turn = state->turn;

	if (state->previous)
		state->previous->state->next = state->next;
	else if (turn)
		turn->first = state->next;
	else
		queue->front = state->next;
	if (state->next)
		state->next->state->previous = state->previous;
	else if (turn)
		turn->last = state->previous;
	state->next = state->previous = NULL;
	state->turn = NULL;
	queue->length--;
	if (turn)
		drop_if_empty(queue, turn);
}

bool queue_holds(const struct queue *queue, const struct tpm_job *job)
{
	if (job->state->turn)
		return true;
	for (const struct tpm_job *at = queue->front; at; at = at->state->next)
		if (at == job)
			return true;
	return false;
}

/* The highest level that has work, unless a lower one was passed over too often. */
static enum tpm_level level_choose(struct queue *queue)
{
	enum tpm_level chosen = TPM_LEVEL_COUNT;

	for (enum tpm_level level = TPM_URGENT; level < TPM_LEVEL_COUNT; level++) {
		if (!queue->groups[level])
			continue;
		if (chosen == TPM_LEVEL_COUNT || queue->passed_over[level] >= QUEUE_PATIENCE)
			chosen = level;
	}
	for (enum tpm_level level = TPM_URGENT; level < TPM_LEVEL_COUNT; level++)
		if (level > chosen && queue->groups[level])
			queue->passed_over[level]++;
	if (chosen != TPM_LEVEL_COUNT)
		queue->passed_over[chosen] = 0;
	return chosen;
}

static struct tpm_job *job_choose(struct queue *queue, struct queue_turn *turn)
{
	struct tpm_job *job = turn->first;

	if (turn->passed_over < QUEUE_PATIENCE && queue->last_key)
		for (unsigned i = 0; job && i < QUEUE_PATIENCE; i++, job = job->state->next)
			if (job->key == queue->last_key)
				break;
	if (!job || job->key != queue->last_key)
		job = turn->first;
	turn->passed_over = job == turn->first ? 0 : turn->passed_over + 1;
	return job;
}

struct tpm_job *queue_pop(struct queue *queue)
{
	struct queue_turn *turn;
	struct tpm_job *job = queue->front;
	struct group *group;
	enum tpm_level level;

	if (job) {
		queue_remove(queue, job);
		return job;
	}
	level = level_choose(queue);
	if (level == TPM_LEVEL_COUNT)
		return NULL;
	group = queue->groups[level];
	turn = group->turns;
	queue->groups[level] = group->next;
	group->turns = turn->next;
	job = job_choose(queue, turn);
	queue->last_key = job->key;
	queue_remove(queue, job);
	return job;
}

static struct tpm_job *take_from(struct tpm_job *job, bool (*is_fit)(const struct tpm_job *job))
{
	while (job && !is_fit(job))
		job = job->state->next;
	return job;
}

struct tpm_job *queue_take(struct queue *queue, bool (*is_fit)(const struct tpm_job *job))
{
	struct tpm_job *job = take_from(queue->front, is_fit);

	for (enum tpm_level level = TPM_URGENT; !job && level < TPM_LEVEL_COUNT; level++) {
		struct group *group = queue->groups[level];

		for (bool more = group != NULL; !job && more;
		     group = group->next, more = group != queue->groups[level]) {
			struct queue_turn *turn = group->turns;

			do {
				job = take_from(turn->first, is_fit);
				turn = turn->next;
			} while (!job && turn != group->turns);
		}
	}
	if (job)
		queue_remove(queue, job);
	return job;
}

size_t queue_length(const struct queue *queue)
{
	return queue->length;
}
