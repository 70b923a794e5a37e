#include "service_info.h"

#include <time.h>

#include "clock.h"
#include "conn.h"
#include "key_pool.h"
#include "reply.h"
#include "request.h"
#include "service.h"
#include "service_own.h"
#include "store_renewal.h"

#define SOON (30 * INT64_C(86400)) /* seconds: of these a status tells */

static Keystore__V1__Limits limits_of(const struct config *config)
{
	Keystore__V1__Limits limits = KEYSTORE__V1__LIMITS__INIT;

	limits.frame_bytes = KS_FRAME_MAX;
	limits.requests_per_connection = config->requests_per_connection;
	limits.requests_per_uid = config->requests_per_uid;
	limits.connections_per_uid = config->connections_per_uid;
	limits.keys = config->keys;
	limits.random_bytes = SERVICE_RANDOM_MAX;
	limits.list_page = SERVICE_LIST_PAGE;
	limits.grants_per_key = config->grants_per_key;
	return limits;
}

void service_info_hello(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__HelloRequest *hello = body;
	struct service *service = request->service;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__HelloReply answer = KEYSTORE__V1__HELLO_REPLY__INIT;
	Keystore__V1__Limits limits = limits_of(service->config);
	struct reply_tpm tpm;

	(void)key;
	log_line(service->log, LOG_LEVEL_DEBUG, "uid %u pid %d: hello from %.64s", request->uid,
		 request->pid, hello->client);
	reply_tpm_build(&tpm, service->engine);
	answer.protocol_version = KS_PROTOCOL_VERSION;
	answer.server_version = (char *)(uintptr_t)KEYSTORE_VERSION;
	answer.limits = &limits;
	answer.tpm = &tpm.facts;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_HELLO;
	reply.hello = &answer;
	request_reply(request, &reply);
}

static uint64_t uptime_ms(const struct service *service)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000 - service->started) /
	       1000;
}

struct pools {
	Keystore__V1__KeyPool infos[TPM_ALGORITHM_COUNT];
	Keystore__V1__KeyPool *list[TPM_ALGORITHM_COUNT];
	size_t count;
};

static void fill_pools(const struct key_pool *pool, struct pools *pools)
{
	pools->count = 0;
	for (enum tpm_algorithm i = TPM_RSA_2048; i < TPM_ALGORITHM_COUNT; i++) {
		struct key_pool_level level = key_pool_level(pool, i);
		Keystore__V1__KeyPool *info = &pools->infos[pools->count];

		if (!level.wanted)
			continue;
		keystore__v1__key_pool__init(info);
		info->algorithm = (Keystore__V1__Algorithm)i;
		info->ready = level.ready;
		info->wanted = level.wanted;
		pools->list[pools->count++] = info;
	}
}

void service_info_status(struct request *request, const void *body, const struct keyring_key *key)
{
	struct service *service = request->service;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__StatusReply answer = KEYSTORE__V1__STATUS_REPLY__INIT;
	Keystore__V1__Limits limits = limits_of(service->config);
	static const Keystore__V1__ClockState clock_states[CLOCK_STATE_COUNT] = {
		[CLOCK_GOOD] = KEYSTORE__V1__CLOCK_STATE__CLOCK_STATE_GOOD,
		[CLOCK_BEFORE_BUILD] = KEYSTORE__V1__CLOCK_STATE__CLOCK_STATE_BEFORE_BUILD,
		[CLOCK_BEHIND] = KEYSTORE__V1__CLOCK_STATE__CLOCK_STATE_BEHIND,
		[CLOCK_AHEAD] = KEYSTORE__V1__CLOCK_STATE__CLOCK_STATE_AHEAD,
	};
	int64_t now = clock_now(service->clock);
	struct tpm_counters counters;
	char names_note[SERVICE_OWN_STATUS_MAX];
	char note[CLOCK_TEXT_MAX];
	struct reply_tpm tpm;
	struct pools pools;
	uint64_t expiring = 0;
	uint64_t expired = 0;

	(void)body;
	(void)key;
	reply_tpm_build(&tpm, service->engine);
	tpm_engine_counters(service->engine, &counters);
	clock_explain(service->clock, note);
	/* As far as the database can be read; status is for when something is wrong, too. */
	if (store_renewal_count(service->store, now, now + SOON, &expired, &expiring) != STORE_OK)
		expired = expiring = 0;
	answer.clock = clock_states[clock_state(service->clock)];
	answer.clock_note = note;
	answer.names_watched = service_own_explain(service->own, names_note);
	answer.names_note = names_note;
	fill_pools(service->key_pool, &pools);
	answer.key_pools = pools.list;
	answer.n_key_pools = pools.count;
	answer.certs_expired = expired;
	answer.certs_expiring = expiring;
	answer.server_version = (char *)(uintptr_t)KEYSTORE_VERSION;
	answer.uptime_ms = uptime_ms(service);
	answer.tpm = &tpm.facts;
	answer.limits = &limits;
	answer.connections = conns_count(service->conns);
	answer.queue_length = (uint32_t)counters.queue_length;
	answer.queue_limit = service->config->queue;
	answer.keys = store_key_count(service->store);
	answer.signatures = counters.signatures;
	answer.decryptions = counters.decryptions;
	answer.tpm_commands = counters.commands;
	answer.tpm_reopened = counters.reopened;
	answer.signatures_withheld = counters.withheld;
	answer.tpm_busy_us = counters.busy_us;
	answer.queue_wait_us = counters.times.wait_us;
	answer.tpm_jobs = counters.times.jobs;
	answer.tpm_latency_us = counters.times.signatures;
	answer.n_tpm_latency_us = TPM_LATENCIES;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_SERVICE;
	reply.service = &answer;
	request_reply(request, &reply);
}

void service_info_subscribe(struct request *request, const void *body,
			    const struct keyring_key *key)
{
	(void)body;
	(void)key;
	conn_subscribe(request->conn, request->session);
	request_reply_empty(request);
}

void service_info_publish_tpm(struct service *service)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__Event event = KEYSTORE__V1__EVENT__INIT;
	struct reply_tpm tpm;

	reply_tpm_build(&tpm, service->engine);
	event.body_case = KEYSTORE__V1__EVENT__BODY_TPM;
	event.tpm = &tpm.facts;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_EVENT;
	reply.event = &event;
	conns_publish(service->conns, &reply, NULL, NULL);
}

struct audience {
	const struct service *service;
	const struct keyring_key *key;
};

static bool may_see(const struct policy_caller *caller, void *user)
{
	const struct audience *audience = user;
	const struct keyring_key *key = audience->key;
	struct policy_object object = {0};

	if (key)
		object = (struct policy_object){key->grants, key->grant_count, key->of_ca};
	return policy_decide(&audience->service->policy, caller, RIGHT_SEE, key ? &object : NULL) ==
	       POLICY_ALLOWED;
}

void service_info_publish_all(struct service *service, Keystore__V1__Event *event)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;

	reply.body_case = KEYSTORE__V1__REPLY__BODY_EVENT;
	reply.event = event;
	conns_publish(service->conns, &reply, NULL, NULL);
}

void service_info_publish(struct service *service, const struct keyring_key *key,
			  Keystore__V1__Event *event)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	struct audience audience = {service, key};

	reply.body_case = KEYSTORE__V1__REPLY__BODY_EVENT;
	reply.event = event;
	conns_publish(service->conns, &reply, may_see, &audience);
}

void service_info_publish_key(struct service *service, const struct keyring_key *key,
			      Keystore__V1__KeyEvent__Change change)
{
	Keystore__V1__Event event = KEYSTORE__V1__EVENT__INIT;
	Keystore__V1__KeyEvent what = KEYSTORE__V1__KEY_EVENT__INIT;

	what.change = change;
	what.id = key->id;
	what.name = (char *)(uintptr_t)key->name;
	event.body_case = KEYSTORE__V1__EVENT__BODY_KEY;
	event.key = &what;
	service_info_publish(service, key, &event);
}
