#include "txn.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lazy_timer.h"
#include "service.h"

struct txn {
	struct service *service;
	struct lazy_timer *timer;
	struct change_list changes;
	size_t count;
	size_t bytes;
	bool is_open;
	uint64_t owner;
	uint32_t uid;
	int32_t pid;
	int64_t since;
	uint64_t deadline; /* of the timer's clock */
};

static void drop(struct txn *txn)
{
	struct change *change;

	while ((change = TAILQ_FIRST(&txn->changes))) {
		TAILQ_REMOVE(&txn->changes, change, entry);
		if (change->kind->dropped)
			change->kind->dropped(txn->service, change);
		change_free(change);
	}
	txn->count = 0;
	txn->bytes = 0;
	txn->is_open = false;
}

static void drop_for(struct txn *txn, const char *why)
{
	struct audit_entry entry = {
		.uid = txn->uid,
		.pid = txn->pid,
		.operation = "txn cancel",
		.object = "",
		.status = status_name(STATUS_OK),
		.detail = why,
	};

	log_line(txn->service->log, LOG_LEVEL_INFO,
		 "the transaction of uid %u with %zu changes is dropped: %s", txn->uid, txn->count,
		 why);
	audit_note(txn->service->audit, &entry);
	drop(txn);
}

static uint64_t on_time(uint64_t now, void *user)
{
	struct txn *txn = user;

	if (!txn->is_open)
		return LAZY_NEVER;
	if (now < txn->deadline)
		return txn->deadline;
	drop_for(txn, "nothing was done with it for too long");
	return LAZY_NEVER;
}

static void touch(struct txn *txn)
{
	txn->deadline = lazy_timer_now(txn->timer) +
			txn->service->config->transaction_idle_ms * UINT64_C(1000);
	lazy_timer_by(txn->timer, txn->deadline);
}

struct txn *txn_new(struct service *service)
{
	struct txn *txn = calloc(1, sizeof *txn);

	if (!txn)
		return NULL;
	txn->service = service;
	TAILQ_INIT(&txn->changes);
	txn->timer = lazy_timer_new(service->event, on_time, txn);
	if (txn->timer)
		return txn;
	free(txn);
	return NULL;
}

void txn_close(struct txn *txn)
{
	if (txn && txn->is_open)
		drop_for(txn, "the service stops");
}

void txn_free(struct txn *txn)
{
	if (!txn)
		return;
	drop(txn);
	lazy_timer_free(txn->timer);
	free(txn);
}

void txn_facts(const struct txn *txn, struct txn_facts *ret_facts)
{
	uint64_t now = lazy_timer_now(txn->timer);

	*ret_facts = (struct txn_facts){0};
	if (!txn->is_open)
		return;
	*ret_facts = (struct txn_facts){
		.is_open = true,
		.owner = txn->owner,
		.uid = txn->uid,
		.pid = txn->pid,
		.since = txn->since,
		.idle_ms = txn->deadline > now ? (txn->deadline - now) / 1000 : 0,
		.changes = txn->count,
		.bytes = txn->bytes,
	};
}

void txn_list(const struct txn *txn, bool (*each)(const struct change *change, void *user),
	      void *user)
{
	const struct change *change;

	TAILQ_FOREACH(change, &txn->changes, entry)
	{
		if (!each(change, user))
			return;
	}
}

static enum txn_status check_owner(const struct txn *txn, uint64_t owner)
{
	if (!txn->is_open)
		return TXN_NONE;
	return txn->owner == owner ? TXN_OK : TXN_TAKEN;
}

enum txn_status txn_begin(struct txn *txn, uint64_t owner, uint32_t uid, int32_t pid)
{
	if (txn->is_open)
		return TXN_TAKEN;
	txn->is_open = true;
	txn->owner = owner;
	txn->uid = uid;
	txn->pid = pid;
	txn->since = time(NULL);
	touch(txn);
	return TXN_OK;
}

size_t txn_bytes_max(const struct txn *txn)
{
	return (size_t)txn->service->config->transaction_mib * 1024 * 1024;
}

enum txn_status txn_stage(struct txn *txn, uint64_t owner, struct change *change)
{
	enum txn_status status = check_owner(txn, owner);

	if (status != TXN_OK)
		return status;
	size_t most = txn_bytes_max(txn);

	if (txn->count == TXN_CHANGES_MAX || change->bytes > most - txn->bytes)
		return TXN_FULL;
	TAILQ_INSERT_TAIL(&txn->changes, change, entry);
	txn->count++;
	txn->bytes += change->bytes;
	touch(txn);
	return TXN_OK;
}

/* Which change it was, and why. */
static void tell(const struct txn *txn, const struct change *failed, char *sentence)
{
	const struct change *change;
	size_t number = 0;

	TAILQ_FOREACH(change, &txn->changes, entry)
	{
		number++;
		if (change == failed)
			break;
	}
	if (!failed)
		snprintf(sentence, TXN_SENTENCE_MAX, "%s", store_error(txn->service->store));
	else
		snprintf(sentence, TXN_SENTENCE_MAX, "change %zu of %zu (%s %s): %s", number,
			 txn->count, failed->operation, failed->object,
			 *failed->sentence ? failed->sentence : store_error(txn->service->store));
}

enum txn_status txn_apply(struct txn *txn, uint64_t owner, size_t *ret_count,
			  enum store_status *ret_status, char ret_sentence[TXN_SENTENCE_MAX])
{
	enum txn_status status = check_owner(txn, owner);
	struct change *failed = NULL;
	struct change *change;

	if (status != TXN_OK)
		return status;
	if (!txn->count)
		return TXN_EMPTY;
	enum store_status stored = change_apply_all(txn->service, &txn->changes, &failed);

	*ret_status = stored;
	if (stored != STORE_OK) {
		tell(txn, failed, ret_sentence);
		drop(txn);
		return TXN_FAILED;
	}
	*ret_count = txn->count;
	while ((change = TAILQ_FIRST(&txn->changes))) {
		TAILQ_REMOVE(&txn->changes, change, entry);
		change_free(change);
	}
	drop(txn);
	return TXN_OK;
}

enum txn_status txn_cancel(struct txn *txn, uint64_t owner)
{
	enum txn_status status = check_owner(txn, owner);

	if (status == TXN_OK)
		drop(txn);
	return status;
}

void txn_gone(struct txn *txn, uint64_t owner)
{
	if (txn && txn->is_open && txn->owner == owner)
		drop_for(txn, "its owner went away");
}
