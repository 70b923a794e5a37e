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

#define EVENTS_QUEUE_MAX   ((size_t)1 << 20) /* bytes of lines that have not been written yet */
#define EVENTS_WATCHES_MAX 32

struct events;

/*
 * @fd: where lines go, as standard output; -1: nowhere. It is borrowed, stays as blocking as it
 * is, and is written to without waiting: where the reader does not keep up, lines are lost until
 * it has read the others, and then {"event":"lost","lines":N} says how many. A program that
 * writes to a pipe has to ignore SIGPIPE. NULL: no memory.
 */
struct events *events_new(sd_event *event, int fd);
void events_free(struct events *events); /* what has not been written yet is tried once */

/*
 * {"time":"2026-11-21T17:45:08.123Z","event":@name, ...@members}; @members, an object, is taken,
 * NULL included (no memory: the line is dropped and counted).
 */
void events_tell(struct events *events, const char *name, json_t *members);

/*
 * @line: one line of ASCII with its newline; called for each until it is taken away, which @watch
 * may do itself. NULL: no memory, or EVENTS_WATCHES_MAX watch already.
 */
typedef void events_watch_fn(const char *line, size_t len, void *user);
struct events_watch *events_watch_add(struct events *events, events_watch_fn *watch, void *user);
void events_watch_remove(struct events *events, struct events_watch *watch); /* NULL is fine */

#endif
