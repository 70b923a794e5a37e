#include "service_assign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "change.h"
#include "conn.h"
#include "request.h"
#include "service.h"
#include "store_cert.h"
#include "store_trust.h"

#define SERVICES_PAGE 128u
#define KEYS_MAX      64 /* that the versions of a certificate have had */

#define PROFILE(id) (1u << PROFILE_##id)

static const struct {
	const char *name;
	unsigned profiles; /* of certificates that it takes */
	bool takes_any;
	enum path_purpose purpose;
} kinds[STORE_SERVICE_KINDS] = {
	[STORE_OPCUA_SERVER] = {"opcua-server",
				PROFILE(OPCUA_SERVER) | PROFILE(OPCUA_CLIENT_SERVER), false,
				PATH_OPCUA},
	[STORE_OPCUA_CLIENT] = {"opcua-client",
				PROFILE(OPCUA_CLIENT) | PROFILE(OPCUA_CLIENT_SERVER), false,
				PATH_OPCUA},
	[STORE_WEB_SERVER] = {"web-server",
			      PROFILE(WEB_SERVER) | PROFILE(TLS_SERVER) |
				      PROFILE(TLS_CLIENT_SERVER),
			      false, PATH_TLS_CLIENT},
	[STORE_OUC] = {"ouc",
		       PROFILE(TLS_SERVER) | PROFILE(TLS_CLIENT) | PROFILE(TLS_CLIENT_SERVER),
		       false, PATH_ANY},
	[STORE_PG_HMI] = {"pg-hmi",
			  PROFILE(PG_HMI) | PROFILE(TLS_SERVER) | PROFILE(TLS_CLIENT_SERVER), false,
			  PATH_TLS_CLIENT},
	[STORE_SYSLOG] = {"syslog",
			  PROFILE(SYSLOG_CLIENT) | PROFILE(TLS_CLIENT) | PROFILE(TLS_CLIENT_SERVER),
			  false, PATH_TLS_SERVER},
	[STORE_CUSTOM] = {"custom", 0, true, PATH_ANY},
};

enum path_purpose service_assign_purpose(enum store_service_kind kind)
{
	return kind > 0 && kind < STORE_SERVICE_KINDS ? kinds[kind].purpose : PATH_ANY;
}

/* Who uses the service, as policy.h takes it. */
struct users {
	struct grant grants[2];
	struct policy_object object;
};

static void users_of(const struct store_service *row, struct users *ret_users)
{
	size_t count = 0;

	*ret_users = (struct users){0};
	if (row->has_uid)
		ret_users->grants[count++] = (struct grant){POLICY_UID, row->uid, POLICY_TRUST};
	if (row->has_gid)
		ret_users->grants[count++] = (struct grant){POLICY_GID, row->gid, POLICY_TRUST};
	ret_users->object.grants = ret_users->grants;
	ret_users->object.grant_count = count;
}

static bool may_see(struct request *request, const struct store_service *row)
{
	struct users users;

	users_of(row, &users);
	return request_may_use(request, RIGHT_USE_TRUST, &users.object);
}

/* False: answered. */
static bool find(struct request *request, const char *name, struct store_service *ret_service)
{
	enum store_status status = STORE_NOT_FOUND;

	if (names_is_key_name(name)) {
		snprintf(request->object, sizeof request->object, "%s", name);
		status = store_service_get(request->service->store, name, 0, ret_service);
	}
	if (status == STORE_NOT_FOUND)
		request_fail(request, STATUS_NOT_FOUND,
			     "there is no service “%.64s”: service list shows them", name);
	else if (status != STORE_OK)
		request_fail_store(request, status);
	return status == STORE_OK;
}

bool service_assign_find(struct request *request, const char *name,
			 struct store_service *ret_service)
{
	struct store_service row;

	if (!find(request, name, &row))
		return false;
	if (!may_see(request, &row)) {
		request_fail(request, STATUS_DENIED,
			     "uid %u may not use service “%s”: those may who see everything, and "
			     "its own user; service set assigns one",
			     request->uid, row.name);
		return false;
	}
	*ret_service = row;
	return true;
}

struct page {
	struct request *request;
	struct store_service rows[SERVICES_PAGE];
	Keystore__V1__Service infos[SERVICES_PAGE];
	Keystore__V1__Service *list[SERVICES_PAGE];
	size_t count;
	bool has_more;
};

static bool add_to_page(const struct store_service *row, void *user)
{
	struct page *page = user;

	if (!may_see(page->request, row))
		return true;
	if (page->count == SERVICES_PAGE) {
		page->has_more = true;
		return false;
	}
	page->rows[page->count++] = *row;
	return true;
}

static void fill(Keystore__V1__Service *info, struct store_service *row)
{
	keystore__v1__service__init(info);
	info->name = row->name;
	info->kind = (Keystore__V1__ServiceKind)row->kind;
	info->cert_id = row->cert_id;
	info->group = row->group;
	info->has_uid = row->has_uid;
	info->uid = row->uid;
	info->has_gid = row->has_gid;
	info->gid = row->gid;
	info->common_name = row->common_name;
	info->key_id = row->key_id;
	info->revision = row->revision;
	info->updated = row->updated;
}

static void reply_page(struct request *request, struct page *page)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__ServiceListReply list = KEYSTORE__V1__SERVICE_LIST_REPLY__INIT;

	for (size_t i = 0; i < page->count; i++) {
		fill(&page->infos[i], &page->rows[i]);
		page->list[i] = &page->infos[i];
	}
	list.services = page->list;
	list.n_services = page->count;
	list.more = page->has_more;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_SERVICE_LIST;
	reply.service_list = &list;
	request_reply(request, &reply);
}

void service_assign_list(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__ServiceListRequest *asked = body;
	struct page *page = calloc(1, sizeof *page);

	(void)key;
	if (!page) {
		request_fail_memory(request);
		return;
	}
	page->request = request;
	enum store_status status =
		store_service_list(request->service->store, asked->after, add_to_page, page);

	if (status == STORE_OK)
		reply_page(request, page);
	else
		request_fail_store(request, status);
	free(page);
}

static bool may_hear(const struct policy_caller *caller, void *user)
{
	const struct {
		const struct policy *policy;
		const struct policy_object *object;
	} *audience = user;

	return policy_decide(audience->policy, caller, RIGHT_USE_TRUST, audience->object) ==
	       POLICY_ALLOWED;
}

static void publish(struct service *service, struct store_service *row,
		    Keystore__V1__KeyEvent__Change change)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__Event event = KEYSTORE__V1__EVENT__INIT;
	Keystore__V1__ServiceEvent what = KEYSTORE__V1__SERVICE_EVENT__INIT;
	struct users users;
	struct {
		const struct policy *policy;
		const struct policy_object *object;
	} audience = {&service->policy, &users.object};

	users_of(row, &users);
	what.change = change;
	what.name = row->name;
	what.cert_id = row->cert_id;
	what.group = row->group;
	event.body_case = KEYSTORE__V1__EVENT__BODY_SERVICE;
	event.service = &what;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_EVENT;
	reply.event = &event;
	conns_publish(service->conns, &reply, may_hear, &audience);
}

struct keys {
	uint64_t ids[KEYS_MAX];
	size_t count;
};

static void add_key(uint64_t key_id, void *user)
{
	struct keys *keys = user;

	if (keys->count < KEYS_MAX)
		keys->ids[keys->count++] = key_id;
}

static void refresh_keys(struct service *service, uint64_t cert_id)
{
	struct keys keys = {0};

	if (!cert_id)
		return;
	/* What is not known is read anew when it is asked for. */
	if (store_service_keys(service->store, cert_id, add_key, &keys) != STORE_OK)
		keys.count = 0;
	for (size_t i = 0; i < keys.count; i++)
		keyring_refresh(service->keyring, keys.ids[i]);
}

void service_assign_cert_changed(struct service *service, uint64_t cert_id)
{
	struct store_service row;

	if (store_service_of_cert(service->store, cert_id, &row) != STORE_OK)
		return;
	refresh_keys(service, cert_id);
	publish(service, &row, KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_UPDATED);
}

struct assignment {
	struct change change;
	struct store_service row;	  /* as it is to be, as far as … */
	unsigned fields;		  /* … these say: bits 1 << SERVICE_FIELD_* */
	char cert_key[NAMES_KEY_MAX + 1]; /* whose certificate it is to be; "": row says */
	uint64_t before_cert;		  /* what it had */
	uint64_t revision;		  /* when this was made; 0: it was not there */
	bool removes;
};

/* Whether the certificate fits the kind, and nobody else has it or its key. */
static enum store_status check_cert(struct service *service, struct assignment *assignment)
{
	const struct store_service *row = &assignment->row;
	unsigned long long id = row->cert_id;
	struct change *change = &assignment->change;
	struct store_service other;
	struct store_cert cert;
	enum store_status status = store_cert_get(service->store, row->cert_id, &cert);

	if (status == STORE_NOT_FOUND)
		return change_refuse(change, STATUS_NOT_FOUND,
				     "there is no certificate %llu: cert list shows them", id);
	if (status != STORE_OK)
		return status;
	uint64_t key_id = cert.key_id;
	const struct profile *profile = profile_by_id(cert.profile);
	bool fits = kinds[row->kind].takes_any ||
		    (profile && kinds[row->kind].profiles & 1u << profile->id);
	bool is_device = cert.kind == STORE_CERT_DEVICE;
	bool is_active = cert.state == STORE_CERT_ACTIVE;

	store_cert_wipe(&cert);
	if (!is_device)
		return change_refuse(
			change, STATUS_CONFLICT,
			"certificate %llu is no device's, and only those are assigned: "
			"cert list --kind device shows them",
			id);
	if (!is_active || !key_id)
		return change_refuse(change, STATUS_CONFLICT, "certificate %llu %s", id,
				     key_id ? "is not active: take one that is"
					    : "has no key here: take one that has");
	if (!fits)
		return change_refuse(change, STATUS_CONFLICT,
				     "certificate %llu is made for %s, and service “%s” is a %s: "
				     "make one for that",
				     id, profile ? profile->name : "something unknown", row->name,
				     kinds[row->kind].name);
	status = store_service_of_key(service->store, key_id, &other);
	if (status == STORE_OK && strcmp(other.name, row->name) == 0)
		status = store_service_of_cert(service->store, row->cert_id, &other);
	if (status == STORE_OK && strcmp(other.name, row->name) != 0)
		return change_refuse(change, STATUS_CONFLICT,
				     "certificate %llu, or its key, is that of service “%s”: one "
				     "service, one key",
				     id, other.name);
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

static enum store_status check_group(struct service *service, struct assignment *assignment)
{
	struct store_group group;
	enum store_status status =
		store_group_get(service->store, NULL, assignment->row.group_id, &group);

	if (status == STORE_NOT_FOUND)
		return change_refuse(&assignment->change, STATUS_CONFLICT,
				     "trust group “%s” was deleted meanwhile",
				     assignment->row.group);
	return status;
}

static enum store_status add(struct service *service, struct assignment *assignment)
{
	uint64_t count = 0;
	enum store_status status = store_service_count(service->store, &count);

	if (status == STORE_OK && count >= STORE_SERVICES_MAX)
		return change_refuse(&assignment->change, STATUS_LIMIT,
				     "there are %d services, and no more are possible: remove one "
				     "first",
				     STORE_SERVICES_MAX);
	if (status == STORE_OK)
		status = store_service_add(service->store, &assignment->row);
	if (status == STORE_EXISTS)
		return change_refuse(&assignment->change, STATUS_EXISTS,
				     "there is a service “%s” already", assignment->row.name);
	return status;
}

/* The certificate of a key that may have come a moment ago. */
static enum store_status find_cert(struct service *service, struct assignment *assignment)
{
	uint64_t key_id = 0;
	enum store_status status = store_key_id(service->store, assignment->cert_key, &key_id);

	if (status == STORE_OK)
		status = store_cert_active_of_key(service->store, key_id, &assignment->row.cert_id);
	if (status == STORE_NOT_FOUND)
		return change_refuse(&assignment->change, STATUS_NOT_FOUND,
				     "there is no key “%s” that has a certificate: cert list shows "
				     "them",
				     assignment->cert_key);
	return status;
}

#define HAS_FIELD(assignment, field)                                                               \
	((assignment)->fields & 1u << KEYSTORE__V1__SERVICE_FIELD__SERVICE_FIELD_##field)

/* What is not set stays as a change before this one has left it. */
static enum store_status take_rest(struct service *service, struct assignment *assignment)
{
	struct store_service *row = &assignment->row;
	struct store_service now;
	enum store_status status = store_service_get(service->store, NULL, row->id, &now);

	if (status == STORE_NOT_FOUND)
		return change_refuse(&assignment->change, STATUS_CONFLICT,
				     "service “%s” was removed meanwhile", row->name);
	if (status != STORE_OK)
		return status;
	if (HAS_FIELD(assignment, KIND))
		now.kind = row->kind;
	if (HAS_FIELD(assignment, CERT))
		now.cert_id = row->cert_id;
	if (HAS_FIELD(assignment, GROUP)) {
		now.group_id = row->group_id;
		memcpy(now.group, row->group, sizeof now.group);
	}
	if (HAS_FIELD(assignment, UID)) {
		now.has_uid = row->has_uid;
		now.uid = row->uid;
	}
	if (HAS_FIELD(assignment, GID)) {
		now.has_gid = row->has_gid;
		now.gid = row->gid;
	}
	*row = now;
	return STORE_OK;
}

static void describe(struct assignment *assignment);

static enum store_status apply(struct service *service, struct change *change)
{
	struct assignment *assignment = (struct assignment *)change;
	struct store_service *row = &assignment->row;
	enum store_status status = STORE_OK;

	if (*assignment->cert_key)
		status = find_cert(service, assignment);
	if (status == STORE_OK && assignment->revision && !assignment->removes)
		status = take_rest(service, assignment);
	if (status != STORE_OK)
		return status;
	describe(assignment);
	row->updated = time(NULL);
	if (!assignment->removes && row->cert_id)
		status = check_cert(service, assignment);
	if (status == STORE_OK && !assignment->removes && row->group_id)
		status = check_group(service, assignment);
	if (status != STORE_OK)
		return status;
	if (!assignment->revision)
		return add(service, assignment);
	status = assignment->removes ? store_service_delete(service->store, row->id)
				     : store_service_set(service->store, row);
	if (status == STORE_NOT_FOUND)
		return change_refuse(change, STATUS_CONFLICT, "service “%s” was removed meanwhile",
				     row->name);
	return status;
}

static enum store_status check(struct service *service, struct change *change)
{
	struct assignment *assignment = (struct assignment *)change;
	struct store_service row;

	if (!assignment->revision)
		return STORE_OK;
	enum store_status status =
		store_service_get(service->store, NULL, assignment->row.id, &row);

	if (status == STORE_NOT_FOUND ||
	    (status == STORE_OK && row.revision != assignment->revision))
		return change_refuse(change, STATUS_CONFLICT,
				     "service “%s” was changed by others meanwhile",
				     assignment->row.name);
	return status;
}

static void applied(struct service *service, struct change *change)
{
	struct assignment *assignment = (struct assignment *)change;

	refresh_keys(service, assignment->before_cert);
	refresh_keys(service, assignment->row.cert_id);
	publish(service, &assignment->row,
		assignment->removes    ? KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_DELETED
		: assignment->revision ? KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_UPDATED
				       : KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_CREATED);
}

static void reply(struct request *request, struct change *change)
{
	struct assignment *assignment = (struct assignment *)change;
	struct page *page = calloc(1, sizeof *page);
	enum store_status status = STORE_NOMEM;

	if (page && assignment->removes)
		status = STORE_OK;
	else if (page)
		status = store_service_get(request->service->store, assignment->row.name, 0,
					   &page->rows[page->count++]);
	if (status == STORE_OK)
		reply_page(request, page);
	else
		request_fail_store(request, status);
	free(page);
}

static void free_change(struct change *change)
{
	free(change);
}

static const struct change_kind change_kind = {
	.check = check,
	.apply = apply,
	.applied = applied,
	.reply = reply,
	.free = free_change,
};

/* Who it is for, so that the audit has it. */
static void describe(struct assignment *assignment)
{
	const struct store_service *row = &assignment->row;
	char uid[32] = "";
	char gid[32] = "";

	if (row->has_uid)
		snprintf(uid, sizeof uid, ", uid %u", row->uid);
	if (row->has_gid)
		snprintf(gid, sizeof gid, ", gid %u", row->gid);
	if (assignment->removes)
		snprintf(assignment->change.detail, sizeof assignment->change.detail, "removed");
	else
		snprintf(assignment->change.detail, sizeof assignment->change.detail,
			 "%s, certificate %llu, trust group %s%s%s", kinds[row->kind].name,
			 (unsigned long long)row->cert_id, row->group_id ? row->group : "none", uid,
			 gid);
}

static void start(struct request *request, const struct store_service *row, unsigned fields,
		  const char *cert_key, uint64_t before_cert, bool removes)
{
	struct assignment *assignment = calloc(1, sizeof *assignment);

	if (!assignment) {
		request_fail_memory(request);
		return;
	}
	assignment->change.kind = &change_kind;
	assignment->row = *row;
	assignment->before_cert = before_cert;
	assignment->revision = row->revision;
	assignment->removes = removes;
	assignment->fields = fields;
	snprintf(assignment->cert_key, sizeof assignment->cert_key, "%s", cert_key);
	request_change(request, &assignment->change);
}

/* False: answered. */
static bool take_group(struct request *request, const char *name, struct store_service *row)
{
	struct store_group group = {0};
	enum store_status status = STORE_OK;

	if (*name) {
		status = names_is_key_name(name)
				 ? store_group_get(request->service->store, name, 0, &group)
				 : STORE_NOT_FOUND;
	}
	if (status == STORE_NOT_FOUND)
		request_fail(request, STATUS_NOT_FOUND,
			     "there is no trust group “%.64s”: group list shows them", name);
	else if (status != STORE_OK)
		request_fail_store(request, status);
	row->group_id = group.id;
	memcpy(row->group, group.name, sizeof row->group);
	return status == STORE_OK;
}

/* False: answered. */
static bool take_field(struct request *request, Keystore__V1__ServiceField field,
		       const Keystore__V1__Service *asked, struct store_service *row)
{
	switch (field) {
	case KEYSTORE__V1__SERVICE_FIELD__SERVICE_FIELD_KIND:
		row->kind = (enum store_service_kind)asked->kind;
		return true;
	case KEYSTORE__V1__SERVICE_FIELD__SERVICE_FIELD_CERT:
		row->cert_id = asked->cert_id <= INT64_MAX ? asked->cert_id : INT64_MAX;
		return true;
	case KEYSTORE__V1__SERVICE_FIELD__SERVICE_FIELD_GROUP:
		return take_group(request, asked->group, row);
	case KEYSTORE__V1__SERVICE_FIELD__SERVICE_FIELD_UID:
		row->has_uid = asked->has_uid;
		row->uid = asked->uid;
		break;
	case KEYSTORE__V1__SERVICE_FIELD__SERVICE_FIELD_GID:
		row->has_gid = asked->has_gid;
		row->gid = asked->gid;
		break;
	case KEYSTORE__V1__SERVICE_FIELD__SERVICE_FIELD_UNSPECIFIED:
	case _KEYSTORE__V1__SERVICE_FIELD_IS_INT_SIZE:
	default:
		request_fail(request, STATUS_INVALID,
			     "a service has kind (1), certificate (2), trust group (3), uid (4) "
			     "and gid (5), and not %d",
			     (int)field);
		return false;
	}
	/* (uid_t)-1 is nobody, see setresuid(2). */
	if (row->uid != UINT32_MAX && row->gid != UINT32_MAX)
		return true;
	request_fail(request, STATUS_INVALID, "%u is no user's and no group's number", UINT32_MAX);
	return false;
}

void service_assign_set(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__ServiceSetRequest *asked = body;
	struct store_service row = {0};

	(void)key;
	if (!asked->service) {
		request_fail(request, STATUS_INVALID, "service set has to say which service");
		return;
	}
	if (!asked->create) {
		if (!find(request, asked->service->name, &row))
			return;
	} else if (names_is_key_name(asked->service->name)) {
		snprintf(row.name, sizeof row.name, "%s", asked->service->name);
		snprintf(request->object, sizeof request->object, "%s", row.name);
	} else {
		request_fail(request, STATUS_INVALID, "a service's name is " NAMES_KEY_RULE);
		return;
	}
	uint64_t before = row.cert_id;
	unsigned fields = 0;

	for (size_t i = 0; i < asked->n_fields; i++) {
		if (!take_field(request, asked->fields[i], asked->service, &row))
			return;
		fields |= 1u << asked->fields[i];
	}
	if (*asked->cert_key) {
		if (!names_is_key_name(asked->cert_key)) {
			request_fail(request, STATUS_INVALID, "a key's name is " NAMES_KEY_RULE);
			return;
		}
		fields |= 1u << KEYSTORE__V1__SERVICE_FIELD__SERVICE_FIELD_CERT;
	}
	if ((unsigned)row.kind == 0 || (unsigned)row.kind >= STORE_SERVICE_KINDS) {
		request_fail(request, STATUS_INVALID,
			     "a service's kind is opcua-server (1), opcua-client (2), web-server "
			     "(3), ouc (4), pg-hmi (5), syslog (6) or custom (7), and not %u",
			     (unsigned)row.kind);
		return;
	}
	start(request, &row, fields, asked->cert_key, before, false);
}

void service_assign_remove(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__ServiceRemoveRequest *asked = body;
	struct store_service row;

	(void)key;
	if (find(request, asked->name, &row))
		start(request, &row, 0, "", row.cert_id, true);
}
