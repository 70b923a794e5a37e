/* Keys in the TPM. */
#include "api_results.h"
#include "api_take.h"
#include "json_key.h"
#include "json_text.h"

static void done_list(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	json_t *list;

	if (!api_result_is_good(call, result))
		return;
	list = json_array();
	for (size_t i = 0; i < result->key_count; i++)
		json_append(&list, json_key(&result->keys[i]));
	api_answer_page(call, "keys", list, result->more);
}

static void key_list(struct api_call *call)
{
	struct ks_client *client;
	uint64_t limit;

	if (!api_query_number(call, "limit", API_PAGE_MAX, 0, &limit))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_key_list_start(client, api_query(call, "after"),
							(uint32_t)limit, done_list, call));
}

static void done_key(const struct ks_result *result, void *user)
{
	struct api_call *call = user;

	if (api_result_is_good(call, result))
		api_answer(call, 200, result->key_count ? json_key(&result->keys[0]) : NULL);
}

static void key_show(struct api_call *call)
{
	struct ks_client *client = api_client(call);

	if (client)
		(void)api_start(call,
				ks_key_show_start(client, api_parameter(call, 0), done_key, call));
}

static void key_delete(struct api_call *call)
{
	struct ks_client *client = api_client(call);

	if (client)
		(void)api_start(call, ks_key_delete_start(client, api_parameter(call, 0),
							  api_done_nothing, call));
}

static void key_pin(struct api_call *call)
{
	const json_t *pinned = json_object_get(api_body(call), "pinned");
	struct ks_client *client;

	if (!api_members_are(call, "pinned", NULL))
		return;
	if (!json_is_boolean(pinned)) {
		api_answer_problem(call, 400, "invalid", "pinned", "pinned is true or false");
		return;
	}
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_key_pin_start(client, api_parameter(call, 0),
						       json_is_true(pinned), done_key, call));
}

const struct api_operation api_key_operations[] = {
	{.id = "keyList",
	 .method = HTTP_GET,
	 .path = "/keys",
	 .right = KS_RIGHT_VIEW,
	 .run = key_list},
	{.id = "keyShow",
	 .method = HTTP_GET,
	 .path = "/keys/{name}",
	 .right = KS_RIGHT_VIEW,
	 .run = key_show},
	{.id = "keyDelete", .method = HTTP_DELETE, .path = "/keys/{name}", .run = key_delete},
	{.id = "keyPin",
	 .method = HTTP_PUT,
	 .path = "/keys/{name}/pinned",
	 .takes_body = true,
	 .run = key_pin},
	{.id = NULL},
};
