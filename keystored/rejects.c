#include "rejects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lazy_timer.h"
#include "service.h"
#include "trust_change.h"

#define DELAY_USEC 200000

struct rejects {
	struct service *service;
	struct lazy_timer *timer;
	struct store_rejected pending[REJECTS_PENDING_MAX];
	size_t count;
	uint64_t lost;
};

static uint64_t on_time(uint64_t now, void *user)
{
	(void)now;
	rejects_flush(user);
	return LAZY_NEVER;
}

struct rejects *rejects_new(struct service *service)
{
	struct rejects *rejects = calloc(1, sizeof *rejects);

	if (!rejects)
		return NULL;
	rejects->service = service;
	rejects->timer = lazy_timer_new(service->event, on_time, rejects);
	if (rejects->timer)
		return rejects;
	free(rejects);
	return NULL;
}

static void forget_all(struct rejects *rejects)
{
	for (size_t i = 0; i < rejects->count; i++)
		store_rejected_wipe(&rejects->pending[i]);
	rejects->count = 0;
	rejects->lost = 0;
}

void rejects_free(struct rejects *rejects)
{
	if (!rejects)
		return;
	rejects_flush(rejects);
	lazy_timer_free(rejects->timer);
	free(rejects);
}

static struct store_rejected *find(struct rejects *rejects, uint64_t group_id,
				   const uint8_t fingerprint[32])
{
	for (size_t i = 0; i < rejects->count; i++) {
		struct store_rejected *pending = &rejects->pending[i];

		if (pending->group_id == group_id &&
		    memcmp(pending->fingerprint, fingerprint, sizeof pending->fingerprint) == 0)
			return pending;
	}
	return NULL;
}

/* NULL: there is no room. */
static struct store_rejected *take_place(struct rejects *rejects, const struct store_group *group,
					 const struct path_der *candidate,
					 const struct entry_facts *facts)
{
	uint8_t *der;
	struct store_rejected *pending;

	if (rejects->count == REJECTS_PENDING_MAX)
		return NULL;
	der = malloc(candidate->len);
	if (!der)
		return NULL;
	memcpy(der, candidate->bytes, candidate->len);
	pending = &rejects->pending[rejects->count++];
	*pending = (struct store_rejected){
		.group_id = group->id,
		.first_seen = time(NULL),
		.der = der,
		.der_len = candidate->len,
	};
	memcpy(pending->group, group->name, sizeof pending->group);
	memcpy(pending->fingerprint, facts->fingerprint, sizeof pending->fingerprint);
	memcpy(pending->subject, facts->subject, sizeof pending->subject);
	memcpy(pending->issuer, facts->issuer, sizeof pending->issuer);
	return pending;
}

void rejects_note(struct rejects *rejects, const struct store_group *group,
		  const struct path_der *candidate, const struct path_verdict *verdict)
{
	struct entry_facts facts;

	if (entry_read(candidate->bytes, candidate->len, &facts) != ENTRY_OK || facts.is_crl)
		return;
	struct store_rejected *pending = find(rejects, group->id, facts.fingerprint);

	if (!pending)
		pending = take_place(rejects, group, candidate, &facts);
	if (!pending) {
		rejects->lost++;
		return;
	}
	pending->reason = verdict->reason;
	pending->last_seen = time(NULL);
	pending->count++;
	snprintf(pending->sentence, sizeof pending->sentence, "%s", verdict->text);
	lazy_timer_by(rejects->timer, lazy_timer_now(rejects->timer) + DELAY_USEC);
}

void rejects_forget(struct rejects *rejects, uint64_t group_id, const uint8_t fingerprint[32])
{
	struct store_rejected *pending = find(rejects, group_id, fingerprint);

	if (!pending)
		return;
	store_rejected_wipe(pending);
	*pending = rejects->pending[--rejects->count];
}

static void publish(struct service *service, const struct store_rejected *pending)
{
	Keystore__V1__Event event = KEYSTORE__V1__EVENT__INIT;
	Keystore__V1__RejectedEvent what = KEYSTORE__V1__REJECTED_EVENT__INIT;

	what.id = pending->id;
	what.group = (char *)(uintptr_t)pending->group;
	what.fingerprint.data = (uint8_t *)(uintptr_t)pending->fingerprint;
	what.fingerprint.len = sizeof pending->fingerprint;
	what.verdict = (Keystore__V1__Verdict)pending->reason;
	what.message = (char *)(uintptr_t)pending->sentence;
	event.body_case = KEYSTORE__V1__EVENT__BODY_REJECTED;
	event.rejected = &what;
	trust_publish(service, pending->group_id, &event);
}

/* NOT_FOUND: the group was deleted meanwhile, which is fine. */
static enum store_status enter(struct rejects *rejects, struct store_rejected *pending)
{
	struct store *store = rejects->service->store;
	struct store_group group;
	enum store_status status = store_group_get(store, NULL, pending->group_id, &group);

	if (status == STORE_OK)
		status = store_rejected_add(store, pending, REJECTS_KEPT, &pending->id);
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

void rejects_flush(struct rejects *rejects)
{
	struct service *service = rejects->service;

	if (!rejects->count)
		return;
	enum store_status status = store_begin(service->store);

	if (status == STORE_OK) {
		for (size_t i = 0; i < rejects->count && status == STORE_OK; i++)
			status = enter(rejects, &rejects->pending[i]);
		if (status == STORE_OK)
			status = store_commit(service->store);
		else
			store_rollback(service->store);
	}
	/* Nothing depends on the list; waiting for the disk would hold everyone up. */
	if (status != STORE_OK)
		log_line(service->log, LOG_LEVEL_ERROR,
			 "%zu refused certificates are not in the rejected list: %s",
			 rejects->count, store_error(service->store));
	if (rejects->lost)
		log_line(service->log, LOG_LEVEL_WARNING,
			 "%llu more certificates were refused faster than the rejected list takes "
			 "them",
			 (unsigned long long)rejects->lost);
	for (size_t i = 0; i < rejects->count && status == STORE_OK; i++) {
		if (rejects->pending[i].id && !service->is_stopping)
			publish(service, &rejects->pending[i]);
	}
	forget_all(rejects);
}
