#include "api_trend.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api_private.h"
#include "json_status.h"
#include "json_text.h"

#define SECOND_US UINT64_C(1000000)

/* What only grows. */
struct counts {
	uint64_t signatures, decryptions, tpm_commands, web_requests;
	uint64_t tpm_us, tpm_jobs; /* from the queue to the end */
	uint64_t at_us;
};

struct sample {
	int64_t time;
	bool is_known; /* keystored was there: … */
	bool is_rated; /* … and the second before, so that it is known what was done since */
	const char *tpm;
	double signatures, decryptions, tpm_commands, web_requests;
	double latency_ms; /* < 0: nothing was asked of the TPM */
	uint32_t queue, connections, web_connections;
};

struct api_trend {
	struct api *api;
	sd_event_source *timer;
	uint64_t looked_us; /* when somebody did */
	bool is_asking;
	bool has_before;
	struct counts before;
	struct sample samples[API_TREND_SAMPLES]; /* a ring */
	size_t first, count;
};

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_US + (uint64_t)now.tv_nsec / 1000;
}

static struct http_counters web_counters(const struct api_trend *trend)
{
	struct http_server *const *server = trend->api->options.server;

	return server && *server ? http_server_counters(*server) : (struct http_counters){0};
}

static void add(struct api_trend *trend, const struct sample *sample)
{
	size_t at = (trend->first + trend->count) % API_TREND_SAMPLES;

	if (trend->count == API_TREND_SAMPLES)
		trend->first = (trend->first + 1) % API_TREND_SAMPLES;
	else
		trend->count++;
	trend->samples[at] = *sample;
}

/* A keystored that was started anew counts from 0. */
static double rate(uint64_t before, uint64_t now, uint64_t us)
{
	return now > before && us ? (double)(now - before) * (double)SECOND_US / (double)us : 0;
}

static double latency_ms(const struct counts *before, const struct counts *now)
{
	return now->tpm_jobs > before->tpm_jobs && now->tpm_us >= before->tpm_us
		       ? (double)(now->tpm_us - before->tpm_us) / 1000 /
				 (double)(now->tpm_jobs - before->tpm_jobs)
		       : -1;
}

static void take(struct api_trend *trend, const struct ks_service *service)
{
	const struct http_counters web = web_counters(trend);
	const struct counts now = {
		.signatures = service->signatures,
		.decryptions = service->decryptions,
		.tpm_commands = service->tpm_commands,
		.web_requests = web.requests,
		.tpm_us = service->tpm_busy_us + service->queue_wait_us,
		.tpm_jobs = service->tpm_jobs,
		.at_us = now_us(),
	};
	const struct counts before = trend->before;
	uint64_t us = now.at_us - before.at_us;

	add(trend, &(struct sample){
			   .time = time(NULL),
			   .is_known = true,
			   .is_rated = trend->has_before,
			   .tpm = tpm_state_text(service->tpm.state),
			   .signatures = rate(before.signatures, now.signatures, us),
			   .decryptions = rate(before.decryptions, now.decryptions, us),
			   .tpm_commands = rate(before.tpm_commands, now.tpm_commands, us),
			   .web_requests = rate(before.web_requests, now.web_requests, us),
			   .latency_ms = latency_ms(&before, &now),
			   .queue = service->queue_length,
			   .connections = service->connections,
			   .web_connections = web.connections,
		   });
	trend->before = now;
	trend->has_before = true;
}

static void take_absence(struct api_trend *trend)
{
	trend->has_before = false;
	add(trend, &(struct sample){.time = time(NULL),
				    .web_connections = web_counters(trend).connections});
}

static void asked(const struct ks_result *result, void *user)
{
	struct api_trend *trend = user;

	trend->is_asking = false;
	if (result->status == KS_OK && result->service)
		take(trend, result->service);
	else
		take_absence(trend);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct api_trend *trend = user;
	struct uplink *uplink = trend->api->options.uplink;
	struct ks_client *client = uplink ? uplink_client(uplink) : NULL;

	(void)usec;
	if (now_us() - trend->looked_us > API_TREND_AFTER_US) {
		trend->has_before = false;
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	}
	if (client && !trend->is_asking) {
		trend->is_asking = ks_service_status_start(client, asked, trend) == KS_OK;
		uplink_sends(uplink);
	}
	if (!trend->is_asking)
		take_absence(trend);
	return sd_event_source_set_time_relative(source, SECOND_US);
}

struct api_trend *api_trend_new(struct api *api)
{
	struct api_trend *trend = calloc(1, sizeof(*trend));

	if (!trend)
		return NULL;
	trend->api = api;
	if (sd_event_add_time_relative(api->event, &trend->timer, CLOCK_MONOTONIC, 0, 1, on_timer,
				       trend) >= 0 &&
	    sd_event_source_set_enabled(trend->timer, SD_EVENT_OFF) >= 0)
		return trend;
	api_trend_free(trend);
	return NULL;
}

void api_trend_free(struct api_trend *trend)
{
	if (!trend)
		return;
	sd_event_source_disable_unref(trend->timer);
	free(trend);
}

static json_t *json_of(const struct sample *sample)
{
	json_t *object = json_pack("{s:I, s:o, s:I}", "time", (json_int_t)sample->time, "tpm",
				   sample->is_known ? json_string(sample->tpm) : json_null(),
				   "web_connections", (json_int_t)sample->web_connections);

	if (sample->is_known) {
		json_add(&object, "queue", json_integer(sample->queue));
		json_add(&object, "connections", json_integer(sample->connections));
	}
	if (sample->is_rated) {
		json_add(&object, "signatures", json_real(sample->signatures));
		json_add(&object, "decryptions", json_real(sample->decryptions));
		json_add(&object, "tpm_commands", json_real(sample->tpm_commands));
		json_add(&object, "web_requests", json_real(sample->web_requests));
		json_add(&object, "latency_ms",
			 sample->latency_ms < 0 ? json_null() : json_real(sample->latency_ms));
	}
	return object;
}

json_t *api_trend_samples(struct api_trend *trend, uint64_t after)
{
	json_t *list = json_array();

	trend->looked_us = now_us();
	if (sd_event_source_get_enabled(trend->timer, NULL) == 0) {
		(void)sd_event_source_set_time_relative(trend->timer, 0);
		(void)sd_event_source_set_enabled(trend->timer, SD_EVENT_ON);
	}
	for (size_t i = 0; i < trend->count; i++) {
		const struct sample *sample =
			&trend->samples[(trend->first + i) % API_TREND_SAMPLES];

		if (sample->time > (int64_t)after)
			json_append(&list, json_of(sample));
	}
	return list;
}
