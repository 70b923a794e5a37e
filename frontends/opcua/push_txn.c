#include "push_txn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keystore_service.h"

struct push_txn {
	struct push_link *link;
	bool is_open;
	UA_NodeId session;
	char user[SESSION_USER_MAX + 1];
	unsigned changes;
	struct push_report report;
	struct push_made made[PUSH_MADE_MAX], vain[PUSH_MADE_MAX];
	size_t made_count, vain_count;
};

struct push_txn *push_txn_new(const char *socket)
{
	struct push_txn *txn = calloc(1, sizeof *txn);

	if (txn)
		txn->link = push_link_new(socket);
	if (txn && !txn->link) {
		free(txn);
		txn = NULL;
	}
	return txn;
}

void push_txn_free(struct push_txn *txn)
{
	if (!txn)
		return;
	push_link_free(txn->link);
	UA_NodeId_clear(&txn->session);
	free(txn);
}

bool push_txn_is_open(const struct push_txn *txn)
{
	return txn->is_open;
}

static bool is_of(const struct push_txn *txn, const struct push_job *job)
{
	return txn->is_open && UA_NodeId_equal(&txn->session, &job->caller.session);
}

static void forget(struct push_txn *txn)
{
	/* keystored drops what is staged, with the connection. */
	push_link_drop(txn->link);
	UA_NodeId_clear(&txn->session);
	txn->is_open = false;
	txn->changes = 0;
	txn->made_count = 0;
}

bool push_txn_lacks(const struct push_txn *txn, struct push_job *job, enum push_group group)
{
	if (!txn->is_open || !(txn->report.groups & 1u << group))
		return true;
	return push_job_fail(job, UA_STATUSCODE_BADINVALIDSTATE,
			     "the certificate of %s is changed in this transaction already: apply "
			     "or cancel it first",
			     push_group_kind(group)->name);
}

void push_txn_made(struct push_txn *txn, const struct push_made *made)
{
	if (txn->made_count < PUSH_MADE_MAX)
		txn->made[txn->made_count++] = *made;
}

bool push_txn_take_vain(struct push_txn *txn, struct push_made *ret_made)
{
	if (!txn->vain_count)
		return false;
	*ret_made = txn->vain[--txn->vain_count];
	return true;
}

/* It is over; what came of it is told with @job. */
static void close_with(struct push_txn *txn, struct push_job *job, UA_StatusCode result)
{
	txn->report.ended = UA_DateTime_now();
	txn->report.result = result;
	txn->report.is_new = true;
	job->report = txn->report;
	if (result != UA_STATUSCODE_GOOD) {
		memcpy(txn->vain, txn->made, sizeof txn->vain);
		txn->vain_count = txn->made_count;
	}
	forget(txn);
}

/*
 * Whether keystored has dropped it: when it was idle for long, as whoever vanishes leaves it, or
 * with a restart.
 */
static bool is_dropped(struct push_txn *txn, const struct push_job *job)
{
	struct push_job scratch = {.caller = job->caller};
	struct ks_client *client = push_link_client(txn->link, &scratch, false);
	struct ks_result *result = NULL;
	enum ks_status status;
	bool is_there;

	if (!client)
		return false;
	status = ks_txn_status(client, &result);
	is_there = status != KS_OK || (result->txn->open && result->txn->mine);
	ks_result_free(result);
	return !is_there;
}

bool push_txn_is_free(struct push_txn *txn, struct push_job *job)
{
	if (!txn->is_open || is_of(txn, job))
		return true;
	if (is_dropped(txn, job)) {
		snprintf(txn->report.message, sizeof txn->report.message,
			 "the transaction of user “%.64s” was idle for too long", txn->user);
		close_with(txn, job, UA_STATUSCODE_BADTIMEOUT);
		return true;
	}
	return push_job_fail(job, UA_STATUSCODE_BADTRANSACTIONPENDING,
			     "a session of user “%s” has a transaction open: wait until it is "
			     "applied or cancelled, or until that session ends",
			     txn->user);
}

static struct ks_client *begin(struct push_txn *txn, struct push_job *job)
{
	struct ks_client *client = push_link_client(txn->link, job, false);
	struct ks_result *result = NULL;

	if (!client || !push_link_done(job, PUSH_OF_TXN, ks_txn_begin(client, &result), &result))
		return NULL;
	if (UA_NodeId_copy(&job->caller.session, &txn->session) != UA_STATUSCODE_GOOD) {
		push_link_drop(txn->link);
		push_job_fail(job, UA_STATUSCODE_BADOUTOFMEMORY, "no memory");
		return NULL;
	}
	txn->is_open = true;
	memcpy(txn->user, job->caller.user, sizeof txn->user);
	txn->report = (struct push_report){.is_new = true, .begun = UA_DateTime_now()};
	/* As long as it is under way (OPC 10000-12 7.10.17). */
	txn->report.result = UA_STATUSCODE_GOODCALLAGAIN;
	job->report = txn->report;
	return push_link_client(txn->link, job, true);
}

struct ks_client *push_txn_join(struct push_txn *txn, struct push_job *job)
{
	if (!push_txn_is_free(txn, job))
		return NULL;
	return txn->is_open ? push_link_client(txn->link, job, true) : begin(txn, job);
}

void push_txn_leave(struct push_txn *txn, struct push_job *job, enum push_group group, bool is_list,
		    bool is_ok, bool is_partial)
{
	struct push_report *report = &txn->report;

	if (is_ok) {
		txn->changes++;
		*(is_list ? &report->lists : &report->groups) |= 1u << group;
		report->is_new = true;
		job->report = *report;
		return;
	}
	report->error = job->status;
	report->failed_group = group;
	report->is_list_failed = is_list;
	snprintf(report->message, sizeof report->message, "%s", job->message);
	if (is_partial || !txn->changes)
		close_with(txn, job, job->status);
	else
		job->report = *report;
}

bool push_txn_apply(struct push_txn *txn, struct push_job *job)
{
	struct ks_result *result = NULL;
	struct ks_client *client;

	if (!push_txn_is_free(txn, job))
		return false;
	if (!txn->is_open)
		return push_job_fail(job, UA_STATUSCODE_BADNOTHINGTODO,
				     "there is nothing to apply: change something first");
	client = push_link_client(txn->link, job, false);
	if (!client ||
	    !push_link_done(job, PUSH_OF_ARGUMENTS, ks_txn_apply(client, &result), &result)) {
		txn->report.error = job->status;
		snprintf(txn->report.message, sizeof txn->report.message, "%s", job->message);
		close_with(txn, job, job->status);
		return false;
	}
	job->is_applied = true;
	job->changed_lists = txn->report.lists;
	job->changed_certs = txn->report.groups;
	close_with(txn, job, UA_STATUSCODE_GOOD);
	return true;
}

bool push_txn_cancel(struct push_txn *txn, struct push_job *job)
{
	if (!push_txn_is_free(txn, job))
		return false;
	if (!txn->is_open)
		return push_job_fail(job, UA_STATUSCODE_BADNOTHINGTODO,
				     "there is nothing to cancel");
	close_with(txn, job, UA_STATUSCODE_BADREQUESTCANCELLEDBYCLIENT);
	return true;
}

void push_txn_end(struct push_txn *txn, struct push_job *job)
{
	if (!is_of(txn, job))
		return;
	snprintf(txn->report.message, sizeof txn->report.message,
		 "the session of user “%.64s” ended with a transaction open, which is dropped",
		 txn->user);
	snprintf(job->message, sizeof job->message, "%s", txn->report.message);
	close_with(txn, job, UA_STATUSCODE_BADSESSIONCLOSED);
}
