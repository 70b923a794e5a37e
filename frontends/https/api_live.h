/*
 * Values of data blocks as they change, sent to the feeds that want them. Hides when blocks are looked
 * at: while somebody wants them, each once, however many do.
 */
#ifndef HTTPS_API_LIVE_H
#define HTTPS_API_LIVE_H

#include <systemd/sd-event.h>

#include "api_events.h"
#include "block_roles.h"

#define API_LIVE_PERIOD_US	UINT64_C(200000)
#define API_LIVE_BLOCKS_OF_FEED 16
#define API_LIVE_BLOCKS		128	   /* of all feeds */
#define API_LIVE_TEXT_MAX	(64 << 10) /* bytes of an event; a longer one has no fields */

struct api_live;

/* @folder, of images, and @roles must outlive it. NULL: no memory. */
struct api_live *api_live_new(sd_event *event, const char *folder, struct block_roles *roles);
/* Once all feeds have ended, and nobody answers for @roles. NULL is fine. */
void api_live_free(struct api_live *live);

/* @blocks: names, apart by commas. What is wrong with them; NULL: nothing. */
const char *api_live_refusal(const char *blocks);

/*
 * Sends the blocks' values to @feed, now and whenever they change. Those that would be more than
 * API_LIVE_BLOCKS are left out. NULL: no memory.
 */
void *api_live_begin(struct api_live *live, struct api_feed *feed, const char *blocks);
void api_live_end(void *part);

#endif
