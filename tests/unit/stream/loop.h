/* An event loop for one test, sockets on loopback, and a directory. */
#ifndef LOOP_H
#define LOOP_H

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-event.h>
#include <unistd.h>

static sd_event *loop;

static inline void loop_up(void)
{
	cr_assert_geq(sd_event_new(&loop), 0);
}

static inline void loop_down(void)
{
	loop = sd_event_unref(loop);
}

/* The test's time-out ends what never comes. */
static inline void loop_until(const bool *is_done)
{
	while (!*is_done)
		cr_assert_geq(sd_event_run(loop, UINT64_MAX), 0);
}

/* What is pending is done; nothing is waited for. */
static inline void loop_settle(void)
{
	while (sd_event_run(loop, 0) > 0)
		;
}

static inline uint16_t port_of(int fd)
{
	struct sockaddr_in address = {0};
	socklen_t len = sizeof(address);

	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	return ntohs(address.sin_port);
}

/* A socket on 127.0.0.1; @port 0: one that the kernel chooses. It may listen, or only hold it. */
static inline int loopback_bound(uint16_t port)
{
	const int on = 1;
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static inline int loopback_listening(uint16_t port)
{
	int fd = loopback_bound(port);

	cr_assert_eq(listen(fd, 16), 0);
	return fd;
}

/* Where nobody listens now. */
static inline uint16_t free_port(void)
{
	int fd = loopback_bound(0);
	uint16_t port = port_of(fd);

	close(fd);
	return port;
}

static inline int loopback_connected(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static inline struct sockaddr_un unix_address(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	cr_assert_lt(strlen(path), sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	return address;
}

static inline int unix_listening(const char *path)
{
	struct sockaddr_un address = unix_address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 16), 0);
	return fd;
}

#endif
