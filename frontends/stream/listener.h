/*
 * Waits for peers on a TCP port or a Unix socket. Hides accept(), its passing failures, and that a
 * port that is taken is tried again.
 */
#ifndef STREAM_LISTENER_H
#define STREAM_LISTENER_H

#include <stdint.h>

#include <systemd/sd-event.h>

#define LISTENER_MESSAGE_MAX 320

enum listener_state {
	LISTENER_LISTENS,
	LISTENER_PORT_IN_USE,  /* or a Unix socket at which somebody answers */
	LISTENER_NO_INTERFACE, /* there is none of that name, or it cannot be bound to */
	LISTENER_FAILS,
};

struct listener_place {
	char host[256]; /* an address; "": all, IPv6 and IPv4; "/…": a Unix socket, made 0660 */
	uint16_t port;
	char interface[16]; /* "": all */
};

struct listener_handler {
	/* @fd is yours, does not block, has keep-alive set; @address: "192.0.2.1", or "" (Unix). */
	void (*accepted)(int fd, const char *address, void *user);
	/* Once for each: it listens (@message ""); or it cannot, or takes nobody, and tries again. */
	void (*changed)(enum listener_state state, const char *message, void *user);
};

struct listener;

/* @handler is called from the loop, and may free it. NULL: no memory. */
struct listener *listener_new(sd_event *event, const struct listener_place *place,
			      const struct listener_handler *handler, void *user);
void listener_free(struct listener *listener); /* NULL is fine */

#endif
