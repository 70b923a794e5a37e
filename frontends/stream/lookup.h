/*
 * Looks names up in threads of its own, since getaddrinfo() blocks, perhaps for many seconds.
 * Hides the threads, and that a look-up that nobody wants any more goes on.
 */
#ifndef STREAM_LOOKUP_H
#define STREAM_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "address.h"

#define LOOKUP_AT_ONCE	     4 /* others wait for their turn */
#define LOOKUP_ADDRESSES_MAX 8 /* of a name; what comes beyond is left out */

struct lookup;

/* @error: 0, or as of getaddrinfo(). @addresses: @count, in the order to be tried. */
typedef void lookup_done_fn(int error, const struct address *addresses, size_t count, void *user);

/*
 * Calls @done once, from the loop; then, or before, lookup_free() it. @host: up to 255 bytes.
 * NULL: no memory, or no descriptor.
 */
struct lookup *lookup_start(sd_event *event, const char *host, uint16_t port, lookup_done_fn *done,
			    void *user);
void lookup_free(struct lookup *lookup); /* NULL is fine */

#endif
