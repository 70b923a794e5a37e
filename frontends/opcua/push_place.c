#include <stdio.h>
#include <string.h>

#include <open62541/nodeids.h>

#include "keystore_service.h"
#include "push_work.h"

/* A page of services, with @place's among them or not. False: the job has failed. */
static bool read_page(struct push_job *job, struct ks_client *client, struct push_place *place,
		      char after[PUSH_NAME_MAX + 1], bool *ret_found, bool *ret_more)
{
	struct ks_result *result = NULL;
	enum ks_status status = ks_service_list(client, *after ? after : NULL, &result);

	if (!push_link_ok(job, PUSH_OF_ARGUMENTS, status, &result)) {
		ks_result_free(result);
		return false;
	}
	for (size_t i = 0; i < result->assignment_count; i++) {
		const struct ks_assignment *row = &result->assignments[i];

		snprintf(after, PUSH_NAME_MAX + 1, "%s", row->name);
		if (strcmp(row->name, place->service) != 0)
			continue;
		snprintf(place->trust_group, sizeof place->trust_group, "%s", row->group);
		place->kind = row->kind;
		place->cert_id = row->cert_id;
		*ret_found = true;
	}
	*ret_more = result->more;
	ks_result_free(result);
	return true;
}

bool push_place_look(struct push_work *work, struct push_job *job, enum push_group group,
		     struct push_place *ret_place, bool *ret_found)
{
	struct push_place place = {.group = group, .service = work->names.services[group]};
	struct ks_client *client = push_link_client(work->link, job, false);
	char after[PUSH_NAME_MAX + 1] = "";
	bool is_found = false, has_more = true;

	if (!client)
		return false;
	if (group == PUSH_USER_TOKEN) {
		snprintf(place.trust_group, sizeof place.trust_group, "%s", work->names.user_group);
		is_found = true;
	}
	while (!is_found && has_more) {
		if (!read_page(job, client, &place, after, &is_found, &has_more))
			return false;
	}
	*ret_place = place;
	*ret_found = is_found;
	return true;
}

bool push_place_find(struct push_work *work, struct push_job *job, enum push_group group,
		     struct push_place *ret_place)
{
	struct push_place place;
	bool is_found;

	if (!push_place_look(work, job, group, &place, &is_found))
		return false;
	if (!is_found)
		return push_job_fail(job, UA_STATUSCODE_BADINVALIDSTATE,
				     "there is no service “%s” in keystored, or it is not for this "
				     "user to see: keystorectl service list shows them",
				     place.service);
	*ret_place = place;
	return true;
}

/* Null stands for the one that there is; its subtypes are not looked at, as there are none here. */
static bool is_type(const UA_NodeId *type, enum push_group group)
{
	UA_UInt32 number = push_group_kind(group)->certificate_type;
	UA_NodeId expected = UA_NODEID_NUMERIC(0, number);

	return number && (UA_NodeId_isNull(type) || UA_NodeId_equal(type, &expected));
}

bool push_place_take(struct push_work *work, struct push_job *job, bool with_type,
		     struct push_place *ret_place)
{
	enum push_group group;
	bool is_there =
		push_group_find(push_job_node(job, 0), &group) &&
		(group == PUSH_USER_TOKEN ? *work->names.user_group : *work->names.services[group]);

	if (!is_there)
		return push_job_fail(job, UA_STATUSCODE_BADINVALIDARGUMENT,
				     "CertificateGroupId is no certificate group of this server");
	job->group = group;
	if (with_type && !is_type(push_job_node(job, 1), group))
		return push_job_fail(job, UA_STATUSCODE_BADINVALIDARGUMENT,
				     "CertificateTypeId is none of the types of %s: its property "
				     "CertificateTypes has them",
				     push_group_kind(group)->name);
	return push_place_find(work, job, group, ret_place);
}
