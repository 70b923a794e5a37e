#include "api_events.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api_private.h"
#include "api_watch.h"
#include "json_event.h"

#define BLOCKS_MAX 1024 /* bytes of the query's "blocks" */

struct api_feed {
	LIST_ENTRY(api_feed) entry;
	struct api_events *events;
	struct http_feed *feed; /* NULL: over */
	struct uplink *uplink;	/* what keystored tells this login, and no other */
	struct api_login login;
	unsigned rights;	  /* as keystored has said last */
	bool is_asking, is_stale; /* whether it still is a login; something has changed since */
	void *part;		  /* NULL: none */
	char blocks[BLOCKS_MAX + 1];
};

struct api_events {
	struct api *api;
	sd_event_source *timer, *sweep;
	const struct api_feed_part *part;
	LIST_HEAD(, api_feed) feeds;
	unsigned count; /* of them, with those that are over: each has a connection to keystored */
};

/*
 * keystored tells a login besides what it tells the front-end itself: of its own certificate and key.
 * That is not the user's.
 */
struct topic {
	const char *name;
	unsigned right;
};

static const struct topic topics[] = {
	[KS_EVENT_TPM] = {"tpm", KS_RIGHT_READ_DIAGNOSTICS},
	[KS_EVENT_KEY_CREATED] = {"key", KS_RIGHT_VIEW},
	[KS_EVENT_KEY_UPDATED] = {"key", KS_RIGHT_VIEW},
	[KS_EVENT_KEY_DELETED] = {"key", KS_RIGHT_VIEW},
	[KS_EVENT_CERT_CREATED] = {"cert", KS_RIGHT_VIEW},
	[KS_EVENT_CERT_UPDATED] = {"cert", KS_RIGHT_VIEW},
	[KS_EVENT_CERT_DELETED] = {"cert", KS_RIGHT_VIEW},
	[KS_EVENT_NAMES] = {"address", KS_RIGHT_VIEW},
	[KS_EVENT_EXPIRY] = {"expiry", KS_RIGHT_VIEW},
	[KS_EVENT_CRL] = {"crl", KS_RIGHT_VIEW},
	[KS_EVENT_TRUST] = {"trust", KS_RIGHT_VIEW},
	[KS_EVENT_REJECTED] = {"rejected", KS_RIGHT_VIEW},
	[KS_EVENT_SERVICE_CREATED] = {"service", KS_RIGHT_VIEW},
	[KS_EVENT_SERVICE_UPDATED] = {"service", KS_RIGHT_VIEW},
	[KS_EVENT_SERVICE_DELETED] = {"service", KS_RIGHT_VIEW},
};

static void end_part(struct api_feed *feed)
{
	void *part = feed->part;

	feed->part = NULL;
	if (part)
		feed->events->part->end(part);
}

static void feed_free(struct api_feed *feed)
{
	uplink_free(feed->uplink);
	LIST_REMOVE(feed, entry);
	feed->events->count--;
	OPENSSL_cleanse(&feed->login, sizeof(feed->login));
	free(feed);
}

/* Its uplink may be telling something just now, and be freed only afterwards. */
static void feed_over(struct api_feed *feed)
{
	feed->feed = NULL;
	end_part(feed);
	(void)sd_event_source_set_enabled(feed->events->sweep, SD_EVENT_ONESHOT);
}

static int on_sweep(sd_event_source *source, void *user)
{
	struct api_events *events = user;
	struct api_feed *feed, *next;

	(void)source;
	for (feed = LIST_FIRST(&events->feeds); feed; feed = next) {
		next = LIST_NEXT(feed, entry);
		if (!feed->feed && !feed->is_asking)
			feed_free(feed);
	}
	return 0;
}

static void feed_ended(void *user)
{
	feed_over(user);
}

static bool send_text(struct api_feed *feed, const char *name, const char *text)
{
	if (http_feed_send(feed->feed, name, text))
		return true;
	feed_over(feed);
	return false;
}

bool api_feed_send(struct api_feed *feed, const char *name, json_t *data)
{
	char *text = data ? json_dumps(data, JSON_COMPACT) : NULL;
	bool is_there = true;

	json_decref(data);
	if (text)
		is_there = send_text(feed, name, text);
	free(text);
	return is_there;
}

static void log_out(struct api_feed *feed)
{
	struct http_feed *http = feed->feed;

	if (http && send_text(feed, "logout", "{}")) {
		http_feed_end(http);
		feed_over(feed);
	}
}

/* Nothing is begun that keystored has not just allowed. */
static void set_rights(struct api_feed *feed, unsigned rights)
{
	const struct api_feed_part *part = feed->events->part;

	feed->rights = rights;
	if (!part || !*feed->blocks)
		return;
	if (!(rights & part->right))
		end_part(feed);
	else if (!feed->part)
		feed->part = part->begin(feed->events->api, feed, feed->blocks);
}

static void check(struct api_feed *feed);

static void checked(const struct ks_result *result, void *user)
{
	struct api_feed *feed = user;
	bool is_stale = feed->is_stale;

	feed->is_asking = false;
	feed->is_stale = false;
	if (!feed->feed)
		feed_over(feed);
	else if (result->status == KS_DENIED)
		log_out(feed);
	else if (result->status == KS_OK)
		set_rights(feed, result->whoami->rights);
	/* keystored away: whether it still is one will be seen when it is back. */
	if (feed->feed && is_stale)
		check(feed);
}

/* Asked for nobody's doing: a page that is only open keeps no login alive. */
static void check(struct api_feed *feed)
{
	const struct ks_options passive = {.passive = true};
	struct uplink *uplink = feed->events->api->options.uplink;
	struct ks_client *client;

	feed->is_stale = feed->is_asking;
	if (feed->is_asking || !uplink || !feed->feed)
		return;
	client = uplink_client_as(uplink, &passive, feed->login.token, feed->login.len);
	if (!client)
		return;
	feed->is_asking = ks_whoami_start(client, checked, feed) == KS_OK;
	uplink_sends(uplink);
	api_watch_wake(feed->events->api->watch);
}

void api_events_check(struct api_events *events)
{
	struct api_feed *feed;

	LIST_FOREACH(feed, &events->feeds, entry)
	check(feed);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct api_events *events = user;

	(void)usec;
	api_events_tell(events, "heartbeat");
	api_events_check(events);
	if (LIST_EMPTY(&events->feeds))
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return sd_event_source_set_time_relative(source, API_FEED_CHECK_US);
}

struct api_events *api_events_new(struct api *api)
{
	struct api_events *events = calloc(1, sizeof(*events));

	if (!events)
		return NULL;
	events->api = api;
	if (sd_event_add_time_relative(api->event, &events->timer, CLOCK_MONOTONIC,
				       API_FEED_CHECK_US, 0, on_timer, events) >= 0 &&
	    sd_event_source_set_enabled(events->timer, SD_EVENT_OFF) >= 0 &&
	    sd_event_add_defer(api->event, &events->sweep, on_sweep, events) >= 0 &&
	    sd_event_source_set_enabled(events->sweep, SD_EVENT_OFF) >= 0)
		return events;
	api_events_free(events);
	return NULL;
}

void api_events_free(struct api_events *events)
{
	if (!events)
		return;
	while (!LIST_EMPTY(&events->feeds)) {
		struct api_feed *feed = LIST_FIRST(&events->feeds);

		if (feed->feed)
			http_feed_end(feed->feed);
		end_part(feed);
		feed_free(feed);
	}
	sd_event_source_disable_unref(events->sweep);
	sd_event_source_disable_unref(events->timer);
	free(events);
}

void api_events_set_part(struct api_events *events, const struct api_feed_part *part)
{
	events->part = part;
}

static unsigned feeds_of(const struct api_events *events, const struct api_login *login)
{
	const struct api_feed *feed;
	unsigned count = 0;

	LIST_FOREACH(feed, &events->feeds, entry)
	{
		if (feed->feed && feed->login.len == login->len &&
		    CRYPTO_memcmp(feed->login.token, login->token, login->len) == 0)
			count++;
	}
	return count;
}

/* Whether keystored is there, all are told at once. */
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
	struct api_feed *feed = user;
	const struct topic *topic = (size_t)event->type < sizeof(topics) / sizeof(*topics)
					    ? &topics[event->type]
					    : NULL;

	if (feed->feed && topic && topic->name && (feed->rights & topic->right))
		(void)api_feed_send(feed, topic->name, json_event(event, time(NULL)));
}

static void begin(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	struct api_events *events = api_of(call)->events;
	static const struct uplink_handler handler = {on_up, on_down, on_event};
	const char *blocks = api_query(call, "blocks");
	struct api_feed *feed;

	if (!api_result_is_good(call, result))
		return;
	if (feeds_of(events, &call->login) >= API_FEEDS_OF_LOGIN) {
		api_answer_problem(call, 503, "busy", NULL,
				   "too many pages of this login are open: close some");
		return;
	}
	if (events->count >= API_FEEDS_MAX) {
		api_answer_problem(call, 503, "busy", NULL,
				   "too many pages are open of all who are logged in: close some, "
				   "or end other logins");
		return;
	}
	feed = calloc(1, sizeof(*feed));
	if (!feed) {
		api_call_end(call, NULL);
		return;
	}
	feed->events = events;
	feed->login = call->login;
	if (blocks)
		memcpy(feed->blocks, blocks, strlen(blocks) + 1);
	feed->uplink = uplink_new_as(events->api->options.uplink, feed->login.token,
				     feed->login.len, &handler, feed);
	LIST_INSERT_HEAD(&events->feeds, feed, entry);
	events->count++;
	feed->feed = feed->uplink ? api_answer_feed(call, feed_ended, feed) : NULL;
	if (!feed->uplink)
		api_call_end(call, NULL);
	if (!feed->feed) {
		feed_free(feed);
		return;
	}
	if (sd_event_source_get_enabled(events->timer, NULL) == 0) {
		(void)sd_event_source_set_time_relative(events->timer, API_FEED_CHECK_US);
		(void)sd_event_source_set_enabled(events->timer, SD_EVENT_ON);
	}
	set_rights(feed, result->whoami->rights);
	(void)send_text(feed, "heartbeat", "{}");
}

void api_events_run(struct api_call *call)
{
	const struct api_feed_part *part = api_of(call)->events->part;
	const char *blocks = api_query(call, "blocks");
	struct ks_client *client;

	if (blocks && strlen(blocks) > BLOCKS_MAX) {
		api_answer_problem(call, 400, "invalid", "blocks",
				   "\"blocks\" names too many: open another page for the rest");
		return;
	}
	if (blocks && part && part->refusal(api_of(call), blocks)) {
		api_answer_problem(call, 400, "invalid", "blocks",
				   part->refusal(api_of(call), blocks));
		return;
	}
	/* Browsers open it again by themselves. */
	call->is_passive = true;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_whoami_start(client, begin, call));
}

/* A feed that ends by being written to is there until the sweep. */
void api_events_tell(struct api_events *events, const char *name)
{
	struct api_feed *feed;

	LIST_FOREACH(feed, &events->feeds, entry)
	{
		if (feed->feed)
			(void)send_text(feed, name, "{}");
	}
}
