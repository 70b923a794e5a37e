#include "audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lazy_timer.h"

#define DELAY_USEC 200000

struct pending {
	int64_t time;
	uint32_t uid;
	int32_t pid;
	const char *operation; /* of the table of requests: a literal */
	const char *status;    /* a literal */
	char object[NAMES_KEY_MAX + 1];
	char detail[256];
	char user[NAMES_KEY_MAX + 1];
	uint32_t count;
};

struct audit {
	struct store *store;
	const struct log *log;
	uint64_t keep;
	struct lazy_timer *timer;
	struct pending pending[AUDIT_PENDING_MAX];
	size_t count;
	uint64_t lost;
};

static int64_t unix_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static uint64_t on_time(uint64_t now, void *user)
{
	(void)now;
	audit_flush(user);
	return LAZY_NEVER;
}

struct audit *audit_new(sd_event *event, struct store *store, const struct log *log, uint64_t keep)
{
	struct audit *audit = calloc(1, sizeof *audit);

	if (!audit)
		return NULL;
	audit->store = store;
	audit->log = log;
	audit->keep = keep;
	audit->timer = lazy_timer_new(event, on_time, audit);
	if (!audit->timer) {
		free(audit);
		return NULL;
	}
	return audit;
}

void audit_free(struct audit *audit)
{
	if (!audit)
		return;
	audit_flush(audit);
	lazy_timer_free(audit->timer);
	free(audit);
}

enum store_status audit_record(struct audit *audit, const struct audit_entry *entry)
{
	struct store_audit row = {
		.time = unix_usec(),
		.uid = entry->uid,
		.pid = entry->pid,
		.operation = entry->operation,
		.object = entry->object,
		.status = entry->status,
		.detail = entry->detail,
		.count = 1,
		.user = entry->user,
	};

	return store_audit_add(audit->store, &row, audit->keep);
}

static bool is_same(const struct pending *pending, const struct audit_entry *entry,
		    const char *user)
{
	return pending->uid == entry->uid && pending->operation == entry->operation &&
	       strcmp(pending->status, entry->status) == 0 &&
	       strcmp(pending->object, entry->object) == 0 && strcmp(pending->user, user) == 0;
}

void audit_note(struct audit *audit, const struct audit_entry *entry)
{
	const char *user = entry->user ? entry->user : "";

	/* The order among others' is lost, and guesses at several passwords don't fill the trail. */
	for (size_t i = 0; i < audit->count; i++) {
		if (is_same(&audit->pending[i], entry, user)) {
			audit->pending[i].count++;
			return;
		}
	}
	if (audit->count == AUDIT_PENDING_MAX) {
		audit->lost++;
		return;
	}
	struct pending *next = &audit->pending[audit->count++];

	*next = (struct pending){
		.time = unix_usec(),
		.uid = entry->uid,
		.pid = entry->pid,
		.operation = entry->operation,
		.status = entry->status,
		.count = 1,
	};
	snprintf(next->object, sizeof next->object, "%s", entry->object);
	snprintf(next->detail, sizeof next->detail, "%s", entry->detail);
	snprintf(next->user, sizeof next->user, "%s", user);
	lazy_timer_by(audit->timer, lazy_timer_now(audit->timer) + DELAY_USEC);
}

static enum store_status write_pending(struct audit *audit)
{
	enum store_status status = STORE_OK;

	for (size_t i = 0; i < audit->count && status == STORE_OK; i++) {
		const struct pending *pending = &audit->pending[i];
		struct store_audit row = {
			.time = pending->time,
			.uid = pending->uid,
			.pid = pending->pid,
			.operation = pending->operation,
			.object = pending->object,
			.status = pending->status,
			.detail = pending->detail,
			.count = pending->count,
			.user = pending->user,
		};

		status = store_audit_add(audit->store, &row, audit->keep);
	}
	if (status == STORE_OK && audit->lost) {
		char detail[96];
		struct store_audit row = {
			.time = unix_usec(),
			.operation = "audit",
			.object = "",
			.status = "lost",
			.detail = detail,
			.count = 1,
		};

		snprintf(detail, sizeof detail, "%llu more refusals came faster than they are kept",
			 (unsigned long long)audit->lost);
		status = store_audit_add(audit->store, &row, audit->keep);
	}
	return status;
}

void audit_flush(struct audit *audit)
{
	if (!audit->count && !audit->lost)
		return;
	enum store_status status = store_begin(audit->store);

	if (status == STORE_OK) {
		status = write_pending(audit);
		if (status == STORE_OK)
			status = store_commit(audit->store);
		else
			store_rollback(audit->store);
	}
	/* Nothing depends on these entries; waiting for the disk would hold everyone up. */
	if (status != STORE_OK)
		log_line(audit->log, LOG_LEVEL_ERROR,
			 "%zu refused or failed operations are not in the audit: %s", audit->count,
			 store_error(audit->store));
	audit->count = 0;
	audit->lost = 0;
}
