/*
 * The trail of management operations. A state change and its entry are committed together;
 * what was refused or failed changes nothing and is entered a moment later, many at once, so
 * that a flood of refusals costs no disk access each. Hides that delay and its bounds.
 */
#ifndef AUDIT_H
#define AUDIT_H

#include <systemd/sd-event.h>

#include "log.h"
#include "store.h"

#define AUDIT_PENDING_MAX 128

struct audit;

/* All are borrowed and outlive it. NULL: no memory. */
struct audit *audit_new(sd_event *event, struct store *store, const struct log *log, uint64_t keep);
/* Enters what is pending. */
void audit_free(struct audit *audit);

struct audit_entry {
	uint32_t uid;
	int32_t pid;
	const char *operation;
	const char *object;
	const char *status;
	const char *detail;
	const char *user; /* who was logged in; NULL or "": nobody */
};

/* In the transaction under way, which must not be committed if this fails. */
[[nodiscard]] enum store_status audit_record(struct audit *audit, const struct audit_entry *entry);

/* Soon. The same entry many times in a moment becomes one with a count. */
void audit_note(struct audit *audit, const struct audit_entry *entry);
void audit_flush(struct audit *audit);

#endif
