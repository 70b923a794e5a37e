/*
 * What happens, told as JSON lines: on standard output, and to those who watch by the control
 * socket. Hides the lines' form (keystore-ouc(8)), and that a reader who is slow loses lines, which
 * is told, and holds nobody up.
 */
#ifndef OUC_EVENTS_H
#define OUC_EVENTS_H

#include <jansson.h>
#include <systemd/sd-event.h>

#include "settings.h"

struct events;

/* @fd: where lines go, as standard output; -1: nowhere. It is made not to block. NULL: no memory. */
struct events *events_new(sd_event *event, int fd);
void events_free(struct events *events); /* what has not been written yet is tried once */

/*
 * {"time":"2026-11-21T17:45:08.123Z","event":@name, ...@members}; @members, an object, is taken,
 * NULL included (no memory: the line is dropped and counted).
 */
void events_tell(struct events *events, const char *name, json_t *members);

/* @line: with its newline; called for each until it is taken away. */
typedef void events_watch_fn(const char *line, size_t len, void *user);
struct events_watch *events_watch_add(struct events *events, events_watch_fn *watch, void *user);
void events_watch_remove(struct events *events, struct events_watch *watch);

#endif
