#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "conn.h"
#include "lazy_timer.h"
#include "service.h"

#define BACKLOG	    128
#define ACCEPT_TURN 16	 /* connections taken before others get their turn */
#define GROUPS_MAX  1024 /* of one peer */
#define RETRY_USEC  200000

struct listener {
	struct service *service;
	int fd;
	char *path;
	sd_event_source *source;
	struct lazy_timer *retry;
};

static enum listener_status fail(char *error, enum listener_status status, const char *path,
				 const char *what)
{
	snprintf(error, LISTENER_ERROR_MAX, "the socket %s %s: %s", path, what, strerror(errno));
	return status;
}

/* Whether nobody listens at @address any more; then the path is free afterwards. */
static enum listener_status clear_path(const struct sockaddr_un *address, char *error)
{
	const char *path = address->sun_path;
	struct stat st;
	int probe;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? LISTENER_OK
				       : fail(error, LISTENER_IO, path, "cannot be made");
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(error, LISTENER_ERROR_MAX,
			 "%s exists and is no socket: move it away, or choose another path with "
			 "--socket",
			 path);
		return LISTENER_REFUSED;
	}
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return fail(error, LISTENER_IO, path, "cannot be probed");
	int result = connect(probe, (const struct sockaddr *)address, sizeof *address);
	bool is_stale = result < 0 && errno == ECONNREFUSED;

	close(probe);
	if (!is_stale) {
		snprintf(error, LISTENER_ERROR_MAX,
			 "the socket %s is in use by a running service: stop that one, or choose "
			 "another path with --socket",
			 path);
		return LISTENER_IN_USE;
	}
	if (unlink(path) < 0)
		return fail(error, LISTENER_IO, path, "is stale and cannot be removed");
	return LISTENER_OK;
}

static enum listener_status make_socket(const char *path, uint32_t mode, const uint32_t *group,
					char *error, int *ret_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	enum listener_status status;
	int fd = -1;

	if (strlen(path) >= sizeof address.sun_path) {
		snprintf(error, LISTENER_ERROR_MAX,
			 "the socket path %.200s is too long: it may have %zu characters", path,
			 sizeof address.sun_path - 1);
		return LISTENER_REFUSED;
	}
	strcpy(address.sun_path, path);
	status = clear_path(&address, error);
	if (status != LISTENER_OK)
		return status;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(error, LISTENER_IO, path, "cannot be made");
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
		status = fail(error, errno == EADDRINUSE ? LISTENER_IN_USE : LISTENER_IO, path,
			      "cannot be made");
		goto out;
	}
	status = LISTENER_IO;
	if ((group && chown(path, (uid_t)-1, *group) < 0) || chmod(path, mode) < 0 ||
	    listen(fd, BACKLOG) < 0) {
		fail(error, LISTENER_IO, path, "cannot be opened to clients");
		unlink(path);
		goto out;
	}
	*ret_fd = fd;
	return LISTENER_OK;
out:
	close(fd);
	return status;
}

enum listener_status listener_socket(const char *path, uint32_t mode, const uint32_t *group,
				     char error[LISTENER_ERROR_MAX], int *ret_fd, bool *ret_is_ours)
{
	int passed = sd_listen_fds(1);

	if (passed > 1 ||
	    (passed == 1 && sd_is_socket(SD_LISTEN_FDS_START, AF_UNIX, SOCK_STREAM, 1) <= 0)) {
		snprintf(error, LISTENER_ERROR_MAX,
			 "systemd passed %d descriptors, and one listening Unix stream socket is "
			 "needed: see keystored.socket",
			 passed);
		return LISTENER_REFUSED;
	}
	if (passed == 1) {
		int flags = fcntl(SD_LISTEN_FDS_START, F_GETFL);

		/* systemd passes it blocking: a client that gave up meanwhile would stop us all. */
		if (flags < 0 || fcntl(SD_LISTEN_FDS_START, F_SETFL, flags | O_NONBLOCK) < 0)
			return fail(error, LISTENER_IO, "passed by systemd", "cannot be used");
		*ret_fd = SD_LISTEN_FDS_START;
		*ret_is_ours = false;
		return LISTENER_OK;
	}
	enum listener_status status = make_socket(path, mode, group, error, ret_fd);

	if (status == LISTENER_OK)
		*ret_is_ours = true;
	return status;
}

static struct peer *peer_of(int fd)
{
	struct ucred credentials;
	socklen_t len = sizeof credentials;
	gid_t groups[64];
	gid_t *all = groups;
	socklen_t groups_len = sizeof groups;
	struct peer *peer = NULL;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) < 0)
		return NULL;
	int result = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &groups_len);

	/* Too short a list would take rights away for no reason that anyone could see. */
	if (result < 0 && errno == ERANGE && groups_len <= GROUPS_MAX * sizeof *all) {
		all = malloc(groups_len);
		result = all ? getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, all, &groups_len) : -1;
	}
	if (result == 0)
		peer = malloc(sizeof *peer + groups_len);
	if (peer) {
		*peer = (struct peer){
			.uid = credentials.uid,
			.gid = credentials.gid,
			.pid = credentials.pid,
			.group_count = groups_len / sizeof *all,
		};
		memcpy(peer->groups, all, groups_len);
	}
	if (all != groups)
		free(all);
	return peer;
}

/* Whether the connection is over a limit; then the client has been told so. */
static void welcome(struct service *service, int fd)
{
	const struct config *config = service->config;
	struct peer *peer = peer_of(fd);

	if (!peer) {
		log_line(service->log, LOG_LEVEL_WARNING,
			 "a client's credentials cannot be read: refused");
		close(fd);
		return;
	}
	uid_t uid = peer->uid;
	unsigned total = conns_count(service->conns);
	struct account *account = account_of(&service->accounts, uid);
	unsigned own = account ? account->connections : 0;

	account_settle(account);
	struct conn *conn = conn_new(service, fd, peer);

	if (!conn)
		log_line(service->log, LOG_LEVEL_WARNING, "no memory for uid %u's connection", uid);
	else if (own >= config->connections_per_uid)
		conn_refuse(conn, STATUS_LIMIT,
			    "uid %u has %u connections, and no more are allowed: close one", uid,
			    own);
	else if (total >= config->connections)
		conn_refuse(conn, STATUS_LIMIT,
			    "the service has %u connections, and no more are allowed: try later",
			    total);
}

static int on_connect(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct listener *listener = user;

	(void)source;
	(void)events;
	for (int i = 0; i < ACCEPT_TURN; i++) {
		int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client >= 0) {
			welcome(listener->service, client);
			continue;
		}
		if (errno == ECONNABORTED || errno == EINTR)
			continue;
		/* The connection stays in the backlog: polling on would spin. */
		if (errno != EAGAIN) {
			log_line(listener->service->log, LOG_LEVEL_ERROR,
				 "no connection can be taken: %s; waiting a moment",
				 strerror(errno));
			sd_event_source_set_enabled(listener->source, SD_EVENT_OFF);
			lazy_timer_by(listener->retry,
				      lazy_timer_now(listener->retry) + RETRY_USEC);
		}
		break;
	}
	return 0;
}

static uint64_t on_retry(uint64_t now, void *user)
{
	struct listener *listener = user;

	(void)now;
	sd_event_source_set_enabled(listener->source, SD_EVENT_ON);
	return LAZY_NEVER;
}

enum listener_status listener_new(struct service *service, int fd, const char *unlink_path,
				  struct listener **ret_listener)
{
	struct listener *listener = calloc(1, sizeof *listener);

	if (!listener) {
		close(fd);
		return LISTENER_NOMEM;
	}
	listener->service = service;
	listener->fd = fd;
	listener->path = unlink_path ? strdup(unlink_path) : NULL;
	listener->retry = lazy_timer_new(service->event, on_retry, listener);
	if ((unlink_path && !listener->path) || !listener->retry ||
	    sd_event_add_io(service->event, &listener->source, fd, EPOLLIN, on_connect, listener) <
		    0) {
		listener_free(listener);
		return LISTENER_NOMEM;
	}
	*ret_listener = listener;
	return LISTENER_OK;
}

void listener_free(struct listener *listener)
{
	if (!listener)
		return;
	sd_event_source_unref(listener->source);
	lazy_timer_free(listener->retry);
	/* Unlinked while it still listens, so that a successor's socket is not hit. */
	if (listener->path)
		unlink(listener->path);
	close(listener->fd);
	free(listener->path);
	free(listener);
}
