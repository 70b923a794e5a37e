#include <string.h>

#include "api_private.h"
#include "json_audit.h"
#include "json_text.h"

#define PAGE_MAX   1000
#define FILTER_MAX 128 /* bytes, as keystored has it */

static void list_done(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	json_t *list, *object;

	if (!api_result_is_good(call, result))
		return;
	list = json_array();
	for (size_t i = 0; i < result->record_count; i++)
		json_append(&list, json_record(&result->records[i]));
	object = json_pack("{s:o, s:b}", "records", list, "more", (int)result->more);
	/* A page may be empty, though there are more: not all are looked at for one. */
	if (result->more)
		json_add(&object, "before", json_integer((json_int_t)result->audit_last));
	api_answer(call, 200, object);
}

static bool read_filter(struct api_call *call, const char *name, const char **ret_text)
{
	const char *text = api_query(call, name);

	if (text && strlen(text) > FILTER_MAX) {
		api_answer_problem(call, 400, "invalid", name,
				   "what is looked for has at most 128 bytes");
		return false;
	}
	*ret_text = text;
	return true;
}

static void audit_list(struct api_call *call)
{
	struct ks_audit_query query = {.newest_first = true};
	struct ks_client *client;
	uint64_t limit = 0;

	if (!api_query_number(call, "before", INT64_MAX, 0, &query.before) ||
	    !api_query_number(call, "limit", PAGE_MAX, 0, &limit) ||
	    !read_filter(call, "user", &query.user) ||
	    !read_filter(call, "operation", &query.operation) ||
	    !read_filter(call, "object", &query.object) ||
	    !read_filter(call, "status", &query.status) ||
	    !api_query_time(call, "since", &query.since) ||
	    !api_query_time(call, "until", &query.until))
		return;
	query.limit = (uint32_t)limit;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_audit_search_start(client, &query, list_done, call));
}

static void verify_done(const struct ks_result *result, void *user)
{
	if (api_result_is_good(user, result) && api_result_has(user, result->audit))
		api_answer(user, 200, json_audit(result->audit));
}

static void audit_verify(struct api_call *call)
{
	struct ks_client *client = api_client(call);

	if (client)
		(void)api_start(call, ks_audit_verify_start(client, verify_done, call));
}

const struct api_operation api_audit_operations[] = {
	{"auditList", HTTP_GET, "/audit", .run = audit_list},
	{"auditVerify", HTTP_GET, "/audit/verification", .run = audit_verify},
	{0},
};
