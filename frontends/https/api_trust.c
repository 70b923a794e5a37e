/* Trust groups, their lists, and what was refused. */
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "api_file.h"
#include "api_results.h"
#include "api_take.h"
#include "bundle.h"
#include "json_text.h"
#include "json_trust.h"
#include "keystore_trust.h"

#define TRUST_FILE_MAX (352u * 1024) /* PEM with what people write between */

static const struct api_word lists[] = {
	{"trusted-certs", KS_TRUSTED_CERTS},
	{"trusted-crls", KS_TRUSTED_CRLS},
	{"issuer-certs", KS_ISSUER_CERTS},
	{"issuer-crls", KS_ISSUER_CRLS},
	{.name = NULL},
};

static void done_groups(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	json_t *list;

	if (!api_result_is_good(call, result))
		return;
	list = json_array();
	for (size_t i = 0; i < result->group_count; i++)
		json_append(&list, json_trust_group(&result->groups[i]));
	api_answer_page(call, "groups", list, result->more);
}

static void group_list(struct api_call *call)
{
	struct ks_client *client = api_client(call);

	if (client)
		(void)api_start(call, ks_group_list_start(client, api_query(call, "after"),
							  done_groups, call));
}

/* "crls" and "auto_accept". */
static bool take_switches(struct api_call *call, struct ks_group_change *change)
{
	static const struct api_word policies[] = {
		{"required", KS_CRLS_REQUIRED},
		{"where-known", KS_CRLS_WHERE_KNOWN},
		{"none", KS_CRLS_NONE},
		{.name = NULL},
	};
	const json_t *sent = json_object_get(api_body(call), "auto_accept");
	bool is_on;
	int policy;

	if (!api_take_word(call, "crls", policies, KS_CRLS_UNCHANGED, &policy) ||
	    !api_member_bool_optional(call, "auto_accept", false, &is_on))
		return false;
	change->crls = (enum ks_crl_policy)policy;
	change->auto_accept = !sent || json_is_null(sent) ? KS_UNCHANGED : is_on ? KS_ON : KS_OFF;
	return true;
}

static void answer_group(struct api_call *call, const struct ks_result *result, unsigned status)
{
	if (api_result_is_good(call, result))
		api_answer(call, status,
			   result->group_count ? json_trust_group(&result->groups[0]) : NULL);
}

static void done_group_create(const struct ks_result *result, void *user)
{
	answer_group(user, result, 201);
}

static void done_group_set(const struct ks_result *result, void *user)
{
	answer_group(user, result, 200);
}

static void change_group(struct api_call *call, const char *name,
			 const struct ks_group_change *change, ks_done_fn *done)
{
	struct ks_client *client = api_client(call);

	if (client)
		(void)api_start(call, ks_group_set_start(client, name, change, done, call));
}

static void group_create(struct api_call *call)
{
	struct ks_group_change change = {.create = true};
	const char *name;

	if (api_members_are(call, "name", "crls", "auto_accept", NULL) &&
	    api_member_string(call, "name", API_NAME_MAX, &name) && take_switches(call, &change))
		change_group(call, name, &change, done_group_create);
}

static void group_set(struct api_call *call)
{
	struct ks_group_change change = {0};

	if (api_members_are(call, "crls", "auto_accept", NULL) && take_switches(call, &change))
		change_group(call, api_parameter(call, 0), &change, done_group_set);
}

static void group_delete(struct api_call *call)
{
	change_group(call, api_parameter(call, 0), &(struct ks_group_change){.remove = true},
		     api_done_nothing);
}

static void done_entries(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	json_t *list;

	if (!api_result_is_good(call, result))
		return;
	list = json_array();
	for (size_t i = 0; i < result->trust_entry_count; i++)
		json_append(&list, json_trust_entry(&result->trust_entries[i]));
	api_answer_page(call, "entries", list, result->more);
}

static void trust_list(struct api_call *call)
{
	struct ks_client *client;
	uint64_t after;
	uint32_t limit;
	int list;

	if (!api_take_query_word(call, "list", lists, KS_TRUST_ALL, &list) ||
	    !api_take_page(call, &after, &limit))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_trust_list_start(client, api_parameter(call, 0),
							  (enum ks_trust_list)list, after, limit,
							  done_entries, call));
}

struct adding {
	struct api_call *call;
	size_t count;
};

static void done_add(const struct ks_result *result, void *user)
{
	const struct adding *adding = user;

	if (api_result_is_good(adding->call, result))
		api_answer(adding->call, 201,
			   json_pack("{s:I}", "added", (json_int_t)adding->count));
}

/* All of them are one request. */
static bool fits(struct api_call *call, const struct bundle *bundle)
{
	size_t len = 0;

	for (size_t i = 0; i < bundle->count; i++)
		len += bundle->lens[i];
	if (len <= API_UPLOAD_MAX)
		return true;
	api_answer_problem(call, 400, "invalid", "file",
			   "the file's certificates and revocation lists have more than 250 KiB: "
			   "take several files");
	return false;
}

static void add(struct api_call *call, enum ks_trust_list list, const struct bundle *bundle)
{
	struct adding *adding = api_alloc(call, sizeof(*adding));
	struct ks_trust_item items[BUNDLE_MAX];
	struct ks_client *client = adding ? api_client(call) : NULL;

	if (!client)
		return;
	*adding = (struct adding){.call = call, .count = bundle->count};
	for (size_t i = 0; i < bundle->count; i++)
		items[i] = (struct ks_trust_item){
			.list = list,
			.der = bundle->ders[i],
			.der_len = bundle->lens[i],
			.by_content = list == KS_TRUSTED_CERTS || list == KS_ISSUER_CERTS,
		};
	(void)api_start(call, ks_trust_add_start(client, api_parameter(call, 0), items,
						 bundle->count, done_add, adding));
}

static void trust_add(struct api_call *call)
{
	struct bundle bundle = {0};
	const uint8_t *bytes;
	size_t len;
	int list;

	if (!api_members_are(call, "list", "file", NULL) ||
	    !api_take_word(call, "list", lists, KS_TRUST_ALL, &list))
		return;
	if (!list) {
		api_answer_problem(call, 400, "invalid", "list",
				   "list is one of trusted-certs, trusted-crls, issuer-certs, "
				   "issuer-crls");
		return;
	}
	if (!api_member_bytes(call, "file", TRUST_FILE_MAX, &bytes, &len))
		return;
	switch (bundle_parse(bytes, len, &bundle)) {
	case BUNDLE_OK:
		if (fits(call, &bundle))
			add(call, (enum ks_trust_list)list, &bundle);
		bundle_free(&bundle);
		break;
	case BUNDLE_EMPTY:
		api_answer_problem(call, 400, "invalid", "file",
				   "the file has no certificate and no revocation list, PEM or "
				   "DER");
		break;
	case BUNDLE_TOO_MANY:
		api_answer_problem(call, 400, "invalid", "file",
				   "the file has more than 256 certificates and revocation lists: "
				   "take several files");
		break;
	case BUNDLE_NOMEM:
		api_answer(call, 201, NULL);
		break;
	}
}

/* @fingerprint: 64 lower-case digits of the path. False: answered. */
static bool take_fingerprint(struct api_call *call, uint8_t fingerprint[FINGERPRINT_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	const char *text = api_parameter(call, 1);

	if (strlen(text) != (size_t)2 * FINGERPRINT_BYTES ||
	    strspn(text, digits) != (size_t)2 * FINGERPRINT_BYTES) {
		api_answer_problem(call, 400, "invalid", NULL,
				   "a fingerprint is 64 lower-case hexadecimal digits: the "
				   "group's entries have it");
		return false;
	}
	for (size_t i = 0; i < FINGERPRINT_BYTES; i++)
		fingerprint[i] = (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4 |
					   (strchr(digits, text[2 * i + 1]) - digits));
	return true;
}

static void trust_remove(struct api_call *call)
{
	uint8_t fingerprint[FINGERPRINT_BYTES];
	struct ks_client *client;
	int list;

	if (!take_fingerprint(call, fingerprint) ||
	    !api_take_query_word(call, "list", lists, KS_TRUST_ALL, &list))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_trust_remove_start(client, api_parameter(call, 0),
							    (enum ks_trust_list)list, fingerprint,
							    api_done_nothing, call));
}

/* An entry that goes out as a file. Whether it is a CRL, the list tells that has it. */
struct export
{
	struct api_call *call;
	uint8_t fingerprint[FINGERPRINT_BYTES];
	enum ks_trust_list list;
	bool is_given; /* the list */
	bool is_pem;
};

static void export_start(struct export *export);

static void answer_entry(const struct export *export, const struct ks_result *result)
{
	bool is_crl = export->list == KS_TRUSTED_CRLS || export->list == KS_ISSUER_CRLS;
	char stem[FILE_STEM_MAX + 1];
	char group[FILE_STEM_MAX + 1];

	file_stem(api_parameter(export->call, 0), "group", group);
	snprintf(stem, sizeof(stem), "%.40s-%.16s", group, api_parameter(export->call, 1));
	if (export->is_pem)
		file_answer_pem(export->call, is_crl ? PEM_STRING_X509_CRL : PEM_STRING_X509, stem,
				is_crl ? ".crl.pem" : ".pem", result->data, result->data_len);
	else
		file_answer(export->call, is_crl ? FILE_TYPE_CRL : FILE_TYPE_CERT, stem,
			    is_crl ? ".crl" : ".crt", result->data, result->data_len);
}

static void done_export(const struct ks_result *result, void *user)
{
	struct export *export = user;

	if (result->status == KS_NOT_FOUND && !export->is_given && export->list < KS_ISSUER_CRLS) {
		export->list++;
		export_start(export);
	} else if (api_result_is_good(export->call, result)) {
		answer_entry(export, result);
	}
}

static void export_start(struct export *export)
{
	struct ks_client *client = api_client(export->call);

	if (client)
		(void)api_start(export->call,
				ks_trust_export_start(client, api_parameter(export->call, 0),
						      export->list, export->fingerprint,
						      done_export, export));
}

static void trust_file(struct api_call *call)
{
	struct export *export = api_alloc(call, sizeof(*export));
	int list;

	if (!export)
		return;
	*export = (struct export){.call = call};
	if (!take_fingerprint(call, export->fingerprint) ||
	    !api_take_query_word(call, "list", lists, KS_TRUST_ALL, &list) ||
	    !file_take_format(call, &export->is_pem))
		return;
	export->is_given = list != KS_TRUST_ALL;
	export->list = export->is_given ? (enum ks_trust_list)list : KS_TRUSTED_CERTS;
	export_start(export);
}

static void done_rejected(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	json_t *list;

	if (!api_result_is_good(call, result))
		return;
	list = json_array();
	for (size_t i = 0; i < result->rejected_count; i++)
		json_append(&list, json_rejected(&result->rejected[i]));
	api_answer_page(call, "rejected", list, result->more);
}

static void rejected_list(struct api_call *call)
{
	struct ks_client *client;
	uint64_t after;

	if (!api_query_number(call, "after", INT64_MAX, 0, &after))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_rejected_list_start(client, api_query(call, "group"),
							     after, false, done_rejected, call));
}

static void rejected_clear(struct api_call *call)
{
	struct ks_client *client = api_client(call);

	if (client)
		(void)api_start(call, ks_rejected_delete_start(client, 0, api_query(call, "group"),
							       api_done_nothing, call));
}

static void rejected_trust(struct api_call *call)
{
	struct ks_client *client;
	uint64_t id;

	if (!api_parameter_id(call, 0, &id))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_rejected_trust_start(client, id, api_done_nothing, call));
}

static void rejected_delete(struct api_call *call)
{
	struct ks_client *client;
	uint64_t id;

	if (!api_parameter_id(call, 0, &id))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call,
				ks_rejected_delete_start(client, id, NULL, api_done_nothing, call));
}

const struct api_operation api_trust_operations[] = {
	{.id = "groupList",
	 .method = HTTP_GET,
	 .path = "/groups",
	 .right = KS_RIGHT_VIEW,
	 .run = group_list},
	{.id = "groupCreate",
	 .method = HTTP_POST,
	 .path = "/groups",
	 .takes_body = true,
	 .run = group_create},
	{.id = "groupSet",
	 .method = HTTP_PATCH,
	 .path = "/groups/{name}",
	 .takes_body = true,
	 .run = group_set},
	{.id = "groupDelete", .method = HTTP_DELETE, .path = "/groups/{name}", .run = group_delete},
	{.id = "trustList",
	 .method = HTTP_GET,
	 .path = "/groups/{name}/entries",
	 .right = KS_RIGHT_VIEW,
	 .run = trust_list},
	{.id = "trustAdd",
	 .method = HTTP_POST,
	 .path = "/groups/{name}/entries",
	 .takes_body = true,
	 .run = trust_add},
	{.id = "trustRemove",
	 .method = HTTP_DELETE,
	 .path = "/groups/{name}/entries/{fingerprint}",
	 .run = trust_remove},
	{.id = "trustFile",
	 .method = HTTP_GET,
	 .path = "/groups/{name}/entries/{fingerprint}/file",
	 .right = KS_RIGHT_VIEW,
	 .run = trust_file},
	{.id = "rejectedList", .method = HTTP_GET, .path = "/rejected", .run = rejected_list},
	{.id = "rejectedClear", .method = HTTP_DELETE, .path = "/rejected", .run = rejected_clear},
	{.id = "rejectedTrust",
	 .method = HTTP_POST,
	 .path = "/rejected/{id}/trust",
	 .run = rejected_trust},
	{.id = "rejectedDelete",
	 .method = HTTP_DELETE,
	 .path = "/rejected/{id}",
	 .run = rejected_delete},
	{.id = NULL},
};
