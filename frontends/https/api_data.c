#include "api_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_live.h"
#include "api_private.h"
#include "block_read.h"
#include "block_roles.h"
#include "ouc_client.h"

#define WRITTEN_MAX 512 /* bytes of the line that tells who has written what */

struct api_data {
	struct ouc_client *client;
	struct block_roles *roles;
	struct api_live *live;
};

struct api_data *api_data_new(struct api *api)
{
	const struct api_options *options = &api->options;
	struct api_data *data = calloc(1, sizeof(*data));

	if (!data)
		return NULL;
	data->client = ouc_client_new(api->event, options->data_control, OUC_PATIENCE_US);
	data->roles = data->client ? block_roles_new(data->client) : NULL;
	data->live =
		data->roles ? api_live_new(api->event, options->data_images, data->roles) : NULL;
	if (data->live)
		return data;
	api_data_free(data);
	return NULL;
}

void api_data_free(struct api_data *data)
{
	if (!data)
		return;
	ouc_client_free(data->client);
	block_roles_free(data->roles);
	api_live_free(data->live);
	free(data);
}

static const char *live_refusal(struct api *api, const char *blocks)
{
	(void)api;
	return api_live_refusal(blocks);
}

static void *live_begin(struct api *api, struct api_feed *feed, const char *blocks)
{
	return api_live_begin(api->data->live, feed, blocks);
}

const struct api_feed_part api_data_part = {
	.right = KS_RIGHT_READ_PROCESS_DATA,
	.refusal = live_refusal,
	.begin = live_begin,
	.end = api_live_end,
};

static const char *folder_of(const struct api_call *call)
{
	return api_options(api_of(call))->data_images;
}

/* Goes on without them, where they are not to be had. */
static void ask_roles(struct api_call *call, block_roles_fn *then)
{
	if (!block_roles_ask(api_of(call)->data->roles, then, call))
		then(NULL, call);
}

static void list_blocks(const json_t *roles, void *user)
{
	struct api_call *call = user;

	api_answer(call, 200, block_read_list(folder_of(call), roles));
}

static void block_list(struct api_call *call)
{
	ask_roles(call, list_blocks);
}

static void answer_unread(struct api_call *call, enum block_status status, const char *sentence)
{
	static const struct {
		unsigned http;
		const char *code;
	} answers[] = {
		[BLOCK_OK] = {500, "internal"},	     [BLOCK_NONE] = {404, "not-found"},
		[BLOCK_AWAY] = {503, "unreachable"}, [BLOCK_BUSY] = {503, "busy"},
		[BLOCK_BROKEN] = {502, "broken"},    [BLOCK_NOMEM] = {503, "no-memory"},
	};

	api_answer_problem(call, answers[status].http, answers[status].code, NULL, sentence);
}

static void show_block(const json_t *roles, void *user)
{
	struct api_call *call = user;
	char sentence[BLOCK_SENTENCE_MAX];
	struct data_view *view = NULL;
	json_t *object = NULL;
	enum block_status status =
		block_folder_open(folder_of(call), api_parameter(call, 0), &view, sentence);

	if (status == BLOCK_OK)
		status = block_read_show(view, roles, &object, sentence);
	data_view_close(view);
	if (status == BLOCK_OK)
		api_answer(call, 200, object);
	else
		answer_unread(call, status, sentence);
}

static void block_show(struct api_call *call)
{
	ask_roles(call, show_block);
}

/* What keystore-ouc has not checked may be any text. */
static bool is_plain(const char *field)
{
	static const char kept[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789_-[]";

	return field[strspn(field, kept)] == '\0';
}

/* Who has written which fields, and never what: keystored, which keeps the audit trail, is not asked. */
static void log_write(struct api_call *call, const char *how)
{
	const struct api_options *options = api_options(api_of(call));
	json_t *values = json_object_get(api_body(call), "values");
	char line[WRITTEN_MAX];
	const char *field = NULL;
	json_t *value = NULL;
	unsigned told = 0;
	size_t len;

	if (!options->log)
		return;
	snprintf(line, sizeof(line), "user %s has %s data block %s:", api_user(call), how,
		 api_parameter(call, 0));
	json_object_foreach(values, field, value)
	{
		len = strlen(line);
		if (is_plain(field) && len + strlen(field) + 32 < sizeof(line)) {
			snprintf(line + len, sizeof(line) - len, "%s %s", told ? "," : "", field);
			told++;
		}
	}
	len = strlen(line);
	if (told < json_object_size(values))
		snprintf(line + len, sizeof(line) - len, "%s %zu more", told ? " and" : "",
			 json_object_size(values) - told);
	options->log(line, options->user);
}

static void written(const struct ouc_reply *reply, void *user)
{
	static const struct {
		unsigned http;
		const char *code;
	} answers[] = {
		[OUC_OK] = {200, ""},
		[OUC_INVALID] = {400, "invalid"},
		[OUC_NOT_FOUND] = {404, "not-found"},
		[OUC_REFUSED] = {409, "refused"},
		[OUC_BUSY] = {503, "busy"},
		[OUC_FAILED] = {502, "failed"},
		[OUC_AWAY] = {503, "unreachable"},
		[OUC_UNANSWERED] = {504, "unanswered"},
		[OUC_GARBLED] = {502, "protocol"},
	};
	struct api_call *call = user;
	enum ouc_status status = reply->status;

	if (status == OUC_OK)
		log_write(call, "written to");
	else if (status == OUC_UNANSWERED || status == OUC_GARBLED)
		log_write(call, "perhaps written to");
	if (status == OUC_OK)
		ask_roles(call, show_block);
	else
		api_answer_problem(call, answers[status].http, answers[status].code,
				   status == OUC_INVALID ? "values" : NULL, reply->sentence);
}

static json_t *command_of(struct api_call *call, json_t *values)
{
	return json_pack("{s:s, s:s, s:O}", "command", "set", "block", api_parameter(call, 0),
			 "values", values);
}

static void block_write(struct api_call *call)
{
	json_t *values = json_object_get(api_body(call), "values");

	if (!api_members_are(call, "values", NULL))
		return;
	if (!json_is_object(values) || !json_object_size(values)) {
		api_answer_problem(call, 400, "invalid", "values",
				   "\"values\" is an object with a value for each field, like "
				   "{\"Var1\": true}");
		return;
	}
	if (!data_name_is_valid(api_parameter(call, 0))) {
		api_answer_problem(call, 404, "not-found", NULL,
				   "there is no data block of that name");
		return;
	}
	if (!ouc_client_ask(api_of(call)->data->client, command_of(call, values), written, call))
		api_answer_problem(call, 503, "busy", NULL,
				   "too much is asked of keystore-ouc at once: try again in a "
				   "moment, or write fewer values");
}

const struct api_operation api_data_operations[] = {
	{"blockList", HTTP_GET, "/data", .right = KS_RIGHT_READ_PROCESS_DATA, .run = block_list},
	{"blockShow", HTTP_GET, "/data/{name}", .right = KS_RIGHT_READ_PROCESS_DATA,
	 .run = block_show},
	{"blockWrite", HTTP_PATCH, "/data/{name}", .right = KS_RIGHT_WRITE_PROCESS_DATA,
	 .takes_body = true, .run = block_write},
	{0},
};
