/*
 * What has changed, told to those who are logged in and may see it, by server-sent events. Hides
 * who listens, and how a login's end ends what it listens to.
 */
#ifndef HTTPS_API_EVENTS_H
#define HTTPS_API_EVENTS_H

#include "api.h"

#define API_FEEDS_OF_LOGIN 8
/* keystored lets one uid have 64 connections by default; the front-end needs some for itself. */
#define API_FEEDS_MAX	  48
#define API_FEED_CHECK_US UINT64_C(15000000)

struct api_events;
struct api_feed;

struct api_events *api_events_new(struct api *api); /* NULL: no memory */
void api_events_free(struct api_events *events);    /* once no call is under way; NULL is fine */

/* The operation eventStream. */
void api_events_run(struct api_call *call);

/* Asks keystored for each login that listens whether it still is, as it is done at intervals. */
void api_events_check(struct api_events *events);

/* An event without data, to all: "up". */
void api_events_tell(struct api_events *events, const char *name);

/*
 * What else a feed carries: begun with it, and ended with it, or when its login has lost @right.
 * @begin sends nothing yet; its NULL: nothing.
 */
struct api_feed_part {
	unsigned right; /* enum ks_right */
	/* What is wrong with @blocks; NULL: nothing. It is answered 400. */
	const char *(*refusal)(struct api *api, const char *blocks);
	void *(*begin)(struct api *api, struct api_feed *feed, const char *blocks);
	void (*end)(void *part);
};
/* @part outlives the events; NULL: none. Before the first feed. */
void api_events_set_part(struct api_events *events, const struct api_feed_part *part);

/* One event to one feed; @data is taken, NULL: no memory. False: it has ended, and its part too. */
bool api_feed_send(struct api_feed *feed, const char *name, json_t *data);

#endif
