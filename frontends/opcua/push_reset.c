/* As at first: nobody is known any more (OPC 10000-12 7.10.13). And what is in keystored now. */
#include <string.h>

#include "keystore_service.h"
#include "keystore_trust.h"
#include "push_list.h"
#include "push_work.h"

/* Stages that @group's lists are empty. False: the job has failed. */
static bool empty_lists(struct push_work *work, struct push_job *job, enum push_group group)
{
	struct push_place place;
	struct ks_client *client;
	bool is_partial = false;
	bool is_ok;

	if (!push_place_find(work, job, group, &place))
		return false;
	if (!*place.trust_group)
		return true;
	client = push_txn_join(work->txn, job);
	is_ok = client &&
		push_list_set(job, client, place.trust_group, PUSH_TRUST_ALL, NULL, 0, &is_partial);
	if (push_txn_is_open(work->txn))
		push_txn_leave(work->txn, job, group, true, is_ok, true);
	return is_ok;
}

static bool is_there(const struct push_work *work, enum push_group group)
{
	return *(group == PUSH_USER_TOKEN ? work->names.user_group : work->names.services[group]);
}

/*
 * The trust lists are empty then, and the server is in its provisioning phase again (7.5). Its
 * certificate stays: without one nobody could connect.
 */
void push_do_reset(struct push_work *work, struct push_job *job)
{
	bool is_ok = true;

	if (!push_txn_is_free(work->txn, job))
		return;
	if (push_txn_is_open(work->txn) && !push_txn_cancel(work->txn, job))
		return;
	for (int group = 0; group < PUSH_GROUPS && is_ok; group++) {
		if (is_there(work, (enum push_group)group))
			is_ok = empty_lists(work, job, (enum push_group)group);
	}
	if (is_ok)
		(void)push_txn_apply(work->txn, job);
}

/* The lists' last changes, as the front-end itself may see them: DateTimes by group, 0 for none. */
void push_do_refresh(struct push_work *work, struct push_job *job)
{
	UA_DateTime updated[PUSH_GROUPS] = {0};
	struct push_place places[PUSH_GROUPS] = {0};
	struct ks_client *client;
	struct ks_result *result = NULL;

	for (int group = 0; group < PUSH_GROUPS; group++) {
		if (is_there(work, (enum push_group)group) &&
		    !push_place_find(work, job, (enum push_group)group, &places[group]))
			return;
	}
	client = push_link_client(work->link, job, false);
	if (!client ||
	    !push_link_ok(job, PUSH_OF_ARGUMENTS, ks_group_list(client, NULL, &result), &result)) {
		ks_result_free(result);
		return;
	}
	for (size_t i = 0; i < result->group_count; i++) {
		const struct ks_trust_group *row = &result->groups[i];

		for (int group = 0; group < PUSH_GROUPS; group++) {
			if (row->updated && strcmp(places[group].trust_group, row->name) == 0)
				updated[group] = UA_DateTime_fromUnixTime(row->updated);
		}
	}
	ks_result_free(result);
	(void)push_job_give_array(job, updated, PUSH_GROUPS, UA_TYPES_DATETIME);
}
