/*
 * Fences between a sequence and the content that it guards, in memory that processes share. Hides
 * that gcc warns of a fence where the thread sanitizer does not see other processes anyway.
 */
#ifndef DATA_DATA_BARRIER_H
#define DATA_DATA_BARRIER_H

#include <stdatomic.h>

#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"
#endif

/* What is stored before is seen before what is stored behind. */
static inline void data_barrier_release(void)
{
	atomic_thread_fence(memory_order_release);
}

/* What is read before is of no later time than what is read behind. */
static inline void data_barrier_acquire(void)
{
	atomic_thread_fence(memory_order_acquire);
}

#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#endif
