#include "push_work.h"

#include <stdlib.h>
#include <string.h>

#include "keystore_service.h"

static push_do_fn *const doing[] = {
	[PUSH_UPDATE_CERTIFICATE] = push_do_update_certificate,
	[PUSH_APPLY_CHANGES] = push_do_apply,
	[PUSH_CANCEL_CHANGES] = push_do_cancel,
	[PUSH_CREATE_SIGNING_REQUEST] = push_do_create_signing_request,
	[PUSH_GET_REJECTED_LIST] = push_do_get_rejected_list,
	[PUSH_GET_CERTIFICATES] = push_do_get_certificates,
	[PUSH_CREATE_SELF_SIGNED] = push_do_create_self_signed,
	[PUSH_DELETE_CERTIFICATE] = push_do_delete_certificate,
	[PUSH_RESET] = push_do_reset,
	[PUSH_GROUP_GET_REJECTED_LIST] = push_do_group_get_rejected_list,
	[PUSH_LIST_OPEN] = push_do_list_open,
	[PUSH_LIST_OPEN_WITH_MASKS] = push_do_list_open,
	[PUSH_LIST_CLOSE_AND_UPDATE] = push_do_list_update,
	[PUSH_LIST_ADD_CERTIFICATE] = push_do_list_add,
	[PUSH_LIST_REMOVE_CERTIFICATE] = push_do_list_remove,
	[PUSH_SESSION_ENDED] = push_do_session_ended,
	[PUSH_REFRESH] = push_do_refresh,
};

bool push_work_open(struct push_work *work, const char *socket,
		    const struct push_place_names *names)
{
	*work = (struct push_work){.names = *names};
	work->link = push_link_new(socket);
	work->txn = push_txn_new(socket);
	return work->link && work->txn;
}

void push_work_close(struct push_work *work)
{
	push_txn_free(work->txn);
	push_link_free(work->link);
}

/* Certificates that were made for a transaction that came to nothing. Who fails leaves them. */
static void drop_vain(struct push_work *work, const struct push_job *job)
{
	struct push_job scratch = {.caller = job->caller};
	struct push_made made;

	while (push_txn_take_vain(work->txn, &made)) {
		struct ks_client *client = push_link_client(work->link, &scratch, false);

		if (client && ks_cert_delete(client, made.cert_id, NULL) == KS_OK)
			(void)ks_key_delete(client, made.key, NULL);
	}
}

void push_work_do(struct push_work *work, struct push_job *job)
{
	push_do_fn *run =
		(size_t)job->method < sizeof doing / sizeof *doing ? doing[job->method] : NULL;

	if (run)
		run(work, job);
	else
		push_job_fail(job, UA_STATUSCODE_BADINTERNALERROR, "nobody does that here");
	drop_vain(work, job);
}

void push_do_apply(struct push_work *work, struct push_job *job)
{
	(void)push_txn_apply(work->txn, job);
}

void push_do_cancel(struct push_work *work, struct push_job *job)
{
	(void)push_txn_cancel(work->txn, job);
}

void push_do_session_ended(struct push_work *work, struct push_job *job)
{
	push_txn_end(work->txn, job);
}
