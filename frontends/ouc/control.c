#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control_client.h"

#define BACKLOG	    32
#define ACCEPT_TURN 16 /* connections taken before others get their turn */
#define RETRY_USEC  200000
#define SOCKET_MODE 0660

struct place {
	struct control *control;
	struct control_client *client;
	LIST_ENTRY(place) all;
};

LIST_HEAD(places, place);

struct control {
	char path[VALUE_PATH_MAX + 1];
	int lock;
	int fd; /* -1: the path is not ours */
	struct control_world world;
	sd_event_source *source, *retry;
	struct places places;
	unsigned count;
};

static bool fail(char *problem, const char *path, const char *what)
{
	snprintf(problem, CONTROL_MESSAGE_MAX, "the control socket %s %s: %s", path, what,
		 strerror(errno));
	return false;
}

/* As long as the process lives, whatever way it ends: what is at the path meanwhile is stale. */
static bool take_lock(struct control *control, char *problem)
{
	char path[VALUE_PATH_MAX + 8];

	snprintf(path, sizeof(path), "%s.lock", control->path);
	control->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (control->lock < 0)
		return fail(problem, control->path, "cannot be locked");
	if (flock(control->lock, LOCK_EX | LOCK_NB) == 0)
		return true;
	if (errno != EWOULDBLOCK)
		return fail(problem, control->path, "cannot be locked");
	snprintf(problem, CONTROL_MESSAGE_MAX,
		 "keystore-ouc runs already: it has %s; stop that one, or choose another directory "
		 "with --runtime",
		 control->path);
	return false;
}

static bool clear_path(const char *path, char *problem)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT || fail(problem, path, "cannot be made");
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(problem, CONTROL_MESSAGE_MAX,
			 "%s exists and is no socket: move it away, or choose another directory "
			 "with --runtime",
			 path);
		return false;
	}
	return unlink(path) == 0 || fail(problem, path, "is stale and cannot be removed");
}

/* The directory says who may come in. */
static bool hand_to_group(const char *path, char *problem)
{
	char folder[VALUE_PATH_MAX + 1];
	const char *slash = strrchr(path, '/');
	struct stat of_folder, of_socket;

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path + 1) : 1,
		 slash ? path : ".");
	if (stat(folder, &of_folder) < 0 || lstat(path, &of_socket) < 0 ||
	    (of_folder.st_gid != of_socket.st_gid && lchown(path, (uid_t)-1, of_folder.st_gid) < 0))
		return fail(problem, path, "cannot be given to the group of its directory");
	return chmod(path, SOCKET_MODE) == 0 || fail(problem, path, "cannot be opened to clients");
}

static bool make_socket(struct control *control, char *problem)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	strcpy(address.sun_path, control->path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(problem, control->path, "cannot be made");
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return fail(problem, control->path, "cannot be made");
	}
	control->fd = fd;
	/* Nobody can connect before it listens. */
	if (!hand_to_group(control->path, problem))
		return false;
	return listen(fd, BACKLOG) == 0 || fail(problem, control->path, "takes no clients");
}

bool control_open(const char *path, struct control **ret_control, char problem[CONTROL_MESSAGE_MAX])
{
	struct control *control;

	if (strlen(path) > VALUE_PATH_MAX) {
		snprintf(problem, CONTROL_MESSAGE_MAX,
			 "the path %.200s of the control socket is too long: it may have %d "
			 "characters",
			 path, VALUE_PATH_MAX);
		return false;
	}
	control = calloc(1, sizeof(*control));
	if (!control) {
		snprintf(problem, CONTROL_MESSAGE_MAX, "out of memory");
		return false;
	}
	strcpy(control->path, path);
	control->lock = -1;
	control->fd = -1;
	LIST_INIT(&control->places);
	if (take_lock(control, problem) && clear_path(path, problem) &&
	    make_socket(control, problem)) {
		*ret_control = control;
		return true;
	}
	control_close(control);
	return false;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	control_end(control);
	if (control->fd >= 0) {
		unlink(control->path);
		close(control->fd);
	}
	if (control->lock >= 0)
		close(control->lock);
	free(control);
}

static void place_free(struct place *place)
{
	LIST_REMOVE(place, all);
	place->control->count--;
	control_client_free(place->client);
	free(place);
}

static void on_gone(struct control_client *client, void *user)
{
	(void)client;
	place_free(user);
}

static void on_change(struct connection *connection, void *user)
{
	struct control *control = user;
	struct place *place;

	LIST_FOREACH(place, &control->places, all)
	control_client_changed(place->client, connection);
}

static void welcome(struct control *control, int fd)
{
	struct place *place;

	if (control->count == CONTROL_CLIENTS_MAX) {
		control_client_refuse(fd);
		return;
	}
	place = calloc(1, sizeof(*place));
	if (!place) {
		close(fd);
		return;
	}
	place->control = control;
	place->client = control_client_new(&control->world, fd, on_gone, place);
	if (!place->client) {
		free(place);
		return;
	}
	LIST_INSERT_HEAD(&control->places, place, all);
	control->count++;
}

static int on_connect(sd_event_source *source, int fd, uint32_t revents, void *user)
{
	struct control *control = user;

	(void)revents;
	for (int i = 0; i < ACCEPT_TURN; i++) {
		int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client >= 0) {
			welcome(control, client);
			continue;
		}
		if (errno == ECONNABORTED || errno == EINTR)
			continue;
		/* The client stays in the backlog: polling on would spin. */
		if (errno != EAGAIN) {
			(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
			(void)sd_event_source_set_time_relative(control->retry, RETRY_USEC);
			(void)sd_event_source_set_enabled(control->retry, SD_EVENT_ONESHOT);
		}
		break;
	}
	return 0;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *user)
{
	struct control *control = user;

	(void)source;
	(void)usec;
	(void)sd_event_source_set_enabled(control->source, SD_EVENT_ON);
	return 0;
}

bool control_serve(struct control *control, sd_event *event, const struct settings *settings,
		   struct station *station, struct events *events)
{
	control->world = (struct control_world){
		.event = event, .settings = settings, .station = station, .events = events};
	station_on_change(station, on_change, control);
	if (sd_event_add_io(event, &control->source, control->fd, EPOLLIN, on_connect, control) >=
		    0 &&
	    sd_event_add_time_relative(event, &control->retry, CLOCK_MONOTONIC, 0, 0, on_retry,
				       control) >= 0 &&
	    sd_event_source_set_enabled(control->retry, SD_EVENT_OFF) >= 0)
		return true;
	control_end(control);
	return false;
}

void control_end(struct control *control)
{
	struct place *place;

	if (!control->world.station)
		return;
	station_on_change(control->world.station, NULL, NULL);
	control->source = sd_event_source_disable_unref(control->source);
	control->retry = sd_event_source_disable_unref(control->retry);
	while ((place = LIST_FIRST(&control->places)))
		place_free(place);
	control->world.station = NULL;
}
