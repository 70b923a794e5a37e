/* Services, and what is assigned to them. */
#include "api_results.h"
#include "api_take.h"
#include "json_service.h"
#include "json_text.h"
#include "keystore_service.h"

#define GROUP_NONE "" /* of trust */

static void done_list(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	json_t *list;

	if (!api_result_is_good(call, result))
		return;
	list = json_array();
	for (size_t i = 0; i < result->assignment_count; i++)
		json_append(&list, json_service(&result->assignments[i]));
	api_answer_page(call, "services", list, result->more);
}

static void service_list(struct api_call *call)
{
	struct ks_client *client = api_client(call);

	if (client)
		(void)api_start(call, ks_service_list_start(client, api_query(call, "after"),
							    done_list, call));
}

static bool is_sent(struct api_call *call, const char *member)
{
	return json_object_get(api_body(call), member) != NULL;
}

/* A user or group by number; null: none. */
static bool take_account(struct api_call *call, const char *member, bool *ret_has, uint32_t *ret_id)
{
	uint64_t id;

	if (!api_member_number_optional(call, member, UINT32_MAX - 1, UINT32_MAX, &id))
		return false;
	*ret_has = id != UINT32_MAX;
	*ret_id = *ret_has ? (uint32_t)id : 0;
	return true;
}

/* Bits of what was sent in *@ret_fields; null stands for none. */
static bool take_assignment(struct api_call *call, struct ks_assignment *ret_assignment,
			    unsigned *ret_fields)
{
	static const struct {
		const char *member;
		enum ks_service_field field;
	} fields[] = {
		{"kind", KS_FIELD_KIND}, {"cert_id", KS_FIELD_CERT}, {"group", KS_FIELD_GROUP},
		{"uid", KS_FIELD_UID},	 {"gid", KS_FIELD_GID},
	};
	struct ks_assignment assignment = *ret_assignment;
	const char *kind;
	unsigned bits = 0;

	if (!api_take_name(call, "kind", &kind) ||
	    !api_take_id(call, "cert_id", false, &assignment.cert_id) ||
	    !api_take_name(call, "group", &assignment.group) ||
	    !take_account(call, "uid", &assignment.has_uid, &assignment.uid) ||
	    !take_account(call, "gid", &assignment.has_gid, &assignment.gid))
		return false;
	assignment.kind = ks_service_kind_from_name(kind);
	if (is_sent(call, "kind") && !assignment.kind) {
		api_answer_problem(call, 400, "invalid", "kind",
				   "kind is one of opcua-server, opcua-client, web-server, ouc, "
				   "pg-hmi, syslog, custom");
		return false;
	}
	if (!assignment.group)
		assignment.group = GROUP_NONE;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (is_sent(call, fields[i].member))
			bits |= fields[i].field;
	*ret_assignment = assignment;
	*ret_fields = bits;
	return true;
}

static void answer_service(struct api_call *call, const struct ks_result *result, unsigned status)
{
	if (api_result_is_good(call, result))
		api_answer(call, status,
			   result->assignment_count ? json_service(&result->assignments[0]) : NULL);
}

static void done_create(const struct ks_result *result, void *user)
{
	answer_service(user, result, 201);
}

static void done_set(const struct ks_result *result, void *user)
{
	answer_service(user, result, 200);
}

static void service_create(struct api_call *call)
{
	struct ks_assignment assignment = {0};
	struct ks_client *client;
	unsigned fields;

	if (!api_members_are(call, "name", "kind", "cert_id", "group", "uid", "gid", NULL) ||
	    !api_member_string(call, "name", API_NAME_MAX, &assignment.name) ||
	    !take_assignment(call, &assignment, &fields))
		return;
	if (!assignment.kind) {
		api_answer_problem(call, 400, "invalid", "kind",
				   "a new service needs its kind, like web-server");
		return;
	}
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_service_set_start(client, &assignment, fields, true,
							   done_create, call));
}

static void service_set(struct api_call *call)
{
	struct ks_assignment assignment = {.name = api_parameter(call, 0)};
	struct ks_client *client;
	unsigned fields;

	if (!api_members_are(call, "kind", "cert_id", "group", "uid", "gid", NULL) ||
	    !take_assignment(call, &assignment, &fields))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_service_set_start(client, &assignment, fields, false,
							   done_set, call));
}

static void service_delete(struct api_call *call)
{
	struct ks_client *client = api_client(call);

	if (client)
		(void)api_start(call, ks_service_remove_start(client, api_parameter(call, 0),
							      api_done_nothing, call));
}

const struct api_operation api_service_operations[] = {
	{.id = "serviceList",
	 .method = HTTP_GET,
	 .path = "/services",
	 .right = KS_RIGHT_VIEW,
	 .run = service_list},
	{.id = "serviceCreate",
	 .method = HTTP_POST,
	 .path = "/services",
	 .takes_body = true,
	 .run = service_create},
	{.id = "serviceSet",
	 .method = HTTP_PATCH,
	 .path = "/services/{name}",
	 .takes_body = true,
	 .run = service_set},
	{.id = "serviceDelete",
	 .method = HTTP_DELETE,
	 .path = "/services/{name}",
	 .run = service_delete},
	{.id = NULL},
};
