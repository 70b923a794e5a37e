#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "keystore.h"

/* connect() on a Unix socket waits for room in the backlog: a hung service must not hang us. */
#define CONNECT_SECONDS 5

const char *socket_path(const char *path)
{
	const char *found = path ? path : secure_getenv("KEYSTORE_SOCKET");

	return found && *found ? found : KS_SOCKET_DEFAULT;
}

static bool socket_connect(int fd, const char *path)
{
	const struct timeval patience = {.tv_sec = CONNECT_SECONDS};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int flags;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	strcpy(address.sun_path, path);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return false;
	while (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		if (errno != EINTR)
			return false;
	flags = fcntl(fd, F_GETFL);
	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

int socket_open(const char *path)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -1;
	if (socket_connect(fd, path))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static const char *way_out(int error)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		return "is keystored running? Try: systemctl status keystored, or --socket PATH";
	case EACCES:
	case EPERM:
		return "this user may not use it: ask for membership in the socket's group";
	case EAGAIN:
		return "keystored does not take connections now: try again, then look at "
		       "systemctl status keystored";
	case ENAMETOOLONG:
		return "the path of a Unix socket has at most 107 bytes";
	case EMFILE:
	case ENFILE:
		return "too many files are open: close some";
	default:
		return "look at systemctl status keystored, or give another path with --socket";
	}
}

const char *ks_connect_message(const char *path, int error, char *buf, size_t len)
{
	const char *words = strerrordesc_np(error);

	snprintf(buf, len, "cannot reach keystored at %s: %s; %s", socket_path(path),
		 words ? words : "unknown error", way_out(error));
	return buf;
}
