/* Operations on services. */
#include <stddef.h>
#include <string.h>

#include "client.h"
#include "keystore_service.h"
#include "request.h"

#define BLOCKING (&(struct reply_to){.ret_result = ret_result})
#define STARTED	 (&(struct reply_to){.done = done, .user = user})

#define FIELDS_MAX 5

static const char *const kinds[] = {
	[KS_SERVICE_OPCUA_SERVER] = "opcua-server",
	[KS_SERVICE_OPCUA_CLIENT] = "opcua-client",
	[KS_SERVICE_WEB_SERVER] = "web-server",
	[KS_SERVICE_OUC] = "ouc",
	[KS_SERVICE_PG_HMI] = "pg-hmi",
	[KS_SERVICE_SYSLOG] = "syslog",
	[KS_SERVICE_CUSTOM] = "custom",
};

const char *ks_service_kind_name(enum ks_service_kind kind)
{
	return (unsigned)kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[kind] : NULL;
}

enum ks_service_kind ks_service_kind_from_name(const char *name)
{
	for (unsigned i = 1; name && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], name) == 0)
			return (enum ks_service_kind)i;
	return 0;
}

static enum ks_status service_list(struct ks_client *client, const char *after,
				   const struct reply_to *to)
{
	Keystore__V1__ServiceListRequest body = KEYSTORE__V1__SERVICE_LIST_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.after = request_text(after);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_SERVICE_LIST;
	request.service_list = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_service_list(struct ks_client *client, const char *after,
			       struct ks_result **ret_result)
{
	return service_list(client, after, BLOCKING);
}

enum ks_status ks_service_list_start(struct ks_client *client, const char *after, ks_done_fn *done,
				     void *user)
{
	return service_list(client, after, STARTED);
}

static enum ks_status service_set(struct ks_client *client, const struct ks_assignment *assignment,
				  unsigned fields, bool create, const struct reply_to *to)
{
	Keystore__V1__ServiceSetRequest body = KEYSTORE__V1__SERVICE_SET_REQUEST__INIT;
	Keystore__V1__Service service = KEYSTORE__V1__SERVICE__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	Keystore__V1__ServiceField list[FIELDS_MAX];

	service.name = request_text(assignment->name);
	service.kind = (Keystore__V1__ServiceKind)assignment->kind;
	service.cert_id = assignment->cert_id;
	service.group = request_text(assignment->group);
	service.has_uid = assignment->has_uid;
	service.uid = assignment->uid;
	service.has_gid = assignment->has_gid;
	service.gid = assignment->gid;
	body.service = &service;
	body.fields = list;
	for (unsigned field = 1; field <= FIELDS_MAX; field++)
		if (fields & 1u << field)
			list[body.n_fields++] = (Keystore__V1__ServiceField)field;
	body.create = create;
	body.cert_key = request_text(fields & KS_FIELD_CERT ? assignment->cert_key : NULL);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_SERVICE_SET;
	request.service_set = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_service_set(struct ks_client *client, const struct ks_assignment *assignment,
			      unsigned fields, bool create, struct ks_result **ret_result)
{
	return service_set(client, assignment, fields, create, BLOCKING);
}

enum ks_status ks_service_set_start(struct ks_client *client,
				    const struct ks_assignment *assignment, unsigned fields,
				    bool create, ks_done_fn *done, void *user)
{
	return service_set(client, assignment, fields, create, STARTED);
}

static enum ks_status service_remove(struct ks_client *client, const char *name,
				     const struct reply_to *to)
{
	Keystore__V1__ServiceRemoveRequest body = KEYSTORE__V1__SERVICE_REMOVE_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.name = request_text(name);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_SERVICE_REMOVE;
	request.service_remove = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_service_remove(struct ks_client *client, const char *name,
				 struct ks_result **ret_result)
{
	return service_remove(client, name, BLOCKING);
}

enum ks_status ks_service_remove_start(struct ks_client *client, const char *name, ks_done_fn *done,
				       void *user)
{
	return service_remove(client, name, STARTED);
}
