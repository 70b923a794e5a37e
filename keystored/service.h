/* What one running service consists of; everything that is long-lived hangs here. */
#ifndef SERVICE_H
#define SERVICE_H

#include <engine.h>
#include <sys/queue.h>
#include <systemd/sd-event.h>

#include "account.h"
#include "audit.h"
#include "config.h"
#include "keyring.h"
#include "policy.h"
#include "store.h"

struct anchor;
struct clock;
struct conns;
struct crls;
struct key_pool;
struct lazy_timer;
struct rejects;
struct requests;
struct service_own;
struct upkeep;
struct sessions;
struct throttle;
struct worker;
struct trust;
struct txn;

struct service {
	const struct config *config;
	const struct log *log;
	sd_event *event;
	struct store *store;
	struct tpm_engine *engine;
	struct keyring *keyring;
	struct key_pool *key_pool;
	struct audit *audit;
	struct anchor *anchor;
	struct clock *clock;
	struct crls *crls;
	struct upkeep *upkeep;
	struct service_own *own;
	struct trust *trust;
	struct rejects *rejects;
	struct txn *txn;
	struct policy policy;
	struct accounts accounts;
	LIST_HEAD(, eviction) evictions; /* service_pin.c's */
	struct lazy_timer *sweep;	 /* service_pin.c's */
	struct requests *requests;
	struct conns *conns;
	struct worker *worker; /* for what is too slow for the loop */
	struct sessions *sessions;
	struct throttle *throttle;
	uint64_t (*now)(void); /* microseconds since boot; a test has its own clock */
	sd_event_source *engine_source;
	uint64_t started; /* CLOCK_MONOTONIC, microseconds */
	enum tpm_state tpm_state;
	bool is_stopping;
};

/*
 * Wires a service around an open store and a started engine, which it then owns. @config and
 * @log are borrowed. False: no memory; what was made is freed with service_close(), which
 * also takes a zeroed service.
 */
bool service_open(struct service *service, const struct config *config, const struct log *log,
		  sd_event *event, struct store *store, struct tpm_engine *engine);

/*
 * Takes no more requests, lets the TPM finish its command, answers what was queued and gives
 * clients @grace_ms to take their replies.
 */
void service_stop(struct service *service, unsigned grace_ms);

void service_close(struct service *service);

#endif
