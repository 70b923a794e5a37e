#include "api_events.h"
#include "api_private.h"
#include "api_trend.h"
#include "json_status.h"
#include "json_text.h"

static json_t *json_web(const struct api *api)
{
	struct http_server *const *server = api->options.server;
	struct http_counters web = {0};

	if (server && *server)
		web = http_server_counters(*server);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "connections",
			 (json_int_t)web.connections, "handshakes", (json_int_t)web.handshakes,
			 "feeds", (json_int_t)web.feeds, "accepted", (json_int_t)web.accepted,
			 "refused", (json_int_t)web.refused, "failed", (json_int_t)web.failed,
			 "requests", (json_int_t)web.requests, "bad_requests",
			 (json_int_t)web.bad_requests);
}

static void status_done(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	json_t *object;

	if (!api_result_is_good(call, result) || !api_result_has(call, result->service))
		return;
	object = json_status(result->service);
	json_add(&object, "web", json_web(api_of(call)));
	api_answer(call, 200, object);
}

static void status_show(struct api_call *call)
{
	struct ks_client *client = api_client(call);

	if (client)
		(void)api_start(call, ks_service_status_start(client, status_done, call));
}

static void trend_show(struct api_call *call)
{
	uint64_t after = 0;

	if (api_query_number(call, "after", INT64_MAX, 0, &after))
		api_answer(call, 200,
			   json_pack("{s:o}", "samples",
				     api_trend_samples(api_of(call)->trend, after)));
}

const struct api_operation api_status_operations[] = {
	{"statusShow", HTTP_GET, "/status", .right = KS_RIGHT_READ_DIAGNOSTICS, .run = status_show},
	{"trendShow", HTTP_GET, "/trend", .right = KS_RIGHT_READ_DIAGNOSTICS, .run = trend_show},
	{"eventStream", HTTP_GET, "/events", .run = api_events_run, .is_feed = true},
	{0},
};
