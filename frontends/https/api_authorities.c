/* The project's CAs, their revocation lists, the mode and the clock. */
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_file.h"
#include "api_results.h"
#include "api_take.h"
#include "json_cert.h"
#include "json_text.h"

#define CRL_BYTES_MAX  (8u * 1024 * 1024) /* more than the service makes */
#define CRL_NUMBER_MAX 64		  /* digits: RFC 5280 5.2.3 allows 20 octets */
#define CRL_ATTEMPTS   5		  /* at a list that becomes another one meanwhile */

static void done_project(const struct ks_result *result, void *user)
{
	struct api_call *call = user;

	if (api_result_is_good(call, result))
		api_answer(call, 201, json_pack("{s:o}", "certs", api_certs_json(result)));
}

static void project_init(struct api_call *call)
{
	struct ks_project project = {0};
	struct ks_client *client;
	uint64_t days;

	if (!api_members_are(call, "rsa_subject", "ec_subject", "days", NULL) ||
	    !api_take_text(call, "rsa_subject", &project.rsa_subject) ||
	    !api_take_text(call, "ec_subject", &project.ec_subject) ||
	    !api_member_number_optional(call, "days", API_DAYS_MAX, 0, &days))
		return;
	project.days = (uint32_t)days;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_project_init_start(client, &project, done_project, call));
}

static const struct api_word modes[] = {
	{"local", KS_MODE_LOCAL},
	{"project", KS_MODE_PROJECT},
	{.name = NULL},
};

static void done_mode(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	const char *name = "project";

	if (!api_result_is_good(call, result))
		return;
	for (size_t i = 0; modes[i].name; i++)
		if (modes[i].value == (int)result->mode)
			name = modes[i].name;
	api_answer(call, 200, json_pack("{s:s}", "mode", name));
}

static void mode_show(struct api_call *call)
{
	struct ks_client *client = api_client(call);

	if (client)
		(void)api_start(call, ks_mode_show_start(client, done_mode, call));
}

static void mode_set(struct api_call *call)
{
	struct ks_client *client;
	int mode;

	if (!api_members_are(call, "mode", NULL) || !api_take_word(call, "mode", modes, 0, &mode))
		return;
	if (!mode) {
		api_answer_problem(call, 400, "invalid", "mode", "mode is one of local, project");
		return;
	}
	client = api_client(call);
	if (client)
		(void)api_start(call,
				ks_mode_set_start(client, (enum ks_mode)mode, done_mode, call));
}

static void clock_confirm(struct api_call *call)
{
	struct ks_client *client = api_client(call);

	if (client)
		(void)api_start(call, ks_clock_confirm_start(client, api_done_nothing, call));
}

static void done_crls(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	json_t *list;

	if (!api_result_is_good(call, result))
		return;
	list = json_array();
	for (size_t i = 0; i < result->crl_count; i++)
		json_append(&list, json_crl(&result->crls[i]));
	api_answer_page(call, "crls", list, result->more);
}

static void crl_list(struct api_call *call)
{
	struct ks_client *client;
	uint64_t after;

	if (!api_query_number(call, "after", INT64_MAX, 0, &after))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_crl_list_start(client, after, done_crls, call));
}

static void done_crl(const struct ks_result *result, void *user)
{
	struct api_call *call = user;

	if (api_result_is_good(call, result))
		api_answer(call, 200, result->crl_count ? json_crl(&result->crls[0]) : NULL);
}

static void crl_renew(struct api_call *call)
{
	struct ks_client *client;
	uint64_t id;

	if (!api_parameter_id(call, 0, &id))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_crl_renew_start(client, id, done_crl, call));
}

/* A list that is gathered part by part; malloc, since it outlives its call by a moment. */
struct gathering {
	struct api_call *call;
	uint64_t ca_id;
	bool is_pem;
	unsigned attempt;
	uint8_t *der;
	size_t len;
	char number[CRL_NUMBER_MAX]; /* "": nothing of it is there yet */
};

static void gather(struct gathering *gathering);

static void gathering_free(struct gathering *gathering)
{
	free(gathering->der);
	free(gathering);
}

static void answer_crl(const struct gathering *gathering)
{
	char stem[FILE_STEM_MAX + 1];

	snprintf(stem, sizeof(stem), "crl-%llu", (unsigned long long)gathering->ca_id);
	if (gathering->is_pem)
		file_answer_pem(gathering->call, PEM_STRING_X509_CRL, stem, ".crl.pem",
				gathering->der, gathering->len);
	else
		file_answer(gathering->call, FILE_TYPE_CRL, stem, ".crl", gathering->der,
			    gathering->len);
}

/* False: answered. */
static bool take_part(struct gathering *gathering, const struct ks_result *result)
{
	size_t len = gathering->len + result->data_len;
	uint8_t *der;

	if (result->data_total > CRL_BYTES_MAX) {
		api_answer_problem(gathering->call, 507, "limit", NULL,
				   "the revocation list has more than 8 MiB: write it to a file "
				   "on the device with keystorectl crl export");
		return false;
	}
	if (!result->data_len || len > result->data_total ||
	    strlen(result->crl_number) >= sizeof(gathering->number)) {
		api_answer_problem(gathering->call, 502, "protocol", NULL,
				   "keystored sent a revocation list that is out of shape: its "
				   "journal may say why");
		return false;
	}
	der = realloc(gathering->der, len);
	if (!der) {
		api_answer(gathering->call, 200, NULL);
		return false;
	}
	memcpy(der + gathering->len, result->data, result->data_len);
	gathering->der = der;
	gathering->len = len;
	snprintf(gathering->number, sizeof(gathering->number), "%s", result->crl_number);
	return true;
}

/* Whether there is more to ask for; if not it was answered. */
static bool go_on(struct gathering *gathering, const struct ks_result *result)
{
	if (result->status == KS_CONFLICT && *gathering->number) {
		gathering->len = 0;
		*gathering->number = '\0';
		if (++gathering->attempt < CRL_ATTEMPTS)
			return true;
		api_answer_problem(gathering->call, 503, "busy", NULL,
				   "the revocation list changes faster than it can be read: try "
				   "again shortly");
		return false;
	}
	if (!api_result_is_good(gathering->call, result) || !take_part(gathering, result))
		return false;
	if (gathering->len < result->data_total)
		return true;
	answer_crl(gathering);
	return false;
}

static void done_part(const struct ks_result *result, void *user)
{
	struct gathering *gathering = user;

	if (go_on(gathering, result))
		gather(gathering);
	else
		gathering_free(gathering);
}

static void gather(struct gathering *gathering)
{
	const char *number = *gathering->number ? gathering->number : NULL;
	struct ks_client *client = api_client(gathering->call);

	if (!client || !api_start(gathering->call,
				  ks_crl_export_start(client, gathering->ca_id, gathering->len,
						      number, done_part, gathering)))
		gathering_free(gathering);
}

static void crl_file(struct api_call *call)
{
	struct gathering *gathering;
	bool is_pem;
	uint64_t id;

	if (!api_parameter_id(call, 0, &id) || !file_take_format(call, &is_pem))
		return;
	gathering = calloc(1, sizeof(*gathering));
	if (!gathering) {
		api_answer(call, 200, NULL);
		return;
	}
	*gathering = (struct gathering){.call = call, .ca_id = id, .is_pem = is_pem};
	gather(gathering);
}

const struct api_operation api_authority_operations[] = {
	{.id = "projectInit",
	 .method = HTTP_POST,
	 .path = "/project",
	 .takes_body = true,
	 .run = project_init},
	{.id = "modeShow", .method = HTTP_GET, .path = "/mode", .run = mode_show},
	{.id = "modeSet", .method = HTTP_PUT, .path = "/mode", .takes_body = true, .run = mode_set},
	{.id = "clockConfirm", .method = HTTP_POST, .path = "/clock/confirm", .run = clock_confirm},
	{.id = "crlList", .method = HTTP_GET, .path = "/crls", .run = crl_list},
	{.id = "crlFile", .method = HTTP_GET, .path = "/crls/{id}/file", .run = crl_file},
	{.id = "crlRenew", .method = HTTP_POST, .path = "/crls/{id}/renew", .run = crl_renew},
	{.id = NULL},
};
