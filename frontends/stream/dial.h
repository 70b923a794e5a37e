/*
 * Connects to a peer. Hides that names are looked up without blocking, that they may have several
 * addresses, and the time-out.
 */
#ifndef STREAM_DIAL_H
#define STREAM_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#define DIAL_HOST_MAX	 255 /* bytes of a name, or of a Unix socket's path up to 107 */
#define DIAL_MESSAGE_MAX 320

enum dial_fault {
	DIAL_REFUSED,	  /* nobody listens there */
	DIAL_UNREACHABLE, /* no way there, or no answer in time */
	DIAL_UNKNOWN,	  /* the name cannot be looked up */
	DIAL_LOCAL_PORT,  /* it is taken */
	DIAL_INTERFACE,	  /* there is no such interface, or it cannot be bound to */
	DIAL_RESOURCES,
};

struct dial_target {
	char host[DIAL_HOST_MAX + 1]; /* an address, a name, or "/…": a Unix socket */
	uint16_t port;
	uint16_t local_port; /* 0: any */
	char interface[16];  /* "": any */
	uint32_t timeout_ms; /* 0: 10000; for all of it */
};

struct dial_handler {
	/* @fd is yours, does not block, and has keep-alive set; @address: "192.0.2.1". */
	void (*connected)(int fd, const char *address, void *user);
	void (*failed)(enum dial_fault fault, const char *message, void *user);
};

struct dial;

/* Calls one of @handler once, from the loop; then, or before, dial_free() it. NULL: no memory. */
struct dial *dial_start(sd_event *event, const struct dial_target *target,
			const struct dial_handler *handler, void *user);
void dial_free(struct dial *dial); /* NULL is fine */

/* Finds a dead peer in about 20 s, idle or not; no delay of small messages. */
void dial_keep_alive(int fd);

/*
 * To be called every few seconds: so a peer that is there, and takes nothing for as long as it
 * likes, is not given up. True: the peer's direction has ended, which may not have been read yet.
 */
bool dial_look_after(int fd);

#endif
