#include "api_watch.h"

#include <stdlib.h>

#include "api_private.h"

struct api_watch {
	struct api *api;
	/* Its own: on the other, questions wait while as many as keystored allows are under way. */
	struct uplink *uplink; /* NULL: not yet */
	sd_event_source *timer;
	bool is_asking;
	bool is_woken; /* since it was asked last */
};

static void on_up(void *user)
{
	(void)user;
}

static void on_down(const char *why, void *user)
{
	(void)why;
	(void)user;
}

static void on_event(const struct ks_event *event, void *user)
{
	(void)event;
	(void)user;
}

static void answered(const struct ks_result *result, void *user)
{
	struct api_watch *watch = user;

	(void)result;
	watch->is_asking = false;
}

static void ask(struct api_watch *watch)
{
	struct ks_client *client = watch->uplink ? uplink_client(watch->uplink) : NULL;

	if (!client)
		return;
	watch->is_asking = ks_whoami_start(client, answered, watch) == KS_OK;
	uplink_sends(watch->uplink);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct api_watch *watch = user;
	struct api *api = watch->api;
	bool is_needed = api->running || watch->is_woken;

	(void)usec;
	watch->is_woken = false;
	if (watch->is_asking && api->options.uplink) {
		api->hangs = true;
		uplink_break(api->options.uplink, API_WATCH_HANGS);
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	}
	if (!is_needed)
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	ask(watch);
	return sd_event_source_set_time_relative(source, API_WATCH_US);
}

struct api_watch *api_watch_new(struct api *api)
{
	struct api_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->api = api;
	/* After an answer that came at the same time: this program may have been stopped itself. */
	if (sd_event_add_time_relative(api->event, &watch->timer, CLOCK_MONOTONIC, API_WATCH_US, 0,
				       on_timer, watch) >= 0 &&
	    sd_event_source_set_priority(watch->timer, SD_EVENT_PRIORITY_IDLE) >= 0 &&
	    sd_event_source_set_enabled(watch->timer, SD_EVENT_OFF) >= 0)
		return watch;
	api_watch_free(watch);
	return NULL;
}

void api_watch_free(struct api_watch *watch)
{
	if (!watch)
		return;
	uplink_free(watch->uplink);
	sd_event_source_disable_unref(watch->timer);
	free(watch);
}

void api_watch_wake(struct api_watch *watch)
{
	static const struct uplink_handler handler = {on_up, on_down, on_event};
	const struct uplink *uplink = watch->api->options.uplink;

	if (!uplink)
		return;
	watch->is_woken = true;
	if (!watch->uplink)
		watch->uplink = uplink_new_as(uplink, NULL, 0, &handler, watch);
	if (sd_event_source_get_enabled(watch->timer, NULL) != 0)
		return;
	(void)sd_event_source_set_time_relative(watch->timer, API_WATCH_US);
	(void)sd_event_source_set_enabled(watch->timer, SD_EVENT_ON);
}
