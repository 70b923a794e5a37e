/*
 * The device's addresses, links and host name, as the kernel has them. Hides netlink. What the
 * kernel tells of changes is no more than a hint: after each the whole is read again, so that
 * nothing is lost where it tells more than is read. Only reads.
 */
#ifndef WATCH_H
#define WATCH_H

#include <systemd/sd-event.h>

#include "own.h"

#define WATCH_PROBLEM_MAX 256

struct watch_options {
	bool with_link_local; /* addresses of 169.254.0.0/16 and fe80::/10 */
	bool with_temporary;  /* IPv6 addresses for privacy (RFC 8981) */
};

/* Something may be otherwise; called from the loop, perhaps often. */
typedef void watch_changed_fn(void *user);

struct watch;

/*
 * NULL: no memory. Where the kernel refuses there is a watch too, with a problem. Loopback
 * addresses, tentative ones and duplicates are never seen.
 */
struct watch *watch_new(sd_event *event, const struct watch_options *options,
			watch_changed_fn *changed, void *user);
void watch_free(struct watch *watch); /* NULL is fine */

/* Why nothing is watched; "": it is. Borrowed. */
const char *watch_problem(const struct watch *watch);

/* What is there now; what could not be read makes it partial. */
void watch_look(const struct watch *watch, struct own_sight *ret_sight);

#endif
