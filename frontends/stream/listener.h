/*
 * Waits for peers on a TCP port or a Unix socket. Hides accept(), its passing failures, and that a
 * port that is taken is tried again.
 */
#ifndef STREAM_LISTENER_H
#define STREAM_LISTENER_H

#include <stdint.h>

#include <systemd/sd-event.h>

#define LISTENER_MESSAGE_MAX 320

struct listener_place {
	char host[256]; /* an address; "": all, IPv6 and IPv4; "/…": a Unix socket, made 0660 */
	uint16_t port;
	char interface[16]; /* "": all */
};

struct listener_handler {
	/* @fd is yours, does not block, has keep-alive set; @address: "192.0.2.1", or "" (Unix). */
	void (*accepted)(int fd, const char *address, void *user);
	/* It cannot listen (@message), and tries again; or it listens (NULL), once. */
	void (*changed)(const char *message, void *user);
};

struct listener;

/* NULL: no memory. */
struct listener *listener_new(sd_event *event, const struct listener_place *place,
			      const struct listener_handler *handler, void *user);
void listener_free(struct listener *listener); /* NULL is fine */

#endif
