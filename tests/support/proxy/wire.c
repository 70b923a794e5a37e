#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "command.h"

static bool make_address(const char *path, struct sockaddr_un *ret_address)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	*ret_address = address;
	return true;
}

int wire_listen(const char *path)
{
	struct sockaddr_un address;
	int fd;

	if (!make_address(path, &address))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	unlink(path);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) || listen(fd, 64)) {
		close(fd);
		return -1;
	}
	return fd;
}

int wire_connect(const char *path)
{
	const struct timeval patience = {.tv_sec = 10};
	struct sockaddr_un address;
	int fd;

	if (!make_address(path, &address))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

bool wire_send(int fd, const uint8_t *bytes, size_t len)
{
	while (len) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
		struct pollfd writable = {.fd = fd, .events = POLLOUT};

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN && poll(&writable, 1, 10000) == 1)
			continue;
		if (sent < 0)
			return false;
		bytes += sent;
		len -= (size_t)sent;
	}
	return true;
}

size_t wire_transact(const char *path, const uint8_t *command, size_t len, uint8_t *ret_response)
{
	size_t have = 0, want = 0;
	int fd = wire_connect(path);

	if (fd < 0)
		return 0;
	if (!wire_send(fd, command, len))
		goto out;
	while (!want || have < want) {
		ssize_t got = recv(fd, ret_response + have, TPM_MESSAGE_MAX - have, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		have += (size_t)got;
		want = message_length(ret_response, have);
	}
out:
	close(fd);
	return want && have == want ? want : 0;
}
