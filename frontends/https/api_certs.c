/* Certificates: made, shown, renewed, revoked, deleted. */
#include <openssl/pem.h>

#include "api_cert_files.h"
#include "api_results.h"
#include "api_take.h"
#include "json_cert.h"
#include "json_pem.h"
#include "json_text.h"

static void done_profiles(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	json_t *list = json_array();

	if (!api_result_is_good(call, result)) {
		json_decref(list);
		return;
	}
	for (size_t i = 0; i < result->profile_count; i++)
		json_append(&list, json_profile(&result->profiles[i]));
	api_answer(call, 200, json_pack("{s:o}", "profiles", list));
}

static void profile_list(struct api_call *call)
{
	struct ks_client *client = api_client(call);

	if (client)
		(void)api_start(call, ks_profile_list_start(client, done_profiles, call));
}

static void done_list(const struct ks_result *result, void *user)
{
	struct api_call *call = user;

	if (api_result_is_good(call, result))
		api_answer_page(call, "certs", api_certs_json(result), result->more);
}

static void cert_list(struct api_call *call)
{
	struct ks_client *client;
	uint64_t after;
	uint32_t limit;
	int kind;

	if (!api_take_query_word(call, "kind", api_cert_kinds, KS_CERT_ALL, &kind) ||
	    !api_take_page(call, &after, &limit))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_cert_list_start(client, (enum ks_cert_kind)kind, after,
							 limit, done_list, call));
}

static void cert_show(struct api_call *call)
{
	struct ks_client *client;
	uint64_t id;

	if (!api_parameter_id(call, 0, &id))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_cert_show_start(client, id, api_done_cert, call));
}

/* A certificate to be made, and the key's name that is tried for it. */
struct making {
	struct api_call *call;
	struct ks_cert_request order;
	struct api_key_name key_name;
	bool is_request; /* for a CA elsewhere */
};

static void make(struct making *making);

static void answer_request(struct api_call *call, const struct ks_result *result)
{
	api_answer(call, 201,
		   json_pack("{s:o, s:o}", "cert", json_cert(&result->certs[0]), "csr",
			     json_pem(PEM_STRING_X509_REQ, result->data, result->data_len)));
}

static void done_request(const struct ks_result *result, void *user)
{
	if (api_result_is_good(user, result))
		answer_request(user, result);
}

static void done_make(const struct ks_result *result, void *user)
{
	struct making *making = user;

	if (result->status == KS_EXISTS && api_key_name_next(&making->key_name))
		make(making);
	else if (making->is_request)
		done_request(result, making->call);
	else
		api_done_made(result, making->call);
}

static void make(struct making *making)
{
	struct ks_client *client = api_client(making->call);

	if (client)
		(void)api_start(
			making->call,
			making->is_request
				? ks_cert_request_start(client, 0, &making->order, done_make,
							making)
				: ks_cert_create_start(client, &making->order, done_make, making));
}

/* What keystored would ask for, too, but by its members. */
static bool order_is_whole(struct api_call *call, const struct ks_cert_request *order)
{
	if (!order->profile)
		api_answer_problem(call, 400, "invalid", "profile",
				   "profile says what the certificate is for: GET /profiles has "
				   "them");
	else if (!order->subject)
		api_answer_problem(call, 400, "invalid", "subject",
				   "a certificate needs a subject, like CN=plc-1,O=Plant");
	else if (order->new_key && !order->algorithm)
		api_answer_problem(call, 400, "invalid", "algorithm",
				   "a new key needs its algorithm: rsa-2048, rsa-3072, rsa-4096, "
				   "ec-p256 or ec-p384");
	else
		return true;
	return false;
}

/* The members of a certificate that is made here. */
static bool take_create(struct api_call *call, struct making *making)
{
	struct ks_cert_request *order = &making->order;

	making->call = call;
	return api_members_are(call, "profile", "subject", "names", "key", "new_key", "algorithm",
			       "issuer_id", "validity", "hash", "padding", "ca_levels", NULL) &&
	       api_take_order(call, order, &making->key_name) &&
	       api_take_id(call, "issuer_id", false, &order->issuer) &&
	       api_take_validity(call, &order->validity) &&
	       api_take_ca_levels(call, &order->ca_levels);
}

static void cert_create(struct api_call *call)
{
	struct making *making = api_alloc(call, sizeof(*making));

	if (!making)
		return;
	*making = (struct making){0};
	if (take_create(call, making) && order_is_whole(call, &making->order))
		make(making);
}

static void done_findings(const struct ks_result *result, void *user)
{
	struct api_call *call = user;

	if (api_result_is_good(call, result))
		api_answer(call, 200, json_pack("{s:o}", "findings", api_findings_json(result)));
}

static void cert_draft(struct api_call *call)
{
	struct making making = {0};
	struct ks_client *client;

	if (!take_create(call, &making))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call,
				ks_cert_draft_start(client, &making.order, done_findings, call));
}

static void cert_request_new(struct api_call *call)
{
	struct making *making = api_alloc(call, sizeof(*making));

	if (!making)
		return;
	*making = (struct making){.call = call, .is_request = true};
	if (api_members_are(call, "profile", "subject", "names", "key", "new_key", "algorithm",
			    "hash", "padding", NULL) &&
	    api_take_order(call, &making->order, &making->key_name) &&
	    order_is_whole(call, &making->order))
		make(making);
}

static void cert_request(struct api_call *call)
{
	struct ks_cert_request order;
	struct ks_client *client;
	uint64_t id;

	if (!api_parameter_id(call, 0, &id) ||
	    !api_members_are(call, "key", "new_key", "algorithm", "hash", "padding", NULL) ||
	    !api_take_order(call, &order, NULL))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call,
				ks_cert_request_start(client, id, &order, done_request, call));
}

static void cert_check(struct api_call *call)
{
	struct ks_client *client;
	uint64_t id;

	if (!api_parameter_id(call, 0, &id))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_cert_check_start(client, id, 0, done_findings, call));
}

static void cert_renew(struct api_call *call)
{
	enum ks_algorithm algorithm;
	struct ks_validity validity;
	struct ks_client *client;
	enum ks_hash hash;
	bool is_rekey;
	uint64_t id;

	if (!api_parameter_id(call, 0, &id) ||
	    !api_members_are(call, "validity", "hash", "new_key", "algorithm", NULL) ||
	    !api_take_validity(call, &validity) || !api_take_hash(call, &hash) ||
	    !api_take_algorithm(call, &algorithm) ||
	    !api_member_bool_optional(call, "new_key", false, &is_rekey))
		return;
	if (algorithm && !is_rekey) {
		api_answer_problem(call, 400, "invalid", "algorithm",
				   "algorithm is for a new key: give new_key true, too");
		return;
	}
	client = api_client(call);
	if (client)
		(void)api_start(call,
				is_rekey ? ks_cert_rekey_start(client, id, &validity, hash,
							       algorithm, api_done_changed, call)
					 : ks_cert_renew_start(client, id, &validity, hash,
							       api_done_changed, call));
}

static void cert_set_renewal(struct api_call *call)
{
	/* As they are asked for, and as a certificate's renewal shows them. */
	static const struct api_word modes[] = {
		{"default", KS_RENEWAL_DEFAULT},
		{"off", KS_RENEWAL_OFF},
		{"days-before", KS_RENEWAL_DAYS_BEFORE},
		{"days before", KS_RENEWAL_DAYS_BEFORE},
		{"per-cent-left", KS_RENEWAL_PERCENT_LEFT},
		{"per cent left", KS_RENEWAL_PERCENT_LEFT},
		{.name = NULL},
	};
	static const struct api_word follows[] = {
		{"default", KS_ADDRESSES_DEFAULT},
		{"ignore", KS_ADDRESSES_IGNORE},
		{"report", KS_ADDRESSES_REPORT},
		{"follow", KS_ADDRESSES_FOLLOW},
		{.name = NULL},
	};
	struct ks_renewal renewal = {0};
	struct ks_client *client;
	int mode, addresses;
	uint64_t value;
	uint64_t id;

	if (!api_parameter_id(call, 0, &id) ||
	    !api_members_are(call, "mode", "value", "new_key", "addresses", NULL) ||
	    !api_take_word(call, "mode", modes, KS_RENEWAL_UNCHANGED, &mode) ||
	    !api_take_word(call, "addresses", follows, KS_ADDRESSES_UNCHANGED, &addresses) ||
	    !api_member_number_optional(call, "value", UINT32_MAX, 0, &value) ||
	    !api_member_bool_optional(call, "new_key", false, &renewal.new_key))
		return;
	if (mode == KS_RENEWAL_UNCHANGED && addresses == KS_ADDRESSES_UNCHANGED) {
		api_answer_problem(call, 400, "invalid", "mode",
				   "give mode, one of default, off, days-before, per-cent-left, or "
				   "addresses");
		return;
	}
	renewal.mode = (enum ks_renewal_mode)mode;
	renewal.value = (uint32_t)value;
	renewal.addresses = (enum ks_addresses)addresses;
	client = api_client(call);
	if (client)
		(void)api_start(
			call, ks_cert_set_renewal_start(client, id, &renewal, api_done_cert, call));
}

static void cert_revoke(struct api_call *call)
{
	struct ks_client *client;
	const char *name;
	uint64_t version;
	uint64_t id;
	int reason;

	if (!api_parameter_id(call, 0, &id) || !api_members_are(call, "reason", "version", NULL) ||
	    !api_member_string(call, "reason", API_NAME_MAX, &name) ||
	    !api_member_number_optional(call, "version", UINT32_MAX, 0, &version))
		return;
	reason = ks_reason_from_name(name);
	if (reason < 0) {
		api_answer_problem(call, 400, "invalid", "reason",
				   "reason is one of unspecified, keyCompromise, cACompromise, "
				   "affiliationChanged, superseded, cessationOfOperation, "
				   "certificateHold, removeFromCRL, privilegeWithdrawn, "
				   "aACompromise");
		return;
	}
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_cert_revoke_start(client, id, (uint32_t)version,
							   (enum ks_reason)reason, api_done_changed,
							   call));
}

static void cert_delete(struct api_call *call)
{
	struct ks_client *client;
	uint64_t id;

	if (!api_parameter_id(call, 0, &id))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_cert_delete_start(client, id, api_done_nothing, call));
}

const struct api_operation api_cert_operations[] = {
	{.id = "profileList", .method = HTTP_GET, .path = "/profiles", .run = profile_list},
	{.id = "certList",
	 .method = HTTP_GET,
	 .path = "/certs",
	 .right = KS_RIGHT_VIEW,
	 .run = cert_list},
	{.id = "certCreate",
	 .method = HTTP_POST,
	 .path = "/certs",
	 .takes_body = true,
	 .run = cert_create},
	{.id = "certDraft",
	 .method = HTTP_POST,
	 .path = "/certs/draft",
	 .takes_body = true,
	 .run = cert_draft},
	{.id = "certRequestNew",
	 .method = HTTP_POST,
	 .path = "/certs/request",
	 .takes_body = true,
	 .run = cert_request_new},
	{.id = "certImport",
	 .method = HTTP_POST,
	 .path = "/certs/import",
	 .takes_body = true,
	 .run = api_cert_import},
	{.id = "certSign",
	 .method = HTTP_POST,
	 .path = "/certs/sign",
	 .takes_body = true,
	 .run = api_cert_sign},
	{.id = "certShow",
	 .method = HTTP_GET,
	 .path = "/certs/{id}",
	 .right = KS_RIGHT_VIEW,
	 .run = cert_show},
	{.id = "certDelete", .method = HTTP_DELETE, .path = "/certs/{id}", .run = cert_delete},
	{.id = "certCheck",
	 .method = HTTP_GET,
	 .path = "/certs/{id}/check",
	 .right = KS_RIGHT_VIEW,
	 .run = cert_check},
	{.id = "certFile",
	 .method = HTTP_GET,
	 .path = "/certs/{id}/file",
	 .right = KS_RIGHT_VIEW,
	 .run = api_cert_file},
	{.id = "certPkcs12",
	 .method = HTTP_POST,
	 .path = "/certs/{id}/pkcs12",
	 .right = KS_RIGHT_VIEW,
	 .takes_body = true,
	 .run = api_cert_pkcs12},
	{.id = "certRenew",
	 .method = HTTP_POST,
	 .path = "/certs/{id}/renew",
	 .takes_body = true,
	 .run = cert_renew},
	{.id = "certRequest",
	 .method = HTTP_POST,
	 .path = "/certs/{id}/request",
	 .takes_body = true,
	 .run = cert_request},
	{.id = "certReplace",
	 .method = HTTP_POST,
	 .path = "/certs/{id}/replace",
	 .takes_body = true,
	 .run = api_cert_replace},
	{.id = "certRevoke",
	 .method = HTTP_POST,
	 .path = "/certs/{id}/revoke",
	 .takes_body = true,
	 .run = cert_revoke},
	{.id = "certSetRenewal",
	 .method = HTTP_PUT,
	 .path = "/certs/{id}/renewal",
	 .takes_body = true,
	 .run = cert_set_renewal},
	{.id = NULL},
};
