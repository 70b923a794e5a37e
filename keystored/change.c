#include "change.h"

#include <stdarg.h>
#include <stdio.h>

#include "audit.h"
#include "service.h"

enum store_status change_refuse(struct change *change, enum status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(change->sentence, sizeof change->sentence, format, args);
	va_end(args);
	change->status = status;
	return STORE_EXISTS;
}

static enum store_status apply(struct service *service, struct change *change)
{
	enum store_status status = change->kind->apply(service, change);
	struct audit_entry entry = {
		.uid = change->uid,
		.pid = change->pid,
		.operation = change->operation,
		.object = change->object,
		.status = status_name(STATUS_OK),
		.detail = change->detail,
		.user = change->user,
	};

	return status == STORE_OK ? audit_record(service->audit, &entry) : status;
}

enum store_status change_apply_all(struct service *service, const struct change_list *list,
				   struct change **ret_failed)
{
	struct change *change = NULL;
	struct change *failed = NULL;
	enum store_status status = store_begin(service->store);

	if (status == STORE_OK) {
		TAILQ_FOREACH(change, list, entry)
		{
			status = change->kind->check ? change->kind->check(service, change)
						     : STORE_OK;
			if (status != STORE_OK) {
				failed = change;
				break;
			}
		}
		/* In the same transaction of the store. */
		change = status == STORE_OK ? TAILQ_FIRST(list) : NULL;
		for (; change; change = TAILQ_NEXT(change, entry)) {
			status = apply(service, change);
			if (status != STORE_OK) {
				failed = change;
				break;
			}
		}
		if (status == STORE_OK)
			status = store_commit(service->store);
		else
			store_rollback(service->store);
	}
	if (status != STORE_OK) {
		*ret_failed = failed;
		return status;
	}
	TAILQ_FOREACH(change, list, entry)
	{
		if (change->kind->applied)
			change->kind->applied(service, change);
	}
	return STORE_OK;
}

void change_free(struct change *change)
{
	if (change)
		change->kind->free(change);
}
