/*
 * Whether a keystored that has calls under way still lives. Hides how it is asked, beside the calls,
 * which may take long by themselves: those have keystored's own deadlines.
 */
#ifndef HTTPS_API_WATCH_H
#define HTTPS_API_WATCH_H

#include <stdint.h>

#include "api.h"

#define API_WATCH_US                                                                               \
	UINT64_C(10000000) /* asked at this interval, each must be answered by the next */
#define API_WATCH_HANGS                                                                            \
	"keystored takes requests and does not answer; whether this one was carried out is "       \
	"unknown: is it stopped? Try: systemctl status keystored"

struct api_watch;

struct api_watch *api_watch_new(struct api *api); /* NULL: no memory */
/* Once the uplink is freed: what was asked beside it is not answered any more. NULL is fine. */
void api_watch_free(struct api_watch *watch);

/*
 * Something has been asked of keystored. If that hangs, the uplink is broken, so that all that is
 * under way ends as where keystored ends; it comes up again when keystored goes on.
 */
void api_watch_wake(struct api_watch *watch);

#endif
