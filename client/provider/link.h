/*
 * A process's connection to keystored and the thread that keeps it: one for all threads and all
 * keys of the program, however many TLS connections wait for signatures. Hides connecting,
 * restarts of the service, what is tried again and for how long, and whether the key that
 * answers to an ID is the one that was meant.
 */
#ifndef PROVIDER_LINK_H
#define PROVIDER_LINK_H

#include <stdbool.h>
#include <sys/types.h>

#include "call.h"

struct link;

/* How long a call may take, waiting in line included, when nothing else was asked for. */
#define LINK_TIMEOUT_MS 30000

/* @socket_path NULL: as ks_connect(). Nothing is opened yet. NULL: no memory. */
struct link *link_new(const char *socket_path, uint32_t timeout_ms);

/* The process it belongs to: a child of fork() has neither its thread nor its connection. */
pid_t link_process(const struct link *link);

/* Every call that is under way is answered. In its own process only. NULL is fine. */
void link_free(struct link *link);

/*
 * In a child of fork(), for its parent's: closes what the child inherited. What the thread had
 * in its hands at that moment stays allocated: nobody knows in what state.
 */
void link_abandon(struct link *link);

/*
 * The call will be answered. Where the program may start no thread, it is when this returns, and
 * calls of several threads go through one after the other.
 */
void link_submit(struct link *link, struct call *call);

#endif
