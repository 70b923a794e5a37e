#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"
#include "service.h"
#include "service_trust.h"
#include "store_service.h"
#include "trust.h"
#include "trust_change.h"

#define GROUPS_PAGE 64u

_Static_assert(GROUPS_PAGE >= STORE_GROUPS_MAX, "one reply has them all");

struct groups {
	struct store_group groups[GROUPS_PAGE];
	Keystore__V1__TrustGroup infos[GROUPS_PAGE];
	Keystore__V1__TrustGroup *list[GROUPS_PAGE];
	size_t count;
	size_t shown;
	bool has_more;
};

static bool add_group(const struct store_group *group, void *user)
{
	struct groups *groups = user;

	if (groups->count == GROUPS_PAGE) {
		groups->has_more = true;
		return false;
	}
	groups->groups[groups->count++] = *group;
	return true;
}

static enum store_status fill_group(struct store *store, Keystore__V1__TrustGroup *info,
				    struct store_group *group)
{
	uint64_t counts[STORE_LIST_COUNT];
	enum store_status status = store_group_entries(store, group->id, counts);

	if (status != STORE_OK)
		return status;
	keystore__v1__trust_group__init(info);
	info->name = group->name;
	info->predefined = group->is_predefined;
	info->auto_accept = group->auto_accept;
	info->crls = (Keystore__V1__CrlPolicy)(group->crls + 1);
	info->trusted_certs = counts[STORE_TRUSTED_CERTS];
	info->trusted_crls = counts[STORE_TRUSTED_CRLS];
	info->issuer_certs = counts[STORE_ISSUER_CERTS];
	info->issuer_crls = counts[STORE_ISSUER_CRLS];
	info->revision = group->revision;
	info->updated = group->updated;
	return STORE_OK;
}

static void reply_groups(struct request *request, struct groups *groups)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__TrustGroupListReply list = KEYSTORE__V1__TRUST_GROUP_LIST_REPLY__INIT;

	list.groups = groups->list;
	list.n_groups = groups->shown;
	list.more = groups->has_more;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_TRUST_GROUP_LIST;
	reply.trust_group_list = &list;
	request_reply(request, &reply);
}

void service_trust_group_list(struct request *request, const void *body,
			      const struct keyring_key *key)
{
	const Keystore__V1__TrustGroupListRequest *asked = body;
	struct groups *groups = calloc(1, sizeof *groups);

	(void)key;
	if (!groups) {
		request_fail_memory(request);
		return;
	}
	enum store_status status =
		store_group_list(request->service->store, asked->after, add_group, groups);

	for (size_t i = 0; i < groups->count && status == STORE_OK; i++) {
		if (!service_trust_may_use(request, groups->groups[i].id))
			continue;
		status = fill_group(request->service->store, &groups->infos[groups->shown],
				    &groups->groups[i]);
		groups->list[groups->shown] = &groups->infos[groups->shown];
		groups->shown++;
	}
	if (status == STORE_OK)
		reply_groups(request, groups);
	else
		request_fail_store(request, status);
	free(groups);
}

struct group_change {
	struct change change;
	struct store_group group; /* as it is to be */
	bool creates;
	bool deletes;
};

static enum store_status create(struct service *service, struct group_change *change)
{
	uint64_t count = 0;
	enum store_status status = store_group_count(service->store, &count);

	if (status == STORE_OK && count >= STORE_GROUPS_MAX)
		return change_refuse(&change->change, STATUS_LIMIT,
				     "there are %d trust groups, and no more are possible: delete "
				     "one first",
				     STORE_GROUPS_MAX);
	if (status == STORE_OK)
		status = store_group_add(service->store, &change->group, &change->group.id);
	if (status == STORE_EXISTS)
		return change_refuse(&change->change, STATUS_EXISTS,
				     "there is a trust group “%s” already", change->group.name);
	return status;
}

static enum store_status delete (struct service *service, struct group_change *change) {
	struct store_service user;
	enum store_status status = store_service_of_group(service->store, change->group.id, &user);

	if (status == STORE_OK) return change_refuse(
		&change->change, STATUS_CONFLICT,
		"trust group “%s” is used by service “%s”: give it another "
		"one first, with service set",
		change->group.name, user.name);
	if (status == STORE_NOT_FOUND)
		status = store_group_delete(service->store, change->group.id);
	return status;
}

static enum store_status apply(struct service *service, struct change *base)
{
	struct group_change *change = (struct group_change *)base;
	enum store_status status;

	if (change->creates)
		return create(service, change);
	if (change->deletes)
		status = delete (service, change);
	else
		status = store_group_set(service->store, &change->group);
	if (status == STORE_NOT_FOUND)
		return change_refuse(base, STATUS_CONFLICT,
				     "trust group “%s” was deleted meanwhile", change->group.name);
	return status;
}

static enum store_status check(struct service *service, struct change *base)
{
	struct group_change *change = (struct group_change *)base;
	struct store_group group;

	if (change->creates)
		return STORE_OK;
	enum store_status status = store_group_get(service->store, NULL, change->group.id, &group);

	if (status == STORE_NOT_FOUND ||
	    (status == STORE_OK && group.revision != change->group.revision))
		return change_refuse(base, STATUS_CONFLICT,
				     "trust group “%s” was changed by others meanwhile",
				     change->group.name);
	return status;
}

static void applied(struct service *service, struct change *base)
{
	const struct group_change *change = (struct group_change *)base;

	trust_changed(service->trust, change->group.id);
	trust_publish_changed(service, change->group.id, change->group.name);
}

static void reply(struct request *request, struct change *base)
{
	struct group_change *change = (struct group_change *)base;
	struct groups *groups = calloc(1, sizeof *groups);
	enum store_status status = STORE_NOMEM;

	if (groups && change->deletes)
		status = STORE_OK;
	else if (groups)
		status = store_group_get(request->service->store, NULL, change->group.id,
					 &groups->groups[groups->shown++]);
	/* A deleted one has no entries. */
	if (status == STORE_OK)
		status = fill_group(request->service->store, &groups->infos[0], &groups->groups[0]);
	if (status == STORE_OK) {
		groups->list[0] = &groups->infos[0];
		reply_groups(request, groups);
	} else {
		request_fail_store(request, status);
	}
	free(groups);
}

static void free_change(struct change *change)
{
	free(change);
}

/* The switches as they are to be. False: answered. */
static bool take_switches(struct request *request, const Keystore__V1__TrustGroupSetRequest *asked,
			  struct store_group *group)
{
	if ((unsigned)asked->auto_accept > KEYSTORE__V1__SWITCH__SWITCH_OFF ||
	    (unsigned)asked->crls > KEYSTORE__V1__CRL_POLICY__CRL_POLICY_NONE) {
		request_fail(request, STATUS_INVALID,
			     "auto-accept is on (1) or off (2), and CRLs are required (1), looked "
			     "at where known (2) or not at all (3)");
		return false;
	}
	if (asked->auto_accept)
		group->auto_accept = asked->auto_accept == KEYSTORE__V1__SWITCH__SWITCH_ON;
	if (asked->crls)
		group->crls = (unsigned)asked->crls - 1;
	return true;
}

/* The group that is asked for, or a new one. False: answered. */
static bool take_group(struct request *request, const Keystore__V1__TrustGroupSetRequest *asked,
		       struct store_group *group)
{
	if (asked->create && asked->remove) {
		request_fail(request, STATUS_INVALID,
			     "a trust group is created or deleted: say one of them");
		return false;
	}
	if (!asked->create)
		return service_trust_find(request, asked->name, group);
	if (!names_is_key_name(asked->name)) {
		request_fail(request, STATUS_INVALID, "a trust group's name is " NAMES_KEY_RULE);
		return false;
	}
	snprintf(group->name, sizeof group->name, "%s", asked->name);
	snprintf(request->object, sizeof request->object, "%s", asked->name);
	return true;
}

static void describe(struct group_change *change)
{
	static const char *const crls[] = {"required", "where known", "none"};

	if (change->deletes)
		snprintf(change->change.detail, sizeof change->change.detail, "deleted");
	else
		snprintf(change->change.detail, sizeof change->change.detail,
			 "%sauto-accept %s, CRLs %s", change->creates ? "new, " : "",
			 change->group.auto_accept ? "on" : "off", crls[change->group.crls % 3]);
}

void service_trust_group_set(struct request *request, const void *body,
			     const struct keyring_key *key)
{
	static const struct change_kind kind = {
		.check = check,
		.apply = apply,
		.applied = applied,
		.reply = reply,
		.free = free_change,
	};
	const Keystore__V1__TrustGroupSetRequest *asked = body;
	struct store_group group = {0};

	(void)key;
	if (!take_group(request, asked, &group) || !take_switches(request, asked, &group))
		return;
	if (asked->remove && group.is_predefined) {
		request_fail(request, STATUS_CONFLICT,
			     "trust group “%s” is predefined and stays: trust set can empty its "
			     "lists",
			     group.name);
		return;
	}
	struct group_change *change = calloc(1, sizeof *change);

	if (!change) {
		request_fail_memory(request);
		return;
	}
	change->change.kind = &kind;
	change->group = group;
	change->creates = asked->create;
	change->deletes = asked->remove;
	describe(change);
	request_change(request, &change->change);
}
