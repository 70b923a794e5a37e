/*
 * Which job is next. Hides fairness: by level; within a level one turn for each group; within
 * a group one for each client; a client's jobs in order, but jobs for the key used last may go
 * first a few times. A lower level is passed over a few times only. Knows nothing of threads.
 */
#ifndef TPM_QUEUE_H
#define TPM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine.h"

/* How often a waiting level, or a client's first job, is passed over at most. */
#define QUEUE_PATIENCE 8

struct queue;

struct queue *queue_new(size_t max);  /* NULL: no memory */
void queue_free(struct queue *queue); /* with the jobs in it */

/* False: full, or no memory. */
bool queue_push(struct queue *queue, struct tpm_job *job);

/* Puts back what queue_pop() gave, before everything else; never refused. */
void queue_push_front(struct queue *queue, struct tpm_job *job);

/* NULL: empty. */
struct tpm_job *queue_pop(struct queue *queue);

/* NULL: no job in it is fit. */
struct tpm_job *queue_take(struct queue *queue, bool (*is_fit)(const struct tpm_job *job));

/* @job is in the queue. */
void queue_remove(struct queue *queue, struct tpm_job *job);
bool queue_holds(const struct queue *queue, const struct tpm_job *job);

size_t queue_length(const struct queue *queue);

#endif
