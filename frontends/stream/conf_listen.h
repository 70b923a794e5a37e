/*
 * The places where a program listens, as its configuration gives them. Hides their notation, and
 * which two of them the kernel refuses.
 */
#ifndef STREAM_CONF_LISTEN_H
#define STREAM_CONF_LISTEN_H

#include <stdbool.h>

#include "listener.h"

/* "443", for all addresses, "192.0.2.1:443", "[2001:db8::1]:443". False: it is none. */
[[nodiscard]] bool conf_listen_read(const char *text, struct listener_place *ret_place);

/* Whether the kernel refuses the second of them. */
bool conf_listen_overlap(const struct listener_place *one, const struct listener_place *other);

#endif
