#include "service.h"

#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "anchor.h"
#include "clock.h"
#include "conn.h"
#include "crls.h"
#include "key_pool.h"
#include "rejects.h"
#include "request.h"
#include "service_info.h"
#include "service_own.h"
#include "service_pin.h"
#include "service_user.h"
#include "session.h"
#include "throttle.h"
#include "trust.h"
#include "txn.h"
#include "upkeep.h"
#include "worker.h"

/* For the last anchor of the audit trail; the stop as a whole may take longer. */
#define ANCHOR_PATIENCE_MS 2000

static int on_engine(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct service *service = user;

	(void)source;
	(void)fd;
	(void)events;
	tpm_engine_dispatch(service->engine);
	return 0;
}

static void on_state(void *user)
{
	struct service *service = user;
	struct tpm_facts facts;
	enum tpm_state before = service->tpm_state;

	tpm_engine_facts(service->engine, &facts);
	service->tpm_state = facts.state;
	if (facts.state == TPM_STATE_READY || facts.state == TPM_STATE_LOCKED_OUT) {
		log_line(service->log, LOG_LEVEL_INFO, "the TPM is ready: %s %s, firmware %s%s%s",
			 facts.manufacturer, facts.model, facts.firmware, *facts.reason ? ": " : "",
			 facts.reason);
		if (!service->is_stopping) {
			service_pin_sweep(service);
			crls_check(service->crls);
		}
	} else {
		log_line(service->log, LOG_LEVEL_WARNING, "the TPM is not available: %s",
			 facts.reason);
		if (before == TPM_STATE_STARTING && facts.state == TPM_STATE_UNAVAILABLE)
			requests_start_failed(service->requests);
	}
	if (!service->is_stopping)
		key_pool_tpm_changed(service->key_pool);
	service_info_publish_tpm(service);
}

static void on_clock(void *user)
{
	struct service *service = user;

	if (service->is_stopping)
		return;
	crls_check(service->crls);
	upkeep_check(service->upkeep);
}

/* Goes on while the machine sleeps. */
static uint64_t since_boot(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static struct sessions *open_sessions(const struct config *config)
{
	struct session_limits limits = {
		.sessions = config->logins,
		.sessions_per_user = config->logins_per_user,
		.idle = config->idle_timeout_ms * UINT64_C(1000),
		.life = config->login_lifetime_ms * UINT64_C(1000),
	};

	return sessions_new(&limits);
}

static bool load_mode(struct service *service)
{
	bool is_project = false;

	if (store_mode_get(service->store, &is_project) != STORE_OK)
		return false;
	service->policy.is_local = !is_project;
	return true;
}

bool service_open(struct service *service, const struct config *config, const struct log *log,
		  sd_event *event, struct store *store, struct tpm_engine *engine)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	*service = (struct service){
		.config = config,
		.log = log,
		.event = sd_event_ref(event),
		.store = store,
		.engine = engine,
		.policy =
			{
				.service_uid = geteuid(),
				.administrators = config->administrators.ids,
				.administrator_count = config->administrators.count,
				.administrator_groups = config->administrator_groups.ids,
				.administrator_group_count = config->administrator_groups.count,
			},
		.started = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000,
		.tpm_state = TPM_STATE_STARTING,
	};
	service->keyring = keyring_new(store);
	service->key_pool = key_pool_new(service);
	service->audit = audit_new(event, store, log, config->audit_entries);
	service->anchor = anchor_new(service);
	service->clock = clock_new(event, store, log, NULL, NULL);
	service->crls = crls_new(service);
	service->upkeep = upkeep_new(service);
	service->own = service_own_new(service);
	service->trust = trust_new(store);
	service->rejects = rejects_new(service);
	service->txn = txn_new(service);
	service->requests = requests_new(service);
	service->conns = conns_new(service);
	service->worker = worker_new(event);
	service->sessions = open_sessions(config);
	service->throttle = throttle_new();
	service->now = since_boot;
	if (!service->worker || !service->keyring || !service->key_pool || !service->audit ||
	    !service->anchor || !service->clock || !service->crls || !service->upkeep ||
	    !service->own || !service->trust || !service->rejects || !service->txn ||
	    !service->requests || !service->conns || !service->sessions || !service->throttle ||
	    !service_users_refresh(service) || !load_mode(service) ||
	    sd_event_add_io(event, &service->engine_source, tpm_engine_fd(engine), EPOLLIN,
			    on_engine, service) < 0)
		return false;
	/* Results leave before new requests are taken up. */
	sd_event_source_set_priority(service->engine_source, SD_EVENT_PRIORITY_IMPORTANT);
	tpm_engine_on_state(engine, on_state, service);
	clock_on_tick(service->clock, on_clock, service);
	return service_pin_open(service);
}

void service_stop(struct service *service, unsigned grace_ms)
{
	service->is_stopping = true;
	txn_close(service->txn);
	conns_stop(service->conns);
	service->engine_source = sd_event_source_unref(service->engine_source);
	anchor_finish(service->anchor, ANCHOR_PATIENCE_MS);
	tpm_engine_stop(service->engine);
	service->engine = NULL;
	conns_drain(service->conns, grace_ms);
}

void service_close(struct service *service)
{
	/* What is written at the end is told nobody: the connections are gone by then. */
	service->is_stopping = true;
	txn_close(service->txn);
	if (service->engine) {
		sd_event_source_unref(service->engine_source);
		tpm_engine_stop(service->engine);
	}
	service->engine = NULL;
	service_pin_close(service);
	conns_free(service->conns);
	requests_free(service->requests);
	key_pool_free(service->key_pool);
	crls_free(service->crls);
	service_own_free(service->own);
	upkeep_free(service->upkeep);
	worker_free(service->worker);
	clock_free(service->clock);
	txn_free(service->txn);
	rejects_free(service->rejects);
	trust_free(service->trust);
	sessions_free(service->sessions);
	throttle_free(service->throttle);
	anchor_free(service->anchor);
	audit_free(service->audit);
	keyring_free(service->keyring);
	store_close(service->store);
	sd_event_unref(service->event);
	*service = (struct service){0};
}
