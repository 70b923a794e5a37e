#include "events.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "byte_queue.h"
#include "json_text.h"

#define LOST_BYTES 128

/*
 * How a line leaves without holding up the loop. O_NONBLOCK is never set on the descriptor that
 * was given: the shell, and whatever else writes there, share its open file description.
 */
enum output_kind {
	OUTPUT_NONE,
	OUTPUT_SOCKET, /* the journal's: MSG_DONTWAIT, with each call */
	OUTPUT_OWN,    /* a pipe or a terminal, opened once more: an open description of our own */
	OUTPUT_SHARED, /* a pipe that cannot be opened again, since it is another user's */
	OUTPUT_FILE,   /* a file, /dev/null: nothing to wait for */
};

struct events_watch {
	events_watch_fn *watch; /* NULL: taken away */
	void *user;
	TAILQ_ENTRY(events_watch) all;
};

TAILQ_HEAD(events_watches, events_watch);

struct events {
	enum output_kind kind;
	int fd;
	bool is_own; /* the descriptor */
	sd_event_source *room;
	struct byte_queue queue;
	uint64_t lost;	 /* lines that the queue did not take since it was empty */
	uint64_t unmade; /* lines that there was no memory for, since the last */
	struct events_watches watches;
	unsigned watch_count;
	unsigned depth; /* of events_tell(): watches stay in memory meanwhile */
};

/* -1, and errno, as write(). */
static ssize_t output_write(const struct events *events, const char *bytes, size_t len)
{
	struct pollfd room = {.fd = events->fd, .events = POLLOUT};

	switch (events->kind) {
	case OUTPUT_NONE:
		break;
	case OUTPUT_SOCKET:
		return send(events->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	case OUTPUT_SHARED:
		/* Linux says that a pipe has room when PIPE_BUF fit. */
		if (poll(&room, 1, 0) <= 0) {
			errno = EAGAIN;
			return -1;
		}
		return write(events->fd, bytes, len < PIPE_BUF ? len : PIPE_BUF);
	case OUTPUT_OWN:
	case OUTPUT_FILE:
		return write(events->fd, bytes, len);
	}
	errno = EBADF;
	return -1;
}

static void output_end(struct events *events)
{
	events->room = sd_event_source_disable_unref(events->room);
	if (events->is_own)
		close(events->fd);
	events->is_own = false;
	events->kind = OUTPUT_NONE;
	byte_queue_clear(&events->queue);
}

/* Until it is empty, or the reader takes no more. */
static void drain(struct events *events)
{
	while (byte_queue_waiting(&events->queue)) {
		ssize_t len = output_write(events, byte_queue_first(&events->queue),
					   byte_queue_waiting(&events->queue));

		if (len > 0) {
			byte_queue_took(&events->queue, (size_t)len);
		} else if (len < 0 && errno == EINTR) {
			continue;
		} else if (len < 0 && (errno == EAGAIN || errno == ENOSPC || errno == EDQUOT)) {
			return;
		} else {
			/* The reader has gone. */
			output_end(events);
			return;
		}
	}
}

static void time_print(char text[TIME_BYTES])
{
	struct timespec now = {0};

	clock_gettime(CLOCK_REALTIME, &now);
	time_text_ms((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, text);
}

static size_t lost_print(char line[LOST_BYTES], uint64_t lines)
{
	char time[TIME_BYTES];
	int len;

	time_print(time);
	len = snprintf(line, LOST_BYTES,
		       "{\"time\":\"%s\",\"event\":\"lost\",\"lines\":%" PRIu64 "}\n", time, lines);
	return (size_t)len;
}

/* What was lost is told when all before it has been read. */
static void flush(struct events *events)
{
	char line[LOST_BYTES];

	drain(events);
	if (events->kind != OUTPUT_NONE && events->lost && !byte_queue_waiting(&events->queue) &&
	    byte_queue_add(&events->queue, line, lost_print(line, events->lost),
			   EVENTS_QUEUE_MAX)) {
		events->lost = 0;
		drain(events);
	}
	if (events->room)
		(void)sd_event_source_set_enabled(events->room, byte_queue_waiting(&events->queue)
									? SD_EVENT_ON
									: SD_EVENT_OFF);
}

static int on_room(sd_event_source *source, int fd, uint32_t revents, void *user)
{
	(void)source;
	(void)fd;
	(void)revents;
	flush(user);
	return 0;
}

/* An open description of our own of the pipe or the terminal behind @fd. -1: it may not be had. */
static int open_again(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static bool output_open(struct events *events, sd_event *event, int fd)
{
	struct stat st;
	int own;

	events->fd = fd;
	if (fd < 0 || fstat(fd, &st) < 0)
		return true;
	if (S_ISSOCK(st.st_mode)) {
		events->kind = OUTPUT_SOCKET;
	} else if (S_ISFIFO(st.st_mode) || isatty(fd)) {
		own = open_again(fd);
		events->kind = own < 0 ? OUTPUT_SHARED : OUTPUT_OWN;
		events->is_own = own >= 0;
		events->fd = own < 0 ? fd : own;
	} else {
		events->kind = OUTPUT_FILE;
		return true;
	}
	if (sd_event_add_io(event, &events->room, events->fd, EPOLLOUT, on_room, events) < 0)
		return false;
	return sd_event_source_set_enabled(events->room, SD_EVENT_OFF) >= 0;
}

struct events *events_new(sd_event *event, int fd)
{
	struct events *events = calloc(1, sizeof(*events));

	if (!events)
		return NULL;
	TAILQ_INIT(&events->watches);
	if (output_open(events, event, fd))
		return events;
	events_free(events);
	return NULL;
}

static void sweep(struct events *events)
{
	struct events_watch *watch, *next;

	for (watch = TAILQ_FIRST(&events->watches); watch; watch = next) {
		next = TAILQ_NEXT(watch, all);
		if (watch->watch)
			continue;
		TAILQ_REMOVE(&events->watches, watch, all);
		free(watch);
	}
}

void events_free(struct events *events)
{
	struct events_watch *watch;

	if (!events)
		return;
	flush(events);
	output_end(events);
	TAILQ_FOREACH(watch, &events->watches, all)
	watch->watch = NULL;
	sweep(events);
	free(events);
}

static void watchers_tell(struct events *events, const char *line, size_t len)
{
	struct events_watch *watch;

	events->depth++;
	TAILQ_FOREACH(watch, &events->watches, all)
	if (watch->watch)
		watch->watch(line, len, watch->user);
	if (--events->depth == 0)
		sweep(events);
}

static void line_tell(struct events *events, const char *line, size_t len)
{
	if (events->kind != OUTPUT_NONE) {
		/* Once one is lost all are, until there is room to say so: no line is out of turn. */
		if (events->lost || !byte_queue_add(&events->queue, line, len, EVENTS_QUEUE_MAX))
			events->lost++;
		flush(events);
	}
	watchers_tell(events, line, len);
}

/* The members behind time and name. Takes @members. NULL: no memory. */
static char *line_make(const char *name, json_t *members, size_t *ret_len)
{
	char time[TIME_BYTES];
	json_t *object;
	char *text = NULL;
	char *line = NULL;

	time_print(time);
	object = json_pack("{s:s, s:s}", "time", time, "event", name);
	/*
	 * ASCII: what a peer put into a String is shown on terminals, some of which take U+009B
	 * for the beginning of a command.
	 */
	if (object && members && json_object_update(object, members) == 0)
		text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(object);
	json_decref(members);
	if (!text)
		return NULL;
	*ret_len = strlen(text) + 1;
	line = realloc(text, *ret_len + 1);
	if (!line) {
		free(text);
		return NULL;
	}
	strcpy(line + *ret_len - 1, "\n");
	return line;
}

void events_tell(struct events *events, const char *name, json_t *members)
{
	char lost[LOST_BYTES];
	size_t len = 0;
	char *line;

	if (events->kind == OUTPUT_NONE && TAILQ_EMPTY(&events->watches)) {
		json_decref(members);
		return;
	}
	line = line_make(name, members, &len);
	if (!line) {
		events->unmade++;
		return;
	}
	if (events->unmade) {
		watchers_tell(events, lost, lost_print(lost, events->unmade));
		events->lost += events->unmade;
		events->unmade = 0;
	}
	flush(events);
	line_tell(events, line, len);
	free(line);
}

struct events_watch *events_watch_add(struct events *events, events_watch_fn *watch, void *user)
{
	struct events_watch *added;

	if (events->watch_count == EVENTS_WATCHES_MAX)
		return NULL;
	added = calloc(1, sizeof(*added));
	if (!added)
		return NULL;
	*added = (struct events_watch){.watch = watch, .user = user};
	TAILQ_INSERT_TAIL(&events->watches, added, all);
	events->watch_count++;
	return added;
}

void events_watch_remove(struct events *events, struct events_watch *watch)
{
	if (!watch)
		return;
	watch->watch = NULL;
	events->watch_count--;
	if (!events->depth)
		sweep(events);
}
