#include <stdio.h>
#include <stdlib.h>

#include "reply_user.h"
#include "request.h"
#include "service.h"
#include "service_user.h"

struct page {
	struct store_role *roles;
	struct reply_role *built;
	Keystore__V1__RoleInfo **list;
	size_t count;
	size_t limit;
};

static bool add_to_page(const struct store_role *role, void *context)
{
	struct page *page = context;
	size_t i = page->count;

	if (i == page->limit)
		return false;
	page->roles[i] = *role;
	reply_role_build(&page->built[i], &page->roles[i]);
	page->list[i] = &page->built[i].info;
	page->count++;
	return true;
}

void service_role_list(struct request *request, const void *body, const struct keyring_key *key)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__RoleListReply list = KEYSTORE__V1__ROLE_LIST_REPLY__INIT;
	struct page page = {.limit = request->service->config->roles};

	(void)body;
	(void)key;
	page.roles = calloc(page.limit, sizeof *page.roles);
	page.built = calloc(page.limit, sizeof *page.built);
	page.list = calloc(page.limit, sizeof(Keystore__V1__RoleInfo *));
	if (!page.roles || !page.built || !page.list) {
		request_fail_memory(request);
		goto out;
	}
	enum store_status status = store_role_list(request->service->store, add_to_page, &page);

	if (status != STORE_OK) {
		request_fail_store(request, status);
		goto out;
	}
	list.roles = page.list;
	list.n_roles = page.count;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_ROLE_LIST;
	reply.role_list = &list;
	request_reply(request, &reply);
out:
	free(page.list);
	free(page.built);
	free(page.roles);
}

/* The role, if it may be changed; without rights where there is none. False: answered. */
static bool find_own(struct request *request, const char *name, struct store_role *ret_role,
		     bool *ret_is_there)
{
	struct store_role role = {0};

	if (!names_is_key_name(name)) {
		request_fail(request, STATUS_INVALID, "a role's name is " NAMES_KEY_RULE);
		return false;
	}
	snprintf(request->object, sizeof request->object, "%s", name);
	enum store_status status = store_role_get(request->service->store, name, &role);

	if (status != STORE_OK && status != STORE_NOT_FOUND) {
		request_fail_store(request, status);
		return false;
	}
	if (role.is_predefined) {
		request_fail(request, STATUS_CONFLICT,
			     "role “%s” is predefined and stays as it is: make one of your own",
			     name);
		return false;
	}
	*ret_role = role;
	*ret_is_there = status == STORE_OK;
	return true;
}

/* False: answered. */
static bool has_room(struct request *request)
{
	uint32_t limit = request->service->config->roles;
	uint64_t count = 0;
	enum store_status status = store_role_count(request->service->store, &count);

	if (status != STORE_OK)
		request_fail_store(request, status);
	else if (count >= limit)
		request_fail(request, STATUS_LIMIT,
			     "there are %u roles, and no more are allowed: delete one, or raise "
			     "[limits] roles",
			     limit);
	return status == STORE_OK && count < limit;
}

void service_role_set(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__RoleSetRequest *asked = body;
	struct service *service = request->service;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__RoleReply answer = KEYSTORE__V1__ROLE_REPLY__INIT;
	struct reply_role built;
	struct store_role role;
	unsigned rights = 0;
	char detail[64];
	bool is_there;

	(void)key;
	if (!find_own(request, asked->name, &role, &is_there))
		return;
	if (!reply_rights_parse(asked->rights, asked->n_rights, &rights)) {
		request_fail(request, STATUS_INVALID,
			     "role “%s” can have the rights 1 to %d; whoami shows those there are",
			     asked->name, RIGHT_GIVEN_END - 1);
		return;
	}
	if (!service_user_may_give(request, "role", role.rights | rights) ||
	    (!is_there && !has_room(request)) || !request_begin_change(request))
		return;
	snprintf(detail, sizeof detail, "rights 0x%x", rights);
	if (!service_users_commit(request, store_role_set(service->store, asked->name, rights),
				  detail))
		return;
	if (store_role_get(service->store, asked->name, &role) != STORE_OK) {
		request_reply_empty(request);
		return;
	}
	reply_role_build(&built, &role);
	answer.role = &built.info;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_ROLE;
	reply.role = &answer;
	request_reply(request, &reply);
}

void service_role_delete(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__RoleDeleteRequest *asked = body;
	struct service *service = request->service;
	struct store_role role;
	bool is_there;

	(void)key;
	if (!find_own(request, asked->name, &role, &is_there))
		return;
	if (!is_there) {
		request_fail(request, STATUS_NOT_FOUND,
			     "there is no role “%s”: role list shows them", asked->name);
		return;
	}
	if (role.users) {
		request_fail(request, STATUS_CONFLICT,
			     "role “%s” is that of %llu users: take it from them first",
			     asked->name, (unsigned long long)role.users);
		return;
	}
	if (service_user_may_give(request, "role", role.rights) && request_begin_change(request) &&
	    service_users_commit(request, store_role_delete(service->store, asked->name), ""))
		request_reply_empty(request);
}
