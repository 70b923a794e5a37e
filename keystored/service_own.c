#include "service_own.h"

#include <keystore.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "drift.h"
#include "lazy_timer.h"
#include "service.h"
#include "service_cert_issue.h"
#include "service_info.h"
#include "store_own.h"
#include "upkeep.h"
#include "watch.h"
#include "x509_text.h"

/* Of a burst of changes the first is not looked at: others come with it. */
#define PAUSE_USEC 50000
#define RETRY_USEC (30 * UINT64_C(1000000))
/* A system that comes up has none of its addresses for a while. */
#define BOOT_USEC (120 * UINT64_C(1000000))

struct service_own {
	struct service *service;
	struct watch *watch; /* NULL: switched off */
	struct lazy_timer *timer;
	service_own_look_fn *look;
	void *user;
	struct own own;
	struct own_sight sight;
	bool is_unsaved;
};

static void look_at_kernel(struct own_sight *ret_sight, void *user)
{
	watch_look(user, ret_sight);
}

static bool is_watched(const struct service_own *own)
{
	return own->look != NULL;
}

static void log_news(const struct service_own *own)
{
	for (size_t i = 0; i < own->own.count; i++) {
		const struct own_name *name = &own->own.names[i];

		if (name->is_news)
			log_line(own->service->log, LOG_LEVEL_INFO, "%s %s%s%s is %s",
				 name->is.type == OWN_HOST ? "the host name" : "the address",
				 name->is.text, *name->is.interface ? " of " : "",
				 name->is.interface, name->is_here ? "here" : "gone");
	}
}

static void save(struct service_own *own)
{
	struct service *service = own->service;
	enum store_status status = store_begin(service->store);

	if (status == STORE_OK) {
		status = store_own_set(service->store, &own->own);
		if (status == STORE_OK)
			status = store_commit(service->store);
		else
			store_rollback(service->store);
	}
	own->is_unsaved = status != STORE_OK;
	if (own->is_unsaved)
		log_line(service->log, LOG_LEVEL_ERROR, "the device's addresses are not kept: %s",
			 store_error(service->store));
}

static uint64_t on_time(uint64_t now, void *user)
{
	struct service_own *own = user;
	struct service *service = own->service;
	struct own_times times = {
		.now = now,
		.time = clock_now(service->clock),
		.settle = service->config->settle_ms * UINT64_C(1000),
	};
	uint64_t since_boot = service->now();
	uint64_t next = OWN_NEVER;

	if (service->is_stopping || !is_watched(own))
		return LAZY_NEVER;
	if (since_boot < BOOT_USEC)
		return now + BOOT_USEC - since_boot;
	own->look(&own->sight, own->user);
	bool has_settled = own_observe(&own->own, &own->sight, &times, &next);

	if (has_settled)
		log_news(own);
	if (has_settled || own->is_unsaved)
		save(own);
	if (has_settled)
		upkeep_check(service->upkeep);
	if ((own->sight.is_partial || own->is_unsaved) && next > now + RETRY_USEC)
		next = now + RETRY_USEC;
	return next;
}

static void on_changed(void *user)
{
	struct service_own *own = user;

	lazy_timer_by(own->timer, lazy_timer_now(own->timer) + PAUSE_USEC);
}

static bool start_watch(struct service_own *own)
{
	const struct config *config = own->service->config;
	const struct watch_options options = {
		.with_link_local = config->watch_link_local,
		.with_temporary = config->watch_temporary,
	};

	if (!config->watch_names)
		return true;
	own->watch = watch_new(own->service->event, &options, on_changed, own);
	if (own->watch && *watch_problem(own->watch))
		log_line(own->service->log, LOG_LEVEL_WARNING, "%s", watch_problem(own->watch));
	else if (own->watch)
		service_own_set_look(own, look_at_kernel, own->watch);
	return own->watch != NULL;
}

struct service_own *service_own_new(struct service *service)
{
	struct service_own *own = calloc(1, sizeof *own);

	if (!own)
		return NULL;
	own->service = service;
	own->timer = lazy_timer_new(service->event, on_time, own);
	if (own->timer && store_own_get(service->store, &own->own) == STORE_OK && start_watch(own))
		return own;
	service_own_free(own);
	return NULL;
}

void service_own_free(struct service_own *own)
{
	if (!own)
		return;
	watch_free(own->watch);
	lazy_timer_free(own->timer);
	free(own);
}

void service_own_set_look(struct service_own *own, service_own_look_fn *look, void *user)
{
	own->look = look;
	own->user = user;
	lazy_timer_by(own->timer, lazy_timer_now(own->timer));
}

bool service_own_explain(const struct service_own *own, char ret_text[SERVICE_OWN_STATUS_MAX])
{
	const char *problem = own->watch ? watch_problem(own->watch)
					 : "addresses are not watched: the configuration says so";
	size_t here = 0;

	for (size_t i = 0; i < own->own.count; i++)
		here += own->own.names[i].is_here && own->own.names[i].is.type != OWN_HOST;
	if (is_watched(own))
		snprintf(ret_text, SERVICE_OWN_STATUS_MAX, "%zu watched%s", here,
			 own->sight.is_partial ? ", but not all of them can be read" : "");
	else
		snprintf(ret_text, SERVICE_OWN_STATUS_MAX, "%s", problem);
	return is_watched(own);
}

/* The names that the drift is about; NULL: there is none, or no memory. */
static struct csr_name *find_drift(const struct service *service, const struct store_cert *cert,
				   size_t *ret_count, struct drift *ret_drift)
{
	const struct service_own *own = service->own;
	struct csr_name *names = NULL;
	struct drift drift = {0};
	size_t count = 0;

	if (cert->kind == STORE_CERT_DEVICE && cert->key_id && cert->state == STORE_CERT_ACTIVE &&
	    cert->names_len && is_watched(own))
		names = issue_names_unpack(cert, &count);
	if (names)
		drift_judge(names, count, cert->created, &own->own, &drift);
	if (!drift.count) {
		free(names);
		return NULL;
	}
	*ret_count = count;
	*ret_drift = drift;
	return names;
}

/* What comes of it, as the rest of a sentence. */
static void tell_follow_up(const struct store_cert *cert, bool follows, const struct drift *drift,
			   struct own_verdict *verdict)
{
	char issuer[X509_SHOWN_MAX];
	unsigned long long id = cert->id;
	char *text = verdict->text;
	size_t size = sizeof verdict->text;

	x509_text_show(cert->facts.issuer, strlen(cert->facts.issuer), issuer);
	if (!profile_by_id(cert->profile))
		snprintf(text, size,
			 "%s: it was issued elsewhere, by “%s”: have that CA make another one",
			 drift->text, issuer);
	else if (!follows)
		snprintf(text, size,
			 "%s: “keystorectl cert renewal %llu --addresses follow” has it renewed",
			 drift->text, id);
	else if (!drift->successors)
		snprintf(text, size, "%s: it is renewed when another one has taken its place",
			 drift->text);
	else if (!cert->issuer_id && cert->request_created)
		snprintf(text, size,
			 "%s: its CSR waits for the answer of “%s”: cert export %llu "
			 "--format csr writes it, cert replace %llu brings the answer",
			 drift->text, issuer, id, id);
	else
		snprintf(text, size, "%s: %s", drift->text,
			 cert->issuer_id ? "it is renewed" : "a CSR is made for its renewal");
}

void service_own_judge(const struct service *service, const struct store_cert *cert,
		       const struct renewal_policy *policy, struct own_verdict *ret_verdict)
{
	enum renewal_addresses does = renewal_resolve_addresses(policy, service->policy.is_local,
								cert->issuer_id == cert->id);
	bool follows = does == RENEWAL_ADDRESSES_FOLLOW;
	struct own_verdict verdict = {0};
	struct csr_name *names = NULL;
	struct drift drift = {0};
	size_t count;

	if (does != RENEWAL_ADDRESSES_IGNORE)
		names = find_drift(service, cert, &count, &drift);
	if (names) {
		verdict.addresses = drift.addresses;
		verdict.hosts = drift.hosts;
		verdict.is_due = follows && drift.successors && profile_by_id(cert->profile) &&
				 (cert->issuer_id || !cert->request_created);
		tell_follow_up(cert, follows, &drift, &verdict);
	}
	free(names);
	*ret_verdict = verdict;
}

bool service_own_follow(const struct service *service, struct store_cert *cert)
{
	char text[DRIFT_GONE_MAX][DRIFT_NAME_MAX];
	struct drift drift;
	size_t count;
	struct csr_name *names = find_drift(service, cert, &count, &drift);
	uint8_t *packed = NULL;
	size_t len = 0;

	if (!names)
		return true;
	count = drift_follow(&drift, names, count, text);
	bool is_packed = issue_names_pack(names, count, &packed, &len);

	if (is_packed) {
		/* They pointed into these. */
		free(cert->names);
		cert->names = packed;
		cert->names_len = len;
	}
	free(names);
	return is_packed;
}

void service_own_publish(struct service *service, const struct store_cert *cert, const char *note)
{
	Keystore__V1__Event event = KEYSTORE__V1__EVENT__INIT;
	Keystore__V1__NamesEvent what = KEYSTORE__V1__NAMES_EVENT__INIT;
	const struct keyring_key *key = NULL;

	if (keyring_get(service->keyring, NULL, cert->key_id, &key) != STORE_OK)
		key = NULL;
	what.id = cert->id;
	what.common_name = (char *)(uintptr_t)cert->facts.common_name;
	what.note = (char *)(uintptr_t)note;
	event.body_case = KEYSTORE__V1__EVENT__BODY_NAMES;
	event.names = &what;
	service_info_publish(service, key, &event);
}
