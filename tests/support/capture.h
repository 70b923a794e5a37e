/*
 * What went over loopback while it ran, as a program on the network would see it. Hides packet
 * sockets.
 */
#ifndef SUPPORT_CAPTURE_H
#define SUPPORT_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>

struct capture;

/* The TCP payloads from and to @port. NULL: this process may not (it takes CAP_NET_RAW). */
struct capture *capture_start(int port);
void capture_stop(struct capture *capture); /* what came until now is there afterwards */
void capture_free(struct capture *capture);

/* Whether these bytes are in one of the payloads. */
bool capture_has(const struct capture *capture, const void *bytes, size_t len);

#endif
